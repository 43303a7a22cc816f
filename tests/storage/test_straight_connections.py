"""Connections that only read: few of them, used in turn, and none that is not well."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from time import monotonic

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from domain.errors import Unavailable
from domain.model.base import new_id
from domain.rules import access
from domain.wanted import Unplanned
from storage.connections import Connections
from storage.engine import Database, open_database
from storage.straight import OnPostgres
from storage.work import Storage

pytestmark = pytest.mark.postgres
SLEEP = "SELECT pg_sleep($1), pg_backend_pid()"
WHICH = "SELECT pg_backend_pid()"
PATIENCE = 10.0


@pytest.fixture
async def few(database_url: str, database: Database) -> AsyncIterator[Connections]:
    url = database_url.replace("postgresql+asyncpg", "postgresql")
    connections = Connections(2, lambda: asyncpg.connect(url))
    yield connections
    await connections.close(PATIENCE)


async def which(few: Connections) -> int:
    number: int = (await few.rows(WHICH, [], PATIENCE))[0][0]
    return number


async def test_whoever_comes_when_all_are_in_use_waits_for_one_and_gets_it(
    few: Connections,
) -> None:
    asked = [few.rows(SLEEP, [0.05], PATIENCE) for _ in range(7)]
    numbers = {rows[0][1] for rows in await asyncio.gather(*asked)}
    assert len(numbers) == 2
    assert await which(few) in numbers


async def test_nobody_waits_longer_than_they_may_and_the_rest_goes_on(few: Connections) -> None:
    holding = [asyncio.create_task(few.rows(SLEEP, [1.0], PATIENCE)) for _ in range(2)]
    await asyncio.sleep(0)
    begun = monotonic()
    with pytest.raises(TimeoutError):
        await few.rows(WHICH, [], 0.1)
    assert not any(each.done() for each in holding), monotonic() - begun
    await asyncio.gather(*holding)
    assert await which(few)


async def test_one_whose_statement_took_too_long_or_was_left_is_not_used_again(
    few: Connections,
) -> None:
    first = await which(few)
    with pytest.raises(TimeoutError):
        await few.rows(SLEEP, [60.0], 0.1)
    second = await which(few)
    assert second != first

    left = asyncio.create_task(few.rows(SLEEP, [60.0], PATIENCE))
    waiting = [asyncio.create_task(few.rows(SLEEP, [60.0], PATIENCE)) for _ in range(3)]
    await asyncio.sleep(0.1)
    for each in (left, *waiting):
        each.cancel()
    await asyncio.wait([left, *waiting])
    after = await asyncio.gather(which(few), which(few), which(few))
    assert second not in after


async def test_a_statement_that_fails_leaves_its_connection_and_one_that_was_cut_is_replaced(
    few: Connections, database_url: str
) -> None:
    first = await which(few)
    with pytest.raises(asyncpg.PostgresError):
        await few.rows("SELECT 1 / $1::int", [0], PATIENCE)
    assert await which(few) == first
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await few.rows("SELECT pg_terminate_backend(pg_backend_pid())", [], PATIENCE)
    assert await which(few) != first


async def test_what_is_asked_together_has_one_that_others_get_afterwards(few: Connections) -> None:
    first = await which(few)
    async with few.together(PATIENCE) as one:
        assert [await one.fetchval(WHICH) for _ in range(2)] == [first, first]
        assert await which(few) != first
    with pytest.raises(asyncpg.PostgresError):
        async with few.together(PATIENCE) as one:
            await one.fetchval("SELECT 1 / $1::int", 0)
    async with few.together(PATIENCE) as one:
        assert (await one.fetchval(WHICH), one.is_in_transaction()) == (first, True)
    assert not one.is_in_transaction()

    with pytest.raises(TimeoutError):
        async with few.together(0.1) as one:
            await one.fetchval(SLEEP, 60.0)
    assert await which(few) != first


async def test_too_long_is_unavailable_and_whatever_else_goes_wrong_is_asked_the_usual_way(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = database.straight
    assert isinstance(straight, OnPostgres)
    with pytest.raises(Unplanned):
        await straight.rows("SELECT 1 / $1::int", [0])
    with pytest.raises(Unplanned):
        async with straight.together() as together:
            await together.rows("SELECT 1 / $1::int", [0])
    monkeypatch.setattr("storage.straight.WAIT", 0.1)
    with pytest.raises(Unavailable):
        await straight.rows(SLEEP, [60.0])
    with pytest.raises(Unavailable):
        async with straight.together() as together:
            await together.rows(SLEEP, [60.0])


class Line:
    """To the database by another address; it notices when it is hung up, and hangs up when told."""

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._ends: list[asyncio.StreamWriter] = []
        self.over = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            url = self._target.set(host="127.0.0.1", port=port)
            yield url.render_as_string(hide_password=False)
        finally:
            server.close()

    def hang_up(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._target.host, self._target.port)
        self._ends += [writer, there[1]]
        asking = asyncio.create_task(_carry(reader, there[1]))
        await _carry(there[0], writer)
        self.over.set()
        await asking


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()


@pytest.mark.parametrize("way", ["straight", "session"])
async def test_a_connection_that_heard_the_farewell_and_is_still_open_is_one_that_is_away(
    database_url: str, database: Database, storage: Storage, way: str
) -> None:
    line = Line(database_url)
    async with line.open() as url, open_database(url, pool_size=1) as along_it:
        asking = replace(storage, database=along_it)

        async def ask() -> int:
            if way == "straight":
                number: int = (await along_it.straight.rows(WHICH, []))[0][0]
                return number
            async with asking.reading(access.system(new_id())) as work:
                found: int = (await work.session.execute(text(WHICH))).scalar_one()
                return found

        number = await ask()
        await database.straight.rows("SELECT pg_terminate_backend($1)", [number])
        await line.over.wait()
        with pytest.raises((Unplanned, Unavailable)):
            await ask()
        assert await ask() != number
        line.hang_up()
