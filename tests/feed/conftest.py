"""A bell that whatever is committed rings."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from feed.bell import Bell
from server.opening import ringing
from tests.world import World


@pytest.fixture
async def bell(world: World) -> AsyncIterator[Bell]:
    async with Bell.open("memory://") as opened:
        world.storage = replace(world.storage, ring=ringing(opened))
        yield opened
