"""Two servers on one PostgreSQL and one Redis: what one does, those who follow the other see."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import BinaryIO

import httpx
import pytest
import structlog

from domain.words import TicketStatus
from feed.bell import Bell
from server.opening import open_store, ringing
from server.secrets import Keyring
from tests.api.desk import gid
from tests.flows.served import SECRET, Caller, House, Watcher, company, settings
from tests.services import RedisServer

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
GUICHE = str(Path(sys.executable).with_name("guiche"))
log = structlog.get_logger(__name__)
START_LIMIT = 120.0
A_SWEEP = 2.0
FOLLOW = (
    "subscription { queueChanges { cursor resync changes { kind ticketId ticket { version }"
    " entry { sequence } } } }"
)
NOTES = 20


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
async def servers(
    own_redis: RedisServer, served_url: str, tmp_path: Path
) -> AsyncIterator[list[str]]:
    """Two processes that serve, as an operator starts them."""
    processes, addresses = [], []
    with (tmp_path / "log").open("wb") as log:
        try:
            for _ in range(2):
                port = free_port()
                processes.append(start(port, served_url, own_redis.url, tmp_path, log))
                addresses.append(f"http://127.0.0.1:{port}")
            for address, process in zip(addresses, processes, strict=True):
                await answers(address, process, tmp_path / "log")
            yield addresses
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    await asyncio.to_thread(process.wait, 15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture
async def house(
    servers: list[str], own_redis: RedisServer, served_url: str
) -> AsyncIterator[House]:
    """The company, kept by a third process: this one."""
    chosen = settings(served_url, own_redis.url)
    async with (
        Bell.open(chosen.redis_url) as bell,
        open_store(chosen, Keyring(SECRET), ringing(bell)) as storage,
    ):
        opened = House(servers[0], await company(storage))
        try:
            yield opened
        finally:
            await opened.close()


def start(
    port: int, database_url: str, redis_url: str, folder: Path, log: BinaryIO, **more: str
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET,
        "ALLOW_UNSAFE_DATABASE": "true",
        "EMBEDDED_WORKER": "false",
        "SHUTDOWN_SECONDS": "1",
        **more,
    }
    command = [GUICHE, "serve", "--port", str(port)]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def answers(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    limit = time.monotonic() + START_LIMIT
    async with httpx.AsyncClient(verify=False) as client:
        while time.monotonic() < limit and process.poll() is None:
            try:
                if (await client.get(f"{address}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(log.read_text()[-2000:])


async def noted(caller: Caller, ticket: str, text: str) -> int:
    """The ticket's version after a note on it."""
    done = await caller.do(
        "reply",
        "ReplyInput",
        "ticket { version }",
        ticketId=ticket,
        text=text,
        visibility="INTERNAL",
    )
    version: int = done["ticket"]["version"]
    return version


def version_of(watcher: Watcher) -> int:
    """The last one it was told."""
    return watcher.changes[-1]["ticket"]["version"] if watcher.changes else 0


async def test_what_happens_on_one_server_is_seen_on_the_other_whatever_redis_does(
    house: House, servers: list[str], own_redis: RedisServer
) -> None:
    world = house.world
    people = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = gid(await world.ticket(status=TicketStatus.OPEN))
    callers = [await house.caller(who, url) for who, url in zip(people, servers, strict=True)]

    async def delays(count: int, patience: float) -> list[float]:
        """From the answer on one server to the sight on the other, there and back."""
        took = []
        for number in range(count):
            doing, seeing = number % 2, 1 - number % 2
            version = await noted(callers[doing], ticket, f"Nota {number}")
            began = time.monotonic()
            await watchers[seeing].until(lambda it: version_of(it) >= version, patience)  # noqa: B023
            took.append(time.monotonic() - began)
        return took

    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(each.follow(FOLLOW)) for each in callers]
        with_redis = await delays(NOTES, A_SWEEP)

        own_redis.kill()
        without = await delays(4, A_SWEEP + 0.5)

        own_redis.restart()
        healed: list[float] = []
        for _ in range(10):
            healed = await delays(2, A_SWEEP + 0.5)
            if max(healed) < 0.2:
                break
            await asyncio.sleep(0.5)

        sequences = [[change["entry"]["sequence"] for change in each.changes] for each in watchers]

    log.info("seen", median=median(with_redis), worst=max(with_redis), without_redis=without)
    assert median(with_redis) < 0.2
    assert max(healed) < 0.2
    for told in sequences:
        assert told == sorted(set(told))
    assert not any(each["resync"] for watcher in watchers for each in watcher.messages)


async def test_one_comes_back_on_the_other_server_with_the_cursor_of_the_first(
    house: House, servers: list[str]
) -> None:
    world = house.world
    ana = await world.person("Ana", level=world.triage)
    ticket = gid(await world.ticket(status=TicketStatus.OPEN))
    here, there = [await house.caller(ana, url) for url in servers]
    plainly, resuming = "subscription { queueChanges", "queueChanges(after: $a)"
    document = FOLLOW.replace(plainly, f"subscription($a: String) {{ {resuming}")
    async with here.follow(FOLLOW) as watcher:
        cursor = watcher.cursor
    versions = [await noted(here, ticket, f"Nota {number}") for number in range(5)]

    async with there.follow(document, a=cursor) as watcher:
        await watcher.until(lambda it: bool(it.changes))
        [change] = watcher.changes

    assert change["ticket"]["version"] == versions[-1]
