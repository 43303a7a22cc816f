"""A company, its provider, and the browser of somebody who works there."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from server.secrets import Keyring
from tests.oidc.company import Browser, Company
from tests.oidc.provider import Provider
from tests.world import World


@pytest.fixture(autouse=True)
def loopback_has_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with provider.open():
        yield provider


@pytest.fixture
async def company(world: World, keyring: Keyring, provider: Provider) -> AsyncIterator[Company]:
    ana = await world.person("Ana")
    provider.email = ana.user.email
    async with AsyncExitStack() as opened:
        yield Company(world, keyring, provider, ana, opened)


@pytest.fixture
async def browser(company: Company) -> Browser:
    return await company.browser()
