"""A real server to record, whoever watches it, and the page that is written of it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection

ROOT = Path(__file__).parents[1]
GUICHE = Path(sys.executable).with_name("guiche")
PATIENCE = 20.0
QUIET = 1.3
"""Seconds without a message after which the watcher has seen all: longer than a lost ring takes."""
PASSWORD = "uma-senha-comprida"
LONG = {
    "accessToken": 8,
    "cursor": 8,
    "feedCursor": 8,
    "after": 8,
    "basedOn": 8,
    "webhookSecret": 8,
}
AN_ID = re.compile(r"[A-Za-z0-9_-]{23}")
SIGN_IN = """\
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    me { user { name role } }
    userErrors { code message }
  }
}"""


class Server:
    """Guichê in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_", "OIDC_", "GUICHE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment = {
            **kept,
            "DATABASE_URL": f"sqlite:///{folder / 'guiche.db'}",
            "GUICHE_PASSWORD": PASSWORD,
            "LOG_LEVEL": "WARNING",
        }

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [str(GUICHE), *words],
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    @contextmanager
    def serving(self) -> Iterator[None]:
        running = subprocess.Popen(
            [str(GUICHE), "serve", "--port", str(self.port)], cwd=self.folder, env=self.environment
        )
        try:
            self._until_ready()
            yield
        finally:
            running.terminate()
            running.wait(PATIENCE)

    def _until_ready(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except (URLError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def ask(self, token: str | None, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = json.dumps({"query": document, "variables": variables}).encode()
        with urlopen(Request(self.url, body, headers), timeout=PATIENCE) as answer:
            told: dict[str, Any] = json.load(answer)
        if "errors" in told:
            raise SystemExit(f"refused: {json.dumps(told['errors'], ensure_ascii=False)}")
        return told["data"]  # type: ignore[no-any-return]


class Watcher:
    """A second client, who only looks."""

    def __init__(
        self,
        socket: ClientConnection,
        token: str,
        document: str,
        variables: dict[str, Any] | None = None,
    ) -> None:
        self.socket = socket
        self._send({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert json.loads(socket.recv(PATIENCE))["type"] == "connection_ack"
        payload = {"query": document, "variables": variables or {}}
        self._send({"id": "1", "type": "subscribe", "payload": payload})

    def _send(self, message: dict[str, Any]) -> None:
        self.socket.send(json.dumps(message))

    def seen(self) -> list[dict[str, Any]]:
        """Every message that came until it was quiet."""
        seen: list[dict[str, Any]] = []
        while True:
            try:
                message = json.loads(self.socket.recv(QUIET))
            except TimeoutError:
                return seen
            if message["type"] == "ping":
                self._send({"type": "pong"})
            elif message["type"] == "next":
                seen.append(message["payload"]["data"])
            else:
                raise SystemExit(f"the subscription ended: {message}")


class Page:
    """What was sent and answered, as it is written down."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def say(self, text: str) -> None:
        self.parts.append(text)

    def block(self, language: str, text: str) -> None:
        self.parts.append(f"```{language}\n{text.strip()}\n```")

    def json(self, value: Any) -> None:
        self.block("json", json.dumps(shortened(value), ensure_ascii=False, indent=2))

    def step(self, document: str, variables: dict[str, Any], answer: dict[str, Any]) -> None:
        self.block("graphql", document)
        if variables:
            self.say("Variables:")
            self.json(variables)
        self.say("Answer:")
        self.json(answer)

    def saw(self, seen: list[dict[str, Any]]) -> None:
        self.say("Davi saw:" if seen else "Davi saw nothing: nothing changed in his list.")
        for each in seen:
            self.json(each)

    def write(self, path: Path) -> None:
        path.write_text("\n\n".join(self.parts) + "\n")


def shortened(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: shortened(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each, name) for each in value]
    if isinstance(value, str):
        if name == "password":
            return "…"
        if name in LONG:
            return f"{value[: LONG[name]]}…"
        if AN_ID.fullmatch(value):
            return f"{value[:2]}…{value[-5:]}"
    return value
