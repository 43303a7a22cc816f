"""What becomes due while nobody asks: leases end, tickets wake, close and are handed out.

Personal data from before there was a key for each publisher is sealed anew here, too.

Runs in as many processes as one likes: a ticket that one of them holds is passed over by the
others, and what was done is no longer due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from domain.model.attachment import folder
from domain.operations import assigning, attaching, deadlines, informing, pulling, sealing
from domain.rules import access
from domain.rules.access import Actor
from domain.work import Work
from feed import topics
from feed.bell import Bell
from storage.work import SqlWork, Storage
from workers import loop
from workers.loop import Unfinished
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

KEYS_KEPT = timedelta(hours=72)
KEYS_FORGOTTEN_EVERY = timedelta(hours=1)
FILES_KEPT_UNSENT = timedelta(hours=24)
FILES_SWEPT_EVERY = timedelta(hours=6)
AT_ONCE = 200

Chore = Callable[[Work, int], Awaitable[int]]
CHORES: tuple[Chore, ...] = (
    pulling.give_back,
    pulling.wake,
    deadlines.close_silent,
    sealing.seal_anew,
    # Last: what has just come back is handed out at once.
    assigning.distribute,
)


async def run(
    storage: Storage, bell: Bell, stop: asyncio.Event, record: Record = UNRECORDED
) -> None:
    """Keep house until told to stop."""
    house = Housekeeping(storage, record)
    async with bell.hear(topics.WORKERS) as ear:
        await loop.keep("housekeeping", house.turn, ear, stop, record=record)


class Housekeeping:
    def __init__(self, storage: Storage, record: Record = UNRECORDED) -> None:
        self.storage = storage
        self._record = record
        self._forgotten_at: datetime | None = None
        self._swept_at: datetime | None = None

    async def turn(self) -> timedelta | None:
        """Everything that is due in every workspace; how long nothing will be."""
        now = self.storage.clock()
        async with self.storage.due() as due:
            workspaces = await due.workspaces(now)
            following = await due.next(now)
        failed = [each for each in workspaces if not await self._sweep(each)]
        if failed:
            raise Unfinished(failed)
        if self._forgotten_at is None or now - self._forgotten_at >= KEYS_FORGOTTEN_EVERY:
            await self._forget(now)
            self._forgotten_at = now
        if self._swept_at is None or now - self._swept_at >= FILES_SWEPT_EVERY:
            await self._sweep_files(now)
            self._swept_at = now
        return following - now if following else None

    async def _sweep(self, workspace_id: UUID) -> bool:
        """Whether it went well: one workspace in trouble does not hold up the others."""
        try:
            for chore in CHORES:
                while await self._do(chore, workspace_id) == AT_ONCE:
                    pass
        except Exception as error:
            log.warning(
                "housekeeping.failed",
                workspace=str(workspace_id),
                error=type(error).__qualname__,
            )
            return False
        return True

    async def _do(self, chore: Chore, workspace_id: UUID) -> int:
        async with self.storage.work(access.system(workspace_id)) as work:
            done = await chore(work, AT_ONCE)
        if done:
            self._record.chore(chore.__name__, done)
            log.info("housekeeping", chore=chore.__name__, workspace=str(workspace_id), done=done)
        return done

    async def _forget(self, now: datetime) -> None:
        async with self.storage.reading(access.system(UUID(int=0))) as work:
            workspaces = await work.identities.workspaces()
        for workspace in workspaces:
            actor = access.system(workspace.id)
            await self._all(actor, lambda work: work.forget(now - KEYS_KEPT, AT_ONCE))
            await self._all(actor, lambda work: work.presence.forget(AT_ONCE))
            await self._all(actor, lambda work: informing.forget(work, AT_ONCE))

    async def _all(self, actor: Actor, forget: Callable[[SqlWork], Awaitable[int]]) -> None:
        """A few at a time, for short locks."""
        gone = AT_ONCE
        while gone >= AT_ONCE:
            async with self.storage.work(actor) as work:
                gone = await forget(work)

    async def _sweep_files(self, now: datetime) -> None:
        """Uploads that nobody sent are dropped, and bytes that no row names."""
        before = now - FILES_KEPT_UNSENT
        async with self.storage.reading(access.system(UUID(int=0))) as work:
            workspaces = await work.identities.workspaces()
        for workspace in workspaces:
            actor = access.system(workspace.id)
            keys: Sequence[str] = [""] * AT_ONCE
            while len(keys) >= AT_ONCE:
                async with self.storage.work(actor) as work:
                    keys = await attaching.forget_unsent(work, before, AT_ONCE)
                # After the commit: until then the rows name them.
                await self._drop(keys)
            async for some in self.storage.files.older(folder(workspace.id), before):
                async with self.storage.reading(actor) as work:
                    keys = await attaching.nameless(work, some)
                await self._drop(keys)

    async def _drop(self, keys: Sequence[str]) -> None:
        for each in keys:
            await self.storage.files.drop(each)
        if keys:
            log.info("files.dropped", count=len(keys))
