"""One ticket, followed: everything that happens to it, for as long as it may be seen."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.errors import Unavailable
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.rules.membership import Face
from domain.wanted import Row, Unplanned
from resolvers.context import Context, Info, Written
from subscriptions.following import News, following
from subscriptions.queue import Resume


@dataclass(frozen=True)
class TicketUpdate:
    cursor: str
    server_time: datetime
    resync: bool
    ticket: Ticket | Row | None
    entries: Sequence[HistoryEntry]


async def changes(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's id.")],
    after: Resume = None,
) -> AsyncGenerator[TicketUpdate | Written, None]:
    context = info.context
    gid: Any = id
    shown = False
    joining = context.together.joining if context.together is not None else None
    comes_again = joining is not None and joining.place is not None
    async with following(context, after) as feed, aclosing(feed.news()) as news:
        async for each in news:
            entries = [
                entry
                for entry in (each.stretch.entries if each.stretch else ())
                if gid.kind == "Ticket" and entry.ticket_id == gid.uuid
            ]
            shown = shown or (comes_again and _was_seen(context, entries))
            if each.stretch is not None and not entries and not each.resync:
                continue
            it = _It(each, gid.uuid if gid.kind == "Ticket" else None, entries, shown)
            told, shown = await it.told(context)
            if told is not None:
                yield told


@dataclass(frozen=True)
class _It:
    """What there is to tell."""

    news: News
    ticket_id: UUID | None
    entries: Sequence[HistoryEntry]
    shown: bool
    """Whether the ticket was in sight the last time."""

    async def told(self, context: Context) -> tuple[TicketUpdate | Written | None, bool]:
        """The message, if there is one; and whether the ticket is in sight."""
        if context.writes is not None:
            try:
                row = await self._row(context)
                update = self._update(row)
                written = update and await context.writes.write(context, update)
                return written, self._shows(update, row)
            except (Unplanned, Unavailable):
                pass  # told as ever, or told as ever that it cannot be
        ticket = await context.loaders.ticket(self.ticket_id) if self.ticket_id else None
        update = self._update(ticket)
        return update, self._shows(update, ticket)

    async def _row(self, context: Context) -> Row | None:
        if self.ticket_id is None:
            return None
        stretch, version = self.news.stretch, None
        if stretch is not None:
            version = stretch.access_version
        elif context.together is not None:
            version = context.together.standing.version
        return (await context.rows([self.ticket_id], version)).get(self.ticket_id)

    def _update(self, ticket: Ticket | Row | None) -> TicketUpdate | None:
        news = self.news
        if news.stretch is not None and ticket is None and not (self.shown or news.resync):
            # Behind the wall: that something happens there is nobody's business either.
            return None
        entries = self.entries if ticket is not None else []
        return TicketUpdate(news.cursor, news.server_time, news.resync, ticket, entries)

    def _shows(self, update: TicketUpdate | None, ticket: Ticket | Row | None) -> bool:
        return self.shown if update is None else ticket is not None


def _was_seen(context: Context, entries: Sequence[HistoryEntry]) -> bool:
    """Whether it was in sight before all this: who was told of it is told that it has gone."""
    was = entries[0].before if entries else None
    if was is None:
        return False
    face = Face.of_json(dict(was))
    return not face.removed and context.me.sees(face.level_id)
