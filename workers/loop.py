"""One loop, supervised: work, then wait for the bell or the next moment, and never give up."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from time import monotonic

import structlog

from feed.bell import Ear
from workers.record import UNRECORDED, Record

log = structlog.get_logger(__name__)

AT_LEAST = timedelta(milliseconds=250)
"""Between two turns: a bell that never stops ringing does not keep the database busy."""
AT_MOST = timedelta(seconds=5)
"""A lost ring, or a moment that nobody told us of, costs no more."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

Turn = Callable[[], Awaitable[timedelta | None]]
"""Does what is due; how long nothing will be due then, as far as it knows."""


class Unfinished(Exception):
    """Something due in these workspaces could not be done; it is tried again."""


async def keep(
    name: str,
    turn: Turn,
    ear: Ear,
    stop: asyncio.Event,
    *,
    at_least: timedelta | None = None,
    record: Record = UNRECORDED,
) -> None:
    """Take turns until told to stop. A turn under way is finished; a pause ends at once."""
    pause = FIRST_PAUSE
    between = AT_LEAST if at_least is None else at_least
    while not stop.is_set():
        began = monotonic()
        try:
            idle = await turn()
        # Whatever it was, a loop that ends for good is worse.
        except Exception as error:
            record.turn(name, monotonic() - began, False)
            log.warning("worker.failed", loop=name, error=type(error).__qualname__, retry_in=pause)
            if isinstance(error, Unfinished):
                # Elsewhere all went well: what comes up there does not wait for this.
                await _until(stop, FIRST_PAUSE)
                await _until_rung(ear, stop, min(pause, AT_MOST.total_seconds()))
            else:
                await _until(stop, pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)
            continue

        record.turn(name, monotonic() - began, True)
        pause = FIRST_PAUSE
        await _until(stop, between.total_seconds())
        rest = min(idle if idle is not None else AT_MOST, AT_MOST) - between
        if rest > timedelta() and not stop.is_set():
            await _until_rung(ear, stop, rest.total_seconds())


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _until_rung(ear: Ear, stop: asyncio.Event, seconds: float) -> None:
    """Whichever comes first; what is still waiting then is let go."""
    waiting = [asyncio.create_task(ear.wait(seconds)), asyncio.create_task(stop.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
