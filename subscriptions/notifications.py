"""What concerns one person, told to them as it happens: their own part of the feed."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.position import BadCursor
from domain.rules import notices
from domain.rules.access import Permission
from domain.rules.notices import NoticeKind
from resolvers.context import Context, Info, Told
from subscriptions.following import HEARTBEAT, News, following, own
from subscriptions.queue import Resume

NUMBER = re.compile(r"[0-9]{1,18}")
MARK = "."
"""Stands in no cursor of the feed itself."""


@dataclass(frozen=True)
class Notification:
    cursor: str
    at: datetime
    kind: NoticeKind
    ticket: Ticket | None
    text: str


@dataclass(frozen=True)
class Place:
    """Where somebody stopped: at a cursor, or in the middle of what was read up to it."""

    end: str | None
    start: str = ""
    last: int = 0


async def notifications(info: Info, after: Resume = None) -> AsyncGenerator[Notification, None]:
    context = info.context
    if context.require(Permission.TICKETS_READ).user_id is None:
        raise Told("FORBIDDEN", "people_only")
    if context.together is not None:
        context.together.standing.in_parts = True
    place = _place(own(context, after))
    try:
        for one in await _rest_of(context, place):
            yield one
    except BadCursor:
        place = Place("")
    spoke_at, before = context.now, ""
    async with following(context, place.end) as feed, aclosing(feed.news()) as news:
        async for each in news:
            for one in await _told(context, each, before):
                spoke_at = each.server_time
                yield one
            silence = (each.server_time - spoke_at).total_seconds()
            if each.stretch is None or each.stretch.truncated or silence >= HEARTBEAT:
                spoke_at = each.server_time
                yield _plainly(context, each)
            before = each.cursor


async def _told(context: Context, news: News, before: str) -> Sequence[Notification]:
    if news.stretch is None:
        return []
    return await _notices(context, news.stretch.entries, before, news.cursor)


async def _rest_of(context: Context, place: Place) -> Sequence[Notification]:
    """What of a stretch was not told yet when its reader left; BadCursor when there is none."""
    if not place.start or place.end is None:
        return []
    workspace, read = context.me.workspace_id, context.services.cursors.read
    start = read(workspace, place.start, context.now)
    end = read(workspace, place.end, context.now)
    stretch = await context.services.tails.between(workspace, start, end)
    if stretch.truncated:
        raise BadCursor
    left = [each for each in stretch.entries if (each.position or 0) > place.last]
    return await _notices(context, left, place.start, place.end)


async def _notices(
    context: Context, entries: Sequence[HistoryEntry], start: str, end: str
) -> Sequence[Notification]:
    """What of it is the caller's. Where nothing is, nothing is asked of the store."""
    me = context.me.user_id
    if me is None:
        return []
    hits = [(entry, kind) for entry in entries if (kind := notices.kind_for(entry, me))]
    if not hits:
        return []
    async with context.reading() as work:
        tickets = await work.tickets.find({entry.ticket_id for entry, _ in hits})
    await context.rest()

    # By position, so that one number says how far somebody has come who leaves between two.
    hits.sort(key=lambda hit: hit[0].position or 0)
    seen = [(entry, kind) for entry, kind in hits if entry.ticket_id in tickets]
    return [
        Notification(
            end if entry is seen[-1][0] else MARK.join((start, end, str(entry.position))),
            entry.at,
            kind,
            tickets[entry.ticket_id],
            notices.sentence(kind, context.locale, entry),
        )
        for entry, kind in seen
    ]


def _plainly(context: Context, news: News) -> Notification:
    """Where the feed stands, or that it tore. Other levels in sight are no tear of one's own."""
    torn = news.resync if news.stretch is None else news.stretch.truncated
    kind = NoticeKind.RESYNC if torn else NoticeKind.HERE
    text = notices.sentence(kind, context.locale)
    return Notification(news.cursor, news.server_time, kind, None, text)


def _place(after: str | None) -> Place:
    if after is None or MARK not in after:
        return Place(after)
    start, _, rest = after.partition(MARK)
    end, _, last = rest.partition(MARK)
    return Place(end, start, int(last)) if start and NUMBER.fullmatch(last) else Place("")
