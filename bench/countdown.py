"""From the instant of a deadline to the screens: a thousand countdowns on one level.

    .venv/bin/python -m bench.countdown --subscribers 1000 --breaches 20

Every subscriber follows `slaCountdown` of the same level, once a second. Tickets are opened so that
their first response is due one second after the other; what is measured is the time from each due
instant until a subscriber has the message in which one more ticket is late. Every subscriber has to
have seen every breach, once and in order, or nothing is told.
"""

import argparse
import asyncio
import json
import platform
import re
import statistics
import time
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import websockets

from bench.stage import Stage, stage
from tests import services

TARGET, APART = 20, 1.0
AT_THE_DOOR = 20
SAVE = """mutation($i: SaveLevelInput!) { saveLevel(input: $i) {
  level { id } userErrors { code message field } } }"""
OPEN = """mutation($i: OpenTicketInput!) { openTicket(input: $i) {
  ticket { sla { metric dueAt } } userErrors { code message } } }"""
COUNTDOWN = """subscription($levels: [ID!]) { slaCountdown(levelIds: $levels) {
  serverTime running atRisk breached
  clocks { metric dueAt remainingSeconds risk ticket { protocol priority } } } }"""
BREACHED = re.compile(r'"breached":(\d+)')


async def measure(on: Stage, subscribers: int, breaches: int) -> tuple[list[float], int]:
    """Seconds from each due instant to each screen, and how many messages were read."""
    client = on.client()
    level = (await client.ask(SAVE, i=_level()))["saveLevel"]["level"]["id"]
    client.close()
    started = time.perf_counter()
    seen: list[dict[int, float]] = [{} for _ in range(subscribers)]
    ready = asyncio.Semaphore(0)
    door = asyncio.Semaphore(AT_THE_DOOR)
    watching = [
        asyncio.create_task(_watch(on, level, noted, breaches, ready, door)) for noted in seen
    ]
    for _ in watching:
        await ready.acquire()
    print(f"{subscribers} subscribed in {time.perf_counter() - started:.1f} s")
    client = on.client()  # the other connection was idle for too long
    due = []
    for nth in range(breaches):
        asked = {"levelId": level, "subject": f"Ticket {nth}", "comment": "Benchmark"}
        answer = (await client.ask(OPEN, i=asked))["openTicket"]["ticket"]
        [clock] = [each for each in answer["sla"] if each["metric"] == "FIRST_RESPONSE"]
        due.append(datetime.fromisoformat(clock["dueAt"]).timestamp())
        await asyncio.sleep(APART)
    messages = sum(await asyncio.wait_for(asyncio.gather(*watching), TARGET + 30))
    assert all(list(noted) == list(range(1, breaches + 1)) for noted in seen), "a breach was missed"
    return [noted[nth + 1] - moment for noted in seen for nth, moment in enumerate(due)], messages


def _level() -> dict[str, Any]:
    priorities = ("LOW", "MEDIUM", "HIGH", "URGENT")
    return {
        "name": "Countdown",
        "unmeasured": ["RESOLUTION", "LEGAL_RESPONSE"],
        "warnAtPercent": [],
        "slaTargets": [
            {"priority": each, "metric": "FIRST_RESPONSE", "seconds": TARGET} for each in priorities
        ],
        "calendar": {
            "name": "Always",
            "timeZone": "America/Sao_Paulo",
            "nationalHolidays": False,
            "intervals": [
                {"weekday": day, "opens": "00:00", "closes": "00:00"} for day in range(1, 8)
            ],
        },
    }


async def _watch(
    on: Stage,
    level: str,
    noted: dict[int, float],
    until: int,
    ready: asyncio.Semaphore,
    door: asyncio.Semaphore,
) -> int:
    async with door:
        socket = await _subscribe(on, level)
    ready.release()
    read = await _read(socket, noted, until)
    await socket.close()
    return read


async def _subscribe(on: Stage, level: str) -> websockets.ClientConnection:
    socket = await websockets.connect(
        f"ws://127.0.0.1:{on.port}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        compression=None,
        ping_interval=None,
    )
    payload = {"authorization": f"Bearer {on.token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert "connection_ack" in str(await socket.recv())
    asked = {"query": COUNTDOWN, "variables": {"levels": [level]}}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
    assert '"breached":0' in str(await socket.recv())
    return socket


async def _read(socket: websockets.ClientConnection, noted: dict[int, float], until: int) -> int:
    """When each count of breaches was first seen; how many messages it took."""
    read = 0
    while len(noted) < until:
        text = str(await socket.recv())
        now = time.time()
        if text.startswith('{"type":"ping"'):
            await socket.send('{"type":"pong"}')
        elif found := BREACHED.search(text):
            read += 1
            if count := int(found[1]):
                noted.setdefault(count, now)
    return read


async def run(subscribers: int, breaches: int, postgres: str, redis: str) -> None:
    async with stage(postgres, redis) as on:
        spans, messages = await measure(on, subscribers, breaches)
    spans.sort()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(f"{subscribers} subscribers, {breaches} breaches, {messages} messages read")
    print(
        f"due instant to screen: median {statistics.median(spans) * 1000:.0f} ms, "
        f"p99 {spans[int(len(spans) * 0.99)] * 1000:.0f} ms, worst {spans[-1] * 1000:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--breaches", type=int, default=20)
    asked = parser.parse_args()
    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres())
        redis = stack.enter_context(services.redis())
        asyncio.run(run(asked.subscribers, asked.breaches, postgres, redis))


if __name__ == "__main__":
    main()
