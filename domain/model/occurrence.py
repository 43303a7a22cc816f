"""An occurrence: one thing somebody wrote, kept as it came."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from domain.events import OccurrenceDeleted, OccurrenceEdited
from domain.model.base import Record, UTCDateTime, word
from domain.words import Network, OccurrenceKind


class Occurrence(Record, table=True):
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index(None, "ticket_id", "occurred_at", "id"),
        Index(None, "publisher_id", "occurred_at", "id"),
    )

    account_id: UUID = Field(foreign_key="account.id")
    external_id: str = Field(max_length=200)
    network: Network = Field(sa_type=word(Network, "network"))
    kind: OccurrenceKind = Field(sa_type=word(OccurrenceKind, "kind"))
    publisher_id: UUID = Field(foreign_key="publisher.id")
    # No foreign key: nothing is asked of it but who it was, and profiles may go.
    profile_id: UUID | None = None
    """As whom the publisher wrote it: where an answer goes."""
    ticket_id: UUID | None = Field(default=None, foreign_key="ticket.id")
    """None for a historical one: it was there before, and nothing has to be done about it."""
    level_id: UUID = Field(foreign_key="level.id", index=True)
    """The level that received it."""
    intended_level_id: UUID = Field(foreign_key="level.id", index=True)
    """The level it was meant for; another one when that took no tickets."""
    monitoring_id: UUID | None = Field(default=None, foreign_key="monitoring.id")
    text: str = Field(sa_type=Text)
    url: str | None = Field(default=None, max_length=2000)
    thread_root: str = Field(max_length=200)
    thread_url: str | None = Field(default=None, max_length=2000)
    parent_external_id: str | None = Field(default=None, max_length=200)
    occurred_at: datetime = Field(sa_type=UTCDateTime)
    received_at: datetime = Field(sa_type=UTCDateTime)
    historical: bool = False
    subject: str | None = Field(default=None, max_length=400)
    """Of an e-mail."""
    html: str | None = Field(default=None, sa_type=Text)
    """What an e-mail looked like, with everything taken out that could act."""
    automated: bool = False
    """Sent by a machine, such as an out-of-office reply: kept, and never waited on."""

    edited_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When its author last changed it; what it said before stands in the history."""
    deleted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When its author took it back on the network."""

    def reword(self, text: str, at: datetime) -> OccurrenceEdited | None:
        """None where it says that already, or was taken back."""
        if text == self.text or self.deleted_at is not None:
            return None
        if self.edited_at is not None and at < self.edited_at:
            return None  # told late: what is kept is newer
        before, self.text, self.edited_at = self.text, text, at
        return OccurrenceEdited(occurrence_id=self.id, said=before)

    def take_back(self, at: datetime) -> OccurrenceDeleted | None:
        if self.deleted_at is not None:
            return None
        self.deleted_at = at
        return OccurrenceDeleted(occurrence_id=self.id)

    def belong_to(self, ticket_id: UUID) -> None:
        self.ticket_id = ticket_id
