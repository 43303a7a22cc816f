"""Presence: who is looking at a ticket or writing on it, for as long as they say so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from domain.model.base import UTCDateTime
from domain.rules.presence import Lease


class Presence(SQLModel, table=True):
    """A lease: whoever does not renew it is gone when it ends, whatever became of their process."""

    __table_args__ = (Index(None, "workspace_id"), Index(None, "expires_at"))

    ticket_id: UUID = Field(foreign_key="ticket.id", primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")
    since: datetime = Field(sa_type=UTCDateTime)
    typing_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """Until then they write; from then on, until the end, they look."""
    expires_at: datetime = Field(sa_type=UTCDateTime)

    @property
    def lease(self) -> Lease:
        return Lease(self.user_id, self.since, self.typing_until, self.expires_at)
