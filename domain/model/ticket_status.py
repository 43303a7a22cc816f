"""How a ticket moves from one status to another, whoever moves it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.errors import Invalid, WrongState
from domain.events import Fact, Merged, Removed, ReplyFailed, StatusChanged
from domain.model.ticket_state import TicketState
from domain.rules import states
from domain.rules.states import Trigger
from domain.words import CloseReason, TicketStatus


class Moving(TicketState):
    def change_status(
        self,
        to: TicketStatus,
        *,
        now: datetime,
        close_reason: CloseReason | None = None,
        pending_until: datetime | None = None,
        trigger: Trigger = Trigger.CHANGE,
    ) -> Fact:
        """T3, T5, T7, T9, T10, T12, T14, T15 and T16, as the trigger allows."""
        if close_reason is CloseReason.MERGED:
            raise Invalid("merged_is_for_merging", field=["closeReason"])
        if pending_until is not None and to is not TicketStatus.PENDING:
            raise Invalid("pending_until_alone", field=["pendingUntil"])
        if pending_until is not None and pending_until <= now:
            raise Invalid("pending_until_past", field=["pendingUntil"])
        states.check(trigger, self.status, to)
        if to is TicketStatus.CLOSED and close_reason is None:
            raise Invalid("close_reason_required", field=["closeReason"])
        if to is not TicketStatus.CLOSED and close_reason is not None:
            raise Invalid("close_reason_alone", field=["closeReason"])
        return self._move(to, now=now, close_reason=close_reason, pending_until=pending_until)

    def wait_until(self, moment: datetime, *, now: datetime) -> Fact:
        """Pending as before, for a longer or a shorter while."""
        if moment <= now:
            raise Invalid("pending_until_past", field=["pendingUntil"])
        self.pending_until = moment
        return StatusChanged(was=self.status.value, became=self.status.value)

    def wake(self) -> Fact:
        """T7: what it waited for is reached."""
        states.check(Trigger.WAKE, self.status, TicketStatus.OPEN)
        before = self.status
        self._become(TicketStatus.OPEN)
        return StatusChanged(was=before.value, became=self.status.value, automated=True)

    def fall_silent(self, now: datetime) -> Fact:
        """T14: resolved, and nothing came any more."""
        states.check(Trigger.CHANGE, self.status, TicketStatus.CLOSED)
        fact = self._move(TicketStatus.CLOSED, now=now, close_reason=CloseReason.INACTIVITY)
        return replace(fact, automated=True)

    def merge_into(self, target: TicketState, now: datetime) -> tuple[Fact, Fact]:
        """T22: closed in favour of another, which takes over its messages."""
        if target.status is TicketStatus.CLOSED:
            raise WrongState("merge_target_closed", field=["targetId"])
        states.check(Trigger.MERGE, self.status, TicketStatus.CLOSED)
        before = self.status
        self._become(TicketStatus.CLOSED)
        self.close_reason = CloseReason.MERGED
        self.closed_at = now
        self.lease_expires_at = None
        self.merged_into_id = target.id
        closed = Merged(was=before.value, became=self.status.value, became_id=target.id)
        return closed, Merged(was_id=self.id)

    def remove(self, now: datetime) -> Fact:
        """T23: gone from every list; what was written stays until retention ends."""
        self.removed_at = now
        self.lease_expires_at = None
        return Removed()

    def undelivered(self, reply_id: UUID, *, automated: bool) -> Fact:
        """T21: the reply that set the status will not go out, so nothing was said and it is open.

        It was never resolved then, and never closed.
        """
        states.check(Trigger.UNDELIVERED, self.status, TicketStatus.OPEN)
        before = self.status
        self._become(TicketStatus.OPEN)
        self.close_reason = self.closed_at = self.resolved_at = None
        return ReplyFailed(
            reply_id=reply_id, was=before.value, became=self.status.value, automated=automated
        )
