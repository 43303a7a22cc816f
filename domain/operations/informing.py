"""Partners, told what happens to cases: read in the feed, claimed, composed, and how it ended.

An endpoint reads on in the feed and writes down what it is to be told in one transaction. A claim
is committed before the endpoint is called; whoever never says how it ended leaves an event that is
told again, under the same key.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from domain.errors import NotFound
from domain.model.base import new_id
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.model.user import ApiKey
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.rules import access, partner_events
from domain.rules.access import Actor, Permission
from domain.rules.membership import Face
from domain.rules.partner_events import Message, Told
from domain.shelves.partners import Behind
from domain.words import DeliveryState, WebhookDeliveryState, WebhookEventKind
from domain.work import Work

EXPIRED_AT_ONCE = 500
DELIVERED_KEPT, DEAD_KEPT = timedelta(days=7), timedelta(days=30)
"""How long can be looked up what was told, and what was not taken."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An event, ready: where it goes, what it says, and what signs it."""

    url: str
    body: bytes
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One telling of one event, which whoever holds this may make."""

    delivery_id: UUID
    lease_id: UUID
    endpoint_id: UUID
    kind: WebhookEventKind
    telling: Telling | None
    """None where it is not the partner's to know, as things are now."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How it ended: what the endpoint answered; else a sentence that says why it did not."""

    status: int | None = None
    sentence: str = "webhook_declined"
    detail: str | None = None
    wait: timedelta | None = None


def partner(key: ApiKey) -> Actor:
    """Whoever has that key."""
    return access.api_key(
        key_id=key.id,
        workspace_id=key.workspace_id,
        name=key.name,
        scopes=key.granted,
        levels=key.levels,
    )


def may_be_told(key: ApiKey) -> bool:
    """Whether it is good, and may ask what became of a case."""
    return key.revoked_at is None and partner(key).can(Permission.PROTOCOLS_READ)


