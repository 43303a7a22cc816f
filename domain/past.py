"""A conversation that was had elsewhere, in our own words, and what became of it here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.errors import Invalid, Refusal
from domain.post import Author
from domain.rules import checking
from domain.rules.wording import shortened
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

    def check(self, now: datetime) -> None:
        """Whether it can be kept; the refusal names the field."""
        checking.identifier(self.external_id, ["id"])
        checking.text(self.text, ["text"])
        checking.happened(self.at, now, ["at"])
        checking.url(self.url, ["url"])
        if self.parent_external_id:
            checking.identifier(self.parent_external_id, ["parent"])
        author = self.author
        checking.identifier(author.external_id, ["author", "id"])
        checking.name(author.name, ["author", "name"], 200)
        if author.handle:
            checking.name(author.handle, ["author", "handle"], 200)
        checking.url(author.url, ["author", "url"])


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

    @property
    def short_tags(self) -> tuple[str, ...]:
        """Other systems have longer labels than ours; a long one is cut, not lost."""
        cut = (shortened(tag, checking.TAG_LENGTH) for tag in self.tags)
        return checking.tags(cut, ["tags"])

    def check(self, now: datetime) -> None:
        """Whether it can be kept, its messages aside; the refusal names the field."""
        checking.identifier(self.thread, ["id"])
        checking.storable(self.subject or "", ["subject"])
        _ = self.short_tags
        if self.closed_at is not None:
            checking.happened(self.closed_at, now, ["closed_at"])
        if self.close_reason is CloseReason.MERGED:
            raise Invalid("merged_is_for_merging", field=["close_reason"])
        if self.status is TicketStatus.CLOSED and self.close_reason is None:
            raise Invalid("close_reason_required", field=["close_reason"])


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
