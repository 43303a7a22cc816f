"""A page asked again, with nothing changed since: from memory, and read anew each time.

    .venv/bin/python -m bench.again

Requests a second by so many connections that ask again as soon as they are answered, and the
server's processor time for each, with its log written. Every answer is compared with the first.
"""

import argparse
import asyncio
import json
import os
import platform
import time
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import uvloop

from bench.run import PAGE
from bench.stage import Stage, stage
from tests import services

FILL = """mutation($i: ReceiveOccurrencesInput!) { receiveOccurrences(input: $i) {
  userErrors { code message } } }"""
TICKS = os.sysconf("SC_CLK_TCK")


class Asking(asyncio.Protocol):
    """One connection, on which the same is asked again and again."""

    def __init__(self, request: bytes, wanted: bytes, counted: "Counted") -> None:
        self._request, self._wanted, self._counted = request, wanted, counted
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < len(self._wanted):
            return
        if body != self._wanted or not head.startswith(b"HTTP/1.1 200"):
            self._counted.wrong += 1
        self._counted.right += 1
        self._got = b""
        if time.perf_counter() < self._counted.ends:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._counted.open -= 1
        if not self._counted.open:
            self._counted.over.set()


class Counted:
    def __init__(self, connections: int, seconds: float) -> None:
        self.right = self.wrong = 0
        self.open = connections
        self.ends = time.perf_counter() + seconds
        self.over = asyncio.Event()


async def fill(on: Stage) -> None:
    posts = [
        {
            "accountId": on.account,
            "externalId": f"m{number}",
            "kind": "COMMENT",
            "author": {"externalId": f"a{number}", "name": f"Maria {number}"},
            "text": "Where is my order? It should have come last week.",
            "threadId": f"t{number}",
            "occurredAt": "2026-11-30T12:00:00Z",
        }
        for number in range(60)
    ]
    await on.client().ask(FILL, i={"occurrences": posts})


async def measure(on: Stage, connections: int, seconds: float) -> tuple[float, float]:
    """Answers a second, and microseconds of the server's processor for each."""
    asked = {"query": PAGE, "variables": {"level": on.level}}
    body = json.dumps(asked).encode()
    client = on.client()
    for _ in range(3):
        _, wanted = await client.raw(body)
    assert len(json.loads(wanted)["data"]["tickets"]["edges"]) == 50
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nAuthorization: Bearer {on.token}\r\n\r\n"
    )
    counted = Counted(connections, seconds)
    loop = asyncio.get_running_loop()
    used, began = processor(on.server), time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(
            lambda: Asking(head.encode() + body, wanted, counted), "127.0.0.1", on.port
        )
    await counted.over.wait()
    took, used = time.perf_counter() - began, processor(on.server) - used
    assert not counted.wrong
    return counted.right / took, used / counted.right * 1_000_000


def processor(pid: int) -> float:
    """Seconds of it that a process has had."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


async def run(connections: int, seconds: float, postgres: str, redis: str) -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}, {connections} connections")
    for what, room in (("read anew", "0"), ("from memory", "64")):
        settings = {"KEPT_MEBIBYTES": room, "LOG_LEVEL": "INFO", "LOG_FORMAT": "json"}
        async with stage(postgres, redis, attendants=1, **settings) as on:
            await fill(on)
            pages, each = await measure(on, connections, seconds)
            print(f"{what}: {pages:,.0f} pages a second, {each:,.0f} µs of the server's processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres())
        redis = stack.enter_context(services.redis())
        uvloop.run(run(asked.connections, asked.seconds, postgres, redis))


if __name__ == "__main__":
    main()
