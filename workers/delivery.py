"""Replies, handed to their networks: once each, in the order of their ticket, by any process.

The table is the queue. A reply is marked, and that is committed, before its network is called;
the call stands outside any transaction and ends before the mark's lease does. Whoever dies, freezes
or hears nothing meanwhile leaves a reply in doubt behind, never one that is sent twice.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from channels import registry
from domain.errors import Collision, Unavailable
from domain.model.reply import Reply
from domain.operations import delivering
from domain.operations.delivering import Attempt
from domain.rules import access
from domain.sending import Doubtful, NotSent, Outcome, Outgoing
from domain.words import Network
from feed import topics
from feed.bell import Bell
from storage.work import Storage
from workers import loop
from workers.loop import Unfinished
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

AT_ONCE = 16
AT_LEAST = timedelta(milliseconds=50)
AGAIN = timedelta(milliseconds=100)
"""After which to look again at what somebody else was holding."""
LAPSED_AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
TOLD_FOR = timedelta(minutes=10)
"""How long an outcome that the database does not take is offered to it."""

Send = Callable[[Network, Outgoing], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a network may take for one reply, and one that stops for the rest of its work."""

    answer: timedelta = timedelta(seconds=30)
    ending: timedelta = timedelta(seconds=10)

    @property
    def lease(self) -> timedelta:
        """Longer than everything that an attempt consists of."""
        return 2 * self.answer + timedelta(seconds=2)


async def through_channel(network: Network, outgoing: Outgoing) -> Outcome:
    return await registry.of(network).send(outgoing)


async def run(
    storage: Storage,
    bell: Bell,
    stop: asyncio.Event,
    patience: Patience | None = None,
    send: Send = through_channel,
    record: Record = UNRECORDED,
) -> None:
    """Send until told to stop; what is under way then has a while to end."""
    delivery = Delivery(
        storage, patience or Patience(), send, lambda: bell.ring(topics.WORKERS), record
    )
    async with bell.hear(topics.WORKERS) as ear:
        await loop.keep("delivery", delivery.turn, ear, stop, at_least=AT_LEAST, record=record)
    await delivery.end()


