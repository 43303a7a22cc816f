"""A loop works, rests, wakes, survives and stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from feed.bell import Ear
from workers import loop

SOON = 2.0
AN_HOUR = timedelta(hours=1)


class Turns:
    """What a loop is given to do, counted."""

    def __init__(self, idle: timedelta | None = AN_HOUR, failures: int = 0) -> None:
        self.idle, self.failures, self.count = idle, failures, 0
        self._taken = asyncio.Condition()

    async def __call__(self) -> timedelta | None:
        async with self._taken:
            self.count += 1
            self._taken.notify_all()
        if self.count <= self.failures:
            raise OSError("the database is away")
        return self.idle

    async def until(self, count: int) -> None:
        async with asyncio.timeout(SOON), self._taken:
            await self._taken.wait_for(lambda: self.count >= count)


@asynccontextmanager
async def kept(turns: Turns, ear: Ear) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(loop.keep("test", turns, ear, stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(SOON):
            await task


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "AT_LEAST", timedelta(milliseconds=5))
    monkeypatch.setattr(loop, "FIRST_PAUSE", 0.01)


async def test_it_works_at_once_and_then_rests() -> None:
    turns = Turns()

    async with kept(turns, Ear()):
        await turns.until(1)
        await asyncio.sleep(0.1)

    assert turns.count == 1


async def test_a_ring_wakes_it() -> None:
    turns, ear = Turns(), Ear()

    async with kept(turns, ear):
        await turns.until(1)
        ear.ring()
        await turns.until(2)


async def test_it_wakes_by_itself_when_something_becomes_due() -> None:
    turns = Turns(idle=timedelta(milliseconds=20))

    async with kept(turns, Ear()):
        await turns.until(3)


async def test_a_lost_ring_costs_no_more_than_the_longest_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "AT_MOST", timedelta(milliseconds=20))
    turns = Turns(idle=None)

    async with kept(turns, Ear()):
        await turns.until(3)


async def test_a_bell_that_never_stops_does_not_drive_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "AT_LEAST", timedelta(milliseconds=100))
    turns, ear = Turns(idle=timedelta()), Ear()

    async with kept(turns, ear):
        for _ in range(50):
            ear.ring()
            await asyncio.sleep(0.004)

    assert turns.count <= 5


async def test_it_goes_on_after_failures() -> None:
    turns = Turns(failures=3)

    async with kept(turns, Ear()):
        await turns.until(4)


async def test_what_could_not_be_done_in_one_place_keeps_nobody_else_waiting() -> None:
    """A turn that did the rest of its work hears the bell, however often it is so."""
    turns, ear = Turns(), Ear()

    async def unfinished() -> timedelta | None:
        await turns()
        raise loop.Unfinished

    stop = asyncio.Event()
    task = asyncio.create_task(loop.keep("test", unfinished, ear, stop))
    for count in range(1, 12):
        await turns.until(count)
        # Whoever only paused would do so for two seconds and more by now.
        ear.ring()
    stop.set()
    await task


async def test_it_stops_at_once_while_it_rests() -> None:
    turns = Turns()

    async with kept(turns, Ear()) as stop:
        await turns.until(1)
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        stop.set()

    assert asyncio.get_running_loop().time() - began < 0.5
