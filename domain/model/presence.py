"""Presence: who is looking at a ticket or writing on it, for as long as they say so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from domain.model.base import UTCDateTime, word
from domain.words import PresenceMode


class Presence(SQLModel, table=True):
    """A lease: whoever does not renew it is gone when it ends, whatever became of their process."""

    __table_args__ = (Index(None, "workspace_id"), Index(None, "expires_at"))

    ticket_id: UUID = Field(foreign_key="ticket.id", primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")
    mode: PresenceMode = Field(sa_type=word(PresenceMode, "mode"))
    since: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
