"""Deadlines are told when they pass: at once, once, in order, whatever else is going on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, text, update

from domain.model.base import metadata, new_id
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.sla import SlaClock, SlaEvent, SlaTerms
from domain.model.ticket import Ticket
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import Hours, WeeklyInterval
from domain.words import HistoryKind, Priority, SlaMetric
from feed import topics
from feed.bell import Bell
from server.opening import ringing, store
from server.secrets import Keyring
from storage.access import columns
from storage.engine import open_database
from storage.statements import counted
from storage.work import Storage
from tests.world import World
from workers import deadlines
from workers.deadlines import Watch

A_SECOND = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
SOON = 10.0
ALWAYS_OPEN = Hours(
    "America/Sao_Paulo", tuple(WeeklyInterval(day, time(0), time(0)) for day in range(1, 8))
)
ALWAYS = CalendarForm(
    name="Sempre",
    time_zone=ALWAYS_OPEN.time_zone,
    intervals=ALWAYS_OPEN.intervals,
    national_holidays=False,
)
CLOCK, EVENT, TERMS = columns(SlaClock), columns(SlaEvent), columns(SlaTerms)
TICKET, ENTRY = columns(Ticket), columns(HistoryEntry)
DUE = HistoryKind.SLA_BREACHED


@pytest.fixture
async def today(apart: Storage) -> World:
    """A company whose clock runs."""
    return await of_today(apart)


async def of_today(storage: Storage) -> World:
    world = await World.founded(storage)
    world.storage = replace(storage)
    world.now = datetime.now(UTC)
    return world


async def urgent(world: World, target: timedelta, warn_at: Sequence[int] = ()) -> Level:
    """A level that is always open and owes nothing but its first response."""
    seconds = int(target.total_seconds())
    return await world.level(
        "Urgências",
        calendar=ALWAYS,
        unmeasured=list(SlaMetric),
        sla_targets=[(each, SlaMetric.FIRST_RESPONSE, seconds) for each in Priority],
        warn_at_percent=warn_at,
    )


async def told(world: World, ticket: Ticket | None = None) -> list[SlaEvent]:
    """What was told of the ticket's clocks, or of all that there are, first what was due first."""
    statement = select(SlaEvent).where(EVENT.workspace_id == world.workspace.id)
    if ticket is not None:
        statement = statement.where(EVENT.ticket_id == ticket.id)
    async with world.storage.reading(world.system) as work:
        return list(await work.session.scalars(statement.order_by(EVENT.due_at, EVENT.percent)))


async def breaches(world: World) -> int:
    return sum(each.percent == 100 for each in await told(world))


async def until(so: Callable[[], Awaitable[bool]], patience: float = SOON) -> datetime:
    """When it was so, as one sees who looks now and then."""
    async with asyncio.timeout(patience):
        while not await so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return datetime.now(UTC)


@asynccontextmanager
async def watched(storage: Storage, bell: Bell) -> AsyncIterator[None]:
    """The watch, as a process keeps it; it has looked once already."""
    stop = asyncio.Event()
    straight = storage.database.straight
    before = straight.asked
    task = asyncio.create_task(deadlines.run(storage, bell, stop))
    async with asyncio.timeout(SOON):
        while straight.asked == before:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(SOON):
            await task


@asynccontextmanager
async def held(world: World, tickets: Sequence[Ticket]) -> AsyncIterator[None]:
    """Somebody has these tickets in hand, and changes nothing in the end."""
    async with world.storage.work(world.system) as work:
        for ticket in tickets:
            await work.tickets.take(ticket.id)
        yield


# ── by a clock that is set by hand ───────────────────────────────────────────────────────────


async def test_while_nothing_runs_it_knows_of_no_moment(world: World) -> None:
    assert await Watch(world.storage).turn() is None


async def test_it_sleeps_to_the_nearest_moment(world: World) -> None:
    level = await urgent(world, AN_HOUR, warn_at=[50])
    await world.ticket(level)
    world.later(A_MINUTE)
    await world.ticket(level)

    idle = await Watch(world.storage).turn()

    assert idle == AN_HOUR / 2 - A_MINUTE


