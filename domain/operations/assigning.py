"""Who is given a ticket: by somebody's word, by the level's strategy, or as its only manager."""

import secrets
from dataclasses import replace
from uuid import UUID

from domain.errors import Invalid, NotFound
from domain.events import Fact
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.rules import assignment
from domain.rules.assignment import Draw
from domain.words import AssignmentStrategy, LevelRole
from domain.work import Work


async def member(work: Work, level_id: UUID, user_id: UUID) -> User:
    """An active member of the level; the refusals name `assigneeId`."""
    user = (await work.users.find([user_id])).get(user_id)
    if user is None:
        raise NotFound("not_found", field=["assigneeId"], thing="user")
    members = (await work.levels.members([level_id]))[level_id]
    if not user.active or user.id not in {each.user_id for each in members}:
        raise Invalid("assignee_not_member", field=["assigneeId"], name=user.name)
    return user


async def to_its_manager(work: Work, ticket: Ticket, level: Level) -> list[Fact]:
    """A ticket that comes to a level in which nothing is handed out goes to its only manager.

    Nobody gets it where there are several, or none.
    """
    if level.assignment is not AssignmentStrategy.MANUAL_PULL:
        return []
    members = (await work.levels.members([level.id]))[level.id]
    managing = [each.user_id for each in members if each.role is LevelRole.MANAGER]
    managers = [user for user in (await work.users.find(managing)).values() if user.active]
    if len(managers) != 1:
        return []
    return [_given(ticket, managers[0])]


async def distribute(work: Work, most: int = 200, draw: Draw = secrets.randbelow) -> int:
    """How many waiting tickets were given to members on shift, in levels that hand them out.

    Only while the level is open, and nobody gets more than they can hold. What nobody can take
    stays in the queue.
    """
    given = 0
    levels = await work.tickets.take_unserved()
    terms = await work.clocks.going_by({level.terms_id for level in levels})
    for level in levels:
        if given < most and terms[level.terms_id].calendar.is_open(work.now):
            given += await _serve(work, level, most - given, draw)
    return given


async def _serve(work: Work, level: Level, most: int, draw: Draw) -> int:
    candidates = await work.tickets.take_candidates(level.id)
    size = assignment.room(candidates, most)
    tickets = await work.tickets.pull(level.id, level.pull_order, size)
    dealt = assignment.deal(
        AssignmentStrategy(level.assignment),
        candidates,
        len(tickets),
        last=level.last_assigned_id,
        draw=draw,
    )
    users = await work.users.find(set(dealt))
    for ticket, user_id in zip(tickets, dealt, strict=True):
        work.record(ticket, _given(ticket, users[user_id]))
        level.gave_to(user_id)
    return len(tickets)


def _given(ticket: Ticket, to: User) -> Fact:
    return replace(ticket.assign(None, to), automated=True)
