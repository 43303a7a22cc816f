"""A telephone call that somebody recorded by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, late, word
from domain.words import CallDirection, CallOutcome


class Call(Record, table=True):
    """What was said in it is its history entry's comment."""

    __table_args__ = (Index(None, "ticket_id"),)

    ticket_id: UUID = Field(sa_column_args=[late("ticket.id")])
    direction: CallDirection = Field(sa_type=word(CallDirection, "direction"))
    outcome: CallOutcome = Field(sa_type=word(CallOutcome, "outcome"))
    number: str | None = Field(default=None, max_length=40)
    """Covered: the whole number stands with the publisher, sealed."""
    seconds: int
    started_at: datetime = Field(sa_type=UTCDateTime)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    recorded_by_id: UUID | None = Field(default=None, foreign_key="user.id")

    @property
    def spoken(self) -> str:
        """In one line, for people and for whoever exports histories."""
        return f"{self.direction.value} {self.outcome.value} {self.seconds}s"
