"""Deadlines watched: what it costs while nothing is due, and how long it takes when much is.

    .venv/bin/python -m bench.sweep
    .venv/bin/python -m bench.sweep --only sqlite --clocks 10000 --seconds 5

A ticket is opened by the operations and copied with its history and clocks, row by row, so that
every clock is one that they would have written. The watch runs in this process as in a worker; its
share of a core is the time that this process used, whatever the database's own processes did
beside it. A PostgreSQL started for the occasion has fsync off; the figures say so.
"""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as Clock
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, select

from bench import stage
from domain.model.base import metadata, new_id
from domain.model.level import Level
from domain.operations import levelling, opening, organizing
from domain.operations.levelling import LevelForm
from domain.operations.scheduling import CalendarForm
from domain.rules import access
from domain.rules.hours import WeeklyInterval
from domain.words import Priority, SlaMetric
from feed import topics
from feed.bell import Bell
from server.opening import ringing, store
from server.secrets import Keyring
from storage import migrating
from storage.engine import Database, open_database
from storage.work import Storage
from tests import services
from workers import deadlines

CHUNK = 5_000
TARGET = timedelta(hours=1)
TO_FILL = timedelta(milliseconds=10)
"""For each ticket, before it is due: more than it takes to write one."""
RINGS = 20
MOMENTS = {
    "ticket": ("opened_at", "occurred_at", "updated_at", "urgent_at"),
    "history_entry": ("at",),
    "sla_clock": ("started_at", "running_since", "due_at", "next_at"),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """A workspace to measure in, with one level that owes much and one that owes little."""

    storage: Storage
    workspace_id: UUID
    usual: Level
    quick: Level


@asynccontextmanager
async def ground(url: str) -> AsyncIterator[Ground]:
    async with open_database(url) as database:
        await migrating.migrate(database)
        storage = await store(database, Keyring("a secret key that is only for measuring"))
        async with storage.work(access.system(UUID(int=0))) as work:
            workspace = await organizing.found_workspace(work, "Bench")
        week = [WeeklyInterval(day, Clock(0), Clock(0)) for day in range(1, 8)]
        always = CalendarForm(name="Always", time_zone="UTC", intervals=week)
        usual = LevelForm(name="Usual", calendar=always)
        quick = LevelForm(
            name="Quick",
            calendar=replace(always, name="Always, too"),
            unmeasured=list(SlaMetric),
            sla_targets=[
                (each, SlaMetric.FIRST_RESPONSE, int(TARGET.total_seconds())) for each in Priority
            ],
            warn_at_percent=[],
        )
        levels = []
        for form in (usual, quick):
            async with storage.work(access.system(workspace.id)) as work:
                levels.append((await levelling.save_level(work, form)).level)
        yield Ground(storage, workspace.id, *levels)


async def open_tickets(on: Ground, level: Level, clocks: int, by: timedelta = timedelta()) -> int:
    """Tickets with so many running clocks between them, all moved in time; how many clocks."""
    form = opening.Opening(level_id=level.id, subject="Late order", comment="Called")
    async with on.storage.work(access.system(on.workspace_id)) as work:
        first = await opening.open_ticket(work, form)
    async with on.storage.database.writer.begin() as connection:
        return await connection.run_sync(_copy, first.id, clocks, by)


def _copy(connection: Connection, ticket_id: UUID, clocks: int, by: timedelta) -> int:
    tables = {name: metadata.tables[name] for name in MOMENTS}
    patterns: dict[str, list[Row]] = {}
    for name, table in tables.items():
        owner = table.c.id if name == "ticket" else table.c.ticket_id
        found = connection.execute(select(table).where(owner == ticket_id)).mappings()
        patterns[name] = [_moved(dict(row), MOMENTS[name], by) for row in found]
        if name == "history_entry":
            for row in patterns[name]:
                del row["position"]
    each = len(patterns["sla_clock"])
    count = clocks // each - 1
    for start in range(0, count, CHUNK):
        ids = [new_id() for _ in range(min(CHUNK, count - start))]
        for name, table in tables.items():
            connection.execute(table.insert(), _copies(name, patterns[name], ids))
    # The one they were copied from moves in time as they did; what history says, nobody changes.
    for name in ("ticket", "sla_clock"):
        for row in patterns[name]:
            moved = {column: row[column] for column in MOMENTS[name]}
            table = tables[name]
            connection.execute(table.update().where(table.c.id == row["id"]).values(moved))
    return (count + 1) * each


def _copies(name: str, patterns: Sequence[Row], ids: Sequence[UUID]) -> list[Row]:
    if name == "ticket":
        [pattern] = patterns
        return [{**pattern, "id": each, "protocol": each.hex[-17:]} for each in ids]
    return [{**pattern, "id": new_id(), "ticket_id": each} for each in ids for pattern in patterns]


def _moved(row: Row, names: Sequence[str], by: timedelta) -> Row:
    return {**row, **{name: row[name] + by for name in names if row[name] is not None}}


@asynccontextmanager
async def watched(on: Ground) -> AsyncIterator[Bell]:
    """The watch, as a worker keeps it."""
    stop = asyncio.Event()
    async with Bell.open("memory://") as bell:
        storage = replace(on.storage, ring=ringing(bell))
        task = asyncio.create_task(deadlines.run(storage, bell, stop))
        try:
            yield bell
        finally:
            stop.set()
            await task


async def share(on: Ground, seconds: float, rings: int) -> float:
    """Of one core, in percent, while nothing is due and the bell is rung so often a second."""
    async with watched(on) as bell:
        await asyncio.sleep(1)
        began, used = time.perf_counter(), time.process_time()
        while (passed := time.perf_counter() - began) < seconds:
            if rings:
                bell.ring(topics.WORKERS)
            await asyncio.sleep(1 / rings if rings else seconds - passed)
        return 100 * (time.process_time() - used) / (time.perf_counter() - began)


async def sweep(on: Ground, count: int) -> tuple[float, float]:
    """Seconds from the instant at which so many are due to the first and to the last one told."""
    due = datetime.now(UTC) + max(count, 500) * TO_FILL
    await open_tickets(on, on.quick, count, due - TARGET - datetime.now(UTC))
    await on.storage.take_stock()
    events, clocks = metadata.tables["sla_event"], metadata.tables["sla_clock"]
    last = select(clocks.c.due_at).where(clocks.c.level_id == on.quick.id)
    async with on.storage.database.reader.connect() as connection:
        moments = list(await connection.scalars(last))
    assert len(moments) == count
    assert max(moments) - min(moments) < timedelta(seconds=1)
    assert min(moments) > datetime.now(UTC), "filling took too long; give it more time"
    mine = select(events.c.clock_id, events.c.percent)
    first = None
    async with watched(on):
        while True:
            async with on.storage.database.reader.connect() as connection:
                told = (await connection.execute(mine)).all()
            since = (datetime.now(UTC) - max(moments)).total_seconds()
            if told and first is None:
                first = since
            if len(told) >= count:
                break
            await asyncio.sleep(0.05)
    assert len({each.clock_id for each in told}) == len(told) == count
    assert first is not None
    return first, since


async def measure(url: str, database: str, clocks: int, count: int, seconds: float) -> None:
    async with ground(url) as on:
        filled = await open_tickets(on, on.usual, clocks)
        await on.storage.take_stock()
        await _said(on.storage.database, filled)
        for rings, name in (
            (0, f"{filled:,} clocks"),
            (RINGS, f"the same, {RINGS} rings a second"),
        ):
            used = await share(on, seconds, rings)
            print(f"| {name}, nothing due | {database} | {used:.2f} % of a core |", flush=True)
        for name, late in zip(("first", "last"), await sweep(on, count), strict=True):
            print(f"| {count:,} due at once, until the {name} | {database} | {late:.2f} s |")


async def _said(database: Database, filled: int) -> None:
    clocks = metadata.tables["sla_clock"]
    async with database.reader.connect() as connection:
        rows = (await connection.execute(select(clocks.c.next_at))).all()
    assert len(rows) == filled
    assert all(each.next_at > datetime.now(UTC) for each in rows)


async def version_of(url: str) -> str:
    connection = await asyncpg.connect(url)
    version = await connection.fetchval("SHOW server_version")
    fsync = await connection.fetchval("SHOW fsync")
    await connection.close()
    return f"PostgreSQL {version} (fsync {fsync})"


async def everything(only: str, clocks: int, count: int, seconds: float) -> None:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores (load {load}),")
    print(f"Python {platform.python_version()}\n")
    print("| what | database | figure |\n|---|---|---|")
    if only in ("", "sqlite"):
        with tempfile.TemporaryDirectory(prefix="guiche-bench-") as folder:
            url = f"sqlite:///{Path(folder) / 'guiche.db'}"
            await measure(url, "SQLite", clocks, count, seconds)
    if only in ("", "postgres"):
        with ExitStack() as stack:
            admin = stack.enter_context(services.postgres())
            async with stage.database(admin) as url:
                await measure(url, await version_of(url), clocks, count, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=["sqlite", "postgres"], default="")
    parser.add_argument("--clocks", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    asyncio.run(everything(asked.only, asked.clocks, asked.due, asked.seconds))


if __name__ == "__main__":
    main()
