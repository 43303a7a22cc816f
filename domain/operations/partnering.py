"""Partners' endpoints, set up: where they are, what they are told, and what they did not take."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.answers import Deleted, EndpointSaved, Replayed
from domain.errors import Duplicate, Invalid, NotFound, TooLarge, VersionConflict, WrongState
from domain.model.base import new_id
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.operations import informing
from domain.rules import checking, links, partner_events
from domain.words import WebhookDeliveryState, WebhookEventKind
from domain.work import Work

ENDPOINTS_MOST = 50


@dataclass(frozen=True, kw_only=True)
class EndpointForm:
    id: UUID | None = None
    name: str
    url: str
    api_key_id: UUID | None = None
    kinds: Sequence[WebhookEventKind] | None = None
    enabled: bool | None = None
    expected_version: int | None = None


async def save_endpoint(work: Work, form: EndpointForm) -> EndpointSaved:
    """A new endpoint, with the secret that signs what it is told; or one with other settings."""
    name = checking.name(form.name)
    url = links.called(form.url, loopback=work.addresses.loopback)
    if form.kinds is not None and WebhookEventKind.TEST in form.kinds:
        raise Invalid("webhook_kinds", field=["kinds"])
    if form.kinds is not None and not form.kinds:
        raise Invalid("none_given", field=["kinds"])
    same = await work.webhook_endpoints.named(name)
    if same is not None and same.id != form.id:
        raise Duplicate("name_taken", field=["name"], name=name)

    if form.id is None:
        return await _made(work, form, name, url)
    endpoint = await _held(work, form.id, form.expected_version)
    if form.api_key_id not in (None, endpoint.api_key_id):
        raise Invalid("webhook_key_fixed", field=["apiKeyId"])
    kinds = endpoint.wants if form.kinds is None else frozenset(form.kinds)
    endpoint.describe(name, url, kinds)
    if form.enabled is not None:
        endpoint.enable(form.enabled, work.now)
    if endpoint.position is None:
        await work.webhook_endpoints.news(endpoint, 1)
    endpoint.changed(work.now, work.actor.user_id)
    work.wake_workers()
    return EndpointSaved(endpoint)


async def _made(work: Work, form: EndpointForm, name: str, url: str) -> EndpointSaved:
    if form.api_key_id is None:
        raise Invalid("required", field=["apiKeyId"], name="apiKeyId")
    key = (await work.api_keys.find([form.api_key_id])).get(form.api_key_id)
    if key is None:
        raise NotFound("not_found", field=["apiKeyId"], thing="API key")
    if not informing.may_be_told(key):
        raise WrongState("webhook_key", field=["apiKeyId"])
    count = len(await work.webhook_endpoints.all())
    if count >= ENDPOINTS_MOST:
        raise TooLarge("webhooks_most", most=ENDPOINTS_MOST)
    secret = work.secrets.make("hook").text
    kinds = partner_events.FOLLOWED if form.kinds is None else form.kinds
    endpoint = WebhookEndpoint(
        workspace_id=work.actor.workspace_id,
        api_key_id=key.id,
        name=name,
        url=url,
        kinds=sorted({each.value for each in kinds}),
        enabled=form.enabled is not False,
        sealed_secret=work.secrets.seal(secret),
        since=work.now,
        created_at=work.now,
        changed_at=work.now,
        changed_by_id=work.actor.user_id,
    )
    # Its place is taken in the transaction that makes it: what is committed afterwards is told.
    await work.webhook_endpoints.news(endpoint, 1)
    await work.webhook_endpoints.put(endpoint)
    return EndpointSaved(endpoint, secret)


async def rotate_secret(
    work: Work, endpoint_id: UUID, expected_version: int | None = None
) -> EndpointSaved:
    """Another secret; for a day what is told is signed with both."""
    endpoint = await _held(work, endpoint_id, expected_version)
    secret = work.secrets.make("hook").text
    endpoint.rotate(work.secrets.seal(secret), work.now)
    endpoint.changed(work.now, work.actor.user_id)
    return EndpointSaved(endpoint, secret)


async def delete_endpoint(
    work: Work, endpoint_id: UUID, expected_version: int | None = None
) -> Deleted:
    """No more, with all that was or is to be told to it."""
    endpoint = await _held(work, endpoint_id, expected_version)
    await work.webhook_endpoints.drop(endpoint)
    return Deleted("WebhookEndpoint", endpoint_id)


async def try_endpoint(
    work: Work, endpoint_id: UUID, expected_version: int | None = None
) -> WebhookDelivery:
    """An event that tells of nothing, to see whether it arrives."""
    endpoint = await _held(work, endpoint_id, expected_version)
    _must_be_on(endpoint)
    delivery = WebhookDelivery(
        id=new_id(),
        workspace_id=endpoint.workspace_id,
        endpoint_id=endpoint.id,
        kind=WebhookEventKind.TEST,
        happened_at=work.now,
        state=WebhookDeliveryState.QUEUED,
        queued_at=work.now,
        next_attempt_at=work.now,
    )
    await work.webhook_deliveries.queue([delivery])
    # Whoever asks wants to know now, however it answered before.
    endpoint.recover()
    work.wake_workers()
    return delivery


async def replay(
    work: Work,
    endpoint_id: UUID,
    delivery_id: UUID | None = None,
    expected_version: int | None = None,
) -> Replayed:
    """One dead letter told again, or all of them, each in its ticket's order."""
    endpoint = await _held(work, endpoint_id, expected_version)
    _must_be_on(endpoint)
    if delivery_id is None:
        count = await work.webhook_deliveries.replay_all(endpoint.id, work.now)
    else:
        delivery = await work.webhook_deliveries.take(delivery_id)
        if delivery.endpoint_id != endpoint.id:
            raise NotFound("not_found", field=["deliveryId"], thing="webhook delivery")
        delivery.replay(work.now)
        count = 1
    await work.webhook_deliveries.line_up_anew(endpoint.id, work.now)
    endpoint.recover()
    work.wake_workers()
    return Replayed(endpoint, count)


def _must_be_on(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise WrongState("webhook_off", field=["endpointId"])


async def _held(work: Work, endpoint_id: UUID, expected_version: int | None) -> WebhookEndpoint:
    endpoint = await work.webhook_endpoints.take(endpoint_id)
    if expected_version is not None and endpoint.version != expected_version:
        raise VersionConflict(current=endpoint, changed_fields=[])
    return endpoint
