"""Tickets, found: by id, by protocol, in lists, and as outsiders may know them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, literal, not_, select, type_coerce

from domain.model.base import SEPARATOR
from domain.model.level import Level
from domain.model.ticket import URGENCY, Ticket
from domain.page import Page, Window
from domain.rules.membership import TicketFilter
from domain.shelves.found import Counts, PriorityCount, StatusCount, Stub
from domain.words import (
    OrderDirection,
    Priority,
    TicketOrderField,
    TicketScope,
    TicketStatus,
)
from storage import access, keyset, parts
from storage.access import L_, T_
from storage.keyset import Order
from storage.shelf import Shelf

ORDERS: dict[TicketOrderField, tuple[str, ...]] = {
    TicketOrderField.URGENCY: URGENCY,
    # What is due at the same moment, or never, has to have some order: this one has an index.
    TicketOrderField.DUE_AT: URGENCY,
    TicketOrderField.PRIORITY: URGENCY[1:],
    TicketOrderField.OPENED_AT: ("opened_at", "id"),
    TicketOrderField.UPDATED_AT: ("updated_at", "id"),
    TicketOrderField.INTERACTIONS: ("interactions_count", "id"),
}
KINDS = (T_.status, T_.priority)
"""What tickets are counted by."""
NEWEST = Order("newest", ("opened_at", "id"), descending=True)


def order_of(field: TicketOrderField, direction: OrderDirection) -> Order:
    """The priority's place counts from the most urgent, so PRIORITY runs against its column."""
    descending = direction is OrderDirection.DESC
    if field is TicketOrderField.PRIORITY:
        descending = not descending
    return Order(f"{field.value}.{direction.value}", ORDERS[field], descending)


def like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def matching(asked: TicketFilter) -> list[ColumnElement[bool]]:
    """The filter, asked of rows; `TicketFilter.matches` asks the same of faces.

    Its levels are the wall's to ask for: `access.tickets`.
    """
    conditions: list[ColumnElement[bool]] = []
    for column, values in (
        (T_.status, asked.statuses),
        (T_.priority, asked.priorities),
        (T_.type_id, asked.type_ids),
        (T_.network, asked.networks),
        (T_.assignee_id, asked.assignee_ids),
        (T_.origin, asked.origins),
        (T_.risk, asked.risks),
    ):
        if values is not None:
            conditions.append(column.in_(sorted(values)))
    if asked.statuses is not None and asked.statuses.isdisjoint(parts.OVER):
        conditions.append(parts.alive())
    if asked.unassigned is not None:
        nobody = T_.assignee_id.is_(None)
        conditions.append(nobody if asked.unassigned else not_(nobody))
    if asked.publisher_id is not None:
        conditions.append(T_.publisher_id == asked.publisher_id)
    if asked.protocol is not None:
        conditions.append(T_.protocol == asked.protocol)
    written = type_coerce(T_.tags, Text)
    for tag in asked.tags or ():
        # Not LIKE, for which SQLite takes small and capital letters for the same.
        fenced = literal(SEPARATOR, Text()) + literal(tag, Text()) + literal(SEPARATOR, Text())
        without = func.replace(written, fenced, "")
        conditions.append(without != written)
    for word in asked.words:
        conditions.append(T_.search.like(like(word), escape="\\"))
    if asked.opened_from is not None:
        conditions.append(T_.opened_at >= asked.opened_from)
    if asked.opened_to is not None:
        conditions.append(T_.opened_at < asked.opened_to)
    return conditions


def summed(found: Iterable[Sequence[Any]]) -> Counts:
    """Figures, of how many there are of each of KINDS."""
    by_status = dict.fromkeys(TicketStatus, 0)
    by_priority = dict.fromkeys(Priority, 0)
    for status, priority, count in found:
        by_status[status] += count
        by_priority[priority] += count
    return Counts(
        sum(by_status.values()),
        [StatusCount(*each) for each in by_status.items()],
        [PriorityCount(*each) for each in by_priority.items()],
    )


