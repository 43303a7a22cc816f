"""How a ring travels between processes: over Redis, while it is there.

Redis may be absent, die, freeze or come back; nobody here waits for it longer than
`PATIENCE`. A ring always reaches the own process. What could not be sent is sent once
the link is back, and every topic heard here is then rung, for what was missed meanwhile.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from broadcaster import Event
from broadcaster._backends.base import BroadcastBackend
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection, ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

PATIENCE = 0.25  # for a publish, a subscription's confirmation, the first link, the last rings
HANDSHAKE = 2.0
PING_EVERY = 2.0
SILENCE = 3 * PING_EVERY  # a frozen Redis keeps its sockets open; only silence gives it away
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
MOST_UNSENT = 10_000

log = structlog.get_logger()


Tell = Callable[[str], None]
"""Hears what happens to the bell; a call takes no time and does not fail."""


def nobody(_event: str) -> None:
    """Nobody wants to know."""


class RedisBackend(BroadcastBackend):
    """A backend for broadcaster's façade whose link to Redis is kept up for good.

    Its queues hold a topic at most once, so the number of topics bounds them.
    """

    def __init__(self, url: str, tell: Tell = nobody) -> None:
        pool = _pool(url, retries=0)
        self._connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
        # One more try: the connection may be left over from before a restart.
        self._client = Redis(connection_pool=_pool(url, retries=1))
        # Sent as the payload, so that a process knows its own rings: those it has heard already.
        self._tell = tell
        self._origin = secrets.token_hex(8).encode()

        self._wanted: set[str] = set()
        self._confirmed: set[str] = set()
        self._confirmations: dict[str, asyncio.Event] = {}
        self._wanted_changed = asyncio.Event()

        self._heard: dict[str, None] = {}
        self._hearing = asyncio.Event()
        self._unsent: dict[str, None] = {}
        self._sending = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()

        self._linked = asyncio.Event()
        self._tried = asyncio.Event()
        self._away_since: float | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Whether Redis answers, and every topic wanted when it came is subscribed."""
        return self._linked.is_set()

    async def connect(self) -> None:
        self._tasks = [asyncio.create_task(self._keep_link()), asyncio.create_task(self._send())]
        await _patiently(self._tried)

    async def disconnect(self) -> None:
        if self.connected:
            await _patiently(self._all_sent)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        with suppress(RedisError):
            await self._client.connection_pool.disconnect()

    async def subscribe(self, group: str) -> None:
        """Returns once Redis confirmed; without Redis at once, and the topic is rung later."""
        self._wanted.add(group)
        self._wanted_changed.set()
        if not self.connected or group in self._confirmed:
            return

        confirmation = self._confirmations[group] = asyncio.Event()
        try:
            await _patiently(confirmation)
        finally:
            del self._confirmations[group]

    async def unsubscribe(self, group: str) -> None:
        self._wanted.discard(group)
        self._heard.pop(group, None)
        self._wanted_changed.set()

    async def publish(self, channel: str, message: Any) -> None:
        """Rings the others, from the background: here it was rung. The message is ignored."""
        self._unsent[channel] = None
        if len(self._unsent) > MOST_UNSENT:
            del self._unsent[next(iter(self._unsent))]
        self._all_sent.clear()
        self._sending.set()

    async def next_published(self) -> Event:
        while not self._heard:
            self._hearing.clear()
            await self._hearing.wait()
        channel = next(iter(self._heard))
        del self._heard[channel]
        return Event(channel, "")

    def _hear(self, channel: str) -> None:
        if channel in self._wanted:
            self._heard[channel] = None
            self._hearing.set()

    async def _keep_link(self) -> None:
        """Link, and link again, for as long as the process lives."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(HANDSHAKE):
                    await self._connection.connect()  # type: ignore[no-untyped-call]
                async with asyncio.TaskGroup() as link:
                    link.create_task(self._read())
                    link.create_task(self._write())
            # Whatever it was, a bell that stops listening for good is worse.
            except* Exception as lost:
                # A Redis that greets and hangs up is asked, and logged, ever less often.
                lasted = time.monotonic() - began
                pause = FIRST_PAUSE if lasted > SILENCE else min(2 * pause, LONGEST_PAUSE)
                self._lost(lost.exceptions[0])
            finally:
                await self._connection.disconnect(nowait=True)
            # Spread out, so that a fleet does not come back all at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _read(self) -> None:
        while True:
            async with asyncio.timeout(SILENCE):
                # Disconnected on an error, the writer's next word would link again behind our back.
                reply = await self._connection.read_response(disconnect_on_error=False)
            match reply:
                # Anybody may publish anything, so the payload is compared but never decoded.
                case [b"message", bytes(channel), payload] if payload != self._origin:
                    self._hear(channel.decode())
                case [b"subscribe", bytes(channel), _]:
                    self._confirm(channel.decode())
                case [b"pong", _] | b"PONG":
                    self._found()

    async def _write(self) -> None:
        asked: set[str] = set()
        while True:
            self._wanted_changed.clear()
            new, gone = self._wanted - asked, asked - self._wanted
            asked = set(self._wanted)
            self._confirmed -= gone
            if gone:
                await self._connection.send_command("UNSUBSCRIBE", *gone)
            if new:
                await self._connection.send_command("SUBSCRIBE", *new)
            # Answers come in order, so the first pong also says that all topics are subscribed.
            await self._connection.send_command("PING")
            await _patiently(self._wanted_changed, PING_EVERY)

    def _confirm(self, channel: str) -> None:
        self._confirmed.add(channel)
        if channel in self._confirmations:
            self._confirmations[channel].set()
        else:
            # Nobody waited for it, so there are ears that already rely on it: the gap is rung.
            self._tell("gap")
            self._hear(channel)

    def _found(self) -> None:
        if self.connected:
            return
        if self._away_since is not None:
            away = round(time.monotonic() - self._away_since, 1)
            log.info("bell.reconnected", topics=len(self._confirmed), away_seconds=away)
        self._tell("linked")
        self._away_since = None
        self._linked.set()
        self._tried.set()

    def _lost(self, reason: BaseException) -> None:
        if self.connected:
            self._tell("lost")
        self._linked.clear()
        self._confirmed.clear()
        self._tried.set()
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.warning("bell.disconnected", reason=str(reason) or type(reason).__name__)

    async def _send(self) -> None:
        """Send what was rung here; what fails waits for a better moment, once a topic."""
        refused = False
        while True:
            await self._sending.wait()
            await self._linked.wait()
            topic = next(iter(self._unsent))
            # Taken out first: a ring during the sending is news, and must be sent as well.
            del self._unsent[topic]
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._client.publish(topic, self._origin)
            except ResponseError as reason:
                # Redis is well and will not have it; asking again would change nothing.
                if not refused:
                    log.error("bell.refused", reason=str(reason))
                refused = True
            except Exception:
                self._unsent[topic] = None
                await asyncio.sleep(PATIENCE)
            if not self._unsent:
                self._sending.clear()
                self._all_sent.set()


def _pool(url: str, retries: int) -> ConnectionPool:
    options: dict[str, Any] = dict(parse_url(url))
    # All waiting is bounded here, and with a socket_timeout redis-py sends under wait_for,
    # which on Python 3.11 can swallow a cancellation. RESP2: every server since 2.0 speaks it.
    options |= {
        "protocol": 2,
        "decode_responses": False,
        "socket_timeout": None,
        "socket_connect_timeout": HANDSHAKE,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), retries),
    }
    return ConnectionPool(**options)


async def _patiently(event: asyncio.Event, seconds: float = PATIENCE) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
