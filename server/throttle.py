"""How often one may: sign in, look up a protocol, and ask at all, by what it costs.

A try to sign in counts by e-mail and address, a look-up by number and address: here and, where
there is Redis, for all processes together. While it is away, what is counted here goes on: that
opens no door, and nobody waits for it. What one caller spends is counted in each process alone, as
it is asked with every request.
"""

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from time import monotonic, time
from typing import Any

import structlog
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from starlette.requests import HTTPConnection

from domain.errors import RateLimited

log = structlog.get_logger(__name__)

MINUTES = 5
PATIENCE = 0.25
"""Seconds that Redis is waited for; after that it is not asked again for as long as AWAY."""
AWAY = 5.0
CALLERS = 50_000
"""How many are remembered for what they spent; whoever was forgotten has all of it again."""
SIX_BITS = 64
"""Of an address of IPv6: whoever has one has all that begin like it."""


@dataclass(frozen=True, kw_only=True)
class Tries:
    """How many tries there are; what is counted by a day stays few, however patient somebody is."""

    sign_in: int = 10
    of_address: int = 100
    protocol: int = 10
    """A day, to look up one number from one address."""
    protocol_from_everywhere: int = 50
    """A day."""
    lookups_of_address: int = 100
    lookups_of_key: int = 3_000
    answers: int = 20
    """Messages from the page of one protocol."""


class Throttle:
    def __init__(
        self, hidden: Callable[[str], str], tries: Tries, redis: RedisStorage | None = None
    ) -> None:
        self._hidden = hidden
        self._tries = RateLimitItemPerMinute(tries.sign_in, MINUTES)
        self._tries_of_address = RateLimitItemPerMinute(tries.of_address, MINUTES)
        self._of_protocol = RateLimitItemPerDay(tries.protocol)
        self._from_everywhere = RateLimitItemPerDay(tries.protocol_from_everywhere)
        self._lookups_of_address = RateLimitItemPerMinute(tries.lookups_of_address, MINUTES)
        self._lookups_of_key = RateLimitItemPerMinute(tries.lookups_of_key, MINUTES)
        self._answers = RateLimitItemPerMinute(tries.answers, MINUTES)
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._together = SlidingWindowCounterRateLimiter(redis) if redis else None
        self._away_until = 0.0

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, hidden: Callable[[str], str], tries: Tries, redis_url: str
    ) -> AsyncIterator["Throttle"]:
        if redis_url.startswith("memory://"):
            yield cls(hidden, tries)
            return
        pool = ConnectionPool.from_url(
            redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        shared: Any = pool  # handed on to redis-py, of whose options the types know the plain ones
        redis = RedisStorage(redis_url, implementation="redispy", connection_pool=shared)
        try:
            yield cls(hidden, tries, redis)
        finally:
            await pool.aclose()

    async def sign_in(self, email: str, address: str) -> None:
        """One more try, of whoever resolves it; RATE_LIMITED when there were too many."""
        # An e-mail is not kept, nor is it told to Redis.
        who = self._hidden(email.strip().lower())
        where = network(address)
        await self._count(self._tries_of_address, "address", where)
        await self._count(self._tries, "sign-in", who, where)

    async def looks_up(self, protocol: str, address: str) -> None:
        """One more look-up of that number by somebody with a proof, whether or not there is one."""
        # A number is not told to Redis either, and may be anything that somebody typed.
        number, where = self._hidden("".join(protocol.split())), network(address)
        await self._count(self._lookups_of_address, "look-up", where)
        await self._count(self._of_protocol, "protocol", number, where)
        await self._count(self._from_everywhere, "protocol", number)

    async def answers(self, protocol: str) -> None:
        """One more message from the page of that protocol."""
        await self._count(self._answers, "answer", self._hidden(protocol))

    async def partner_looks_up(self, key: str) -> None:
        """One more look-up by a partner's key."""
        await self._count(self._lookups_of_key, "partner", key)

    async def knocked(self, door: str, address: str) -> int:
        """One more failure at that door; seconds to stay away when there were too many."""
        try:
            await self._count(self._tries_of_address, door, network(address))
        except RateLimited as refusal:
            seconds: int = refusal.values["seconds"]
            return seconds
        return 0

    async def _count(self, item: RateLimitItem, *key: str) -> None:
        if not (await self._here.hit(item, *key) and await self._hit_together(item, *key)):
            stats = await self._here.get_window_stats(item, *key)
            raise RateLimited("too_often", seconds=max(1, math.ceil(stats.reset_time - time())))

    async def _hit_together(self, item: RateLimitItem, *key: str) -> bool:
        if self._together is None or monotonic() < self._away_until:
            return True
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._together.hit(item, *key)
        except Exception as error:
            self._away_until = monotonic() + AWAY
            log.warning("throttle.redis_away", fault=type(error).__qualname__)
            return True


class Purses:
    """What each caller has left to spend; it comes back steadily, over a minute."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(a_minute)
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def spend(self, caller: Hashable, cost: int) -> float:
        """Seconds to wait until there is enough; 0 when there was, and it is spent.

        Whatever is wanted may be had by whoever has a full purse.
        """
        if not self._most:
            return 0.0
        now = self._clock()
        left, at = self._left.pop(caller, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        wanted = min(float(cost), self._most)
        short = wanted - left
        self._left[caller] = (left if short > 0 else left - wanted, now)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return max(0.0, short) * 60 / self._most


def address_of(connection: HTTPConnection) -> str:
    """Where a request or socket came from, behind a proxy as that says it."""
    return connection.client.host if connection.client else ""


class Holding:
    """How many bytes that callers send are held at a time: of all of them, and of each."""

    def __init__(self, most: int, of_each: int) -> None:
        self._most, self._of_each = most, of_each
        self._all = 0
        self._of: Counter[Hashable] = Counter()

    @property
    def of_all(self) -> int:
        return self._all

    def has_room(self, size: int) -> bool:
        return self._all + size <= self._most

    def has_room_for(self, caller: Hashable, size: int) -> bool:
        return self._of[caller] + size <= self._of_each

    @contextmanager
    def held(self, caller: Hashable, size: int) -> Iterator[None]:
        """As long as they are held."""
        self._all += size
        self._of[caller] += size
        try:
            yield
        finally:
            self._all -= size
            self._of[caller] -= size
            if not self._of[caller]:
                del self._of[caller]


def network(address: str) -> str:
    """Where somebody asks from: their address, or all of IPv6 that is as good as theirs."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 6:
        mapped = known.ipv4_mapped
        return str(mapped or ip_network((int(known), SIX_BITS), strict=False))
    return str(known)
