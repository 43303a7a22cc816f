"""From a touch to the screens: two hundred colleagues who watch one ticket.

    .venv/bin/python -m bench.presence --subscribers 200 --touches 40

Every subscriber follows `presence` of the same ticket on a socket of its own. Somebody begins and
stops typing by turns; what is measured is the time from sending the touch until a subscriber has
the message that shows it. Every subscriber has to be told of every turn, once and in order, or
nothing is told.
"""

import argparse
import asyncio
import json
import platform
import statistics
import time
from contextlib import ExitStack

import websockets

from bench.countdown import AT_THE_DOOR
from bench.stage import Stage, stage
from tests import services

APART = 1.5
OPEN = """mutation($i: OpenTicketInput!) { openTicket(input: $i) {
  ticket { id } userErrors { code message } } }"""
TOUCH = """mutation($i: PresenceInput!) { touchPresence(input: $i) {
  viewers { mode } userErrors { code message } } }"""
PRESENCE = "subscription($id: ID!) { presence(ticketId: $id) { user { id name } mode since } }"


async def measure(on: Stage, subscribers: int, touches: int) -> list[float]:
    """Seconds from each touch to each screen."""
    client = on.client()
    asked = {"levelId": on.level, "subject": "Ticket", "comment": "Benchmark"}
    ticket = (await client.ask(OPEN, i=asked))["openTicket"]["ticket"]["id"]
    client.close()
    seen: list[list[tuple[str, float]]] = [[] for _ in range(subscribers)]
    ready = asyncio.Semaphore(0)
    door = asyncio.Semaphore(AT_THE_DOOR)
    started = time.perf_counter()
    watching = [
        asyncio.create_task(_watch(on, ticket, noted, touches, ready, door)) for noted in seen
    ]
    for _ in watching:
        await ready.acquire()
    print(f"{subscribers} subscribed in {time.perf_counter() - started:.1f} s")
    client = on.client()  # the other connection was idle for too long
    said: list[tuple[str, float]] = []
    for nth in range(touches):
        mode = ("TYPING", "VIEWING")[nth % 2]
        said.append((mode, time.perf_counter()))
        await client.ask(TOUCH, i={"ticketId": ticket, "mode": mode})
        await asyncio.sleep(APART)
    await asyncio.wait_for(asyncio.gather(*watching), 30)
    modes = [mode for mode, _ in said]
    assert all([mode for mode, _ in noted] == modes for noted in seen), "a turn was missed"
    return [at - moment for noted in seen for (_, at), (_, moment) in zip(noted, said, strict=True)]


async def _watch(
    on: Stage,
    ticket: str,
    noted: list[tuple[str, float]],
    until: int,
    ready: asyncio.Semaphore,
    door: asyncio.Semaphore,
) -> None:
    async with door:
        socket = await _subscribe(on, ticket)
    ready.release()
    while len(noted) < until:
        text = str(await socket.recv())
        if text.startswith('{"type":"ping"'):
            await socket.send('{"type":"pong"}')
        elif '"mode"' in text:
            noted.append(("TYPING" if "TYPING" in text else "VIEWING", time.perf_counter()))
    await socket.close()


async def _subscribe(on: Stage, ticket: str) -> websockets.ClientConnection:
    socket = await websockets.connect(
        f"ws://127.0.0.1:{on.port}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        compression=None,
        ping_interval=None,
    )
    payload = {"authorization": f"Bearer {on.token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert "connection_ack" in str(await socket.recv())
    asked = {"query": PRESENCE, "variables": {"id": ticket}}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
    assert '"presence":[]' in str(await socket.recv())
    return socket


async def run(subscribers: int, touches: int, postgres: str, redis: str) -> None:
    async with stage(postgres, redis) as on:
        spans = await measure(on, subscribers, touches)
    spans.sort()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(
        f"touch to screen, {subscribers} subscribers, {touches} touches: "
        f"median {statistics.median(spans) * 1000:.0f} ms, "
        f"p99 {spans[int(len(spans) * 0.99)] * 1000:.0f} ms, worst {spans[-1] * 1000:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--touches", type=int, default=40)
    asked = parser.parse_args()
    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres())
        redis = stack.enter_context(services.redis())
        asyncio.run(run(asked.subscribers, asked.touches, postgres, redis))


if __name__ == "__main__":
    main()
