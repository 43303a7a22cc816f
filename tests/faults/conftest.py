"""Two servers on one PostgreSQL and one Redis of their own, and a company for every test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from storage.engine import Database
from tests.faults.processes import Process, Processes, processes
from tests.faults.test_deadlines_faults import desk
from tests.flows.served import Caller, House
from tests.flows.test_two_processes import free_port
from tests.services import RedisServer
from tests.world import Person, World


@dataclass
class Pair:
    """Two servers, as an operator starts them, and what may be done to them."""

    redis: RedisServer
    addresses: list[str]
    running: list[Process]
    _house: Processes

    def kill(self, place: int) -> None:
        self.running[place].kill()

    async def revive(self, place: int) -> None:
        port = self.addresses[place].rpartition(":")[2]
        self.running[place] = self._house.start("serve", "--port", port)
        await self.running[place].says("serving")


@dataclass
class Office:
    """The company of a test, whose people call either server."""

    pair: Pair
    world: World
    house: House

    async def caller(self, who: Person, place: int) -> Caller:
        return await self.house.caller(who, self.pair.addresses[place])


@pytest.fixture(scope="module")
async def pair(
    store: str, database_url: str, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    with RedisServer() as redis:
        folder = tmp_path_factory.mktemp("pair")
        with processes(database_url, redis.url, folder) as house:
            addresses = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
            ports = [each.rpartition(":")[2] for each in addresses]
            running = [house.start("serve", "--port", port) for port in ports]
            for each in running:
                await each.says("serving")
            yield Pair(redis, addresses, running, house)


@pytest.fixture
async def office(pair: Pair, database_url: str) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(desk(database_url, pair.redis.url))
        house = House(pair.addresses[0], world)
        yield Office(pair, world, house)
        await house.close()
