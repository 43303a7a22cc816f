"""An approval: the decision that a held reply waits for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, late, only_where, word
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
