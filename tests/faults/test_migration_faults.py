"""A migration happens once or not at all, and the release before goes on writing after it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from storage import migrating
from storage.engine import Database, open_database
from tests.faults.processes import processes

REVISIONS = [
    each.revision
    for each in reversed(list(ScriptDirectory.from_config(migrating._config()).walk_revisions()))
]
BEFORE = "0002"
"""What follows it makes new tables first, and then changes `reply`."""
Table = dict[str, Any]


def upgraded(connection: Connection, revision: str) -> None:
    command.upgrade(migrating._config(connection), revision)


async def at(database: Database) -> str | None:
    async with database.reader.connect() as connection:
        return await connection.run_sync(migrating._current)


@asynccontextmanager
async def held(url: str, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody reads a table, and does not end."""
    connection = await asyncpg.connect(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f'LOCK TABLE "{table}" IN ACCESS SHARE MODE')
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


async def waits(url: str, table: str) -> None:
    """A migration has come as far as this table."""
    asked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass"
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(60):
        while not await connection.fetchval(asked, table):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await connection.close()


def house_on(url: str, folder: Path) -> Any:
    return processes(url, "memory://", folder)


async def test_of_two_who_migrate_at_once_one_does_it(empty_url: str, tmp_path: Path) -> None:
    with house_on(empty_url, tmp_path) as house:
        both = [house.start("migrate") for _ in range(2)]
        codes = [await each.ends() for each in both]
        told = [each.log.read_text() for each in both]

    # A SQLite file belongs to one process: the other may find it taken.
    taken = [each for code, each in zip(codes, told, strict=True) if code]
    assert all("already in use by another Guichê process" in each for each in taken)
    assert len(taken) <= empty_url.startswith("sqlite")
    async with open_database(empty_url) as database:
        await migrating.require_current(database)
        async with database.reader.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM epoch")) == 1
            assert await connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


@pytest.mark.postgres
async def test_one_killed_half_way_leaves_nothing_and_the_next_one_does_it_all(
    empty_url: str, tmp_path: Path
) -> None:
    async with open_database(empty_url) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(upgraded, BEFORE)
        before = await tables(database)
        with house_on(empty_url, tmp_path) as house:
            async with held(empty_url, "reply"):
                # It has made new tables by then, and comes to an old one.
                killed = house.start("migrate")
                await waits(empty_url, "reply")
                killed.kill()
                revision, left = await at(database), await tables(database)
            again = house.start("migrate")
            assert await again.ends() == 0, again.log.read_text()

        assert revision == BEFORE
        assert left == before
        assert await at(database) == REVISIONS[-1]
        assert await migrating.differences(database) == []


@pytest.mark.postgres
async def test_one_that_a_reader_keeps_waiting_gives_up_in_a_sentence_and_holds_nobody_up(
    empty_url: str, tmp_path: Path
) -> None:
    async with open_database(empty_url) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(upgraded, BEFORE)
        with house_on(empty_url, tmp_path) as house:
            async with held(empty_url, "reply"):
                waiting = house.start("migrate")
                await waits(empty_url, "reply")
                # Whoever comes after it waits behind it, and no longer than requests wait.
                async with database.reader.connect() as connection:
                    await connection.execute(text("SELECT count(*) FROM reply"))
                assert await waiting.ends() == 1

        assert await at(database) == BEFORE
    sentence = "Nothing was changed: something has held a table for too long."
    assert sentence in waiting.log.read_text()
    assert "Run guiche migrate again" in waiting.log.read_text()


# ── the release before ───────────────────────────────────────────────────────────────────────


def unique(seen: Any, table: str) -> set[tuple[str, ...]]:
    rules = [*seen.get_unique_constraints(table), *seen.get_indexes(table)]
    return {tuple(each["column_names"]) for each in rules if each.get("unique", True)}


def described(connection: Connection) -> dict[str, Table]:
    seen = inspect(connection)
    return {
        table: {
            "columns": {str(each["name"]): each for each in seen.get_columns(table)},
            "unique": unique(seen, table),
            "checks": {
                str(each["name"]): {
                    word for word in each["sqltext"].split("'")[1::2] if word.isupper()
                }
                for each in seen.get_check_constraints(table)
            },
        }
        for table in seen.get_table_names()
    }


async def tables(database: Database) -> list[str]:
    async with database.reader.connect() as connection:
        return await connection.run_sync(lambda each: sorted(inspect(each).get_table_names()))


@pytest.mark.parametrize(("old", "new"), list(pairwise(REVISIONS)))
async def test_what_the_release_before_reads_and_writes_is_still_there_and_taken(
    empty_url: str, old: str, new: str
) -> None:
    """A server of before goes on while and after a migration runs: expand now, contract later."""
    async with open_database(empty_url) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(upgraded, old)
            before = await connection.run_sync(described)
        async with database.writer.begin() as connection:
            await connection.run_sync(upgraded, new)
            after = await connection.run_sync(described)

    for name, table in before.items():
        now = after[name]
        for column, known in table["columns"].items():
            kept = now["columns"][column]
            assert str(kept["type"]) == str(known["type"]), (name, column)
            assert kept["nullable"] or not known["nullable"], (name, column)
        for column in now["columns"].keys() - table["columns"].keys():
            added = now["columns"][column]
            assert added["nullable"] or added["default"] is not None, (name, column)
        for check, words in table["checks"].items():
            assert words <= now["checks"].get(check, words), (name, check)
        # A rule that was not there may refuse what is written by those who do not know it.
        strange = {
            each for each in now["unique"] - table["unique"] if set(each) <= table["columns"].keys()
        }
        assert not strange, (name, strange)
