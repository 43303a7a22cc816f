"""The workspace's own things: levels, members, accounts, monitorings, types, people, keys."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from domain.model.account import Account, Monitoring, TicketType
from domain.model.level import Level, LevelMember
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, User
from domain.model.workspace import Workspace
from domain.page import Page
from domain.rules import states
from domain.words import Priority, Role
from resolvers import paging
from resolvers.context import Info
from resolvers.paging import After, First

Lv = strawberry.Parent[Level]
QUEUE = states.WAITING


async def levels(info: Info) -> list[Level]:
    async with info.context.reading() as work:
        return list(await work.levels.all())


async def level(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The level's id.")],
) -> Level | None:
    gid: Any = id
    return await info.context.loaders.level(gid.uuid) if gid.kind == "Level" else None


async def accounts(info: Info) -> list[Account]:
    async with info.context.reading() as work:
        return list(await work.accounts.all())


async def monitorings(info: Info) -> list[Monitoring]:
    async with info.context.reading() as work:
        return list(await work.monitorings.all())


async def ticket_types(info: Info) -> list[TicketType]:
    async with info.context.reading() as work:
        return list(await work.ticket_types.all())


async def users(info: Info) -> list[User]:
    async with info.context.reading() as work:
        return list(await work.users.all())


async def api_keys(info: Info) -> list[ApiKey]:
    async with info.context.reading() as work:
        return list(await work.api_keys.all())


def members(level: Lv, info: Info) -> Awaitable[list[LevelMember] | None]:
    return info.context.loaders.members(level.id)


def level_accounts(level: Lv, info: Info) -> Awaitable[list[Account] | None]:
    return info.context.loaders.level_accounts(level.id)


def level_monitorings(level: Lv, info: Info) -> Awaitable[list[Monitoring] | None]:
    return info.context.loaders.level_monitorings(level.id)


async def diverted_count(level: Lv, info: Info) -> int | None:
    if not info.context.me.sees(level.id):
        return 0
    return await info.context.loaders.diverted(level.id)


def queue(
    level: Lv, info: Info, first: First = None, after: After = None
) -> Awaitable[Page[Ticket] | None]:
    return info.context.loaders.queue(level.id, QUEUE, paging.window(first, after))


def member_user(member: strawberry.Parent[LevelMember], info: Info) -> Awaitable[User | None]:
    return info.context.loaders.user(member.user_id)


def member_level(member: strawberry.Parent[LevelMember], info: Info) -> Awaitable[Level | None]:
    return info.context.loaders.level(member.level_id)


async def member_active_tickets(member: strawberry.Parent[LevelMember], info: Info) -> int | None:
    if not info.context.me.sees(member.level_id):
        return 0
    return await info.context.loaders.active_tickets(member.level_id, member.user_id)


async def memberships(user: strawberry.Parent[User], info: Info) -> list[LevelMember] | None:
    me = info.context.me
    if me.only_approves and me.id != user.id:
        return []
    return await info.context.loaders.memberships(user.id)


def user_email(user: strawberry.Parent[User], info: Info) -> str | None:
    return user.email if _may_know(user, info) else None


def user_grants(user: strawberry.Parent[User], info: Info) -> list[str] | None:
    return list(user.grants) if _may_know(user, info) else None


def _may_know(user: User, info: Info) -> bool:
    me = info.context.me
    return me.role is Role.ADMIN or me.id == user.id


def account_levels(
    account: strawberry.Parent[Account], info: Info
) -> Awaitable[list[Level] | None]:
    return info.context.loaders.account_levels(account.id)


def monitoring_level(
    monitoring: strawberry.Parent[Monitoring], info: Info
) -> Awaitable[Level | None]:
    return info.context.loaders.level(monitoring.level_id)


def monitoring_accounts(
    monitoring: strawberry.Parent[Monitoring], info: Info
) -> Awaitable[list[Account] | None]:
    return info.context.loaders.monitoring_accounts(monitoring.id)


async def type_level(ticket_type: strawberry.Parent[TicketType], info: Info) -> Level | None:
    if ticket_type.level_id is None:
        return None
    return await info.context.loaders.level(ticket_type.level_id)


def type_priority(ticket_type: strawberry.Parent[TicketType]) -> Priority | None:
    return Priority(ticket_type.priority) if ticket_type.priority else None


async def fallback_level(workspace: strawberry.Parent[Workspace], info: Info) -> Level | None:
    if workspace.fallback_level_id is None:
        return None
    return await info.context.loaders.level(workspace.fallback_level_id)


async def key_levels(key: strawberry.Parent[ApiKey], info: Info) -> list[Level]:
    """By name; one that is no more is not there."""
    load = info.context.loaders.level
    found = [await each for each in [load(level_id) for level_id in key.levels]]
    return sorted((level for level in found if level), key=lambda level: level.name)
