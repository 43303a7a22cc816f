"""A ticket as it is told to whoever asks by its protocol: stages, dates, and what was said.

Nothing of who handles it, where, or how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.words import PublicStage, TicketStatus


@dataclass(frozen=True, slots=True)
class ProtocolStage:
    stage: PublicStage
    at: datetime


@dataclass(frozen=True, slots=True)
class PublicMessage:
    at: datetime
    from_company: bool
    text: str


@dataclass(frozen=True, slots=True)
class ProtocolStatus:
    protocol: str
    stage: PublicStage
    stages: Sequence[ProtocolStage]
    opened_at: datetime
    updated_at: datetime
    expected_by: datetime | None
    needs_answer: bool
    successor: str | None
    removed: bool
    messages: Sequence[PublicMessage]


class Tracked(NamedTuple):
    """A ticket that was asked for by its protocol, and what proves that somebody may ask."""

    ticket_id: UUID
    workspace_id: UUID
    protocol: str
    status: TicketStatus
    opened_at: datetime
    removed_at: datetime | None
    merged_into_id: UUID | None
    publisher_id: UUID
    sealed_key: bytes | None
    sealed_cpf: bytes | None
    cpf_hash: str | None
    email_hash: str | None


@dataclass(frozen=True, slots=True)
class Visited:
    """The same, with what it is read by: whose it is, and on which clock."""

    status: ProtocolStatus
    company: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Stands for a proof of one ticket that was shown, until it is over."""

    ticket_id: UUID
    protocol: str
    until: datetime
    mark: str
    """What was known of the publisher then."""
    text: str

    def is_good(self, tracked: Tracked, mark: str) -> bool:
        return tracked.ticket_id == self.ticket_id and mark == self.mark


class Turn(NamedTuple):
    """The ticket came to stand so, at that moment."""

    at: datetime
    status: TicketStatus


class Said(NamedTuple):
    """A message that was received, or that arrived."""

    at: datetime
    from_company: bool
    text: str


class Next(NamedTuple):
    """The ticket that goes on where this one ended."""

    protocol: str
    publisher_id: UUID
