"""A websocket below uvicorn: its handshake, and then bytes that one listener hears and writes.

Uvicorn reads a request, sees that it wants to be a websocket, and hands it over; there is no ASGI
from there on. No task waits for what comes or goes: a listener hears each message as it comes, and
what is told to many is framed once and written at once. Uvicorn's own pings do not exist here: they
would end a silent socket with 1011, which the reference client takes for final.
"""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, cast
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState
from websockets.utils import accept_key

from server.frames import BINARY, CLOSE, PING, PONG, TEXT, Broken, Frames, code_of, farewell, framed

CLOSING_TAKES = 1.0  # seconds a peer that does not read is given to take the close frame
FAREWELL_TAKES = 10.0  # seconds any other is given to say goodbye too
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
)
KEY_BYTES = 16
VERSION = "13"


class Listener(Protocol):
    """Whoever hears what comes over a socket."""

    def hear(self, message: bytes, *, text: bool) -> None: ...
    def relieved(self) -> None:
        """The other side reads again."""
        ...

    def close(self, code: int, reason: str) -> None:
        """What came is no websocket any more; it is to be closed with that."""
        ...

    def lost(self, code: int) -> None:
        """There is nobody at the other end any more; 1006 where they did not say goodbye."""
        ...


class Handshake:
    """How somebody knocks."""

    __slots__ = ("address", "headers", "path")

    def __init__(self, path: str, headers: Headers, address: str) -> None:
        self.path = path
        self.headers = headers
        self.address = address
        """Where they come from, behind a proxy as that says it."""

    @property
    def offered(self) -> list[str]:
        """Subprotocols, in order of preference."""
        said = self.headers.getlist("sec-websocket-protocol")
        return [each.strip() for line in said for each in line.split(",")]


class Lobby(Protocol):
    """Who may come in, and to whom they then speak."""

    max_frame: int

    def knock(self, handshake: Handshake) -> "Response | str | None":
        """A refusal, or the subprotocol that is spoken; none, where there is none in common."""
        ...

    def enter(self, wire: "Wire", handshake: Handshake) -> None:
        """The socket is open."""
        ...