async def test_the_deadline_itself_is_late_and_the_instant_before_is_not(world: World) -> None:
    level = await urgent(world, AN_HOUR)
    ticket = await world.ticket(level)

    world.later(AN_HOUR - timedelta(microseconds=1))
    await Watch(world.storage).turn()
    assert await told(world) == []

    world.later(timedelta(microseconds=1))
    await Watch(world.storage).turn()
    [breach] = await told(world, ticket)
    assert breach.due_at == breach.fired_at == world.now


async def test_a_watch_that_comes_late_tells_every_share_in_order(world: World) -> None:
    level = await urgent(world, AN_HOUR, warn_at=[50, 75, 90])
    ticket = await world.ticket(level)
    opened = world.now
    world.later(A_DAY)

    await Watch(world.storage).turn()

    entries = (await world.history(ticket))[1:]
    assert [entry.became for entry in entries] == [
        "FIRST_RESPONSE 50%",
        "FIRST_RESPONSE 75%",
        "FIRST_RESPONSE 90%",
        "FIRST_RESPONSE",
    ]
    events = await told(world, ticket)
    assert [each.due_at - opened for each in events] == [
        AN_HOUR * percent / 100 for percent in (50, 75, 90, 100)
    ]
    assert {each.fired_at for each in events} == {world.now}
    assert [entry.became_id for entry in entries] == [each.id for each in events]


async def test_what_was_told_is_told_no_more(world: World) -> None:
    level = await urgent(world, AN_HOUR, warn_at=[50])
    ticket = await world.ticket(level)
    world.later(AN_HOUR)
    await Watch(world.storage).turn()
    before = await world.story(ticket)

    idle = await Watch(world.storage).turn()

    assert await world.story(ticket) == before
    assert idle is None


async def test_watches_at_once_tell_each_thing_once(world: World) -> None:
    level = await urgent(world, AN_HOUR, warn_at=[50])
    tickets = [await world.ticket(level) for _ in range(5)]
    world.later(AN_HOUR)

    await asyncio.gather(*(Watch(world.storage).turn() for _ in range(4)))
    await Watch(world.storage).turn()

    for ticket in tickets:
        assert [each.percent for each in await told(world, ticket)] == [50, 100]


async def test_more_than_one_batch_is_told_in_one_turn_the_most_late_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    level = await urgent(world, AN_HOUR)
    tickets = []
    for _ in range(7):
        tickets.append(await world.ticket(level))
        world.later(A_SECOND)
    world.later(AN_HOUR)

    await Watch(world.storage).turn()

    async with world.storage.reading(world.system) as work:
        statement = select(ENTRY.ticket_id).where(
            ENTRY.workspace_id == world.workspace.id, ENTRY.kind == DUE
        )
        order = list(await work.session.scalars(statement.order_by(ENTRY.position)))
    assert order == [ticket.id for ticket in tickets]


