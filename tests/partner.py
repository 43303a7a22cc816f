"""A partner on a socket of its own that keeps what it was told and behaves as it is asked to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic
from typing import Any

from channels import signatures
from channels.outside import Outside
from domain.addresses import Addresses
from domain.answers import EndpointSaved
from domain.model.user import ApiKey
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.operations import partnering, signing
from domain.operations.partnering import EndpointForm
from domain.page import Window
from feed.bell import Ear
from storage.work import clock
from tests.world import World
from workers.partners import Partners

HANG, CUT, DRIP, FLOOD, REDIRECT = "hang", "cut", "drip", "flood", "redirect"
PATIENCE = timedelta(seconds=1)


@dataclass(frozen=True)
class Letter:
    """Something it took."""

    key: str
    kind: str
    signature: str
    body: bytes
    at: float

    @property
    def told(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said

    def is_signed_with(self, secret: str) -> bool:
        return signatures.genuine(secret, self.signature, self.body, clock())


@dataclass
class Partner:
    url: str = ""
    letters: list[Letter] = field(default_factory=list)
    """What came in, whatever it answered."""
    taken: list[Letter] = field(default_factory=list)
    next: deque[Any] = field(default_factory=deque)
    """What it does with the next ones: a status, or something worse; then it takes what comes."""
    always: Any = 204
    slow: float = 0.0
    busy: int = 0
    busiest: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def by_protocol(self) -> dict[str, list[Letter]]:
        """What it took first of each event, by case."""
        found = defaultdict(list)
        for letter in {each.key: each for each in reversed(self.taken)}.values():
            found[letter.told.get("protocol", "")].append(letter)
        return {name: each[::-1] for name, each in found.items()}

    async def has(self, count: int, patience: float = 30.0) -> None:
        """So many different events have come."""
        async with asyncio.timeout(patience):
            while len({each.key for each in self.taken}) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def is_asked(self, patience: float = 30.0) -> None:
        async with asyncio.timeout(patience):
            while not self.letters:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        headers = {name.lower(): value for name, value in told.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        letter = Letter(
            headers["idempotency-key"],
            headers["guiche-event"],
            headers["guiche-signature"],
            body,
            monotonic(),
        )
        self.letters.append(letter)
        behaviour = self.next.popleft() if self.next else self.always
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        try:
            return await self._behave(behaviour, letter, writer)
        finally:
            self.busy -= 1

    async def _behave(self, behaviour: Any, letter: Letter, writer: asyncio.StreamWriter) -> bool:
        if behaviour == CUT:
            return False
        if behaviour == HANG:
            await self.go_on.wait()
            return False
        if behaviour == DRIP:
            writer.write(b"HTTP/1.1 200 So\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        if behaviour == FLOOD:
            writer.write(b"HTTP/1.1 200 So\r\nContent-Length: 10000000000\r\n\r\n")
            while True:
                writer.write(bytes(64 * 1024))
                await writer.drain()
        await asyncio.sleep(self.slow)
        status, more = (
            (302, f"Location: {self.url}\r\n")
            if behaviour == REDIRECT
            else (
                behaviour,
                "",
            )
        )
        if 200 <= status < 300:
            self.taken.append(letter)
        writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n{more}\r\n".encode())
        await writer.drain()
        return True


@asynccontextmanager
async def partner() -> AsyncIterator[Partner]:
    opened = Partner()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    opened.url = f"http://{host}:{port}/avisos"
    try:
        yield opened
    finally:
        opened.go_on.set()
        server.close()


# ── what a test does ─────────────────────────────────────────────────────────────────────────


def on_this_machine(world: World) -> World:
    """Partners may be here."""
    world.storage = replace(world.storage, addresses=Addresses(loopback=True))
    return world


async def key_of(world: World, name: str = "Parceiro", scope: str = "protocol") -> ApiKey:
    return (await world.do(signing.make_key, name, [scope])).api_key


async def endpoint(
    world: World, url: str, name: str = "avisos", key: ApiKey | None = None, **more: Any
) -> EndpointSaved:
    key = key or await key_of(world, f"chave de {name}")
    form = EndpointForm(name=name, url=url, api_key_id=key.id, **more)
    return await world.do(partnering.save_endpoint, form)


@asynccontextmanager
async def telling(
    world: World, patience: timedelta = PATIENCE
) -> AsyncIterator[Callable[..., Any]]:
    """Does what a worker does in a turn, and waits for what it began."""
    outside = Outside(loopback=world.storage.addresses.loopback, patience=patience)
    partners = Partners(world.storage, outside, Ear())

    async def turns(count: int = 1) -> None:
        for _ in range(count):
            partners.look_now()
            await partners.turn()
            await partners.settled()

    try:
        yield turns
    finally:
        await partners.end()
        await outside.close()


async def deliveries(world: World, of: WebhookEndpoint | None = None) -> list[WebhookDelivery]:
    """The last hundred, oldest first."""
    async with world.storage.reading(world.system) as work:
        page = await work.webhook_deliveries.page(Window(100), endpoint_id=of.id if of else None)
    return sorted(page.nodes, key=lambda each: each.id)


async def seen(world: World, of: WebhookEndpoint) -> WebhookEndpoint:
    async with world.storage.reading(world.system) as work:
        return await work.webhook_endpoints.get(of.id)
