"""What was confirmed is there, once and whole, whatever is killed and whenever."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import asyncpg
import pytest
import structlog

from domain.words import Role
from storage import durability, migrating
from storage.engine import Database, open_database
from tests.cli.test_commands import refused, typed
from tests.faults.network import Network, network
from tests.faults.processes import processes
from tests.faults.test_deadlines_faults import desk
from tests.faults.writing import Writers, lost_and_doubled, whole, writers
from tests.flows.served import SECRET, House
from tests.flows.test_two_processes import free_port
from tests.services import PostgresServer
from tests.world import World

log = structlog.get_logger(__name__)
VICTIMS = ("server", "postgres", "worker", "postgres")
A_FEW = 12
"""Things that are confirmed between two strikes; the moment itself is chance."""
SQLITE_WRITERS = 20


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """As safe as it comes."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
async def net() -> AsyncIterator[Network]:
    async with network() as opened:
        yield opened


async def tokens(world: World, count: int) -> list[str]:
    """So many people's, who may bring in messages too."""
    house = House("", world)
    people = [
        await world.person(f"P{number}", level=world.triage, role=Role.ADMIN)
        for number in range(count)
    ]
    found = [(await house.caller(each, "http://nowhere")).token for each in people]
    await house.close()
    return found


def said(writing: Writers, lost: int, doubled: int) -> None:
    again = sum(each.asked_again for each in writing.insisting)
    log.info("kill", confirmed=len(writing.confirmed), again=again, lost=lost, twice=doubled)


@pytest.mark.postgres
@pytest.mark.redis
async def test_what_was_confirmed_outlives_server_worker_and_database_killed_at_any_moment(
    own_postgres: PostgresServer, redis_url: str, tmp_path: Path, net: Network
) -> None:
    url, chance = own_postgres.url, Random(3)
    async with open_database(url) as database:
        await migrating.migrate(database)
    ports = [str(free_port()), str(free_port())]
    settings = {"ALLOW_UNSAFE_DATABASE": "false", "SANDBOX_URL": net.url}

    async with desk(url, redis_url) as world:
        account = await world.account()
        await world.watch(account, world.triage)
        await world.arrange(world.triage, account_ids=[account.id])
        people = await tokens(world, 6)
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        with processes(url, redis_url, tmp_path, **settings) as house:
            running = [house.start("serve", "--port", port) for port in ports]
            running.append(house.start("work"))
            for each, word in zip(running, ("serving", "serving", "working"), strict=True):
                await each.says(word)
            async with (
                writers(addresses, people, world.triage, account) as writing,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(writing.write())
                for victim in VICTIMS:
                    await writing.confirm(A_FEW)
                    await asyncio.sleep(chance.random() / 10)
                    if victim == "postgres":
                        own_postgres.kill()
                        # Long enough for everybody to notice.
                        await asyncio.sleep(0.5)
                        own_postgres.restart()
                        continue
                    place = 2 if victim == "worker" else chance.randrange(2)
                    running[place].kill()
                    words = ("work",) if place == 2 else ("serve", "--port", ports[place])
                    running[place] = house.start(*words)
                await writing.confirm(A_FEW)
                writing.over.set()

        lost, doubled = await lost_and_doubled(world, writing.confirmed)
        said(writing, lost, doubled)
        await whole(world)

    assert (lost, doubled) == (0, 0)
    assert set(net.times().values()) <= {1}


async def test_on_sqlite_twenty_who_write_at_once_lose_nothing_when_their_server_is_killed(
    tmp_path: Path,
) -> None:
    url, port = f"sqlite:///{tmp_path / 'guiche.db'}", str(free_port())
    async with open_database(url) as database:
        await migrating.migrate(database)
    async with desk(url, "memory://") as world:
        account = await world.account()
        await world.watch(account, world.triage)
        await world.arrange(world.triage, account_ids=[account.id])
        people = await tokens(world, SQLITE_WRITERS)
        level = world.triage

    with processes(url, "memory://", tmp_path, EMBEDDED_WORKER="false") as house:
        server = house.start("serve", "--port", port)
        await server.says("serving")
        # The file belongs to the one that runs.
        second = house.start("serve", "--port", str(free_port()))
        assert await second.ends() == 1
        assert "already in use by another Guichê process" in second.log.read_text()
        addresses = [f"http://127.0.0.1:{port}"]
        async with (
            writers(addresses, people, level, account) as writing,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(writing.write())
            await writing.confirm(3 * SQLITE_WRITERS)
            untroubled = sum(each.asked_again for each in writing.insisting)
            server.kill()
            server = house.start("serve", "--port", port)
            await writing.confirm(SQLITE_WRITERS)
            writing.over.set()

    async with desk(url, "memory://") as other:
        other.workspace = world.workspace
        lost, doubled = await lost_and_doubled(other, writing.confirmed)
        said(writing, lost, doubled)
        await whole(other)

    assert (lost, doubled) == (0, 0)
    assert untroubled == 0


@pytest.mark.postgres
async def test_nobody_starts_on_a_database_that_may_lose_what_it_confirms(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(own_postgres.url)
    async with open_database(own_postgres.url) as database:
        await migrating.migrate(database)
        for setting in durability.NEEDED:
            await turned_off(connection, setting)
            await becomes(database, [f"{setting} = off"])
            await turned_on(connection, setting)
            await becomes(database, [])

    await connection.execute("ALTER DATABASE postgres SET synchronous_commit = off")
    try:
        outcome = await asyncio.to_thread(
            typed, tmp_path, "serve", DATABASE_URL=own_postgres.url, SECRET_KEY=SECRET
        )
    finally:
        await connection.execute("ALTER DATABASE postgres RESET synchronous_commit")
        await connection.close()
    refused(outcome, "PostgreSQL runs with synchronous_commit = off")


async def turned_off(connection: asyncpg.Connection, setting: str) -> None:
    await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")


async def turned_on(connection: asyncpg.Connection, setting: str) -> None:
    await connection.execute(f"ALTER SYSTEM RESET {setting}")
    await connection.execute("SELECT pg_reload_conf()")


async def becomes(database: Database, weaknesses: list[str]) -> None:
    """A server reads its settings again in its own time."""
    async with asyncio.timeout(10):
        while await durability.weaknesses(database) != weaknesses:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
