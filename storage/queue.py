"""Tickets, held for a change: pulled, taken, followed through merges, and put in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select

from domain.errors import VersionConflict
from domain.model.entry import HistoryEntry
from domain.model.level import Level, LevelMember
from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.rules import protocols, states
from domain.rules.access import ROLE_PERMISSIONS, Actor, Permission
from domain.rules.assignment import Candidate
from domain.rules.membership import Face
from domain.words import AssignmentStrategy, PullOrder, TicketStatus
from storage import parts
from storage.access import L_, T_, columns, within
from storage.pile import Pile
from storage.prepared import prepared, values
from storage.session import Session
from storage.tickets import TicketReads

H_, C_ = columns(HistoryEntry), columns(SlaClock)
M_, U_ = columns(LevelMember), columns(User)
HANDLING = [each for each, may in ROLE_PERMISSIONS.items() if Permission.TICKETS_HANDLE in may]
PULL: dict[PullOrder, tuple[ColumnElement[Any], ...]] = {
    PullOrder.MOST_URGENT: (T_.urgent_at, T_.priority_order, T_.opened_at, T_.id),
    PullOrder.OLDEST_FIRST: (T_.opened_at, T_.id),
    PullOrder.NEWEST_FIRST: (T_.opened_at.desc(), T_.id.desc()),
}


class TicketShelf(TicketReads):
    """Every ticket that is taken leaves its face here: what it was before the act."""

    def __init__(self, session: Session, actor: Actor, faces: dict[UUID, Face], pile: Pile) -> None:
        super().__init__(session, actor)
        self.faces = faces
        self._pile = pile

    @prepared
    def _one_held(self) -> Select[Ticket]:
        return self._held(self.seen().where(T_.id == bindparam("id")))

    async def take(self, row_id: UUID, expected_version: int | None = None) -> Ticket:
        """The ticket, held; VERSION_CONFLICT when the caller looked at an older one."""
        ticket = await self.session.thing(self._one_held(), values(self.actor, id=row_id))
        if ticket is None:
            raise self.missing()
        if expected_version is not None and expected_version != ticket.version:
            changed = await self._changed_since(row_id, expected_version)
            raise VersionConflict(current=ticket, changed_fields=changed)
        return self._seen_as(ticket)

    async def take_both(self, one: UUID, other: UUID) -> tuple[Ticket, Ticket]:
        """Held in the order of their ids, so that two such acts cannot wait for each other."""
        rows = await self._take(T_.id.in_([one, other]))
        found = {ticket.id: ticket for ticket in rows}
        if one not in found or other not in found:
            raise self.missing()
        return found[one], found[other]

    async def answered(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Ticket]:
        """The tickets of messages that came before, for whoever brings one again.

        Asked without the wall: a program that only hands in is answered the second time as it was
        the first.
        """
        if not ticket_ids:
            return {}
        rows = await self.session.scalars(
            select(Ticket).where(
                T_.workspace_id == self.actor.workspace_id,
                T_.removed_at.is_(None),
                T_.id.in_(sorted(ticket_ids)),
            )
        )
        return {row.id: row for row in rows}

    async def take_all(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Ticket]:
        """Those that exist and may be seen, held in the order of their ids."""
        rows = await self._take(T_.id.in_(sorted(ticket_ids))) if ticket_ids else ()
        return {ticket.id: ticket for ticket in rows}

    async def take_for_delivery(self, ticket_id: UUID) -> Ticket:
        """The ticket of a reply on its way, held: behind the wall, or removed, all the same."""
        statement = self._held(within(self.actor, Ticket).where(T_.id == ticket_id))
        ticket = await self.session.scalar(statement)
        if ticket is None:
            raise self.missing()
        return self._seen_as(ticket)

    async def take_successor(self, ticket: Ticket) -> Ticket | None:
        """Where its conversation went on after it was closed, held; the newest of several, and
        whatever that was merged into."""
        follows: ColumnElement[bool] = T_.previous_ticket_id == ticket.id
        if ticket.grouping_key is not None:
            same = and_(T_.grouping_key == ticket.grouping_key, T_.status != TicketStatus.CLOSED)
            follows = or_(follows, same)
        rows = await self._take_behind_the_wall(follows, T_.id != ticket.id)
        if not rows:
            return None
        newest = max(rows, key=lambda row: (row.opened_at, row.id))
        return (await self.survivors([newest])).get(newest.id, newest)

    async def take_open(self, keys: Collection[str]) -> Mapping[str, Ticket]:
        """The one ticket of each conversation that can still take a message.

        This and what else finds a conversation is asked without the wall: a message belongs where
        it belongs, whatever the one who brings it may read.
        """
        if not keys:
            return {}
        asked = values(self.actor, keys=sorted(keys))
        rows = [self._seen_as(each) for each in await self.session.things(self._open(), asked)]
        return {ticket.grouping_key: ticket for ticket in rows if ticket.grouping_key}

    @prepared
    def _open(self) -> Select[Ticket]:
        keys = T_.grouping_key.in_(bindparam("keys", expanding=True))
        return self._held(
            self._present().where(keys, T_.status != TicketStatus.CLOSED).order_by(T_.id)
        )

    async def take_loose(
        self, publisher_ids: Collection[UUID]
    ) -> Mapping[tuple[UUID, UUID], Ticket]:
        """By level and publisher: the case opened by hand that was active last."""
        if not publisher_ids:
            return {}
        asked = values(self.actor, publishers=sorted(publisher_ids))
        rows = [self._seen_as(each) for each in await self.session.things(self._loose(), asked)]
        latest = sorted(rows, key=lambda ticket: (ticket.updated_at, ticket.id))
        return {(ticket.origin_level_id, ticket.publisher_id): ticket for ticket in latest}

    @prepared
    def _loose(self) -> Select[Ticket]:
        loose = self._present().where(
            T_.publisher_id.in_(bindparam("publishers", expanding=True)),
            T_.grouping_key.is_(None),
            T_.status != TicketStatus.CLOSED,
        )
        return self._held(loose.order_by(T_.id))

    async def take_named(
        self, ticket_ids: Collection[UUID], protocols: Collection[str]
    ) -> Mapping[UUID, Ticket]:
        """What messages speak of, by id or by protocol number, over or not; held."""
        if not ticket_ids and not protocols:
            return {}
        rows = await self._take_behind_the_wall(
            or_(T_.id.in_(sorted(ticket_ids)), T_.protocol.in_(sorted(protocols)))
        )
        return {ticket.id: ticket for ticket in rows}

    async def take_open_of(self, publisher_id: UUID) -> Sequence[Ticket]:
        """Everything of theirs that is not closed, whoever may see it: it is told of its publisher
        wherever it is."""
        return await self._take_behind_the_wall(
            T_.publisher_id == publisher_id, T_.status != TicketStatus.CLOSED
        )

    async def take_to_unite(self, source: UUID, target: UUID) -> Sequence[Ticket]:
        """All of the one, removed ones too, and what the other has open; whoever may see it."""
        every = or_(
            T_.publisher_id == source,
            and_(
                T_.publisher_id == target,
                T_.status != TicketStatus.CLOSED,
                T_.removed_at.is_(None),
            ),
        )
        statement = self._held(within(self.actor, Ticket).where(every).order_by(T_.id))
        return [self._seen_as(ticket) for ticket in await self.session.scalars(statement)]

    async def take_latest_of(self, publisher_id: UUID) -> Ticket | None:
        """The newest of theirs that the actor sees."""
        statement = (
            self.seen()
            .where(T_.publisher_id == publisher_id)
            .order_by(T_.opened_at.desc(), T_.id.desc())
            .limit(literal_column("1"))
        )
        ticket = await self.session.scalar(self._held(statement))
        return None if ticket is None else self._seen_as(ticket)

    async def write(self) -> None:
        await self.session.flush()

    async def take_held(self, user_id: UUID, level_ids: Collection[UUID]) -> Sequence[Ticket]:
        """What somebody is working on in these levels."""
        return await self._take(
            T_.assignee_id == user_id,
            T_.level_id.in_(sorted(level_ids)),
            T_.status != TicketStatus.CLOSED,
        )

    async def last_of(self, keys: Collection[str]) -> Mapping[str, Ticket]:
        """The newest ticket of each conversation, closed or not."""
        if not keys:
            return {}
        rows = await self.session.things(self._last(), values(self.actor, keys=sorted(keys)))
        return {ticket.grouping_key: ticket for ticket in rows if ticket.grouping_key}

    @prepared
    def _last(self) -> Select[Ticket]:
        keys = T_.grouping_key.in_(bindparam("keys", expanding=True))
        return self._present().where(keys).order_by(T_.opened_at, T_.id)

    async def survivors(self, tickets: Collection[Ticket]) -> Mapping[UUID, Ticket]:
        """Where the messages of merged tickets go now: the open end of each chain, held."""
        ends = {ticket.id: ticket for ticket in tickets if ticket.merged_into_id}
        while nexts := {
            each: ticket.merged_into_id for each, ticket in ends.items() if ticket.merged_into_id
        }:
            ids = sorted(nexts.values())
            rows = {row.id: row for row in await self._take_behind_the_wall(T_.id.in_(ids))}
            ends = {
                each: rows.get(nexts[each], ticket) if each in nexts else ticket
                for each, ticket in ends.items()
                if each not in nexts or nexts[each] in rows
            }
        return {
            each: ticket
            for each, ticket in ends.items()
            if ticket.status is not TicketStatus.CLOSED
        }

    async def pull(self, level_id: UUID, order: PullOrder, count: int) -> Sequence[Ticket]:
        """The next tickets nobody has; what another pull is taking is passed over."""
        if count == 0:
            return []
        asked = values(self.actor, level=level_id)
        rows = await self.session.things(self._next(order, count), asked)
        return [self._seen_as(ticket) for ticket in rows]

    @prepared
    def _next(self, order: PullOrder, count: int) -> Select[Ticket]:
        statement = (
            self.seen()
            .where(T_.level_id == bindparam("level"), parts.free())
            .order_by(*PULL[order])
            .limit(literal_column(str(count)))
        )
        return self._held(statement, skip_locked=True)

    @prepared
    def _waiting(self) -> Select[int]:
        here = T_.level_id.in_(bindparam("levels", expanding=True))
        return select(func.count()).where(self.wall(), here, parts.free())

    async def waiting(self, level_ids: Collection[UUID]) -> int:
        if self.session.dirty:
            await self.session.flush()
        asked = values(self.actor, levels=sorted(level_ids))
        return await self.session.thing(self._waiting(), asked) or 0

    async def held(self, level_id: UUID, user_id: UUID) -> int:
        """How many count against somebody's capacity in a level."""
        statement = select(func.count()).where(
            self.wall(),
            T_.assignee_id == user_id,
            T_.level_id == level_id,
            T_.status.in_(sorted(states.ACTIVE)),
        )
        return await self.session.scalar(statement) or 0

    async def take_unserved(self) -> Sequence[Level]:
        """The levels that hand out tickets by themselves and have some that nobody has.

        Held, and passed over while another worker holds them. What merely points at a level or at
        a person waits for nobody: keys are not locked.
        """
        statement = (
            within(self.actor, Level)
            .where(unserved())
            .order_by(L_.id)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return list(await self.session.scalars(statement))

    async def take_candidates(self, level_id: UUID) -> Sequence[Candidate]:
        """The members who may be given tickets, held. Whoever is pulling right now is passed over,
        so that what they take is counted."""
        rows = await self.session.execute(
            select(M_.user_id, M_.capacity)
            .join(User, U_.id == M_.user_id)
            .where(
                M_.level_id == level_id,
                M_.workspace_id == self.actor.workspace_id,
                *_on_shift(),
            )
            .order_by(M_.user_id)
            .with_for_update(key_share=True, skip_locked=True)
        )
        capacities: dict[UUID, int | None] = {each: most for each, most in rows}
        counted = await self.session.execute(
            select(T_.assignee_id, func.count())
            .where(
                self.wall(),
                T_.assignee_id.in_(sorted(capacities)),
                T_.level_id == level_id,
                T_.status.in_(sorted(states.ACTIVE)),
            )
            .group_by(T_.assignee_id)
        )
        held: dict[UUID, int] = {each: count for each, count in counted}
        return [Candidate(each, held.get(each, 0), most) for each, most in capacities.items()]

    async def lapsed(self, now: datetime, most: int) -> Sequence[Ticket]:
        return await self._due(
            and_(T_.lease_expires_at.is_not(None), T_.lease_expires_at <= now), most
        )

    async def woken(self, now: datetime, most: int) -> Sequence[Ticket]:
        """Pending, and reached. What meanwhile waits for approval remembers, and wakes after it."""
        due = and_(
            T_.pending_until.is_not(None),
            T_.pending_until <= now,
            T_.status == TicketStatus.PENDING,
        )
        return await self._due(due, most)

    async def silent(self, now: datetime, most: int) -> Sequence[Ticket]:
        """Resolved, and nothing came for so long that they are over."""
        return await self._due(and_(T_.closes_at.is_not(None), T_.closes_at <= now), most)

    async def pressed(self, now: datetime, most: int) -> Sequence[Ticket]:
        """Tickets with a clock of which something is to be told, the latest one first; a ticket
        with several is there as often."""
        statement = (
            self.seen()
            .join(SlaClock, C_.ticket_id == T_.id)
            .where(
                C_.workspace_id == self.actor.workspace_id,
                C_.next_at.is_not(None),
                C_.next_at <= now,
            )
            .order_by(C_.next_at)
            .limit(literal_column(str(most)))
        )
        # Only what can be held counts towards the limit: whatever somebody else holds, others pass.
        rows = await self.session.scalars(self._held(statement, skip_locked=True))
        return [self._seen_as(ticket) for ticket in rows]

    async def open_after(
        self, level_id: UUID, after: UUID | None, most: int, *, held: bool
    ) -> Sequence[Ticket]:
        """Some of the measured tickets of a level that are not over, by id; held when asked."""
        statement = self.seen().where(*_measured(level_id))
        if after is not None:
            statement = statement.where(T_.id > after)
        statement = statement.order_by(T_.id).limit(literal_column(str(most)))
        rows = await self.session.scalars(self._held(statement) if held else statement)
        return [self._seen_as(ticket) for ticket in rows]

    async def open_in(self, level_id: UUID) -> int:
        statement = select(func.count()).where(
            self.wall(), T_.level_id == level_id, T_.status != TicketStatus.CLOSED
        )
        return await self.session.scalar(statement) or 0

    async def open_measured(self, level_id: UUID) -> int:
        """How many `open_after` leads through."""
        statement = select(func.count()).where(self.wall(), *_measured(level_id))
        return await self.session.scalar(statement) or 0

    async def protocols(self, day: date, count: int) -> Sequence[str]:
        return await self.protocols_of([day] * count)

    async def protocols_of(self, days: Sequence[date]) -> Sequence[str]:
        """A number for each day, that nobody has. Should one be taken at this very moment, the
        index refuses it."""
        free: dict[str, int] = {}
        wanted = dict(enumerate(days))
        while wanted:
            drawn = {protocols.issue(day): place for place, day in wanted.items()}
            asked = values(self.actor, drawn=sorted(drawn))
            taken = await self.session.things(self._taken(), asked)
            for protocol in drawn.keys() - set(taken) - free.keys():
                free[protocol] = drawn[protocol]
                del wanted[drawn[protocol]]
        return sorted(free, key=lambda protocol: free[protocol])

    @prepared
    def _taken(self) -> Select[str]:
        return select(T_.protocol).where(
            T_.workspace_id == self.actor.workspace_id,
            T_.protocol.in_(bindparam("drawn", expanding=True)),
        )

    async def put(self, tickets: Sequence[Ticket]) -> None:
        self._pile.add(tickets)

    def _present(self) -> Select[Ticket]:
        """Every ticket of the workspace that was not removed, seen or not."""
        return within(self.actor, Ticket).where(T_.removed_at.is_(None))

    async def _take(self, *conditions: ColumnElement[bool]) -> Sequence[Ticket]:
        return await self._take_behind_the_wall(self.wall(), *conditions)

    async def _take_behind_the_wall(self, *conditions: ColumnElement[bool]) -> Sequence[Ticket]:
        statement = self._held(self._present().where(*conditions).order_by(T_.id))
        return [self._seen_as(ticket) for ticket in await self.session.scalars(statement)]

    async def _due(self, due: ColumnElement[bool], most: int) -> Sequence[Ticket]:
        statement = self.seen().where(due).limit(literal_column(str(most)))
        rows = await self.session.scalars(self._held(statement, skip_locked=True))
        return [self._seen_as(ticket) for ticket in rows]

    async def _changed_since(self, ticket_id: UUID, version: int) -> Sequence[str]:
        statement = (
            select(H_.field)
            .where(H_.ticket_id == ticket_id, H_.version > version, H_.field.is_not(None))
            .order_by(H_.sequence)
        )
        return list(dict.fromkeys(await self.session.scalars(statement)))

    def _held(self, statement: Select[Ticket], *, skip_locked: bool = False) -> Select[Ticket]:
        return statement.with_for_update(of=Ticket, skip_locked=skip_locked).execution_options(
            populate_existing=True
        )

    def _seen_as(self, ticket: Ticket) -> Ticket:
        self.faces.setdefault(ticket.id, ticket.face)
        return ticket


def unserved() -> ColumnElement[bool]:
    """A level that hands out tickets by itself, while it has some that nobody has, and somebody
    who could be given one. Whether it is open, and they are full, is seen when it is tried."""
    waiting: ColumnElement[bool] = (
        select(T_.id).where(T_.level_id == L_.id, T_.removed_at.is_(None), parts.free()).exists()
    )
    somebody: ColumnElement[bool] = (
        select(M_.user_id)
        .join(User, U_.id == M_.user_id)
        .where(M_.level_id == L_.id, *_on_shift())
        .exists()
    )
    return and_(L_.assignment != AssignmentStrategy.MANUAL_PULL, waiting, somebody)


def _on_shift() -> list[ColumnElement[bool]]:
    return [
        U_.active,
        U_.available,
        U_.role.in_(HANDLING),
        or_(M_.capacity.is_(None), M_.capacity > 0),
    ]


def _measured(level_id: UUID) -> list[ColumnElement[bool]]:
    return [
        T_.level_id == level_id,
        T_.status != TicketStatus.CLOSED,
        T_.terms_id.is_not(None),
    ]
