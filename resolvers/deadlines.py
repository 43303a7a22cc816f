"""Clocks, read at the moment of asking, and what was told of them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import strawberry

from domain.model.entry import HistoryEntry
from domain.model.sla import SlaClock, SlaEvent
from domain.model.ticket import Ticket
from domain.reading import Reading, read
from domain.rules.sla import Terms
from domain.words import HistoryKind, SlaCause, SlaMetric
from resolvers.context import Context, Info

Row = strawberry.Parent[Ticket]
Entry = strawberry.Parent[HistoryEntry]
Told = strawberry.Parent[SlaEvent]
Clock = strawberry.Parent[Reading]

TOLD_OF_CLOCKS = frozenset({HistoryKind.SLA_WARNING, HistoryKind.SLA_BREACHED})
PLACES = {metric: place for place, metric in enumerate(SlaMetric)}


async def clocks(ticket: Row, info: Info) -> list[Reading]:
    """All clocks of the ticket, in the order in which they started."""
    rows, terms = await _measured(ticket, info)
    return [read(row, terms, info.context.now) for row in rows] if terms else []


async def next_deadline(ticket: Row, info: Info) -> Reading | None:
    """The running clock that is due first, or was; none where nothing is owed."""
    if ticket.due_at is None:
        return None
    rows, terms = await _measured(ticket, info)
    due = [(row.due_at, row) for row in rows if row.running_since and row.due_at]
    if not due or terms is None:
        return None
    _, first = min(due, key=lambda each: each[0])
    return read(first, terms, info.context.now)


async def _measured(ticket: Ticket, info: Info) -> tuple[Sequence[SlaClock], Terms | None]:
    if ticket.terms_id is None:
        return [], None
    rows = await info.context.loaders.clocks(ticket.id) or []
    in_order = sorted(rows, key=lambda row: (row.started_at, PLACES[row.metric], row.cycle))
    return in_order, await info.context.loaders.terms(ticket.terms_id)


async def terms_seen(context: Context, terms_id: UUID) -> Mapping[UUID, Terms]:
    """What clocks that were seen in rows go by, with all that is known of that by now."""
    return await context.services.store.views.terms(context.me, terms_id)


async def clock_ticket(clock: Clock, info: Info) -> Ticket | None:
    return clock.ticket or await info.context.loaders.ticket(clock.ticket_id)


async def entry_event(entry: Entry, info: Info) -> SlaEvent | None:
    """What the entry tells of a clock, where it tells of one."""
    if entry.kind not in TOLD_OF_CLOCKS or entry.became_id is None:
        return None
    return await info.context.loaders.sla_event(entry.became_id)


def on_transfer(event: Told) -> bool:
    return event.cause is SlaCause.TRANSFER


def superseded(event: Told) -> bool:
    return event.superseded_at is not None


async def superseded_by(event: Told, info: Info) -> HistoryEntry | None:
    if event.superseded_by_id is None:
        return None
    return await info.context.loaders.entry(event.superseded_by_id)
