"""The wallboard, asked once; the levels that a wall is asked for."""

from typing import Annotated, Any

import strawberry

from domain.board import Levels, Wallboard, WallboardLevel
from domain.errors import Invalid
from domain.model.level import Level
from domain.operations import watching
from domain.rules.access import Actor
from domain.wanted import Seen, Unplanned, Views
from resolvers.context import Context, Info
from resolvers.inputs import LIST_LENGTH

LevelIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="These levels; else all that the caller may see."),
]


async def wallboard(info: Info, level_ids: LevelIds = None) -> Wallboard:
    levels = levels_seen(info.context.me, levels_asked(level_ids))
    async with info.context.reading() as work:
        return await watching.wallboard(work, levels)


async def wallboard_seen(context: Context, views: Views, *, level_ids: Any = None) -> Seen:
    """The same figures, which are of many statements: once it is known who asks, and of a snapshot
    that nothing else is of."""
    if context.rights is not None or views is not context.services.store.views:
        raise Unplanned
    levels = levels_seen(context.me, levels_asked(level_ids))
    async with context.reading() as work:
        return Seen((), 0, True, figures=await watching.wallboard(work, levels))


def levels_asked(level_ids: list[Any] | None) -> Levels:
    """What is no level is nobody's: nothing is seen of it, and all of the others."""
    if level_ids is None:
        return None
    if len(level_ids) > LIST_LENGTH:
        raise Invalid("too_many", field=["levelIds"], most=LIST_LENGTH, count=len(level_ids))
    return frozenset(gid.uuid for gid in level_ids if gid.kind == "Level")


def levels_seen(actor: Actor, asked: Levels) -> Levels:
    """Of the levels asked for, those that may be seen now; None: all of the workspace."""
    if actor.readable is None:
        return asked
    return actor.readable if asked is None else actor.readable & asked


def level(figures: strawberry.Parent[WallboardLevel]) -> Level:
    return figures.level
