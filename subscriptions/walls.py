"""Walls, watched: the wallboard and the countdown, painted once for all who see the same levels."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from typing import Annotated, TypeVar

import strawberry

from domain.board import Countdown, Levels, Wallboard
from domain.errors import Invalid
from domain.operations import watching
from domain.page import MOST
from domain.rules import access, checking
from domain.rules.access import Permission
from domain.wanted import Unplanned
from feed.boards import Painter
from resolvers.boards import LevelIds, levels_asked, levels_seen
from resolvers.context import Context, Info, Written

T = TypeVar("T")
HEARTBEAT = 15.0
SLOWEST = 60
USUAL_COUNT, USUAL_TICK = 20, 1
WALL_BETWEEN, COUNTDOWN_BETWEEN = 1.0, 0.1
A_MOMENT = 0.01
"""Seconds after which a moment has passed for certain, whichever clock is asked."""


class WallPainter:
    """Absolute figures: when they change, at most once a second, and every so often anyway."""

    between = WALL_BETWEEN

    def __init__(self, context: Context, levels: Levels) -> None:
        self._services = context.services
        self._actor = access.onlooker(context.me.workspace_id, levels)
        self._levels = levels
        self._picture: Wallboard | None = None
        self._hung: object = None
        self._hung_at: datetime | None = None

    async def look(self, *, news: bool) -> None:
        if news or self._picture is None or self._is_old(self._picture):
            async with self._services.store.reading(self._actor) as work:
                self._picture = await watching.wallboard(work, self._levels)

    def _is_old(self, picture: Wallboard) -> bool:
        """A heartbeat is true too: opening hours, for one, change without a word in the feed."""
        now = self._services.clock()
        age = (now - picture.server_time).total_seconds()
        return now >= picture.changes_at or age >= HEARTBEAT

    def paint(self) -> Wallboard | None:
        if self._picture is None:
            return None
        now = self._services.clock()
        picture = replace(self._picture, server_time=now)
        shown = picture.shown
        silent = self._hung_at is None or (now - self._hung_at).total_seconds() >= HEARTBEAT
        if shown == self._hung and not silent:
            return None
        self._hung, self._hung_at = shown, now
        return picture

    def rest(self) -> float:
        if self._picture is None or self._hung_at is None:
            return HEARTBEAT
        now = self._services.clock()
        silence = HEARTBEAT - (now - self._hung_at).total_seconds()
        ahead = (self._picture.turns_at(now) - now).total_seconds()
        return max(min(silence, ahead), 0.0) + A_MOMENT


class CountdownPainter:
    """The nearest deadlines: every few seconds, and at once when one of them is another."""

    between = COUNTDOWN_BETWEEN

    def __init__(self, context: Context, levels: Levels, first: int, every: int) -> None:
        self._services = context.services
        self._actor = access.onlooker(context.me.workspace_id, levels)
        self._levels, self._first, self._every = levels, first, every
        self._clock = asyncio.get_running_loop().time
        self._next = self._clock()
        self._picture: Countdown | None = None
        self._hung: object = None

    async def look(self, *, news: bool) -> None:
        """Between two changes only time passes, and that is reckoned from what was read."""
        if news or self._picture is None:
            async with self._services.store.reading(self._actor) as work:
                self._picture = await watching.countdown(work, self._levels, self._first)

    def paint(self) -> Countdown | None:
        if self._picture is None:
            return None
        picture = replace(self._picture, server_time=self._services.clock())
        shown = picture.shown
        due = self._clock() >= self._next
        if not due and shown == self._hung:
            return None
        while due and self._next <= self._clock():
            self._next += self._every
        self._hung = shown
        return picture

    def rest(self) -> float:
        tick = max(self._next - self._clock(), 0.0)
        now = self._services.clock()
        turn = self._picture.turns_at(now) if self._picture else None
        return tick if turn is None else min(tick, (turn - now).total_seconds() + A_MOMENT)


async def wallboard(
    info: Info, level_ids: LevelIds = None
) -> AsyncGenerator[Wallboard | Written, None]:
    context, asked = info.context, levels_asked(level_ids)

    def painter(levels: Levels) -> Painter[Wallboard]:
        return WallPainter(context, levels)

    async with aclosing(_watched(context, "wallboard", asked, painter)) as pictures:
        async for picture in pictures:
            yield picture


async def countdown(
    info: Info,
    level_ids: LevelIds = None,
    first: Annotated[
        int | None, strawberry.argument(description="How many deadlines, 1 to 100; the nearest.")
    ] = USUAL_COUNT,
    every: Annotated[
        int | None, strawberry.argument(description="Seconds between two messages, 1 to 60.")
    ] = USUAL_TICK,
) -> AsyncGenerator[Countdown | Written, None]:
    context, asked = info.context, levels_asked(level_ids)
    count = USUAL_COUNT if first is None else first
    tick = USUAL_TICK if every is None else every
    if not 1 <= count <= MOST:
        raise Invalid("page_size", field=["first"], name="first", most=MOST)
    checking.number(tick, SLOWEST, ["every"])

    def painter(levels: Levels) -> Painter[Countdown]:
        return CountdownPainter(context, levels, count, tick)

    key = ("countdown", count, tick)
    async with aclosing(_watched(context, key, asked, painter)) as pictures:
        async for picture in pictures:
            yield picture


async def _watched(
    context: Context, what: object, asked: Levels, painter: Callable[[Levels], Painter[T]]
) -> AsyncGenerator[T | Written, None]:
    """One picture after the other, by the rights of the moment; ends with the right to look."""
    workspace = context.require(Permission.WALLBOARD_READ).workspace_id
    version: int | None = None
    while True:
        levels = levels_seen(context.me, asked)
        key = (what, workspace, levels)

        def paint(levels: Levels = levels) -> Painter[T]:
            return painter(levels)

        async with context.services.boards.before(key, workspace, paint) as board:
            number, last = 0, None
            while True:
                shown = await board.after(number)
                number = shown.number
                if shown.access_version != version:
                    version = shown.access_version
                    if not await context.still(Permission.WALLBOARD_READ, version):
                        return
                    if levels_seen(context.me, asked) != levels:
                        break  # another wall is his now
                if shown.picture is not last:
                    last = shown.picture
                    await context.rest()
                    yield await _told(context, shown.picture)


async def _told(context: Context, picture: T) -> T | Written:
    """The message; the picture itself where it has to be run."""
    if context.writes is not None:
        with suppress(Unplanned):
            return await context.writes.write(context, picture)
    return picture
