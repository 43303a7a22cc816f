"""What a ticket makes of what the publisher writes, and of what is written back."""

from datetime import datetime
from uuid import UUID

from domain.errors import Invalid, WrongState
from domain.events import (
    Acknowledged,
    ApprovalRequested,
    Fact,
    HistoryRequested,
    OccurrenceReceived,
    Reopened,
    ReplyWritten,
    StatusChanged,
)
from domain.model.occurrence import Occurrence
from domain.model.ticket_status import Moving
from domain.rules import histories, states
from domain.rules.states import Trigger
from domain.rules.wording import snippet_of
from domain.words import CloseReason, HistoryMeans, TicketStatus


class Talking(Moving):
    # ── what the publisher does ──────────────────────────────────────────────────────────────

    def absorb(self, occurrence: Occurrence, *, opening: bool = False) -> list[Fact]:
        """Take a message in: T4, T6, T11; the one it opens with, and others, leave the status.

        What a machine wrote is kept and moves nothing.
        """
        occurrence.belong_to(self.id)
        if occurrence.automated:
            return [OccurrenceReceived(occurrence_id=occurrence.id, automated=True)]
        self.snippet = snippet_of(occurrence.text)
        before = self.status
        if opening or not states.allows(Trigger.INBOUND, before, TicketStatus.OPEN):
            return [OccurrenceReceived(occurrence_id=occurrence.id)]
        resolved_at = self.resolved_at
        self._become(TicketStatus.OPEN)
        if before is not TicketStatus.RESOLVED:
            return [
                OccurrenceReceived(
                    occurrence_id=occurrence.id, was=before.value, became=self.status.value
                )
            ]
        self.reopen_count += 1
        self.resolved_before, self.resolved_at = resolved_at, None
        self.reopened_by_id = occurrence.id
        return [
            OccurrenceReceived(occurrence_id=occurrence.id),
            Reopened(was=before.value, became=self.status.value, occurrence_id=occurrence.id),
        ]

    def acknowledge(self, occurrence_id: UUID) -> Fact:
        """T13: the message that reopened it was a thank-you, so it was never reopened."""
        states.check(Trigger.ACKNOWLEDGE, self.status, TicketStatus.RESOLVED)
        if self.reopened_by_id != occurrence_id:
            raise WrongState("not_reopened", field=["occurrenceId"])
        resolved_at, before = self.resolved_before, self.status
        self._become(TicketStatus.RESOLVED)
        self.reopen_count -= 1
        self.resolved_at = resolved_at
        return Acknowledged(was=before.value, became=self.status.value, occurrence_id=occurrence_id)

    # ── what we write to the publisher ───────────────────────────────────────────────────────

    def left_as(self, send_as: TicketStatus | None) -> TicketStatus:
        """What a reply makes of its status: what is asked; else taken up (T3, T9), or as it was."""
        self._must_be_live()
        if self.status is TicketStatus.AWAITING_APPROVAL:
            raise WrongState("reply_waits")
        if send_as is not None and send_as not in states.SENT_AS:
            raise Invalid("sent_as", field=["sendAs"], status=send_as.value)
        to = states.after_reply(self.status, send_as)
        if to is not self.status:
            states.check(Trigger.CHANGE, self.status, to)
        return to

    def send(
        self,
        reply_id: UUID,
        *,
        now: datetime,
        send_as: TicketStatus | None = None,
        close_reason: CloseReason | None = None,
        automated: bool = False,
    ) -> list[Fact]:
        """T3, T5, T9, T10, T16: a reply is on its way, and has its status from now on.

        What software writes by itself takes nothing up and ends no lease.
        """
        to = self.left_as(send_as)
        facts: list[Fact] = [ReplyWritten(reply_id=reply_id, automated=automated)]
        if automated and send_as is None:
            return facts
        self.lease_expires_at = None
        if to is not self.status:
            facts.append(self.change_status(to, now=now, close_reason=close_reason))
        return facts

    def tell_history(self, reply_id: UUID, means: HistoryMeans, due_at: datetime) -> list[Fact]:
        """The history goes to the consumer, whatever became of the case; nothing of it moves."""
        return [
            self.owe_history(reply_id, means, due_at),
            ReplyWritten(reply_id=reply_id, automated=True),
        ]

    def owe_history(self, reply_id: UUID, means: HistoryMeans, due_at: datetime) -> Fact:
        """It is owed by then, and goes with that reply."""
        return HistoryRequested(became=histories.told(means, due_at), reply_id=reply_id)

    # ── a reply that waits for approval ──────────────────────────────────────────────────────

    def hold(self, *, reply_id: UUID, approval_id: UUID) -> Fact:
        """T17: nothing leaves before somebody has decided. When it wakes, if it was pending, and
        since when it is resolved, are kept: a rejected reply leaves it as it was."""
        states.check(Trigger.HOLD, self.status, TicketStatus.AWAITING_APPROVAL)
        before, until = self.status, self.pending_until
        self._become(TicketStatus.AWAITING_APPROVAL)
        self.pending_until = until
        self.lease_expires_at = None
        return ApprovalRequested(
            was=before.value,
            became=self.status.value,
            became_id=approval_id,
            reply_id=reply_id,
        )

    def release(
        self, to: TicketStatus, *, now: datetime, close_reason: CloseReason | None = None
    ) -> Fact:
        """T18: the reply goes out, and the ticket becomes what it was sent as."""
        states.check(Trigger.RELEASE, self.status, to)
        if to is TicketStatus.CLOSED and close_reason is None:
            raise Invalid("close_reason_required", field=["closeReason"])
        resolved_at = self.resolved_at
        reason = close_reason if to is TicketStatus.CLOSED else None
        moved = self._move(to, now=now, close_reason=reason)
        if resolved_at is None:
            return moved
        if to in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            # Resolved before, and nothing reopened it: it has been resolved since then.
            self.resolved_at = resolved_at
            return moved
        return self._reopened_by_hand(TicketStatus.AWAITING_APPROVAL)

    def give_back(self, to: TicketStatus) -> Fact:
        """T19: as it was before, or as what the publisher wrote meanwhile would have made it."""
        states.check(Trigger.GIVE_BACK, self.status, to)
        before, until = self.status, self.pending_until
        self._become(to)
        if to is TicketStatus.PENDING:
            self.pending_until = until
        if self.resolved_at is not None and to is not TicketStatus.RESOLVED:
            return self._reopened_by_hand(before)
        return StatusChanged(was=before.value, became=to.value)
