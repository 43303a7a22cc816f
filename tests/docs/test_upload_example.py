"""The upload that docs/composing.md shows, sent by curl to a server as it is run."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.settings import Settings
from tests.flows.served import served, settings
from tests.rules.test_files import PNG

PAGE = Path(__file__).parents[2] / "docs" / "composing.md"
PATIENCE = 30.0


@pytest.fixture
async def chosen(migrated_url: str, store: str, request: pytest.FixtureRequest) -> Settings:
    redis = "memory://" if store == "sqlite" else request.getfixturevalue("redis_url")
    return settings(migrated_url, redis)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_command_uploads_a_file(chosen: Settings, tmp_path: Path) -> None:
    [command] = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    file = tmp_path / "férias.png"
    file.write_bytes(PNG * 10_000)
    async with served(chosen) as house:
        ana = await house.world.person("Ana", level=house.world.triage)
        caller = await house.caller(ana)
        ticket = await caller.do(
            "openTicket",
            "OpenTicketInput",
            "ticket { id }",
            levelId=(await caller.ask("{ levels { id } }"))[0]["id"],
            subject="Foto",
            comment="Vem por aqui",
        )

        told = await run(
            command,
            URL=house.url,
            TOKEN=caller.token,
            TICKET=ticket["ticket"]["id"],
            FILE=str(file),
        )
        [answer] = json.loads(told)["data"].values()
        link = urlsplit(answer["attachment"]["url"])
        downloaded = await caller.client.get(f"{link.path}?{link.query}")

    assert answer["userErrors"] == []
    assert answer["attachment"]["fileName"] == "férias.png"
    assert downloaded.content == PNG * 10_000


async def run(command: str, **variables: str) -> str:
    """What a shell command writes, which has to end well."""
    process = await asyncio.create_subprocess_shell(
        command,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode() + out.decode()
    return out.decode()
