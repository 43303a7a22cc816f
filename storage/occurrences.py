"""Occurrences and replies: what was said, found by ticket, by publisher and by the network's id."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true, update

from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.page import Page, Window
from domain.rules.access import Actor
from domain.shelves.found import Place, PostKey
from storage import access, keyset
from storage.access import O_, T_, columns
from storage.keyset import Order
from storage.pile import Pile
from storage.prepared import prepared, values
from storage.session import Session
from storage.shelf import Shelf

R_ = columns(Reply)
AS_IT_HAPPENED = Order("happened", ("occurred_at", "id"))
LATEST = Order("latest", ("occurred_at", "id"), descending=True)
AS_WRITTEN = Order("written", ("written_at", "id"))


class OccurrenceShelf(Shelf[Occurrence]):
    model = Occurrence
    thing = "occurrence"

    def __init__(self, session: Session, actor: Actor, pile: Pile) -> None:
        super().__init__(session, actor)
        self._pile = pile

    def wall(self) -> ColumnElement[bool]:
        return access.occurrences(self.actor)

    async def pages_of_tickets(
        self, ticket_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[Occurrence]]:
        """A ticket's messages as they happened; before them, where its level groups old ones,
        what the publisher had said earlier."""
        asked = (
            select(Occurrence)
            .select_from(Ticket)
            .join(Occurrence, said_in(self.actor, O_, T_))
            .where(access.tickets(self.actor))
        )
        found = await keyset.pages(
            self.session, Occurrence, asked, T_.id, ticket_ids, AS_IT_HAPPENED, window
        )
        return {owner: _marked(page, owner) for owner, page in found.items()}

    async def pages_of_publishers(
        self, publisher_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[Occurrence]]:
        return await keyset.pages(
            self.session, Occurrence, self.seen(), O_.publisher_id, publisher_ids, LATEST, window
        )

    async def latest(
        self, ticket_id: UUID, publisher_id: UUID | None = None
    ) -> Sequence[Occurrence]:
        """The last message on each account, the last one first; what a machine sent comes after.
        Of one publisher alone, where that is asked: others may have come by a merge.

        Asked without the wall: who holds a ticket answers whatever was said in it.
        """
        place = func.row_number().over(
            partition_by=O_.account_id, order_by=(O_.automated, *_newest())
        )
        each = (
            select(O_.id, place.label("place"))
            .where(
                O_.workspace_id == self.actor.workspace_id,
                O_.ticket_id == ticket_id,
                true() if publisher_id is None else O_.publisher_id == publisher_id,
            )
            .subquery()
        )
        rows = await self.session.scalars(
            select(Occurrence)
            .join(each, each.c.id == O_.id)
            .where(each.c.place == 1)
            .order_by(O_.automated, *_newest())
        )
        return list(rows)

    async def known(self, keys: Collection[PostKey]) -> Mapping[PostKey, Occurrence]:
        """Which of these came before. Asked without the wall: a repeat is a repeat."""
        if not keys:
            return {}
        count, told = _by_account(keys)
        rows = await self.session.things(self._known(count), values(self.actor, **told))
        return {(row.account_id, row.external_id): row for row in rows}

    async def take_again(self, found: Occurrence) -> Occurrence:
        """The same, as it stands now, held; whoever holds its publisher has it alone."""
        statement = (
            select(Occurrence)
            .where(O_.id == found.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).one()

    @prepared
    def _known(self, accounts: int) -> Select[Occurrence]:
        here = O_.workspace_id == self.actor.workspace_id
        return select(Occurrence).where(here, _among(accounts, O_))

    @prepared
    def _places(self, accounts: int) -> Select[UUID, str, str | None, UUID | None]:
        here = O_.workspace_id == self.actor.workspace_id
        asked = select(O_.account_id, O_.external_id, O_.thread_root, O_.ticket_id)
        return asked.where(here, _among(accounts, O_))

    async def places(self, keys: Collection[PostKey]) -> Mapping[PostKey, Place]:
        """Where each of these messages stands, for those that are known."""
        if not keys:
            return {}
        count, told = _by_account(keys)
        rows = await self.session.rows(self._places(count), values(self.actor, **told))
        return {(account, name): Place(root, ticket) for account, name, root, ticket in rows}

    async def diverted(self, level_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many messages meant for each level went elsewhere because it took no tickets."""
        statement = (
            select(O_.intended_level_id, func.count())
            .where(
                O_.workspace_id == self.actor.workspace_id,
                O_.intended_level_id.in_(sorted(level_ids)),
                O_.level_id != O_.intended_level_id,
            )
            .group_by(O_.intended_level_id)
        )
        found: dict[UUID, int] = dict((await self.session.execute(statement)).all())
        return {each: found.get(each, 0) for each in level_ids}

    async def move(self, source: UUID, target: UUID) -> None:
        await self.session.execute(
            update(Occurrence).where(O_.ticket_id == source).values(ticket_id=target)
        )

    async def put(self, occurrences: Sequence[Occurrence]) -> None:
        self._pile.add(occurrences)


