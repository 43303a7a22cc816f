"""One server for all tests of the transport, and a house without memories for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.transport.house import Open, opened


@pytest.fixture(scope="session")
async def street() -> AsyncIterator[Open]:
    async with opened() as door:
        yield door


@pytest.fixture
async def door(street: Open) -> AsyncIterator[Open]:
    street.house.forget()
    yield street
    await street.empty()


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, the server's own log shows no traceback."""
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
