"""Publishers, what they wrote, and what was done about it."""

from collections.abc import Awaitable, Collection
from typing import Annotated, Any

import strawberry

from domain.model.account import Account
from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import sealing
from domain.page import Page
from domain.rules.access import Permission
from domain.shelves.found import Stub
from domain.words import TicketScope
from resolvers import paging
from resolvers.context import Info
from resolvers.inputs import sought
from resolvers.paging import After, First

Person = strawberry.Parent[Publisher]
Said = strawberry.Parent[Occurrence]
Entry = strawberry.Parent[HistoryEntry]


async def publisher(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The publisher's id.")],
) -> Publisher | None:
    gid: Any = id
    return await info.context.loaders.publisher(gid.uuid) if gid.kind == "Publisher" else None


async def publishers(
    info: Info,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Every word is in the name or the handle. For those who handle tickets, "
            "also a whole CPF, e-mail or telephone number, however it is written."
        ),
    ] = None,
    first: First = None,
    after: After = None,
) -> Page[Publisher]:
    window = paging.window(first, after)
    words = None if search is None else sought(search, "search")
    me = info.context.me
    async with info.context.reading() as work:
        known_by = sealing.known_by(work.secrets, me.workspace_id, words or "")
        if not known_by:
            return await work.publishers.page(words, window)
        # What looks like somebody's CPF, e-mail or telephone goes no further as it is: databases
        # may write down what they are asked.
        may = me.can(Permission.TICKETS_HANDLE)
        return await work.publishers.page_known_by(known_by if may else {}, window)


def profiles(publisher: Person, info: Info) -> Awaitable[list[Profile] | None]:
    return info.context.loaders.profiles(publisher.id)


def ticket_count(publisher: Person, info: Info) -> Awaitable[int | None]:
    return info.context.loaders.headset(publisher.id)


def stubs(publisher: Person, info: Info) -> Awaitable[Collection[Stub] | None]:
    return info.context.loaders.stubs(publisher.id)


async def tickets(
    publisher: Person,
    info: Info,
    scope: Annotated[
        TicketScope | None,
        strawberry.argument(
            description="Which of them; SAME_LEVEL and OTHER_LEVELS are seen from the excluded "
            "ticket's level, or from the caller's own levels where none is excluded."
        ),
    ] = TicketScope.ALL,
    excluding: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="The ticket one is looking at, left out."),
    ] = None,
    first: First = None,
    after: After = None,
) -> Page[Ticket] | None:
    gid: Any = excluding
    ticket_id = gid.uuid if gid is not None and gid.kind == "Ticket" else None
    window = paging.window(first, after)
    asked = scope or TicketScope.ALL
    return await info.context.loaders.publisher_tickets(publisher.id, asked, ticket_id, window)


def occurrences(
    publisher: Person, info: Info, first: First = None, after: After = None
) -> Awaitable[Page[Occurrence] | None]:
    window = paging.window(first, after)
    return info.context.loaders.publisher_occurrences(publisher.id, window)


def occurrence_publisher(occurrence: Said, info: Info) -> Awaitable[Publisher | None]:
    return info.context.loaders.publisher(occurrence.publisher_id)


def occurrence_account(occurrence: Said, info: Info) -> Awaitable[Account | None]:
    return info.context.loaders.account(occurrence.account_id)


async def entry_actor(entry: Entry, info: Info) -> User | None:
    return await info.context.loaders.user(entry.actor_id) if entry.actor_id else None


async def entry_occurrence(entry: Entry, info: Info) -> Occurrence | None:
    if entry.occurrence_id is None:
        return None
    return await info.context.loaders.occurrence(entry.occurrence_id)


async def entry_reply(entry: Entry, info: Info) -> Reply | None:
    return await info.context.loaders.reply(entry.reply_id) if entry.reply_id else None
