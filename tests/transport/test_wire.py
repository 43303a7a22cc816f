"""A connection from its handshake on, spoken to byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from starlette.responses import Response
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from server.wire import wired
from tests.transport.house import KEY, PATIENCE, PROTOCOL, Open, closing, opened, say, until

HEADERS = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": PROTOCOL,
}


class Line:
    """A client that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, kind: Opcode, payload: bytes, *, fin: bool = True) -> None:
        self.writer.write(Frame(kind, payload, fin=fin).serialize(mask=True))

    async def frame(self) -> tuple[int, bytes]:
        async with asyncio.timeout(PATIENCE):
            head, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            return head & 15, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


@asynccontextmanager
async def dialled(
    door: Open, method: str = "GET", path: str = "/graphql", **headers: str | None
) -> AsyncIterator[tuple[bytes, Line]]:
    """What is answered to that handshake, and the line after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in (HEADERS | given).items() if value is not None]
    writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())
    try:
        async with asyncio.timeout(PATIENCE):
            yield await reader.readuntil(b"\r\n\r\n"), Line(reader, writer)
    finally:
        writer.close()


async def test_the_handshake_is_that_of_the_rfc(door: Open) -> None:
    async with dialled(door) as (answer, _):
        first, *lines = answer.decode().rstrip().split("\r\n")

    assert first == "HTTP/1.1 101 Switching Protocols"
    assert dict(line.split(": ") for line in lines) == {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, 400),
        ({"Sec_WebSocket_Key": "no base64 at all"}, 400),
        ({"method": "POST"}, 400),
        ({"path": "/elsewhere"}, 404),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
async def test_what_is_no_handshake_for_us_is_refused_and_hung_up_on(
    door: Open, said: dict[str, str], status: int
) -> None:
    async with dialled(door, **said) as (answer, line):
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"connection: close" in answer
        await line.rest()
    assert not door.app.switchboard.sockets


async def test_a_process_that_leaves_says_so_to_whoever_knocks() -> None:
    async with opened() as door:
        leaving = Response(b"Elsewhere.", 503)
        door.server.config.ws_protocol_class = wired(door.app.lobby(lambda path, headers: leaving))
        with pytest.raises(InvalidStatus, match="503"):
            async with door.socket():
                pass


async def test_an_address_is_believed_of_a_proxy_that_is_trusted() -> None:
    async with opened(per_address=1) as door, door.socket():
        async with door.socket(additional_headers={"X-Forwarded-For": "203.0.113.7"}):
            pass
        async with door.socket(None) as second:
            assert (await closing(second))[0] == 1013


async def test_a_message_in_parts_is_one_and_a_ping_between_them_is_answered(door: Open) -> None:
    async with dialled(door) as (_, line):
        said = orjson.dumps({"type": "connection_init", "payload": KEY})
        line.send(Opcode.TEXT, said[:7], fin=False)
        line.send(Opcode.PING, b"there?")
        line.send(Opcode.CONT, said[7:])

        assert await line.frame() == (Opcode.PONG, b"there?")
        assert await line.frame() == (Opcode.TEXT, b'{"type":"connection_ack"}')


async def test_a_goodbye_is_said_back_and_the_line_is_closed(door: Open) -> None:
    async with dialled(door) as (_, line):
        line.send(Opcode.CLOSE, b"\x0f\xa0I have to go")

        assert await line.frame() == (Opcode.CLOSE, b"\x0f\xa0")
        assert await line.rest() == b""
    await door.empty()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x02hi", 1002),
        (b"\x81\xff" + b"\xff" * 8, 1009),
        (Frame(Opcode.CLOSE, b"\x03\xed").serialize(mask=True), 1002),
    ],
    ids=["not masked", "too long", "no code"],
)
async def test_what_is_no_websocket_is_told_so_and_heard_no_more(
    door: Open, sent: bytes, code: int
) -> None:
    async with dialled(door) as (_, line):
        line.writer.write(sent + Frame(Opcode.PING, b"more").serialize(mask=True))

        kind, payload = await line.frame()
        assert (kind, payload[:2]) == (Opcode.CLOSE, code.to_bytes(2, "big"))
        assert await line.rest() == b""
    await door.empty()


async def test_whoever_hangs_up_without_a_word_is_gone(door: Open) -> None:
    async with dialled(door) as (_, line):
        await until(lambda: len(door.app.switchboard.sockets) == 1)
        line.writer.transport.abort()
        await until(lambda: not door.app.switchboard.sockets)


async def test_messages_that_come_while_somebody_signs_in_wait(door: Open) -> None:
    async with door.socket(None) as socket:
        await say(socket, type="connection_init", payload=KEY)
        await say(socket, type="subscribe", id="1", payload={"query": "{ hello }"})
        heard = [orjson.loads(await socket.recv()) for _ in range(3)]

    assert [each["type"] for each in heard] == ["connection_ack", "next", "complete"]
