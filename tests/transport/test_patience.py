"""Who opens a connection and says nothing is not waited for; who says something is."""

import asyncio
import json
from contextlib import suppress

import pytest

from server.patience import PatientHttp
from tests.transport.house import KEY, PATIENCE, Open, hear, opened, subscribe

HEAD = b"POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
ASKED = json.dumps({"query": "{ hello }"}).encode()
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(ASKED) + ASKED
SHORT = 0.2


class Hasty(PatientHttp):
    grace = SHORT


async def said(door: Open, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that is answered to these parts, until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /gra",
        HEAD,
        HEAD + b"content-length: 100\r\n\r\n{",
        HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        HEAD.replace(b"application/json", b"multipart/form-data; boundary=x")
        + b"graphql-require-preflight: 1\r\ncontent-length: 100\r\n\r\n--x",
    ],
    ids=["nothing", "no address", "half a head", "half a body", "no last chunk", "half a form"],
)
async def test_a_request_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    async with opened(http=Hasty) as door:
        answer = await said(door, begun)
        after_another = await said(door, WHOLE, begun or b"G", pause=SHORT / 4)

        assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 401"))
        assert b"hello world" in after_another
        await door.house.quiet()
        await door.empty()


async def test_one_that_comes_slowly_but_comes_is_answered() -> None:
    async with opened(http=Hasty) as door:
        spaces = [b" " * 100] * 8
        begun = HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % (len(ASKED) + 800)

        answer = await said(door, begun, *spaces, ASKED, pause=SHORT / 4)

        assert answer.startswith(b"HTTP/1.1 200")


async def test_a_socket_may_be_as_quiet_as_it_likes() -> None:
    async with opened(http=Hasty) as door, door.socket(KEY) as socket:
        await asyncio.sleep(2 * SHORT)
        await subscribe(socket, "1", "{ hello }")

        assert (await hear(socket))["type"] == "next"
