"""Files that lie at networks, fetched: a few at once, whatever one network is worth.

What is fetched twice, because a process died with it, is kept once: the lease decides.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from channels import registry
from channels.base import Gone, Unfetched
from domain.operations import collecting
from domain.operations.collecting import Errand
from domain.rules import access
from feed import topics
from feed.bell import Bell
from storage.work import Storage
from workers import loop
from workers.loop import Unfinished
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Files that one process holds in memory at the same time."""
LONGEST = 60.0
"""Seconds for one; less than its lease."""
TAKEN = 8


async def run(
    storage: Storage, bell: Bell, stop: asyncio.Event, record: Record = UNRECORDED
) -> None:
    """Fetch files until told to stop."""
    errands = Errands(storage)
    async with bell.hear(topics.WORKERS) as ear:
        await loop.keep("media", errands.turn, ear, stop, record=record)


class Errands:
    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._room = asyncio.Semaphore(AT_ONCE)

    async def turn(self) -> timedelta | None:
        """Fetch what is due; how long nothing will be."""
        now = await self.storage.now()
        async with self.storage.due() as due:
            workspaces, next_at = await due.media(now)
        done = await asyncio.gather(*map(self._some, workspaces), return_exceptions=True)
        failed = []
        for workspace_id, outcome in zip(workspaces, done, strict=True):
            if isinstance(outcome, BaseException):
                failed.append(workspace_id)
                log.warning(
                    "media.failed",
                    workspace=str(workspace_id),
                    error=type(outcome).__qualname__,
                )
        if failed:
            raise Unfinished(failed)
        if any(done):
            return timedelta()
        return max(next_at - now, timedelta()) if next_at is not None else None

    async def _some(self, workspace_id: UUID) -> int:
        """How many of a workspace's were taken."""
        async with self.storage.work(access.system(workspace_id)) as work:
            errands = await collecting.claim(work, TAKEN)
        await asyncio.gather(*(self._one(workspace_id, each) for each in errands))
        return len(errands)

    async def _one(self, workspace_id: UUID, errand: Errand) -> None:
        async with self._room:
            try:
                async with asyncio.timeout(LONGEST):
                    channel = registry.of(errand.network)
                    found = await channel.fetch(errand.media, errand.connection)
            except Exception as error:
                # Whatever a network does wrong, it is asked again; the last time, it is told.
                reason = str(error) if isinstance(error, Unfetched) else type(error).__qualname__
                log.info("media", file=str(errand.awaited_id), outcome="later", reason=reason)
                async with self.storage.work(access.system(workspace_id)) as work:
                    await collecting.later(work, errand)
                return
            async with self.storage.work(access.system(workspace_id)) as work:
                if isinstance(found, Gone):
                    await collecting.lost(work, errand, found.sentence)
                else:
                    await collecting.kept(work, errand, found.data)
            outcome = "gone" if isinstance(found, Gone) else "kept"
            log.info("media", file=str(errand.awaited_id), outcome=outcome)
