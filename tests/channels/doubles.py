"""A network that speaks as its documentation says: it records what it is told, and errs when told.

It answers by HTTP on a socket of its own, so that what is tried is the whole way to it.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

CUT, ACCEPT_AND_CUT = "cut", "accept and cut"
"""The line breaks before it has read what came; after it, without a word."""


@dataclass(frozen=True)
class Told:
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: each[-1] for name, each in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Says:
    """One answer."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answers = Callable[[Told], Says]
Fault = str | Says


@dataclass
class Double:
    answers: Answers
    url: str = ""
    told: list[Told] = field(default_factory=list)
    """What it took."""
    faults: deque[Fault] = field(default_factory=deque)
    """What it does with the next requests; then it answers as it should."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        fault = self.faults.popleft() if self.faults else None
        if fault == CUT:
            return
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        split = urlsplit(target)
        query = {name: each[-1] for name, each in parse_qs(split.query).items()}
        told = Told(method, split.path, query, headers, body)
        if isinstance(fault, Says):
            answer = fault
        else:
            self.told.append(told)
            answer = self.answers(told)
        if fault == ACCEPT_AND_CUT:
            return
        lines = [f"HTTP/1.1 {answer.status} So", f"Content-Length: {len(answer.data)}"]
        lines += ["Connection: close", *(f"{n}: {v}" for n, v in answer.headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.data)
        await writer.drain()


@asynccontextmanager
async def double(answers: Answers) -> AsyncIterator[Double]:
    opened = Double(answers)
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    opened.url = f"http://{host}:{port}"
    try:
        yield opened
    finally:
        server.close()
