"""Tickets, looked at."""

from collections.abc import Awaitable, Collection
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from domain.errors import Invalid, NotFound
from domain.model.account import Account, TicketType
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.page import Page
from domain.rules import checking, states
from domain.rules.membership import TicketFilter as Filter
from domain.shelves.found import Counts
from domain.wanted import Look, Seen, Unplanned, Views
from domain.words import OrderDirection, TicketOrderField, TicketStatus
from resolvers import paging
from resolvers.context import Context, Info
from resolvers.inputs import TicketFilter, TicketOrder
from resolvers.paging import After, Before, First, Last

Row = strawberry.Parent[Ticket]


async def one(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The ticket's id.")] = None,
    protocol: Annotated[
        str | None, strawberry.argument(description="Or its protocol number.")
    ] = None,
) -> Ticket | None:
    if (id is None) == (protocol is None):
        raise Invalid("ticket_by_one", field=["id"])
    if protocol is not None:
        checking.storable(protocol, ["protocol"])
        async with info.context.reading() as work:
            return await work.tickets.by_protocol(protocol)
    gid: Any = id
    return await info.context.loaders.ticket(gid.uuid) if gid.kind == "Ticket" else None


async def one_seen(
    context: Context, views: Views, look: Look, *, id: Any = None, protocol: str | None = None
) -> Seen:
    """The same ticket, in a row."""
    if protocol is not None and id is None:
        checking.storable(protocol, ["protocol"])
        return await views.one(context.me, look, protocol=protocol)
    if id is None or protocol is not None or id.kind != "Ticket":
        raise Unplanned
    return await views.one(context.me, look, id=id.uuid)


async def several_seen(context: Context, look: Look, ids: Collection[UUID]) -> Seen:
    """Those of them that may be seen, in rows."""
    return await context.services.store.views.several(context.me, look, ids)


async def page(
    info: Info,
    filter: Annotated[
        TicketFilter | None, strawberry.argument(description="Which tickets.")
    ] = None,
    order_by: Annotated[
        TicketOrder | None,
        strawberry.argument(description="In what order; URGENCY when not said."),
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[Ticket]:
    window = paging.window(first, after, last, before)
    asked = await read_filter(info.context, filter)
    async with info.context.reading() as work:
        return await work.tickets.page(asked, *_ordered(order_by), window)


async def page_seen(
    context: Context,
    views: Views,
    look: Look,
    *,
    filter: TicketFilter | None = None,
    order_by: TicketOrder | None = None,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Seen:
    """The same page, in rows."""
    window = paging.window(first, after, last, before)
    asked = await read_filter(context, filter, views)
    return await views.page(context.me, look, asked, *_ordered(order_by), window)


def _ordered(by: TicketOrder | None) -> tuple[TicketOrderField, OrderDirection]:
    return (by.field, by.direction) if by else (TicketOrderField.URGENCY, OrderDirection.ASC)


async def counts(
    info: Info,
    filter: Annotated[
        TicketFilter | None, strawberry.argument(description="Which tickets.")
    ] = None,
) -> Counts:
    asked = await read_filter(info.context, filter)
    async with info.context.reading() as work:
        return await work.tickets.counts(asked)


async def counts_seen(
    context: Context, views: Views, *, filter: TicketFilter | None = None
) -> Seen:
    """The same figures."""
    asked = await read_filter(context, filter, views)
    return await views.counts(context.me, asked)


async def read_filter(
    context: Context, given: TicketFilter | None, views: Views | None = None
) -> Filter:
    """The filter, with the default period begun where the workspace's clocks say."""
    if given is None:
        return Filter()
    zone = "UTC"
    if given.default_period and views is not None:
        zone = await views.time_zone(context.me)
    elif given.default_period:
        async with context.reading() as work:
            zone = (await work.workspace()).time_zone
    try:
        return given.read(context.me.id, lambda: month_before(context.now, zone))
    except NotFound:
        # What may not be seen does not exist: a list of nothing, not an error that tells.
        return Filter(statuses=frozenset())


def month_before(now: datetime, zone: str) -> datetime:
    """Midnight of the same day a month ago (its last day where the month is shorter)."""
    today = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    end_of_last = today.replace(day=1) - timedelta(days=1)
    return end_of_last.replace(day=min(today.day, end_of_last.day)).astimezone(now.tzinfo)


def age_seconds(ticket: Row, info: Info) -> int:
    return max(0, int((info.context.now - ticket.opened_at).total_seconds()))


def allowed_statuses(ticket: Row, info: Info) -> list[TicketStatus]:
    return states.choices(ticket.status) if info.context.me.handles(ticket.level_id) else []


def permissions(ticket: Row, info: Info) -> list[str]:
    me = info.context.me
    handles = me.handles(ticket.level_id)
    held = {
        "handle": handles,
        "reply": handles and ticket.status in states.ANSWERABLE,
        "manage": me.manages(ticket.level_id),
    }
    return [name for name, has in held.items() if has]


def level(ticket: Row, info: Info) -> Awaitable[Level | None]:
    return info.context.loaders.level(ticket.level_id)


def origin_level(ticket: Row, info: Info) -> Awaitable[Level | None]:
    return info.context.loaders.level(ticket.origin_level_id)


def publisher(ticket: Row, info: Info) -> Awaitable[Publisher | None]:
    return info.context.loaders.publisher(ticket.publisher_id)


async def assignee(ticket: Row, info: Info) -> User | None:
    return await info.context.loaders.user(ticket.assignee_id) if ticket.assignee_id else None


async def opened_by(ticket: Row, info: Info) -> User | None:
    return await info.context.loaders.user(ticket.opened_by_id) if ticket.opened_by_id else None


async def account(ticket: Row, info: Info) -> Account | None:
    return await info.context.loaders.account(ticket.account_id) if ticket.account_id else None


async def ticket_type(ticket: Row, info: Info) -> TicketType | None:
    return await info.context.loaders.ticket_type(ticket.type_id) if ticket.type_id else None


async def previous_ticket(ticket: Row, info: Info) -> Ticket | None:
    return await _other(info, ticket.previous_ticket_id)


async def merged_into(ticket: Row, info: Info) -> Ticket | None:
    return await _other(info, ticket.merged_into_id)


def next_ticket(ticket: Row, info: Info) -> Awaitable[Ticket | None]:
    return info.context.loaders.successor(ticket.id)


async def _other(info: Info, ticket_id: UUID | None) -> Ticket | None:
    return await info.context.loaders.ticket(ticket_id) if ticket_id else None


def history(
    ticket: Row,
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Awaitable[Page[HistoryEntry] | None]:
    return info.context.loaders.history(ticket.id, paging.window(first, after, last, before))


def occurrences(
    ticket: Row, info: Info, first: First = None, after: After = None
) -> Awaitable[Page[Occurrence] | None]:
    return info.context.loaders.occurrences(ticket.id, paging.window(first, after))


def replies(
    ticket: Row, info: Info, first: First = None, after: After = None
) -> Awaitable[Page[Reply] | None]:
    return info.context.loaders.replies(ticket.id, paging.window(first, after))
