"""Replies in our own words, signed, to whatever takes them: a survey tool, the own site."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from channels import signatures
from channels.base import Own
from channels.generic import Generic
from domain.errors import Invalid
from domain.sending import Declined, Doubtful, NotSent, OutgoingFile, Sent
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, Told, double
from tests.channels.test_telegram import OUTGOING as TO_A_BOT
from tests.rules.test_files import PNG

SECRET = "um segredo comprido"
OWN = Own(UUID(int=7))


def answers(told: Told) -> Says:
    return Says({"id": "r-1", "url": "https://loja.example/r/1"}, 201)


@pytest.fixture
async def taker() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


@pytest.fixture
def channel() -> Generic:
    opened = Generic()
    opened.loopback = True
    return opened


def outgoing(url: str, **more: Any) -> Any:
    return replace(TO_A_BOT, connection={"url": url, "secret": SECRET}, **more)


async def test_a_reply_is_handed_over_signed_with_its_own_key(
    taker: Double, channel: Generic
) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)
    sent = outgoing(f"{taker.url}/respostas", files=[file])

    assert await channel.send(sent) == Sent("r-1", "https://loja.example/r/1")

    [told] = taker.told
    now = datetime.now(UTC)
    assert signatures.genuine(SECRET, told.headers["guiche-signature"], told.body, now)
    assert told.headers["idempotency-key"] == str(sent.reply_id)
    said = told.json()
    assert (said["text"], said["protocol"], said["visibility"]) == (
        sent.text,
        sent.protocol,
        "PRIVATE",
    )
    assert said["to"] == {"externalId": "42", "name": "Maria"}
    assert said["files"][0]["name"] == "foto.png"


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (Says({}, 429), NotSent, "network_busy"),
        (Says({}, 503), NotSent, "network_unreachable"),
        (Says({}, 422), Declined, "network_declined"),
        (Says({}, 500), Doubtful, "network_no_answer"),
        (Says({}, 302, {"Location": "http://127.0.0.1/"}), Doubtful, "network_no_answer"),
        (Says({"id": None}, 200), Doubtful, "network_no_answer"),
        (Says(b"x" * 2_000_000, 200), Doubtful, "network_no_answer"),
        (ACCEPT_AND_CUT, Doubtful, "network_no_answer"),
        (CUT, Doubtful, "network_no_answer"),
    ],
)
async def test_how_it_ends_is_what_can_be_known(
    taker: Double, channel: Generic, fault: Any, kind: type[Any], sentence: str
) -> None:
    taker.faults.append(fault)

    outcome = await channel.send(outgoing(taker.url))

    assert isinstance(outcome, kind)
    assert outcome.sentence == sentence
    assert len(taker.told) <= 1


async def test_nobody_is_called_inside_a_network_whatever_the_name_leads_to(
    taker: Double,
) -> None:
    outcome = await Generic().send(outgoing(taker.url))

    assert outcome == NotSent("webhook_inside")
    assert taker.told == []


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"url": "https://loja.example/r"},
        {"url": "https://loja.example/r", "secret": "curto"},
        {"url": "http://loja.example/r", "secret": SECRET},
        {"url": "https://10.0.0.1/r", "secret": SECRET},
        {"url": "https://localhost/r", "secret": SECRET},
        {"url": "https://[::ffff:127.0.0.1]/r", "secret": SECRET},
        {"url": "https://2130706433/r", "secret": SECRET},
        {"url": "https://user:senha@loja.example/r", "secret": SECRET},
        {"url": "https://loja.example/r", "secret": SECRET, "more": 1},
        {"url": 7, "secret": SECRET},
    ],
)
def test_where_nothing_may_be_handed_to_is_refused_with_the_path_of_the_field(
    told: dict[str, Any],
) -> None:
    with pytest.raises(Invalid) as refused:
        Generic().connection(told)
    assert refused.value.field[0] == "connection"


def test_a_connection_is_an_address_and_a_secret() -> None:
    told = {"url": "https://loja.example/r", "secret": SECRET}
    assert Generic().connection(told) == told


async def test_it_is_tried_by_a_word_that_is_no_reply(taker: Double, channel: Generic) -> None:
    connection = {"url": taker.url, "secret": SECRET}
    well = await channel.test(connection, OWN)
    taker.faults.append(Says({}, 401))
    refused = await channel.test(connection, OWN)

    assert well.sentence is None
    assert taker.told[0].json() == {"test": True, "accountId": str(OWN.account_id)}
    assert refused.sentence == "network_declined"
    assert (await channel.test({}, OWN)).sentence == "token_missing"
