"""A small house to knock at: a schema that misbehaves on request, its doorkeeper, and a server."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from server.graphql import GraphQLApp
from server.graphql_errors import Refused
from server.graphql_switchboard import Terms
from server.graphql_ws import Socket
from server.handshake import Handshake
from server.patience import PatientHttp
from server.wire import wired

PATIENCE = 30.0
A_LITTLE = 0.01  # what tidying up takes here, so that an interruption of it would show
KEY = {"authorization": "Bearer good"}
PROTOCOL = Subprotocol("graphql-transport-ws")


async def until(so: Callable[[], bool], patience: float | None = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not so():  # noqa: ASYNC110 - what is waited for has no event to tell of it
            await asyncio.sleep(0.005)


class Errand:
    """The context of one operation."""

    def __init__(self, house: "House", response: Response | None = None) -> None:
        self.house = house
        self.response = response
        self.refusals: list[str] = []
        house.errands.append(self)
        self.closed = False

    async def rest(self) -> None:
        pass

    async def aclose(self) -> None:
        await asyncio.sleep(A_LITTLE)
        self.closed = True


@dataclass(eq=False)
class Session:
    house: "House"
    over: asyncio.Future[tuple[int, str]]
    until: float | None = None
    left: bool = False

    @property
    def sockets(self) -> int:
        return sum(not each.left for each in self.house.sessions)

    def operation(self) -> Errand:
        return Errand(self.house)

    def audience(self, *, personal: bool) -> Any:
        raise AssertionError("nothing is shared here")

    def attend(self, socket: Socket) -> None:
        self.over.add_done_callback(lambda over: socket.close(*over.result()))

    def leave(self) -> None:
        self.left = True


@dataclass
class House:
    """The doorkeeper, who also remembers what happened inside."""

    errands: list[Errand] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    streams: int = 0
    bumps: int = 0

    def recalled(self, request: Request) -> Errand | None:
        return None

    async def http(self, request: Request, response: Response) -> Errand:
        match request.headers.get("authorization", "Bearer good"):
            case "Bearer good":
                return Errand(self, response)
            case "Bearer barred":
                raise Refused("FORBIDDEN", "Not here.", 403)
            case "Bearer broken":
                raise ValueError("the key cabinet is locked: 4242")
        raise Refused("UNAUTHENTICATED", "Sign in first.", 401)

    def known(self, handshake: Handshake, payload: Mapping[str, object]) -> Session | None:
        """Nobody is; all have to be asked for."""
        return None

    async def websocket(self, handshake: Handshake, payload: Mapping[str, object]) -> Session:
        match payload.get("authorization"):
            case None:
                raise Refused("UNAUTHENTICATED", "Sign in first.", 401, close=4401)
            case "Bearer good":
                session = Session(self, asyncio.get_running_loop().create_future())
                self.sessions.append(session)
                return session
            case "Bearer slow":
                await asyncio.Event().wait()
            case "Bearer broken":
                raise ValueError("the key cabinet is locked: 4242")
        raise Refused("UNAUTHENTICATED", "The session is over.", 401)

    def forget(self) -> None:
        self.errands.clear()
        self.sessions.clear()
        self.bumps = 0

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[None]:
        self.streams += 1
        try:
            yield
        finally:
            await asyncio.sleep(A_LITTLE)
            self.streams -= 1

    async def quiet(self) -> None:
        """Wait until no stream runs and every context is closed."""
        await until(lambda: not self.streams and all(errand.closed for errand in self.errands))


Info = strawberry.Info[Errand, None]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def double(self, value: int) -> int:
        return 2 * value

    @strawberry.field
    def errand(self, info: Info) -> int:
        return info.context.house.errands.index(info.context)

    @strawberry.field
    def visit(self, info: Info) -> str:
        assert info.context.response is not None
        info.context.response.set_cookie("seen", "yes")
        return "thanks"

    @strawberry.field
    def boom(self) -> str | None:
        raise ValueError("the secret is 4242")

    @strawberry.field
    def boom_at_root(self) -> str:
        raise ValueError("the secret is 4242")

    @strawberry.field
    def declined(self) -> str | None:
        raise GraphQLError("Not on Sundays.", extensions={"code": "CLOSED"})


@strawberry.type
class Mutation:
    @strawberry.mutation
    def bump(self, info: Info) -> int:
        info.context.house.bumps += 1
        return info.context.house.bumps


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: Info, to: int) -> AsyncGenerator[int, None]:
        async with info.context.house.stream():
            for number in range(1, to + 1):
                yield number

    @strawberry.subscription
    async def forever(self, info: Info) -> AsyncGenerator[int, None]:
        async with info.context.house.stream():
            yield info.context.house.errands.index(info.context)
            await asyncio.Event().wait()

    @strawberry.subscription
    async def flood(self, info: Info) -> AsyncGenerator[str, None]:
        async with info.context.house.stream():
            while True:
                yield "x" * 65536

    @strawberry.subscription
    async def boom(self, info: Info, after: int) -> AsyncGenerator[int, None]:
        async with info.context.house.stream():
            for number in range(after):
                yield number
            raise ValueError("the secret is 4242")


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the signals belong to pytest

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await until(lambda: self.should_exit, patience=None)


@dataclass
class Open:
    """A house with its door open."""

    house: House
    app: GraphQLApp
    server: uvicorn.Server

    @property
    def port(self) -> int:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        assert isinstance(port, int)
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    async def empty(self) -> None:
        """Wait until no client is connected."""
        connections = self.server.server_state.connections
        await until(lambda: not connections and not self.app.switchboard.sockets)

    @asynccontextmanager
    async def socket(
        self, init: Mapping[str, object] | None = KEY, **more: Any
    ) -> AsyncIterator[ClientConnection]:
        more.setdefault("subprotocols", [PROTOCOL])
        async with connect(self.ws, compression=None, **more) as socket:
            if init is not None:
                await say(socket, type="connection_init", payload=init)
                assert await hear(socket) == {"type": "connection_ack"}
            yield socket


@asynccontextmanager
async def opened(
    house: House | None = None,
    schema: strawberry.Schema = SCHEMA,
    http: type[asyncio.Protocol] = PatientHttp,
    **terms: Any,
) -> AsyncIterator[Open]:
    house = house or House()
    held = {each.name: terms.pop(each.name) for each in fields(Terms) if each.name in terms}
    terms = {"allowed_origins": ["https://console.example"], "graphiql": False, **terms}
    app = GraphQLApp(schema, house, terms=Terms(**held), **terms)
    server = Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            log_config=None,
            http=http,
            ws=wired(app.lobby()),
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield Open(house, app, server)
    finally:
        server.should_exit = True
        await serving


async def say(socket: ClientConnection, **message: object) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        message = json.loads(await socket.recv(decode=True))
    assert isinstance(message, dict)
    return message


async def subscribe(socket: ClientConnection, id: str, query: str, **payload: object) -> None:
    await say(socket, type="subscribe", id=id, payload={"query": query, **payload})


async def closing(socket: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(PATIENCE):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason
