"""A websocket below uvicorn: its handshake, and then bytes that one listener hears and writes.

Uvicorn reads a request, sees that it wants to be a websocket, and hands it over; there is no ASGI
from there on. No task waits for what comes or goes: a listener hears each message as it comes, and
what is told to many is framed once and written at once. Uvicorn's own pings do not exist here: they
would end a silent socket with 1011, which the reference client takes for final.
"""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, cast

from starlette.datastructures import Headers
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from server.frames import BINARY, CLOSE, PING, PONG, TEXT, Broken, Frames, code_of, farewell, framed
from server.handshake import Handshake, Lobby, refusal

CLOSING_TAKES = 1.0  # seconds a peer that does not read is given to take the close frame
FAREWELL_TAKES = 10.0  # seconds any other is given to say goodbye too


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
        "free_at",
        "held",
        "listener",
        "loop",
        "transport",
        "write",
    )
    lobby: ClassVar[Lobby]
    transport: asyncio.Transport
    write: Callable[[bytes], None]
    """Hands bytes to the network past what is held; for the wire, and for who looks himself."""

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
        self.held: list[bytes] | None = None
        """What leaves together when the tick is over."""
        self.free_at = 0.0
        """From then on something may leave at once."""
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
        handshake = Handshake(request, self._address)
        answer = handshake.unfit or self.lobby.knock(handshake)
        if isinstance(answer, Response):
            self.write(refusal(answer))
            self._deaf = True
            self.transport.close()
            return
        self.write(handshake.acceptance(answer))
        self._frames = Frames(self.lobby.max_frame)
        self._proxies = None
        self.lobby.enter(self, handshake)

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
                self.tell(framed(payload, PONG))
        elif kind == CLOSE:
            self._said = code_of(payload)
            self._deaf = True
            if not self.close_sent:
                self.close_sent = True
                self._let_out()
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

    def tell(self, frame: bytes) -> None:
        """At once, behind what is held."""
        if self.held is None:
            self.write(frame)
        else:
            self.held.append(frame)

    def tell_soon(self, frame: bytes, now: float) -> None:
        """At once, unless there was something within a tick: then with what comes in this one."""
        if self.held is not None:
            self.held.append(frame)
        elif now < self.free_at:
            self.held = [frame]
            self.loop.call_at(self.free_at, self._let_out)
        else:
            self.free_at = now + self.lobby.tick
            self.write(frame)

    def _let_out(self) -> None:
        held, self.held = self.held, None
        if held is not None and not self.transport.is_closing():
            self.free_at = self.loop.time() + self.lobby.tick
            self.write(b"".join(held))

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
        self._let_out()
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
