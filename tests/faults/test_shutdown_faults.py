"""A server that is told to stop loses nothing: what runs ends, and whoever follows is let go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from domain.model.ticket import Ticket
from domain.words import TicketStatus
from tests.api.desk import gid
from tests.faults.serving import alone
from tests.flows.served import PROTOCOL, Caller, Watcher
from tests.transport.house import until

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
FOLLOW = "subscription { queueChanges { cursor resync changes { ticketId } } }"
SUBSCRIBERS = 100
HELD = 3.0
LET_GO = (1001, 1012)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@asynccontextmanager
async def held(database_url: str, ticket: Ticket) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else has the ticket in hand, so that whoever wants it waits."""
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT 1 FROM ticket WHERE id = $1 FOR UPDATE", ticket.id)
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


def note(ana: Caller, ticket: Ticket) -> "asyncio.Task[Any]":
    writing = ana.do(
        "reply",
        "ReplyInput",
        "ticket { version }",
        ticketId=gid(ticket),
        text="Antes de fechar",
        visibility="INTERNAL",
    )
    return asyncio.create_task(writing)


async def waits(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(20):
        while not await connection.fetchval(WAITING):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_runs_is_answered_and_whoever_follows_is_let_go_after_readiness_went(
    empty_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        house, process = await stack.enter_async_context(
            alone(empty_url, redis_url, tmp_path, SHUTDOWN_SECONDS="12")
        )
        world = house.world
        ana = await house.caller(await world.person("Ana", level=world.triage))
        ticket = await world.ticket(status=TicketStatus.OPEN)
        watchers: list[Watcher] = []
        for _ in range(SUBSCRIBERS):
            watchers.append(await stack.enter_async_context(ana.follow(FOLLOW)))
        events: list[str] = []

        async def look(client: httpx.AsyncClient) -> None:
            while (await client.get("/readyz")).status_code == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            events.append("unready")

        async def see(watcher: Watcher) -> None:
            await until(lambda: watcher.closed is not None, 30)
            events.append("let go")

        async with httpx.AsyncClient(base_url=house.url) as client, held(empty_url, ticket) as lock:
            began = monotonic()
            writing = note(ana, ticket)
            await waits(lock)
            seeing = [asyncio.create_task(see(each)) for each in watchers]

            process.tell_to_stop()
            await look(client)
            asked = await ana.client.post("/graphql", json={"query": "{ me { name } }"})
            with pytest.raises(InvalidStatus) as turned_away:
                await connect(house.url.replace("http", "ws") + "/graphql", subprotocols=[PROTOCOL])
            await asyncio.sleep(max(0.0, HELD - (monotonic() - began)))
            assert not writing.done()
        answered = await writing
        await asyncio.gather(*seeing)
        await process.stopped()

        async with world.storage.reading(world.system) as work:
            kept = await work.session.get(Ticket, ticket.id)

    assert answered["userErrors"] == []
    assert kept is not None
    assert kept.version == answered["ticket"]["version"] > ticket.version
    assert events[0] == "unready"
    assert {watcher.closed for watcher in watchers} <= set(LET_GO)
    assert asked.status_code == 503
    assert asked.headers["retry-after"]
    [error] = asked.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
    assert turned_away.value.response.status_code == 503


async def test_told_a_second_time_it_waits_for_nobody(
    empty_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with alone(empty_url, redis_url, tmp_path, SHUTDOWN_SECONDS="300") as (house, process):
        world = house.world
        ana = await house.caller(await world.person("Ana", level=world.triage))
        ticket = await world.ticket(status=TicketStatus.OPEN)
        async with ana.follow(FOLLOW) as watcher, held(empty_url, ticket) as lock:
            writing = note(ana, ticket)
            await waits(lock)

            process.tell_to_stop()
            await process.says("leaving")
            process.tell_to_stop()
            await process.stopped()

            await until(lambda: watcher.closed is not None)
            ended = await asyncio.gather(writing, return_exceptions=True)

    assert watcher.closed in LET_GO
    assert "UNAVAILABLE" in str(ended[0])
