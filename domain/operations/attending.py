"""Being at a ticket: looking at it, writing on it, leaving it. Nothing of it is history."""

from uuid import UUID

from domain.answers import Attended
from domain.errors import Forbidden
from domain.rules import presence
from domain.words import PresenceMode
from domain.work import Work


async def touch(work: Work, ticket_id: UUID, mode: PresenceMode, *, gone: bool = False) -> Attended:
    """Who is at the ticket now that somebody said they are there, or are no more."""
    me = work.actor.user_id
    if me is None:
        raise Forbidden("people_only")
    ticket = await work.tickets.get(ticket_id)
    if mode is PresenceMode.TYPING and not gone and not work.actor.handles(ticket.level_id):
        raise Forbidden("forbidden")
    before = await work.presence.held(ticket.id, me)

    seen = before.seen_at(work.now) if before else None
    lease = presence.renewed(before, me, mode, work.now, work.presence.lasting)
    if gone and before is not None:
        await work.presence.leave(ticket.id, me)
    elif not gone and lease is not None:
        await work.presence.hold(ticket.id, lease)
    after = None if gone else (lease.seen_at(work.now) if lease else seen)
    if after != seen:
        work.presence_changed(ticket.id)

    return Attended((await work.presence.of_tickets([ticket.id]))[ticket.id])
