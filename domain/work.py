"""Work: what an operation may reach, in one transaction, for one actor, at one moment.

These are the domain's own questions; `storage` has the only implementation, and mypy proves that it
fits. Whatever a shelf returns, the actor may see. `take` and its kin also hold what they return
until the transaction ends, so that nobody else changes it meanwhile.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.addresses import Addresses
from domain.events import Fact
from domain.model.ticket import Ticket
from domain.model.workspace import Workspace
from domain.rules.access import Actor
from domain.rules.capability import Capability
from domain.shelves.conversations import (
    Approvals,
    Attachments,
    Awaited,
    Calls,
    CannedReplies,
    Occurrences,
    Outbox,
    Presences,
    Replies,
    ShortLinks,
)
from domain.shelves.house import Accounts, Levels, Mailboxes, Monitorings, TicketTypes
from domain.shelves.partners import WebhookDeliveries, WebhookEndpoints
from domain.shelves.people import (
    ApiKeys,
    FieldDefinitions,
    Identities,
    PublisherEntries,
    PublisherFields,
    Publishers,
    Users,
)
from domain.shelves.tickets import Board, Calendars, Clocks, Entries, Tickets
from domain.shelves.tracking import Histories, Protocols
from domain.words import Network


@dataclass(frozen=True, slots=True)
class Secret:
    """Something shown once: the text, the part that may be shown again, and what is kept."""

    text: str
    prefix: str
    hash: str


class Secrets(Protocol):
    """Cryptography, handed in by whoever has the key."""

    async def hash_password(self, password: str) -> str: ...
    async def check_password(self, password_hash: str | None, password: str) -> bool: ...
    def make(self, kind: str) -> Secret: ...
    def hash(self, text: str) -> str: ...
    def same(self, one: str, other: str) -> bool: ...
    def seal(self, text: str) -> bytes: ...
    def unseal(self, sealed: bytes) -> str: ...
    def new_key(self, owner: UUID) -> bytes: ...
    def seal_for(self, owner: UUID, sealed_key: bytes, name: str, text: str) -> bytes: ...
    def unseal_for(self, owner: UUID, sealed_key: bytes, name: str, sealed: bytes) -> str: ...
    def fingerprint(self, workspace_id: UUID, kind: str, value: str) -> str: ...


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file to be read piece by piece."""

    size: int
    pieces: AsyncIterator[bytes]


class Files(Protocol):
    """The bytes of attachments, by key. UNAVAILABLE when the store cannot answer."""

    async def put(self, key: str, data: bytes) -> None: ...
    async def get(self, key: str) -> bytes | None: ...
    async def drop(self, key: str) -> None: ...
    async def open(self, key: str) -> OpenFile | None: ...
    def older(self, prefix: str, than: datetime) -> AsyncIterator[Sequence[str]]: ...


class Channels(Protocol):
    """What each network can carry, and how it wants to be reached."""

    def capability(self, network: Network) -> Capability: ...
    def connection(self, network: Network, told: Mapping[str, Any]) -> Mapping[str, Any]: ...
    def known_as(
        self, network: Network, reply_id: UUID, connection: Mapping[str, Any]
    ) -> str | None: ...
    async def test(
        self,
        network: Network,
        connection: Mapping[str, Any],
        account_id: UUID,
        external_id: str | None,
        handle: str | None,
    ) -> tuple[str | None, str | None]:
        """What is wrong with the line, as a sentence and in the network's words; nothing where it
        is well."""
        ...


class Work(Protocol):
    @property
    def actor(self) -> Actor: ...
    @property
    def now(self) -> datetime: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def board(self) -> Board: ...
    @property
    def calendars(self) -> Calendars: ...
    @property
    def occurrences(self) -> Occurrences: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def awaited(self) -> Awaited: ...
    @property
    def attachments(self) -> Attachments: ...
    @property
    def approvals(self) -> Approvals: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def canned_replies(self) -> CannedReplies: ...
    @property
    def short_links(self) -> ShortLinks: ...
    @property
    def publishers(self) -> Publishers: ...
    @property
    def protocols(self) -> Protocols: ...
    @property
    def histories(self) -> Histories: ...
    @property
    def presence(self) -> Presences: ...
    @property
    def field_definitions(self) -> FieldDefinitions: ...
    @property
    def publisher_fields(self) -> PublisherFields: ...
    @property
    def publisher_entries(self) -> PublisherEntries: ...
    @property
    def levels(self) -> Levels: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def mailboxes(self) -> Mailboxes: ...
    @property
    def monitorings(self) -> Monitorings: ...
    @property
    def ticket_types(self) -> TicketTypes: ...
    @property
    def users(self) -> Users: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def webhook_endpoints(self) -> WebhookEndpoints: ...
    @property
    def webhook_deliveries(self) -> WebhookDeliveries: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def files(self) -> Files: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def addresses(self) -> Addresses: ...

    async def workspace(self) -> Workspace: ...

    async def position(self) -> str:
        """The feed's cursor at this transaction's snapshot."""
        ...

    def record(
        self,
        ticket: Ticket,
        *facts: Fact,
        comment: str | None = None,
        actor_name: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Write down what happened; the comment stands on the first fact.

        `at` is for what an import tells of the past: an act of its own, at its own moment.
        """
        ...

    def watch(self, ticket: Ticket) -> None:
        """Look at its clocks, although nothing happened but that time passed."""
        ...

    def last_entry(self, ticket: Ticket) -> UUID:
        """The entry that was recorded of it last, in this transaction."""
        ...

    def rights_changed(self) -> None:
        """Somebody's rights are not what they were; open sockets look again."""
        ...

    def wake_workers(self) -> None:
        """Something is to be done that no entry tells of."""
        ...

    def presence_changed(self, ticket_id: UUID) -> None:
        """Others are at that ticket than before, or do something else; who watches looks again."""
        ...

    async def recall(self, key: str, request_hash: str) -> tuple[bool, Any]:
        """Whether this key was used before, and what was answered then.

        A key that is new is held until the transaction ends, so a second request with it waits.
        INVALID when it was used for another input.
        """
        ...

    async def remember(self, key: str, answer: Any) -> None:
        """Keep the answer with its key, in this transaction."""
        ...
