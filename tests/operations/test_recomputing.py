"""The rules of a level change: for new tickets, or on request for those that are open too."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Forbidden, NotFound
from domain.model.level import Level
from domain.model.sla import SlaEvent, SlaRecompute
from domain.model.ticket import Ticket
from domain.operations import deadlines, handling, recomputing, timing
from domain.operations.handling import TicketChange
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.rules.membership import Face
from domain.rules.timekeeping import Timekeeper
from domain.words import HistoryKind, Priority, Role, SlaCause, SlaMetric, SlaState, TicketStatus
from storage.access import columns
from tests.operations.test_deadlines import Days, answer, clocks, events, rows, sweep
from tests.world import World

FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, _HISTORY = SlaMetric
E_ = columns(SlaEvent)
TUESDAY = "2026-09-08T09:00"
ALL_DAY = ((time(9), time(18)),)
WITH_LUNCH = ((time(9), time(12)), (time(13), time(18)))


def local(text: str) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    return moment.astimezone(UTC)


def hours(metric: SlaMetric, count: float) -> list[tuple[Priority, SlaMetric, int]]:
    return [(each, metric, int(count * 3600)) for each in Priority]


def week(spans: Sequence[tuple[time, time]]) -> list[WeeklyInterval]:
    return [WeeklyInterval(day, *each) for day in range(1, 6) for each in spans]


async def without_lunch(world: World, **settings: object) -> Level:
    """A level that is open from nine to six, with eight hours for the resolution."""
    world.now = local(TUESDAY)
    usual = {
        "sla_targets": hours(RESOLUTION, 8),
        "unmeasured": [FIRST, NEXT, LEGAL],
        "calendar": CalendarForm(
            name="Dia inteiro", time_zone="America/Sao_Paulo", intervals=week(ALL_DAY)
        ),
    }
    return await world.level("SAC", **{**usual, **settings})


async def add_lunch(world: World, level: Level) -> Level:
    lunch = CalendarForm(
        id=level.calendar_id,
        name="Com almoço",
        time_zone="America/Sao_Paulo",
        intervals=week(WITH_LUNCH),
    )
    return await world.arrange(level, calendar=lunch)


async def rebuilt(world: World, ticket: Ticket) -> Timekeeper:
    entries = await world.history(ticket)
    async with world.storage.reading(world.system) as work:
        faces = [Face.of_json(dict(each.after)) for each in entries]
        terms = await timing.terms_of(work, [face.terms_id for face in faces])
    keeper = timing.rebuild(entries, terms)
    keeper.advance(world.now)
    return keeper


async def previewed(world: World, level: Level) -> int:
    return await through(world, level, apply=False)


async def recomputed(world: World, level: Level) -> int:
    """How many tickets were moved, all batches together."""
    await world.do(recomputing.begin, level.id)
    return await through(world, level, apply=True)


async def through(world: World, level: Level, *, apply: bool) -> int:
    changed, last = 0, None
    while True:
        step = recomputing.recompute if apply else recomputing.preview
        batch = await world.do(step, level.id, last)
        changed, last = changed + batch.changed, batch.last
        if batch.seen < recomputing.AT_ONCE:
            return changed


async def progress(world: World, level: Level) -> SlaRecompute:
    async with world.storage.reading(world.system) as work:
        return (await work.clocks.recomputes([level.id]))[level.id]


async def test_other_hours_are_for_new_tickets_and_open_ones_keep_theirs(world: World) -> None:
    level = await without_lunch(world)
    old = await world.ticket(level)

    await add_lunch(world, level)
    new = await world.ticket(level)

    assert (await world.see(old)).due_at == local("2026-09-08T17:00")
    assert (await world.see(new)).due_at == local("2026-09-08T18:00")
    assert "SLA_RECOMPUTED" not in await world.story(old)


async def test_a_preview_counts_and_changes_nothing(world: World) -> None:
    level = await without_lunch(world)
    tickets = [await world.ticket(level) for _ in range(3)]
    level = await add_lunch(world, level)
    before = [(await clocks(world, each), await world.see(each)) for each in tickets]

    assert await previewed(world, level) == 3
    assert await previewed(world, level) == 3

    after = [(await clocks(world, each), await world.see(each)) for each in tickets]
    assert [(stored, seen.version, seen.interactions_count) for stored, seen in after] == [
        (stored, seen.version, seen.interactions_count) for stored, seen in before
    ]


async def test_open_tickets_are_moved_once_and_say_so(world: World) -> None:
    level = await without_lunch(world)
    ticket = await world.ticket(level)
    level = await add_lunch(world, level)
    world.now = local("2026-09-08T10:00")

    assert await recomputed(world, level) == 1
    assert await recomputed(world, level) == 0
    assert await previewed(world, level) == 0

    seen = await world.see(ticket)
    assert (seen.due_at, seen.terms_id) == (local("2026-09-08T18:00"), level.terms_id)
    [entry] = [
        each for each in await world.history(ticket) if each.kind is HistoryKind.SLA_RECOMPUTED
    ]
    assert entry.was is not None
    assert entry.became is not None
    assert datetime.fromisoformat(entry.was) == local("2026-09-08T17:00")
    assert datetime.fromisoformat(entry.became) == local("2026-09-08T18:00")
    assert entry.became_id == level.terms_id
    assert await clocks(world, ticket) == (await rebuilt(world, ticket)).clocks


async def test_a_recorded_breach_stays_and_is_marked_when_it_would_be_none(world: World) -> None:
    level = await without_lunch(world)
    forgiven, late = await world.ticket(level), await world.ticket(level, priority=Priority.URGENT)
    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 8))
    world.now = local("2026-09-08T17:00")
    await world.do(deadlines.notice)
    told = [each.id for each in await events(world, forgiven)]
    longer = [*hours(RESOLUTION, 20)[:-1], (Priority.URGENT, RESOLUTION, 3600)]
    level = await world.arrange(level, sla_targets=longer)

    assert await recomputed(world, level) == 2

    after = await events(world, forgiven)
    assert [each.id for each in after] == told
    [entry] = [
        each for each in await world.history(forgiven) if each.kind is HistoryKind.SLA_RECOMPUTED
    ]
    assert [(each.percent, each.superseded_by_id) for each in after if each.superseded_at] == [
        (100, entry.id)
    ]
    stored = (await clocks(world, forgiven))[RESOLUTION, 1]
    assert stored.state is SlaState.BREACHED
    assert stored.breached_at == local("2026-09-08T17:00")
    assert stored.due_at == local("2026-09-10T11:00")
    assert not any(each.superseded_at for each in await events(world, late))


async def test_shorter_targets_tell_the_worst_that_passed_and_nothing_twice(world: World) -> None:
    level = await without_lunch(world)
    warned = await world.ticket(level)
    world.now = local("2026-09-08T13:00")
    quiet = await world.ticket(level)
    await world.do(deadlines.notice)
    assert [each.percent for each in await events(world, warned)] == [50]
    world.now = local("2026-09-08T16:30")
    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 5))

    assert await recomputed(world, level) == 2

    told = {ticket.id: await events(world, ticket) for ticket in (warned, quiet)}
    assert [(each.percent, each.due_at, each.cause) for each in told[warned.id]] == [
        (50, local("2026-09-08T13:00"), SlaCause.TIMER),
        (100, local("2026-09-08T14:00"), SlaCause.RECOMPUTE),
    ]
    # Three and a half hours of five.
    assert [(each.percent, each.due_at, each.cause) for each in told[quiet.id]] == [
        (50, local("2026-09-08T15:30"), SlaCause.RECOMPUTE),
    ]
    assert await world.do(deadlines.notice) == 0
    assert await clocks(world, warned) == (await rebuilt(world, warned)).clocks


async def test_told_warnings_are_not_told_again_under_longer_targets(world: World) -> None:
    level = await without_lunch(world, warn_at_percent=[50, 75])
    ticket = await world.ticket(level)
    world.now = local("2026-09-08T15:00")
    await world.do(deadlines.notice)
    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 16))
    assert await recomputed(world, level) == 1

    world.now = local("2026-09-09T12:30")
    await world.do(deadlines.notice)
    assert [each.percent for each in await events(world, ticket)] == [50, 75]
    world.now = local("2026-09-09T16:00")
    await world.do(deadlines.notice)

    assert [each.percent for each in await events(world, ticket)] == [50, 75, 100]


async def test_a_metric_that_is_measured_no_more_ends_without_a_verdict(world: World) -> None:
    level = await without_lunch(world, sla_targets=[*hours(FIRST, 4), *hours(RESOLUTION, 8)])
    ticket = await world.ticket(level)
    level = await world.arrange(level, unmeasured=[FIRST])
    world.now = local("2026-09-08T10:00")

    assert await recomputed(world, level) == 1

    stored = await clocks(world, ticket)
    assert stored[FIRST, 1].state is SlaState.CANCELLED
    assert stored[FIRST, 1].cancelled_at == world.now
    assert stored[RESOLUTION, 1].state is SlaState.RUNNING
    world.now = local("2026-09-08T16:30")
    await world.do(deadlines.notice)
    assert {each.metric for each in await events(world, ticket)} == {RESOLUTION}


async def test_a_metric_that_is_measured_from_now_on_counts_from_the_beginning(
    world: World,
) -> None:
    level = await without_lunch(world)
    ticket = await world.ticket(level)
    level = await world.arrange(level, sla_targets=hours(FIRST, 4))
    world.now = local("2026-09-08T10:00")

    assert await recomputed(world, level) == 1

    assert (await clocks(world, ticket))[FIRST, 1].due_at == local("2026-09-08T13:00")
    assert await clocks(world, ticket) == (await rebuilt(world, ticket)).clocks


async def test_questions_are_counted_anew_where_the_first_response_is_measured_no_more(
    world: World,
) -> None:
    """The question that began the next response is another one under the new rules."""
    level = await without_lunch(
        world, sla_targets=[*hours(FIRST, 40), *hours(NEXT, 40)], unmeasured=[RESOLUTION, LEGAL]
    )
    await world.watch(account := await world.account(), level)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="P1")
    world.now = local("2026-09-08T10:00")
    await world.heard(account, thread="P1")
    world.now = local("2026-09-08T11:00")
    await world.do(answer, ticket.id, by=ana)
    world.now = local("2026-09-08T12:00")
    await world.heard(account, thread="P1")
    level = await world.arrange(level, unmeasured=[FIRST])

    await recomputed(world, level)

    stored, expected = await clocks(world, ticket), (await rebuilt(world, ticket)).clocks
    assert {key: clock for key, clock in stored.items() if key in expected} == expected
    assert stored[NEXT, 1].started_at == local("2026-09-08T10:00")


async def test_what_happens_after_is_by_the_new_rules_and_so_is_the_history(world: World) -> None:
    level = await without_lunch(world, sla_targets=[*hours(FIRST, 4), *hours(RESOLUTION, 8)])
    other = await world.level("N2", sla_targets=hours(RESOLUTION, 6))
    ana = await world.person("Ana", level=[level, other])
    ticket = await world.ticket(level)
    world.now = local("2026-09-08T11:00")
    await world.do(handling.update, ticket.id, TicketChange(status=TicketStatus.PENDING), by=ana)
    level = await add_lunch(world, level)
    await recomputed(world, level)
    world.now = local("2026-09-08T12:30")
    await world.do(handling.update, ticket.id, TicketChange(status=TicketStatus.OPEN), by=ana)
    assert await clocks(world, ticket) == (await rebuilt(world, ticket)).clocks
    world.now = local("2026-09-08T14:00")

    await world.do(handling.escalate, ticket.id, other.id, "N2", by=ana)
    await world.do(handling.update, ticket.id, TicketChange(level_id=level.id), by=ana)
    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 9))
    await recomputed(world, level)

    keeper = await rebuilt(world, ticket)
    assert await clocks(world, ticket) == keeper.clocks
    seen = await world.see(ticket)
    assert (seen.risk, seen.due_at) == (keeper.risk(), keeper.nearest())


async def test_batches_lead_through_all_open_tickets_and_no_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing, "AT_ONCE", 2)
    level = await without_lunch(world)
    elsewhere = await world.level("N2", sla_targets=hours(RESOLUTION, 8))
    ana = await world.person("Ana", level=level)
    tickets = [await world.ticket(level) for _ in range(6)]
    apart = await world.ticket(elsewhere)
    closed, pending = tickets[0], tickets[1]
    await world.do(handling.remove, closed.id, "teste")
    change = TicketChange(status=TicketStatus.PENDING)
    await world.do(handling.update, pending.id, change, by=ana)
    level = await add_lunch(world, level)

    changed = await recomputed(world, level)

    assert changed == 4  # what is paused has no other deadline
    run = await progress(world, level)
    assert (run.total, run.done, run.changed) == (5, 5, 4)
    assert run.finished_at == world.now
    for ticket in tickets[1:]:
        assert (await world.see(ticket)).terms_id == level.terms_id
    assert (await world.see(apart)).terms_id == elsewhere.terms_id


async def test_only_who_runs_the_level_recomputes_it(world: World) -> None:
    level = await without_lunch(world)
    stranger = await world.person("Caio", role=Role.SUPERVISOR)

    for operation in (recomputing.begin, recomputing.preview, recomputing.recompute):
        arguments = [level.id] if operation is recomputing.begin else [level.id, None]
        with pytest.raises((Forbidden, NotFound)):
            await world.do(operation, *arguments, by=stranger)


async def test_where_nothing_is_open_there_is_nothing_to_move(world: World) -> None:
    level = await add_lunch(world, await without_lunch(world))

    assert await recomputed(world, level) == 0

    assert (await progress(world, level)).finished_at == world.now


async def test_moved_deadlines_are_told_when_they_pass(world: World) -> None:
    level = await without_lunch(world, warn_at_percent=[100])
    ticket = await world.ticket(level)
    level = await add_lunch(world, level)
    await recomputed(world, level)

    world.now = local("2026-09-08T18:00") - timedelta(microseconds=1)
    assert await world.do(deadlines.notice) == 0
    world.now = local("2026-09-08T18:00")
    assert await world.do(deadlines.notice) == 1

    [breach] = await events(world, ticket)
    assert (breach.due_at, breach.cause) == (world.now, SlaCause.TIMER)


class ChangingDays(Days):
    """Days on which the rules are changed as well, mostly for open tickets too."""

    async def act(self) -> None:
        if self.random.random() > 0.1:
            return await super().act()
        place = self.random.randrange(len(self.levels))
        metric = self.random.choice([FIRST, NEXT, RESOLUTION, LEVEL])
        if self.random.random() < 0.2:
            level = await self.world.arrange(self.levels[place], unmeasured=[metric])
        else:
            targets = hours(metric, self.random.choice([0.5, 2, 10]))
            level = await self.world.arrange(self.levels[place], sla_targets=targets)
        self.levels[place] = level
        if self.random.random() < 0.7:
            expected = await previewed(self.world, level)
            assert await recomputed(self.world, level) == expected


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_the_history_makes_the_clocks_but_for_what_was_told(
    world: World, seed: int
) -> None:
    days = ChangingDays(world, Random(seed))
    await days.settle_in()

    for _ in range(100):
        await days.step()
    await sweep(world)

    for ticket in days.tickets.values():
        stored, keeper = await clocks(world, ticket), await rebuilt(world, ticket)
        for key, clock in keeper.clocks.items():
            held = stored[key]
            assert held.warned >= clock.warned
            assert held.breached_at or not clock.breached_at
            if held.breached_at:
                clock = replace(clock, breached_at=held.breached_at, due_at=held.due_at)
            assert replace(clock, warned=held.warned) == held
        assert not any(stored[key].is_open for key in stored.keys() - keeper.clocks.keys())
        told = await events(world, ticket)
        assert len({(each.clock_id, each.percent) for each in told}) == len(told)
        late = {row.id for row in (await rows(world, ticket)).values() if row.breached_at}
        breaches = [each for each in told if each.percent == 100]
        assert {each.clock_id for each in breaches} >= late
        assert {each.clock_id for each in breaches if not each.superseded_at} <= late


async def test_what_passed_during_a_thank_you_is_not_told_by_new_rules_either(
    world: World,
) -> None:
    level = await without_lunch(world, warn_at_percent=[100])
    await world.watch(account := await world.account(), level)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="P1")
    world.now = local("2026-09-08T11:00")
    await world.do(answer, ticket.id, TicketStatus.RESOLVED, by=ana)
    world.now = local("2026-09-09T10:00")
    heard = await world.heard(account, thread="P1", text="Obrigada!")
    world.now = local("2026-09-09T12:00")
    await world.do(handling.acknowledge, ticket.id, heard.reopened_by_id, by=ana)

    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 3))
    await recomputed(world, level)
    assert await events(world, ticket) == []
    assert (await clocks(world, ticket))[RESOLUTION, 1].state is SlaState.MET

    world.now = local("2026-09-10T09:00")
    await world.heard(account, thread="P1", text="Na verdade não chegou")
    world.now = local("2026-09-10T10:00")
    await sweep(world)
    [breach] = await events(world, ticket)
    assert (breach.due_at, breach.superseded_at) == (world.now, None)
    assert (await world.story(ticket)).count("SLA_BREACHED") == 1


async def test_what_was_never_owed_does_not_keep_a_ticket_from_being_moved(world: World) -> None:
    both = [*hours(RESOLUTION, 8), *hours(FIRST, 2)]
    level = await without_lunch(world, sla_targets=both, unmeasured=[NEXT, LEGAL])
    ana = await world.person("Ana", level=[world.triage, level])
    account = await world.account()
    await world.watch(account, world.triage)
    ticket = await world.heard(account)
    await world.do(answer, ticket.id, by=ana)
    await world.do(handling.update, ticket.id, TicketChange(level_id=level.id), by=ana)

    level = await world.arrange(level, sla_targets=hours(RESOLUTION, 4))
    assert await recomputed(world, level) == 1

    kept = await clocks(world, ticket)
    assert {metric for metric, _ in kept} == {RESOLUTION}
    assert kept[RESOLUTION, 1].target == timedelta(hours=4)
    assert kept == (await rebuilt(world, ticket)).clocks
