"""Moments of the past, lived through in their order: each act at its own time."""

import heapq
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any, Final, TypeVar

from domain.errors import Refusal
from domain.rules.access import Actor
from server.demo_watch import NEAR, Watch
from storage.work import Storage

T = TypeVar("T")
Act = Callable[[datetime], Awaitable[None]]
BRASILIA: Final = timezone(timedelta(hours=-3))
OPENS, CLOSES = 8, 20
AT_ONCE: Final = timedelta(microseconds=1)


class Clock:
    """Acts by their moment; an act may bring about later ones."""

    def __init__(
        self,
        storage: Storage,
        watch: Watch,
        chance: random.Random,
        on_progress: Callable[[float], None],
    ) -> None:
        self.chance = chance
        self._storage = storage
        self._watch = watch
        self._on_progress = on_progress
        self._ahead: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._latest: datetime | None = None

    def at(self, moment: datetime, act: Act) -> None:
        heapq.heappush(self._ahead, (moment, next(self._order), act))

    async def until(self, limit: datetime, start: datetime, end: datetime) -> None:
        """Everything that happens up to the limit; start and end are only for the progress."""
        while self._ahead and self._ahead[0][0] <= limit:
            moment, _, act = heapq.heappop(self._ahead)
            # Somebody else was faster, or the ticket is over: people shrug and go on.
            with suppress(Refusal):
                await act(moment)
            self._on_progress((moment - start) / (end - start))
        await self._pass(limit, within=AT_ONCE)

    async def do(
        self,
        moment: datetime,
        by: Actor,
        operation: Callable[..., Awaitable[T]],
        *args: Any,
    ) -> T:
        """What the operation answers, committed as of that moment.

        An act may run ahead by some minutes; whatever is done after it is not done before it.
        """
        latest = await self._pass(moment)
        then = replace(self._storage, clock=lambda: latest)
        async with then.work(by) as work:
            return await operation(work, *args)

    async def _pass(self, moment: datetime, within: timedelta = NEAR) -> datetime:
        """What time it is then, with everything done that time alone does."""
        before = self._latest or moment
        self._latest = max(moment, before)
        await self._watch.until(self._latest, before, within)
        return self._latest

    def minutes(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=self.chance.uniform(least, most))

    def moment(self, start: datetime, end: datetime) -> datetime:
        """Any moment, but seldom at night."""
        while True:
            moment = start + (end - start) * self.chance.random()
            if self.working(moment) or self.chance.random() < 0.1:
                return moment

    def working(self, moment: datetime) -> bool:
        return OPENS <= moment.astimezone(BRASILIA).hour < CLOSES
