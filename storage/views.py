"""Tickets, looked at by plan: one statement for a page, its wall, its count and its cursor.

For figures of them, too.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.model.ticket import Ticket
from domain.page import Window
from domain.position import Cursors, Position
from domain.rules.access import Actor
from domain.rules.membership import TicketFilter
from domain.rules.sla import Terms
from domain.wanted import AHEAD, Belonging, Look, Row, Seen, Unplanned
from domain.words import OrderDirection, TicketOrderField
from storage.access import T_
from storage.belongings import BELONGINGS
from storage.keyset import Order
from storage.looking import counted, standing, written, zone
from storage.marks import (
    Mark,
    Values,
    Written,
    marked_actor,
    marked_filter,
    shape,
    sight,
    values_of_actor,
    values_of_filter,
)
from storage.straight import Asks, Straight
from storage.tickets import KINDS, matching, order_of, summed

REMEMBERED = 1_000
"""Statements that are kept written: one for each document and shape of question."""
MOST = 128
"""More tickets than this are not looked at by their ids in one statement."""


class TicketViews:
    def __init__(
        self,
        straight: Straight,
        cursors: Callable[[], Cursors],
        clock: Callable[[], datetime],
        terms: Callable[[Actor, UUID], Any],
    ) -> None:
        self._database = straight
        self._straight: Asks = straight
        self._cursors = cursors
        self._clock = clock
        self._terms = terms
        self._written: OrderedDict[Hashable, Written] = OrderedDict()

    @asynccontextmanager
    async def together(self) -> AsyncIterator["TicketViews"]:
        async with self._database.together() as one:
            views = copy(self)
            views._straight = one
            yield views

    async def page(
        self,
        actor: Actor,
        look: Look,
        asked: TicketFilter,
        order: TicketOrderField,
        direction: OrderDirection,
        window: Window,
    ) -> Seen:
        by = order_of(order, direction)
        marked = marked_filter(actor, asked)
        if marked is None:
            raise Unplanned
        past = [] if window.past is None else by.values(Ticket, window)
        key = (
            look,
            sight(actor),
            shape(actor, asked),
            by.name,
            window.size,
            window.backward,
            bool(past),
        )
        statement = self._known(
            key,
            lambda: written(
                marked_actor(actor),
                look,
                self._straight.dialect,
                matching(marked),
                by,
                window,
                [Mark("past", place) for place in range(len(past))],
                marked.level_ids,
            ),
        )
        values = values_of_actor(actor)
        values_of_filter(asked, values)
        for place, value in enumerate(past):
            values[("past", place)] = value
        gate, rows = await self._ask(statement, values)

        rows, has_next, has_previous = window.cut(rows)
        return self._seen(
            actor,
            gate,
            rows,
            has_next=has_next,
            has_previous=has_previous,
            cursor=_cursor(by) if look.marked else None,
        )

    async def counts(self, actor: Actor, asked: TicketFilter) -> Seen:
        marked = marked_filter(actor, asked)
        if marked is None:
            raise Unplanned
        statement = self._known(
            ("counts", sight(actor), shape(actor, asked)),
            lambda: counted(
                marked_actor(actor),
                KINDS,
                self._straight.dialect,
                matching(marked),
                marked.level_ids,
            ),
        )
        values = values_of_actor(actor)
        values_of_filter(asked, values)
        gate, found = await self._ask(statement, values)
        return self._seen(actor, gate, (), figures=summed(row[AHEAD - 1 :] for row in found))

    async def one(
        self, actor: Actor, look: Look, *, id: UUID | None = None, protocol: str | None = None
    ) -> Seen:
        by_id = id is not None
        statement = self._known(
            (look, sight(actor), by_id),
            lambda: written(
                marked_actor(actor),
                look,
                self._straight.dialect,
                [T_.id == Mark("id") if by_id else T_.protocol == Mark("protocol")],
                None,
                None,
            ),
        )
        values = values_of_actor(actor)
        values[("id",)], values[("protocol",)] = id, protocol
        gate, rows = await self._ask(statement, values)
        return self._seen(actor, gate, rows)

    async def several(self, actor: Actor, look: Look, ids: Collection[UUID]) -> Seen:
        # A statement for each power of two; what is over is the last one again.
        asked = list(ids)
        room = 1 << (len(asked) - 1).bit_length() if asked else 0
        if not 0 < room <= MOST:
            raise Unplanned
        asked += asked[-1:] * (room - len(asked))
        statement = self._known(
            (look, sight(actor), "several", room),
            lambda: written(
                marked_actor(actor),
                look,
                self._straight.dialect,
                [T_.id.in_([Mark("id", place) for place in range(room)])],
                None,
                None,
            ),
        )
        values = values_of_actor(actor)
        for place, each in enumerate(asked):
            values[("id", place)] = each
        gate, rows = await self._ask(statement, values)
        return self._seen(actor, gate, rows)

    async def stands(self, actor: Actor, rights: int) -> bool:
        """Whether somebody is who they were when rights were at that, and still let in.

        Unplanned where that could not be asked.
        """
        statement = self._known(
            ("stands", actor.kind, actor.session_id is None),
            lambda: standing(marked_actor(actor), self._straight.dialect),
        )
        values = values_of_actor(actor)
        values[("now",)] = self._clock()
        [row] = statement.read(await self._straight.rows(statement.text, statement.values(values)))
        version, valid = row[:2]
        return bool(valid) and version == rights

    async def time_zone(self, actor: Actor) -> str:
        statement = self._known("zone", lambda: zone(marked_actor(actor), self._straight.dialect))
        [row] = await self._straight.rows(statement.text, statement.values(values_of_actor(actor)))
        found: str = row[0]
        return found

    def place(self, belonging: Belonging, values: Row) -> str:
        order = BELONGINGS[belonging].order
        assert order is not None
        return order.place(values)

    async def terms(self, actor: Actor, terms_id: UUID) -> Mapping[UUID, Terms]:
        found: Mapping[UUID, Terms] = await self._terms(actor, terms_id)
        return found

    def _known(self, key: Hashable, write: Callable[[], Written]) -> Written:
        statement = self._written.get(key)
        if statement is None:
            statement = self._written[key] = write()
            if len(self._written) > REMEMBERED:
                self._written.popitem(last=False)
        else:
            self._written.move_to_end(key)
        return statement

    async def _ask(self, statement: Written, values: Values) -> tuple[Row, Sequence[Row]]:
        values[("now",)] = self._clock()
        found = await self._straight.rows(statement.text, statement.values(values))
        rows = statement.read(found)
        # Where nothing is found there is one row all the same: what stands ahead.
        return rows[0], rows if rows[0][AHEAD - 1] is not None else ()

    def _seen(self, actor: Actor, gate: Row, rows: Sequence[Row], **more: Any) -> Seen:
        version, valid, count, place = gate[: AHEAD - 1]
        position = ""
        if place is not None:
            at = Position.of(str(place))
            position = self._cursors().write(actor.workspace_id, at, self._clock())
        return Seen(rows, version or 0, bool(valid), count=count or 0, position=position, **more)


def _cursor(order: Order) -> Callable[[Row], str]:
    width = len(order.attributes)
    return lambda row: order.place(row[-width:])
