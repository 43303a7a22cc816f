"""A store of one's own: a worker looks at every workspace of its database."""

from collections.abc import AsyncIterator

import pytest

from server.opening import store as opened
from server.secrets import Keyring
from storage.engine import open_database
from storage.work import Storage
from tests.world import World


@pytest.fixture
async def apart(migrated_url: str, keyring: Keyring) -> AsyncIterator[Storage]:
    async with open_database(migrated_url) as database:
        yield await opened(database, keyring)


@pytest.fixture
async def world(apart: Storage) -> World:
    return await World.founded(apart)
