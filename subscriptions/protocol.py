"""A protocol, followed: where the ticket stands, whenever what is told of it is something else."""

from collections.abc import AsyncGenerator

from domain.model.entry import HistoryEntry
from domain.position import Stretch
from domain.rules.access import Permission
from domain.rules.membership import Face
from domain.tracking import ProtocolStatus, Tracked
from domain.words import HistoryKind
from resolvers import tracking
from resolvers.context import Context, Info, Told
from resolvers.tracking import Number, Proof

SELDOM = 60.0
"""Seconds of silence after which it is looked whether a proof that was shown still is one."""


async def status(
    info: Info, protocol: Number, proof: Proof = None
) -> AsyncGenerator[ProtocolStatus, None]:
    """At once, and then whenever it changes; ends when they may not be told any more."""
    context = info.context
    await tracking.count(context, protocol, proof)
    tracked = await tracking.find(context, protocol, proof)
    if tracked is None:
        raise Told("NOT_FOUND", "protocol_not_told")
    follow = context.services.tails.follow(tracked.workspace_id)
    async with follow as follower:
        told: ProtocolStatus | None = None
        version = follower.access_version
        while True:
            # Listening comes before looking, so that nothing falls between.
            found = await tracking.look(context, protocol, proof)
            if found is None:
                return
            if found != told:
                told = found
                yield found
            while True:
                stretch = await follower.take(SELDOM)
                if stretch is not None and stretch.access_version != version:
                    version = stretch.access_version
                    if not await _still(context, version):
                        return
                    break
                if stretch is None or _concerns(tracked, stretch):
                    break


async def _still(context: Context, version: int) -> bool:
    """Whether a partner's key is good; a proof is looked at whenever it is looked."""
    if tracking.partner_of(context) is None:
        return True
    return await context.still(Permission.PROTOCOLS_READ, version)


def _concerns(tracked: Tracked, stretch: Stretch) -> bool:
    """Whether anything of it may be another to whoever follows."""
    return stretch.truncated or any(_is_of(tracked, each) for each in stretch.entries)


def _is_of(tracked: Tracked, entry: HistoryEntry) -> bool:
    """The ticket's own entries; and a ticket opened for the same person, which may follow it."""
    if entry.ticket_id == tracked.ticket_id:
        return True
    opened = entry.kind is HistoryKind.TICKET_OPENED
    return opened and Face.of_json(dict(entry.after)).publisher_id == tracked.publisher_id
