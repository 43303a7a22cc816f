"""Frames of RFC 6455, as far as a server needs them: whole messages out of bytes, and back.

Our own, since fan-out lives on what a frame costs, and nothing is kept for a socket that is silent:
no reader, no queue, no extension.
"""

from collections.abc import Iterator

from websockets.utils import apply_mask

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RESERVED, MASKED = 0x80, 0x70, 0x80
MOST_IN_CONTROL = 125
LONGEST_REASON = MOST_IN_CONTROL - 2
SAID_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
"""Codes that may be sent; the others mean that nothing was."""


class Broken(Exception):
    """What came is no websocket any more; nothing after it can be read."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Frames:
    """What a client sends: each message once it is whole, none longer than the limit."""

    __slots__ = ("_kind", "_limit", "_parts", "_rest", "_size", "_wanted")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest: bytes | bytearray = b""
        self._wanted = 0
        """How much has to be there before it is worth a look."""
        self._kind = CONTINUED
        """Of the message that comes in parts; none does."""
        self._parts: list[bytes] | None = None
        self._size = 0

    def read(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Messages, and what is said about the connection itself; Broken at the first offence."""
        if self._rest:
            if not isinstance(self._rest, bytearray):
                self._rest = bytearray(self._rest)
            # Looked at when there is enough: bytes that drip in are not read over and over.
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data, self._rest = bytes(self._rest), b""
        self._wanted = 0
        at, end = 0, len(data)
        while end - at >= 2:
            head, length, body = data[at], data[at + 1] & 127, at + 2
            kind = head & 15
            self._check(head, kind, data[at + 1], length)
            if length > MOST_IN_CONTROL:
                wide = 2 if length == 126 else 8
                if end - body < wide:
                    self._wanted = 2 + wide
                    break
                length = int.from_bytes(data[body : body + wide], "big")
                body += wide
            if kind < CLOSE and self._size + length > self._limit:
                # Before it is held: a header is all that it takes to know.
                raise Broken(1009, f"A message has at most {self._limit} bytes")
            start = body + 4
            if end - start < length:
                self._wanted = start + length - at
                break
            at = start + length
            payload = apply_mask(data[start:at], data[body:start])
            if kind >= CLOSE or (head & FIN and not self._kind):
                yield kind, payload
            else:
                self._add(kind, payload)
                if head & FIN:
                    yield self._whole()
        self._rest = data[at:] if at else data

    def _check(self, head: int, kind: int, second: int, length: int) -> None:
        if head & RESERVED:
            raise Broken(1002, "No extension was agreed on")
        if not second & MASKED:
            raise Broken(1002, "What a client sends is masked")
        if kind >= CLOSE:
            if kind > PONG or length > MOST_IN_CONTROL or not head & FIN:
                raise Broken(1002, "A control frame of no kind that there is")
        elif kind > BINARY or (kind == CONTINUED) is not bool(self._kind):
            raise Broken(1002, "A frame that does not go on from the one before")

    def _add(self, kind: int, payload: bytes) -> None:
        if self._parts is None:
            self._kind, self._parts = kind, []
        if payload:
            self._parts.append(payload)
            self._size += len(payload)

    def _whole(self) -> tuple[int, bytes]:
        kind, message = self._kind, b"".join(self._parts or ())
        self._kind, self._parts, self._size = CONTINUED, None, 0
        return kind, message


def heading(length: int, kind: int = TEXT) -> bytes:
    """The beginning of a frame of that many bytes."""
    if length <= MOST_IN_CONTROL:
        return bytes((FIN | kind, length))
    if length < 65536:
        return bytes((FIN | kind, 126, length >> 8, length & 255))
    return bytes((FIN | kind, 127)) + length.to_bytes(8, "big")


def framed(payload: bytes, kind: int = TEXT) -> bytes:
    return heading(len(payload), kind) + payload


def farewell(code: int, reason: str = "") -> bytes:
    """A close frame, with as much of the reason as it holds."""
    short = reason.encode()[:LONGEST_REASON].decode(errors="ignore").encode()
    return framed(code.to_bytes(2, "big") + short, CLOSE)


def code_of(payload: bytes) -> int:
    """What a close frame says; 1005 where it says nothing."""
    if not payload:
        return 1005
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in SAID_CODES or 3000 <= code < 5000):
        raise Broken(1002, "No code that may be said")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Broken(1007, "A reason that is no text") from None
    return code
