"""A file that lies at a network, and is to be fetched from there for a message that is kept."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, late, new_id
from domain.post import Media

ATTEMPTS_MOST = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


class AwaitedFile(Record, table=True):
    """Gone once its file is kept, or it is known that it will not be had."""

    __tablename__ = "awaited_file"
    __table_args__ = (
        Index("ix_awaited_file_look_at", "look_at", "id"),
        Index(None, "occurrence_id"),
    )

    account_id: UUID = Field(foreign_key="account.id")
    # Checked at commit: it is written before the message that it belongs to.
    occurrence_id: UUID = Field(sa_column_args=[late("occurrence.id")])
    source: str = Field(sa_type=Text)
    file_name: str = Field(max_length=200)
    media_type: str | None = Field(default=None, max_length=120)
    attempts: int = 0
    look_at: datetime = Field(sa_type=UTCDateTime)
    """When to ask for it next; while somebody fetches it, when another may."""
    lease_id: UUID | None = None

    @property
    def media(self) -> Media:
        return Media(self.source, self.file_name, self.media_type)

    def lease(self, until: datetime) -> UUID:
        """Fetched by one process from now on; what another began counts no longer."""
        self.lease_id, self.look_at = new_id(), until
        self.attempts += 1
        return self.lease_id

    def rest(self, now: datetime) -> bool:
        """Let go until it is asked for again; False where that has been done often enough."""
        self.lease_id = None
        self.look_at = now + min(FIRST_PAUSE * 2 ** (self.attempts - 1), LONGEST_PAUSE)
        return self.attempts < ATTEMPTS_MOST
