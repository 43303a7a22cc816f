"""What docs/partners.md shows, run as it stands there: asking, taking, checking a signature."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from channels import signatures
from domain.operations import partnering, signing
from domain.operations.partnering import EndpointForm
from server.settings import Settings
from tests.docs.test_upload_example import run
from tests.flows.served import served, settings
from tests.flows.test_two_processes import free_port
from tests.partner import endpoint, on_this_machine, telling
from tests.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "partners.md").read_text()
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
BODY = b'{"kind":"TEST"}'
PATIENCE = 20.0


def block(opening: str) -> str:
    [found] = re.findall(rf"^```{opening}\n(.*?)^```", PAGE, re.S | re.M)
    return str(found)


def program(name: str, what: str, folder: Path) -> str:
    """The command that runs a program of the page."""
    language, suffix, with_ = {
        "python": ("python", "py", sys.executable),
        "js": ("js", "mjs", "node"),
    }[name]
    file = folder / f"{what}.{suffix}"
    file.write_text(block(f"{language} {what}"))
    return f"{with_} {file}"


@pytest.fixture
def chosen(migrated_url: str, store: str, request: pytest.FixtureRequest) -> Settings:
    redis = "memory://" if store == "sqlite" else request.getfixturevalue("redis_url")
    return settings(migrated_url, redis)


@pytest.mark.parametrize(
    "asked", ["sh", "python", pytest.param("js", marks=NODE)], ids=["curl", "python", "js"]
)
@CURL
async def test_a_partner_asks_for_a_protocol(chosen: Settings, tmp_path: Path, asked: str) -> None:
    command = block("sh") if asked == "sh" else program(asked, "ask", tmp_path)
    async with served(chosen) as house:
        made = await house.world.do(signing.make_key, "loja", ["protocol"])
        ticket = await house.world.ticket()

        told = await run(command, URL=house.url, KEY=made.secret or "", PROTOCOL=ticket.protocol)

    assert ticket.protocol in told
    assert "RECEIVED" in told


@asynccontextmanager
async def taking(name: str, folder: Path, secret: str) -> AsyncIterator[tuple[str, Path]]:
    """The program of the page that takes events: where, and what it wrote."""
    port, said = free_port(), folder / "said"
    command = program(name, "take", folder)
    with said.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command.split(), stdout=out, env={"SECRET": secret, "PORT": str(port)}
        )
        try:
            yield f"http://127.0.0.1:{port}/", said
        finally:
            process.kill()
            await process.wait()


async def posted(url: str, body: bytes, **headers: str) -> int:
    """Its status, once it is there."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(PATIENCE):
        while True:
            try:
                answer = await client.post(url, content=body, headers=headers)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return answer.status_code


@pytest.mark.parametrize("name", ["python", pytest.param("js", marks=NODE)])
async def test_the_program_takes_what_is_signed_once_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    async with taking(name, tmp_path, "segredo") as (url, said):

        async def send(key: str, signature: str, body: bytes = BODY) -> int:
            headers = {"Idempotency-Key": key, signatures.HEADER: signature}
            return await posted(url, body, **headers)

        right = signatures.signature("segredo", BODY, now)
        statuses = [
            await send("1", right),
            await send("1", right),
            await send("2", signatures.signature("novo", BODY, now, "segredo")),
            await send("3", signatures.signature("outro", BODY, now)),
            await send("4", right, BODY + b" "),
            await send("5", signatures.signature("segredo", BODY, now - timedelta(minutes=6))),
            await send("6", ""),
            await send("7", "t=x,v1=zz"),
        ]

    assert statuses == [204, 204, 204, 401, 401, 401, 401, 401]
    assert said.read_text().splitlines() == [BODY.decode()] * 2


@pytest.mark.parametrize("name", ["python", pytest.param("js", marks=NODE)])
async def test_the_program_is_told_by_a_webhook(world: World, name: str, tmp_path: Path) -> None:
    on_this_machine(world)
    world.now = datetime.now(UTC)
    saved = await endpoint(world, "http://127.0.0.1:1/")
    async with taking(name, tmp_path, saved.secret or "") as (url, said):
        await posted(url, BODY)
        form = EndpointForm(id=saved.endpoint.id, name="avisos", url=url)
        await world.do(partnering.save_endpoint, form)
        ticket = await world.ticket()
        async with telling(world, timedelta(seconds=10)) as turns:
            await turns(2)

    told = [json.loads(line) for line in said.read_text().splitlines()]
    assert [(each["kind"], each["protocol"]) for each in told] == [
        ("TICKET_OPENED", ticket.protocol)
    ]


@OPENSSL
async def test_a_signature_is_checked_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(BODY)
    seconds, _, right = signatures.signature("segredo", BODY, datetime.now(UTC)).partition(",v1=")

    told = await run(block("sh verify"), T=seconds[2:], BODY=str(file), SECRET="segredo")

    assert told.strip() == right
