"""What travels over a socket: text frames, and the rules that messages keep.

Uvicorn's websocket does the handshake and reads frames; from then on a `Listener` hears each
message as it comes, and what is told to many is framed once and written without a task.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

from starlette.types import Scope
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graph.trusted import named_in

WIRE = "guiche.wire"
LONGEST_REASON = 123  # bytes; a close frame holds no more
LONGEST_ID = 255
"""Characters of what a client calls an operation, which every message to it repeats."""
CLOSING_TAKES = 1.0  # seconds a peer that does not read is given to take the close frame
FAREWELL_TAKES = 10.0  # seconds any other is given to say goodbye too


class Listener(Protocol):
    """Whoever hears what comes over a socket."""

    def hear(self, message: bytes, *, text: bool) -> None: ...
    def relieved(self) -> None:
        """The other side reads again."""
        ...

    def lost(self) -> None:
        """There is nobody at the other end any more."""
        ...


class _Deaf:
    """Stands where uvicorn queues messages for an application; nobody takes them there."""

    def put_nowait(self, _event: object) -> None:
        pass


DEAF = cast("asyncio.Queue[Any]", _Deaf())


class AbortableSocket(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which somebody can listen to: no task waits for what comes or goes.

    It can also be cut, since a close frame waits for a peer that reads.
    """

    listener: Listener | None = None
    choked: bool = False
    """The other side reads too slowly for more."""
    write: Callable[[bytes], None]
    """Hands a frame to the network, without waiting."""

    async def run_asgi(self) -> None:
        cast("dict[str, object]", self.scope["extensions"])[WIRE] = self
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self.transport.close()
        else:
            if self.listener is None and self.close_timer is None:
                if not self.handshake_complete:
                    self.send_500_response()
                self.transport.close()

    def listen(self, listener: Listener) -> None:
        """From here on messages go to the listener, and to no queue."""
        self.listener = listener
        self.write = self.transport.write
        early, self.queue = self.queue, DEAF
        while not early.empty():
            event = cast("dict[str, Any]", early.get_nowait())
            if event["type"] == "websocket.receive":
                text = event.get("text")
                message = text.encode() if text is not None else event["bytes"]
                listener.hear(message, text=text is not None)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.disconnected:
            listener.lost()

    def forget_handshake(self) -> None:
        for each in ("scope", "request", "response"):
            self.__dict__.pop(each, None)

    def send_receive_event_to_app(self) -> None:
        if self.listener is None:
            if self.curr_msg_data_type == "text":
                try:
                    b"".join(self.frames).decode()
                except UnicodeDecodeError:
                    self.curr_msg_data_type = "bytes"  # no text, and refused as what it is
            super().send_receive_event_to_app()
            return
        message = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if not self.close_sent:
            self.listener.hear(message, text=self.curr_msg_data_type == "text")

    def pause_writing(self) -> None:
        super().pause_writing()
        self.choked = True
        if self.listener is not None and not self.close_sent:
            # Whoever does not read what he is told is not heard either: answers would pile up.
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.choked = False
        if self.listener is not None:
            if not self.transport.is_closing():
                self.transport.resume_reading()
            self.listener.relieved()

    def hang_up(self, code: int, reason: str) -> None:
        """A close frame; whoever does not take it is cut off."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self.conn.send_close(code, short)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.resume_reading()
        patience = CLOSING_TAKES if self.choked else FAREWELL_TAKES
        self.close_timer = self.loop.call_later(patience, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.lost()


def wire_of(scope: Scope) -> AbortableSocket:
    """The socket below; this server's own, which `guiche serve` hands to uvicorn."""
    wire = scope.get("extensions", {}).get(WIRE)
    if not isinstance(wire, AbortableSocket):
        raise TypeError("serve it in uvicorn with ws=AbortableSocket")
    return wire


def breach(message: object) -> str | None:
    """How a message breaks the protocol, if it does."""
    if not isinstance(message, dict):
        return "A message must be an object"
    payload = message.get("payload")
    match message.get("type"):
        case "connection_init" | "ping" | "pong":
            if not isinstance(payload, dict | None):
                return "The payload must be an object"
        case "subscribe" | "complete" as kind:
            if not isinstance(message.get("id"), str) or not message["id"]:
                return "The id must be a string that is not empty"
            if len(message["id"]) > LONGEST_ID:
                return f"The id has at most {LONGEST_ID} characters"
            return _subscribe_breach(payload) if kind == "subscribe" else None
        case str():
            return "Unknown message type"
        case _:
            return "A message must have a type"
    return None


def _subscribe_breach(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload must be an object"
    if not isinstance(payload.get("documentId"), str | None):
        return "The documentId must be a string"
    if not isinstance(payload.get("query"), str) and (
        payload.get("query") is not None or not named_in(payload)
    ):
        return "The query must be a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "The operationName must be a string"
    for key in ("variables", "extensions"):
        if not isinstance(payload.get(key), dict | None):
            return f"The {key} must be an object"
    return None
