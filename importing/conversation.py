"""A conversation from somewhere else, and what could not be read of it.

Everything is plain values: whoever stores them decides what becomes a ticket.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# The words a map may translate into; they are the names of the domain's enums.
KINDS: Final = (
    "POST",
    "COMMENT",
    "AD_COMMENT",
    "MENTION",
    "DIRECT_MESSAGE",
    "EMAIL",
    "CALL",
    "SURVEY_ANSWER",
    "REVIEW",
)
# AWAITING_APPROVAL is left out: it needs a held reply, which no other helpdesk can hand over.
STATUSES: Final = ("NEW", "OPEN", "ESCALATED", "PENDING", "RESOLVED", "CLOSED")
CLOSE_REASONS: Final = (
    "ANSWERED",
    "NO_REPLY_NEEDED",
    "DECLINED",
    "SPAM",
    "DUPLICATE",
    "MERGED",
    "INACTIVITY",
    "CONFIRMED_BY_CUSTOMER",
)
PRIORITIES: Final = ("LOW", "MEDIUM", "HIGH", "URGENT")

VALUE_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class ImportedAuthor:
    """Who wrote a message, as far as the file tells."""

    external_id: str
    name: str
    handle: str | None = None
    url: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedMessage:
    """One message; `inbound` when the consumer wrote it, otherwise the company did."""

    external_id: str
    inbound: bool
    author: ImportedAuthor
    text: str
    at: datetime
    kind: str
    parent_external_id: str | None = None
    url: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """Messages in time order, at least one of them inbound.

    `external_id` is the thread's root. Where several consumers write in one thread there is one
    conversation for each, so what identifies a conversation is the root together with its consumer.
    """

    external_id: str
    account: str | None
    subject: str | None
    messages: tuple[ImportedMessage, ...]
    status: str | None
    close_reason: str | None
    ticket_type: str | None
    tags: tuple[str, ...]
    closed_at: datetime | None
    priority: str | None
    line: int

    @property
    def consumer(self) -> ImportedAuthor:
        """Who wrote first on the consumer's side."""
        return next(message.author for message in self.messages if message.inbound)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row, or one message of it, that was not read, and what a person can do about it."""

    line: int
    column: str | None
    reason: str
    value: str


class Refused(Exception):
    """Raised where a value cannot be used; reading goes on after the row is reported."""

    def __init__(self, reason: str, *, column: str | None = None, value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value

    def at(self, line: int) -> RefusedRow:
        return RefusedRow(line, self.column, self.reason, self.value[:VALUE_SHOWN])
