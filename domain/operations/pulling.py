"""Get tickets: the next ones of the queue, for one attendant, at once."""

from collections.abc import Sequence
from uuid import UUID

from domain.answers import Pulled
from domain.errors import CapacityFull, Forbidden, Invalid, NotFound
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.rules import checking, pulling
from domain.work import Work


async def get_tickets(
    work: Work,
    level_ids: Sequence[UUID] | None = None,
    count: int | None = None,
    *,
    counted: bool = True,
) -> Pulled:
    """Tickets nobody has, claimed with a lease; how many still wait there, for who asks.

    Each level gives at most its batch, and never more than the attendant's capacity there. Two
    attendants who pull at once get different tickets. CAPACITY_FULL when nothing could be taken
    for that reason alone.
    """
    if work.actor.user_id is None:
        raise Forbidden("people_only")
    if count is not None:
        checking.number(count, pulling.MOST_AT_ONCE, ["count"])
    levels = await _levels(work, level_ids)
    me = await work.users.get(work.actor.user_id)

    taken: list[Ticket] = []
    full: CapacityFull | None = None
    for level in levels:
        left = None if count is None else count - len(taken)
        if left == 0:
            break
        try:
            taken += await _pull(work, level, me, left)
        except CapacityFull as refusal:
            full = full or refusal
    if full is not None and not taken:
        raise full
    where = [level.id for level in levels]
    return Pulled(taken, me, where, await work.tickets.waiting(where) if counted else None)


async def _pull(work: Work, level: Level, me: User, asked: int | None) -> list[Ticket]:
    member = await work.levels.take_member(level.id, me.id)
    capacity = member.capacity if member else None
    held = await work.tickets.held(level.id, me.id) if capacity is not None else 0
    size = pulling.share(asked=asked, batch_size=level.batch_size, capacity=capacity, held=held)
    if size == 0:
        raise CapacityFull("capacity_full", held=held, capacity=capacity)

    tickets = list(await work.tickets.pull(level.id, level.pull_order, size))
    for ticket in tickets:
        work.record(ticket, ticket.claim(me, until=work.now + level.lease))
    return tickets


async def _levels(work: Work, level_ids: Sequence[UUID] | None) -> list[Level]:
    """The levels asked for, else all of one's own; in the order of their names."""
    if level_ids is None:
        every = {level.id: level for level in await work.levels.all()}
        wanted = [each for each in every if each in work.actor.memberships]
    else:
        every = dict(await work.levels.find(level_ids))
        wanted = list(dict.fromkeys(level_ids))
        if not wanted:
            raise Invalid("none_given", field=["levelIds"])
    for each in wanted:
        if each not in every:
            raise NotFound("not_found", field=["levelIds"], thing="level")
        if not work.actor.handles(each):
            raise Forbidden("not_a_member", field=["levelIds"])
    return [every[each] for each in wanted]


async def give_back(work: Work, most: int = 200) -> int:
    """How many untouched tickets went back to the queue because their lease ended."""
    lapsed = await work.tickets.lapsed(work.now, most)
    holders = await work.users.find({each.assignee_id for each in lapsed if each.assignee_id})
    for ticket in lapsed:
        holder = holders.get(ticket.assignee_id) if ticket.assignee_id else None
        work.record(ticket, ticket.lapse(holder.name if holder else ""))
    return len(lapsed)


async def wake(work: Work, most: int = 200) -> int:
    """How many pending tickets were opened again because their moment came."""
    woken = await work.tickets.woken(work.now, most)
    for ticket in woken:
        work.record(ticket, ticket.wake())
    return len(woken)