def said_in(actor: Actor, said: Any, ticket: Any) -> ColumnElement[bool]:
    """A ticket's messages, and where it groups old ones what its publisher had said earlier."""
    earlier = and_(
        ticket.groups_old,
        said.publisher_id == ticket.publisher_id,
        said.occurred_at < ticket.opened_at,
        or_(said.ticket_id.is_(None), said.ticket_id != ticket.id),
        access.occurrences(actor, said),
    )
    return or_(said.ticket_id == ticket.id, earlier)


def _newest() -> tuple[Any, Any]:
    return O_.occurred_at.desc(), O_.id.desc()


def _by_account(keys: Collection[PostKey]) -> tuple[int, dict[str, Any]]:
    """How many accounts, and their messages' names, as `_among` wants to be told."""
    names: dict[UUID, list[str]] = {}
    for account_id, name in sorted(keys):
        names.setdefault(account_id, []).append(name)
    told: dict[str, Any] = {}
    for number, (account_id, some) in enumerate(names.items()):
        told |= {f"account_{number}": account_id, f"names_{number}": some}
    return len(names), told


def _among(accounts: int, of: Any) -> ColumnElement[bool]:
    """By account: PostgreSQL finds a list of ids in its index, a list of pairs it may not."""
    return or_(
        *(
            and_(
                of.account_id == bindparam(f"account_{number}"),
                of.external_id.in_(bindparam(f"names_{number}", expanding=True)),
            )
            for number in range(accounts)
        )
    )


def _marked(page: Page[Occurrence], ticket_id: UUID) -> Page[Occurrence]:
    edges = [replace(edge, earlier=edge.node.ticket_id != ticket_id) for edge in page.edges]
    return replace(page, edges=edges)


class ReplyShelf(Shelf[Reply]):
    model = Reply
    thing = "reply"

    def __init__(self, session: Session, actor: Actor, pile: Pile) -> None:
        super().__init__(session, actor)
        self._pile = pile

    def wall(self) -> ColumnElement[bool]:
        return access.replies(self.actor)

    async def pages(
        self, ticket_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[Reply]]:
        return await keyset.pages(
            self.session, Reply, self.seen(), R_.ticket_id, ticket_ids, AS_WRITTEN, window
        )

    async def known(self, reply_ids: Collection[UUID]) -> Collection[UUID]:
        """Which of these exist. Asked without the wall: a repeat is a repeat."""
        if not reply_ids:
            return []
        rows = await self.session.scalars(
            select(R_.id).where(
                R_.workspace_id == self.actor.workspace_id, R_.id.in_(sorted(reply_ids))
            )
        )
        return list(rows)

    async def places(self, keys: Collection[PostKey]) -> Mapping[PostKey, Place]:
        """Where each of these replies stands, by what the network calls it. Asked without the wall:
        a message belongs where it belongs."""
        if not keys:
            return {}
        count, told = _by_account(keys)
        rows = await self.session.rows(self._places(count), values(self.actor, **told))
        return {(account, name): Place(root, ticket) for account, name, root, ticket in rows}

    @prepared
    def _places(self, accounts: int) -> Select[UUID, str, str | None, UUID | None]:
        return (
            select(R_.account_id, R_.external_id, O_.thread_root, R_.ticket_id)
            .join(Occurrence, O_.id == R_.answers_id, isouter=True)
            .where(R_.workspace_id == self.actor.workspace_id, _among(accounts, R_))
        )

    async def move(self, source: UUID, target: UUID) -> None:
        await self.session.execute(
            update(Reply).where(R_.ticket_id == source).values(ticket_id=target)
        )

    async def put(self, replies: Sequence[Reply]) -> None:
        self._pile.add(replies)
