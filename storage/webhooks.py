"""Partners' endpoints, and what is on its way to them: the table is the queue."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.page import Page, Window
from domain.position import Position
from domain.rules import publicity
from domain.shelves.partners import Behind, Tally
from domain.words import WebhookDeliveryState, WebhookEventKind
from storage import keyset
from storage.access import O_, T_, columns, within
from storage.feed import FeedReader, shown, unseen
from storage.keyset import Order
from storage.shelf import NamedShelf, Shelf

E_, D_, H_, R_ = (columns(each) for each in (WebhookEndpoint, WebhookDelivery, HistoryEntry, Reply))
HEAD_, FIRST_ = columns(aliased(WebhookDelivery)), columns(aliased(WebhookDelivery))
SUCCESSOR = columns(aliased(Ticket))
NEWEST = Order("webhooks", ("queued_at", "id"), descending=True)
QUEUED, SENDING = WebhookDeliveryState.QUEUED, WebhookDeliveryState.SENDING
DEAD, DROPPED = WebhookDeliveryState.DEAD, WebhookDeliveryState.DROPPED
GIVEN_UP = "webhook_given_up"


def answering(now: datetime) -> ColumnElement[bool]:
    return and_(E_.enabled, or_(E_.paused_until.is_(None), E_.paused_until <= now))


def due(now: datetime) -> ColumnElement[bool]:
    """To be told, or begun by somebody who never said how it ended."""
    return and_(D_.next_attempt_at.is_not(None), D_.next_attempt_at <= now)


def waits() -> ColumnElement[bool]:
    """Something is on its way to the endpoint."""
    return select(D_.id).where(D_.endpoint_id == E_.id, D_.next_attempt_at.is_not(None)).exists()


class WebhookEndpointShelf(NamedShelf[WebhookEndpoint]):
    model = WebhookEndpoint
    thing = "webhook endpoint"

    async def take_free(self, endpoint_id: UUID) -> WebhookEndpoint | None:
        return await self.session.scalar(
            self.seen()
            .where(E_.id == endpoint_id)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )

    async def put(self, endpoint: WebhookEndpoint) -> None:
        self.session.add(endpoint)
        await self.session.flush()

    async def drop(self, endpoint: WebhookEndpoint) -> None:
        await self.session.execute(delete(WebhookDelivery).where(D_.endpoint_id == endpoint.id))
        await self.session.delete(endpoint)
        await self.session.flush()

    async def news(self, endpoint: WebhookEndpoint, most: int) -> Sequence[HistoryEntry]:
        now = await FeedReader(self.session).position()
        if endpoint.position is None:
            endpoint.read_to(now.text, await self._highest(endpoint))
            return []
        seen = Position.of(endpoint.position)
        until = Position.of(endpoint.until) if endpoint.until else now
        # A database that was copied into another counts its transactions from a lower number: there
        # the numbers of entries alone go on.
        moved = seen.is_snapshot is not now.is_snapshot or not now.not_before(seen)
        asked = within(self.actor, HistoryEntry).order_by(H_.position)
        if moved:
            until = now
            asked = asked.where(or_(H_.position > endpoint.mark, unseen(seen)))
        else:
            asked = asked.where(unseen(seen), shown(until))
            if endpoint.until:
                asked = asked.where(H_.position > endpoint.mark)
        rows = list(await self.session.scalars(asked.limit(literal_column(str(most + 1)))))
        last = (rows[:most][-1].position or 0) if rows else endpoint.mark
        if len(rows) <= most:
            endpoint.read_to(until.text, last)
        else:
            endpoint.read_in_part(None if moved else until.text, last)
        return rows[:most]

    async def _highest(self, endpoint: WebhookEndpoint) -> int:
        highest = select(func.max(H_.position)).where(H_.workspace_id == endpoint.workspace_id)
        return await self.session.scalar(highest) or 0


class WebhookDeliveryShelf(Shelf[WebhookDelivery]):
    model = WebhookDelivery
    thing = "webhook delivery"

    async def page(
        self,
        window: Window,
        *,
        endpoint_id: UUID | None = None,
        states: Collection[WebhookDeliveryState] | None = None,
        kinds: Collection[WebhookEventKind] | None = None,
        protocol: str | None = None,
    ) -> Page[WebhookDelivery]:
        asked = self.seen()
        if endpoint_id is not None:
            asked = asked.where(D_.endpoint_id == endpoint_id)
        if states is not None:
            asked = asked.where(D_.state.in_(sorted(states)))
        if kinds is not None:
            asked = asked.where(D_.kind.in_(sorted(kinds)))
        if protocol is not None:
            named = within(self.actor, Ticket).where(T_.protocol == protocol)
            asked = asked.where(D_.ticket_id.in_(named.with_only_columns(T_.id)))
        return await keyset.page(self.session, WebhookDelivery, asked, NEWEST, window)

    async def tallies(self, endpoint_ids: Collection[UUID]) -> Mapping[UUID, Tally]:
        counted = (
            select(D_.endpoint_id, D_.state, func.count())
            .where(
                D_.workspace_id == self.actor.workspace_id,
                D_.endpoint_id.in_(sorted(endpoint_ids)),
                D_.state.in_([QUEUED, SENDING, DEAD]),
            )
            .group_by(D_.endpoint_id, D_.state)
        )
        found: dict[UUID, Counter[bool]] = {}
        for endpoint_id, state, count in await self.session.execute(counted):
            found.setdefault(endpoint_id, Counter())[state == DEAD] += count
        return {each: Tally(count[False], count[True]) for each, count in found.items()}

    async def queue(self, deliveries: Sequence[WebhookDelivery]) -> None:
        if not deliveries:
            return
        insert = (
            postgresql.insert(WebhookDelivery)
            if self.session.get_bind().dialect.name == "postgresql"
            else sqlite.insert(WebhookDelivery)
        )
        names = list(WebhookDelivery.model_fields)
        rows = [{name: getattr(each, name) for name in names} for each in deliveries]
        await self.session.execute(insert.on_conflict_do_nothing(), rows)

    async def in_public(self, message_ids: Collection[UUID]) -> Collection[UUID]:
        if not message_ids:
            return frozenset()
        ids = sorted(message_ids)
        theirs = select(O_.id).where(
            O_.id.in_(ids), O_.kind.in_(sorted(publicity.IN_PUBLIC)), O_.automated.is_(False)
        )
        ours = select(R_.id).where(R_.id.in_(ids), R_.visibility == publicity.ANSWERED_IN_PUBLIC)
        return frozenset(await self.session.scalars(union_all(theirs, ours)))

    async def under_way(self, endpoint_id: UUID, now: datetime) -> int:
        counted = select(func.count()).where(
            D_.endpoint_id == endpoint_id, D_.state == SENDING, D_.next_attempt_at > now
        )
        return await self.session.scalar(counted) or 0

    async def take_due(
        self, endpoint_id: UUID, now: datetime, most: int
    ) -> Sequence[WebhookDelivery]:
        statement = (
            self.seen()
            .where(D_.endpoint_id == endpoint_id, due(now))
            .order_by(D_.next_attempt_at, D_.id)
            .limit(literal_column(str(most)))
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return list(await self.session.scalars(statement))

    async def behind(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Behind]:
        if not entry_ids:
            return {}
        rows = await self.session.execute(
            select(HistoryEntry, Ticket, Occurrence, Reply, SUCCESSOR)
            .join(Ticket, T_.id == H_.ticket_id)
            .join(Occurrence, O_.id == H_.occurrence_id, isouter=True)
            .join(Reply, R_.id == H_.reply_id, isouter=True)
            .join(SUCCESSOR, SUCCESSOR.id == T_.merged_into_id, isouter=True)
            .where(H_.id.in_(sorted(entry_ids)), H_.workspace_id == self.actor.workspace_id)
        )
        return {row[0].id: Behind(*row) for row in rows}

    async def take_some(self, delivery_ids: Collection[UUID]) -> Mapping[UUID, WebhookDelivery]:
        statement = (
            self.seen()
            .where(D_.id.in_(sorted(delivery_ids)))
            .order_by(D_.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return {each.id: each for each in await self.session.scalars(statement)}

    async def line_up(
        self, endpoint_id: UUID, now: datetime, ticket_ids: Collection[UUID] | None = None
    ) -> None:
        await self.session.flush()
        waiting = select(D_.ticket_id).where(
            D_.endpoint_id == endpoint_id, D_.state == QUEUED, D_.next_attempt_at.is_(None)
        )
        among = T_.id.in_(waiting if ticket_ids is None else sorted(ticket_ids))
        head = select(HEAD_.id).where(
            HEAD_.endpoint_id == endpoint_id,
            HEAD_.ticket_id == T_.id,
            HEAD_.next_attempt_at.is_not(None),
        )
        # The first row of an index for each ticket, however many wait behind it.
        first = (
            select(FIRST_.id)
            .where(
                FIRST_.endpoint_id == endpoint_id,
                FIRST_.ticket_id == T_.id,
                FIRST_.state == QUEUED,
            )
            .order_by(FIRST_.sequence, FIRST_.place)
            .limit(literal_column("1"))
            .scalar_subquery()
        )
        next_ones = select(first).select_from(Ticket).where(among, ~head.exists())
        await self._change(D_.id.in_(next_ones), values={"next_attempt_at": now})

    async def line_up_anew(self, endpoint_id: UUID, now: datetime) -> None:
        waiting = D_.endpoint_id == endpoint_id, D_.state == QUEUED, D_.ticket_id.is_not(None)
        await self.session.flush()
        await self._change(*waiting, values={"next_attempt_at": None})
        await self.line_up(endpoint_id, now)

    async def replay_all(self, endpoint_id: UUID, now: datetime) -> int:
        again = {"state": QUEUED, "attempts": 0, "queued_at": now, "next_attempt_at": now}
        none = {"ended_at": None, "lease_id": None}
        dead = D_.endpoint_id == endpoint_id, D_.state == DEAD
        return await self._change(*dead, values={**again, **none})

    async def expire(self, endpoint_id: UUID, before: datetime, now: datetime, most: int) -> int:
        old = (
            select(D_.id, D_.ticket_id)
            .where(D_.endpoint_id == endpoint_id, D_.state == QUEUED, D_.queued_at < before)
            .order_by(D_.queued_at)
            .limit(literal_column(str(most)))
        )
        found = (await self.session.execute(old)).all()
        if not found:
            return 0
        gone = D_.id.in_(sorted(each for each, _ in found))
        count = await self._change(gone, values=_ended(DEAD, GIVEN_UP, now))
        await self.line_up(endpoint_id, now, {ticket for _, ticket in found if ticket})
        return count

    async def drop_all(self, endpoint_id: UUID, failure: str, now: datetime) -> int:
        waiting = D_.endpoint_id == endpoint_id, D_.state == QUEUED
        return await self._change(*waiting, values=_ended(DROPPED, failure, now))

    async def forget(self, delivered: datetime, dead: datetime, most: int) -> int:
        old = (
            select(D_.id)
            .where(
                D_.workspace_id == self.actor.workspace_id,
                D_.ended_at < delivered,
                or_(D_.state != DEAD, D_.ended_at < dead),
            )
            .limit(literal_column(str(most)))
        )
        gone = await self.session.execute(
            delete(WebhookDelivery)
            .where(D_.id.in_(old))
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]

    async def _change(self, *which: ColumnElement[bool], values: dict[str, Any]) -> int:
        changed = await self.session.execute(
            update(WebhookDelivery)
            .where(D_.workspace_id == self.actor.workspace_id, *which)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return int(changed.rowcount)  # type: ignore[attr-defined]


def _ended(state: WebhookDeliveryState, failure: str, now: datetime) -> dict[str, Any]:
    return {
        "state": state,
        "failure": failure,
        "ended_at": now,
        "next_attempt_at": None,
        "lease_id": None,
    }
