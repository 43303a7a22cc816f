"""Presence: leases of people at tickets, shown to whoever sees the ticket."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from domain.model.presence import Presence
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.model.workspace import Workspace
from domain.rules.access import Actor
from domain.rules.presence import Lasting, Lease, Room, Viewer
from storage import access
from storage.access import T_, U_, columns
from storage.session import Session

A_, W_ = columns(Presence), columns(Workspace)
AT_ONCE = 1_000
"""Tickets that one statement asks for; more would be too many values for it."""


class PresenceShelf:
    def __init__(self, session: Session, actor: Actor, now: datetime, lasting: Lasting) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.lasting = lasting

    async def of_tickets(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, list[Viewer]]:
        """Who is at each ticket that may be seen, and still sees it; the first to come first."""
        found: dict[UUID, list[Viewer]] = {each: [] for each in ticket_ids}
        if not ticket_ids:
            return found
        rows = await self.session.scalars(
            select(Presence)
            .join(Ticket, T_.id == A_.ticket_id)
            .join(User, U_.id == A_.user_id)
            .where(
                A_.ticket_id.in_(sorted(ticket_ids)),
                A_.expires_at > self.now,
                access.tickets(self.actor),
                access.readers(T_.level_id),
            )
            .order_by(A_.since, A_.user_id)
            # One that was read before it was renewed is read anew.
            .execution_options(populate_existing=True)
        )
        for row in rows:
            seen = row.lease.seen_at(self.now)
            if seen is not None:
                found[row.ticket_id].append(seen)
        return found

    async def held(self, ticket_id: UUID, user_id: UUID) -> Lease | None:
        row = await self.session.get(Presence, (ticket_id, user_id))
        return row.lease if row is not None else None

    async def hold(self, ticket_id: UUID, lease: Lease) -> None:
        """The lease as it is now. Of two written at once the later stays, and who was first."""
        insert = (
            postgresql.insert(Presence)
            if self.session.get_bind().dialect.name == "postgresql"
            else sqlite.insert(Presence)
        )
        statement = insert.values(
            ticket_id=ticket_id,
            user_id=lease.user_id,
            workspace_id=self.actor.workspace_id,
            since=lease.since,
            typing_until=lease.typing_until,
            expires_at=lease.expires_at,
        )
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[A_.ticket_id, A_.user_id],
            set_={
                "since": case((A_.expires_at > self.now, A_.since), else_=new.since),
                "typing_until": new.typing_until,
                "expires_at": new.expires_at,
            },
        )
        await self.session.execute(statement)

    async def leave(self, ticket_id: UUID, user_id: UUID) -> None:
        await self.session.execute(
            delete(Presence).where(A_.ticket_id == ticket_id, A_.user_id == user_id)
        )

    async def forget(self, most: int) -> int:
        """How many of the workspace's ended leases were dropped; a few at a time."""
        ended = (
            select(A_.ticket_id, A_.user_id)
            .where(A_.workspace_id == self.actor.workspace_id, A_.expires_at <= self.now)
            .limit(most)
        )
        gone = await self.session.execute(
            delete(Presence)
            # Asked once more: one that was renewed meanwhile has not ended.
            .where(tuple_(A_.ticket_id, A_.user_id).in_(ended), A_.expires_at <= self.now)
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]


class PresenceReader:
    """What those who watch tickets for others have to know: that something is another."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now

    async def rooms(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, Room]:
        """Each ticket's place and its leases. Nothing of it is shown to anybody."""
        found: dict[UUID, Room] = {}
        asked = sorted(ticket_ids)
        for start in range(0, len(asked), AT_ONCE):
            rows = await self.session.execute(
                select(T_.id, T_.level_id, T_.removed_at, Presence)
                .outerjoin(Presence, and_(A_.ticket_id == T_.id, A_.expires_at > self.now))
                .where(T_.id.in_(asked[start : start + AT_ONCE]))
                .order_by(T_.id, A_.since, A_.user_id)
            )
            for ticket_id, level_id, removed_at, row in rows:
                leases = found[ticket_id].leases if ticket_id in found else ()
                if row is not None:
                    leases += (row.lease,)
                found[ticket_id] = Room(level_id if removed_at is None else None, leases)
        return found

    async def access_versions(self, workspace_ids: Collection[UUID]) -> Mapping[UUID, int]:
        rows = await self.session.execute(
            select(W_.id, W_.access_version).where(W_.id.in_(sorted(workspace_ids)))
        )
        return dict(rows.all())
