"""A ticket's status by its protocol: to partners by their key, to anybody else by a proof."""

from typing import Annotated

import strawberry

from domain.errors import RateLimited
from domain.operations import tracking
from domain.rules.access import Actor, Permission
from domain.tracking import ProtocolStatus
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
    context = info.context
    await count(context, protocol)
    return await look_up(context, protocol, proof)


async def look_up(context: Context, protocol: str, proof: str | None) -> ProtocolStatus | None:
    """The status; nothing, in one and the same way, for whoever may not be told of it."""
    partner = partner_of(context)
    if partner is not None:
        async with context.services.store.reading(partner) as work:
            return await tracking.of_partner(work, protocol)
    async with context.services.store.reading(context.services.nobody) as work:
        return await tracking.of_anyone(work, protocol, proof)


async def count(context: Context, protocol: str) -> None:
    """One more look-up, right or wrong; RATE_LIMITED when there were too many."""
    partner, throttle = partner_of(context), context.services.throttle
    try:
        if partner is not None:
            await throttle.partner_looks_up(str(partner.id))
        else:
            await throttle.looks_up(protocol, where(context))
    except RateLimited as refusal:
        if context.response is not None:
            context.response.headers["Retry-After"] = str(refusal.values["seconds"])
        raise


def partner_of(context: Context) -> Actor | None:
    """Whoever asks, where they need no proof."""
    actor = context.actor
    return actor if actor is not None and actor.can(Permission.PROTOCOLS_READ) else None


def where(context: Context) -> str:
    """From where it is asked; on a socket on which somebody signed in, it is they who ask."""
    return context.address or (str(context.actor.id) if context.actor else "")
