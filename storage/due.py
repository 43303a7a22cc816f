"""What has become due in all workspaces: leases, clocks, replies, tickets that wake, close or wait.

Says only where and when; the tickets themselves are taken by a worker, inside their workspace.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal_column, null, or_, select, union

from domain.model.account import Account
from domain.model.base import UTCDateTime
from domain.model.entry import HistoryEntry
from domain.model.mailbox import Mailbox
from domain.model.publisher import UNSEALED
from domain.model.reply import Reply
from domain.model.sla import SlaClock
from domain.model.user import ApiKey
from domain.position import Position
from domain.words import Network, TicketStatus
from storage import webhooks
from storage.access import L_, P_, T_, columns
from storage.feed import FeedReader, unseen
from storage.marks import Written
from storage.media import W_
from storage.outbox import A_, QUEUED, R_, SENDING, first_in_line, open_for_sending
from storage.queue import unserved
from storage.session import Session
from storage.straight import Straight
from storage.webhooks import D_, E_

B_, C_, H_, K_ = columns(Mailbox), columns(SlaClock), columns(HistoryEntry), columns(ApiKey)
MOMENTS = (T_.lease_expires_at, T_.pending_until, T_.closes_at)


def _glance(
    but: Collection[UUID] = (), *, postgres: bool
) -> Select[datetime | None, datetime | None]:
    one: Any = literal_column("1")
    nearest = select(C_.next_at).where(C_.next_at.is_not(None)).order_by(C_.next_at).limit(one)
    if but:
        nearest = nearest.where(C_.workspace_id.not_in(sorted(but)))
    clock: Any = func.clock_timestamp() if postgres else null()
    return select(clock.label("now"), nearest.scalar_subquery().label("nearest"))


class StraightGlance:
    """`DueReader.glance` of everything, which every process asks after every ring, without a
    transaction around it; Unplanned where it fails."""

    def __init__(self, straight: Straight) -> None:
        self._straight = straight
        dialect = straight.dialect
        statement: Any = _glance(postgres=dialect.name == "postgresql")
        self._written = Written.of(statement, (UTCDateTime(), UTCDateTime()), dialect)

    async def glance(self) -> tuple[datetime | None, datetime | None]:
        written = self._written
        [(now, nearest)] = written.read(await self._straight.rows(written.text, ()))
        return now, nearest


class DueReader:
    def __init__(self, session: Session) -> None:
        self.session = session

    async def workspaces(self, now: datetime) -> Sequence[UUID]:
        """Those in which something waits to be done."""
        late = (
            select(T_.workspace_id).where(
                moment.is_not(None),
                moment <= now,
                T_.removed_at.is_(None),
                T_.status != TicketStatus.AWAITING_APPROVAL,
            )
            for moment in MOMENTS
        )
        to_hand_out = select(L_.workspace_id).where(unserved())
        to_seal = select(P_.workspace_id).where(UNSEALED)
        return sorted(await self.session.scalars(union(*late, to_hand_out, to_seal)))

    async def glance(self, but: Collection[UUID] = ()) -> tuple[datetime | None, datetime | None]:
        """The database's own clock, where it has one, and when something is to be told next.

        One question, answered by the first row of an index, however many follow; some workspaces
        may be left out.
        """
        statement = _glance(but, postgres=self.session.is_postgres)
        row = (await self.session.execute(statement)).one()
        return row.now, row.nearest

    async def pressed(self, now: datetime) -> Sequence[UUID]:
        """The workspaces in which something is to be told of a clock."""
        statement = (
            select(C_.workspace_id).where(C_.next_at.is_not(None), C_.next_at <= now).distinct()
        )
        return sorted(await self.session.scalars(statement))

    async def deliveries(self, now: datetime) -> Sequence[UUID]:
        """The workspaces in which something is to be sent, or was begun and never ended."""
        late = (R_.next_attempt_at.is_not(None), R_.next_attempt_at <= now)
        to_send = (
            select(R_.workspace_id)
            .join(Account, A_.id == R_.account_id)
            .where(R_.state == QUEUED, *late, open_for_sending(now), first_in_line())
        )
        lapsed = select(R_.workspace_id).where(R_.state == SENDING, *late)
        return sorted(await self.session.scalars(union(to_send, lapsed)))

    async def next_delivery(self, now: datetime) -> datetime | None:
        """When something will be to be sent, or its lease over, as far as is known now."""
        under_way = R_.state.in_([QUEUED, SENDING])
        soon = select(R_.next_attempt_at).where(under_way, R_.next_attempt_at > now)
        paused = (
            select(A_.paused_until)
            .join(Reply, R_.account_id == A_.id)
            .where(R_.state == QUEUED, R_.next_attempt_at.is_not(None), A_.paused_until > now)
        )
        moments = [
            await self.session.scalar(soon.order_by(R_.next_attempt_at).limit(1)),
            await self.session.scalar(paused.order_by(A_.paused_until).limit(1)),
        ]
        return min((each for each in moments if each is not None), default=None)

    async def media(self, now: datetime) -> tuple[Sequence[UUID], datetime | None]:
        """The workspaces for which files are to be fetched now, and when the next one is."""
        due = await self.session.scalars(
            select(W_.workspace_id).where(W_.look_at <= now).distinct()
        )
        next_at = await self.session.scalar(
            select(W_.look_at).where(W_.look_at > now).order_by(W_.look_at).limit(1)
        )
        return sorted(due), next_at

    async def mailboxes(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """By workspace and account: the boxes to look into now."""
        rows = await self.session.execute(
            select(A_.workspace_id, A_.id)
            .join(Mailbox, B_.account_id == A_.id, isouter=True)
            .where(
                A_.network == Network.EMAIL,
                A_.enabled,
                A_.sealed_connection.is_not(None),
                or_(B_.look_at.is_(None), B_.look_at <= now),
            )
            .order_by(B_.look_at, A_.id)
        )
        return [(workspace, account) for workspace, account in rows]

    async def webhooks_behind(self) -> Sequence[tuple[UUID, UUID]] | None:
        """By workspace and endpoint: the partners for whom there may be something new. None where
        there is no partner."""
        asked = await self.session.execute(
            select(E_.workspace_id, E_.id, E_.position)
            .join(ApiKey, K_.id == E_.api_key_id)
            .where(E_.enabled)
            .where(or_(K_.revoked_at.is_(None), webhooks.waits()))
            .order_by(E_.id)
        )
        every = asked.all()
        if not every:
            return None
        here = await FeedReader(self.session).position()
        behind = []
        for workspace_id, endpoint_id, position in every:
            seen = Position.of(position) if position else None
            known = seen is not None and seen.is_snapshot is here.is_snapshot
            if seen is not None and known and here.not_before(seen):
                news = select(H_.id).where(H_.workspace_id == workspace_id, unseen(seen)).limit(1)
                if await self.session.scalar(news) is None:
                    continue
            behind.append((workspace_id, endpoint_id))
        return behind

    async def webhooks(
        self, now: datetime, but: Collection[UUID] = ()
    ) -> Sequence[tuple[UUID, UUID]]:
        """By workspace and endpoint: the partners to be told something now; some left out."""
        waiting = select(D_.id).where(D_.endpoint_id == E_.id, webhooks.due(now)).exists()
        asked = select(E_.workspace_id, E_.id).where(webhooks.answering(now), waiting)
        if but:
            asked = asked.where(E_.id.not_in(sorted(but)))
        return [(workspace, each) for workspace, each in await self.session.execute(asked)]

    async def next_webhook(self, now: datetime) -> datetime | None:
        """When something will be to be told, or a lease over, as far as is known now."""
        soon = select(D_.next_attempt_at).where(D_.next_attempt_at > now)
        paused = select(E_.paused_until).where(E_.enabled, E_.paused_until > now)
        moments = [
            await self.session.scalar(soon.order_by(D_.next_attempt_at).limit(1)),
            await self.session.scalar(paused.order_by(E_.paused_until).limit(1)),
        ]
        return min((each for each in moments if each is not None), default=None)

    async def next(self, now: datetime) -> datetime | None:
        """When something will become due next, as far as is known now."""
        nearest: list[datetime] = []
        for moment in MOMENTS:
            # The first row of the column's own index, however many are to come.
            found = await self.session.scalar(
                select(moment)
                .where(moment.is_not(None), moment > now, T_.removed_at.is_(None))
                .order_by(moment)
                .limit(1)
            )
            if found is not None:
                nearest.append(found)
        return min(nearest, default=None)
