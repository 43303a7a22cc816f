"""What the workers would have done between two acts of the past, each thing at its own moment."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.operations import assigning, deadlines, pulling
from domain.rules.access import Actor
from storage.work import Storage

NEAR: Final = timedelta(minutes=5)
"""Nothing is told later than that; looking more often would make the demo slow to make."""
SELDOM: Final = timedelta(minutes=15)
FAR: Final = datetime.max.replace(tzinfo=UTC)
AT_ONCE: Final = 200


class Watch:
    """Clocks, leases, sleep and silence, in a time that is gone through act by act."""

    def __init__(self, storage: Storage, system: Actor, chance: random.Random) -> None:
        self._storage = storage
        self._system = system
        self._draw: Callable[[int], int] = chance.randrange
        self._looked: datetime | None = None
        self._asked: datetime | None = None
        self._known = FAR

    async def until(self, moment: datetime, latest: datetime, within: timedelta = NEAR) -> None:
        """Everything that becomes due up to that moment; nothing is done before the latest act."""
        looked = self._looked or latest
        while moment - looked >= within:
            due = await self._nearest(looked)
            if due > moment:
                looked = moment
                break
            # What follows soon is told with it.
            looked = min(max(due, looked) + NEAR / 2, moment)
            await self._sweep(max(looked, latest))
        self._looked = looked

    async def _nearest(self, after: datetime) -> datetime:
        """Clocks are asked about at every look; the rest is seldom nearer than what was known."""
        async with self._storage.due() as due:
            _, notice = await due.glance()
            if self._asked is None or after - self._asked >= SELDOM or self._known <= after:
                self._asked, self._known = after, await due.next(after) or FAR
        return min(notice or FAR, self._known)

    async def _sweep(self, moment: datetime) -> None:
        then = replace(self._storage, clock=lambda: moment)
        async with then.work(self._system) as work:
            await deadlines.notice(work, AT_ONCE)
            if self._known <= moment:
                await pulling.give_back(work, AT_ONCE)
                await pulling.wake(work, AT_ONCE)
                await deadlines.close_silent(work, AT_ONCE)
            # What has just come back is not seen yet, and waits for the next time.
            await assigning.distribute(work, AT_ONCE, self._draw)
