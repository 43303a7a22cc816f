"""What helps to write a reply: canned replies, and links made short."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.answers import Deleted, Shortened
from domain.model.canned import CannedReply
from domain.model.level import Level
from domain.model.shortlink import ShortLink
from domain.model.user import User
from domain.operations import canning, linking
from domain.operations.canning import CannedForm
from domain.rules import wording
from resolvers.context import Info
from resolvers.inputs import NEW, VERSION, key, sought, told, uuid
from resolvers.organizing import DeleteInput

Canned = strawberry.Parent[CannedReply]


# ── canned replies ─────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="A text to answer with, made or changed.")
class CannedReplyInput:
    id: strawberry.ID | None = told(NEW, default=None)
    title: str = told("What colleagues find it by; 1 to 120 characters.")
    text: str = told(
        "At most 40,000 characters. May have gaps: {{publisher.firstName}}, {{publisher.name}}, "
        "{{protocol}}, {{attendant.name}}, {{level.name}} and {{company}}."
    )
    level_id: strawberry.ID | None = told(
        "Whose it is: a level's; everybody's without one. Fixed once it is made.", default=None
    )
    personal: bool | None = told("true: the caller's own. Fixed once it is made.", default=False)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def save_canned_reply(info: Info, input: CannedReplyInput) -> CannedReply:
    form = CannedForm(
        id=uuid(input.id, "CannedReply", "id"),
        title=input.title,
        text=input.text,
        level_id=uuid(input.level_id, "Level", "levelId"),
        personal=bool(input.personal),
        expected_version=input.expected_version,
    )
    return await info.context.once(input, canning.save, form)


async def delete_canned_reply(info: Info, input: DeleteInput) -> Deleted:
    canned_id = uuid(input.id, "CannedReply", "id")
    return await info.context.once(input, canning.delete, canned_id, input.expected_version)


async def canned_replies(
    info: Info,
    level_id: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Of levels, only those of this one."),
    ] = None,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Every word is in the title or at the beginning of the text; accents and "
            "capitals do not matter."
        ),
    ] = None,
) -> Sequence[CannedReply]:
    gid: Any = level_id
    level = gid.uuid if gid is not None else None
    words = wording.folded(sought(search, "search")).split() if search else []
    async with info.context.reading() as work:
        return await work.canned_replies.listed(level, words)


async def render_canned_reply(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The canned reply.")],
    ticket_id: Annotated[strawberry.ID, strawberry.argument(description="For this ticket.")],
) -> str | None:
    canned: Any = id
    ticket: Any = ticket_id
    if canned.kind != "CannedReply" or ticket.kind != "Ticket":
        return None
    async with info.context.reading() as work:
        return await canning.render(work, canned.uuid, ticket.uuid)


async def level(canned: Canned, info: Info) -> Level | None:
    return await info.context.loaders.level(canned.level_id) if canned.level_id else None


async def owner(canned: Canned, info: Info) -> User | None:
    return await info.context.loaders.user(canned.owner_id) if canned.owner_id else None


# ── links ──────────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="A text with links.")
class ShortenLinksInput:
    text: str = told("At most 40,000 characters, with at most 20 links.")
    idempotency_key: str | None = key()


async def shorten_links(info: Info, input: ShortenLinksInput) -> Shortened:
    return await info.context.once(input, linking.shorten, input.text)


def short_url(link: strawberry.Parent[ShortLink], info: Info) -> str:
    return info.context.services.store.addresses.short_link(link.slug)