async def test_several_clocks_of_one_ticket_do_not_end_the_turn_early(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    metrics = (SlaMetric.FIRST_RESPONSE, SlaMetric.RESOLUTION)
    targets = [(Priority.MEDIUM, each, 3600) for each in metrics]
    level = await world.level(
        "Dois prazos", calendar=ALWAYS, unmeasured=list(SlaMetric), sla_targets=targets
    )
    for _ in range(5):
        await world.ticket(level)
    world.later(AN_HOUR)

    await Watch(world.storage).turn()

    assert await breaches(world) == 10


@pytest.mark.postgres
async def test_what_somebody_holds_is_told_once_it_is_let_go_and_holds_up_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    level = await urgent(world, AN_HOUR)
    taken = [await world.ticket(level) for _ in range(3)]
    world.later(A_MINUTE)
    free = [await world.ticket(level) for _ in range(3)]
    world.later(AN_HOUR)

    # As many are held as a batch has room for, and they are the first in line.
    async with held(world, taken):
        idle = await Watch(world.storage).turn()
        during = [len(await told(world, ticket)) for ticket in (*taken, *free)]
    await Watch(world.storage).turn()

    assert during == [0, 0, 0, 1, 1, 1]
    assert idle == deadlines.AGAIN
    assert [len(await told(world, ticket)) for ticket in (*taken, *free)] == [1] * 6


# ── what it costs ────────────────────────────────────────────────────────────────────────────


async def test_while_nothing_is_due_a_turn_asks_as_much_of_5000_clocks_as_of_5(
    world: World,
) -> None:
    level = await urgent(world, A_DAY, warn_at=[50])
    for _ in range(5):
        await world.ticket(level)
    watch = Watch(world.storage)
    with counted() as of_five:
        await watch.turn()

    await multiplied(world, 4_995)
    with counted() as of_many:
        idle = await watch.turn()

    assert 1 <= of_many.count == of_five.count <= 6
    assert idle == A_DAY / 2


async def multiplied(world: World, count: int) -> None:
    """So many more of the open tickets, each with a clock that runs."""
    async with world.storage.work(world.system) as work:
        ids = [new_id() for _ in range(count)]
        tickets = [{"id": each, "protocol": each.hex[-17:]} for each in ids]
        running = [{"id": new_id(), "ticket_id": each} for each in ids]
        for name, others in (("ticket", tickets), ("sla_clock", running)):
            table = metadata.tables[name]
            pattern = (await work.session.execute(select(table).limit(1))).mappings().one()
            rows = [{**pattern, **each} for each in others]
            await work.session.execute(table.insert(), rows)


# ── somebody in trouble ──────────────────────────────────────────────────────────────────────


async def troubled(world: World, ticket: Ticket) -> None:
    """What the ticket goes by can no longer be read."""
    async with world.storage.work(world.system) as work:
        await work.session.execute(
            update(SlaTerms).where(TERMS.id == ticket.terms_id).values(hours_told={})
        )


async def mended(world: World, ticket: Ticket) -> None:
    hours = ALWAYS_OPEN.as_json()
    async with world.storage.work(world.system) as work:
        await work.session.execute(
            update(SlaTerms).where(TERMS.id == ticket.terms_id).values(hours_told=hours)
        )


async def test_a_workspace_in_trouble_does_not_hold_up_the_others_and_is_told_once_mended(
    apart: Storage,
) -> None:
    # Whichever of them is looked at first.
    ill, *well = sorted(
        [await World.founded(apart) for _ in range(3)], key=lambda w: w.system.workspace_id
    )
    worlds = [ill, *well]
    tickets = [await each.ticket(await urgent(each, AN_HOUR)) for each in worlds]
    await troubled(ill, tickets[0])
    now = ill.later(AN_HOUR)
    # A process that has just begun: it knows no terms from before.
    watch = Watch(replace(apart, clock=lambda: now, terms={}))

    idle = await watch.turn()
    during = [len(await told(each)) for each in worlds]
    await mended(ill, tickets[0])
    now += deadlines.FIRST_PAUSE
    await watch.turn()

    assert idle is not None
    assert idle <= deadlines.FIRST_PAUSE
    assert during == [0, 1, 1]
    assert [len(await told(each)) for each in worlds] == [1, 1, 1]


async def test_trouble_that_another_process_has_ended_is_forgotten(world: World) -> None:
    ticket = await world.ticket(await urgent(world, AN_HOUR))
    await troubled(world, ticket)
    world.later(AN_HOUR)
    watch = Watch(replace(world.storage, terms={}))
    await watch.turn()

    await mended(world, ticket)
    await Watch(replace(world.storage, terms={})).turn()
    world.later(A_MINUTE)

    assert await watch.turn() is None
    assert len(await told(world)) == 1


async def test_lasting_trouble_in_one_workspace_makes_nobody_else_late(apart: Storage) -> None:
    ill, well = await of_today(apart), await of_today(apart)
    await troubled(ill, await ill.ticket(await urgent(ill, A_SECOND)))
    ticket = await well.ticket(await urgent(well, 3 * A_SECOND))

    async with Bell.open("memory://") as bell, watched(replace(apart, terms={}), bell):
        await until(lambda: anything(well))

    [breach] = await told(well, ticket)
    assert breach.fired_at - breach.due_at < A_SECOND
    assert await told(ill) == []


# ── in real time ─────────────────────────────────────────────────────────────────────────────


async def anything(world: World) -> bool:
    return bool(await told(world))


async def test_without_a_ring_a_breach_is_told_within_a_second(today: World) -> None:
    level = await urgent(today, 2 * A_SECOND)
    ticket = await today.ticket(level)

    async with Bell.open("memory://") as bell, watched(today.storage, bell):
        seen_at = await until(lambda: anything(today))

    [breach] = await told(today, ticket)
    assert timedelta() <= breach.fired_at - breach.due_at < A_SECOND
    assert seen_at - breach.due_at < A_SECOND


async def test_a_ring_tells_of_a_moment_that_is_nearer(today: World) -> None:
    level = await urgent(today, 2 * A_SECOND, warn_at=[50, 75])
    async with Bell.open("memory://") as bell:
        today.storage.ring = ringing(bell)
        async with watched(today.storage, bell):
            # It found nothing, so it would sleep longer than all of this takes.
            ticket = await today.ticket(level)
            seen_at = await until(lambda: late(today))

    events = await told(today, ticket)
    assert [each.percent for each in events] == [50, 75, 100]
    for each in events:
        assert timedelta() <= each.fired_at - each.due_at < A_SECOND
    assert seen_at - events[-1].due_at < A_SECOND
    kinds = [entry.kind for entry in await today.history(ticket)]
    assert kinds[1:] == [HistoryKind.SLA_WARNING, HistoryKind.SLA_WARNING, DUE]


async def late(world: World) -> bool:
    return await breaches(world) > 0


async def test_a_ring_for_nothing_changes_nothing(today: World) -> None:
    level = await urgent(today, 2 * A_SECOND)
    await today.ticket(level)

    async with Bell.open("memory://") as bell, watched(today.storage, bell):
        async with asyncio.timeout(SOON):
            while not await anything(today):
                bell.ring(topics.WORKERS)
                await asyncio.sleep(0.02)

    [breach] = await told(today)
    assert timedelta() <= breach.fired_at - breach.due_at < A_SECOND


async def test_a_ticket_in_somebodys_hands_is_told_right_after_it_is_let_go(today: World) -> None:
    level = await urgent(today, A_SECOND)
    ticket = await today.ticket(level)

    async with Bell.open("memory://") as bell, watched(today.storage, bell):
        async with held(today, [ticket]):
            [clock] = await clocks(today, ticket)
            assert clock.due_at is not None
            await until(lambda: passed(clock.due_at))
            assert await told(today) == []
        let_go = datetime.now(UTC)
        seen_at = await until(lambda: anything(today))

    assert seen_at - let_go < A_SECOND


async def clocks(world: World, ticket: Ticket) -> list[SlaClock]:
    async with world.storage.reading(world.system) as work:
        return (await work.clocks.of_tickets([ticket.id]))[ticket.id]


async def passed(moment: datetime | None) -> bool:
    return moment is not None and datetime.now(UTC) > moment


# ── whose clock it is ────────────────────────────────────────────────────────────────────────


@pytest.mark.postgres
async def test_all_go_by_the_clock_of_the_database(
    apart: Storage, migrated_url: str, keyring: Keyring
) -> None:
    world = await of_today(apart)
    ticket = await world.ticket(await urgent(world, AN_HOUR))
    await put_forward(apart, 2 * AN_HOUR)

    async with open_database(migrated_url) as database:
        there = await store(database, keyring)
        await Watch(there).turn()
        by_hand = await replace(there, clock=lambda: world.now).now()

    [breach] = await told(world, ticket)
    assert breach.fired_at - datetime.now(UTC) > AN_HOUR
    assert by_hand == world.now


async def put_forward(storage: Storage, ahead: timedelta) -> None:
    """The clock of this database is ahead of everybody's, for connections from now on."""
    name = storage.database.url.database
    seconds = int(ahead.total_seconds())
    async with storage.database.writer.begin() as connection:
        await connection.execute(text("CREATE SCHEMA ahead"))
        await connection.execute(
            text(
                "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                f"$$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds' $$"
            )
        )
        await connection.execute(
            text(f'ALTER DATABASE "{name}" SET search_path = ahead, pg_catalog, public')
        )
