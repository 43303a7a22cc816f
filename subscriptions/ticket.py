"""One ticket, followed: everything that happens to it, for as long as it may be seen."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from resolvers.context import Info
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
    async with following(context, after) as feed, aclosing(feed.news()) as news:
        async for each in news:
            entries = [
                entry
                for entry in (each.stretch.entries if each.stretch else ())
                if gid.kind == "Ticket" and entry.ticket_id == gid.uuid
            ]
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
