"""The page of protocols in browsers: axe finds nothing, and what changes is shown at once.

With Node.js there, axe looks at the pages; with Chromium too (Debian's package), it looks at them
on a screen, and the page's script is tried. Skipped where they are not.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import Role, TicketStatus
from tests.flows.served import House
from tests.flows.visitor import visitor

HERE = Path(__file__).parent
PACKAGES = ("axe-core@4", "jsdom@26", "playwright-core@1")
CHROMIUM = Path("/usr/bin/chromium")
EMAIL = "maria@example.com"
A_MINUTE = 60.0


@pytest.fixture(scope="session")
async def node_modules() -> Path:
    """Where the packages are installed, kept between runs."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js is not installed, so axe cannot look")
    home = Path(tempfile.gettempdir()) / "guiche-axe"
    if not (home / "node_modules" / "playwright-core").exists():
        home.mkdir(exist_ok=True)
        npm = await asyncio.create_subprocess_exec(
            "npm", "install", "--no-audit", "--no-fund", "--prefix", str(home), *PACKAGES, cwd=home
        )
        async with asyncio.timeout(A_MINUTE):
            if await npm.wait() != 0:
                pytest.skip("npm could not fetch axe-core")
    return home


@pytest.fixture
async def ticket(house: House) -> Ticket:
    return await house.world.ticket(house.world.triage, customer_email=EMAIL)


async def lines(home: Path, script: str, *asked: str) -> AsyncIterator[Any]:
    """What the script says, line by line."""
    node = await asyncio.create_subprocess_exec(
        "node",
        shutil.copy(HERE / script, home),
        *asked,
        stdout=asyncio.subprocess.PIPE,
        cwd=home,
    )
    assert node.stdout is not None
    try:
        async for line in node.stdout:
            yield json.loads(line)
        assert await node.wait() == 0
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()


async def test_axe_finds_nothing_on_any_page(
    house: House, ticket: Ticket, node_modules: Path, tmp_path: Path
) -> None:
    pages = []
    for language in ("pt-BR", "en"):
        async with visitor(house, language) as somebody:
            pages.append((await somebody.open()).page.text)
            pages.append((await somebody.show(ticket.protocol, "0000")).page.text)
            pages.append((await somebody.show(ticket.protocol, EMAIL)).page.text)
    boss = await house.world.person("Chefe", role=Role.ADMIN)
    await house.world.do(handling.remove, ticket.id, "Engano", by=boss)
    async with visitor(house) as somebody:
        pages.append((await somebody.show(ticket.protocol, EMAIL)).page.text)
    paths = [tmp_path / f"{number}.html" for number in range(len(pages))]
    for path, page in zip(paths, pages, strict=True):
        path.write_text(page)

    async with asyncio.timeout(A_MINUTE):
        looked = [each async for each in lines(node_modules, "axe.mjs", *map(str, paths))]

    assert [each["found"] for each in looked] == [[]] * len(pages)
    assert min(each["passed"] for each in looked) > 10


async def test_a_browser_shows_what_changes_meanwhile(
    house: House, ticket: Ticket, node_modules: Path
) -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed, so the page's script cannot be tried")
    ana = await house.world.person("Ana", level=house.world.triage)
    seen = lines(node_modules, "browser.mjs", house.url, ticket.protocol, EMAIL)

    async with asyncio.timeout(A_MINUTE):
        before = await anext(seen)
        change = TicketChange(status=TicketStatus.PENDING, comment="Falta um dado")
        await house.world.do(handling.update, ticket.id, change, by=ana)
        after = await anext(seen)
        assert [each async for each in seen] == []

    assert (before["form"], before["status"]) == ([], [])
    assert before["url"] == f"{house.url}/protocolo"
    assert (before["stage"], after["stage"]) == (
        "Etapa: Recebido",
        "Etapa: Aguardando sua resposta",
    )
    assert after["complaints"] == []
