"""The wallboard, asked once; the levels that a wall is asked for."""

from typing import Annotated, Any

import strawberry

from domain.board import Levels, Wallboard, WallboardLevel
from domain.errors import NotFound
from domain.model.level import Level
from domain.operations import watching
from domain.rules.access import Actor
from resolvers.context import Info
from resolvers.inputs import uuids

LevelIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="These levels; else all that the caller may see."),
]


async def wallboard(info: Info, level_ids: LevelIds = None) -> Wallboard:
    levels = levels_seen(info.context.me, levels_asked(level_ids))
    async with info.context.reading() as work:
        return await watching.wallboard(work, levels)


def levels_asked(level_ids: list[Any] | None) -> Levels:
    """One that is no level is nobody's: nothing is seen of it."""
    try:
        given = uuids(level_ids, "Level", "levelIds")
    except NotFound:
        return frozenset()
    return None if given is None else frozenset(given)


def levels_seen(actor: Actor, asked: Levels) -> Levels:
    """Of the levels asked for, those that may be seen now; None: all of the workspace."""
    if actor.readable is None:
        return asked
    return actor.readable if asked is None else actor.readable & asked


def level(figures: strawberry.Parent[WallboardLevel]) -> Level:
    return figures.level
