"""One reader per process and workspace, shared by all who follow it.

A tail reads the feed once, woken by the bell or a sweep, and hands each stretch to its followers.
A follower who comes with a position first gets what lies between it and the tail's own, read to
exactly there; from then on both see the same. Whoever falls too far behind is told so, and holds
nobody up.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import structlog

from domain.position import BadCursor, Position, Stretch
from feed import topics
from feed.bell import Bell

log = structlog.get_logger(__name__)
SWEEP = 1.0
"""Seconds after which the feed is read although nobody rang; a lost ring costs no more."""
BACKLOG = 2_000
"""Entries that wait for one slow follower before he is told to read the list again."""


class Source(Protocol):
    """The feed as it is stored; each question in a transaction of its own."""

    async def position(self) -> Position: ...
    async def since(
        self, workspace_id: UUID, seen: Position, until: Position | None = None
    ) -> Stretch: ...


class Record(Protocol):
    """Hears how the feed was read. A call takes no time and does not fail."""

    def handed_out(self, entries: int, lag: float) -> None:
        """So many entries, the first of them recorded so many seconds ago."""

    def unread(self) -> None:
        """The store could not be asked."""


class Unrecorded:
    """Nobody wants to know."""

    def handed_out(self, entries: int, lag: float) -> None: ...
    def unread(self) -> None: ...


UNRECORDED = Unrecorded()


class Follower:
    """One who follows: what has been handed to him and he has not taken yet."""

    def __init__(self, tail: "Tail", seen: Position, *, entries: bool = True) -> None:
        self.tail = tail
        self.seen = seen
        self.access_version: int | None = None
        """What rights were at when he came."""
        self._wants_entries = entries
        self._waiting: deque[Stretch] = deque()
        self._backlog = 0
        self._news = asyncio.Event()

    @property
    def waits(self) -> bool:
        """Whether something was handed to him that he has not taken."""
        return bool(self._waiting)

    def hand(self, stretch: Stretch) -> None:
        if not self._wants_entries:
            # Only what rights are at now; what they were meanwhile is nobody's question.
            self._waiting.clear()
            stretch = replace(stretch, entries=(), truncated=False)
        self._backlog += len(stretch.entries)
        if self._backlog > BACKLOG or stretch.truncated:
            # What he has not read is in the list he will read; only its end matters.
            self._waiting.clear()
            stretch, self._backlog = replace(stretch, entries=(), truncated=True), 0
        self._waiting.append(stretch)
        self._news.set()

    def hand_first(self, missed: Stretch) -> None:
        """What was missed comes before what has been handed out since."""
        later = list(self._waiting)
        self._waiting.clear()
        self._backlog = 0
        for stretch in (missed, *later):
            self.hand(stretch)

    async def take(self, timeout: float) -> Stretch | None:
        """The news, everything that waits as one; None when there was none in time."""
        if not self._waiting:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                # Nothing waits, so there was nothing for him in what has been read.
                if self.tail.position.not_before(self.seen):
                    self.seen = self.tail.position
                return None
        waiting, self._backlog = list(self._waiting), 0
        self._waiting.clear()
        entries = [
            entry
            for stretch in waiting
            for entry in stretch.entries
            if not self.seen.has_seen(entry)
        ]
        last = waiting[-1]
        if last.until.not_before(self.seen):
            self.seen = last.until
        return replace(
            last,
            entries=entries,
            until=self.seen,
            truncated=any(stretch.truncated for stretch in waiting),
        )


class Tail:
    """The feed of one workspace, as far as this process has read it."""

    def __init__(
        self,
        workspace_id: UUID,
        source: Source,
        bell: Bell,
        record: Record = UNRECORDED,
        tick: float = 0.0,
    ) -> None:
        self.workspace_id = workspace_id
        self.followers: set[Follower] = set()
        self._source = source
        self._bell = bell
        self._record = record
        self._tick = tick
        self._reading = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._looks: set[asyncio.Task[None]] = set()
        self._position: Position | None = None
        self._ready = asyncio.Event()
        self._access_version: int | None = None
        self._task = asyncio.create_task(self._run(), name=f"tail:{workspace_id}")

    async def begun(self) -> None:
        await self._ready.wait()

    @property
    def position(self) -> Position:
        """As far as everything has been handed out."""
        assert self._position is not None, "asked before it has begun"
        return self._position

    @property
    def access_version(self) -> int | None:
        return self._access_version

    async def look(self) -> None:
        """Everything that was committed before this is asked has been handed out when it returns.

        However many ask at once, one reading answers them.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look())
            self._looks.add(self._next)
            self._next.add_done_callback(self._looked)
        await asyncio.shield(self._next)

    def _looked(self, look: asyncio.Task[None]) -> None:
        self._looks.discard(look)
        if not look.cancelled():
            look.exception()  # told to those who asked, if they are there still

    async def _look(self) -> None:
        async with self._reading:
            self._next = None
            await self._read()

    async def stop(self) -> None:
        going_on = [self._task, *self._looks]
        for each in going_on:
            each.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)

    async def _run(self) -> None:
        async with self._bell.hear(topics.workspace(self.workspace_id)) as ear:
            pause = 0.05
            while True:
                try:
                    async with self._reading:
                        await self._read()
                    pause = 0.05
                    # What is committed within a tick is one stretch.
                    await asyncio.sleep(self._tick)
                    await ear.wait(SWEEP)
                except Exception as error:
                    self._record.unread()
                    # The store may be away for a while; whoever follows waits, and misses nothing.
                    log.warning("feed.unread", error=type(error).__name__, retry_in=pause)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 1.0)

    async def _read(self) -> None:
        seen = self._position or await self._source.position()
        stretch = await self._source.since(self.workspace_id, seen)
        known, self._access_version = self._access_version, stretch.access_version
        # No await from here on: whoever joins finds the position and the hand-out in one state.
        self._position = stretch.until
        self._ready.set()
        if stretch.entries or stretch.truncated or known not in (None, stretch.access_version):
            for follower in self.followers:
                follower.hand(stretch)
        if stretch.entries:
            # By its id, which is made when it is recorded: what is taken over from elsewhere
            # is of another time.
            recorded = (stretch.entries[0].id.int >> 80) / 1000
            self._record.handed_out(len(stretch.entries), time.time() - recorded)


