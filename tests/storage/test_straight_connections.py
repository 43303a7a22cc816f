"""Connections that only read: few of them, used in turn, and none that is not well."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import asyncpg
import pytest

from domain.errors import Unavailable
from domain.wanted import Unplanned
from storage.connections import Connections
from storage.engine import Database
from storage.straight import OnPostgres

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
