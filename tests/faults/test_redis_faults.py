"""Whatever becomes of Redis, everything goes on, and changes come within two seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import httpx
import pytest
import structlog
from redis.asyncio import Redis

from feed import topics
from feed.bell import Bell
from tests.api.desk import Json, gid
from tests.faults.conftest import Office, Pair
from tests.flows.served import Caller, House, company
from tests.flows.test_two_processes import FOLLOW

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
log = structlog.get_logger(__name__)
AT_MOST_LATE, HEALED_WITHIN = 2.0, 5.0
BUSY = 5
"""So many times as long it may take on a machine that does much else; what was seen is told."""
EACH_WAY = 3
"""Changes that are waited for in every state of Redis, from each server to the other."""
PATIENCE = 60.0


@dataclass
class Traffic:
    """One who writes on a server, and one who watches on the other."""

    writer: Caller
    ticket: str
    latest: int = 0
    seen_at: float = 0.0
    slowest: float = 0.0
    """How long an answer took at worst: so much does the machine add, whatever Redis does."""

    def on_message(self, message: Json) -> None:
        for change in message["changes"]:
            if change["ticketId"] == self.ticket:
                self.latest, self.seen_at = change["ticket"]["version"], monotonic()

    async def write(self) -> int:
        """The ticket's version after a note."""
        began = monotonic()
        done = await self.writer.do(
            *("reply", "ReplyInput", "ticket { version }"),
            ticketId=self.ticket,
            text="Nota",
            visibility="INTERNAL",
        )
        assert done["userErrors"] == []
        self.slowest = max(self.slowest, monotonic() - began)
        version: int = done["ticket"]["version"]
        return version

    async def note(self) -> float:
        """How late the other server told it, from the answer on."""
        version, answered = await self.write(), monotonic()
        async with asyncio.timeout(PATIENCE):
            while self.latest < version:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return max(self.seen_at - answered, 0.0)


@asynccontextmanager
async def traffic(office: Office) -> AsyncIterator[list[Traffic]]:
    """From each server to the other."""
    world = office.world
    people = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    callers = [await office.caller(who, place) for place, who in enumerate(people)]
    for caller in callers:
        caller.client.timeout = PATIENCE
    both = [Traffic(caller, gid(await world.ticket())) for caller in callers]
    async with AsyncExitStack() as stack:
        for one, caller in zip(both, reversed(callers), strict=True):
            watcher = await stack.enter_async_context(caller.follow(FOLLOW))
            watcher.on_message = one.on_message
        yield both


async def latest(both: list[Traffic]) -> tuple[float, float]:
    """The latest arrival now, and how long an answer took at worst."""
    for one in both:
        one.slowest = 0.0

    async def work(one: Traffic) -> float:
        return max([await one.note() for _ in range(EACH_WAY)])

    # One after the other: a server that commits something itself looks at the feed at once.
    return max([await work(one) for one in both]), max(one.slowest for one in both)


@asynccontextmanager
async def load(office: Office) -> AsyncIterator[None]:
    """Another company is at work on both servers all the while."""
    other = await company(office.world.storage)
    ana = await other.person("Ana", level=other.triage)
    house, over = House(office.pair.addresses[0], other), asyncio.Event()
    busy = [
        Traffic(await house.caller(ana, address), gid(await other.ticket()))
        for address in office.pair.addresses
    ]

    async def work(one: Traffic) -> None:
        one.writer.client.timeout = PATIENCE
        while not over.is_set():
            await one.write()
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        for one in busy:
            group.create_task(work(one))
        yield
        over.set()
    await house.close()


async def healed(pair: Pair) -> float:
    """How long until both servers say that Redis answers, and wait for rings."""
    began = monotonic()
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as client:
        for address in pair.addresses:
            while True:
                ready = await client.get(f"{address}/readyz")
                if ready.json()["redis"] == "ok":
                    break
                await asyncio.sleep(0.02)
    return monotonic() - began


async def rings_cross(office: Office, both: list[Traffic]) -> None:
    """What one server commits is rung in another process, and both servers hear that topic."""
    topic = topics.workspace(office.world.workspace.id)
    async with Bell.open(office.pair.redis.url) as bell, bell.hear(topic) as ear:
        async with Redis.from_url(office.pair.redis.url) as redis:
            [(_, hearing)] = await redis.pubsub_numsub(topic)
        assert hearing == 3
        for one in both:
            await one.note()
            assert await ear.wait(PATIENCE)


async def test_redis_killed_absent_frozen_or_flushed_delays_changes_by_a_sweep_and_heals_alone(
    office: Office,
) -> None:
    pair, redis = office.pair, office.pair.redis

    async def nothing() -> None:
        """It is well."""

    async def kill() -> None:
        redis.kill()

    async def freeze() -> None:
        redis.stop()

    async def thaw() -> None:
        redis.cont()

    async def restart() -> None:
        redis.restart()

    async def flush() -> None:
        async with Redis.from_url(redis.url) as client:
            await client.flushall()
            await client.client_kill_filter(_type="pubsub")

    # Not there when a server starts.
    redis.kill()
    pair.kill(1)
    await pair.revive(1)
    states: list[tuple[str, Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = [
        ("absent at the start", nothing, restart),
        ("killed", kill, restart),
        ("frozen", freeze, thaw),
        ("flushed, its listeners cut off", flush, nothing),
        ("restarted", restart, nothing),
    ]
    async with traffic(office) as both, load(office):
        for state, happen, mend in states:
            await happen()
            late, slowest = await latest(both)
            await mend()
            recovery = await healed(pair)
            await rings_cross(office, both)
            log.info("redis", state=state, latest=late, answer=slowest, recovery=recovery)
            assert late < AT_MOST_LATE * BUSY
            assert recovery < HEALED_WITHIN * BUSY
