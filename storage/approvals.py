"""Approvals: what waits for a decision, and what was decided."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update

from domain.model.approval import Approval
from domain.model.ticket import Ticket
from domain.page import Page, Window
from domain.rules.access import Actor
from domain.words import ApprovalState
from storage import access, keyset
from storage.access import T_, columns
from storage.keyset import Order
from storage.pile import Pile
from storage.session import Session
from storage.shelf import Shelf

V_ = columns(Approval)
LONGEST_WAITING = Order("asked", ("requested_at", "id"))
NEWEST = Order("asked-last", ("requested_at", "id"), descending=True)


class ApprovalShelf(Shelf[Approval]):
    """Whoever takes one takes its ticket first: two who decide stand in a row there."""

    model = Approval
    thing = "approval"

    def __init__(self, session: Session, actor: Actor, pile: Pile) -> None:
        super().__init__(session, actor)
        self._pile = pile

    def wall(self) -> ColumnElement[bool]:
        return access.approvals(self.actor)

    async def page(
        self,
        window: Window,
        *,
        level_ids: Collection[UUID] | None = None,
        states: Collection[ApprovalState] | None = None,
        newest_first: bool = False,
    ) -> Page[Approval]:
        asked = self.seen()
        if level_ids is not None:
            asked = asked.where(_in_levels(level_ids))
        if states is not None:
            asked = asked.where(V_.state.in_(sorted(states)))
        order = NEWEST if newest_first else LONGEST_WAITING
        return await keyset.page(self.session, Approval, asked, order, window)

    async def of_tickets(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Approval]:
        """The one that waits; else the last one that there was."""
        if not ticket_ids:
            return {}
        rows = await self.session.scalars(
            self.seen()
            .where(V_.ticket_id.in_(sorted(ticket_ids)))
            .order_by(V_.state == ApprovalState.SUBMITTED, V_.requested_at, V_.id)
        )
        return {row.ticket_id: row for row in rows}

    async def of_replies(self, reply_ids: Collection[UUID]) -> Mapping[UUID, Approval]:
        if not reply_ids:
            return {}
        rows = await self.session.scalars(self.seen().where(V_.reply_id.in_(sorted(reply_ids))))
        return {row.reply_id: row for row in rows}

    async def changed(
        self,
        ids: Collection[UUID],
        *,
        of_tickets: Collection[UUID],
        waiting_of: Collection[UUID],
        level_ids: Collection[UUID] | None = None,
    ) -> Sequence[Approval]:
        """These, all of some tickets, and what waits of others; as they were submitted."""
        if not (ids or of_tickets or waiting_of):
            return []
        waiting = and_(V_.ticket_id.in_(sorted(waiting_of)), V_.state == ApprovalState.SUBMITTED)
        asked = self.seen().where(
            or_(V_.id.in_(sorted(ids)), V_.ticket_id.in_(sorted(of_tickets)), waiting)
        )
        if level_ids is not None:
            asked = asked.where(_in_levels(level_ids))
        return list(await self.session.scalars(asked.order_by(V_.requested_at, V_.id)))

    async def hanging_on(self, ticket_ids: Collection[UUID]) -> Collection[UUID]:
        """Ids alone, asked without the wall: whether approvals went along with tickets that were
        seen before."""
        if not ticket_ids:
            return []
        rows = await self.session.scalars(
            select(V_.id).where(
                V_.workspace_id == self.actor.workspace_id, V_.ticket_id.in_(sorted(ticket_ids))
            )
        )
        return list(rows)

    async def open_of(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Approval]:
        """What waits, of tickets that are held. Asked without the wall: a message makes it stale,
        and a merge ends it, whoever brings them about."""
        if not ticket_ids:
            return {}
        rows = await self.session.scalars(
            select(Approval)
            .where(
                V_.workspace_id == self.actor.workspace_id,
                V_.ticket_id.in_(sorted(ticket_ids)),
                V_.state == ApprovalState.SUBMITTED,
            )
            .order_by(V_.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return {row.ticket_id: row for row in rows}

    async def move(self, source: UUID, target: UUID) -> None:
        """They go where their replies go."""
        # What was ended just now is written first: of one ticket only one may wait.
        await self.session.flush()
        await self.session.execute(
            update(Approval).where(V_.ticket_id == source).values(ticket_id=target)
        )

    async def put(self, approvals: Sequence[Approval]) -> None:
        self._pile.add(approvals)


def _in_levels(level_ids: Collection[UUID]) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = V_.ticket_id.in_(
        select(T_.id).select_from(Ticket).where(T_.level_id.in_(sorted(level_ids)))
    )
    return inside
