"""A session with a real server, written down: docs/recorded-session.md.

    python -m scripts.record_session

A server on SQLite in a temporary folder, a small file imported, one person who works and one who
watches. What is sent and answered goes to the page as it was, but for shortened ids, cursors and
tokens.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "recorded-session.md"
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

ROWS = """\
numero,empresa,cliente,nome,texto,quando,situacao
1001,Loja Aurora,c-1,Joana Ribeiro,"Meu pedido veio com um copo a menos.",2026-01-15 09:12,Aberta
1002,Loja Aurora,c-2,Caio Prado,"Vocês entregam em Campinas?",2026-01-15 10:30,Aberta
1003,Loja Aurora,c-3,Lívia Moraes,"Recebi tudo certo, obrigada!",2026-01-14 18:00,Resolvida
1004,Loja Aurora,c-4,Rui Sá,"Quero trocar o tamanho.",ontem,Aberta
"""
MAP = """\
format = "csv"
shape = "row"

[time]
zone = "America/Sao_Paulo"
formats = ["%Y-%m-%d %H:%M"]

[conversation]
id = "{numero}"
account = "{empresa}"
status = { column = "situacao", values = { "Aberta" = "NEW", "Resolvida" = "RESOLVED" } }

[message]
text = "{texto}"
at = "{quando}"
kind = "COMMENT"

