"""The schema: what the models say, applied once, and never understood by older code."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import migrating
from storage.engine import Database, DatabaseInUse, open_database
from storage.migrating import WrongSchema
from storage.work import Storage

ROOT = Path(__file__).parents[2]


async def test_the_migrations_make_exactly_what_the_models_say(database: Database) -> None:
    assert await migrating.differences(database) == []


async def test_two_who_migrate_at_once_do_it_once(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        revisions = await asyncio.gather(*(migrating.migrate(database) for _ in range(3)))

        await migrating.require_current(database)
        async with database.reader.connect() as connection:
            epochs = await connection.scalar(text("SELECT count(*) FROM epoch"))
    assert len(set(revisions)) == 1
    assert epochs == 1


async def test_migrating_again_keeps_the_life_of_the_database(
    storage: Storage, database: Database
) -> None:
    async with storage.feed() as feed:
        before = await feed.epoch()

    await migrating.migrate(database)

    async with storage.feed() as feed:
        assert await feed.epoch() == before


async def test_an_empty_database_asks_to_be_migrated(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        with pytest.raises(WrongSchema, match="Run: guiche migrate"):
            await migrating.require_current(database)


async def test_a_newer_database_is_left_alone_with_clear_words(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        await migrating.migrate(database)
        async with database.writer.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        for refuse in (migrating.migrate, migrating.require_current):
            with pytest.raises(WrongSchema, match=r"schema 9999.*migrated by a newer one"):
                await refuse(database)


async def test_a_second_process_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'guiche.db'}"
    script = (
        "import asyncio\n"
        "from storage.engine import open_database\n"
        "async def main():\n"
        f"    async with open_database({url!r}): pass\n"
        "asyncio.run(main())\n"
    )

    async with open_database(url):
        with pytest.raises(DatabaseInUse, match="already in use"):
            async with open_database(url):
                pass
        command = [sys.executable, "-c", script]
        second = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    assert "already in use by another Guichê process" in second.stderr

    async with open_database(url):
        pass
