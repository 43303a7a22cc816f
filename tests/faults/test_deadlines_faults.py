"""A breach is told once, with any number of workers, whatever happens to them and to time."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.sla import SlaEvent
from domain.model.ticket import Ticket
from domain.operations import opening
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.words import HistoryKind, Priority, SlaMetric
from feed.bell import Bell
from server.opening import ringing, store
from server.secrets import Keyring
from storage import migrating
from storage.access import columns
from storage.engine import open_database
from tests.api.desk import gid
from tests.faults.processes import Process, Processes, processes
from tests.flows.served import SECRET, House, company
from tests.flows.test_two_processes import free_port
from tests.world import World

AT_MOST_LATE = timedelta(seconds=2)
PATIENCE = 30.0
OPENED = HistoryKind.TICKET_OPENED
WARNING, BREACH = HistoryKind.SLA_WARNING, HistoryKind.SLA_BREACHED
EVENT, ENTRY = columns(SlaEvent), columns(HistoryEntry)
ALWAYS = CalendarForm(
    name="Sempre",
    time_zone="America/Sao_Paulo",
    intervals=[WeeklyInterval(day, time(0), time(0)) for day in range(1, 8)],
    national_holidays=False,
)


@asynccontextmanager
async def desk(database_url: str, redis_url: str) -> AsyncIterator[World]:
    """A company whose tickets are opened by this process, which watches no deadlines."""
    async with Bell.open(redis_url) as bell, open_database(database_url) as database:
        opened = await store(database, Keyring(SECRET), ringing(bell))
        yield await company(opened)


@pytest.fixture
async def world(migrated_url: str, redis_url: str) -> AsyncIterator[World]:
    async with desk(migrated_url, redis_url) as opened:
        yield opened


@pytest.fixture
def house(migrated_url: str, redis_url: str, tmp_path: Path) -> Iterator[Processes]:
    with processes(migrated_url, redis_url, tmp_path) as opened:
        yield opened


async def owing(world: World, seconds: int) -> Level:
    """A level that is always open, owes a first response, and warns half way."""
    return await world.level(
        f"Resposta em {seconds} s",
        calendar=replace(ALWAYS, name=f"Sempre, {seconds} s"),
        unmeasured=list(SlaMetric),
        sla_targets=[(each, SlaMetric.FIRST_RESPONSE, seconds) for each in Priority],
        warn_at_percent=[50],
    )


async def opened(world: World, level: Level, count: int) -> list[Ticket]:
    """So many tickets, all registered at the same moment."""
    form = opening.Opening(level_id=level.id, subject="Pedido atrasado", comment="Ligou")
    async with world.storage.work(world.system) as work:
        return [await opening.open_ticket(work, form) for _ in range(count)]


async def told(world: World, kind: HistoryKind = BREACH) -> int:
    """How many entries of that kind there are by now."""
    statement = select(func.count()).where(ENTRY.kind == kind)
    async with world.storage.reading(world.system) as work:
        return await work.session.scalar(statement) or 0


async def until(so: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> datetime:
    """When it was so, as one sees who looks now and then."""
    async with asyncio.timeout(patience):
        while not await so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return datetime.now(UTC)


async def all_told(world: World, count: int, patience: float = PATIENCE) -> datetime:
    async def so() -> bool:
        return await told(world) >= count

    return await until(so, patience)


async def moment(at: datetime) -> None:
    await asyncio.sleep(max((at - datetime.now(UTC)).total_seconds(), 0))


async def each_once(world: World, targets: Mapping[UUID, timedelta]) -> list[SlaEvent]:
    """The breaches; of every ticket a warning and a breach, in order, in both books alike."""
    async with world.storage.reading(world.system) as work:
        tickets = list(await work.session.scalars(select(Ticket)))
        entries, events = defaultdict(list), defaultdict(list)
        for entry in await work.session.scalars(select(HistoryEntry).order_by(ENTRY.sequence)):
            entries[entry.ticket_id].append(entry)
        for event in await work.session.scalars(select(SlaEvent).order_by(EVENT.percent)):
            events[event.ticket_id].append(event)

    for ticket in tickets:
        history, target = entries[ticket.id], targets[ticket.level_id]
        assert [each.kind for each in history] == [OPENED, WARNING, BREACH]
        assert [each.sequence for each in history] == [1, 2, 3]
        assert ticket.interactions_count == 3
        warning, breach = events[ticket.id]
        assert [each.became_id for each in history[1:]] == [warning.id, breach.id]
        assert (warning.percent, breach.percent) == (50, 100)
        assert warning.due_at == ticket.opened_at + target / 2
        assert breach.due_at == ticket.opened_at + target
        assert all(each.fired_at >= each.due_at for each in (warning, breach))
    return [events[ticket.id][1] for ticket in tickets]


async def free_tickets(world: World) -> int:
    """How many nobody holds at this moment."""
    async with world.storage.work(world.system) as work:
        rows = await work.session.execute(text("SELECT 1 FROM ticket FOR UPDATE SKIP LOCKED"))
        return len(rows.all())


async def frozen_in_a_sweep(world: World, house: Processes, count: int) -> tuple[Process, int]:
    """A single worker, stopped while it tells of these, and how many tickets it holds."""
    [worker] = await house.workers(1)
    await all_told(world, 1)
    async with asyncio.timeout(PATIENCE):
        while True:
            worker.freeze()
            held = count - await free_tickets(world)
            if held:
                return worker, held
            assert await told(world) < count, "it was over before it could be frozen"
            worker.thaw()
            await asyncio.sleep(0.01)


# ── several workers ──────────────────────────────────────────────────────────────────────────


@pytest.mark.postgres
@pytest.mark.redis
async def test_of_three_workers_one_frozen_and_one_killed_every_breach_is_told_once_in_time(
    world: World, house: Processes
) -> None:
    target = timedelta(seconds=8)
    level, quick = await owing(world, 8), await owing(world, 2)
    well, frozen, killed = await house.workers(3)
    tickets = [ticket for _ in range(4) for ticket in await opened(world, level, 50)]
    first, last = (tickets[place].opened_at + target for place in (0, -1))

    await moment(first - timedelta(seconds=0.5))
    frozen.freeze()
    killed.kill()
    seen_at = await all_told(world, len(tickets))
    # The frozen one thinks that it is still before the instant. Alone, it has to tell the next.
    await well.stop()
    frozen.thaw()
    await opened(world, quick, 1)
    await all_told(world, len(tickets) + 1)

    assert seen_at - last < AT_MOST_LATE
    events = await each_once(world, {level.id: target, quick.id: timedelta(seconds=2)})
    assert max(each.fired_at - each.due_at for each in events) < AT_MOST_LATE


@pytest.mark.postgres
@pytest.mark.redis
async def test_what_became_due_while_no_worker_ran_is_told_once_by_the_first_that_comes(
    world: World, house: Processes
) -> None:
    level = await owing(world, 3)
    workers = await house.workers(3)
    for each in workers:
        await each.stop()
    tickets = [ticket for _ in range(3) for ticket in await opened(world, level, 100)]
    await moment(tickets[-1].opened_at + timedelta(seconds=4))
    restarted_at = datetime.now(UTC)

    await house.workers(1)
    await all_told(world, len(tickets))

    events = await each_once(world, {level.id: timedelta(seconds=3)})
    assert all(each.fired_at >= restarted_at for each in events)
    async with world.storage.reading(world.system) as work:
        statement = select(ENTRY.ticket_id).where(ENTRY.kind == BREACH).order_by(ENTRY.position)
        order = list(await work.session.scalars(statement))
    due = {ticket.id: ticket.opened_at for ticket in tickets}
    assert [due[each] for each in order] == sorted(due.values())


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_worker_killed_in_the_middle_of_a_sweep_loses_and_doubles_nothing(
    world: World, house: Processes
) -> None:
    level = await owing(world, 2)
    tickets = [ticket for _ in range(6) for ticket in await opened(world, level, 100)]
    await moment(tickets[-1].opened_at + timedelta(seconds=2))

    worker, _ = await frozen_in_a_sweep(world, house, len(tickets))
    worker.kill()
    before = await told(world)
    await house.workers(2)
    await all_told(world, len(tickets))

    assert 0 < before < len(tickets)
    await each_once(world, {level.id: timedelta(seconds=2)})


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_worker_frozen_in_the_middle_of_a_sweep_keeps_back_only_what_it_holds(
    world: World, house: Processes
) -> None:
    level = await owing(world, 2)
    tickets = [ticket for _ in range(6) for ticket in await opened(world, level, 100)]
    await moment(tickets[-1].opened_at + timedelta(seconds=2))

    worker, held = await frozen_in_a_sweep(world, house, len(tickets))
    await house.workers(1)
    await all_told(world, len(tickets) - held)
    during = await told(world)
    worker.thaw()
    await all_told(world, len(tickets))

    assert during == len(tickets) - held
    await each_once(world, {level.id: timedelta(seconds=2)})


# ── one process on SQLite ────────────────────────────────────────────────────────────────────


async def test_on_sqlite_a_server_killed_over_the_due_time_tells_it_when_it_is_back(
    tmp_path: Path,
) -> None:
    file = tmp_path / "guiche.db"
    url, target = f"sqlite:///{file}", timedelta(seconds=6)
    async with open_database(url) as database:
        await migrating.migrate(database)
    async with desk(url, "memory://") as world:
        level = await owing(world, 6)
        ana = await world.person("Ana", level=level)
        caller = await House("", world).caller(ana, address := f"http://127.0.0.1:{free_port()}")

    def rows(kind: HistoryKind) -> int:
        # The file belongs to the server: one looks over its shoulder.
        with closing(sqlite3.connect(file)) as connection:
            counted = "SELECT count(*) FROM history_entry WHERE kind = ?"
            [(count,)] = connection.execute(counted, [kind.value])
        return int(count)

    async def reached(kind: HistoryKind) -> bool:
        return rows(kind) >= 20

    with processes(url, "memory://", tmp_path) as house:
        port = address.rpartition(":")[2]
        server = house.start("serve", "--port", port)
        await server.says("serving")
        for number in range(20):
            await caller.do(
                "openTicket",
                "OpenTicketInput",
                "ticket { id }",
                levelId=gid(level),
                subject=f"Pedido {number}",
                comment="Ligou",
            )
        await until(lambda: reached(WARNING))
        server.kill()
        before, killed_at = rows(BREACH), datetime.now(UTC)
        await moment(killed_at + target)
        restarted_at = datetime.now(UTC)
        await house.start("serve", "--port", port).says("serving")
        await until(lambda: reached(BREACH))
        await caller.client.aclose()

    assert before == 0
    async with desk(url, "memory://") as world:
        events = await each_once(world, {level.id: target})
    assert len(events) == 20
    assert all(restarted_at <= each.fired_at for each in events)
