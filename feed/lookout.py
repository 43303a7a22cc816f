"""Who watches which ticket here, and when to look again who is there.

One reader for the whole process: it hears the bell of each ticket that is watched, looks at all of
them once a second in case a ring was lost, and knows when a lease ends, so that somebody whose
process died is gone in time. It says no more than that something is another; whoever watches reads
for himself what he may see of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from domain.rules.presence import NOWHERE, Room
from feed import topics
from feed.bell import Bell

log = structlog.get_logger(__name__)
SWEEP = 1.0
"""Seconds after which everything is looked at although nobody rang."""
BETWEEN = 0.02
"""Seconds between two looks: what is said in quick succession is one change."""
A_MOMENT = 0.01
"""Seconds after which a moment has passed for certain, whichever clock is asked."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
FOR_EVER = 3600.0


class Source(Protocol):
    """What is to be known of tickets; each question in a transaction of its own."""

    async def look(
        self, workspaces: Collection[UUID], tickets: Collection[UUID]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, Room]]:
        """What rights are at in these workspaces, and these tickets with all that is there."""
        ...


@dataclass(eq=False)
class Watch:
    """One ticket that is watched here."""

    workspace_id: UUID
    ticket_id: UUID
    number: int = 0
    """Grows whenever something is another."""
    access_version: int | None = None
    room: Room = NOWHERE
    lookers: int = 0
    _shown: object = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def after(self, number: int) -> None:
        """Returns once something is another than it was at that number."""
        while self.number <= number:
            await self._changed.wait()

    def reckon(self, now: datetime, *, rung: bool = False) -> None:
        """Compare with what was told last, and wake those who watch where it differs.

        Who was rung for is told in any case: they read for themselves, and may have read what was
        there between two looks, which were alike.
        """
        shown = (self.access_version, self.room.level_id, self.room.viewers_at(now))
        if shown == self._shown and not rung:
            return
        self._shown = shown
        self.number += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Lookout:
    """The tickets that somebody watches in this process."""

    def __init__(self, source: Source, bell: Bell, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._bell = bell
        self._clock = clock
        self._watches: dict[tuple[UUID, UUID], Watch] = {}
        self._ears: dict[Watch, asyncio.Task[None]] = {}
        self._rung: set[Watch] = set()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def at(self, workspace_id: UUID, ticket_id: UUID) -> AsyncIterator[Watch]:
        """Watch a ticket, whether or not there is one."""
        key = workspace_id, ticket_id
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = Watch(workspace_id, ticket_id)
            self._ears[watch] = asyncio.create_task(self._hear(watch))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="lookout")
        watch.lookers += 1
        try:
            yield watch
        finally:
            watch.lookers -= 1
            if not watch.lookers:
                del self._watches[key]
                self._rung.discard(watch)
                await _ended(self._ears.pop(watch))
            if not self._watches:
                await self.close()

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            await _ended(task)

    async def _hear(self, watch: Watch) -> None:
        async with self._bell.hear(topics.presence(watch.ticket_id)) as ear:
            while True:
                # Looked at from here on, so that nothing falls between listening and looking.
                self._rung.add(watch)
                self._stirred.set()
                while not await ear.wait(FOR_EVER):
                    pass

    async def _run(self) -> None:
        loop_time = asyncio.get_running_loop().time
        swept, pause = float("-inf"), FIRST_PAUSE
        while True:
            began = loop_time()
            due = began >= swept + SWEEP
            rung, self._rung = self._rung, set()
            watches = set(self._watches.values()) if due else rung
            self._stirred.clear()
            try:
                await self._look(watches, rung)
            except Exception as error:
                # The store may be away for a while; whoever watches keeps what he has seen.
                log.warning("presence.unread", error=type(error).__name__, retry_in=pause)
                swept = float("-inf")
                self._rung |= rung
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            swept, pause = began if due else swept, FIRST_PAUSE
            await asyncio.sleep(BETWEEN)
            await self._stir(swept + SWEEP - loop_time())

    async def _look(self, watches: Collection[Watch], rung: Collection[Watch]) -> None:
        if watches:
            versions, rooms = await self._source.look(
                {each.workspace_id for each in watches}, {each.ticket_id for each in watches}
            )
            for watch in watches:
                watch.access_version = versions.get(watch.workspace_id)
                watch.room = rooms.get(watch.ticket_id, NOWHERE)
        now = self._clock()
        for watch in list(self._watches.values()):
            watch.reckon(now, rung=watch in rung)

    async def _stir(self, seconds: float) -> None:
        """Wait for a ring, or for that long, or until a lease ends."""
        now = self._clock()
        turns = [turn for each in self._watches.values() if (turn := each.room.turns_at(now))]
        if turns:
            seconds = min(seconds, (min(turns) - now).total_seconds() + A_MOMENT)
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._stirred.wait()
        except TimeoutError:
            return


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
