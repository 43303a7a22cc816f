"""Where a measurement happens: a database of its own, a real server process, and plain clients."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

ROOT = Path(__file__).resolve().parent.parent
LOG = os.O_CREAT | os.O_WRONLY | os.O_APPEND
PASSWORD = secrets.token_urlsafe(12)


class Client:
    """HTTP/1.1 over one kept-alive connection, with as little of its own as possible."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.port = port
        self.token = token
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, query: str, **variables: Any) -> Any:
        status, body = await self.raw(json.dumps({"query": query, "variables": variables}).encode())
        answer = json.loads(body)
        if status != 200 or answer.get("errors"):
            raise RuntimeError(f"{status}: {body[:500]!r}")
        for payload in answer["data"].values():
            if isinstance(payload, dict) and payload.get("userErrors"):
                raise RuntimeError(str(payload["userErrors"]))
        return answer["data"]

    async def raw(self, body: bytes) -> tuple[int, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self._reader is not None
        head = [
            "POST /graphql HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if self.token:
            head.append(f"Authorization: Bearer {self.token}")
        self._writer.write("\r\n".join([*head, "", ""]).encode() + body)
        raw = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        lines = raw.split("\r\n")
        length = next(int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length"))
        return int(lines[0].split()[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


@dataclass
class Stage:
    """A running server with one level, one account, an administrator and some attendants."""

    port: int
    dsn: str
    token: str
    level: str
    account: str
    attendants: list[str] = field(default_factory=list)
    server: int = 0
    """The process that answers."""
    environment: dict[str, str] = field(default_factory=dict)
    """What another process of the same house is started with."""

    def client(self, token: str | None = None) -> Client:
        return Client(self.port, token or self.token)


@asynccontextmanager
async def database(admin: str) -> AsyncIterator[str]:
    """A new empty database beside the given one."""
    name = f"guiche_bench_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(admin)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(admin)._replace(path=f"/{name}").geturl()
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@asynccontextmanager
async def stage(
    admin: str, redis: str, attendants: int = 8, **settings: str
) -> AsyncIterator[Stage]:
    async with database(admin) as dsn:
        folder = tempfile.mkdtemp(prefix="guiche-bench-")
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": dsn,
            "REDIS_URL": redis,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LOG_LEVEL": "ERROR",
            # What is measured is how much it does, not how much it lets one caller do.
            "COST_PER_MINUTE": "0",
            "SIGN_IN_TRIES": "10000",
            "SIGN_IN_TRIES_OF_ADDRESS": "100000",
            # A PostgreSQL started for the occasion has fsync off; the figures say so.
            "ALLOW_UNSAFE_DATABASE": "true",
            "GUICHE_PASSWORD": PASSWORD,
            **settings,
        }

        def guiche(*words: str) -> list[str]:
            return [sys.executable, "-c", "from server.cli import app; app()", *words]

        for words in (
            ("migrate",),
            ("workspace", "add", "Bench"),
            ("user", "add", "admin@example.com", "--role", "ADMIN", "--workspace", "Bench"),
        ):
            subprocess.run(guiche(*words), env=environment, cwd=folder, check=True, stdout=-3)
        port = 8400 + secrets.randbelow(400)
        words, log = guiche("serve", "--port", str(port)), os.open(f"{folder}/log", LOG)
        server = subprocess.Popen(words, env=environment, cwd=folder, stderr=log)
        os.close(log)
        try:
            await _ready(port)
            tokens, level, account = await furnish(lambda token: Client(port, token), attendants)
            yield Stage(port, dsn, tokens[0], level, account, tokens[1:], server.pid, environment)
        finally:
            server.terminate()
            server.wait(20)


async def _ready(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server did not start")


def save(thing: str, field: str) -> str:
    return (
        f"mutation($i: Save{thing}Input!) {{ save{thing}(input: $i) {{ "
        f"{field} {{ id }} userErrors {{ code message }} }} }}"
    )


async def furnish(
    connect: Callable[[str | None], Client], attendants: int
) -> tuple[list[str], str, str]:
    """Tokens of the administrator and of the attendants, a level, and an account of it."""
    nobody = connect(None)

    async def token(email: str) -> str:
        answer = await nobody.ask(
            "mutation($i: SignInInput!) { signIn(input: $i) { accessToken userErrors { code } } }",
            i={"email": email, "password": PASSWORD},
        )
        return str(answer["signIn"]["accessToken"])

    admin = connect(await token("admin@example.com"))
    people = []
    for number in range(attendants):
        answer = await admin.ask(
            save("User", "user"),
            i={
                "name": f"Attendant {number}",
                "email": f"a{number}@example.com",
                "role": "ATTENDANT",
                "password": PASSWORD,
            },
        )
        people.append(answer["saveUser"]["user"]["id"])
    answer = await admin.ask(
        save("Account", "account"),
        i={"network": "X", "name": "bench"},
    )
    account = answer["saveAccount"]["account"]["id"]
    answer = await admin.ask(
        save("Level", "level"),
        i={
            "name": "Bench",
            "members": [{"userId": each} for each in people],
            "accountIds": [account],
        },
    )
    level = answer["saveLevel"]["level"]["id"]
    await admin.ask(
        save("Monitoring", "monitoring"),
        i={"name": "Bench", "levelId": level, "accountIds": [account]},
    )
    tokens = [await token(f"a{number}@example.com") for number in range(attendants)]
    assert admin.token is not None
    return [admin.token, *tokens], level, account
