"""Deadlines come near and pass, and silence closes what is resolved: told once, kept for good."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.errors import Refusal
from domain.events import Fact, ReplySent
from domain.model.account import Account
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.sla import SlaClock, SlaEvent
from domain.model.ticket import Ticket
from domain.operations import deadlines, handling, opening, pulling, taking_over, timing
from domain.operations.handling import TicketChange
from domain.operations.levelling import Never
from domain.operations.scheduling import CalendarForm
from domain.past import PastConversation, PastMessage
from domain.post import Author
from domain.rules.acts import Key
from domain.rules.clocks import Clock
from domain.rules.hours import DayException, WeeklyInterval
from domain.rules.membership import Face
from domain.words import (
    CloseReason,
    HistoryKind,
    OccurrenceKind,
    Priority,
    SlaCause,
    SlaMetric,
    SlaRisk,
    SlaState,
    TicketStatus,
)
from domain.work import Work
from storage.access import columns
from tests.world import Person, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, _HISTORY = SlaMetric
E_ = columns(SlaEvent)
FRIDAY, TUESDAY = "2026-09-04T15:00", "2026-09-08T09:00"


def local(text: str) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    return moment.astimezone(UTC)


def hours(metric: SlaMetric, count: float) -> list[tuple[Priority, SlaMetric, int]]:
    return [(each, metric, int(count * 3600)) for each in Priority]


async def answer(
    work: Work, ticket_id: UUID, send_as: TicketStatus | None = None, *, automated: bool = False
) -> Ticket:
    """A reply that was sent, as far as clocks and histories care."""
    ticket = await handling.handled(work, ticket_id)
    facts: list[Fact] = [ReplySent(automated=automated)]
    if send_as is not None:
        reason = CloseReason.ANSWERED if send_as is TicketStatus.CLOSED else None
        facts.append(ticket.change_status(send_as, now=work.now, close_reason=reason))
    work.record(ticket, *facts)
    return ticket


async def clocks(world: World, ticket: Ticket) -> dict[Key, Clock]:
    return {key: row.clock for key, row in (await rows(world, ticket)).items()}


async def rows(world: World, ticket: Ticket) -> dict[Key, SlaClock]:
    async with world.storage.reading(world.system) as work:
        found = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
        return {(row.metric, row.cycle): row for row in found}


async def events(world: World, ticket: Ticket) -> list[SlaEvent]:
    """What was told of its clocks, in the order in which it was due."""
    async with world.storage.reading(world.system) as work:
        statement = select(SlaEvent).where(E_.ticket_id == ticket.id)
        return list(await work.session.scalars(statement.order_by(E_.due_at, E_.percent)))


async def sweep(world: World) -> int:
    """Everything that is due by now, as workers do it."""
    done = 0
    while noticed := await world.do(deadlines.notice):
        done += noticed
    return done + await world.do(deadlines.close_silent)


async def at(world: World, moment: str) -> None:
    world.now = local(moment)
    await sweep(world)


# ── noticing ─────────────────────────────────────────────────────────────────────────────────


async def test_a_deadline_is_told_once_however_many_look_at_once(world: World) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(FIRST, 2), warn_at_percent=[100])
    ticket = await world.ticket(level)
    world.now = local("2026-09-08T11:00")

    await asyncio.gather(*(world.do(deadlines.notice) for _ in range(4)))

    [event] = await events(world, ticket)
    assert (event.metric, event.percent, event.cause) == (FIRST, 100, SlaCause.TIMER)
    assert event.due_at == event.fired_at == local("2026-09-08T11:00")
    assert (await world.story(ticket)).count("SLA_BREACHED") == 1
    assert (await world.see(ticket)).risk is SlaRisk.BREACHED
    assert await world.do(deadlines.notice) == 0


async def test_nothing_is_told_an_instant_too_early(world: World) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(FIRST, 2), warn_at_percent=[100])
    ticket = await world.ticket(level)
    world.now = local("2026-09-08T11:00") - timedelta(microseconds=1)

    assert await world.do(deadlines.notice) == 0

    assert await events(world, ticket) == []


async def test_after_downtime_everything_is_told_in_order_with_its_own_moment(
    world: World,
) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(FIRST, 2), unmeasured=[RESOLUTION, LEGAL])
    ticket = await world.ticket(level)

    await at(world, "2026-09-12T00:00")

    told = await events(world, ticket)
    assert [(each.percent, each.due_at) for each in told] == [
        (50, local("2026-09-08T10:00")),
        (75, local("2026-09-08T10:30")),
        (90, local("2026-09-08T10:48")),
        (100, local("2026-09-08T11:00")),
    ]
    assert {each.fired_at for each in told} == {world.now}
    entries = await world.history(ticket)
    assert [each.became for each in entries if each.field == "sla"] == [
        "FIRST_RESPONSE 50%",
        "FIRST_RESPONSE 75%",
        "FIRST_RESPONSE 90%",
        "FIRST_RESPONSE",
    ]
    assert [each.became_id for each in entries if each.field == "sla"] == [each.id for each in told]
    assert all(each.automated for each in entries if each.field == "sla")


async def test_what_an_attendant_does_tells_what_was_due_before(world: World) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(FIRST, 2), unmeasured=[RESOLUTION, LEGAL])
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(level)
    world.now = local("2026-09-08T11:30")

    await world.do(answer, ticket.id, by=ana)

    clock = (await clocks(world, ticket))[FIRST, 1]
    assert clock.state is SlaState.BREACHED
    assert clock.met_at == world.now
    assert [each.percent for each in await events(world, ticket)] == [50, 75, 90, 100]


async def test_noticing_makes_no_older_version_of_what_somebody_is_writing(world: World) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(FIRST, 2))
    before = await world.see(await world.ticket(level))

    await at(world, "2026-09-08T12:00")

    after = await world.see(before)
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    assert after.interactions_count > before.interactions_count


async def test_a_level_that_hardly_ever_opens_takes_tickets_in(world: World) -> None:
    a_second = [WeeklyInterval(1, time(9), time(9, 0, 1))]
    form = CalendarForm(name="Quase nunca", time_zone="America/Sao_Paulo", intervals=a_second)
    level = await world.level("SAC", sla_targets=hours(FIRST, 8784), calendar=form)

    ticket = await world.ticket(level)

    due = (await clocks(world, ticket))[FIRST, 1].due_at
    assert due is not None
    assert due > world.now + 19 * 365 * DAY


# ── moved ────────────────────────────────────────────────────────────────────────────────────


async def test_moved_with_its_time_used_up_it_is_late_on_arrival(world: World) -> None:
    world.now = local(TUESDAY)
    slow = await world.level(
        "N1", sla_targets=[*hours(RESOLUTION, 8), *hours(LEVEL, 20)], unmeasured=[FIRST, LEGAL]
    )
    quick = await world.level(
        "N2", sla_targets=[*hours(RESOLUTION, 4), *hours(LEVEL, 2)], unmeasured=[FIRST, LEGAL]
    )
    ana = await world.person("Ana", level=[slow, quick])
    ticket = await world.ticket(slow)
    world.now = local("2026-09-08T16:00")

    await world.do(handling.escalate, ticket.id, quick.id, "É do N2", by=ana)

    stored = await rows(world, ticket)
    assert stored[RESOLUTION, 1].clock.breached_at == world.now
    assert stored[LEVEL, 1].state is SlaState.MET
    assert (stored[LEVEL, 2].used, stored[LEVEL, 2].due_at) == (
        timedelta(0),
        local("2026-09-08T18:00"),
    )
    assert stored[LEVEL, 1].level_id == slow.id
    assert stored[RESOLUTION, 1].level_id == stored[LEVEL, 2].level_id == quick.id
    breach = (await events(world, ticket))[-1]
    assert (breach.metric, breach.percent, breach.cause) == (RESOLUTION, 100, SlaCause.TRANSFER)
    assert breach.due_at == world.now


async def test_moved_out_of_ones_own_sight_it_owes_there_what_it_owed_from_the_beginning(
    world: World,
) -> None:
    world.now = local(TUESDAY)
    here = await world.level("N1", unmeasured=[FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL])
    there = await world.level("N2", unmeasured=[FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL])
    ana = await world.person("Ana", level=here)
    ticket = await world.ticket(here, by=ana)
    world.now = local("2026-09-09T10:00")

    await world.do(handling.escalate, ticket.id, there.id, "É do N2", by=ana)

    [legal] = (await clocks(world, ticket)).values()
    assert (legal.metric, legal.started_at) == (LEGAL, local(TUESDAY))


# ── brought along ────────────────────────────────────────────────────────────────────────────


async def test_what_was_brought_along_is_measured_once_its_publisher_writes_here(
    world: World,
) -> None:
    world.now = local(TUESDAY)
    level = await world.level("SAC", sla_targets=hours(NEXT, 2))
    await world.watch(account := await world.account(), level)
    maria = Author(external_id="maria", name="Maria", handle="maria")
    question = PastMessage(
        external_id="antiga",
        kind=OccurrenceKind.COMMENT,
        author=maria,
        text="E o meu pedido?",
        at=world.now - 30 * DAY,
        inbound=True,
    )
    await world.do(taking_over.take_over, [PastConversation(account.id, "P1", [question])])
    async with world.storage.reading(world.system) as work:
        [taken] = list(
            await work.session.scalars(
                select(Ticket).where(columns(Ticket).workspace_id == world.workspace.id)
            )
        )
    await sweep(world)
    assert (taken.terms_id, await clocks(world, taken)) == (None, {})
    assert await events(world, taken) == []

    heard = await world.heard(account, thread="P1")

    assert heard.id == taken.id
    assert heard.terms_id == level.terms_id
    [(key, clock)] = (await clocks(world, taken)).items()
    assert (key, clock.due_at) == ((NEXT, 1), local("2026-09-08T11:00"))
    assert (await world.see(taken)).due_at == local("2026-09-08T11:00")


# ── a thank-you ──────────────────────────────────────────────────────────────────────────────


async def thanked_late(world: World, *, noticed: bool) -> tuple[Ticket, Account, Person]:
    """Resolved with an hour left, reopened by a thank-you, and looked at two hours later."""
    world.now = local(TUESDAY)
    level = await world.level(
        "SAC",
        sla_targets=[*hours(RESOLUTION, 3), *hours(NEXT, 1)],
        unmeasured=[FIRST, LEGAL],
        warn_at_percent=[100],
    )
    await world.watch(account := await world.account(), level)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="P1")
    world.now = local("2026-09-08T11:00")
    await world.do(answer, ticket.id, TicketStatus.RESOLVED, by=ana)
    world.now = local("2026-09-09T10:00")
    ticket = await world.heard(account, thread="P1", text="Obrigada!")
    world.now = local("2026-09-09T14:00")
    if noticed:
        await sweep(world)
    await world.do(handling.acknowledge, ticket.id, ticket.reopened_by_id, by=ana)
    return ticket, account, ana


@pytest.mark.parametrize("noticed", [True, False])
async def test_what_was_late_only_by_a_thank_you_is_no_miss_and_stays_on_record(
    world: World, noticed: bool
) -> None:
    ticket, _, _ = await thanked_late(world, noticed=noticed)

    stored = await clocks(world, ticket)
    assert stored[RESOLUTION, 1].state is SlaState.MET
    assert stored[NEXT, 1].state is SlaState.CANCELLED
    told = await events(world, ticket)
    assert {each.metric for each in told} == {RESOLUTION, NEXT}
    [thanks] = [
        each for each in await world.history(ticket) if each.kind is HistoryKind.ACKNOWLEDGED
    ]
    assert {each.superseded_by_id for each in told} == {thanks.id}
    assert {each.superseded_at for each in told} == {world.now}
    assert (await world.see(ticket)).risk is SlaRisk.DONE
    await agrees(world, ticket)


async def test_reopened_in_earnest_after_a_thank_you_its_breach_holds(world: World) -> None:
    ticket, account, _ = await thanked_late(world, noticed=True)
    world.now = local("2026-09-10T09:00")
    await world.heard(account, thread="P1", text="Na verdade não chegou")

    await at(world, "2026-09-10T10:00")

    [breach] = [each for each in await events(world, ticket) if each.metric is RESOLUTION]
    assert (breach.superseded_at, breach.due_at) == (None, local("2026-09-10T10:00"))
    assert breach.fired_at == world.now
    assert (await world.story(ticket))[-1] == "SLA_BREACHED"
    assert (await clocks(world, ticket))[RESOLUTION, 1].breached_at == world.now
    assert (await world.see(ticket)).risk is SlaRisk.BREACHED
    await agrees(world, ticket)


# ── silence ──────────────────────────────────────────────────────────────────────────────────


async def resolved(world: World, level: Level) -> tuple[Ticket, Account]:
    world.now = local(FRIDAY)
    await world.watch(account := await world.account(), level)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.update, ticket.id, TicketChange(status=TicketStatus.RESOLVED), by=ana)
    return ticket, account


async def test_what_is_resolved_closes_after_three_opening_days_of_silence(world: World) -> None:
    ticket, _ = await resolved(world, await world.level("SAC"))
    assert (await world.see(ticket)).closes_at == local("2026-09-11T00:00")

    await at(world, "2026-09-10T23:59:59")
    assert (await world.see(ticket)).status is TicketStatus.RESOLVED
    world.now = local("2026-09-11T00:00")
    closed = await asyncio.gather(*(world.do(deadlines.close_silent) for _ in range(3)))

    assert sum(closed) == 1
    seen = await world.see(ticket)
    assert (seen.status, seen.close_reason) == (TicketStatus.CLOSED, CloseReason.INACTIVITY)
    assert (seen.closed_at, seen.closes_at) == (world.now, None)
    entries = [each for each in await world.history(ticket) if each.became == "CLOSED"]
    assert [(each.kind, each.automated, each.actor_id) for each in entries] == [
        (HistoryKind.STATUS_CHANGED, True, None)
    ]


async def test_a_message_in_time_keeps_it_open(world: World) -> None:
    ticket, account = await resolved(world, await world.level("SAC"))
    world.now = local("2026-09-10T23:00")

    await world.heard(account, thread="P1", text="Ainda não chegou")
    await at(world, "2026-09-20T00:00")

    seen = await world.see(ticket)
    assert (seen.status, seen.closes_at) == (TicketStatus.OPEN, None)


async def test_after_a_thank_you_the_silence_counts_from_when_it_was_resolved(
    world: World,
) -> None:
    level = await world.level("SAC")
    ticket, account = await resolved(world, level)
    before = (await world.see(ticket)).closes_at
    ana = await world.person("Ana", level=level)
    world.now = local(TUESDAY)

    heard = await world.heard(account, thread="P1", text="Obrigada!")
    await world.do(handling.acknowledge, ticket.id, heard.reopened_by_id, by=ana)

    assert (await world.see(ticket)).closes_at == before


@pytest.mark.parametrize(
    ("days", "closes"), [(1, "2026-09-09T00:00"), (2, "2026-09-10T00:00"), (Never.NEVER, None)]
)
async def test_each_level_says_after_how_many_days_if_ever(
    world: World, days: int | Never, closes: str | None
) -> None:
    ticket, _ = await resolved(world, await world.level("SAC", auto_close_after_days=days))

    assert (await world.see(ticket)).closes_at == (local(closes) if closes else None)
    await at(world, "2027-09-20T00:00")
    status = (await world.see(ticket)).status
    assert status is (TicketStatus.CLOSED if closes else TicketStatus.RESOLVED)


async def test_a_day_that_the_calendar_takes_out_does_not_count(world: World) -> None:
    week = [WeeklyInterval(day, time(8), time(12)) for day in range(1, 8)]
    closed = DayException(date(2026, 9, 6), "Inventário")
    form = CalendarForm(
        name="Sempre",
        time_zone="America/Sao_Paulo",
        intervals=week,
        exceptions=[closed],
        national_holidays=False,
    )
    ticket, _ = await resolved(world, await world.level("SAC", calendar=form))

    assert (await world.see(ticket)).closes_at == local("2026-09-09T00:00")  # 5th, 7th, 8th


# ── any story ────────────────────────────────────────────────────────────────────────────────


async def agrees(world: World, ticket: Ticket) -> None:
    """What is stored of its clocks is what its history makes of them, and was told once each."""
    entries = await world.history(ticket)
    async with world.storage.reading(world.system) as work:
        faces = [Face.of_json(dict(each.after)) for each in entries]
        terms = await timing.terms_of(work, [face.terms_id for face in faces])
        found = await work.session.get(Ticket, ticket.id)
    assert found is not None
    keeper = timing.rebuild(entries, terms)
    keeper.advance(world.now)

    assert await clocks(world, ticket) == keeper.clocks
    assert (found.risk, found.due_at) == (keeper.risk(), keeper.nearest())
    for key, row in (await rows(world, ticket)).items():
        assert row.next_at == keeper.next_notice(keeper.clocks[key])
        assert row.state is keeper.clocks[key].state

    due: dict[tuple[SlaMetric, int, int], list[tuple[datetime, SlaCause]]] = {}
    for notice in keeper.notices:
        share = (notice.metric, notice.cycle, notice.percent)
        due.setdefault(share, []).append((notice.due_at, notice.cause))
    cycles = {row.id: row.cycle for row in (await rows(world, ticket)).values()}
    told = {
        (each.metric, cycles[each.clock_id], each.percent): each
        for each in await events(world, ticket)
    }
    assert told.keys() == due.keys()
    assert len(await events(world, ticket)) == len(told)
    for share, event in told.items():
        # What a thank-you took back may have come more than once; what holds is the last of it.
        moments = due[share] if event.superseded_at else due[share][-1:]
        assert (event.due_at, event.cause) in moments
        if event.percent == 100:
            breached = keeper.clocks[share[:2]].breached_at is not None
            assert (event.superseded_at is None) == breached
    named = {each.became_id for each in entries if each.field == "sla"}
    assert named == {each.id for each in told.values()}


class Days:
    """A few levels with their own hours, and whatever happens in them."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.tickets: dict[UUID, Ticket] = {}
        self.done = self.refused = 0

    async def settle_in(self) -> None:
        world = self.world
        early = CalendarForm(
            name="Cedo",
            time_zone="America/Manaus",
            intervals=[WeeklyInterval(day, time(6), time(14)) for day in range(1, 7)],
        )
        steep = [
            (priority, metric, minutes * 60)
            for metric in (FIRST, NEXT, RESOLUTION, LEVEL)
            for priority, minutes in zip(Priority, (400, 200, 100, 50), strict=True)
        ]
        gentle = [(each, metric, seconds * 2) for each, metric, seconds in steep]
        self.levels = [
            await world.level("N1", sla_targets=steep),
            await world.level("N2", sla_targets=gentle, calendar=early),
            await world.level("N3", sla_targets=steep, unmeasured=[NEXT], calendar_id=None),
        ]
        self.ana = await world.person("Ana", level=self.levels)
        self.accounts = [await world.account() for _ in self.levels]
        for account, level in zip(self.accounts, self.levels, strict=True):
            await world.watch(account, level)

    async def pass_time(self) -> None:
        random = self.random
        minutes = random.choice([0, 1, 10, 30, 60, 300])
        self.world.later(timedelta(minutes=minutes, microseconds=random.randrange(10**6)))
        if random.random() < 0.3:
            await sweep(self.world)
            await self.world.do(pulling.wake)

    async def step(self) -> None:
        await self.pass_time()
        self.done += 1
        try:
            await self.act()
        except Refusal:
            self.refused += 1

    async def act(self) -> None:
        world, random, ana = self.world, self.random, self.ana
        account = random.choice(self.accounts)
        known = list(self.tickets.values())
        kind = random.choice(KINDS)
        if kind == "heard" or not known:
            heard = await world.heard(account, thread=f"P{random.randrange(2)}")
            self.tickets[heard.id] = heard
            return
        ticket = await self.seen(random.choice(known[-6:]))
        if kind == "batch":
            posts = [world.post(account, thread="P1") for _ in range(3)]
            for received in await world.receive(*posts):
                assert received.ticket is not None
                self.tickets[received.ticket.id] = received.ticket
        elif kind == "opened":
            made = await world.do(opening.open_ticket, self.opening(), by=ana)
            self.tickets[made.id] = made
        elif kind == "start":
            await world.do(handling.start, ticket.id, by=ana)
        elif kind == "escalate":
            level = random.choice(self.levels)
            await world.do(handling.escalate, ticket.id, level.id, "para lá", by=ana)
        elif kind == "acknowledge":
            reopened = [each for each in known if (await self.seen(each)).reopened_by_id]
            if reopened:
                ticket = await self.seen(random.choice(reopened))
                await world.do(handling.acknowledge, ticket.id, ticket.reopened_by_id, by=ana)
        elif kind == "merge":
            await world.do(handling.merge, ticket.id, random.choice(known).id, by=ana)
        elif kind == "answer":
            send_as = random.choice([None, *ANSWERED_AS])
            await world.do(answer, ticket.id, send_as, automated=random.random() < 0.2, by=ana)
        else:
            await world.do(handling.update, ticket.id, self.change(), by=ana)

    async def seen(self, ticket: Ticket) -> Ticket:
        return await self.world.see(ticket)

    def opening(self) -> opening.Opening:
        status = self.random.choice([TicketStatus.NEW, TicketStatus.PENDING, TicketStatus.RESOLVED])
        return opening.Opening(
            level_id=self.random.choice(self.levels).id,
            subject="Ligou",
            comment="Pelo telefone",
            status=status,
        )

    def change(self) -> TicketChange:
        random = self.random
        status = random.choice([None, *ANSWERED_AS, TicketStatus.OPEN])
        return TicketChange(
            comment="porque sim",
            status=status,
            close_reason=CloseReason.ANSWERED if status is TicketStatus.CLOSED else None,
            pending_until=self.world.now + HOUR if status is TicketStatus.PENDING else None,
            priority=random.choice([None, *Priority]),
            level_id=random.choice([None, None, *(each.id for each in self.levels)]),
        )


KINDS = ["heard"] * 5 + ["answer"] * 3 + ["update"] * 3 + ["acknowledge"] * 2
KINDS += ["batch", "opened", "start", "escalate", "merge"]
ANSWERED_AS: Sequence[TicketStatus] = (
    TicketStatus.PENDING,
    TicketStatus.RESOLVED,
    TicketStatus.RESOLVED,
    TicketStatus.RESOLVED,
    TicketStatus.CLOSED,
)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_stored_clocks_are_those_of_the_history(
    world: World, seed: int
) -> None:
    days = Days(world, Random(seed))
    await days.settle_in()

    for _ in range(120):
        await days.step()
    world.later(DAY)
    await sweep(world)

    assert days.refused < days.done / 2
    entries: list[HistoryEntry] = []
    for ticket in days.tickets.values():
        await agrees(world, ticket)
        entries += await world.history(ticket)
    assert {HistoryKind.SLA_BREACHED, HistoryKind.SLA_WARNING, HistoryKind.ACKNOWLEDGED} <= {
        each.kind for each in entries
    }
