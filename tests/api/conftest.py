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
    ana = await desk.world.person("Ana", level=desk.world.triage)
    for ticket in await desk.world.waiting(50, people=20):
        await desk.world.do(handling.note, ticket.id, "Nota", by=ana)
    return ana
