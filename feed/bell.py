"""The bell: a ring says that there is something to read, never what.

A ring is a hint. It may come twice, late or for nothing; whoever hears it reads the
story in the database after his own position, and sweeps now and then in case it is lost.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog
from broadcaster import Broadcast
from broadcaster._base import Subscriber

from feed.redis_bell import RedisBackend, Tell, nobody

log = structlog.get_logger()


class Bell:
    """Rings topics, and lends ears to those who wait for a ring."""

    def __init__(
        self, broadcast: Broadcast, redis: RedisBackend | None, tell: Tell = nobody
    ) -> None:
        self._broadcast = broadcast
        self._redis = redis
        self._tell = tell
        self._lines: dict[str, Line] = {}
        self._rung: dict[str, None] = {}
        self._ringing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, tell: Tell = nobody) -> AsyncIterator["Bell"]:
        """A bell for one process (memory://) or between processes (redis://, rediss://).

        A Redis that is not there yet is no error: rings stay in the process until it comes.
        """
        scheme = urlsplit(url).scheme
        if scheme not in {"memory", "redis", "rediss"}:
            raise ValueError(f"a bell needs memory://, redis:// or rediss://, not {scheme}://")

        redis = None if scheme == "memory" else RedisBackend(url, tell)
        async with Broadcast(url, backend=redis) as broadcast:
            bell = cls(broadcast, redis, tell)
            ringer = bell._start(bell._pass_on())
            try:
                yield bell
            finally:
                await bell._close(ringer)

        # The façade cancels its listener without waiting for it; one turn of the loop ends it.
        await asyncio.sleep(0)

    @property
    def connected(self) -> bool:
        """Whether rings go from process to process right now."""
        return self._redis is None or self._redis.connected

    def ring(self, topic: str) -> None:
        """Wake all who hear a topic, here and elsewhere; returns at once, whatever Redis does."""
        self._tell("rung")
        # Whoever is here need not wait until it has been through the façade and back.
        if (line := self._lines.get(topic)) is not None:
            line.ring()
        if self._redis is not None:
            self._rung[topic] = None
            self._ringing.set()

    @asynccontextmanager
    async def hear(self, topic: str) -> AsyncIterator["Ear"]:
        """An ear that misses no ring of the topic from the moment it is given."""
        if self._closed:
            raise RuntimeError("this bell is closed")

        line = self._lines.get(topic)
        if line is None:
            line = self._lines[topic] = Line(self._tell)
            self._start(self._attend(topic, line))
        ear = Ear()
        line.ears.add(ear)
        try:
            await line.open.wait()
            yield ear
        finally:
            line.ears.discard(ear)
            if not line.ears:
                line.deserted.set()

    async def _pass_on(self) -> None:
        """Hand rings to the façade, each topic once however often it was rung meanwhile."""
        while True:
            await self._ringing.wait()
            self._ringing.clear()
            await self._pass_on_all()

    async def _pass_on_all(self) -> None:
        # Neither backend waits for anything in publish, so this cannot hang.
        while self._rung:
            topic = next(iter(self._rung))
            del self._rung[topic]
            await self._broadcast.publish(topic, "")

    async def _attend(self, topic: str, line: "Line") -> None:
        """Hold the process's one subscription of a topic for as long as somebody listens.

        It has its own task: the façade breaks when two callers open one channel at once, and
        when a caller is cancelled while opening it.
        """
        try:
            async with self._broadcast.subscribe(topic) as subscriber:
                line.open.set()
                listening = self._start(line.listen(subscriber))
                while line.ears:
                    line.deserted.clear()
                    await line.deserted.wait()

                # Gone from the table before the next await: a newcomer opens a line of his own.
                del self._lines[topic]
                listening.cancel()
                await asyncio.wait([listening])
        finally:
            line.open.set()
            if self._lines.get(topic) is line:
                del self._lines[topic]

    async def _close(self, ringer: asyncio.Task[None]) -> None:
        self._closed = True
        for line in list(self._lines.values()):
            line.ears.clear()
            line.deserted.set()
        ringer.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        # A last commit's ring still goes out: a command that ends right after it has peers too.
        await self._pass_on_all()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("bell.task_failed", exc_info=error)


class Ear:
    """Hears one topic, for one who waits."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout: float) -> bool:
        """True as soon as the topic was rung since the last wait; False when the time is over."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Line:
    """One topic's subscription in this process, shared by all its ears."""

    def __init__(self, tell: Tell = nobody) -> None:
        self.tell = tell
        self.ears: set[Ear] = set()
        self.open = asyncio.Event()
        self.deserted = asyncio.Event()

    async def listen(self, subscriber: Subscriber) -> None:
        # The façade's queue has no bound, so it is emptied at once into flags, which have one.
        while True:
            await subscriber.get()
            self.ring()

    def ring(self) -> None:
        self.tell("heard")
        for ear in self.ears:
            ear.ring()
