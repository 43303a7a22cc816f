"""Whom partners have us tell: endpoints, and what is on its way to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.page import Page, Window
from domain.words import WebhookDeliveryState, WebhookEventKind


@dataclass(frozen=True, slots=True)
class Behind:
    """What one event speaks of, as it is now: asked without the wall, which the rule looks at."""

    entry: HistoryEntry
    ticket: Ticket
    occurrence: Occurrence | None = None
    reply: Reply | None = None
    successor: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one endpoint: what is to be told, and what was given up."""

    waiting: int = 0
    dead: int = 0


class WebhookEndpoints(Protocol):
    async def get(self, endpoint_id: UUID) -> WebhookEndpoint: ...
    async def find(self, endpoint_ids: Collection[UUID]) -> Mapping[UUID, WebhookEndpoint]: ...
    async def all(self) -> Sequence[WebhookEndpoint]: ...
    async def take(self, endpoint_id: UUID) -> WebhookEndpoint: ...
    async def take_free(self, endpoint_id: UUID) -> WebhookEndpoint | None:
        """Held; None where another holds it, or it is no more."""
        ...

    async def named(self, name: str) -> WebhookEndpoint | None: ...
    async def put(self, endpoint: WebhookEndpoint) -> None: ...
    async def drop(self, endpoint: WebhookEndpoint) -> None:
        """With everything that was or is to be told to it."""
        ...

    async def news(self, endpoint: WebhookEndpoint, most: int) -> Sequence[HistoryEntry]:
        """What it has not seen of the feed, in order; it has seen so much from now on."""
        ...


class WebhookDeliveries(Protocol):
    async def find(self, delivery_ids: Collection[UUID]) -> Mapping[UUID, WebhookDelivery]: ...
    async def get(self, delivery_id: UUID) -> WebhookDelivery: ...
    async def take(self, delivery_id: UUID) -> WebhookDelivery: ...
    async def page(
        self,
        window: Window,
        *,
        endpoint_id: UUID | None = None,
        states: Collection[WebhookDeliveryState] | None = None,
        kinds: Collection[WebhookEventKind] | None = None,
        protocol: str | None = None,
    ) -> Page[WebhookDelivery]: ...
    async def tallies(self, endpoint_ids: Collection[UUID]) -> Mapping[UUID, Tally]: ...
    async def queue(self, deliveries: Sequence[WebhookDelivery]) -> None:
        """Those that are not there yet."""
        ...

    async def in_public(self, message_ids: Collection[UUID]) -> Collection[UUID]:
        """Of these messages and replies those that stand where anybody could read them."""
        ...

    async def under_way(self, endpoint_id: UUID, now: datetime) -> int: ...
    async def take_due(
        self, endpoint_id: UUID, now: datetime, most: int
    ) -> Sequence[WebhookDelivery]:
        """The next to tell, of those that stand first in the line of their ticket."""
        ...

    async def behind(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Behind]:
        """By the entry that tells it."""
        ...

    async def take_some(self, delivery_ids: Collection[UUID]) -> Mapping[UUID, WebhookDelivery]: ...

    async def line_up(
        self, endpoint_id: UUID, now: datetime, ticket_ids: Collection[UUID] | None = None
    ) -> None:
        """Where nothing of a ticket is to be told, the first that waits is, from now on."""
        ...

    async def line_up_anew(self, endpoint_id: UUID, now: datetime) -> None:
        """What came back among those that wait goes before what happened later."""
        ...

    async def replay_all(self, endpoint_id: UUID, now: datetime) -> int: ...
    async def expire(self, endpoint_id: UUID, before: datetime, now: datetime, most: int) -> int:
        """How many waited since before that, and are dead letters now."""
        ...

    async def drop_all(self, endpoint_id: UUID, failure: str, now: datetime) -> int: ...
    async def forget(self, delivered: datetime, dead: datetime, most: int) -> int:
        """How many that ended before that were dropped."""
        ...
