"""What the tests stand on: both databases, a Redis, and a small care team in its own workspace.

A test that uses a database runs on SQLite and on PostgreSQL. Each store has one database for the
whole session; tests do not see each other because each has a workspace of its own.
"""

import gc
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from channels import registry
from domain.position import Cursors
from server.secrets import Keyring
from storage import migrating
from storage.engine import Database, open_database
from storage.files import FileStore
from storage.work import Storage
from tests import services
from tests.world import World

STORES = ("sqlite", "postgres")

# What one process compiles the next need not, and tests start many.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=[*STORES, "both"],
        default="both",
        help="the database that the tests run on (default: both)",
    )


def pytest_sessionstart() -> None:
    """Ctrl-C ends the tests, by a handler of ours.

    asyncio would set one for every run of the loop, and Python, asked which there is, writes it
    out in full, with the task and whatever a fixture made of it: a sixth of all the time.
    """

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, interrupted)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end; going through it again and again finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that comes to need a store is run on each; `postgres` marks those that need it."""
    if "store" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--store")
    wanted = [each for each in STORES if chosen in (each, "both")]
    if metafunc.definition.get_closest_marker("postgres"):
        wanted = [each for each in wanted if each == "postgres"]
    metafunc.parametrize("store", wanted, indirect=True, scope="session")


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL in which databases can be created."""
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with services.redis() as url:
        yield url


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder for databases that are files."""
    with services.memory() as folder:
        yield folder


@pytest.fixture(scope="session")
def place(store: str, request: pytest.FixtureRequest) -> "Place":
    """Where databases of this store are made."""
    name = "memory" if store == "sqlite" else "postgres_url"
    return Place(request.getfixturevalue(name))


@pytest.fixture
async def empty_url(place: "Place") -> AsyncIterator[str]:
    """The URL of a database with nothing in it, not even tables; gone after the test."""
    async with place.database() as url:
        yield url


@pytest.fixture(scope="session")
async def pattern(place: "Place") -> AsyncIterator[str]:
    """A database with every table and nothing in them, to be copied; nobody opens it."""
    async with place.database() as url:
        async with open_database(url) as opened:
            await migrating.migrate(opened)
        yield url


@pytest.fixture
async def migrated_url(place: "Place", pattern: str) -> AsyncIterator[str]:
    """The URL of a database that has its tables; gone after the test."""
    async with place.database(pattern) as url:
        yield url


@pytest.fixture(scope="session")
async def database_url(place: "Place", pattern: str) -> AsyncIterator[str]:
    """The session's own database on this store."""
    async with place.database(pattern) as url:
        yield url


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, pool_size=15) as opened:
        yield opened


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring("a secret key that is only for tests")


@pytest.fixture(scope="session")
async def storage(database: Database, keyring: Keyring) -> Storage:
    unopened = Storage(database, keyring, Cursors(uuid4()), FileStore.at("memory://"), registry)
    async with unopened.feed() as reader:
        return replace(unopened, cursors=Cursors(await reader.epoch()))


@pytest.fixture
async def world(storage: Storage) -> World:
    return await World.founded(storage)


@dataclass(frozen=True)
class Place:
    """A folder of SQLite files, or a PostgreSQL in which databases can be created."""

    root: Path | str

    @asynccontextmanager
    async def database(self, pattern: str | None = None) -> AsyncIterator[str]:
        """The URL of a database, empty or as the pattern is; gone afterwards."""
        name = f"guiche_{uuid4().hex}"
        if isinstance(self.root, Path):
            folder = self.root / name
            folder.mkdir()
            if pattern:
                shutil.copyfile(str(make_url(pattern).database), folder / "guiche.db")
            yield f"sqlite:///{folder / 'guiche.db'}"
            shutil.rmtree(folder)
            return
        template = make_url(pattern).database if pattern else "template1"
        await self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield make_url(self.root).set(database=name).render_as_string(hide_password=False)
        await self._say(f"DROP DATABASE {name} WITH (FORCE)")

    async def _say(self, statement: str) -> None:
        connection = await asyncpg.connect(str(self.root))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
