"""Partners, told of their cases by whichever process comes first: in order, until they have it.

Each endpoint has its own place in the feed, its own room and its own pauses: one that is slow, dead
or hostile costs nobody else anything. Whoever is stopped while telling leaves an event that is told
again once its lease is over, under the key that it was told under before.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from channels import signatures
from channels.outside import PATIENCE, Answered, NotReached, Outside
from domain.errors import Collision, Unavailable
from domain.model.webhook import WebhookDelivery
from domain.operations import informing
from domain.operations.informing import Attempt, Heard, Telling
from domain.rules import access
from domain.words import WebhookDeliveryState
from feed import topics
from feed.bell import Bell, Ear
from storage.work import SqlWork, Storage, clock
from workers import loop
from workers.loop import Unfinished
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

OF_ENDPOINT = 16
"""Under way to one endpoint at a time, in all processes together."""
AT_ONCE = 256
"""Under way in one process."""
READ_AT_ONCE = 500
AT_LEAST = timedelta(milliseconds=10)
LOOK_EVERY, LOOK_IN_VAIN = 0.05, 1.0
"""Seconds between two looks for what is new, however much is written; and where there is no
partner at all."""
TOGETHER = 0.005
"""Seconds for which one that has ended waits for others, to be written down together."""
AGAIN = timedelta(milliseconds=100)
"""After which to look again at what somebody else was holding."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
TOLD_FOR = timedelta(minutes=2)
"""How long an outcome that the database does not take is offered to it."""
AGENT = "Guiche"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint may take for one event, and one that stops for the rest of its work."""

    answer: timedelta = PATIENCE
    ending: timedelta = timedelta(seconds=10)


async def run(
    storage: Storage,
    bell: Bell,
    stop: asyncio.Event,
    record: Record = UNRECORDED,
    patience: Patience = Patience(),
) -> None:
    """Tell until told to stop; what is under way then has a while to end."""
    outside = Outside(loopback=storage.addresses.loopback, patience=patience.answer)
    async with bell.hear(topics.WORKERS) as ear:
        partners = Partners(storage, outside, ear, record)
        await loop.keep("partners", partners.turn, ear, stop, at_least=AT_LEAST, record=record)
    await partners.end(patience.ending)
    await outside.close()


@dataclass
class Ending:
    """What has ended at one endpoint and is about to be written down."""

    outcomes: list[tuple[Attempt, Heard | None]] = field(default_factory=list)
    task: asyncio.Task[dict[UUID, WebhookDelivery]] | None = None


class Partners:
    def __init__(
        self, storage: Storage, outside: Outside, ear: Ear, record: Record = UNRECORDED
    ) -> None:
        self.storage = storage
        self._outside = outside
        self._ear = ear
        self._record = record
        self._under_way: dict[asyncio.Task[None], Attempt] = {}
        self._ending: dict[UUID, Ending] = {}
        self._writing: set[asyncio.Task[dict[UUID, WebhookDelivery]]] = set()
        self._read, self._read_at, self._look_again = clock(), monotonic(), 0.0
        self._freed = False
        # Longer than everything that an attempt consists of.
        self._lease = 2 * outside.patience + timedelta(seconds=5)

    async def turn(self) -> timedelta | None:
        """Read on, and begin what is due, as far as there is room; how long nothing will be."""
        early = self._look_again - monotonic()
        if early > 0 and not self._freed:
            return timedelta(seconds=early)
        self._freed = False
        self._read_at, self._read = monotonic(), await self.storage.now()
        now = self._now()
        failed, moments = [], []
        if early > 0:
            # Woken by one of its own, whose place is free: what is new is looked for soon.
            moments.append(now + timedelta(seconds=early))
        else:
            async with self.storage.due() as due:
                behind = await due.webhooks_behind()
            if behind is None:
                self._look_again = self._read_at + LOOK_IN_VAIN
                return None
            self._look_again = self._read_at + LOOK_EVERY
            for each in behind:
                if not await self._well(self._collect(*each), each):
                    failed.append(each[0])
        busy = Counter(each.endpoint_id for each in self._under_way.values())
        full = [each for each, count in busy.items() if count >= OF_ENDPOINT]
        async with self.storage.due() as due:
            waiting = await due.webhooks(now, full)
            following = await due.next_webhook(now)
        if following is not None:
            moments.append(following)
        # Whoever has least under way comes first: who is slow leaves room to the others.
        for each in sorted(waiting, key=lambda each: busy[each[1]]):
            began: list[Attempt] = []
            if not await self._well(self._begin(*each, began), each):
                failed.append(each[0])
            # Whoever ends rings; until then there is nothing to look for.
            if not began:
                moments.append(now + AGAIN)
        if failed:
            raise Unfinished(failed)
        return max(min(moments) - now, timedelta()) if moments else None

    def look_now(self) -> None:
        """What is new is looked for in the next turn, whenever it was last."""
        self._look_again = 0.0

    async def end(self, patience: timedelta = timedelta()) -> None:
        """Let what is under way end. What does not is told again once its lease is over."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=patience.total_seconds())
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, *self._writing, return_exceptions=True)

    async def settled(self) -> None:
        """Everything that was begun has ended."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))

    async def _well(self, doing: Awaitable[None], whom: tuple[UUID, UUID]) -> bool:
        """Whether it went well: one endpoint in trouble does not hold up the others."""
        try:
            await doing
        except Exception as error:
            log.warning("partners.failed", endpoint=str(whom[1]), error=type(error).__qualname__)
            return False
        return True

    async def _collect(self, workspace_id: UUID, endpoint_id: UUID) -> None:
        read = READ_AT_ONCE
        while read == READ_AT_ONCE:
            async with self._work(workspace_id) as work:
                read = await informing.collect(work, endpoint_id, READ_AT_ONCE)

    async def _begin(self, workspace_id: UUID, endpoint_id: UUID, began: list[Attempt]) -> None:
        room = min(OF_ENDPOINT, AT_ONCE - len(self._under_way))
        if room <= 0:
            return
        # In this order: the lease ends no earlier than it is taken to end here.
        claimed_at = monotonic()
        async with self._work(workspace_id) as work:
            attempts = await informing.claim(work, endpoint_id, room, self._lease)
        for attempt in attempts:
            task = asyncio.create_task(self._tell(workspace_id, attempt, claimed_at))
            self._under_way[task] = attempt
            task.add_done_callback(self._ended)
        began += attempts

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._freed = True
        # Only this loop has to look again: nobody else's work came of it.
        self._ear.ring()

    async def _tell(self, workspace_id: UUID, attempt: Attempt, claimed_at: float) -> None:
        with structlog.contextvars.bound_contextvars(delivery_id=str(attempt.delivery_id)):
            began = monotonic()
            heard = None
            if attempt.telling is not None:
                heard = await self._call(attempt, attempt.telling, claimed_at)
            took = monotonic() - began
            delivery = await self._settled(workspace_id, attempt, heard)
            self._record.informed(_outcome(delivery), _late(delivery))
            log.info(
                "partners.told",
                endpoint=str(attempt.endpoint_id),
                kind=attempt.kind.value,
                state=delivery.state.value if delivery else None,
                status=heard.status if heard else None,
                reason=heard.sentence if heard and heard.status is None else None,
                ms=round(took * 1000),
            )

    async def _call(self, attempt: Attempt, telling: Telling, claimed_at: float) -> Heard:
        # Whoever was held up until the lease is nearly over does not begin: another may have.
        left = self._lease.total_seconds() - (monotonic() - claimed_at)
        if left < self._outside.patience.total_seconds():
            return Heard(sentence="webhook_not_begun", detail="held up")
        first, *also = telling.secrets
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "Idempotency-Key": str(attempt.delivery_id),
            "Guiche-Event": attempt.kind.value,
            signatures.HEADER: signatures.signature(first, telling.body, self._now(), *also),
        }
        try:
            answer = await self._outside.post(telling.url, telling.body, headers)
        except NotReached as error:
            return Heard(sentence=error.sentence, detail=error.detail)
        except Exception as error:
            return Heard(sentence="webhook_no_answer", detail=type(error).__qualname__)
        return Heard(answer.status, _reason(answer), wait=answer.wait)

    # ── how it ended ─────────────────────────────────────────────────────────────────────────

    async def _settled(
        self, workspace_id: UUID, attempt: Attempt, heard: Heard | None
    ) -> WebhookDelivery | None:
        """The event after it; written down together with what ended at the same time there."""
        ending = self._ending.get(attempt.endpoint_id)
        if ending is None:
            ending = self._ending[attempt.endpoint_id] = Ending()
            ending.task = asyncio.create_task(self._write(workspace_id, attempt.endpoint_id))
            self._writing.add(ending.task)
            ending.task.add_done_callback(self._writing.discard)
        ending.outcomes.append((attempt, heard))
        assert ending.task is not None
        try:
            written = await asyncio.shield(ending.task)
        except Exception as error:
            # It is told again once its lease is over.
            log.error("partners.not_recorded", error=type(error).__qualname__)
            return None
        return written.get(attempt.delivery_id)

    async def _write(self, workspace_id: UUID, endpoint_id: UUID) -> dict[UUID, WebhookDelivery]:
        """What has ended, told until the database takes it."""
        await asyncio.sleep(TOGETHER)
        ended = self._ending.pop(endpoint_id).outcomes
        pause, until = FIRST_PAUSE, monotonic() + TOLD_FOR.total_seconds()
        while True:
            try:
                async with self._work(workspace_id) as work:
                    return await informing.settle(work, endpoint_id, ended, random.random())
            except (Collision, Unavailable):
                if monotonic() > until:
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(pause * 2, LONGEST_PAUSE)

    def _work(self, workspace_id: UUID) -> AbstractAsyncContextManager[SqlWork]:
        now = self._now()
        return replace(self.storage, clock=lambda: now).work(access.system(workspace_id))

    def _now(self) -> datetime:
        """The clock that all processes share, as it was read a moment ago; one set by hand wins."""
        if self.storage.clock is not clock:
            return self.storage.clock()
        return self._read + timedelta(seconds=monotonic() - self._read_at)


def _reason(answer: Answered) -> str:
    return "webhook_redirected" if 300 <= answer.status < 400 else "webhook_declined"


def _outcome(delivery: WebhookDelivery | None) -> str:
    if delivery is None:
        return "superseded"
    retried = delivery.state is WebhookDeliveryState.QUEUED
    return "retried" if retried else delivery.state.value.lower()


def _late(delivery: WebhookDelivery | None) -> float | None:
    """From when it happened to when the partner had it."""
    if delivery is None or delivery.state is not WebhookDeliveryState.DELIVERED:
        return None
    return ((delivery.ended_at or delivery.happened_at) - delivery.happened_at).total_seconds()
