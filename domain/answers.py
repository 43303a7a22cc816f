"""What an operation answers when it is more than one thing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.errors import Refusal
from domain.model.account import Account
from domain.model.approval import Approval
from domain.model.call import Call
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.shortlink import ShortLink
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, User
from domain.model.webhook import WebhookEndpoint
from domain.rules.presence import Viewer
from domain.words import DeliveryState, HistoryMeans

TOLD_ONCE = {"told_once": True}
"""Never kept with an idempotency key: a retry is answered without it."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one message. A repeat answers what it became the first time."""

    occurrence: Occurrence | None
    ticket: Ticket | None
    duplicate: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    tickets: Sequence[Ticket]
    holder: User | None = None
    """Who has them now."""
    level_ids: Sequence[UUID] = ()
    """Where they were looked for."""
    waiting: int | None = None
    """How many were left there; None where nobody asked."""


@dataclass(frozen=True, slots=True)
class Replied:
    """What was written; where it is held, the approval that it waits for."""

    reply: Reply
    ticket: Ticket
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was recorded."""

    call: Call
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class HistoryAsked:
    """A history on its way to its consumer, as the reply that it goes with."""

    reply: Reply
    ticket: Ticket

    @property
    def protocol(self) -> str:
        return self.ticket.protocol

    @property
    def means(self) -> HistoryMeans | None:
        return self.reply.history_means

    @property
    def requested_at(self) -> datetime:
        return self.reply.written_at

    @property
    def due_at(self) -> datetime | None:
        return self.reply.history_due_at

    @property
    def state(self) -> DeliveryState:
        return DeliveryState(self.reply.state)

    @property
    def sent_at(self) -> datetime | None:
        return self.reply.sent_at

    @property
    def document_hash(self) -> str | None:
        return self.reply.history_hash


@dataclass(frozen=True, slots=True)
class Attended:
    """Who is at a ticket. Never kept with an idempotency key: it is another a moment later."""

    viewers: Sequence[Viewer]


@dataclass(frozen=True, slots=True)
class Decided:
    approval: Approval
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class RemovedTicket:
    removed_id: UUID


@dataclass(frozen=True, slots=True)
class Deleted:
    """What kind of thing is no more, and which."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Shortened:
    """A text with its links made short, and the links that were made for it."""

    text: str
    links: Sequence[ShortLink]


@dataclass(frozen=True, slots=True)
class LevelSaved:
    """A level; where it was closed to new tickets, how many it still has."""

    level: Level
    open_tickets: int | None = None


@dataclass(frozen=True, slots=True)
class KeyMade:
    """The only moment at which the secret can be read."""

    api_key: ApiKey
    secret: str | None = field(default=None, metadata=TOLD_ONCE)


@dataclass(frozen=True, slots=True)
class AccountSaved:
    """The signing secret is told once, when it was made here."""

    account: Account
    webhook_secret: str | None = field(default=None, metadata=TOLD_ONCE)


@dataclass(frozen=True, slots=True)
class EndpointSaved:
    """A partner's endpoint; what signs what it is told is told once, when it was made here."""

    endpoint: WebhookEndpoint
    secret: str | None = field(default=None, metadata=TOLD_ONCE)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many dead letters are on their way again."""

    endpoint: WebhookEndpoint
    replayed: int


@dataclass(frozen=True, slots=True)
class FieldTold:
    """What stands in a field that is masked, for whoever said why they have to know."""

    value: str | None = field(default=None, metadata=TOLD_ONCE)


ANSWERS: dict[str, type] = {
    each.__name__: each
    for each in (
        Received,
        Pulled,
        Replied,
        Called,
        HistoryAsked,
        Decided,
        RemovedTicket,
        Deleted,
        Shortened,
        LevelSaved,
        KeyMade,
        AccountSaved,
        EndpointSaved,
        Replayed,
        FieldTold,
    )
}
