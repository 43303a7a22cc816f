"""What travels over a socket: text frames of JSON, sent in time, and the rules they keep."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

ABORT = "guiche.abort"
LONGEST_REASON = 123  # bytes; a close frame holds no more
CLOSING_TAKES = 1.0  # seconds a peer that does not read is given to take the close frame


class AbortableSocket(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which can also be cut: a close frame waits for a peer that reads."""

    async def run_asgi(self) -> None:
        extensions = cast("dict[str, object]", self.scope["extensions"])
        extensions[ABORT] = self.transport.abort
        await super().run_asgi()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"  # no text, and refused as what it is
        super().send_receive_event_to_app()


class Frames(ASGIWebSocketAdapter):
    """Text frames of JSON, each sent within a deadline."""

    ws: WebSocket

    def __init__(self, *stock: Any, send_deadline: float, max_frame: int) -> None:
        super().__init__(*stock)
        self.send_deadline = send_deadline
        self.max_frame = max_frame
        self.reader: asyncio.Task[Any] | None = None
        self.closed = False
        self.left = False  # the reader was ended by us, for want of another way

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        while not self.closed:
            frame = await self.ws.receive()
            if frame["type"] == "websocket.disconnect":
                self.closed = True
                return
            text = frame.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text) * 4 > self.max_frame and len(text.encode()) > self.max_frame:
                await self.close(1009, f"A message has at most {self.max_frame} bytes")
                return
            try:
                message = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise NonJsonMessageReceived from error
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        text = orjson.dumps(message).decode()
        if self.closed:
            raise WebSocketDisconnected
        try:
            async with asyncio.timeout(self.send_deadline):
                await self.ws.send_text(text)
        except TimeoutError as error:
            await self.close(1013, "The client does not read")
            raise WebSocketDisconnected from error
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close once; a later cause changes nothing."""
        if self.closed:
            return
        self.closed = True
        if self.ws.client_state is WebSocketState.DISCONNECTED:
            return

        short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            async with asyncio.timeout(CLOSING_TAKES):
                await self.ws.close(code, short)
        except TimeoutError:
            self._cut()
        except (WebSocketDisconnect, RuntimeError):
            pass  # gone before us

    def _cut(self) -> None:
        abort = self.ws.scope.get("extensions", {}).get(ABORT)
        if abort is not None:
            abort()
        elif self.reader is not None and self.reader is not asyncio.current_task():
            self.left = True
            self.reader.cancel()  # under a server that cannot cut, at least our side ends


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
            return _subscribe_breach(payload) if kind == "subscribe" else None
        case str():
            return "Unknown message type"
        case _:
            return "A message must have a type"
    return None


def _subscribe_breach(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload must be an object"
    if not isinstance(payload.get("query"), str):
        return "The query must be a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "The operationName must be a string"
    for key in ("variables", "extensions"):
        if not isinstance(payload.get(key), dict | None):
            return f"The {key} must be an object"
    return None
