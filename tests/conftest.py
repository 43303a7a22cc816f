"""What the tests stand on: both databases, a Redis, and a small care team in its own workspace.

A test that uses a database runs on SQLite and on PostgreSQL. Each store has one database for the
whole session; tests do not see each other because each has a workspace of its own.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=[*STORES, "both"],
        default="both",
        help="the database that the tests run on (default: both)",
    )


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


@pytest.fixture
async def empty_url(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """The URL of a database with nothing in it, not even tables; gone after the test."""
    if store == "sqlite":
        yield f"sqlite:///{tmp_path / 'guiche.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    url = await _created(server)
    yield url
    await _dropped(server, url)


@pytest.fixture(scope="session")
async def database_url(
    store: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """The session's own database on this store."""
    if store == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store') / 'guiche.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    url = await _created(server)
    yield url
    await _dropped(server, url)


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, pool_size=15) as opened:
        await migrating.migrate(opened)
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


async def _created(server: str) -> str:
    name = f"guiche_{uuid4().hex}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _dropped(server: str, url: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
    finally:
        await connection.close()
