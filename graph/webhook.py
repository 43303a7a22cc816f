"""Partners who are told of cases: where, and what became of each event."""

from datetime import datetime

from domain.model import webhook
from domain.words import WebhookDeliveryState, WebhookEventKind
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from graph.page import Connection
from graph.ticket import Ticket
from graph.workspace import ApiKey, User
from resolvers import partners


@thing(webhook.WebhookEndpoint, description="Where a partner is told what happens to cases.")
class WebhookEndpoint(Node):
    name: str = shown("What colleagues call it.")
    url: str = shown("Where it is.")
    api_key = fetched(partners.key_of, ApiKey, "The partner's key: what it may ask, it is told.")
    kinds = computed(partners.kinds, list[WebhookEventKind], "What it is told of.")
    enabled: bool = shown("false: it is told nothing.")
    waiting = fetched(partners.waiting, int, "How many events are on their way to it.")
    dead = fetched(partners.dead, int, "How many it did not take in a day.")
    failures: int = shown("How often in a row it did not answer as it should; 0 while it is well.")
    failing_since: datetime | None = shown("Since when it is not well; null while it is.")
    paused_until: datetime | None = shown("Not well, it is let be until then.")
    previous_until: datetime | None = shown(
        "Until then what it is told is signed with the secret from before, too; null where there "
        "was none."
    )
    created_at: datetime = shown("When it was made.")
    changed_at: datetime = shown("When somebody last changed it.")
    changed_by = fetched(partners.changed_by, User | None, "Who; null where no person did.")
    version: int = shown("Grows with every change; give it back as expectedVersion.")


@thing(webhook.WebhookDelivery, description="One event, told to one endpoint.")
class WebhookDelivery(Node):
    endpoint = fetched(partners.endpoint, WebhookEndpoint, "To whom.")
    kind: WebhookEventKind = shown("What is told.")
    ticket = fetched(partners.ticket, Ticket | None, "Of which ticket; null in a test, or removed.")
    idempotency_key = computed(
        partners.idempotency_key, str, "What it bears as `Idempotency-Key`, however often it goes."
    )
    happened_at: datetime = shown("When it happened.")
    state: WebhookDeliveryState = shown("How far it has come.")
    attempts: int = shown("How often it was sent; anew from 0 where it was replayed.")
    queued_at: datetime = shown("Since when it is tried.")
    next_attempt_at: datetime | None = shown(
        "When it goes out at the earliest, or is given to another to send; null once it has ended."
    )
    status_code: int | None = shown("What the endpoint answered last; null where it did not.")
    failure = computed(partners.failure, str | None, "Why it was not taken, for people.")
    ended_at: datetime | None = shown("When it was taken, or given up.")


@value(description="Part of a list of deliveries, the newest first.")
class WebhookDeliveryConnection(Connection[WebhookDelivery]):
    pass
