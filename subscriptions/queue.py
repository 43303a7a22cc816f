"""A queue, followed: who entered, changed and left, decided here and not by the client."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.errors import NotFound, Unavailable
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.position import Stretch
from domain.rules import membership
from domain.rules.membership import Face
from domain.rules.membership import TicketFilter as Filter
from domain.wanted import Row, Unplanned
from domain.words import QueueChangeKind
from resolvers.context import Context, Info, Written
from resolvers.ids import Gid
from resolvers.inputs import TicketFilter, uuids
from resolvers.tickets import read_filter
from subscriptions.following import News, following

Resume = Annotated[
    str | None,
    strawberry.argument(
        description="A feedCursor or the cursor of the last message: nothing after it is missed."
    ),
]


@dataclass(frozen=True)
class QueueChange:
    kind: QueueChangeKind
    ticket_id: Gid
    ticket: Ticket | Row | None
    entry: HistoryEntry | None


@dataclass(frozen=True)
class QueueUpdate:
    cursor: str
    server_time: datetime
    resync: bool
    changes: Sequence[QueueChange]


async def changes(
    info: Info,
    level_ids: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(description="These levels; else all that the caller may see."),
    ] = None,
    filter: Annotated[
        TicketFilter | None, strawberry.argument(description="Which of their tickets.")
    ] = None,
    after: Resume = None,
) -> AsyncGenerator[QueueUpdate | Written, None]:
    context = info.context
    asked = await _asked(context, level_ids, filter)
    await context.rest()
    async with following(context, after) as feed, aclosing(feed.news()) as news:
        async for each in news:
            told = await _told(context, asked, each)
            if told is not None:
                yield told


async def _asked(
    context: Context, level_ids: list[strawberry.ID] | None, given: TicketFilter | None
) -> Filter:
    asked = await read_filter(context, given)
    if level_ids is None:
        return asked
    try:
        levels = frozenset(uuids(level_ids, "Level", "levelIds") or [])
    except NotFound:
        levels = frozenset()
    both = levels if asked.level_ids is None else levels & asked.level_ids
    return replace(asked, level_ids=both)


async def _told(context: Context, asked: Filter, news: News) -> QueueUpdate | Written | None:
    """The message; None where there is nothing to tell."""
    stretch = news.stretch
    kinds, last = _kinds(context, asked, stretch) if stretch else ({}, {})
    here = [each for each, kind in kinds.items() if kind is not QueueChangeKind.LEFT]
    if context.writes is not None:
        try:
            rows = await context.rows(here, stretch.access_version if stretch else None)
            update = _update(news, kinds, last, rows)
            return update and await context.writes.write(context, update)
        except (Unplanned, Unavailable):
            pass  # told as ever, or told as ever that it cannot be
    tickets: Mapping[UUID, Ticket] = {}
    if here:
        async with context.reading() as work:
            tickets = await work.tickets.find(here)
    return _update(news, kinds, last, tickets)


def _update(
    news: News,
    kinds: Mapping[UUID, QueueChangeKind],
    last: Mapping[UUID, HistoryEntry],
    tickets: Mapping[UUID, Any],
) -> QueueUpdate | None:
    told = []
    for ticket_id, kind in kinds.items():
        gid = Gid("Ticket", ticket_id)
        if kind is QueueChangeKind.LEFT:
            told.append(QueueChange(kind, gid, None, None))
        elif ticket_id in tickets:
            # One that has meanwhile left the caller's sight is told as such by what made it so.
            told.append(QueueChange(kind, gid, tickets[ticket_id], last[ticket_id]))
    if news.stretch is not None and not told and not news.resync:
        return None
    return QueueUpdate(news.cursor, news.server_time, news.resync, told)


def _kinds(
    context: Context, asked: Filter, stretch: Stretch
) -> tuple[Mapping[UUID, QueueChangeKind], Mapping[UUID, HistoryEntry]]:
    """What became of each ticket, by what it was before the stretch and what it is after it; and
    the last thing that happened to it."""
    acts: dict[UUID, list[HistoryEntry]] = {}
    for entry in stretch.entries:
        acts.setdefault(entry.ticket_id, []).append(entry)
    kinds: dict[UUID, QueueChangeKind] = {}
    for ticket_id, entries in acts.items():
        was = entries[0].before
        before = Face.of_json(dict(was)) if was else None
        after = Face.of_json(dict(entries[-1].after))
        kind = membership.change(asked, context.me.readable, before, after)
        if kind is not None:
            kinds[ticket_id] = kind
    return kinds, {each: entries[-1] for each, entries in acts.items()}
