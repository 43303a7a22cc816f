"""A company with its provider, and browsers that go back and forth between the two."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from server import oidc, oidc_provider
from server.access_tokens import COOKIE as SESSION
from server.secrets import Keyring
from server.settings import Settings
from server.throttle import Throttle, Tries
from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.world import Person, World


@dataclass
class Browser:
    """Follows one redirect at a time, and keeps cookies as browsers do."""

    client: httpx.AsyncClient
    app: ASGIApp

    async def begin(self, **query: str) -> httpx.Response:
        return await self.client.get("/oidc/start", params=query)

    async def agree(self, begun: httpx.Response) -> str:
        """Where the provider sends the browser, once the person has signed in there."""
        assert begun.status_code == 303, begun.text
        async with httpx.AsyncClient(verify=False) as outside:  # plain HTTP, on loopback
            return (await outside.get(begun.headers["location"])).headers["location"]

    async def follow(self, address: str, **headers: str) -> httpx.Response:
        return await self.client.get(address, headers=headers)

    async def sign_in(self, **query: str) -> httpx.Response:
        return await self.follow(await self.agree(await self.begin(**query)))

    @property
    def session(self) -> str | None:
        return self.client.cookies.get(SESSION)


@dataclass
class Company:
    world: World
    keyring: Keyring
    provider: Provider
    ana: Person
    _open: AsyncExitStack

    def settings(self, **more: Any) -> Settings:
        usual: dict[str, Any] = {
            "oidc_issuer": self.provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_label": "Conta da <Padaria>",
        }
        return Settings(**{**usual, **more})

    async def browser(self, **more: Any) -> Browser:
        """A new one, at a server that has asked the provider nothing yet."""
        patience = more.pop("patience", oidc_provider.PATIENCE)
        app = Starlette(routes=list(oidc.routes(self.settings(**more), patience=patience)))
        app.state.storage, app.state.keyring = self.world.storage, self.keyring
        app.state.throttle = Throttle(self.keyring.hash, Tries())
        return await self.another(app)

    async def another(self, app: ASGIApp) -> Browser:
        return Browser(await self._open.enter_async_context(browsing(app)), app)


@asynccontextmanager
async def browsing(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://care.example") as client:
        yield client
