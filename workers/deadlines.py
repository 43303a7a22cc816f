"""Deadlines, noticed the moment they pass: once, by whichever process comes first.

There is no leader. Every process sleeps to the nearest moment or a ring, and passes over what
another one holds; what was told is told no more. However many clocks run, while nothing is due it
asks for one row of an index.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from domain.operations import deadlines
from domain.rules import access
from feed import topics
from feed.bell import Bell
from storage.work import Storage
from workers import loop
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

AT_ONCE = 200
AT_LEAST = timedelta(milliseconds=100)
AGAIN = timedelta(milliseconds=100)
"""After which to look again at what somebody else was holding."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=30)
"""After which to try again where something went wrong; twice as long each time."""


async def run(
    storage: Storage, bell: Bell, stop: asyncio.Event, record: Record = UNRECORDED
) -> None:
    """Watch the clocks until told to stop."""
    watch = Watch(storage, record)
    async with bell.hear(topics.WORKERS) as ear:
        await loop.keep("deadlines", watch.turn, ear, stop, at_least=AT_LEAST, record=record)


@dataclass(frozen=True, slots=True)
class Pause:
    """How long a workspace in trouble is let be."""

    length: timedelta
    until: datetime


class Watch:
    def __init__(self, storage: Storage, record: Record = UNRECORDED) -> None:
        self.storage = storage
        self._record = record
        self._paused: dict[UUID, Pause] = {}

    async def turn(self) -> timedelta | None:
        """Tell what is due in every workspace; how long nothing will be."""
        now, nearest = await self.storage.glance()
        if nearest is not None and nearest <= now:
            self._record.noticed((now - nearest).total_seconds())
            await self._sweep(now)
            now, nearest = await self.storage.glance(but=self._paused)
        else:
            # Nothing is late anywhere: whoever was in trouble here was helped by another process.
            self._paused = {}
        moments = [pause.until for pause in self._paused.values()]
        if nearest is not None:
            moments.append(nearest)
        return max(min(moments) - now, AGAIN) if moments else None

    async def _sweep(self, now: datetime) -> None:
        async with self.storage.due() as due:
            workspaces = await due.pressed(now)
        before = self._paused
        self._paused = {each: before[each] for each in workspaces if each in before}
        for workspace_id in workspaces:
            pause = before.get(workspace_id)
            if pause is not None and now < pause.until:
                continue
            try:
                while await self._notice(workspace_id) == AT_ONCE:
                    pass
                self._paused.pop(workspace_id, None)
            except Exception as error:
                # One workspace in trouble does not hold up the others, nor what they owe next.
                length = min(pause.length * 2, LONGEST_PAUSE) if pause else FIRST_PAUSE
                self._paused[workspace_id] = Pause(length, now + length)
                log.warning(
                    "deadlines.failed",
                    workspace=str(workspace_id),
                    error=type(error).__qualname__,
                    retry_in=length.total_seconds(),
                )

    async def _notice(self, workspace_id: UUID) -> int:
        """How many clocks there were; told at the moment at which these are told, not the first."""
        now = await self.storage.now()
        async with replace(self.storage, clock=lambda: now).work(
            access.system(workspace_id)
        ) as work:
            return await deadlines.notice(work, AT_ONCE)
