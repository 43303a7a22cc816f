"""Who wants little goes before who wants much, and nobody is forgotten."""

import asyncio

import pytest

from graph.turns import Turns


async def test_who_wants_least_goes_first_and_of_equals_who_came_first() -> None:
    turns, went = Turns(), list[str]()

    async def go(name: str, size: int) -> None:
        async with turns.of(size):
            went.append(name)

    async with turns.of(0):
        going = [go("much", 9), go("some", 5), go("little", 1), go("as little", 1)]
        tasks = [asyncio.create_task(each) for each in going]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)

    assert went == ["little", "as little", "some", "much"]


@pytest.mark.parametrize("passed_on", [False, True])
async def test_the_turn_of_one_who_left_is_the_next_ones(passed_on: bool) -> None:
    turns = Turns()

    async def go(size: int) -> int:
        async with turns.of(size):
            return size

    async with turns.of(0):
        first, second = asyncio.create_task(go(1)), asyncio.create_task(go(2))
        await asyncio.sleep(0)
        if not passed_on:
            first.cancel()
    first.cancel()
    async with asyncio.timeout(5):
        assert await second == 2
        assert await go(3) == 3
    assert first.cancelled()
