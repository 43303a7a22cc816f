"""Clocks over the API: when each is due, what pauses and meets it, and who hears that it passed."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.events import ReplySent
from domain.model.account import Account
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import DayException, WeeklyInterval
from domain.words import (
    DeliveryState,
    OutsideView,
    Priority,
    SlaMetric,
    SlaRisk,
    Visibility,
)
from domain.work import Work
from tests.api.desk import Desk, Json, gid, heard
from tests.statements import statements_of
from tests.world import Person, World
from workers.deadlines import Watch

SAO_PAULO, NEW_YORK = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/New_York")
FIRST, NEXT, RESOLUTION, _, LEVEL, LEGAL, _HISTORY = SlaMetric
HOUR = 3600
OFFICE = tuple(
    WeeklyInterval(day, *each)
    for day in range(1, 6)
    for each in ((time(9), time(12)), (time(13), time(18)))
)
ALWAYS = tuple(WeeklyInterval(day, time(0), time(0)) for day in range(1, 8))

CLOCK = (
    "ticket { id } metric cycle state risk targetSeconds elapsedSeconds remainingSeconds"
    " startedAt dueAt pausedAt breachedAt metAt"
)
EVENT = "metric percent dueAt firedAt cause onTransfer superseded supersededAt supersededBy { id }"
TICKET = (
    "query($id: ID!) { ticket(id: $id) { id version status updatedAt risk dueAt closesAt"
    f" sla {{ {CLOCK} }} nextDeadline {{ metric cycle state dueAt }}"
    f" history(first: 100) {{ nodes {{ id kind automated version slaEvent {{ {EVENT} }} }} }} }} }}"
)
UPDATE = (
    "mutation($input: UpdateTicketInput!) { updateTicket(input: $input)"
    " { ticket { version } userErrors { message } } }"
)
ESCALATE = (
    "mutation($input: EscalateTicketInput!) { escalateTicket(input: $input)"
    " { ticket { version } userErrors { message } } }"
)
LIST = (
    "query($f: TicketFilter, $o: TicketOrder, $n: Int, $a: String, $m: Int, $b: String) {"
    " tickets(filter: $f, orderBy: $o, first: $n, after: $a, last: $m, before: $b) {"
    " totalCount nodes { id risk dueAt }"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    " ticketCounts(filter: $f) { total } }"
)
LIVE = (
    "subscription($f: TicketFilter) { queueChanges(filter: $f)"
    " { changes { kind ticketId ticket { risk sla { state } } entry { kind } } } }"
)


@dataclass
class Care:
    """Ana, the level she answers for, and an account that customers of it write to."""

    desk: Desk
    level: Level
    account: Account
    ana: Person

    @property
    def world(self) -> World:
        return self.desk.world

    async def see(self, ticket: Ticket, at: datetime | None = None) -> Json:
        """The ticket with its clocks, as they are then."""
        if at is not None:
            self.world.now = at
        told: Json = await self.desk.ask(TICKET, self.ana, id=gid(ticket))
        return told

    async def clock(self, ticket: Ticket, metric: SlaMetric, at: datetime | None = None) -> Json:
        """The ticket's last clock of that metric."""
        clocks = (await self.see(ticket, at))["sla"]
        last: Json = [each for each in clocks if each["metric"] == metric][-1]
        return last

    async def opened(self, at: datetime, **asked: Any) -> Ticket:
        self.world.now = at
        return await self.world.ticket(self.level, **asked)

    async def heard(self, at: datetime, text: str = "Cadê meu pedido?") -> Ticket:
        self.world.now = at
        return await self.world.heard(self.account, thread="t", text=text)

    async def change(self, ticket: Ticket, at: datetime, **change: Any) -> None:
        self.world.now = at
        asked = {"ticketId": gid(ticket), **change}
        told = await self.desk.ask(UPDATE, self.ana, input=asked)
        assert told["userErrors"] == []

    async def answer(self, ticket: Ticket, at: datetime, *, automated: bool = False) -> None:
        self.world.now = at
        await self.world.do(sent, ticket.id, automated=automated, by=self.ana)

    async def watched(self, at: datetime) -> None:
        """The worker has come round by then."""
        self.world.now = at
        await Watch(self.world.storage).turn()


