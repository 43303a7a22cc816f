"""A desk to ask the examples at."""

from collections.abc import AsyncIterator

import pytest

from server.secrets import Keyring
from tests.api.desk import Desk
from tests.world import World


@pytest.fixture
async def desk(world: World, keyring: Keyring) -> AsyncIterator[Desk]:
    async with Desk.opened(world, keyring) as opened:
        yield opened
