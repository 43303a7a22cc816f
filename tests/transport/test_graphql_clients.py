"""Clients in use, against the server as it is served."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.transport.house import KEY, Open, until

HERE = Path(__file__).parent
PACKAGES = ["graphql-ws@6", "ws@8", "graphql@16"]
A_MINUTE = 60.0


async def test_gql_asks_by_http_and_follows_by_websocket(door: Open) -> None:
    async with Client(transport=HTTPXAsyncTransport(url=door.url)) as session:
        assert await session.execute(gql("{ hello }")) == {"hello": "hello world"}

    transport = WebsocketsTransport(url=door.ws, init_payload=dict(KEY))
    async with Client(transport=transport) as session:
        numbers = [
            answer["count"]
            async for answer in session.subscribe(gql("subscription { count(to: 3) }"))
        ]

    assert numbers == [1, 2, 3]


@pytest.fixture
async def node_modules() -> Path:
    """Where the reference client is installed, kept between runs."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed, so the reference client cannot be tried")

    home = Path(tempfile.gettempdir()) / "guiche-reference-client"
    if not (home / "node_modules" / "graphql-ws").exists():
        home.mkdir(exist_ok=True)
        npm = await asyncio.create_subprocess_exec(
            "npm", "install", "--no-audit", "--no-fund", "--prefix", str(home), *PACKAGES, cwd=home
        )
        async with asyncio.timeout(A_MINUTE):
            if await npm.wait() != 0:
                pytest.skip("npm could not fetch graphql-ws, ws and graphql")
    return home


async def test_the_reference_client_streams_and_comes_back_by_itself(
    door: Open, node_modules: Path
) -> None:
    script = shutil.copy(HERE / "reference.mjs", node_modules)
    node = await asyncio.create_subprocess_exec(
        "node", script, door.ws, stdout=asyncio.subprocess.PIPE, cwd=node_modules
    )
    assert node.stdout is not None
    seen = lines(node.stdout)

    try:
        async with asyncio.timeout(A_MINUTE):
            assert (await anext(seen))["query"]["data"] == {"hello": "hello world"}
            assert await anext(seen) == {"subscription": {"data": {"count": 3}}}
            assert await anext(seen) == {"refused": "GRAPHQL_PARSE_FAILED"}
            assert list(await anext(seen)) == ["first"]

            door.house.sessions[-1].over.set_result((4403, "The session is over"))
            assert list(await anext(seen)) == ["again"]

            await until(lambda: len(door.app.switchboard.sockets) == 1)
            (served,) = door.app.switchboard.sockets
            await served.let_go(1012, "Service restart")
            assert list(await anext(seen)) == ["once more"]
            assert await node.wait() == 0
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    async for line in stream:
        yield json.loads(line)