async def sent(work: Work, ticket_id: Any, *, automated: bool) -> None:
    """A public reply that the network took."""
    ticket = await work.tickets.take(ticket_id)
    reply = Reply(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        visibility=Visibility.PUBLIC,
        text="Já vamos ver.",
        automated=automated,
        state=DeliveryState.SENT,
        written_at=work.now,
        sent_at=work.now,
    )
    await work.replies.put([reply])
    work.record(ticket, ReplySent(reply_id=reply.id, automated=automated))


async def care(
    desk: Desk,
    targets: dict[SlaMetric, int],
    *,
    intervals: tuple[WeeklyInterval, ...] = OFFICE,
    zone: ZoneInfo = SAO_PAULO,
    exceptions: tuple[DayException, ...] = (),
    **settings: Any,
) -> Care:
    """A level that measures these metrics alone, for every priority the same seconds."""
    world = desk.world
    level = await measured(world, "Atendimento", targets, intervals, zone, exceptions, **settings)
    account = await world.account()
    await world.watch(account, level)
    return Care(desk, level, account, await world.person("Ana", level=level))


async def measured(
    world: World,
    name: str,
    targets: dict[SlaMetric, int],
    intervals: tuple[WeeklyInterval, ...] = OFFICE,
    zone: ZoneInfo = SAO_PAULO,
    exceptions: tuple[DayException, ...] = (),
    **settings: Any,
) -> Level:
    calendar = CalendarForm(
        name=f"Horário de {name}", time_zone=zone.key, intervals=intervals, exceptions=exceptions
    )
    every = [(p, metric, seconds) for p in Priority for metric, seconds in targets.items()]
    usual: dict[str, Any] = {"sla_targets": every, "unmeasured": list(SlaMetric)}
    return await world.level(name, calendar=calendar, **{**usual, **settings})


