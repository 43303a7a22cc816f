"""A conversation that was had elsewhere, in our own words, and what became of it here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.errors import Refusal
from domain.post import Author
from domain.words import CloseReason, OccurrenceKind, Priority, TicketStatus


@dataclass(frozen=True, slots=True)
class PastMessage:
    """What the consumer wrote (`inbound`) or the company answered."""

    external_id: str
    inbound: bool
    author: Author
    text: str
    at: datetime
    kind: OccurrenceKind
    parent_external_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PastConversation:
    """Messages in time order, at least one of them inbound. None leaves a thing to our rules."""

    account_id: UUID
    thread: str
    messages: Sequence[PastMessage]
    subject: str | None = None
    status: TicketStatus | None = None
    close_reason: CloseReason | None = None
    closed_at: datetime | None = None
    priority: Priority | None = None
    ticket_type_id: UUID | None = None
    tags: Sequence[str] = ()


@dataclass(slots=True)
class TakenOver:
    """What became of one conversation, in messages; some of them may have been refused."""

    opened: bool = False
    continued: bool = False
    occurrences: int = 0
    replies: int = 0
    already_there: int = 0
    refused: list[tuple[Refusal, PastMessage | None]] = field(default_factory=list)
    """Each with its message; None where the whole conversation, or all that is new, is meant."""

    def refuse(self, refusal: Refusal, message: PastMessage | None = None) -> None:
        self.refused.append((refusal, message))