class TicketReads(Shelf[Ticket]):
    model = Ticket
    thing = "ticket"

    def wall(self) -> ColumnElement[bool]:
        return access.tickets(self.actor)

    def _asked(self, asked: TicketFilter) -> list[ColumnElement[bool]]:
        """What a list asks for, behind the wall."""
        return [access.tickets(self.actor, levels=asked.level_ids), *matching(asked)]

    async def by_protocol(self, protocol: str) -> Ticket | None:
        return await self.session.scalar(self.seen().where(T_.protocol == protocol))

    async def page(
        self,
        asked: TicketFilter,
        order: TicketOrderField,
        direction: OrderDirection,
        window: Window,
    ) -> Page[Ticket]:
        statement = select(Ticket).where(*self._asked(asked))
        return await keyset.page(
            self.session, Ticket, statement, order_of(order, direction), window
        )

    async def pages_of_levels(
        self, level_ids: Collection[UUID], statuses: Collection[TicketStatus], window: Window
    ) -> Mapping[UUID, Page[Ticket]]:
        asked = self.seen().where(*matching(TicketFilter(statuses=frozenset(statuses))))
        order = order_of(TicketOrderField.URGENCY, OrderDirection.ASC)
        return await keyset.pages(
            self.session, Ticket, asked, T_.level_id, level_ids, order, window
        )

    async def pages_of_publishers(
        self,
        publisher_ids: Collection[UUID],
        scope: TicketScope,
        excluding: UUID | None,
        window: Window,
    ) -> Mapping[UUID, Page[Ticket]]:
        asked = self.seen()
        if excluding is not None:
            asked = asked.where(T_.id != excluding)
        if scope is TicketScope.ACTIVE:
            asked = asked.where(T_.status != TicketStatus.CLOSED)
        elif scope is not TicketScope.ALL:
            here = T_.level_id.in_(await self._levels_beside(excluding))
            asked = asked.where(here if scope is TicketScope.SAME_LEVEL else not_(here))
        return await keyset.pages(
            self.session, Ticket, asked, T_.publisher_id, publisher_ids, NEWEST, window
        )

    async def _levels_beside(self, ticket_id: UUID | None) -> Sequence[UUID]:
        """The level of the ticket one looks at, else one's own levels."""
        if ticket_id is None:
            return sorted(self.actor.memberships)
        ticket = (await self.find([ticket_id])).get(ticket_id)
        return [ticket.level_id] if ticket else []

    async def counts(self, asked: TicketFilter) -> Counts:
        statement = select(*KINDS, func.count()).where(*self._asked(asked)).group_by(*KINDS)
        return summed(await self.session.execute(statement))

    async def successors(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Ticket]:
        """The ticket that each was followed by."""
        rows = await self.session.scalars(
            self.seen().where(T_.previous_ticket_id.in_(sorted(ticket_ids))).order_by(T_.id.desc())
        )
        return {row.previous_ticket_id: row for row in rows if row.previous_ticket_id}

    async def totals(self, publisher_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """The headset: how many tickets each publisher has, whatever level they are in."""
        statement = (
            select(T_.publisher_id, func.count())
            .where(access.counted(self.actor), T_.publisher_id.in_(sorted(publisher_ids)))
            .group_by(T_.publisher_id)
        )
        found: dict[UUID, int] = dict((await self.session.execute(statement)).all())
        return {each: found.get(each, 0) for each in publisher_ids}

    async def stubs(self, publisher_ids: Collection[UUID]) -> Mapping[UUID, list[Stub]]:
        found: dict[UUID, list[Stub]] = {each: [] for each in publisher_ids}
        statement = (
            select(T_.publisher_id, T_.protocol, L_.name, T_.status)
            .join(Level, L_.id == T_.level_id)
            .where(access.stubs(self.actor), T_.publisher_id.in_(sorted(publisher_ids)))
            .order_by(T_.opened_at.desc(), T_.id)
        )
        for owner, *shown in await self.session.execute(statement):
            found[owner].append(Stub(*shown))
        return found
