"""How many sockets one caller may hold, and how many may come from one address."""

from contextlib import AsyncExitStack

from tests.transport.house import KEY, closing, opened, say, until

TWO = 2


async def test_one_caller_holds_so_many_sockets_and_may_come_again_when_one_has_gone() -> None:
    async with opened(per_caller=TWO) as door, AsyncExitStack() as held:
        first = await held.enter_async_context(door.socket())
        await held.enter_async_context(door.socket())

        async with door.socket(None) as third:
            await say(third, type="connection_init", payload=KEY)
            assert await closing(third) == (1013, "You have 2 connections already")

        await first.close()
        await until(lambda: sum(not each.left for each in door.house.sessions) < TWO)
        async with door.socket():
            pass


async def test_one_address_holds_so_many_sockets_signed_in_or_not() -> None:
    async with opened(per_address=TWO) as door, AsyncExitStack() as held:
        first = await held.enter_async_context(door.socket(None))
        await held.enter_async_context(door.socket())

        async with door.socket(None) as third:
            assert await closing(third) == (1013, "Too many connections from your address")

        await first.close()
        await until(lambda: len(door.app.switchboard.sockets) < TWO)
        async with door.socket():
            pass
