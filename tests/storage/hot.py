"""What people wait for, asked as the product asks it, and how the database goes about it."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event

from domain.model.ticket import Ticket
from domain.operations import tracking
from domain.page import Page, Window
from domain.rules.membership import TicketFilter
from domain.words import (
    OrderDirection,
    PullOrder,
    TicketOrderField,
    TicketScope,
    TicketStatus,
)
from storage.session import Session
from storage.work import SqlWork
from tests.storage.full import BIG, BUSIEST, LEVELS, TICKETS, Full

FIRST_50, LAST_3 = Window(50), Window(3, backward=True)
WAITING = frozenset({TicketStatus.NEW, TicketStatus.OPEN})
OF_A_LEVEL = {TicketOrderField.URGENCY, TicketOrderField.DUE_AT, TicketOrderField.PRIORITY}
"""The orders that have an index for each level."""
Ask = Callable[[SqlWork], Awaitable[Any]]


@dataclass(frozen=True)
class Question:
    """What somebody waits for; and the most rows that may be looked at for the answer."""

    name: str
    ask: Ask
    by_ana: bool = False
    most: int = 1_000
    ordered: bool = False
    """Read in the order of an index, and sorted nowhere."""
    few: bool = False
    """SQLite may sort them: no more than what waits in some levels."""
    figures: bool = False
    """Counts everything there is of it, so it is read out of an index alone."""


def questions(on: Full) -> list[Question]:
    now, levels, ana = on.world.now, on.level_ids, on.ana.id
    asked = TicketFilter
    urgency = TicketOrderField.URGENCY
    nobodys = asked(statuses=WAITING, unassigned=True)
    mine = asked(statuses=WAITING, assignee_ids=frozenset([ana]))
    lists: list[tuple[str, TicketFilter]] = [
        ("everything", asked()),
        ("what waits", asked(statuses=WAITING)),
        ("what waits in a level", asked(statuses=WAITING, level_ids=frozenset(levels[:1]))),
    ]
    found = [
        Question(
            f"{what}, by {order.value}, {way.value}",
            _page(given, order, way),
            most=3_000,
            ordered=True,
            few=given.level_ids is not None and order not in OF_A_LEVEL,
        )
        for what, given in lists
        for order in TicketOrderField
        for way in OrderDirection
    ]
    return [
        *found,
        *(
            replace(
                each,
                name=f"{each.name}, in one's levels",
                by_ana=True,
                few=each.few or each.name.startswith("what waits, "),
            )
            for each in found
        ),
        Question(
            "a page behind another",
            lambda work: _second(work, asked(statuses=WAITING, level_ids=frozenset(levels[:1]))),
        ),
        Question("what nobody has", _page(nobodys, urgency, OrderDirection.ASC), ordered=True),
        Question("what I have", _page(mine, urgency, OrderDirection.ASC), most=15_000),
        Question(
            "a level's first, for each level",
            lambda work: work.tickets.pages_of_levels(levels, WAITING, Window(5)),
        ),
        Question(
            "each publisher's tickets",
            lambda work: work.tickets.pages_of_publishers(
                on.publishers, TicketScope.ALL, None, Window(5)
            ),
        ),
        Question("a ticket by protocol", lambda work: work.tickets.by_protocol(on.protocol)),
        Question(
            "whose a protocol is, in any workspace",
            lambda work: work.protocols.called(on.protocol),
        ),
        Question(
            "where a protocol stands",
            lambda work: tracking.of_partner(work, on.protocol),
        ),
        Question("tickets by id", lambda work: work.tickets.find(on.tickets)),
        Question(
            "the last entries of 50 tickets", lambda work: work.entries.pages(on.tickets, LAST_3)
        ),
        Question("the clocks of 50 tickets", lambda work: work.clocks.of_tickets(on.tickets)),
        Question("50 publishers", lambda work: work.publishers.find(on.publishers)),
        Question("their profiles", lambda work: work.publishers.profiles(on.publishers)),
        Question(
            "publishers by name", lambda work: work.publishers.page(None, FIRST_50), ordered=True
        ),
        Question(
            "the headset",
            lambda work: work.tickets.totals(on.publishers),
            figures=True,
            most=BUSIEST + 2_000,
        ),
        Question(
            "ticketCounts",
            lambda work: work.tickets.counts(asked()),
            figures=True,
            most=TICKETS + 100,
        ),
        Question(
            "ticketCounts of what waits in a level",
            lambda work: work.tickets.counts(
                asked(statuses=WAITING, level_ids=frozenset(levels[:1]))
            ),
            figures=True,
            most=TICKETS // LEVELS,
        ),
        Question(
            "how many wait",
            lambda work: work.tickets.waiting(levels[:2]),
            figures=True,
            most=20_000,
        ),
        Question(
            "how many somebody has", lambda work: work.tickets.held(levels[0], ana), most=10_000
        ),
        Question(
            "the wall's figures",
            lambda work: work.board.levels(levels[:2]),
            figures=True,
            most=20_000,
        ),
        Question(
            "the wall's risks", lambda work: work.board.risks(levels[:2]), figures=True, most=20_000
        ),
        Question(
            "the wall's day",
            lambda work: work.board.day(levels[:2], now - timedelta(hours=1)),
            most=10_000,
        ),
        Question("the nearest deadlines", lambda work: work.clocks.nearest(levels[:2], 50)),
        *(
            Question(f"pulled, {order.value}", _pull(levels[0], order), ordered=True)
            for order in PullOrder
        ),
        Question(
            "clocks of which something is to be told", lambda work: work.tickets.pressed(now, 50)
        ),
        Question("leases that ended", lambda work: work.tickets.lapsed(now, 50)),
        Question("what wakes", lambda work: work.tickets.woken(now, 50)),
        Question("what falls silent", lambda work: work.tickets.silent(now, 50)),
    ]


def _page(asked: TicketFilter, order: TicketOrderField, way: OrderDirection) -> Ask:
    return lambda work: work.tickets.page(asked, order, way, FIRST_50)


def _pull(level_id: UUID, order: PullOrder) -> Ask:
    return lambda work: work.tickets.pull(level_id, order, 10)


async def _second(work: SqlWork, asked: TicketFilter) -> Page[Ticket]:
    order, way = TicketOrderField.URGENCY, OrderDirection.ASC
    first = await work.tickets.page(asked, order, way, FIRST_50)
    behind = Window(50, past=first.edges[-1].cursor)
    return await work.tickets.page(asked, order, way, behind)


# ── how it is answered ───────────────────────────────────────────────────────────────────────────


@dataclass
class Plan:
    """The indexes that are read, and what is wrong with it, in words."""

    indexes: set[str] = field(default_factory=set)
    flaws: list[str] = field(default_factory=list)


async def plans(on: Full, question: Question) -> Plan:
    """The statements of the question, explained with what was asked for."""
    storage = on.storage
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM" in statement:
            asked.append((statement, parameters))

    actor = await on.world.actor(on.ana if question.by_ana else None)
    engine = storage.database.writer.sync_engine
    async with storage.database.writer.connect() as connection:
        event.listen(engine, "before_cursor_execute", note)
        try:
            await question.ask(storage._open(Session(connection), actor))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        explain = _sqlite if storage.database.is_sqlite else _postgres
        plan = Plan()
        for statement, given in asked:
            await connection.run_sync(explain, statement, given, question, plan)
        await connection.rollback()
    return plan


def _sqlite(
    connection: Connection, statement: str, given: Any, question: Question, plan: Plan
) -> None:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(given))
    for line in (str(row[3]) for row in rows):
        if named := re.search(r"INDEX (\w+)", line):
            plan.indexes.add(named[1])
        table = re.match(r"SCAN (\w+)(?! USING)", line)
        # Whoever counts everything may as well read the table.
        if table and table[1] in BIG and not question.figures:
            plan.flaws.append(line)
        if line == "USE TEMP B-TREE FOR ORDER BY" and question.ordered and not question.few:
            plan.flaws.append(line)


def _postgres(
    connection: Connection, statement: str, given: Any, question: Question, plan: Plan
) -> None:
    told: Any = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", tuple(given)
    ).scalar()
    [top] = json.loads(told) if isinstance(told, str) else told
    _walk(top["Plan"], plan, question)


def _walk(node: dict[str, Any], plan: Plan, question: Question) -> None:
    kind, index = node["Node Type"], node.get("Index Name")
    if index:
        plan.indexes.add(index)
    if kind == "Seq Scan" and node["Relation Name"] in BIG:
        plan.flaws.append(f"reads all of {node['Relation Name']}")
    if "Scan" in kind or kind == "Sort":
        removed = node.get("Rows Removed by Filter", 0)
        rows = (node["Actual Rows"] + removed) * node["Actual Loops"]
        if rows > question.most:
            plan.flaws.append(f"{kind} of {rows:.0f} rows, {index or ''}")
    counted = node.get("Relation Name") in BIG and kind in ("Index Scan", "Bitmap Heap Scan")
    if question.figures and counted:
        plan.flaws.append(f"reads rows to count them, {index or ''}")
    for each in node.get("Plans", ()):
        _walk(each, plan, question)


# ── how it is told ───────────────────────────────────────────────────────────────────────────────

TABLE_HEAD = "| what is asked | PostgreSQL | SQLite |\n|---|---|---|"


def listed(plan: Plan) -> str:
    """The indexes, as docs/statements.md names them."""
    return ", ".join(f"`{each}`" for each in sorted(plan.indexes))