class Wire(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_close_timer",
        "_connections",
        "_deaf",
        "_frames",
        "_proxies",
        "_said",
        "_writable",
        "choked",
        "close_sent",
        "listener",
        "loop",
        "transport",
        "write",
    )
    lobby: ClassVar[Lobby]
    transport: asyncio.Transport
    write: Callable[[bytes], None]
    """Hands a frame to the network, without waiting."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self.listener: Listener | None = None
        self.choked = False
        """The other side reads too slowly for more."""
        self.close_sent = False
        # What uvicorn holds, so that it can end connections when it ends.
        self._connections = cast("set[Any]", server_state.connections)
        proxies = config.loaded_app
        self._proxies = proxies if isinstance(proxies, ProxyHeadersMiddleware) else None
        self._frames: Frames | None = None
        self._deaf = False
        self._said = 1006
        self._close_timer: asyncio.TimerHandle | None = None
        self._writable: asyncio.Event | None = None

    # ── the handshake ────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.write = self.transport.write
        self._connections.add(self)

    def _greet(self, request: bytes) -> None:
        method, path, headers = _read(request)
        handshake = Handshake(path, headers, self._address(headers))
        answer = _unfit(method, headers) or self.lobby.knock(handshake)
        if isinstance(answer, Response):
            self._refuse(answer)
            return
        chosen = b"Sec-WebSocket-Protocol: %b\r\n" % answer.encode() if answer else b""
        key = accept_key(headers["sec-websocket-key"].strip())
        self.write(SWITCHING % (key.encode(), chosen))
        self._frames = Frames(self.lobby.max_frame)
        self._proxies = None
        self.lobby.enter(self, handshake)

    def _refuse(self, answer: Response) -> None:
        lines = [b"HTTP/1.1 %d \r\n" % answer.status_code]
        lines += [b"%b: %b\r\n" % each for each in answer.raw_headers if each[0] != b"connection"]
        self.write(b"".join((*lines, b"connection: close\r\n\r\n", bytes(answer.body))))
        self._deaf = True
        self.transport.close()

    def _address(self, headers: Headers) -> str:
        peer = self.transport.get_extra_info("peername")
        host = str(peer[0]) if isinstance(peer, tuple) else ""
        said = headers.getlist("x-forwarded-for")
        if said and self._proxies is not None and host in self._proxies.trusted_hosts:
            told, _ = self._proxies.trusted_hosts.get_trusted_client_address(", ".join(said))
            return told or host
        return host

    # ── what comes ───────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._frames is None:
            self._greet(data)
            return
        try:
            for kind, payload in self._frames.read(data):
                self._take(kind, payload)
                if self._deaf:
                    return
        except Broken as broken:
            self._deaf = True
            if self.listener is not None and not self.close_sent:
                self.listener.close(broken.code, broken.reason)
            else:
                self.hang_up(broken.code, broken.reason)

    def _take(self, kind: int, payload: bytes) -> None:
        if kind in (TEXT, BINARY):
            if self.listener is not None and not self.close_sent:
                self.listener.hear(payload, text=kind == TEXT)
        elif kind == PING:
            if not self.close_sent:
                self.write(framed(payload, PONG))
        elif kind == CLOSE:
            self._said = code_of(payload)
            self._deaf = True
            if not self.close_sent:
                self.close_sent = True
                self.write(framed(payload[:2], CLOSE))
            self.transport.close()
            self._within(CLOSING_TAKES)

    def eof_received(self) -> None:
        """They have gone, and so do we."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None
        self._deaf = True
        if self._writable is not None:
            self._writable.set()
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.lost(self._said)

    # ── what goes ────────────────────────────────────────────────────────────────────────────

    def pause_writing(self) -> None:
        self.choked = True
        if self._writable is not None:
            self._writable.clear()
        if self.listener is not None and not self.close_sent:
            # Whoever does not read what he is told is not heard either: answers would pile up.
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.choked = False
        if self._writable is not None:
            self._writable.set()
        if self.listener is not None:
            if not self.transport.is_closing():
                self.transport.resume_reading()
            self.listener.relieved()

    async def has_room(self) -> None:
        """Returns when the other side reads, or is gone."""
        if self._writable is None:
            self._writable = asyncio.Event()
            if not self.choked:
                self._writable.set()
        await self._writable.wait()

    # ── how it ends ──────────────────────────────────────────────────────────────────────────

    def hang_up(self, code: int, reason: str) -> None:
        """A close frame; whoever does not take it is cut off."""
        if self.close_sent or self.transport.is_closing():
            return
        self.write(farewell(code, reason))
        self.close_sent = True
        self.transport.resume_reading()
        self._within(CLOSING_TAKES if self.choked or self._deaf else FAREWELL_TAKES)

    def _within(self, seconds: float) -> None:
        if self._close_timer is not None:
            self._close_timer.cancel()
        self._close_timer = self.loop.call_later(seconds, self.transport.abort)

    def shutdown(self) -> None:
        """Uvicorn ends, and so do its connections."""
        if self._frames is not None:
            self.hang_up(1012, "Service restart")
        self.transport.close()


def wired(lobby: Lobby) -> type[Wire]:
    """What uvicorn is to make of a request that wants to be a websocket."""
    return type("Wired", (Wire,), {"__slots__": (), "lobby": lobby})


def _read(request: bytes) -> tuple[bytes, str, Headers]:
    """The request as uvicorn writes it out again, once it has read and checked it."""
    first, *lines = request[:-4].split(b"\r\n")
    method, target, _ = first.split(b" ", 2)
    raw = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    return method, unquote(target.partition(b"?")[0].decode("latin-1")), Headers(raw=raw)


def _unfit(method: bytes, headers: Headers) -> Response | None:
    """What makes it no handshake, if anything does."""
    if headers.getlist("sec-websocket-version") != [VERSION]:
        return Response(status_code=426, headers={"Sec-WebSocket-Version": VERSION})
    keys = headers.getlist("sec-websocket-key")
    try:
        fit = method == b"GET" and len(keys) == 1 and len(b64decode(keys[0], validate=True))
    except (binascii.Error, ValueError):
        fit = 0
    return None if fit == KEY_BYTES else Response(status_code=400)
