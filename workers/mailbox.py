"""Mailboxes, read: every account's box is looked into again and again, by one process at a time.

A mail is marked as seen only once it is committed here. One that nobody can read is flagged, left
unseen, told to the log by its number, and passed over; it holds up nothing that comes after it.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog

from channels import imap, registry
from channels.base import Own, Unreadable
from channels.imap import Box, Place, Unreachable
from domain.errors import Collision, Refusal, Unavailable
from domain.operations import delivering, fetching, intake
from domain.operations.fetching import Claimed, Superseded
from domain.post import Post
from domain.rules import access
from domain.words import Network
from feed import topics
from feed.bell import Bell
from storage.work import Storage
from workers import loop
from workers.record import UNRECORDED, Record

T = TypeVar("T")
log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Boxes that one process reads at the same time."""
MAILS_AT_ONCE = 50
TRIES = 3


class SwitchedOff(Exception):
    """The account was disabled meanwhile: what is left in its box waits there."""


async def run(
    storage: Storage,
    bell: Bell,
    stop: asyncio.Event,
    every: timedelta,
    record: Record = UNRECORDED,
) -> None:
    """Read mailboxes until told to stop."""
    postman = Postman(storage, every, stop)
    async with bell.hear(topics.WORKERS) as ear:
        await loop.keep("mailbox", postman.turn, ear, stop, record=record)


_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mailbox")
"""Of their own: servers that do not answer take no thread from whoever signs in."""


async def beside(does: Callable[..., T], *given: Any) -> T:
    """Done in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, does, *given)


class Postman:
    def __init__(
        self, storage: Storage, every: timedelta, stop: asyncio.Event | None = None
    ) -> None:
        self.storage = storage
        self.every = every
        self.stop = stop or asyncio.Event()

    async def turn(self) -> timedelta | None:
        """Look into every box that is due; how long none will be."""
        now = self.storage.clock()
        async with self.storage.due() as due:
            boxes = await due.mailboxes(now)
        room = asyncio.Semaphore(AT_ONCE)

        async def one(workspace_id: UUID, account_id: UUID) -> bool:
            async with room:
                return not self.stop.is_set() and await self._look_into(workspace_id, account_id)

        # Whatever is wrong with one box, the others are read.
        done = await asyncio.gather(*(one(*each) for each in boxes), return_exceptions=True)
        for (_, account_id), outcome in zip(boxes, done, strict=True):
            if isinstance(outcome, BaseException):
                log.warning(
                    "mailbox.failed", account=str(account_id), error=type(outcome).__qualname__
                )
        return timedelta() if True in done else self.every

    async def _look_into(self, workspace_id: UUID, account_id: UUID) -> bool:
        """Whether there may be more in it."""
        async with self.storage.work(access.system(workspace_id)) as work:
            claimed = await fetching.claim(work, account_id)
        if claimed is None:
            return False
        reading = Reading(self.storage, workspace_id, claimed)
        try:
            more = await reading.run(self.stop)
        except Superseded:
            return False
        except SwitchedOff:
            await self._finish(workspace_id, claimed)
            return False
        except (Unreachable, Unavailable, Collision) as error:
            log.warning("mailbox.unreachable", account=str(account_id), error=str(error))
            await self._finish(workspace_id, claimed, failed=True)
            return False
        await self._finish(workspace_id, claimed, pause=timedelta() if more else self.every)
        return more

    async def _finish(
        self,
        workspace_id: UUID,
        claimed: Claimed,
        *,
        pause: timedelta | None = None,
        failed: bool = False,
    ) -> None:
        pause = self.every if pause is None else pause
        try:
            async with self.storage.work(access.system(workspace_id)) as work:
                await fetching.finished(work, claimed, pause, failed=failed)
        except Superseded:
            pass


class Reading:
    """One look into one box."""

    def __init__(self, storage: Storage, workspace_id: UUID, claimed: Claimed) -> None:
        self._storage = storage
        self._workspace_id = workspace_id
        self._claimed = claimed
        self._place = Place(claimed.validity, claimed.begun_at, claimed.last)

    async def run(self, stop: asyncio.Event) -> bool:
        """Take in what is new; whether there may be more."""
        opened = imap.opened(self._claimed.connection)
        box = await beside(opened.__enter__)
        try:
            self._place, numbers = await beside(box.since, self._place, MAILS_AT_ONCE)
            await self._step(self._place, ())
            for number in numbers:
                if stop.is_set():
                    return True
                await self._one(box, number)
            return len(numbers) == MAILS_AT_ONCE
        finally:
            await beside(opened.__exit__, None, None, None)

    async def _one(self, box: Box, number: int) -> None:
        raw = await beside(box.raw, number, registry.body_most(Network.EMAIL))
        place = Place(self._place.validity, self._place.begun_at, number)
        reason = "too large or gone"
        if raw is not None:
            try:
                own = Own(self._claimed.account_id)
                posts = await beside(registry.EMAIL.read, raw, own, UUID)
                refusal = await self._step(place, posts)
            except Unreadable as unreadable:
                refusal = unreadable.refusal
            except (Unavailable, Unreachable, Superseded, SwitchedOff, Collision):
                raise
            except Exception as error:
                log.error(
                    "mailbox.mail_failed",
                    account=str(self._claimed.account_id),
                    uid=number,
                    error=type(error).__qualname__,
                )
                refusal, reason = None, type(error).__qualname__
            else:
                self._place = place
                if refusal is None:
                    await self._mark(box.mark_seen, number)
                    return
            reason = refusal.sentence if refusal else reason
        if self._place.last != number:
            await self._step(place, ())
            self._place = place
        # Our own mail in our own box is nothing to look at.
        mark = box.mark_seen if reason == "own_message" else box.mark_unreadable
        await self._mark(mark, number)
        log.warning(
            "mailbox.passed_over",
            account=str(self._claimed.account_id),
            uid=number,
            reason=reason,
        )

    async def _step(self, place: Place, posts: Sequence[Post | Refusal]) -> Refusal | None:
        """Take a mail in and move on past it, both or neither; the refusal of one that is none."""
        assert place.validity is not None
        mails = [each for each in posts if isinstance(each, Post)]
        for tries_left in reversed(range(TRIES)):
            try:
                async with self._storage.work(access.system(self._workspace_id)) as work:
                    taken = await intake.take_in(work, mails)
                    if any(r.refusal and r.refusal.sentence == "account_disabled" for r in taken):
                        raise SwitchedOff
                    await delivering.take_back(work, mails, taken)
                    await fetching.reached(
                        work, self._claimed, place.validity, place.begun_at, place.last
                    )
                refused = [each for each in posts if isinstance(each, Refusal)]
                return next(iter([*refused, *(r.refusal for r in taken if r.refusal)]), None)
            except Collision:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    async def _mark(self, mark: Callable[[Sequence[int]], None], number: int) -> None:
        """A mark that fails is no harm: the mail is ours, and its number is passed."""
        try:
            await beside(mark, [number])
        except Unreachable as error:
            log.warning(
                "mailbox.not_marked",
                account=str(self._claimed.account_id),
                uid=number,
                error=str(error),
            )
