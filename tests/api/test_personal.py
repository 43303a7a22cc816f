"""CPF, e-mail, telephone and masked fields come back covered on every path, whoever asks."""

import json
import logging
from contextlib import aclosing
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from domain.model.idempotency import Idempotency
from domain.operations import correcting, revealing
from domain.operations.correcting import PublisherForm
from domain.post import Author
from domain.words import Network, Role
from server.logging import HIDDEN, without_confidences
from storage.access import columns
from tests.api.desk import Desk, Json, gid, heard, plain
from tests.api.documents import selection
from tests.api.test_canary import (
    COVERED,
    CPF,
    DEEP,
    EMAIL,
    FIELD,
    GRAPH,
    ONE,
    PHONE,
    QUEUE,
    UNCOVERED,
    Walled,
    everything,
)

REVEAL = "mutation($i: RevealFieldInput!) { revealField(input: $i) { value userErrors { code } } }"
UPDATE = (
    "mutation($i: UpdatePublisherInput!) { updatePublisher(input: $i) {"
    " publisher { id cpf email phone fields { value } } userErrors { code message field } } }"
)


def uncovered(told: Any) -> list[str]:
    text = told if isinstance(told, str) else plain(told)
    return [each for each in UNCOVERED if each.lower() in text.lower()]


@pytest.mark.parametrize("who", ["Rita", "supervisor", "viewer", "key"])
async def test_no_question_brings_a_personal_value_back_uncovered(desk: Desk, who: str) -> None:
    walled = await Walled.built(desk.world)
    roles = {"supervisor": Role.SUPERVISOR, "viewer": Role.VIEWER, "admin": Role.ADMIN}
    if who == "key":
        token = await desk.key("read")
    elif who == "Rita":
        token = await desk.token(walled.rita)
    else:
        token = await desk.token(
            await desk.world.person("Sônia", level=[walled.rh, walled.mine], role=roles[who])
        )

    answers = await everything(desk, walled, DEEP, token)
    known = await desk.send(
        "query($id: ID!) { publisher(id: $id) { cpf email phone fields { value masked } } }",
        token,
        id=walled.ids["Publisher"][0],
    )

    assert {name: uncovered(text) for name, text in answers.items() if uncovered(text)} == {}
    assert [each for each in COVERED if each not in known.text] == []
    assert known.json()["data"]["publisher"]["fields"] == [{"value": "***", "masked": True}]


@pytest.mark.parametrize("network", [Network.WHATSAPP, Network.PHONE, Network.EMAIL])
async def test_the_page_of_somebody_who_is_known_by_a_number_is_not_shown(
    desk: Desk, network: Network
) -> None:
    account = await desk.world.account(network=network)
    ana = await desk.world.person("Ana", level=desk.world.triage)
    who = Author(external_id="5571912345678", name="Bia", url="https://wa.me/5571912345678")
    ticket = await desk.world.heard(account, author=who)

    told = await desk.send(
        "query($id: ID!) { publisher(id: $id) { profiles { network handle externalId url } } }",
        ana,
        id=gid(ticket.publisher_id, "Publisher"),
    )

    assert "912345678" not in told.text
    assert told.json()["data"]["publisher"]["profiles"][0]["url"] is None


async def test_a_live_list_and_a_followed_ticket_cover_it_too(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    alone = walled.tickets[0]
    queue = QUEUE.format(selection(GRAPH.type_map["QueueUpdate"], 4, GRAPH))
    one = ONE.format(selection(GRAPH.type_map["TicketUpdate"], 4, GRAPH))
    async with (
        aclosing(desk.follow(queue, walled.rita)) as list_,
        aclosing(desk.follow(one, walled.rita, id=gid(alone))) as ticket,
    ):
        told = [await heard(list_), await heard(ticket)]
        gone = PublisherForm(id=alone.publisher_id, cpf="", phone="(11) 98765-4321")
        await desk.world.do(correcting.update, gone, by=walled.rita)
        told += [await heard(list_), await heard(ticket)]
        await desk.world.do(revealing.reveal, alone.publisher_id, "email", "r", by=walled.rita)
        told += [await heard(list_), await heard(ticket)]

    assert uncovered(told) == []
    assert "98765" not in plain(told)
    assert COVERED[0] in plain(told)


async def test_neither_a_refusal_nor_a_retry_says_what_was_given(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    publisher = walled.ids["Publisher"][0]
    given: list[Json] = [
        {"cpf": CPF[:10] + "6", "idempotencyKey": "a"},
        {"email": f"{EMAIL}\x00"},
        {"phone": f"{PHONE}99999"},
        {"cpf": CPF, "email": EMAIL, "phone": PHONE, "idempotencyKey": "b"},
        {"cpf": CPF, "email": EMAIL, "phone": PHONE, "idempotencyKey": "b"},
        {"cpf": CPF, "expectedVersion": 77},
        {"fields": [{"key": FIELD, "value": CPF}]},
    ]

    told = [
        (await desk.send(UPDATE, walled.rita, i={"publisherId": publisher, **each})).text
        for each in given
    ]

    assert [uncovered(each) for each in told] == [[]] * len(told)


async def test_a_value_that_was_revealed_is_kept_with_no_key(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    asked = {
        "publisherId": walled.ids["Publisher"][0],
        "key": "cpf",
        "reason": "porque sim",
        "idempotencyKey": "uma",
    }

    told = await desk.ask(REVEAL, boss, i=asked)

    async with desk.world.storage.reading(desk.world.system) as work:
        rows = await work.session.scalars(
            select(Idempotency).where(columns(Idempotency).workspace_id == desk.world.workspace.id)
        )
        kept = repr([row.model_dump() for row in rows])
    assert told["value"] == CPF
    assert "FieldTold" in kept
    assert uncovered(kept) == []


async def test_what_is_searched_and_what_is_asked_is_in_no_line_of_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    walled = await Walled.built(desk.world)
    caplog.set_level(logging.DEBUG)
    # As the server has it: drivers write down what they are asked.
    caplog.set_level(logging.WARNING, "aiosqlite")
    lines: list[Any] = []

    with structlog.testing.capture_logs() as captured:
        for each in (CPF, "529.982.247-25", EMAIL, PHONE):
            search = "query($s: String) { publishers(search: $s) { totalCount } }"
            assert await desk.ask(search, walled.rita, s=each) == {"totalCount": 1}
        await desk.send(
            UPDATE,
            walled.rita,
            i={"publisherId": walled.ids["Publisher"][0], "cpf": CPF, "phone": "x" * 99},
        )
        lines = [*captured, *caplog.messages]

    assert uncovered(json.dumps(lines, default=str)) == []


@pytest.mark.parametrize("value", [CPF, "529.982.247-25", EMAIL, PHONE, "+55 71 91234-5678"])
def test_should_one_get_into_a_line_it_is_taken_out(value: str) -> None:
    line = without_confidences(None, "info", {"event": f"sought {value} in vain"})

    assert line == {"event": f"sought {HIDDEN} in vain"}