class Delivery:
    def __init__(
        self,
        storage: Storage,
        patience: Patience,
        send: Send = through_channel,
        ring: Callable[[], None] = lambda: None,
        record: Record = UNRECORDED,
    ) -> None:
        self.storage = storage
        self._patience = patience
        self._send = send
        self._ring = ring
        self._record = record
        self._under_way: dict[asyncio.Task[None], tuple[UUID, Attempt]] = {}

    async def turn(self) -> timedelta | None:
        """Begin what is due, as far as there is room; how long nothing will be."""
        now = await self.storage.now()
        async with self.storage.due() as due:
            workspaces = await due.deliveries(now)
            following = await due.next_delivery(now)
        moments = [following] if following else []
        failed = []
        # Whoever has least under way comes first: who is slow leaves room to the others.
        busy = Counter(each for each, _ in self._under_way.values())
        for workspace_id in sorted(workspaces, key=lambda each: busy[each]):
            try:
                again_at = await self._begin(workspace_id)
            except Exception as error:
                # One workspace in trouble does not hold up the others.
                failed.append(workspace_id)
                log.warning(
                    "delivery.failed",
                    workspace=str(workspace_id),
                    error=type(error).__qualname__,
                )
                continue
            # Whoever ends a sending rings; until then there is nothing to look for.
            moments.append(again_at or now + AGAIN)
        if failed:
            raise Unfinished(failed)
        return max(min(moments) - now, AGAIN) if moments else None

    async def end(self) -> None:
        """Let what is under way end. What does not is in doubt once its lease is over."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._patience.ending.total_seconds())
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def settled(self) -> None:
        """Everything that was begun has ended."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))

    async def _begin(self, workspace_id: UUID) -> datetime | None:
        """Begin what a workspace has to send; when one of its accounts has room again."""
        actor = access.system(workspace_id)
        room = AT_ONCE - len(self._under_way)
        busy = Counter(attempt.account_id for _, attempt in self._under_way.values())
        # In this order: the lease ends no earlier than it is taken to end here.
        claimed_at = monotonic()
        now = await self.storage.now()
        async with replace(self.storage, clock=lambda: now).work(actor) as work:
            lapsed = await delivering.lapse(work, LAPSED_AT_ONCE)
            claimed = await delivering.claim(work, room, lease=self._patience.lease, busy=busy)
        if lapsed:
            log.warning("delivery.lapsed", workspace=str(workspace_id), replies=lapsed)
        for attempt in claimed.attempts:
            task = asyncio.create_task(self._deliver(workspace_id, attempt, claimed_at))
            self._under_way[task] = workspace_id, attempt
            task.add_done_callback(self._ended)
        return claimed.again_at

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._ring()

    async def _deliver(self, workspace_id: UUID, attempt: Attempt, claimed_at: float) -> None:
        # What is logged on the way, by a channel too, says which attempt it belongs to.
        delivery = f"{attempt.reply_id}/{attempt.lease_id.hex[-12:]}"
        with structlog.contextvars.bound_contextvars(delivery_id=delivery):
            await self._deliver_once(workspace_id, attempt, claimed_at)

    async def _deliver_once(self, workspace_id: UUID, attempt: Attempt, claimed_at: float) -> None:
        began = monotonic()
        outcome = await self._attempt(workspace_id, attempt, claimed_at)
        took = monotonic() - began
        try:
            reply = await self._settle(workspace_id, attempt, outcome)
        except Exception as error:
            # It is SENDING still, and in doubt once its lease is over.
            reply = None
            log.error(
                "delivery.not_recorded",
                reply=str(attempt.reply_id),
                error=type(error).__qualname__,
            )
        self._record.delivered(attempt.network.value, type(outcome).__name__, _waited(reply))
        log.info(
            "delivery",
            reply=str(attempt.reply_id),
            account=str(attempt.account_id),
            network=attempt.network.value,
            outcome=type(outcome).__name__,
            reason=getattr(outcome, "sentence", None),
            state=reply.state.value if reply else None,
            ms=round(took * 1000),
        )

    async def _attempt(self, workspace_id: UUID, attempt: Attempt, claimed_at: float) -> Outcome:
        """How the one call ended. Until it is made, nothing can have left the house."""
        try:
            async with self.storage.reading(access.system(workspace_id)) as work:
                packed = await delivering.pack(work, attempt)
        except Exception as error:
            return NotSent("delivery_not_begun", type(error).__qualname__)
        if not isinstance(packed, Outgoing):
            return packed
        # Whoever was held up until the lease is nearly over does not begin: somebody may have
        # decided otherwise meanwhile. The clock of the process goes on while it is frozen.
        limit = self._patience.answer.total_seconds()
        if monotonic() - claimed_at > self._patience.lease.total_seconds() - limit:
            return NotSent("delivery_not_begun", "held up")
        try:
            async with asyncio.timeout(limit):
                return await self._send(attempt.network, packed)
        except TimeoutError:
            return Doubtful("network_no_answer", "no answer in time")
        except Exception as error:
            return Doubtful("network_no_answer", type(error).__qualname__)

    async def _settle(self, workspace_id: UUID, attempt: Attempt, outcome: Outcome) -> Reply | None:
        """The reply after it; told until the database takes it."""
        pause, until = FIRST_PAUSE, monotonic() + TOLD_FOR.total_seconds()
        while True:
            try:
                now = await self.storage.now()
                at = replace(self.storage, clock=lambda now=now: now)  # type: ignore[misc]
                async with at.work(access.system(workspace_id)) as work:
                    return await delivering.settle(work, attempt, outcome, random.random())
            except (Collision, Unavailable):
                if monotonic() > until:
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(pause * 2, LONGEST_PAUSE)


def _waited(reply: Reply | None) -> float | None:
    """From when it was let go to when its network had it."""
    if reply is None or reply.sent_at is None or reply.queued_at is None:
        return None
    return (reply.sent_at - reply.queued_at).total_seconds()
