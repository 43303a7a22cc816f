"""Fifty who never read harm nobody: others are told, memory stays, and they are gone in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import Priority, TicketStatus
from tests.faults.conftest import Office
from tests.flows.served import PATIENCE, Caller
from tests.transport.house import until

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
SLOW, GOOD, CHANGES = 50, 10, 60
MEBIBYTE = 1024 * 1024
GONE_IN = 60.0
PAGE = "history(last: 50) { nodes { comment } }"
LONG = (
    "subscription { queueChanges { resync changes {"
    f" ticket {{ a: {PAGE} b: {PAGE} c: {PAGE} d: {PAGE} }} entry {{ sequence }} }} }} }}"
)


@asynccontextmanager
async def following(caller: Caller, **more: object) -> AsyncIterator[ClientConnection]:
    async with caller.socket(max_queue=1, **more) as socket:
        subscribe = {"id": "1", "type": "subscribe", "payload": {"query": LONG}}
        await socket.send(json.dumps(subscribe))
        await message(socket)
        yield socket


async def message(socket: ClientConnection) -> list[int]:
    """The next one: what happened to the ticket, by number; nothing in a heartbeat."""
    async with asyncio.timeout(6 * PATIENCE):
        while (heard := json.loads(await socket.recv()))["type"] == "ping":
            await socket.send('{"type":"pong"}')
    update = heard["payload"]["data"]["queueChanges"]
    assert not update["resync"]
    return [each["entry"]["sequence"] for each in update["changes"]]


async def told(socket: ClientConnection) -> list[int]:
    """The next thing that happened."""
    while not (sequences := await message(socket)):
        pass
    return sequences


async def test_fifty_who_never_read_beside_ten_who_do(office: Office) -> None:
    world, server = office.world, office.pair.running[0]
    caller = await office.caller(await world.person("Ana", level=world.triage), 0)
    ticket = await world.ticket(status=TicketStatus.OPEN)
    async with AsyncExitStack() as stack:
        good = [await stack.enter_async_context(following(caller)) for _ in range(GOOD)]
        slow = [await stack.enter_async_context(following(caller)) for _ in range(SLOW)]
        for each in slow:
            each.transport.pause_reading()
        before, most = server.memory, 0

        for number in range(CHANGES):
            priority = (Priority.HIGH, Priority.LOW)[number % 2]
            change = TicketChange(priority=priority, comment="x" * 2_000)
            await world.do(handling.update, ticket.id, change)
            # Each of the good ones has it before the next is made.
            assert [await told(each) for each in good] == [[number + 2]] * GOOD
            most = max(most, server.memory)

        staying = asyncio.create_task(stay(good))
        await until(lambda: ended(office) >= SLOW, GONE_IN)
        for each in slow:
            each.transport.resume_reading()
        ends = await asyncio.gather(*(end(each) for each in slow))
        staying.cancel()
        await world.do(handling.note, ticket.id, "Depois")
        assert [await told(each) for each in good] == [[CHANGES + 2]] * GOOD

    assert most - before < 50 * MEBIBYTE
    assert set(ends) <= {1013, 1006}


def ended(office: Office) -> int:
    """Subscriptions that the server has told the end of."""
    lines = office.pair.running[0].log.read_text(errors="replace").splitlines()
    return sum("subscription" in each for each in lines)


async def stay(sockets: list[ClientConnection]) -> None:
    """Be there, without reading."""
    while True:
        for each in sockets:
            await each.send('{"type":"pong"}')
        await asyncio.sleep(2)


async def end(socket: ClientConnection) -> int:
    """Whatever was on its way is read, and then how it ended."""
    async with asyncio.timeout(GONE_IN):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            await until(lambda: socket.close_code is not None)
    assert socket.close_code is not None
    return socket.close_code
