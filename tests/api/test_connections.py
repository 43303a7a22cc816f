"""How an account is reached: saved by administrators, kept sealed, and never shown again."""

import json
from typing import Any

import pytest

from domain.words import Network, Role
from tests.api.desk import Desk, gid, plain
from tests.world import Person

SAVE = (
    "mutation($i: SaveAccountInput!) { saveAccount(input: $i) { account { id externalId connected }"
    " userErrors { code message field } } }"
)
SMTP = {"host": "smtp.example.com", "user": "sac", "password": "senha-secreta"}
IMAP = {"host": "imap.example.com", "user": "sac", "password": "senha-secreta"}
CONNECTION: dict[str, Any] = {"address": "SAC@Padaria.com.br", "smtp": SMTP, "imap": IMAP}


async def save(desk: Desk, who: Person, connection: Any, **more: Any) -> Any:
    told = connection if isinstance(connection, str) else json.dumps(connection)
    asked = {"network": "EMAIL", "name": "SAC", "connection": told, **more}
    return await desk.ask(SAVE, who, i=asked)


@pytest.fixture
async def boss(desk: Desk) -> Person:
    return await desk.world.person("Chefe", role=Role.ADMIN)


async def test_a_connection_is_kept_sealed_and_whole(desk: Desk, boss: Person) -> None:
    saved = await save(desk, boss, CONNECTION)

    assert saved["userErrors"] == []
    assert saved["account"]["connected"]
    assert saved["account"]["externalId"] == "sac@padaria.com.br"
    assert "senha-secreta" not in plain(saved)
    async with desk.world.storage.reading(desk.world.system) as work:
        account = await work.accounts.on_network(Network.EMAIL, "SAC")
        assert account is not None
        assert account.sealed_connection is not None
        assert b"senha-secreta" not in account.sealed_connection
        kept = json.loads(work.secrets.unseal(account.sealed_connection))
    assert kept == {
        "address": "sac@padaria.com.br",
        "fromName": "",
        "smtp": {**SMTP, "port": 465, "security": "tls"},
        "imap": {**IMAP, "port": 993, "security": "tls", "folder": "INBOX"},
    }


async def test_nothing_said_leaves_it_and_an_empty_text_takes_it_away(
    desk: Desk, boss: Person
) -> None:
    account = (await save(desk, boss, CONNECTION))["account"]["id"]
    same = {"id": account, "network": "EMAIL", "name": "SAC"}

    kept = await desk.ask(SAVE, boss, i=same)
    gone = await desk.ask(SAVE, boss, i={**same, "connection": ""})

    assert kept["account"]["connected"]
    assert not gone["account"]["connected"]


@pytest.mark.parametrize(
    ("connection", "field"),
    [
        ("{", []),
        ("[]", []),
        ("[" * 9_000, []),
        ({}, ["address"]),
        ({**CONNECTION, "address": "ninguém"}, ["address"]),
        ({**CONNECTION, "address": "a@b.com\r\nBcc: c@d.com"}, ["address"]),
        ({**CONNECTION, "fromName": "SAC\r\nBcc: c@d.com"}, ["fromName"]),
        ({**CONNECTION, "fromName": 7}, ["fromName"]),
        ({"address": "a@example.com"}, ["smtp"]),
        ({**CONNECTION, "smtp": "smtp.example.com"}, ["smtp"]),
        ({**CONNECTION, "smtp": {}}, ["smtp", "host"]),
        ({**CONNECTION, "smtp": {**SMTP, "host": "smtp example"}}, ["smtp", "host"]),
        ({**CONNECTION, "smtp": {**SMTP, "port": 0}}, ["smtp", "port"]),
        ({**CONNECTION, "smtp": {**SMTP, "port": 65_536}}, ["smtp", "port"]),
        ({**CONNECTION, "smtp": {**SMTP, "port": True}}, ["smtp", "port"]),
        ({**CONNECTION, "smtp": {**SMTP, "user": "a\nb"}}, ["smtp", "user"]),
        ({**CONNECTION, "smtp": {"host": "h", "user": "a"}}, ["smtp", "password"]),
        ({**CONNECTION, "smtp": {**SMTP, "security": "ssl"}}, ["smtp", "security"]),
        ({**CONNECTION, "smtp": {**SMTP, "security": ["tls"]}}, ["smtp", "security"]),
        ({**CONNECTION, "smtp": {**SMTP, "security": "none"}}, ["smtp", "security"]),
        ({**CONNECTION, "smtp": {**SMTP, "tls": True}}, ["smtp", "tls"]),
        ({**CONNECTION, "imap": {"host": "h"}}, ["imap", "user"]),
        ({**CONNECTION, "imap": {**IMAP, "folder": "a\r\nb"}}, ["imap", "folder"]),
        ({**CONNECTION, "imap": {**IMAP, "security": "none"}}, ["imap", "security"]),
        ({**CONNECTION, "pop3": {}}, ["pop3"]),
    ],
)
async def test_what_will_not_do_is_refused_by_its_name(
    desk: Desk, boss: Person, connection: Any, field: list[str]
) -> None:
    refused = await save(desk, boss, connection)

    assert refused["account"] is None
    [error] = refused["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["connection", *field])


async def test_what_cannot_be_read_is_called_by_its_name(desk: Desk, boss: Person) -> None:
    refused = await save(desk, boss, "{")

    assert "connection" in refused["userErrors"][0]["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_on_this_machine_nothing_needs_to_be_encrypted(
    desk: Desk, boss: Person, host: str
) -> None:
    server = {"host": host, "security": "none"}

    saved = await save(desk, boss, {"address": "a@example.com", "smtp": server})

    assert saved["userErrors"] == []


async def test_a_network_that_sends_nothing_has_no_connection(desk: Desk, boss: Person) -> None:
    refused = await save(desk, boss, CONNECTION, network="PHONE")

    assert refused["userErrors"][0]["field"] == ["connection"]


async def test_other_people_see_whether_and_not_how(desk: Desk, boss: Person) -> None:
    account = (await save(desk, boss, CONNECTION))["account"]["id"]
    ana = await desk.world.person("Ana", level=desk.world.triage)

    seen = await desk.ask("{ accounts { id connected externalId } }", ana)

    [shown] = [each for each in seen if each["id"] == account]
    assert shown["connected"]
    assert "senha-secreta" not in plain(seen)


async def test_a_message_shows_what_it_looked_like(desk: Desk) -> None:
    world = desk.world
    inbox = await world.account("SAC", network=Network.EMAIL)
    await world.watch(inbox, world.triage)
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.heard(inbox, subject="Bolo", html="<p>Oi</p>", text="Oi")

    shown = await desk.ask(
        "query($id: ID!) { ticket(id: $id) { subject occurrences(first: 1) {"
        " nodes { subject text html automated } } } }",
        ana,
        id=gid(ticket),
    )

    assert shown["subject"] == "Bolo"
    assert shown["occurrences"]["nodes"] == [
        {"subject": "Bolo", "text": "Oi", "html": "<p>Oi</p>", "automated": False}
    ]
