"""What one write costs: statements, processor time, and where it goes.

    python -m bench.writes                       # PostgreSQL from DATABASE_URL, else started
    python -m bench.writes --store sqlite
    python -m bench.writes --profile create      # the functions that cost most

The whole application is asked inside this process, without a socket: everything that a server does
for a mutation but reading and writing HTTP. Time is the processor's, of this process alone; the
database's is not in it. Every answer is checked.
"""

import argparse
import cProfile
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop
from sqlalchemy import event
from starlette.applications import Starlette

from bench.run import RECEIVE, RECEIVE_ONE, message
from bench.stage import PASSWORD, Client, database, furnish
from domain.operations import levelling, organizing
from domain.operations.levelling import LevelForm
from domain.operations.organizing import UserForm
from domain.rules import access
from domain.words import Role
from server.asgi import create
from server.logging import set_up
from server.opening import NOBODY
from server.settings import Settings
from storage import migrating
from storage.engine import open_database
from storage.work import Storage
from tests import services

# What the harness that compares servers asks, word for word.
CREATE = """mutation C($input: OpenTicketInput!) { openTicket(input: $input) {
  ticket { id protocol version } userErrors { code message } } }"""
CLAIM = """mutation K($input: GetTicketsInput!) { getTickets(input: $input) {
  tickets { id version assignee { id } } userErrors { code message } } }"""
STATUS = """mutation S($input: UpdateTicketInput!) { updateTicket(input: $input) {
  ticket { id status version } userErrors { code message } } }"""


