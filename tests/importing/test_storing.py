"""Files stored: tickets with the history they had elsewhere, once, whatever happens meanwhile."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from channels import registry
from domain.model.ticket import Ticket
from domain.operations import handling, levelling, organizing
from domain.position import Cursors
from domain.rules import access
from domain.rules.membership import TicketFilter
from domain.words import (
    CloseReason,
    GroupingMode,
    Network,
    OrderDirection,
    Priority,
    TicketOrderField,
    TicketOrigin,
    TicketStatus,
)
from importing.accounts import UnknownAccount
from importing.conversation import ImportedConversation
from importing.mapping import load_mapping
from importing.reading import read
from importing.report import ImportReport
from importing.storing import store
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from storage.files import FileStore
from storage.work import Storage
from tests.world import FIRST_HUNDRED, World

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GUICHE_DATA", ROOT.parent / "shared" / "data"))
MAPS = ROOT / "examples" / "import"

MAP = """
format = "jsonl"
shape = "nested"
[conversation]
id = "{id}"
account = "{account}"
subject = "{subject}"
ticket_type = "{type}"
tags = ["{tag}"]
closed_at = "{closed_at}"
status = { column = "status", values = { "novo" = "NEW", "aberto" = "OPEN", "espera" = "PENDING", \
"passado adiante" = "ESCALATED", "resolvido" = "RESOLVED", "fim" = "CLOSED" } }
close_reason = "ANSWERED"
priority = { column = "priority", values = { "alta" = "HIGH" } }
[messages]
list = "said"
id = "{id}"
text = "{text}"
at = "{at}"
kind = "COMMENT"
inbound = { column = "who", values = ["c"], otherwise = ["e"] }
[consumer]
id = "{@row.customer}"
name = "{@row.customer}"
[company]
id = "loja"
name = "Loja"
"""


@dataclass
class Desk:
    """A world with an account, and files to import into it."""

    world: World
    folder: Path

    async def imported(self, *rows: dict[str, Any], **options: Any) -> ImportReport:
        file, mapping = self.folder / "f.jsonl", self.folder / "map.toml"
        file.write_text("\n".join(json.dumps(row) for row in rows))
        mapping.write_text(MAP)
        found = load_mapping(mapping)
        return await store(self.world.storage, self.world.workspace.id, file, found, **options)

    async def tickets(self) -> Sequence[Ticket]:
        async with self.world.storage.reading(self.world.system) as work:
            page = await work.tickets.page(
                TicketFilter(), TicketOrderField.OPENED_AT, OrderDirection.ASC, FIRST_HUNDRED
            )
        return page.nodes

    async def ticket(self) -> Ticket:
        [ticket] = await self.tickets()
        return ticket

    def refused(self) -> list[dict[str, str]]:
        with (self.folder / "f.jsonl.refused.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
async def desk(world: World, tmp_path: Path) -> Desk:
    await world.account("loja", Network.FACEBOOK)
    return Desk(world, tmp_path)


def said(number: int, who: str = "c", words: str = "", hour: int | None = None) -> dict[str, str]:
    at = f"2025-03-10T{number if hour is None else hour:02}:00:00+00:00"
    return {"id": f"m{number}", "who": who, "text": words or f"mensagem {number}", "at": at}


def row(*messages: dict[str, str], **more: str) -> dict[str, Any]:
    usual = {"id": "c1", "account": "loja", "subject": "", "type": "", "tag": "", "closed_at": ""}
    rest = {"status": "", "priority": "", "customer": "maria"}
    return {**usual, **rest, **more, "said": list(messages)}


def on(hour: int) -> datetime:
    return datetime(2025, 3, 10, hour, tzinfo=UTC)


async def test_a_conversation_becomes_a_ticket_with_the_history_it_had(desk: Desk) -> None:
    whole = row(
        said(1),
        said(2, "e"),
        said(3),
        status="fim",
        closed_at="2025-03-10T09:00:00+00:00",
        subject="Cadeira quebrada",
        tag="troca",
        type="suporte técnico",
        priority="alta",
    )

    report = await desk.imported(whole)

    assert (report.opened, report.occurrences, report.replies, report.refused) == (1, 2, 1, 0)
    ticket = await desk.ticket()
    assert (ticket.status, ticket.close_reason) == (TicketStatus.CLOSED, CloseReason.ANSWERED)
    assert (ticket.origin, ticket.priority) == (TicketOrigin.IMPORT, Priority.HIGH)
    assert (ticket.subject, tuple(ticket.tags)) == ("Cadeira quebrada", ("troca",))
    assert (ticket.opened_at, ticket.occurred_at, ticket.closed_at) == (on(1), on(1), on(9))
    assert ticket.updated_at == on(9)
    assert ticket.protocol.startswith("20250309"), "the day in São Paulo"
    assert ticket.type_id is not None
    assert ticket.grouping_key is not None
    history = await desk.world.history(ticket)
    assert [(entry.kind.value, entry.at.hour, entry.actor_name) for entry in history] == [
        ("TICKET_OPENED", 1, "maria"),
        ("OCCURRENCE_RECEIVED", 1, "maria"),
        ("REPLY_SENT", 2, "Loja"),
        ("OCCURRENCE_RECEIVED", 3, "maria"),
        ("STATUS_CHANGED", 9, "Importação"),
    ]
    assert ticket.interactions_count == len(history)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("novo", TicketStatus.NEW),
        ("aberto", TicketStatus.OPEN),
        ("espera", TicketStatus.PENDING),
        ("passado adiante", TicketStatus.ESCALATED),
        ("resolvido", TicketStatus.RESOLVED),
        ("fim", TicketStatus.CLOSED),
    ],
)
async def test_the_file_says_how_it_ended(desk: Desk, word: str, status: TicketStatus) -> None:
    await desk.imported(row(said(1), said(2, "e"), said(3), status=word))

    assert (await desk.ticket()).status is status


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([said(1)], TicketStatus.NEW),
        ([said(1), said(2)], TicketStatus.OPEN),
        ([said(1), said(2, "e")], TicketStatus.OPEN),
    ],
)
async def test_where_it_does_not_the_messages_say(
    desk: Desk, messages: list[dict[str, str]], status: TicketStatus
) -> None:
    await desk.imported(row(*messages))

    assert (await desk.ticket()).status is status


async def test_the_same_file_again_adds_nothing(desk: Desk) -> None:
    rows = [
        row(said(1), said(2, "e"), status="fim"),
        row(said(3), id="c2", customer="ana"),
    ]
    await desk.imported(*rows)
    before = [ticket.model_dump() for ticket in await desk.tickets()]

    report = await desk.imported(*rows)

    assert (report.opened, report.continued, report.unchanged) == (0, 0, 2)
    assert (report.occurrences, report.replies, report.already_there) == (0, 0, 3)
    assert [ticket.model_dump() for ticket in await desk.tickets()] == before


async def test_a_conversation_that_has_grown_goes_on_in_its_ticket(desk: Desk) -> None:
    await desk.imported(row(said(1), said(2, "e"), status="resolvido"))

    report = await desk.imported(
        row(said(1), said(2, "e"), said(4), said(5, "e"), status="fim", closed_at="")
    )

    assert (report.opened, report.continued, report.already_there) == (0, 1, 2)
    ticket = await desk.ticket()
    assert (ticket.status, ticket.reopen_count, ticket.closed_at) == (
        TicketStatus.CLOSED,
        1,
        on(5),
    )
    history = await desk.world.history(ticket)
    assert [entry.kind.value for entry in history][4:] == [
        "OCCURRENCE_RECEIVED",
        "REOPENED",
        "REPLY_SENT",
        "STATUS_CHANGED",
    ]
    assert ticket.interactions_count == len(history)


async def test_a_closed_ticket_keeps_what_its_file_adds(desk: Desk) -> None:
    await desk.imported(row(said(1), status="fim"))

    await desk.imported(row(said(1), said(2, "e"), said(3), status="fim"))

    ticket = await desk.ticket()
    assert (ticket.status, ticket.version) == (TicketStatus.CLOSED, 2)
    assert (await desk.world.story(ticket))[-2:] == ["REPLY_SENT", "OCCURRENCE_RECEIVED"]


async def test_what_goes_on_after_the_end_opens_another_ticket(desk: Desk) -> None:
    await desk.imported(row(said(1), status="fim"))

    await desk.imported(row(said(1), said(2), status="aberto"))

    first, second = await desk.tickets()
    assert first.status is TicketStatus.CLOSED
    assert (second.status, second.previous_ticket_id) == (TicketStatus.OPEN, first.id)


async def test_a_new_message_joins_an_imported_conversation(desk: Desk) -> None:
    await desk.imported(row(said(1), status="aberto"))
    [account] = await accounts(desk.world)

    ticket = await desk.world.heard(account, author="maria", thread="c1", external_id="live")

    assert ticket.id == (await desk.ticket()).id


async def test_after_an_imported_end_a_message_opens_the_next_ticket(desk: Desk) -> None:
    await desk.imported(row(said(1), status="fim"))
    imported = await desk.ticket()
    [account] = await accounts(desk.world)

    ticket = await desk.world.heard(account, author="maria", thread="c1", external_id="live")

    assert ticket.previous_ticket_id == imported.id


async def test_open_cases_of_one_publisher_stay_apart(desk: Desk) -> None:
    await desk.world.arrange(desk.world.triage, grouping=GroupingMode.PUBLISHER)
    rows = [row(said(each), id=f"c{each}", status="aberto") for each in (1, 2, 3)]

    report = await desk.imported(*rows)
    again = await desk.imported(*rows)

    assert (report.opened, again.opened, again.unchanged) == (3, 0, 3)
    keys = [ticket.grouping_key for ticket in await desk.tickets()]
    assert len([key for key in keys if key]) == 1


async def test_the_level_is_the_one_that_watches_the_account(desk: Desk) -> None:
    [account] = await accounts(desk.world)
    finance = await desk.world.level("Financeiro")
    await desk.world.watch(account, finance, ["boleto"])

    await desk.imported(
        row(said(1, words="Meu BOLETO venceu"), customer="a"),
        row(said(2, words="Cadê?"), id="c2", customer="b"),
    )

    assert [ticket.level_id for ticket in await desk.tickets()] == [
        finance.id,
        desk.world.triage.id,
    ]


async def test_one_bad_conversation_does_not_stop_the_others(desk: Desk) -> None:
    late = {**said(1), "id": "late", "at": "2031-01-01T00:00:00+00:00"}
    long = {**said(2), "id": "long", "text": "a" * 40_001}

    report = await desk.imported(
        row(late, id="c1"),
        row(long, said(3), id="c2"),
        row(said(4), id="c3", account="outra"),
        row(said(5), id="c4", type="=Inexistente"),
        row(said(6), id="c" * 201),
        row(said(7), id="c6"),
    )

    assert (report.conversations, report.opened, report.refused_conversations) == (6, 2, 4)
    refused = desk.refused()
    assert [(each["line"], each["column"]) for each in refused] == [
        ("3", "account"),
        ("4", "ticket_type"),
        ("1", "at"),
        ("2", "text"),
        ("5", "id"),
    ]
    assert 'no ticket type called "=Inexistente"' in refused[1]["reason"]
    assert refused[1]["value"] == "'=Inexistente"
    assert report.refused == sum(report.reasons.values()) == 5
    assert any("refusals, listed in" in line for line in report.lines())


async def test_without_refusals_there_is_no_file_of_them(desk: Desk) -> None:
    await desk.imported(row(said(1), account="outra"))
    assert len(desk.refused()) == 1

    report = await desk.imported(row(said(1)))

    assert report.refused_file is None
    assert not (desk.folder / "f.jsonl.refused.csv").exists()


async def test_accounts_are_found_made_or_named(desk: Desk) -> None:
    found = await desk.imported(row(said(1), account="@LOJA"))
    made = await desk.imported(row(said(2), id="c2", account="@nova"), create_accounts=True)
    named = await desk.imported(row(said(3), id="c3", account="qualquer"), account="nova")
    with pytest.raises(UnknownAccount):
        await desk.imported(row(said(4), id="c4"), account="ninguém")

    assert (found.opened, made.opened, named.opened) == (1, 1, 1)
    assert made.accounts_made == ["nova"]
    names = {account.name: account.id for account in await accounts(desk.world)}
    of = [ticket.account_id for ticket in await desk.tickets()]
    assert of == [names["loja"], names["nova"], names["nova"]]


async def test_what_was_removed_does_not_come_back(desk: Desk) -> None:
    await desk.imported(row(said(1), status="aberto"))
    await desk.world.do(handling.remove, (await desk.ticket()).id, "pedido do titular")

    same = await desk.imported(row(said(1), status="aberto"))
    grown = await desk.imported(row(said(1), said(2), said(3, "e"), status="aberto"))

    assert (same.unchanged, same.refused) == (1, 0)
    assert (grown.opened, grown.continued, grown.refused) == (0, 0, 1)
    assert await desk.tickets() == []


async def test_the_refusals_are_never_written_over_the_file(desk: Desk) -> None:
    file = desk.folder / "f.jsonl"

    with pytest.raises(ValueError, match="written over"):
        await desk.imported(row(said(1)), report_path=file)

    assert file.exists()


async def accounts(world: World) -> Sequence[Any]:
    async with world.storage.reading(world.system) as work:
        return await work.accounts.all()


# ── killed in the middle ─────────────────────────────────────────────────────────────────────────

KILLED = """
import asyncio, os, signal, sys, threading
from pathlib import Path
from uuid import UUID
from domain.position import Cursors
from importing.mapping import load_mapping
from channels import registry
from importing.storing import store
from server.secrets import Keyring
from storage.engine import open_database
from storage.files import FileStore
from storage.work import Storage

