"""Open tickets moved to their level's terms of today: batch after batch, each on its own.

Somebody who asks again goes on where it was cut: what has been moved already is left alone.
"""

from collections.abc import Awaitable, Callable, Collection
from functools import wraps
from typing import TypeVar
from uuid import UUID

import strawberry

from domain.model.level import Level
from domain.model.sla import SlaRecompute
from domain.operations import recomputing
from domain.work import Work
from resolvers.context import Context, Info
from resolvers.inputs import told, uuid

F = TypeVar("F")
R = TypeVar("R")
Touched = Callable[[Work, R], Awaitable[Collection[UUID]]]
"""The levels whose open tickets a save is to be applied to."""


@strawberry.input(description="A level whose open tickets are to go by its terms of today.")
class RecomputeSlaInput:
    level_id: strawberry.ID = told("Which level.")
    dry_run: bool = told("true: only tell how many would have another deadline.", default=True)


async def recompute_sla(info: Info, input: RecomputeSlaInput) -> int:
    """How many tickets have another deadline now, or would have."""
    level_id: UUID = uuid(input.level_id, "Level", "levelId")
    if not input.dry_run:
        return await _move(info.context, level_id)
    changed, after = 0, None
    async with info.context.reading() as work:
        while True:
            batch = await recomputing.preview(work, level_id, after)
            changed += batch.changed
            if batch.seen < recomputing.AT_ONCE:
                return changed
            after = batch.last


async def save_and_move(
    context: Context,
    asked: object,
    operation: Callable[[Work, F], Awaitable[R]],
    form: F,
    touched: Touched[R],
) -> R:
    """Save, and then move the open tickets of the levels that are touched by it.

    The levels are marked in the transaction of the save, so that a retry after a cut goes on with
    what is left, and a retry of what was finished does nothing.
    """

    @wraps(operation)
    async def save(work: Work) -> R:
        saved = await operation(work, form)
        for level_id in await touched(work, saved):
            await recomputing.begin(work, level_id)
        return saved

    saved = await context.once(asked, save)
    async with context.reading() as work:
        level_ids = await touched(work, saved)
        marked = await work.clocks.recomputes(level_ids)
    for level_id in level_ids:
        if level_id in marked and marked[level_id].finished_at is None:
            await _move(context, level_id)
    return saved


async def open_by(work: Work, calendar_id: UUID) -> list[UUID]:
    """The levels that are open by a calendar."""
    return [each.id for each in await work.levels.all() if each.calendar_id == calendar_id]


async def progress(level: strawberry.Parent[Level], info: Info) -> SlaRecompute | None:
    """How far it has come; it counts tickets, so only for who may see them."""
    if not info.context.me.sees(level.id):
        return None
    return await info.context.loaders.recompute(level.id)


async def _move(context: Context, level_id: UUID) -> int:
    await context.do(recomputing.begin, level_id)
    changed, after = 0, None
    while True:
        batch = await context.do(recomputing.recompute, level_id, after)
        changed += batch.changed
        if batch.seen < recomputing.AT_ONCE:
            return changed
        after = batch.last
