"""A server as it is run, on loopback, and those who call it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server import asgi
from server.access_tokens import AccessTokens
from server.opening import prepare
from server.secrets import Keyring
from server.settings import Settings
from server.wire import wired
from tests.api.desk import Json, signed_in
from tests.transport.house import until
from tests.world import Person, World

PATIENCE = 60.0
QUARTER = timedelta(minutes=15)
PROTOCOL: Any = "graphql-transport-ws"
SECRET = "a secret key that is only for the flows of the tests"


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the signals belong to pytest


@dataclass
class House:
    """A server, and the company that it is tried with."""

    url: str
    world: World
    app: Starlette | None = None
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def tokens(self) -> AccessTokens:
        return AccessTokens(Keyring(SECRET), QUARTER, secure=False)

    async def caller(self, who: Person, url: str | None = None) -> "Caller":
        token, _ = await signed_in(self.world, self.tokens, who)
        return self.bearer(token, url)

    def bearer(self, token: str, url: str | None = None) -> "Caller":
        # Over plain HTTP nobody vouches for anybody, and the list of who may takes long to read.
        client = httpx.AsyncClient(base_url=url or self.url, timeout=PATIENCE, verify=False)
        self._clients.append(client)
        return Caller(client, url or self.url, token)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@dataclass
class Caller:
    """Somebody with a token."""

    client: httpx.AsyncClient
    url: str
    token: str
    language: str | None = None
    """What it asks for when it opens a socket; nothing when not said."""

    async def answer(self, document: str, **variables: Any) -> Json:
        response = await self.client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {self.token}"},
        )
        told: Json = response.json()
        return told

    async def ask(self, document: str, **variables: Any) -> Any:
        told = await self.answer(document, **variables)
        assert "errors" not in told, told["errors"]
        [data] = told["data"].values()
        return data

    async def do(self, mutation: str, taking: str, selected: str, /, **given: Any) -> Any:
        """A mutation, and its payload, refused or not."""
        document = (
            f"mutation($i: {taking}!) {{ {mutation}(input: $i) {{ {selected}"
            " userErrors { code message } } }"
        )
        return await self.ask(document, i=given)

    @asynccontextmanager
    async def socket(self, **more: Any) -> AsyncIterator[ClientConnection]:
        address = self.url.replace("http", "ws") + "/graphql"
        more = {"subprotocols": [PROTOCOL], "compression": None, **more}
        async with connect(address, **more) as socket:
            credentials = {"authorization": f"Bearer {self.token}"}
            if self.language is not None:
                credentials["acceptLanguage"] = self.language
            await socket.send(json.dumps({"type": "connection_init", "payload": credentials}))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            yield socket

    @asynccontextmanager
    async def follow(self, document: str, **variables: Any) -> AsyncIterator["Watcher"]:
        """A subscription on a socket of its own, which listens meanwhile."""
        async with self.socket() as socket:
            payload = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            watcher = Watcher(socket)
            listening = asyncio.create_task(watcher.listen())
            try:
                await until(lambda: bool(watcher.messages) or listening.done())
                yield watcher
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening


@dataclass
class Watcher:
    """What a subscription has told so far."""

    socket: ClientConnection
    messages: list[Json] = field(default_factory=list)
    on_message: Callable[[Json], None] | None = None
    closed: int | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cursor(self) -> str:
        cursor: str = self.messages[-1]["cursor"]
        return cursor

    @property
    def changes(self) -> list[Json]:
        return [change for each in self.messages for change in each["changes"]]

    async def listen(self) -> None:
        try:
            async for frame in self.socket:
                message = json.loads(frame)
                match message["type"]:
                    case "ping":
                        await self.socket.send(json.dumps({"type": "pong"}))
                    case "next":
                        assert "errors" not in message["payload"], message
                        [told] = message["payload"]["data"].values()
                        self.messages.append(told)
                        if self.on_message is not None:
                            self.on_message(told)
                    case "error":
                        raise AssertionError(message)
        except ConnectionClosed:
            pass
        self.closed = self.socket.close_code

    async def until(self, enough: Callable[["Watcher"], bool], patience: float = PATIENCE) -> None:
        await until(lambda: enough(self), patience)


def settings(database_url: str, redis_url: str, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        secret_key=SECRET,
        allow_unsafe_database=True,
        log_level="ERROR",
        embedded_worker=False,
        **more,
    )


@asynccontextmanager
async def served(chosen: Settings) -> AsyncIterator[House]:
    """The application in this process, with a company of its own."""
    await prepare(chosen)
    app = asgi.create(chosen)
    server = Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            ws=wired(app.state.lobby),
            log_config=None,
            # On a busy machine a caller is quiet for long, and is not to be hung up on meanwhile.
            timeout_keep_alive=int(PATIENCE),
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started or serving.done())
    port = server.servers[0].sockets[0].getsockname()[1]
    house = House(f"http://127.0.0.1:{port}", await company(app.state.storage), app)
    try:
        yield house
    finally:
        await house.close()
        await app.state.drain(within=0.1)
        server.should_exit = True
        await serving


async def company(storage: Any) -> World:
    """A new company on a store whose clock runs."""
    world = await World.founded(storage)
    world.storage = replace(storage)
    world.now = datetime.now(UTC) - timedelta(minutes=1)
    return world
