"""Somebody with a browser that runs no scripts: follows forms and keeps cookies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape

import httpx

from tests.flows.served import PATIENCE, House

FORM = re.compile(r'<form method="post" action="([^"]+)".*?</form>', re.S)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Visitor:
    client: httpx.AsyncClient
    language: str = "pt-BR,pt;q=0.9"
    page: httpx.Response = field(default_factory=lambda: httpx.Response(204))

    @property
    def shown(self) -> str:
        """What can be read on the page, as text."""
        return unescape(
            re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<head>.*?</head>", "", self.page.text))
        )

    async def open(self, path: str = "/protocolo") -> "Visitor":
        self.page = await self.client.get(path, headers={"accept-language": self.language})
        return self

    def hidden(self, action: str) -> dict[str, str]:
        [form] = [each for each in FORM.finditer(self.page.text) if each[1] == action]
        return dict(HIDDEN.findall(form[0]))

    async def submit(self, action: str, **typed: str) -> "Visitor":
        """The form of that address, filled in and sent, on to where it leads."""
        said = {**self.hidden(action), **typed}
        return await self.post(action, **said)

    async def post(self, action: str, **said: str) -> "Visitor":
        self.page = await self.client.post(
            action, data=said, headers={"accept-language": self.language}, follow_redirects=True
        )
        return self

    async def show(self, protocol: str, proof: str) -> "Visitor":
        await self.open()
        return await self.submit("/protocolo", protocol=protocol, proof=proof)


@asynccontextmanager
async def visitor(house: House, language: str = "pt-BR") -> AsyncIterator[Visitor]:
    async with httpx.AsyncClient(base_url=house.url, timeout=PATIENCE, verify=False) as client:
        yield Visitor(client, language)
