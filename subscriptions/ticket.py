"""One ticket, followed: everything that happens to it, for as long as it may be seen."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.rules.membership import Face
from resolvers.context import Context, Info
from subscriptions.following import following
from subscriptions.queue import Resume


@dataclass(frozen=True)
class TicketUpdate:
    cursor: str
    server_time: datetime
    resync: bool
    ticket: Ticket | None
    entries: Sequence[HistoryEntry]


async def changes(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's id.")],
    after: Resume = None,
) -> AsyncGenerator[TicketUpdate, None]:
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
            ticket = await context.loaders.ticket(gid.uuid) if gid.kind == "Ticket" else None
            if each.stretch is not None and ticket is None and not (shown or each.resync):
                # Behind the wall: that something happens there is nobody's business either.
                continue
            shown = ticket is not None
            yield TicketUpdate(
                each.cursor,
                each.server_time,
                each.resync,
                ticket,
                entries if ticket is not None else [],
            )


def _was_seen(context: Context, entries: Sequence[HistoryEntry]) -> bool:
    """Whether it was in sight before all this: who was told of it is told that it has gone."""
    was = entries[0].before if entries else None
    if was is None:
        return False
    face = Face.of_json(dict(was))
    return not face.removed and context.me.sees(face.level_id)