class Inside(Client):
    """The application, asked in this process."""

    def __init__(self, app: Starlette, token: str | None = None) -> None:
        super().__init__(0, token)
        self.app = app

    async def raw(self, body: bytes) -> tuple[int, bytes]:
        headers = [(b"host", b"here"), (b"content-type", b"application/json")]
        if self.token:
            headers.append((b"authorization", f"Bearer {self.token}".encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        status, pieces = 0, []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(said: Any) -> None:
            nonlocal status
            status = said.get("status", status)
            pieces.append(said.get("body", b""))

        await self.app(scope, receive, send)
        return status, b"".join(pieces)


@dataclass
class Desk:
    """Somebody who opens, claims and puts off tickets, and a program that hands messages in."""

    person: Client
    program: Client
    level: str
    account: str
    publisher: str
    claimed: list[Any] = field(default_factory=list)

    async def create(self) -> None:
        asked = {
            "levelId": self.level,
            "publisherId": self.publisher,
            "priority": "HIGH",
            "subject": "Late order",
            "comment": "bench",
        }
        answer = await self.person.ask(CREATE, input=asked)
        assert answer["openTicket"]["ticket"]["protocol"]

    async def claim(self) -> None:
        answer = await self.person.ask(CLAIM, input={"levelIds": [self.level], "count": 1})
        self.claimed.append(answer["getTickets"]["tickets"][0])

    async def status(self) -> None:
        ticket = self.claimed.pop()
        asked = {"ticketId": ticket["id"], "status": "PENDING"}
        answer = await self.person.ask(
            STATUS, input={**asked, "expectedVersion": ticket["version"]}
        )
        assert answer["updateTicket"]["ticket"]["version"] == ticket["version"] + 1

    async def receive(self) -> None:
        answer = await self.program.ask(RECEIVE_ONE, i=message(self.account))
        assert answer["receiveOccurrence"]["ticket"]

    async def batch(self) -> None:
        asked = {"occurrences": [message(self.account) for _ in range(500)]}
        answer = (await self.program.ask(RECEIVE, i=asked))["receiveOccurrences"]
        assert len([each for each in answer["results"] if each["ticket"]]) == 500


WRITES: dict[str, Callable[[Desk], Awaitable[None]]] = {
    "create": Desk.create,
    "claim": Desk.claim,
    "status": Desk.status,
    "receive": Desk.receive,
    "500 at once": Desk.batch,
}


@asynccontextmanager
async def open_desk(url: str, redis: str) -> AsyncIterator[tuple[Desk, Storage]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {
                "database_url": url,
                "redis_url": redis,
                "secret_key": "only for measuring, and longer than 32",
                "files_url": f"file://{folder}",
                "log_level": "ERROR",
                "allow_unsafe_database": True,
            }
        )
        async with open_database(url, pool_size=1) as empty:
            await migrating.migrate(empty)
        set_up(settings)
        app = create(settings)
        async with app.router.lifespan_context(app):
            storage: Storage = app.state.storage
            async with storage.work(NOBODY) as work:
                workspace = await organizing.found_workspace(work, "Bench")
            async with storage.work(access.system(workspace.id)) as work:
                organizing.usual_types(work)
                await levelling.save_level(work, LevelForm(name="Triagem"))
                form = UserForm(
                    name="Admin", email="admin@example.com", role=Role.ADMIN, password=PASSWORD
                )
                await organizing.save_user(work, form)
            tokens, level, account = await furnish(lambda token: Inside(app, token), 1)
            desk = Desk(Inside(app, tokens[1]), Inside(app, tokens[0]), level, account, "")
            desk.publisher = await _somebody(desk)
            yield desk, storage


async def _somebody(desk: Desk) -> str:
    asked = """mutation($i: OccurrenceInput!) { receiveOccurrence(input: $i) {
      ticket { publisher { id } } userErrors { code } } }"""
    answer = await desk.program.ask(asked, i=message(desk.account))
    return str(answer["receiveOccurrence"]["ticket"]["publisher"]["id"])


class Heard:
    """The statements that were sent since it was last asked."""

    def __init__(self, storage: Storage) -> None:
        self.sent: list[str] = []
        engines = [storage.database.writer.sync_engine]
        if storage.database.is_sqlite:  # on PostgreSQL the one is the other with options
            engines.append(storage.database.reader.sync_engine)
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            self.sent.append(statement)


async def measure(store: str, names: list[str], times: int, url: str, redis: str) -> None:
    async with open_desk(url, redis) as (desk, storage):
        heard = Heard(storage)
        print(f"{store}, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
        print("| write | statements | ms of processor, median | tenth |\n|---|---|---|---|")
        for name, write in WRITES.items():
            spans, counts = [], set()
            some = max(3, times // 100) if write is Desk.batch else times
            for number in range(some + 2):
                heard.sent.clear()
                began = time.process_time()
                await write(desk)
                if number > 1:
                    spans.append(time.process_time() - began)
                    counts.add(len(heard.sent))
            if not names or name in names:
                said = ", ".join(map(str, sorted(counts)))
                middle, low = (
                    statistics.median(spans) * 1000,
                    sorted(spans)[len(spans) // 10] * 1000,
                )
                print(f"| {name} | {said} | {middle:.2f} | {low:.2f} |", flush=True)


async def profile(name: str, times: int, lines: int, dump: str, url: str, redis: str) -> None:
    async with open_desk(url, redis) as (desk, storage):
        heard = Heard(storage)
        for each, write in WRITES.items():
            if write is Desk.batch and each != name:
                continue
            for _ in range(3 if each != name else 5):
                heard.sent.clear()
                await write(desk)
            if each == name:
                print("\n".join(f"{n}. {text}" for n, text in enumerate(heard.sent, 1)), "\n")
                break
            if write is Desk.create:
                for _ in range(times + 10):
                    await write(desk)
            if write is Desk.claim and name == "status":
                for _ in range(times + 10):
                    await write(desk)
        watch = cProfile.Profile(time.process_time)
        watch.enable()
        for _ in range(times):
            await WRITES[name](desk)
        watch.disable()
        shown = pstats.Stats(watch)
        if dump:
            shown.dump_stats(dump)
        shown.sort_stats("tottime").print_stats(lines)
        shown.sort_stats("cumulative").print_stats(lines * 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--profile", choices=list(WRITES))
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--dump", default="", help="a file for the whole profile")
    asked = parser.parse_args()

    async def run(url: str, redis: str) -> None:
        if asked.profile:
            await profile(asked.profile, asked.times, asked.lines, asked.dump, url, redis)
        else:
            only = [each for each in asked.only.split(",") if each]
            await measure(asked.store, only, asked.times, url, redis)

    async def on_postgres(admin: str, redis: str) -> None:
        async with database(admin) as url:
            await run(url, redis)

    with ExitStack() as stack:
        if asked.store == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            uvloop.run(run(f"sqlite:///{folder}/bench.db", "memory://"))
        else:
            postgres = stack.enter_context(services.postgres())
            uvloop.run(on_postgres(postgres, "memory://"))


if __name__ == "__main__":
    main()
