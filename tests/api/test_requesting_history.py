"""`requestHistory`: by whoever handles the ticket or a partner's key, once for each key."""

from typing import Any

import pytest

from domain.model.ticket import Ticket
from domain.operations import correcting
from domain.operations.correcting import PublisherForm
from domain.rules.capability import Capability
from domain.words import Network, Role
from tests.api.desk import Desk, Json, gid, unknown
from tests.carrying import BOTH, carry
from tests.world import Person

REQUEST = """
mutation($i: RequestHistoryInput!) {
  requestHistory(input: $i) {
    historyRequest {
      protocol means requestedAt dueAt state sentAt documentHash ticket { version }
    }
    userErrors { code message field }
  }
}
"""
HISTORY = """
query($id: ID!) {
  ticket(id: $id) {
    history(last: 2) { nodes { kind field to automated reply { attachments { fileName } } } }
    sla { metric state dueAt }
  }
}
"""


@pytest.fixture
async def ticket(desk: Desk) -> Ticket:
    world = desk.world
    carry(world, {Network.SANDBOX: Capability(sends=BOTH, files_most=1)})
    account = await world.account()
    await world.watch(account, world.triage)
    await world.arrange(world.triage, account_ids=[account.id])
    ticket = await world.heard(account, text="Cadê meu pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf="52998224725")
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


@pytest.fixture
async def ana(desk: Desk) -> Person:
    return await desk.world.person("Ana", level=desk.world.triage)


async def ask(desk: Desk, by: Person | str, **given: Any) -> Json:
    told: Json = await desk.ask(REQUEST, by, i={"means": "CHANNEL", **given})
    return told


async def test_whoever_handles_it_is_told_by_when_and_sees_it_in_the_history(
    desk: Desk, ticket: Ticket, ana: Person
) -> None:
    version = (await desk.world.see(ticket)).version

    told = await ask(desk, ana, ticketId=gid(ticket), expectedVersion=version)

    asked = told["historyRequest"]
    assert told["userErrors"] == []
    assert (asked["protocol"], asked["means"], asked["state"], asked["sentAt"]) == (
        ticket.protocol,
        "CHANNEL",
        "QUEUED",
        None,
    )
    assert asked["dueAt"] == "2026-09-20T02:59:59Z"
    assert len(asked["documentHash"]) == 64
    assert asked["ticket"]["version"] == version + 1
    seen = await desk.ask(HISTORY, ana, id=gid(ticket))
    first, second = seen["history"]["nodes"]
    assert (first["kind"], first["field"]) == ("HISTORY_REQUESTED", "history")
    assert first["to"].startswith("CHANNEL 2026-09-20T02:59:59")
    files = [each["fileName"] for each in second["reply"]["attachments"]]
    assert (second["kind"], files) == ("REPLY_WRITTEN", [f"historico-{ticket.protocol}.pdf"])
    assert {"metric": "HISTORY", "state": "RUNNING", "dueAt": asked["dueAt"]} in seen["sla"]


async def test_a_partner_asks_by_protocol_and_is_told_nothing_of_the_ticket(
    desk: Desk, ticket: Ticket
) -> None:
    rh = await desk.world.level("RH")
    theirs, others = await desk.key("protocol"), await desk.key("protocol", levels=[rh])
    reader = await desk.key("read")

    told = await ask(desk, theirs, protocol=ticket.protocol)
    unseen = await ask(desk, others, protocol=ticket.protocol)
    nothing = await ask(desk, others, protocol="20260914000000005")
    refused = await desk.error(REQUEST, reader, i={"means": "CHANNEL", "protocol": ticket.protocol})

    assert told["historyRequest"]["ticket"] is None
    assert unseen == nothing
    assert nothing["userErrors"][0]["code"] == "NOT_FOUND"
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_acts_once_and_asked_anew_it_is_the_same_request(
    desk: Desk, ticket: Ticket, ana: Person
) -> None:
    first = await ask(desk, ana, ticketId=gid(ticket), idempotencyKey="k1")
    again = await ask(desk, ana, ticketId=gid(ticket), idempotencyKey="k1")
    other = await ask(desk, ana, protocol=ticket.protocol, means="EMAIL")

    assert first == again
    assert other["historyRequest"] == first["historyRequest"]
    assert (await desk.world.story(ticket)).count("HISTORY_REQUESTED") == 1


@pytest.mark.parametrize(
    ("given", "code", "field", "words"),
    [
        ({}, "INVALID", "ticketId", "pelo id ou pelo protocolo"),
        ({"ticketId": "T", "protocol": "P"}, "INVALID", "ticketId", "apenas um dos dois"),
        ({"protocol": "1" * 17}, "NOT_FOUND", "protocol", "Não há ticket com este protocolo"),
        ({"protocol": "x" * 10_000}, "NOT_FOUND", "protocol", "Não há ticket com este protocolo"),
        ({"ticketId": "T", "means": "EMAIL"}, "INVALID", "means", "não responde por nenhuma conta"),
        ({"ticketId": "T", "expectedVersion": 0}, "VERSION_CONFLICT", "expectedVersion", ""),
    ],
)
async def test_what_cannot_be_is_told_in_words_one_can_act_on(
    desk: Desk, ticket: Ticket, ana: Person, given: Json, code: str, field: str, words: str
) -> None:
    names = {"T": gid(ticket), "P": ticket.protocol}
    asked = {"means": "CHANNEL", **{k: names.get(v, v) for k, v in given.items()}}

    told = await desk.ask(REQUEST, ana, language="pt-BR", i=asked)

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == (code, [field])
    assert words in error["message"]
    assert told["historyRequest"] is None
    assert "HISTORY_REQUESTED" not in await desk.world.story(ticket)


async def test_an_id_of_nothing_is_refused(desk: Desk, ana: Person) -> None:
    told = await ask(desk, ana, ticketId=unknown("Ticket"))

    assert told["userErrors"][0]["code"] == "NOT_FOUND"