async def main(url, workspace, file, mapping):
    def told(report, progress):
        if report.conversations >= 120:
            # Not now, between two batches, but in the middle of the next one.
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGKILL)).start()
    async with open_database(url) as database:
        files = FileStore.at("memory://")
        storage = Storage(database, Keyring("x" * 40), Cursors(UUID(int=0)), files, registry)
        await store(storage, UUID(workspace), Path(file), load_mapping(Path(mapping)),
                    create_accounts=True, batch=40, on_progress=told)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_an_import_that_was_killed_is_started_again(
    migrated_url: str, tmp_path: Path
) -> None:
    rows = [
        row(said(1), said(2, "e"), status="fim", id=f"c{each}", customer=f"p{each}")
        for each in range(800)
    ]
    for each, one in enumerate(rows):
        one["said"] = [{**message, "id": f"{each}-{message['id']}"} for message in one["said"]]
    file, mapping = tmp_path / "many.jsonl", tmp_path / "map.toml"
    file.write_text("\n".join(json.dumps(one) for one in rows))
    mapping.write_text(MAP)
    async with company(migrated_url) as (_, workspace_id):
        pass

    arguments = [migrated_url, str(workspace_id), str(file), str(mapping)]
    command = [sys.executable, "-c", KILLED, *arguments]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.PIPE)
    _, complaint = await child.communicate()

    assert child.returncode == -signal.SIGKILL, complaint.decode()
    async with company(migrated_url) as (storage, _):
        stopped = await counted(storage)
        assert 120 <= stopped["ticket"] < 800
        found = load_mapping(mapping)
        report = await store(storage, workspace_id, file, found, create_accounts=True)

        assert (report.unchanged, report.opened) == (stopped["ticket"], 800 - stopped["ticket"])
        assert await counted(storage) == {
            "ticket": 800,
            "occurrence": 800,
            "reply": 800,
            "history_entry": 3_200,
            "publisher": 800,
        }


