"""A ticket's status by its protocol: to partners by their key, to anybody else by a proof."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import strawberry

from domain.errors import RateLimited
from domain.operations import answering, proving, tracking
from domain.operations.answering import Answered
from domain.rules import access
from domain.rules.access import Actor, Permission
from domain.tracking import Pass, ProtocolStatus, Tracked, Visited
from domain.work import Work
from resolvers.context import Context, Info

Number = Annotated[str, strawberry.argument(description="The protocol number.")]
Proof = Annotated[
    str | None,
    strawberry.argument(
        description="The last four digits of the publisher's CPF, or their e-mail. A key with the "
        "scope `protocol` needs none; anybody else does."
    ),
]


async def status(info: Info, protocol: Number, proof: Proof = None) -> ProtocolStatus | None:
    await count(info.context, protocol, proof)
    return await look(info.context, protocol, proof)


async def look(context: Context, protocol: str, proof: str | None) -> ProtocolStatus | None:
    """The status; nothing, in one and the same way, for whoever may not be told of it."""
    async with asking(context) as work:
        if partner_of(context) is not None:
            return await tracking.of_partner(work, protocol)
        return await tracking.of_anyone(work, protocol, proof)


async def find(context: Context, protocol: str, proof: str | None) -> Tracked | None:
    """Which ticket they may be told of."""
    async with asking(context) as work:
        if partner_of(context) is not None:
            return await proving.seen(work, protocol)
        return await proving.proven(work, protocol, proof)


async def admit(context: Context, protocol: str, proof: str) -> Pass | None:
    """What stands for the proof from now on; nothing, where it is of nothing."""
    await count(context, protocol, proof)
    async with asking(context) as work:
        tracked = await proving.proven(work, protocol, proof)
        return proving.make_pass(work, tracked) if tracked else None


async def answer(
    context: Context, protocol: str, kept: str, text: str, mark: str
) -> Answered | None:
    """Take in what whoever has a pass wrote; nothing, where it is good for nothing any more."""
    tracked = await find(context, protocol, kept)
    if tracked is None:
        return None
    await context.services.throttle.answers(tracked.protocol)
    house = access.system(tracked.workspace_id)
    return await context.do_as(house, answering.answer, protocol, kept, text, mark)


async def visit(context: Context, protocol: str, kept: str) -> Visited | None:
    """What whoever has a pass is shown."""
    async with asking(context) as work:
        return await tracking.visited(work, protocol, kept)


async def count(context: Context, protocol: str, proof: str | None) -> None:
    """One more look-up, right or wrong; RATE_LIMITED when there were too many."""
    partner, throttle = partner_of(context), context.services.throttle
    try:
        if partner is not None:
            await throttle.partner_looks_up(str(partner.id))
            return
        async with asking(context) as work:
            shown_before = proving.read_pass(work, proof or "") is not None
        if not shown_before:
            await throttle.looks_up(protocol, _where(context))
    except RateLimited as refusal:
        if context.response is not None:
            context.response.headers["Retry-After"] = str(refusal.values["seconds"])
        raise


def partner_of(context: Context) -> Actor | None:
    """Whoever asks, where they need no proof."""
    actor = context.actor
    return actor if actor is not None and actor.can(Permission.PROTOCOLS_READ) else None


@asynccontextmanager
async def asking(context: Context) -> AsyncIterator[Work]:
    """As the partner who asks; else as nobody, who may only be told by a proof."""
    services = context.services
    async with services.store.reading(partner_of(context) or services.nobody) as work:
        yield work


def _where(context: Context) -> str:
    """From where it is asked; on a socket on which somebody signed in, it is they who ask."""
    return context.address or (str(context.actor.id) if context.actor else "")
