"""A server for every test: SQLite with a bell of its own, or PostgreSQL with Redis."""

from collections.abc import AsyncIterator

import pytest

from server.settings import Settings
from tests.conftest import Place
from tests.flows.served import House, served, settings


@pytest.fixture(scope="session")
async def served_url(place: Place, pattern: str) -> AsyncIterator[str]:
    """The database that servers open. A SQLite file belongs to one process at a time."""
    async with place.database(pattern) as url:
        yield url


@pytest.fixture
def chosen(store: str, served_url: str, request: pytest.FixtureRequest) -> Settings:
    redis = "memory://" if store == "sqlite" else request.getfixturevalue("redis_url")
    return settings(served_url, redis)


@pytest.fixture
async def house(chosen: Settings) -> AsyncIterator[House]:
    async with served(chosen) as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An answer that nobody waits for any more is dropped with its parts unasked.

    Python remarks on each of them, sometimes in the middle of the test after.
    """
    unasked = "ignore:Exception ignored in. <coroutine object"
    mark = pytest.mark.filterwarnings(f"{unasked}:pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if "flows" in item.path.parts:
            item.add_marker(mark)
