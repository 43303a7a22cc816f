"""A reply: what we wrote on a ticket, to the publisher or among ourselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, word
from domain.words import DeliveryState, TicketStatus, Visibility


class Reply(Record, table=True):
    __table_args__ = (Index(None, "ticket_id", "written_at", "id"), Index(None, "workspace_id"))

    ticket_id: UUID = Field(foreign_key="ticket.id")
    author_id: UUID | None = Field(default=None, foreign_key="user.id")
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    external_id: str | None = Field(default=None, max_length=200)
    visibility: Visibility = Field(sa_type=word(Visibility, "visibility"))
    text: str = Field(sa_type=Text)
    send_as: TicketStatus | None = Field(default=None, sa_type=word(TicketStatus, "send_as"))
    automated: bool = False
    state: DeliveryState = Field(sa_type=word(DeliveryState, "state"))
    written_at: datetime = Field(sa_type=UTCDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    def belong_to(self, ticket_id: UUID) -> None:
        self.ticket_id = ticket_id
