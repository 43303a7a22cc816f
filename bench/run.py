"""Everything measured, beside the same work done bare, in interleaved rounds.

    make bench                 # PostgreSQL and Redis from DATABASE_URL and REDIS_URL, else started
    python -m bench.run --rounds 3 --only page,pull

Medians over rounds; a rate is of one server process. Every answer that is counted is checked.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import asyncpg
import websockets

from bench import bare
from bench.stage import Stage, stage
from tests import services

Measure = Callable[[Stage], Awaitable[tuple[float, float, str]]]
RECEIVE = """mutation($i: ReceiveOccurrencesInput!) { receiveOccurrences(input: $i) {
  results { duplicate ticket { protocol } userErrors { code } } userErrors { code } } }"""
RECEIVE_ONE = """mutation($i: OccurrenceInput!) { receiveOccurrence(input: $i) {
  duplicate ticket { protocol } userErrors { code } } }"""
PULL = """mutation($i: GetTicketsInput!) { getTickets(input: $i) {
  tickets { id version assignee { id } } waiting userErrors { code } } }"""
PAGE = """query($level: ID!) { tickets(filter: {levelIds: [$level], statuses: [NEW, OPEN]},
  orderBy: {field: PRIORITY, direction: DESC}, first: 50) { edges { cursor node {
  id protocol subject status priority openedAt interactionsCount version
  publisher { name ticketCount profiles { network handle } } level { name } assignee { name }
  history(last: 3) { nodes { kind actorName at comment } } } }
  pageInfo { hasNextPage endCursor } } }"""
CHANGES = """subscription($levels: [ID!]) { queueChanges(levelIds: $levels) { cursor changes { kind
  ticket { id protocol subject status priority version publisher { name } assignee { name } }
  } } }"""
RENAME = """mutation($i: UpdateTicketInput!) { updateTicket(input: $i) {
  ticket { id } userErrors { code } } }"""


def message(account: str) -> dict[str, Any]:
    mark = uuid.uuid4().hex
    return {
        "accountId": account,
        "externalId": mark,
        "kind": "COMMENT",
        "author": {"externalId": mark[:16], "name": f"Maria {mark[:6]}", "handle": f"@{mark[:8]}"},
        "text": "Where is my order? It should have come last week.",
        "occurredAt": datetime.now(UTC).isoformat(),
    }


async def rate(work: Callable[[int], Awaitable[int]], clients: int, each: int) -> float:
    """Things a second, done by so many clients at once, each so often."""
    started = time.perf_counter()
    done = await asyncio.gather(*(_repeat(work, client, each) for client in range(clients)))
    return sum(done) / (time.perf_counter() - started)


async def _repeat(work: Callable[[int], Awaitable[int]], client: int, times: int) -> int:
    return sum([await work(client) for _ in range(times)])


async def intake_batches(on: Stage) -> tuple[float, float, str]:
    clients = [on.client() for _ in range(4)]

    async def ours(client: int) -> int:
        asked = {"occurrences": [message(on.account) for _ in range(500)]}
        answer = (await clients[client].ask(RECEIVE, i=asked))["receiveOccurrences"]
        good = [each for each in answer["results"] if each["ticket"] and not each["duplicate"]]
        assert len(good) == 500, answer["results"][:3]
        return 500

    connections = await _connections(on, 4)

    async def theirs(client: int) -> int:
        await bare.take_in(connections[client], 500)
        return 500

    return await rate(ours, 4, 2), await rate(theirs, 4, 2), "occurrences/s"


async def intake_single(on: Stage) -> tuple[float, float, str]:
    clients = [on.client() for _ in range(8)]

    async def ours(client: int) -> int:
        answer = await clients[client].ask(RECEIVE_ONE, i=message(on.account))
        assert answer["receiveOccurrence"]["ticket"]
        return 1

    connections = await _connections(on, 8)

    async def theirs(client: int) -> int:
        await bare.take_in(connections[client], 1)
        return 1

    return await rate(ours, 8, 60), await rate(theirs, 8, 60), "occurrences/s"


async def pulls(on: Stage) -> tuple[float, float, str]:
    clients = [on.client(token) for token in on.attendants]
    taken: list[str] = []

    async def ours(client: int) -> int:
        answer = await clients[client].ask(PULL, i={"levelIds": [on.level], "count": 10})
        ids = [each["id"] for each in answer["getTickets"]["tickets"]]
        taken.extend(ids)
        return len(ids)

    connections = await _connections(on, 8)
    who = [uuid.uuid4() for _ in connections]

    async def theirs(client: int) -> int:
        return await bare.pull(connections[client], who[client])

    measured = await rate(ours, 8, 6), await rate(theirs, 8, 6), "tickets pulled/s"
    assert len(taken) == len(set(taken)) == 480, "a ticket was pulled twice, or none was left"
    return measured


async def page(on: Stage) -> tuple[float, float, str]:
    clients = [on.client() for _ in range(4)]

    async def ours(client: int) -> int:
        answer = await clients[client].ask(PAGE, level=on.level)
        edges = answer["tickets"]["edges"]
        assert len(edges) == 50
        assert all(len(each["node"]["history"]["nodes"]) >= 2 for each in edges)
        return 1

    connections = await _connections(on, 4)

    async def theirs(client: int) -> int:
        assert len(await connections[client].fetch(bare.PAGE)) == 50
        return 1

    return await rate(ours, 4, 15), await rate(theirs, 4, 60), "pages/s"


async def delay(on: Stage, subscribers: int = 100) -> tuple[float, float, str]:
    """Milliseconds from sending the change to the last of the subscribers having it, median."""
    client = on.client()
    listed = await client.ask(PAGE, level=on.level)
    ticket = listed["tickets"]["edges"][0]["node"]["id"]
    sockets = [await _subscribe(on) for _ in range(subscribers)]
    received: list[bytes] = []

    async def hear(socket: websockets.ClientConnection, mark: str) -> float:
        while True:
            text = str(await socket.recv())
            if text.startswith('{"type":"ping"'):
                await socket.send('{"type":"pong"}')
            if mark in text:
                received.append(text.encode())
                return time.perf_counter()

    spans: list[float] = []
    for _ in range(15):
        mark = uuid.uuid4().hex
        waiting = [asyncio.create_task(hear(socket, mark)) for socket in sockets]
        await client.ask(RENAME, i={"ticketId": ticket, "subject": mark})
        committed = time.perf_counter()
        spans.append(max(await asyncio.gather(*waiting)) - committed)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return statistics.median(spans) * 1000, await _shouted(received[-1], subscribers), "ms"


async def _subscribe(on: Stage) -> websockets.ClientConnection:
    socket = await websockets.connect(
        f"ws://127.0.0.1:{on.port}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        compression=None,
    )
    payload = {"authorization": f"Bearer {on.token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert "connection_ack" in str(await socket.recv())
    asked = {"query": CHANGES, "variables": {"levels": [on.level]}}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
    assert '"changes":[]' in str(await socket.recv())
    return socket


async def _shouted(payload: bytes, subscribers: int) -> float:
    megaphone = bare.Megaphone(payload)
    async with websockets.serve(megaphone.hold, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        sockets = [
            await websockets.connect(f"ws://127.0.0.1:{port}", compression=None)
            for _ in range(subscribers)
        ]
        spans = []
        for _ in range(15):
            waiting = [asyncio.create_task(socket.recv()) for socket in sockets]
            started = time.perf_counter()
            await megaphone.shout()
            await asyncio.gather(*waiting)
            spans.append(time.perf_counter() - started)
        await asyncio.gather(*(socket.close() for socket in sockets))
    return statistics.median(spans) * 1000


async def _connections(on: Stage, count: int) -> list[Any]:
    connections = [await asyncpg.connect(on.dsn) for _ in range(count)]
    if not await connections[0].fetchval("SELECT to_regclass('bare_ticket') IS NOT NULL"):
        await connections[0].execute(bare.TABLES)
    return connections


MEASURES: dict[str, Measure] = {
    "intake, 500 at once": intake_batches,
    "intake, one by one": intake_single,
    "getTickets, 8 at once": pulls,
    "queue page of 50": page,
    "commit to 100 subscribers": delay,
}


async def measure(rounds: int, only: list[str], postgres: str, redis: str) -> None:
    ours: dict[str, list[float]] = {name: [] for name in MEASURES}
    theirs: dict[str, list[float]] = {name: [] for name in MEASURES}
    units: dict[str, str] = {}
    async with stage(postgres, redis) as on:
        await intake_batches(on)  # fills the queue, and warms both sides up
        for _ in range(rounds):
            for name, take in MEASURES.items():
                if not only or any(word in name for word in only):
                    one, other, units[name] = await take(on)
                    ours[name].append(one)
                    theirs[name].append(other)
        connection = await asyncpg.connect(on.dsn)
        stored = await connection.fetchval("SELECT count(*) FROM ticket")
        version = await connection.fetchval("SHOW server_version")
        fsync = await connection.fetchval("SHOW fsync")
        await connection.close()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python")
    print(f"{platform.python_version()}, PostgreSQL {version} (fsync {fsync}),")
    print(f"{stored} tickets, {rounds} rounds\n")
    print("| work | Guichê | bare | ratio | |\n|---|---|---|---|---|")
    for name, unit in units.items():
        one, other = statistics.median(ours[name]), statistics.median(theirs[name])
        print(f"| {name} | {one:,.1f} | {other:,.1f} | {one / other:.2f} | {unit} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="words of the names, separated by commas")
    asked = parser.parse_args()
    only = [word for word in asked.only.split(",") if word]
    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres())
        redis = stack.enter_context(services.redis())
        asyncio.run(measure(asked.rounds, only, postgres, redis))


if __name__ == "__main__":
    main()
