"""Where a run for many stands, and when somebody can join it."""

import asyncio

import pytest

from domain.position import BadCursor, Position
from domain.words import TicketStatus
from feed.bell import Bell
from feed.standing import Standing
from feed.tail import Tails
from server.lifespan import StoredFeed
from tests.feed.test_tail import SOON, noted
from tests.world import World


async def test_nobody_joins_while_a_stretch_is_told_in_part(world: World, bell: Bell) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    standing, tails = Standing(), Tails(StoredFeed(world.storage), bell)
    async with tails.follow(world.workspace.id) as follower:
        standing.begin(follower)
        standing.settle()
        before = standing.at
        await noted(world, ticket)
        assert await follower.take(SOON) is not None
        standing.take_up()
        assert standing.at == before
        standing.hand_out()

        joining = asyncio.create_task(standing.reach(before))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not joining.done()
        standing.settle()
        await joining

        assert standing.at.text == follower.seen.text != before.text


async def test_one_who_comes_from_the_future_cannot_join(world: World, bell: Bell) -> None:
    standing, tails = Standing(), Tails(StoredFeed(world.storage), bell)
    async with tails.follow(world.workspace.id) as follower:
        standing.begin(follower)
        standing.settle()
        far = 10**12
        ahead = Position.of(f"{far}:{far}:" if follower.seen.is_snapshot else str(far))

        with pytest.raises(BadCursor):
            await standing.reach(ahead)


async def test_what_was_committed_is_there_for_one_who_begins_now(world: World) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    # A bell that nobody rings: only asking finds it.
    async with Bell.open("memory://") as silent:
        standing, tails = Standing(), Tails(StoredFeed(world.storage), silent)
        async with tails.follow(world.workspace.id) as follower:
            standing.begin(follower)
            standing.settle()
            entry = await noted(world, ticket)
            joining = asyncio.create_task(standing.reach(None))
            stretch = await follower.take(SOON)
            assert stretch is not None
            standing.take_up()
            standing.settle()
            await joining

    assert [each.id for each in stretch.entries] == [entry]