[consumer]
id = "{cliente}"
name = "{nome}"
"""

SIGN_IN = """\
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    me { user { name role } }
    userErrors { code message }
  }
}"""
SETTINGS = "query Settings { levels { id name version } accounts { id name network } }"
SAVE_USER = """\
mutation SaveUser($input: SaveUserInput!) {
  saveUser(input: $input) { user { id name role } userErrors { code message field } }
}"""
SAVE_LEVEL = """\
mutation SaveLevel($input: SaveLevelInput!) {
  saveLevel(input: $input) {
    level { id name version grouping accounts { name } members { capacity user { name } } }
    userErrors { code message field }
  }
}"""
QUEUE = """\
query Queue($filter: TicketFilter) {
  tickets(filter: $filter) {
    totalCount
    feedCursor
    nodes { id protocol status priority subject publisher { name } }
  }
}"""
WATCH = """\
subscription Watch($filter: TicketFilter, $after: String) {
  queueChanges(filter: $filter, after: $after) {
    cursor
    resync
    changes {
      kind
      ticketId
      ticket { protocol status assignee { name } }
      entry { kind actorName }
    }
  }
}"""
PULL = """\
mutation Pull($input: GetTicketsInput!) {
  getTickets(input: $input) {
    tickets { id protocol version status subject leaseExpiresAt assignee { name } }
    waiting
    userErrors { code message }
  }
}"""
START = """\
mutation Start($input: TicketInput!) {
  startTicket(input: $input) {
    ticket { version status leaseExpiresAt allowedStatuses }
    userErrors { code message }
  }
}"""
NOTE = """\
mutation Note($input: ReplyInput!) {
  reply(input: $input) {
    reply { visibility text author { name } }
    ticket { version status }
    userErrors { code message }
  }
}"""
FINISH = """\
mutation Finish($input: FinishTicketInput!) {
  finishTicket(input: $input) {
    ticket { version status closeReason closedAt }
    userErrors { code message }
  }
}"""
RECEIVE = """\
mutation Receive($input: OccurrenceInput!) {
  receiveOccurrence(input: $input) {
    duplicate
    occurrence { text publisher { name } }
    ticket { id protocol status previousTicket { protocol status } }
    userErrors { code message field }
  }
}"""
STORY = """\
query Story($id: ID!) {
  ticket(id: $id) {
    protocol
    status
    nextTicket { protocol }
    history(first: 20) { nodes { sequence kind actorName from to comment } }
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
        variables: dict[str, Any],
        document: str = WATCH,
    ) -> None:
        self.socket = socket
        self._send({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert json.loads(socket.recv(PATIENCE))["type"] == "connection_ack"
        payload = {"query": document, "variables": variables}
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


def record(server: Server, page: Page) -> None:
    (server.folder / "contacts.csv").write_text(ROWS)
    (server.folder / "contacts.toml").write_text(MAP)
    page.say(
        "# A recorded session\n\n"
        "What a real server was sent and what it answered, written down by "
        "`python -m scripts.record_session`. Ids, cursors and tokens are shortened; nothing else "
        "is changed. Bruna works, Davi watches the same list on a second connection."
    )
    page.say("## A company, and what it had before")
    for words in (
        ["migrate"],
        ["workspace", "add", "Loja Aurora"],
        ["user", "add", "admin@aurora.example", "--role", "ADMIN"],
    ):
        told = server.command(*words)
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        page.block("text", f"$ guiche {shown}\n{told}")
    page.say("Four contacts from another helpdesk, `contacts.csv`:")
    page.block("csv", ROWS)
    page.say("`contacts.toml` says what its columns mean:")
    page.block("toml", MAP)
    words = ["import", "contacts.csv", "--map", "contacts.toml", "--create-accounts"]
    told = server.command(*words, "--network", "INSTAGRAM")
    page.block("text", f"$ guiche {' '.join(words)} --network INSTAGRAM\n{told}")
    refused = (server.folder / "contacts.csv.refused.csv").read_text("utf-8-sig")
    page.say("The row whose date is none is in `contacts.csv.refused.csv`:")
    page.block("csv", refused)
    with server.serving():
        work(server, page)


def work(server: Server, page: Page) -> None:
    def step(token: str | None, document: str, **variables: Any) -> dict[str, Any]:
        answer = server.ask(token, document, variables)
        page.step(document, variables, answer)
        return answer

    def signed_in(email: str) -> str:
        variables = {"input": {"email": email, "password": PASSWORD}}
        token: str = server.ask(None, SIGN_IN, variables)["signIn"]["accessToken"]
        return token

    page.say("## The administrator signs in")
    account = {"email": "admin@aurora.example", "password": PASSWORD}
    admin = step(None, SIGN_IN, input=account)["signIn"]["accessToken"]

    page.say("## Two people, and the level they work in")
    people: dict[str, str] = {}
    for name in ("Bruna", "Davi"):
        given = {
            "name": name,
            "email": f"{name.lower()}@aurora.example",
            "role": "ATTENDANT",
            "password": PASSWORD,
        }
        if not people:
            saved = step(admin, SAVE_USER, input=given)
            page.say("The same for Davi. What is there already:")
        else:
            saved = server.ask(admin, SAVE_USER, {"input": given})
        people[name] = saved["saveUser"]["user"]["id"]
    there = step(admin, SETTINGS)
    level, account_id = there["levels"][0], there["accounts"][0]["id"]
    page.say(
        "The level that every workspace begins with gets its name, its account and its people:"
    )
    step(
        admin,
        SAVE_LEVEL,
        input={
            "id": level["id"],
            "expectedVersion": level["version"],
            "name": "Atendimento",
            "accountIds": [account_id],
            "members": [{"userId": people["Bruna"], "capacity": 5}, {"userId": people["Davi"]}],
        },
    )

    bruna, davi = signed_in("bruna@aurora.example"), signed_in("davi@aurora.example")
    page.say("## Davi reads what waits, and goes on watching")
    waiting = {"statuses": ["NEW", "OPEN", "ESCALATED"]}
    cursor = step(davi, QUEUE, filter=waiting)["tickets"]["feedCursor"]
    page.say(
        "By websocket, from the `feedCursor` of the list: what happens between the two is not "
        "missed. The first message says where the feed stands."
    )
    page.block("graphql", WATCH)
    page.say("Variables:")
    follow = {"filter": waiting, "after": cursor}
    page.json(follow)
    address = server.url.replace("http", "ws", 1)
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol]) as socket:
        watcher = Watcher(socket, davi, follow)
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## Bruna pulls a ticket")
        pulled = step(bruna, PULL, input={"count": 1, "idempotencyKey": "first"})
        ticket = pulled["getTickets"]["tickets"][0]
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She begins")
        started = step(bruna, START, input={"ticketId": ticket["id"]})
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She leaves a note")
        note = {"ticketId": ticket["id"], "visibility": "INTERNAL", "text": "Copo novo enviado."}
        noted = step(bruna, NOTE, input=note)
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She finishes")
        version = noted["reply"]["ticket"]["version"]
        assert version > started["startTicket"]["ticket"]["version"]
        finished = step(
            bruna,
            FINISH,
            input={
                "ticketId": ticket["id"],
                "closeReason": "ANSWERED",
                "comment": "Resolvido por telefone.",
                "expectedVersion": version,
            },
        )
        assert finished["finishTicket"]["ticket"]["status"] == "CLOSED"
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## The same person writes again")
        page.say("The ticket is closed, so a new one opens and points back.")
        received = step(
            admin,
            RECEIVE,
            input={
                "accountId": account_id,
                "externalId": "1001-2",
                "kind": "COMMENT",
                "author": {"externalId": "c-1", "name": "Joana Ribeiro"},
                "text": "O copo chegou quebrado!",
                "occurredAt": datetime.now(UTC).isoformat(timespec="seconds"),
                "threadId": "1001",
            },
        )
        before = received["receiveOccurrence"]["ticket"]["previousTicket"]
        assert before["protocol"] == ticket["protocol"]
        page.saw([each["queueChanges"] for each in watcher.seen()])

    page.say("## What stays")
    page.say("The whole story of the ticket that was closed:")
    step(bruna, STORY, id=ticket["id"])


def main() -> None:
    page = Page()
    with TemporaryDirectory(prefix="guiche-session-") as folder:
        record(Server(Path(folder)), page)
    page.write(PAGE)
    print(f"Written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