# ── real files ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real input is not here")
@pytest.mark.parametrize(
    ("name", "example", "conversations"),
    [
        ("reclameaqui_threads.jsonl.gz", "reclameaqui_threads", 3_000),
        ("twcs_sample.csv.gz", "twcs_sample", 1_101),
        ("twitter_care_conversations.jsonl.gz", "twitter_care_conversations", 725),
        ("consumidor_gov_raw_cp1252.csv", "consumidor_gov", 150),
    ],
)
async def test_real_files(
    migrated_url: str, tmp_path: Path, name: str, example: str, conversations: int
) -> None:
    mapping = load_mapping(MAPS / f"{example}.toml")
    items = list(read(DATA / name, mapping))
    told = [item for item in items if isinstance(item, ImportedConversation)]
    directions = Counter(message.inbound for item in told for message in item.messages)
    options: dict[str, Any] = {
        "account": "suporte",
        "create_accounts": True,
        "report_path": tmp_path / "refused.csv",
    }
    async with company(migrated_url) as (storage, workspace_id):
        report = await store(storage, workspace_id, DATA / name, mapping, **options)

        assert report.conversations == report.opened == conversations
        assert (report.occurrences, report.replies) == (directions[True], directions[False])
        assert report.refused == len(items) - len(told)
        counts = await counted(storage)
        assert counts["ticket"] == conversations
        assert (counts["occurrence"], counts["reply"]) == (directions[True], directions[False])
        assert await unequal(storage) == 0

        again = await store(storage, workspace_id, DATA / name, mapping, **options)

        assert (again.unchanged, again.opened, again.continued) == (conversations, 0, 0)
        assert await counted(storage) == counts


