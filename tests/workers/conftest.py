"""A store of one's own: a worker looks at every workspace of its database."""

from collections.abc import AsyncIterator

import pytest

from server.opening import store as opened
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from storage.work import Storage
from tests.world import World


@pytest.fixture
async def apart(empty_url: str, keyring: Keyring) -> AsyncIterator[Storage]:
    async with open_database(empty_url) as database:
        await migrating.migrate(database)
        yield await opened(database, keyring)


@pytest.fixture
async def world(apart: Storage) -> World:
    return await World.founded(apart)
