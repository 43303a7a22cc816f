"""Partners who are told of cases: their endpoints, and what became of each event."""

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

import strawberry

from domain.answers import Deleted, EndpointSaved, Replayed
from domain.errors import NotFound
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, User
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.operations import partnering
from domain.operations.partnering import EndpointForm
from domain.page import Page
from domain.sentences import SENTENCES
from domain.words import WebhookDeliveryState, WebhookEventKind
from resolvers import paging
from resolvers.context import Info
from resolvers.inputs import NEW, VERSION, key, sought, told, uuid
from resolvers.organizing import DeleteInput
from resolvers.paging import After, Before, First, Last

NOBODYS = UUID(int=0)
Endpoint = strawberry.Parent[WebhookEndpoint]
Row = strawberry.Parent[WebhookDelivery]


# ── setting up ─────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="Where a partner is told what happens to cases.")
class SaveWebhookEndpointInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("What colleagues call it.")
    url: str = told(
        "Where it is: https, on the public internet. What it answers with a 2xx status is taken."
    )
    api_key_id: strawberry.ID | None = told(
        "The partner's key, with the scope `protocol`: of the cases it may ask about it is told. "
        "Needed for a new endpoint, fixed from then on.",
        default=None,
    )
    kinds: list[WebhookEventKind] | None = told(
        "What it is told of; of everything where a new endpoint does not say.", default=None
    )
    enabled: bool | None = told(
        "false: it is told nothing. Switched on again, it is told what happens from then on.",
        default=None,
    )
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def save(info: Info, input: SaveWebhookEndpointInput) -> EndpointSaved:
    form = EndpointForm(
        id=uuid(input.id, "WebhookEndpoint", "id"),
        name=input.name,
        url=input.url,
        api_key_id=uuid(input.api_key_id, "ApiKey", "apiKeyId"),
        kinds=input.kinds,
        enabled=input.enabled,
        expected_version=input.expected_version,
    )
    return await info.context.once(input, partnering.save_endpoint, form)


@strawberry.input(description="One endpoint.")
class WebhookEndpointInput:
    endpoint_id: strawberry.ID = told("Which one.")
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def rotate(info: Info, input: WebhookEndpointInput) -> EndpointSaved:
    endpoint_id = uuid(input.endpoint_id, "WebhookEndpoint", "endpointId")
    return await info.context.once(
        input, partnering.rotate_secret, endpoint_id, input.expected_version
    )


async def delete(info: Info, input: DeleteInput) -> Deleted:
    endpoint_id = uuid(input.id, "WebhookEndpoint", "id")
    return await info.context.once(
        input, partnering.delete_endpoint, endpoint_id, input.expected_version
    )


async def test(info: Info, input: WebhookEndpointInput) -> WebhookDelivery:
    endpoint_id = uuid(input.endpoint_id, "WebhookEndpoint", "endpointId")
    return await info.context.once(
        input, partnering.try_endpoint, endpoint_id, input.expected_version
    )


@strawberry.input(description="What an endpoint did not take in a day, told again.")
class ReplayWebhookDeliveriesInput:
    endpoint_id: strawberry.ID = told("Whose dead letters.")
    delivery_id: strawberry.ID | None = told("This one alone; else all of them.", default=None)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def replay(info: Info, input: ReplayWebhookDeliveriesInput) -> Replayed:
    return await info.context.once(
        input,
        partnering.replay,
        uuid(input.endpoint_id, "WebhookEndpoint", "endpointId"),
        uuid(input.delivery_id, "WebhookDelivery", "deliveryId"),
        input.expected_version,
    )


# ── looking ────────────────────────────────────────────────────────────────────────────────────


async def endpoints(info: Info) -> list[WebhookEndpoint]:
    async with info.context.reading() as work:
        return list(await work.webhook_endpoints.all())


@strawberry.input(description="Which deliveries. What is not given is not asked.")
class WebhookDeliveryFilter:
    endpoint_id: strawberry.ID | None = told("To this endpoint.", default=None)
    states: list[WebhookDeliveryState] | None = told(
        "In one of these states: `[DEAD]` for the dead letters.", default=None
    )
    kinds: list[WebhookEventKind] | None = told("Of one of these kinds.", default=None)
    protocol: str | None = told("Of the ticket with exactly this protocol.", default=None)


async def deliveries(
    info: Info,
    filter: Annotated[
        WebhookDeliveryFilter | None, strawberry.argument(description="Which ones.")
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[WebhookDelivery]:
    asked = filter or WebhookDeliveryFilter()
    protocol = asked.protocol
    try:
        endpoint_id = uuid(asked.endpoint_id, "WebhookEndpoint", "filter", "endpointId")
    except NotFound:
        endpoint_id = NOBODYS  # an id of something else: a list of nothing
    async with info.context.reading() as work:
        return await work.webhook_deliveries.page(
            paging.window(first, after, last, before),
            endpoint_id=endpoint_id,
            states=asked.states,
            kinds=asked.kinds,
            protocol=None if protocol is None else sought(protocol, "filter", "protocol"),
        )


def key_of(endpoint: Endpoint, info: Info) -> Awaitable[ApiKey | None]:
    return info.context.loaders.api_key(endpoint.api_key_id)


def kinds(endpoint: Endpoint) -> list[WebhookEventKind]:
    return [kind for kind in WebhookEventKind if kind in endpoint.wants]


async def changed_by(endpoint: Endpoint, info: Info) -> User | None:
    if endpoint.changed_by_id is None:
        return None
    return await info.context.loaders.user(endpoint.changed_by_id)


async def waiting(endpoint: Endpoint, info: Info) -> int:
    found = await info.context.loaders.webhook_counts(endpoint.id)
    return found.waiting if found else 0


async def dead(endpoint: Endpoint, info: Info) -> int:
    found = await info.context.loaders.webhook_counts(endpoint.id)
    return found.dead if found else 0


def endpoint(delivery: Row, info: Info) -> Awaitable[WebhookEndpoint | None]:
    return info.context.loaders.webhook_endpoint(delivery.endpoint_id)


async def ticket(delivery: Row, info: Info) -> Ticket | None:
    if delivery.ticket_id is None:
        return None
    return await info.context.loaders.ticket(delivery.ticket_id)


def idempotency_key(delivery: Row) -> str:
    return str(delivery.id)


def failure(delivery: Row, info: Info) -> str | None:
    """Why it was not taken, for people."""
    if delivery.failure is None:
        return None
    why = SENTENCES[delivery.failure][info.context.locale]
    return f"{why} ({delivery.failure_detail})" if delivery.failure_detail else why
