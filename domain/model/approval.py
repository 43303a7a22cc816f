"""An approval: the decision that a held reply waits for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from domain.errors import AlreadyDecided
from domain.events import ApprovalDecided, Fact
from domain.model.base import Record, UTCDateTime, late, only_where, word
from domain.model.reply import Reply
from domain.rules import states
from domain.words import ApprovalState, TicketStatus

WAITING = text("state = 'SUBMITTED'")


class Approval(Record, table=True):
    __table_args__ = (
        # One reply of a ticket waits at a time.
        Index("uq_approval_waiting", "ticket_id", unique=True, **only_where(WAITING)),
        Index("ix_approval_ticket", "ticket_id", "requested_at", "id"),
        Index("ix_approval_listed", "workspace_id", "state", "requested_at", "id"),
    )

    # Checked at commit: reply and approval are written in one transaction.
    ticket_id: UUID = Field(sa_column_args=[late("ticket.id")])
    reply_id: UUID = Field(sa_column_args=[late("reply.id")], unique=True)
    author_id: UUID = Field(foreign_key="user.id")
    moderator_id: UUID | None = Field(default=None, foreign_key="user.id")
    state: ApprovalState = Field(
        default=ApprovalState.SUBMITTED, sa_type=word(ApprovalState, "state")
    )
    requested_at: datetime = Field(sa_type=UTCDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    intended_status: TicketStatus = Field(sa_type=word(TicketStatus, "intended_status"))
    previous_status: TicketStatus = Field(sa_type=word(TicketStatus, "previous_status"))
    stale: bool = False
    """The publisher wrote after the reply was submitted."""
    version: int = 1

    @classmethod
    def submit(
        cls,
        reply: Reply,
        *,
        ticket_id: UUID,
        author_id: UUID,
        intended: TicketStatus,
        previous: TicketStatus,
        now: datetime,
    ) -> "Approval":
        """T17: what a reply waits for from now on. The ticket's own `hold` tells of it."""
        return cls(
            workspace_id=reply.workspace_id,
            ticket_id=ticket_id,
            reply_id=reply.id,
            author_id=author_id,
            requested_at=now,
            intended_status=intended,
            previous_status=previous,
        )

    @property
    def waits(self) -> bool:
        return self.state is ApprovalState.SUBMITTED

    @property
    def returns_to(self) -> TicketStatus:
        """T19: what the ticket was before; where the publisher wrote meanwhile, what their message
        would have made of it."""
        if self.stale and states.allows(
            states.Trigger.INBOUND, self.previous_status, TicketStatus.OPEN
        ):
            return TicketStatus.OPEN
        return self.previous_status

    def approve(self, moderator_id: UUID | None, now: datetime, reason: str | None = None) -> Fact:
        """T18: as it is."""
        return self._end(ApprovalState.APPROVED, now, moderator_id, reason)

    def edit(self, moderator_id: UUID | None, now: datetime, reason: str | None = None) -> Fact:
        """T18: in other words, which the reply keeps beside the author's."""
        return self._end(ApprovalState.EDITED_APPROVED, now, moderator_id, reason)

    def reject(self, moderator_id: UUID | None, now: datetime, reason: str) -> Fact:
        """T19: back to its author, with the reason."""
        return self._end(ApprovalState.REJECTED, now, moderator_id, reason)

    def withdraw(self, now: datetime, reason: str | None = None) -> Fact:
        """T19: its author takes it back."""
        return self._end(ApprovalState.WITHDRAWN, now, None, reason)

    def supersede(self, now: datetime) -> Fact:
        """What it was to be decided for is no more: its ticket was merged or removed."""
        return self._end(ApprovalState.SUPERSEDED, now, None, None)

    def go_stale(self) -> None:
        """T20: the publisher wrote. Each time another version, so that nobody approves a reply to
        messages they have not read."""
        self.must_wait()
        self.stale = True
        self.version += 1

    def belong_to(self, ticket_id: UUID) -> None:
        self.ticket_id = ticket_id

    def must_wait(self) -> None:
        if not self.waits:
            raise AlreadyDecided(current=self)

    def _end(
        self,
        state: ApprovalState,
        now: datetime,
        moderator_id: UUID | None,
        reason: str | None,
    ) -> Fact:
        self.must_wait()
        self.state = state
        self.moderator_id = moderator_id
        self.decided_at = now
        self.reason = reason
        self.version += 1
        return ApprovalDecided(
            was=ApprovalState.SUBMITTED.value,
            became=state.value,
            became_id=self.id,
            reply_id=self.reply_id,
            concerns=(self.author_id,),
        )
