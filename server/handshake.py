"""How somebody asks for a websocket, and what they are answered."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from websockets.utils import accept_key

if TYPE_CHECKING:
    from server.wire import Wire

SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
)
KEY_BYTES = 16
VERSION = "13"


class Handshake:
    """A request as uvicorn writes it out again, once it has read and checked it."""

    __slots__ = ("_method", "address", "headers", "path")

    def __init__(self, request: bytes, address: Callable[[Headers], str]) -> None:
        first, *lines = request[:-4].split(b"\r\n")
        self._method, target, _ = first.split(b" ", 2)
        self.path = unquote(target.partition(b"?")[0].decode("latin-1"))
        parts = (line.partition(b": ") for line in lines)
        self.headers = Headers(raw=[(name, value) for name, _, value in parts])
        self.address = address(self.headers)
        """Where they come from, behind a proxy as that says it."""

    @property
    def offered(self) -> list[str]:
        """Subprotocols, in order of preference."""
        said = self.headers.getlist("sec-websocket-protocol")
        return [each.strip() for line in said for each in line.split(",")]

    @property
    def unfit(self) -> Response | None:
        """What makes it no handshake, if anything does."""
        if self.headers.getlist("sec-websocket-version") != [VERSION]:
            return Response(status_code=426, headers={"Sec-WebSocket-Version": VERSION})
        keys = self.headers.getlist("sec-websocket-key")
        try:
            length = len(b64decode(keys[0], validate=True)) if len(keys) == 1 else 0
        except (binascii.Error, ValueError):
            length = 0
        fit = self._method == b"GET" and length == KEY_BYTES
        return None if fit else Response(status_code=400)

    def acceptance(self, subprotocol: str | None) -> bytes:
        chosen = b""
        if subprotocol is not None:
            chosen = b"Sec-WebSocket-Protocol: %b\r\n" % subprotocol.encode()
        return SWITCHING % (accept_key(self.headers["sec-websocket-key"]).encode(), chosen)


class Lobby(Protocol):
    """Who may come in, and to whom they then speak."""

    max_frame: int
    tick: float
    """Seconds in which what one socket is told by groups leaves in one write."""

    def knock(self, handshake: Handshake) -> "Response | str | None":
        """A refusal, or the subprotocol that is spoken; none, where there is none in common."""
        ...

    def enter(self, wire: "Wire", handshake: Handshake) -> None:
        """The socket is open."""
        ...


def refusal(answer: Response) -> bytes:
    """An answer that ends the connection."""
    lines = [b"HTTP/1.1 %d \r\n" % answer.status_code]
    lines += [b"%b: %b\r\n" % each for each in answer.raw_headers if each[0] != b"connection"]
    return b"".join((*lines, b"connection: close\r\n\r\n", bytes(answer.body)))
