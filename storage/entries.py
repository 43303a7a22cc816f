"""History: a ticket's entries by their sequence, which has no gaps.

Because the sequence is the count, the last three of fifty tickets are one range each: no window
function, no query per row.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import aliased

from domain.errors import Invalid
from domain.model.approval import Approval
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.page import Edge, Page, Window
from domain.position import BadCursor, Cursors
from domain.rules.access import Actor
from domain.words import HistoryKind
from storage import access
from storage.access import T_, columns
from storage.feed import unseen
from storage.session import Session

H_ = columns(HistoryEntry)
OF_REPLIES = (
    select(HistoryEntry)
    .where(H_.ticket_id == bindparam("ticket"), H_.reply_id.is_not(None))
    .order_by(H_.sequence)
)
TOLD_MOST = 100
"""More than this nobody reads before sending again."""


class EntryShelf:
    def __init__(self, session: Session, actor: Actor, cursors: Cursors, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self._cursors = cursors
        self._now = now

    async def find(self, entry_ids: Collection[UUID]) -> Mapping[UUID, HistoryEntry]:
        rows = await self.session.scalars(
            select(HistoryEntry)
            .join(Ticket, T_.id == H_.ticket_id)
            .where(H_.id.in_(sorted(entry_ids)), access.histories(self.actor))
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

    async def inbound_after(self, ticket_id: UUID, cursor: str) -> Sequence[HistoryEntry]:
        """What the publisher wrote into the ticket after a cursor of the feed, oldest first; what
        a machine sent for them is nothing to answer.

        Whoever holds the ticket is told all of them: each came while it was held by its own act.
        """
        seen = self._cursors.read(self.actor.workspace_id, cursor, self._now)
        if seen.is_snapshot is not (self.session.get_bind().dialect.name == "postgresql"):
            raise BadCursor
        asked = (
            select(HistoryEntry)
            .where(
                H_.workspace_id == self.actor.workspace_id,
                H_.ticket_id == ticket_id,
                H_.kind == HistoryKind.OCCURRENCE_RECEIVED,
                H_.automated.is_(False),
                unseen(seen),
            )
            .order_by(H_.sequence)
            .limit(literal_column(str(TOLD_MOST)))
        )
        return list(await self.session.scalars(asked))

    async def of_replies(self, ticket_id: UUID) -> list[HistoryEntry]:
        """What was told of a ticket's replies before this transaction, oldest first."""
        return list(await self.session.things(OF_REPLIES, {"ticket": ticket_id}))

    async def status_set_with(self, ticket_id: UUID, reply_id: UUID) -> bool:
        """Whether the ticket still has the status that letting this reply go gave it."""
        latest = (
            select(H_.group_id)
            .where(
                H_.ticket_id == ticket_id,
                H_.field == "status",
                H_.became.is_not(None),
                or_(H_.was.is_(None), H_.was != H_.became),
            )
            .order_by(H_.sequence.desc())
            .limit(1)
        )
        same = select(H_.id).where(
            H_.ticket_id == ticket_id,
            H_.group_id == latest.scalar_subquery(),
            H_.reply_id == reply_id,
            H_.kind != HistoryKind.REPLY_FAILED,
        )
        return await self.session.scalar(same.limit(1)) is not None

    async def messages_since(self, approval: Approval) -> Sequence[HistoryEntry]:
        """What the publisher wrote after a reply was submitted, oldest first, a hundred at most."""
        submitted = columns(aliased(HistoryEntry))
        place = select(submitted.sequence).where(
            submitted.ticket_id == approval.ticket_id,
            submitted.kind == HistoryKind.APPROVAL_REQUESTED,
            submitted.became_id == approval.id,
        )
        rows = await self.session.scalars(
            select(HistoryEntry)
            .join(Ticket, T_.id == H_.ticket_id)
            .where(
                H_.ticket_id == approval.ticket_id,
                H_.kind == HistoryKind.OCCURRENCE_RECEIVED,
                H_.sequence > place.scalar_subquery(),
                H_.automated.is_(False),
                access.histories(self.actor),
            )
            .order_by(H_.sequence)
            .limit(literal_column(str(TOLD_MOST)))
        )
        return list(rows)

    async def pages(
        self, ticket_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[HistoryEntry]]:
        past = sequence(window)
        if window.backward:
            upper = T_.interactions_count + 1 if past is None else past
            part = and_(H_.sequence < upper, H_.sequence >= upper - window.size)
        else:
            lower = past or 0
            part = and_(H_.sequence > lower, H_.sequence <= lower + window.size)
        rows = await self.session.execute(
            select(T_.id, T_.interactions_count, HistoryEntry)
            .outerjoin(HistoryEntry, and_(H_.ticket_id == T_.id, part))
            .where(T_.id.in_(sorted(ticket_ids)), access.histories(self.actor))
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


def sequence(window: Window) -> int | None:
    if window.past is None:
        return None
    number = window.past.removeprefix("h")
    if number == window.past or not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Invalid("cursor_invalid", field=["before" if window.backward else "after"])
    return int(number)
