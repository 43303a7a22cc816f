"""Who may be given a ticket of a level."""

from uuid import UUID

from domain.errors import Invalid, NotFound
from domain.model.user import User
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