def local(text: str, zone: ZoneInfo = SAO_PAULO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def instant(told: str) -> datetime:
    return datetime.fromisoformat(told)


def told_of(ticket: Json) -> list[tuple[str, int]]:
    """The kind and the share of every warning and breach in the history."""
    return [
        (each["kind"], each["slaEvent"]["percent"])
        for each in ticket["history"]["nodes"]
        if each["slaEvent"]
    ]


# ── when it is due ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("target", "opened", "due"),
    [
        # Over a weekend and Independence Day; over lunch; opened while nobody is there.
        (2 * HOUR, "2026-09-04T17:30", "2026-09-08T10:30"),
        (HOUR // 2, "2026-09-08T11:50", "2026-09-08T13:20"),
        (HOUR, "2026-09-05T15:00", "2026-09-08T10:00"),
    ],
)
async def test_a_first_response_is_due_in_opening_time(
    desk: Desk, target: int, opened: str, due: str
) -> None:
    team = await care(desk, {FIRST: target})

    ticket = await team.opened(local(opened))

    seen = await team.see(ticket)
    [clock] = seen["sla"]
    assert (clock["metric"], clock["state"], clock["risk"]) == (FIRST, "RUNNING", "ON_TIME")
    assert (clock["targetSeconds"], clock["elapsedSeconds"]) == (target, 0)
    assert clock["ticket"]["id"] == gid(ticket)
    assert instant(clock["startedAt"]) == local(opened)
    assert instant(clock["dueAt"]) == instant(seen["dueAt"]) == local(due)
    assert seen["nextDeadline"]["dueAt"] == clock["dueAt"]
    at_the_end = await team.clock(ticket, FIRST, local(due))
    assert at_the_end["elapsedSeconds"] == target
    assert at_the_end["remainingSeconds"] == 0


async def test_half_a_day_counts_from_when_it_opens(desk: Desk) -> None:
    ashes = DayException(date(2026, 2, 18), "Quarta de Cinzas", time(13), time(18))
    team = await care(desk, {FIRST: HOUR}, exceptions=(ashes,))

    ticket = await team.opened(local("2026-02-18T10:00"))

    clock = await team.clock(ticket, FIRST)
    assert instant(clock["dueAt"]) == local("2026-02-18T14:00")


async def test_an_hour_that_the_clock_skips_is_nobodys(desk: Desk) -> None:
    always = await care(desk, {RESOLUTION: 24 * HOUR}, intervals=ALWAYS, zone=NEW_YORK)
    nights = await measured(
        desk.world,
        "Madrugada",
        {RESOLUTION: 2 * HOUR},
        (WeeklyInterval(7, time(1), time(4)),),
        NEW_YORK,
    )
    at_night = Care(desk, nights, always.account, await desk.world.person("Noé", level=nights))

    ticket = await always.opened(local("2026-03-07T12:00", NEW_YORK))
    other = await at_night.opened(local("2026-03-08T01:00", NEW_YORK))

    clock = await always.clock(ticket, RESOLUTION)
    assert instant(clock["dueAt"]) == local("2026-03-08T13:00", NEW_YORK)
    clock = await at_night.clock(other, RESOLUTION, local("2026-03-08T04:00", NEW_YORK))
    assert instant(clock["dueAt"]) == local("2026-03-08T04:00", NEW_YORK)
    assert clock["elapsedSeconds"] == 2 * HOUR


async def test_the_legal_deadline_is_the_end_of_the_seventh_day_whatever_happens(
    desk: Desk,
) -> None:
    team = await care(desk, {LEGAL: 7 * 24 * HOUR})
    ticket = await team.heard(local("2026-09-04T10:00"))
    await team.change(ticket, local("2026-09-04T11:00"), status="PENDING")

    waiting = await team.see(ticket, local("2026-09-09T11:00"))
    await team.change(ticket, local("2026-09-09T11:00"), status="OPEN")
    await team.watched(local("2026-09-09T23:59:58"))
    before = await team.see(ticket)
    await team.watched(local("2026-09-09T23:59:59"))

    after = await team.see(ticket)
    [clock] = after["sla"]
    assert waiting["sla"][0]["state"] == "RUNNING"
    assert waiting["dueAt"] == clock["dueAt"]
    assert instant(clock["dueAt"]) == local("2026-09-11T23:59:59")
    assert clock["remainingSeconds"] == 2 * 24 * HOUR
    assert (before["risk"], told_of(before)) == ("ON_TIME", [])
    assert [kind for kind, _ in told_of(after)] == ["SLA_WARNING"]
    assert after["risk"] == clock["risk"] == "AT_RISK"
    late = await team.see(ticket, local("2026-09-11T23:59:59"))
    assert late["sla"][0]["state"] == "BREACHED"


# ── what pauses it, what meets it ──────────────────────────────────────────────────────────────


async def test_while_the_publisher_is_waited_for_the_resolution_stands_still(desk: Desk) -> None:
    team = await care(desk, {RESOLUTION: 8 * HOUR})
    ticket = await team.heard(local("2026-09-08T09:00"))
    await team.change(ticket, local("2026-09-08T11:00"), status="PENDING")

    waiting = await team.see(ticket, local("2026-09-09T09:59"))
    await team.watched(local("2026-09-09T09:59"))
    await team.heard(local("2026-09-09T10:00"), "Aqui está o número")

    [paused] = waiting["sla"]
    assert (paused["state"], paused["risk"]) == ("PAUSED", "PAUSED")
    assert (paused["remainingSeconds"], paused["dueAt"]) == (6 * HOUR, None)
    assert instant(paused["pausedAt"]) == local("2026-09-08T11:00")
    assert (waiting["risk"], waiting["dueAt"], waiting["nextDeadline"]) == ("PAUSED", None, None)
    after = await team.see(ticket)
    [clock] = after["sla"]
    assert (clock["state"], clock["pausedAt"]) == ("RUNNING", None)
    assert instant(clock["dueAt"]) == local("2026-09-09T17:00")
    assert told_of(after) == []


async def test_waiting_noting_and_answering_by_software_are_no_first_response(desk: Desk) -> None:
    team = await care(desk, {FIRST: 2 * HOUR})
    ticket = await team.heard(local("2026-09-08T09:00"))
    await team.answer(ticket, local("2026-09-08T09:00:01"), automated=True)
    await team.change(ticket, local("2026-09-08T09:30"), status="PENDING")
    await team.world.do(handling.note, ticket.id, "Liguei, não atende", by=team.ana)

    owed = await team.clock(ticket, FIRST, local("2026-09-08T10:59:59"))
    await team.watched(local("2026-09-08T11:00"))
    await team.answer(ticket, local("2026-09-08T11:30"))

    assert (owed["state"], owed["metAt"], owed["remainingSeconds"]) == ("RUNNING", None, 1)
    seen = await team.see(ticket, local("2026-09-08T15:00"))
    [clock] = seen["sla"]
    assert told_of(seen)[-1] == ("SLA_BREACHED", 100)
    # Answered late is late for ever; what it took stands still.
    assert (clock["state"], clock["risk"], seen["risk"]) == ("BREACHED", "DONE", "DONE")
    assert instant(clock["breachedAt"]) == local("2026-09-08T11:00")
    assert instant(clock["metAt"]) == local("2026-09-08T11:30")
    assert clock["remainingSeconds"] == -HOUR // 2


async def test_an_answer_in_time_meets_it_and_the_next_question_has_a_clock_of_its_own(
    desk: Desk,
) -> None:
    team = await care(desk, {FIRST: 2 * HOUR, NEXT: HOUR})
    ticket = await team.heard(local("2026-09-08T09:00"))
    await team.answer(ticket, local("2026-09-08T10:00"))
    await team.heard(local("2026-09-08T14:00"), "E agora?")
    await team.answer(ticket, local("2026-09-08T14:30"))
    await team.heard(local("2026-09-08T15:00"), "Mais uma coisa")

    seen = await team.see(ticket, local("2026-09-08T15:15"))

    told = [(each["metric"], each["cycle"], each["state"]) for each in seen["sla"]]
    assert told == [(FIRST, 1, "MET"), (NEXT, 1, "MET"), (NEXT, 2, "RUNNING")]
    assert [each["elapsedSeconds"] for each in seen["sla"]] == [HOUR, HOUR // 2, HOUR // 4]
    assert (seen["nextDeadline"]["metric"], seen["nextDeadline"]["cycle"]) == (NEXT, 2)


async def test_closing_without_an_answer_ends_what_is_owed_without_a_verdict(desk: Desk) -> None:
    team = await care(desk, {FIRST: 2 * HOUR, RESOLUTION: 8 * HOUR})
    ticket = await team.heard(local("2026-09-08T09:00"))
    closing = {"status": "CLOSED", "closeReason": "SPAM", "comment": "Propaganda"}

    await team.change(ticket, local("2026-09-08T10:00"), **closing)
    await team.watched(local("2026-09-08T17:59"))

    seen = await team.see(ticket)
    states = {each["metric"]: (each["state"], each["risk"]) for each in seen["sla"]}
    assert states == {FIRST: ("CANCELLED", "DONE"), RESOLUTION: ("MET", "DONE")}
    assert [each["elapsedSeconds"] for each in seen["sla"]] == [HOUR, HOUR]
    assert [each["breachedAt"] for each in seen["sla"]] == [None, None]
    assert (seen["nextDeadline"], seen["risk"]) == (None, "DONE")
    assert told_of(seen) == [("SLA_WARNING", 50)]


async def test_a_ticket_shows_its_clocks_by_their_start_and_the_nearest_of_those_that_run(
    desk: Desk,
) -> None:
    targets = {FIRST: 2 * HOUR, RESOLUTION: 8 * HOUR, LEVEL: HOUR, LEGAL: 7 * 24 * HOUR}
    team = await care(desk, targets, auto_close_after_days=2)
    ticket = await team.heard(local("2026-09-08T09:00"))

    new = await team.see(ticket, local("2026-09-08T09:30"))
    late = await team.see(ticket, local("2026-09-08T10:30"))
    await team.change(ticket, local("2026-09-08T11:30"), status="RESOLVED")

    done = await team.see(ticket)
    assert [each["metric"] for each in new["sla"]] == [FIRST, RESOLUTION, LEVEL, LEGAL]
    assert (new["nextDeadline"]["metric"], new["nextDeadline"]["state"]) == (LEVEL, "RUNNING")
    # The one that passed first is still the first.
    assert (late["nextDeadline"]["metric"], late["nextDeadline"]["state"]) == (LEVEL, "BREACHED")
    assert [each["state"] for each in done["sla"]] == ["BREACHED", "MET", "BREACHED", "MET"]
    assert (done["risk"], done["dueAt"], done["nextDeadline"]) == ("DONE", None, None)
    # When the second opening day after it is over.
    assert instant(done["closesAt"]) == local("2026-09-11T00:00")


async def test_what_measures_nothing_has_no_clocks(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    ticket = await desk.world.ticket()

    seen = await desk.ask(TICKET, ana, id=gid(ticket))

    assert (seen["sla"], seen["nextDeadline"], seen["dueAt"]) == ([], None, None)
    assert (seen["risk"], seen["closesAt"]) == ("DONE", None)


# ── what is told of it ─────────────────────────────────────────────────────────────────────────


async def test_a_breach_shows_at_once_and_is_told_once_without_touching_the_ticket(
    desk: Desk,
) -> None:
    team = await care(desk, {FIRST: 2 * HOUR}, warn_at_percent=[])
    ticket = await team.heard(local("2026-09-08T09:00"))
    before = await team.see(ticket)

    unnoticed = await team.see(ticket, local("2026-09-08T11:00"))
    one, other = Watch(team.world.storage), Watch(team.world.storage)
    await asyncio.gather(one.turn(), other.turn())
    await asyncio.gather(one.turn(), other.turn())
    await team.watched(local("2026-09-08T17:00"))

    [clock] = unnoticed["sla"]
    assert (clock["state"], clock["risk"], unnoticed["risk"]) == ("BREACHED", "BREACHED", "ON_TIME")
    assert clock["breachedAt"] == clock["dueAt"]
    after = await team.see(ticket)
    assert told_of(after) == [("SLA_BREACHED", 100)]
    assert after["risk"] == "BREACHED"
    assert after["sla"][0]["remainingSeconds"] == -5 * HOUR
    assert {each: after[each] for each in ("version", "status", "updatedAt")} == {
        each: before[each] for each in ("version", "status", "updatedAt")
    }
    entry = after["history"]["nodes"][-1]
    event = entry["slaEvent"]
    assert (entry["automated"], event["metric"], event["cause"]) == (True, FIRST, "TIMER")
    assert instant(event["dueAt"]) == instant(event["firedAt"]) == local("2026-09-08T11:00")
    assert (event["onTransfer"], event["superseded"], event["supersededBy"]) == (False, False, None)


async def test_each_warning_is_told_once_in_order_however_often_the_priority_changes(
    desk: Desk,
) -> None:
    team = await care(desk, {RESOLUTION: 8 * HOUR})
    ticket = await team.opened(local("2026-09-08T09:00"))

    # A share of 8 hours is gone at 14:00, 16:00 and 17:12.
    for moment in ("13:59:59", "14:00", "16:00", "17:12", "18:00"):
        await team.watched(local(f"2026-09-08T{moment}"))
        for priority in ("LOW", "HIGH", "MEDIUM"):
            await team.change(ticket, team.world.now, priority=priority)

    seen = await team.see(ticket)
    warnings = [("SLA_WARNING", percent) for percent in (50, 75, 90)]
    assert told_of(seen) == [*warnings, ("SLA_BREACHED", 100)]
    others = [each for each in seen["history"]["nodes"] if not each["kind"].startswith("SLA")]
    assert all(each["slaEvent"] is None for each in others)


async def test_a_transfer_to_a_stricter_level_is_late_at_once_and_says_so(desk: Desk) -> None:
    team = await care(desk, {RESOLUTION: 8 * HOUR, LEVEL: 20 * HOUR})
    strict = await measured(
        team.world, "Ouvidoria", {RESOLUTION: 4 * HOUR, LEVEL: 2 * HOUR}, OFFICE
    )
    await team.world.join(team.ana, strict)
    ticket = await team.heard(local("2026-09-08T09:00"))
    team.world.now = local("2026-09-08T16:00")

    asked = {"ticketId": gid(ticket), "levelId": gid(strict), "comment": "Prazo curto"}
    told = await desk.ask(ESCALATE, team.ana, input=asked)

    assert told["userErrors"] == []
    seen = await team.see(ticket)
    by_metric = {(each["metric"], each["cycle"]): each for each in seen["sla"]}
    clock = by_metric[RESOLUTION, 1]
    assert (clock["state"], clock["targetSeconds"]) == ("BREACHED", 4 * HOUR)
    assert (clock["elapsedSeconds"], clock["remainingSeconds"]) == (6 * HOUR, -2 * HOUR)
    assert by_metric[LEVEL, 1]["state"] == "MET"
    assert by_metric[LEVEL, 2]["elapsedSeconds"] == 0
    assert instant(by_metric[LEVEL, 2]["dueAt"]) == local("2026-09-08T18:00")
    [breach] = [each["slaEvent"] for each in seen["history"]["nodes"] if each["slaEvent"]][-1:]
    assert (breach["metric"], breach["cause"], breach["onTransfer"]) == (
        RESOLUTION,
        "TRANSFER",
        True,
    )


async def test_a_breach_that_a_thank_you_undoes_stays_on_record_as_superseded(desk: Desk) -> None:
    team = await care(desk, {NEXT: HOUR}, warn_at_percent=[])
    ticket = await team.heard(local("2026-09-08T09:00"))
    await team.change(ticket, local("2026-09-08T09:30"), status="RESOLVED")
    team.world.now = local("2026-09-08T10:00")
    [thanks] = await team.world.receive(
        team.world.post(team.account, thread="t", text="Muito obrigada")
    )
    assert thanks.occurrence is not None
    await team.watched(local("2026-09-08T11:00"))

    await team.world.do(handling.acknowledge, ticket.id, thanks.occurrence.id, by=team.ana)

    seen = await team.see(ticket)
    [clock] = seen["sla"]
    assert (clock["state"], clock["breachedAt"], clock["risk"]) == ("CANCELLED", None, "DONE")
    [event] = [each["slaEvent"] for each in seen["history"]["nodes"] if each["slaEvent"]]
    [entry] = [each for each in seen["history"]["nodes"] if each["kind"] == "ACKNOWLEDGED"]
    assert (event["percent"], event["superseded"]) == (100, True)
    assert instant(event["supersededAt"]) == local("2026-09-08T11:00")
    assert event["supersededBy"]["id"] == entry["id"]


# ── lists ──────────────────────────────────────────────────────────────────────────────────────


async def mixed(desk: Desk, rounds: int = 3) -> tuple[Care, list[str]]:
    """Tickets at every risk, some with deadlines at the same instant, some with none."""
    targets = [(p, RESOLUTION, 8 * HOUR) for p in Priority if p is not Priority.LOW]
    team = await care(desk, {}, sla_targets=targets)
    tickets = []
    for number in range(rounds):
        for at, priority, status in (
            ("2026-09-08T09:00", "HIGH", "OPEN"),  # late by then
            ("2026-09-09T09:30", "HIGH", "OPEN"),  # nearly
            ("2026-09-09T16:00", "MEDIUM", "OPEN"),
            ("2026-09-09T16:00", "URGENT", "OPEN"),
            ("2026-09-09T09:00", "HIGH", "PENDING"),
            ("2026-09-09T09:00", "LOW", "OPEN"),  # nothing is measured of these
            ("2026-09-09T09:00", "HIGH", "RESOLVED"),
        ):
            begun = local(at) + timedelta(minutes=number // 2)
            ticket = await team.opened(begun, priority=Priority(priority))
            await team.change(ticket, begun, status=status, comment="Assim")
            tickets.append(gid(ticket))
    await team.watched(local("2026-09-09T17:55"))
    return team, tickets


async def test_a_filter_by_risk_finds_in_the_list_what_it_counts(desk: Desk) -> None:
    team, tickets = await mixed(desk)
    whole = (await desk.ask(LIST, team.ana, n=100))["tickets"]["nodes"]
    risks = {each["id"]: each["risk"] for each in whole}
    assert (set(risks), set(risks.values())) == (set(tickets), set(SlaRisk))

    for size in range(len(SlaRisk) + 1):
        for asked in combinations(SlaRisk, size):
            told = await desk.ask(LIST, team.ana, f={"risks": list(asked)}, n=100)
            found = {each["id"] for each in told["tickets"]["nodes"]}
            assert found == {each for each, risk in risks.items() if risk in asked}
            assert told["tickets"]["totalCount"] == told["ticketCounts"]["total"] == len(found)


@pytest.mark.parametrize("forward", [True, False])
async def test_pages_by_deadline_end_with_what_has_none(desk: Desk, forward: bool) -> None:
    team, tickets = await mixed(desk)
    wholes = {}

    for direction in ("ASC", "DESC"):
        order = {"field": "DUE_AT", "direction": direction}
        whole = (await desk.ask(LIST, team.ana, o=order, n=100))["tickets"]["nodes"]
        read: list[Json] = []
        place: str | None = None
        while True:
            window = {"n": 4, "a": place} if forward else {"m": 4, "b": place}
            page = (await desk.ask(LIST, team.ana, o=order, **window))["tickets"]
            read = read + page["nodes"] if forward else page["nodes"] + read
            info = page["pageInfo"]
            if not info["hasNextPage" if forward else "hasPreviousPage"]:
                break
            place = info["endCursor" if forward else "startCursor"]
        assert read == whole
        wholes[direction] = whole

    rising = wholes["ASC"]
    dues = [each["dueAt"] for each in rising if each["dueAt"]]
    assert sorted(each["id"] for each in rising) == sorted(tickets)
    assert dues == sorted(dues)
    assert [each["dueAt"] for each in rising] == dues + [None] * (len(tickets) - len(dues))
    assert 0 < len(dues) < len(tickets)
    assert wholes["DESC"] == rising[::-1]


async def test_clocks_of_50_tickets_cost_as_many_questions_as_of_two(desk: Desk) -> None:
    team = await care(desk, {FIRST: HOUR, RESOLUTION: 8 * HOUR})
    wide = (
        f"query($n: Int!) {{ tickets(first: $n) {{ nodes {{ risk dueAt sla {{ {CLOCK} }}"
        " nextDeadline { metric ticket { protocol } }"
        f" history(last: 3) {{ nodes {{ kind slaEvent {{ {EVENT} }} }} }} }} }} }}"
    )
    for _ in range(50):
        await team.opened(local("2026-09-08T09:00"))
    await team.watched(local("2026-09-08T11:00"))
    await desk.met(team.ana)

    asked = {}
    for size in (2, 50):
        with statements_of(desk.world.storage.database.reader) as counted:
            page = await desk.ask(wide, team.ana, n=size)
        assert len(page["nodes"]) == size
        assert all(told_of(each)[-1] == ("SLA_BREACHED", 100) for each in page["nodes"])
        asked[size] = counted

    assert len(asked[50]) == len(asked[2]), "\n".join(asked[50])


# ── live, and behind the wall ──────────────────────────────────────────────────────────────────


async def test_a_ticket_enters_a_followed_list_of_the_late_when_its_breach_is_noticed(
    desk: Desk,
) -> None:
    team = await care(desk, {FIRST: 2 * HOUR})
    ticket = await team.opened(local("2026-09-08T09:00"))
    late = {"f": {"risks": ["BREACHED"]}}

    async with aclosing(desk.follow(LIVE, team.ana, **late)) as stream:
        stands = await heard(stream)
        await team.watched(local("2026-09-08T10:54"))
        await team.watched(local("2026-09-08T11:00"))
        entered = await heard(stream)
        await team.answer(ticket, local("2026-09-08T11:30"))
        left = await heard(stream)

    assert stands["changes"] == []
    [change] = entered["changes"]
    assert (change["kind"], change["ticketId"]) == ("ENTERED", gid(ticket))
    assert change["ticket"] == {"risk": "BREACHED", "sla": [{"state": "BREACHED"}]}
    assert change["entry"]["kind"] == "SLA_BREACHED"
    assert [each["kind"] for each in left["changes"]] == ["LEFT"]


NODE = (
    "query($id: ID!) { node(id: $id) { ... on Ticket { sla { metric } }"
    " ... on HistoryEntry { slaEvent { metric } } } }"
)
AROUND = (
    "query($id: ID!) { ticket(id: $id) { publisher {"
    " tickets { nodes { id nextDeadline { metric } } } stubs { status } } } }"
)


async def test_who_is_outside_sees_no_clock_by_any_path(desk: Desk) -> None:
    team = await care(desk, {FIRST: HOUR}, outside_view=OutsideView.STUB)
    store = await measured(desk.world, "Loja", {FIRST: HOUR})
    account = await desk.world.account()
    await desk.world.watch(account, store)
    rui = await desk.world.person("Rui", level=store)
    walled = await team.heard(local("2026-09-08T09:00"))
    own = await desk.world.heard(account, thread="loja")
    late = {"f": {"risks": ["BREACHED"]}}

    async with aclosing(desk.follow(LIVE, rui, **late)) as stream:
        await heard(stream)
        await team.watched(local("2026-09-08T10:00"))
        [change] = (await heard(stream))["changes"]
    entries = (await team.see(walled))["history"]["nodes"]
    ids = [gid(walled), *(each["id"] for each in entries if each["slaEvent"])]
    by_id = await desk.ask(TICKET, rui, id=gid(walled))
    listed = await desk.ask(LIST, rui, **late)
    nodes = [await desk.ask(NODE, rui, id=each) for each in ids]
    around = await desk.ask(AROUND, rui, id=gid(own))

    assert len(ids) > 1
    assert (change["kind"], change["ticketId"]) == ("ENTERED", gid(own))
    assert by_id is None
    assert nodes == [None] * len(ids)
    assert [each["id"] for each in listed["tickets"]["nodes"]] == [gid(own)]
    assert listed["tickets"]["totalCount"] == listed["ticketCounts"]["total"] == 1
    shown = [each["id"] for each in around["publisher"]["tickets"]["nodes"]]
    assert (shown, around["publisher"]["stubs"]) == ([gid(own)], [{"status": "NEW"}])