class Tails:
    """The tails of this process: one for each workspace that somebody follows."""

    def __init__(
        self, source: Source, bell: Bell, record: Record = UNRECORDED, tick: float = 0.0
    ) -> None:
        self._source = source
        self._bell = bell
        self._record = record
        self._tick = tick
        self._tails: dict[UUID, Tail] = {}

    def __len__(self) -> int:
        """How many workspaces are followed."""
        return len(self._tails)

    @asynccontextmanager
    async def follow(
        self, workspace_id: UUID, after: Position | None = None, *, entries: bool = True
    ) -> AsyncIterator[Follower]:
        """Everything committed after a position (else from now on), for as long as it is held.

        BadCursor where nothing can have been seen up to there: it is of another store.
        """
        tail = self._tails.get(workspace_id)
        if tail is None:
            tail = self._tails[workspace_id] = Tail(
                workspace_id, self._source, self._bell, self._record, self._tick
            )
        follower = Follower(tail, after or Position.of("0"), entries=entries)
        # Counted at once, or another's leaving would stop the tail under our feet.
        waiting = Follower(tail, follower.seen, entries=False)
        tail.followers.add(waiting)
        try:
            now = await self._source.position()
            if after is not None and not now.not_before(after):
                raise BadCursor
            start = after or now
            await tail.begun()
            base = tail.position
            follower.access_version = tail.access_version
            tail.followers.add(follower)
            tail.followers.discard(waiting)
            follower.seen = base if after is None and base.not_before(start) else start
            if after is not None:
                missed = await self._source.since(workspace_id, after, until=base)
                if missed.entries or missed.truncated:
                    follower.hand_first(missed)
            yield follower
        finally:
            tail.followers -= {follower, waiting}
            if not tail.followers and self._tails.get(workspace_id) is tail:
                del self._tails[workspace_id]
                await tail.stop()

    async def between(self, workspace_id: UUID, start: Position, end: Position) -> Stretch:
        """What was committed between two places, for one who left in the middle of it."""
        return await self._source.since(workspace_id, start, until=end)

    async def close(self) -> None:
        for tail in list(self._tails.values()):
            await tail.stop()
        self._tails.clear()
