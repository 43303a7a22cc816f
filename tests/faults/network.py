"""A network on a socket of its own that keeps what it took and behaves as it is told."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

OK, CUT, ACCEPT_AND_CUT, HANG, BUSY = "ok", "cut", "accept and cut", "hang", "busy"
QUIET = 6.0
"""Seconds for which a busy one asks to be let be."""
UNDER_WAY = 3.0
"""Seconds within which what was on its way already may still come in, on a busy machine too."""


@dataclass(frozen=True)
class Taken:
    """Something that stands there."""

    account: str
    key: str
    text: str
    at: float


@dataclass
class Network:
    url: str = ""
    posts: list[Taken] = field(default_factory=list)
    next: deque[str] = field(default_factory=deque)
    """What it does with the next requests; then it takes what comes."""
    asked: list[tuple[str, str, float]] = field(default_factory=list)
    """Account, behaviour and moment of every request."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Whatever hangs is answered."""

    def times(self) -> Counter[str]:
        return Counter(post.key for post in self.posts)

    async def hangs(self, patience: float = 20.0) -> None:
        """A request has come in that it does not answer."""
        async with asyncio.timeout(patience):
            while not any(behaviour == HANG for _, behaviour, _ in self.asked):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        account = head[0].split("/accounts/")[1].split("/")[0]
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        told = json.loads(await reader.readexactly(int(headers["content-length"])))
        behaviour = self.next.popleft() if self.next else OK
        self.asked.append((account, behaviour, monotonic()))
        if behaviour == BUSY:
            writer.write(_response(429, b"{}", f"Retry-After: {QUIET:g}\r\n"))
            await writer.drain()
            return
        if behaviour == CUT:
            return
        key = headers["idempotency-key"]
        self.posts.append(Taken(account, key, told["text"], monotonic()))
        if behaviour == ACCEPT_AND_CUT:
            return
        if behaviour == HANG:
            await self.go_on.wait()
        body = json.dumps({"id": f"n{len(self.posts)}", "url": f"https://rede.example/{key}"})
        writer.write(_response(201, body.encode()))
        await writer.drain()


def _response(status: int, body: bytes, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    opened = Network()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    opened.url = f"http://{host}:{port}"
    try:
        yield opened
    finally:
        opened.go_on.set()
        server.close()