@asynccontextmanager
async def company(url: str) -> AsyncIterator[tuple[Storage, UUID]]:
    """A database of its own with one company in it; found again when it is there already."""
    async with open_database(url) as database:
        await migrating.migrate(database)
        storage = Storage(
            database, Keyring("x" * 40), Cursors(uuid4()), FileStore.at("memory://"), registry
        )
        async with storage.work(access.system(UUID(int=0))) as work:
            known = await work.identities.workspaces()
            workspace = known[0] if known else await organizing.found_workspace(work, "Empório")
        async with storage.work(access.system(workspace.id)) as work:
            if not known:
                await levelling.save_level(work, levelling.LevelForm(name="Triagem"))
        yield storage, workspace.id


async def counted(storage: Storage) -> dict[str, int]:
    tables = ("ticket", "occurrence", "reply", "history_entry", "publisher")
    async with storage.database.reader.connect() as connection:
        return {
            each: (await connection.execute(text(f"SELECT count(*) FROM {each}"))).scalar_one()
            for each in tables
        }


async def unequal(storage: Storage) -> int:
    async with storage.database.reader.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT count(*) FROM ticket WHERE interactions_count <> "
                "(SELECT count(*) FROM history_entry WHERE ticket_id = ticket.id)"
            )
        )
        return int(found.scalar_one())