async def collect(work: Work, endpoint_id: UUID, most: int) -> int:
    """How many entries an endpoint has read on; what of them it is to be told waits from now on."""
    endpoint = await work.webhook_endpoints.take_free(endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return 0
    key = await _key(work, endpoint)
    if not may_be_told(key):
        return 0
    entries = await work.webhook_endpoints.news(endpoint, most)
    reader = partner(key)
    seen = [each for each in entries if _is_news(endpoint, reader, each)]
    said = {each.occurrence_id or each.reply_id for each in seen} - {None}
    public = await work.webhook_deliveries.in_public([each for each in said if each])
    queued = [each for entry in seen for each in _deliveries(work, endpoint, entry, public)]
    await work.webhook_deliveries.queue(queued)
    if queued:
        tickets = {each.ticket_id for each in queued if each.ticket_id}
        await work.webhook_deliveries.line_up(endpoint.id, work.now, tickets)
    return len(entries)


def _is_news(endpoint: WebhookEndpoint, reader: Actor, entry: HistoryEntry) -> bool:
    """Imports tell of a past from before anybody asked."""
    return entry.at >= endpoint.since and reader.sees(Face.of_json(dict(entry.after)).level_id)


def _deliveries(
    work: Work, endpoint: WebhookEndpoint, entry: HistoryEntry, public: Collection[UUID]
) -> list[WebhookDelivery]:
    message = entry.occurrence_id or entry.reply_id
    return [
        WebhookDelivery(
            id=new_id(),
            workspace_id=endpoint.workspace_id,
            endpoint_id=endpoint.id,
            kind=told.kind,
            ticket_id=entry.ticket_id,
            entry_id=entry.id,
            sequence=entry.sequence,
            place=place,
            happened_at=entry.at,
            state=WebhookDeliveryState.QUEUED,
            queued_at=work.now,
        )
        for place, told in enumerate(_told(entry))
        if told.kind in endpoint.wants
        and (told.kind is not WebhookEventKind.MESSAGE_PUBLISHED or message in public)
    ]


def _told(entry: HistoryEntry) -> Sequence[Told]:
    face = Face.of_json(dict(entry.after))
    return partner_events.of_entry(
        entry.kind, entry.field, entry.was, entry.became, face.status, removed=face.removed
    )


async def claim(work: Work, endpoint_id: UUID, most: int, lease: timedelta) -> list[Attempt]:
    """What to tell it now, marked so: of each ticket the first event that is left. One that does
    not answer is asked with a single one whether it does again."""
    endpoint = await work.webhook_endpoints.take_free(endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return []
    if endpoint.paused_until is not None and work.now < endpoint.paused_until:
        return []
    key = await _key(work, endpoint)
    if not may_be_told(key):
        await work.webhook_deliveries.drop_all(endpoint.id, "webhook_key_ended", work.now)
        return []
    day_ago = work.now - partner_events.TRIED_FOR
    if endpoint.failing_since is not None and endpoint.failing_since <= day_ago:
        await work.webhook_deliveries.expire(endpoint.id, day_ago, work.now, EXPIRED_AT_ONCE)
    allowed = 1 if endpoint.failures else most
    room = min(allowed - await work.webhook_deliveries.under_way(endpoint.id, work.now), most)
    if room <= 0:
        return []
    due = await work.webhook_deliveries.take_due(endpoint.id, work.now, room)
    behind = await work.webhook_deliveries.behind([each.entry_id for each in due if each.entry_id])
    secrets = [work.secrets.unseal(each) for each in endpoint.sealed_secrets(work.now)]
    attempts = []
    for each in due:
        said = _said(each, partner(key), behind.get(each.entry_id) if each.entry_id else None)
        telling = Telling(endpoint.url, orjson.dumps(said), secrets) if said else None
        lease_id = each.send_now(work.now, lease)
        attempts.append(Attempt(each.id, lease_id, endpoint.id, each.kind, telling))
    return attempts


def _said(
    delivery: WebhookDelivery, reader: Actor, behind: Behind | None
) -> Mapping[str, object] | None:
    if delivery.kind is WebhookEventKind.TEST:
        return partner_events.trial(key=delivery.id, at=delivery.happened_at)
    told = _of(behind, delivery.kind) if behind else None
    if behind is None or told is None or not _is_theirs(reader, behind, told):
        return None
    successor = behind.successor
    goes_on = successor is not None and _goes_on(reader, behind.ticket, successor)
    return partner_events.letter(
        told,
        key=delivery.id,
        at=delivery.happened_at,
        sequence=delivery.sequence,
        protocol=behind.ticket.protocol,
        opened_at=behind.ticket.opened_at,
        message=_message(behind, told),
        successor=successor.protocol if successor and goes_on else None,
    )


def _of(behind: Behind, kind: WebhookEventKind) -> Told | None:
    return next((each for each in _told(behind.entry) if each.kind is kind), None)


def _is_theirs(reader: Actor, behind: Behind, told: Told) -> bool:
    """Where the ticket is now, and whether it is there at all."""
    if not reader.sees(behind.ticket.level_id):
        return False
    if behind.ticket.removed_at is not None:
        return told.kind is WebhookEventKind.REMOVED
    return told.kind is not WebhookEventKind.MESSAGE_PUBLISHED or _stands(behind)


def _stands(behind: Behind) -> bool:
    """Whether the message is still there: its author may have taken it back, and a network a
    reply."""
    if behind.reply is not None:
        return behind.reply.state is DeliveryState.SENT
    return behind.occurrence is not None and behind.occurrence.deleted_at is None


def _goes_on(reader: Actor, ticket: Ticket, successor: Ticket) -> bool:
    """Merged into somebody else's, it goes on where only they may be told of it."""
    theirs = successor.publisher_id == ticket.publisher_id and successor.removed_at is None
    return theirs and reader.sees(successor.level_id)


def _message(behind: Behind, told: Told) -> Message | None:
    if told.kind is not WebhookEventKind.MESSAGE_PUBLISHED:
        return None
    if behind.reply is not None:
        sent_at = behind.reply.sent_at or behind.entry.at
        return Message(sent_at, True, behind.reply.text)
    if behind.occurrence is not None:
        return Message(behind.occurrence.occurred_at, False, behind.occurrence.text)
    return None


async def settle(
    work: Work, endpoint_id: UUID, ended: Sequence[tuple[Attempt, Heard | None]], chance: float
) -> dict[UUID, WebhookDelivery]:
    """The events after their attempts, by id; `Heard` is None where one was not to be told. Those
    of which it makes no difference any more how they ended are left out."""
    try:
        # Held first, as by whoever claims or reads on: who stands first in a line is decided by
        # one at a time.
        endpoint = await work.webhook_endpoints.take(endpoint_id)
    except NotFound:
        return {}  # deleted meanwhile
    taken = await work.webhook_deliveries.take_some([each.delivery_id for each, _ in ended])
    settled = {}
    for attempt, heard in ended:
        delivery = taken.get(attempt.delivery_id)
        if delivery is None or not delivery.hears(attempt.lease_id):
            continue
        settled[delivery.id] = delivery
        if heard is None:
            delivery.drop(work.now, "webhook_not_theirs")
        elif partner_events.is_taken(heard.status):
            delivery.delivered(work.now, heard.status or 0)
            if endpoint.failing_since is not None:
                endpoint.recover()
        else:
            _failed(work, endpoint, delivery, heard, chance)
    over = {each.ticket_id for each in settled.values() if each.ended_at and each.ticket_id}
    if over:
        await work.webhook_deliveries.line_up(endpoint_id, work.now, over)
    return settled


def _failed(
    work: Work, endpoint: WebhookEndpoint, delivery: WebhookDelivery, heard: Heard, chance: float
) -> None:
    if partner_events.is_unwell(heard.status):
        endpoint.fail(work.now, partner_events.pause(endpoint.failures, chance, heard.wait))
        again = endpoint.paused_until or work.now
    else:
        again = work.now + partner_events.wait(delivery.attempts, chance)
    if partner_events.hopeless(delivery.queued_at, again):
        delivery.die(work.now, heard.sentence, heard.detail, heard.status)
    else:
        delivery.put_off(again, heard.sentence, heard.detail, heard.status)


async def _key(work: Work, endpoint: WebhookEndpoint) -> ApiKey:
    return (await work.api_keys.find([endpoint.api_key_id]))[endpoint.api_key_id]


async def forget(work: Work, most: int) -> int:
    """How many events that ended long ago were dropped."""
    return await work.webhook_deliveries.forget(
        work.now - DELIVERED_KEPT, work.now - DEAD_KEPT, most
    )
