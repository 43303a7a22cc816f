"""Tickets by their protocol number, as far as whoever asks is told of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, false, func, select, true, union_all

from domain.model.entry import HistoryEntry
from domain.model.publisher import Publisher
from domain.model.reply import Reply
from domain.model.sla import SlaClock
from domain.model.workspace import Workspace
from domain.rules import publicity, stages
from domain.rules.access import Actor
from domain.tracking import Next, Said, Tracked, Turn
from domain.words import DeliveryState, TicketStatus, Visibility
from storage.access import O_, P_, T_, columns, readable
from storage.histories import OTHERS
from storage.prepared import prepared, values
from storage.session import Session

H_, R_, S_, W_ = columns(HistoryEntry), columns(Reply), columns(SlaClock), columns(Workspace)
BY_NUMBER = (
    select(
        T_.id,
        T_.workspace_id,
        T_.protocol,
        T_.status,
        T_.opened_at,
        T_.removed_at,
        T_.merged_into_id,
        T_.publisher_id,
        P_.sealed_key,
        P_.sealed_cpf,
        P_.cpf_hash,
        P_.email_hash,
    )
    .join(Publisher, P_.id == T_.publisher_id)
    .where(T_.protocol == bindparam("protocol"))
)
# Each workspace is probed in the index that makes its numbers unique; there are few of them.
CALLED = BY_NUMBER.where(T_.workspace_id.in_(select(W_.id))).order_by(T_.workspace_id)
TURNS: Select[Any] = (
    select(H_.at, H_.became)
    .where(H_.ticket_id == bindparam("ticket"), H_.field == "status", H_.became.is_not(None))
    .order_by(H_.sequence)
)
EXPECTED: Select[Any] = select(func.min(S_.due_at)).where(
    S_.ticket_id == bindparam("ticket"),
    S_.metric.in_(stages.EXPECTED),
    S_.running_since.is_not(None),
)


def _said(*, in_public: bool) -> Select[Any]:
    """The last of both, which each index finds from its end."""
    # Where two people's cases were merged, each reads what was said with them alone.
    kinds = (
        O_.kind.in_(sorted(publicity.IN_PUBLIC))
        if in_public
        else O_.publisher_id == bindparam("publisher")
    )
    theirs = (
        select(O_.occurred_at.label("at"), false().label("ours"), O_.text.label("text"), O_.id)
        .where(
            O_.ticket_id == bindparam("ticket"),
            O_.automated.is_(False),
            O_.deleted_at.is_(None),
            kinds,
        )
        .order_by(O_.occurred_at.desc(), O_.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    shown = [Visibility.PUBLIC] if in_public else [Visibility.PUBLIC, Visibility.PRIVATE]
    ours = (
        select(R_.sent_at.label("at"), true().label("ours"), R_.text.label("text"), R_.id)
        .where(
            R_.ticket_id == bindparam("ticket"),
            R_.state == DeliveryState.SENT,
            R_.visibility.in_(shown),
            true() if in_public else ~OTHERS,
        )
        .order_by(R_.written_at.desc(), R_.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    both = union_all(select(theirs), select(ours)).subquery()
    return select(both).order_by(both.c.at, both.c.id)


SAID = {each: _said(in_public=each) for each in (False, True)}


class ProtocolShelf:
    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def called(self, protocol: str) -> Sequence[Tracked]:
        rows = await self.session.execute(CALLED, {"protocol": protocol})
        return [Tracked._make(row) for row in rows]

    async def seen(self, protocol: str) -> Tracked | None:
        asked = values(self.actor, protocol=protocol)
        row = (await self.session.execute(self._seen(), asked)).first()
        return Tracked._make(row) if row else None

    @prepared
    def _seen(self) -> Select[Any]:
        return BY_NUMBER.where(
            T_.workspace_id == self.actor.workspace_id, readable(self.actor, T_.level_id)
        )

    async def turns(self, ticket_id: UUID) -> Sequence[Turn]:
        rows = await self.session.execute(TURNS, {"ticket": ticket_id})
        return [Turn(at, TicketStatus(became)) for at, became in rows]

    async def said(self, tracked: Tracked, most: int, *, in_public: bool) -> Sequence[Said]:
        asked = {"ticket": tracked.ticket_id, "publisher": tracked.publisher_id, "most": most}
        rows = await self.session.execute(SAID[in_public], asked)
        return [Said(at, bool(ours), text) for at, ours, text, _ in rows][-most:]

    async def expected_by(self, ticket_id: UUID) -> datetime | None:
        found: datetime | None = await self.session.scalar(EXPECTED, {"ticket": ticket_id})
        return found

    async def next(self, tracked: Tracked, *, seen: bool) -> Next | None:
        merged = tracked.merged_into_id
        asked = values(self.actor, ticket=merged or tracked.ticket_id)
        statement = self._next(seen=seen, merged=merged is not None)
        row = (await self.session.execute(statement, asked)).first()
        return Next._make(row) if row else None

    @prepared
    def _next(self, *, seen: bool, merged: bool) -> Select[Any]:
        """What it was merged into, else what was opened when it was over."""
        return (
            select(T_.protocol, T_.publisher_id)
            .where(
                (T_.id if merged else T_.previous_ticket_id) == bindparam("ticket"),
                T_.removed_at.is_(None),
                readable(self.actor, T_.level_id) if seen else true(),
            )
            .order_by(T_.opened_at.desc(), T_.id.desc())
            .limit(1)
        )
