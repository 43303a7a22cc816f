"""A desk to ask at, for every test of the API."""

from collections.abc import AsyncIterator

import pytest

from domain.operations import handling
from server.secrets import Keyring
from tests.api.desk import Desk
from tests.world import Person, World


@pytest.fixture
async def desk(world: World, keyring: Keyring) -> AsyncIterator[Desk]:
    async with Desk.opened(world, keyring) as opened:
        yield opened


@pytest.fixture
async def crowd(desk: Desk) -> Person:
    """Who handles fifty tickets of twenty people."""
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    account = await world.account()
    await world.watch(account, world.triage)
    posts = [
        world.post(account, author=f"p{number % 20}", thread=f"t{number}") for number in range(50)
    ]
    for received in await world.receive(*posts):
        assert received.ticket is not None
        await world.do(handling.note, received.ticket.id, "Nota", by=ana)
    return ana
