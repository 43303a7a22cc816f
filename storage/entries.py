"""History: a ticket's entries by their sequence, which has no gaps.

Because the sequence is the count, the last three of fifty tickets are one range each: no window
function, no query per row.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.page import Edge, Page, Window
from domain.rules.access import Actor
from storage import access
from storage.access import T_, columns

H_ = columns(HistoryEntry)


class EntryShelf:
    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def find(self, entry_ids: Collection[UUID]) -> Mapping[UUID, HistoryEntry]:
        rows = await self.session.scalars(
            select(HistoryEntry)
            .join(Ticket, T_.id == H_.ticket_id)
            .where(H_.id.in_(sorted(entry_ids)), access.tickets(self.actor))
        )
        return {row.id: row for row in rows}

    async def whole(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, list[HistoryEntry]]:
        """The whole history of each, oldest first.

        Asked without the wall: whoever moves a ticket moves its clocks, wherever it goes by that.
        """
        found: dict[UUID, list[HistoryEntry]] = {each: [] for each in ticket_ids}
        rows = await self.session.scalars(
            select(HistoryEntry)
            .where(H_.workspace_id == self.actor.workspace_id, H_.ticket_id.in_(sorted(ticket_ids)))
            .order_by(H_.ticket_id, H_.sequence)
        )
        for row in rows:
            found[row.ticket_id].append(row)
        return found

    async def pages(
        self, ticket_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[HistoryEntry]]:
        past = _sequence(window)
        if window.backward:
            upper = T_.interactions_count + 1 if past is None else past
            part = and_(H_.sequence < upper, H_.sequence >= upper - window.size)
        else:
            lower = past or 0
            part = and_(H_.sequence > lower, H_.sequence <= lower + window.size)
        rows = await self.session.execute(
            select(T_.id, T_.interactions_count, HistoryEntry)
            .outerjoin(HistoryEntry, and_(H_.ticket_id == T_.id, part))
            .where(T_.id.in_(sorted(ticket_ids)), access.tickets(self.actor))
            .order_by(T_.id, H_.sequence)
        )
        found: dict[UUID, list[HistoryEntry]] = {each: [] for each in ticket_ids}
        counts = dict.fromkeys(ticket_ids, 0)
        for ticket_id, count, entry in rows:
            counts[ticket_id] = count
            if entry is not None:
                found[ticket_id].append(entry)
        return {each: _page(entries, counts[each]) for each, entries in found.items()}


def _page(entries: list[HistoryEntry], count: int) -> Page[HistoryEntry]:
    async def total() -> int:
        return count

    return Page(
        edges=[Edge(f"h{entry.sequence}", entry) for entry in entries],
        has_next=bool(entries) and entries[-1].sequence < count,
        has_previous=bool(entries) and entries[0].sequence > 1,
        counter=total,
    )


def _sequence(window: Window) -> int | None:
    if window.past is None:
        return None
    number = window.past.removeprefix("h")
    if number == window.past or not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Invalid("cursor_invalid", field=["before" if window.backward else "after"])
    return int(number)
