"""What a network tells us is taken in when its signature is right, and stored nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from channels import signatures
from domain.errors import Unavailable
from domain.model.account import Account
from domain.operations import intake
from domain.rules.capability import MEBIBYTE
from domain.words import Network
from resolvers import ids
from server import webhooks
from server.metrics import Metrics
from server.secrets import Keyring
from server.throttle import Throttle, Tries
from server.webhooks import receive
from tests.channels.mails import PDF, attached, mail, with_files
from tests.world import World

SECRET = "segredo"  # what `World.account` entrusts
TEN_MINUTES = timedelta(minutes=10)
NOBODY = UUID("5a6f1c1e-4b0d-4b1c-9a3e-2f7d8c9b0a11")

TRIES = 20


@dataclass
class Sender:
    """A network that has something to tell to one account."""

    world: World
    account: Account
    client: httpx.AsyncClient

    async def send(
        self,
        told: Any,
        *,
        secret: str = SECRET,
        signature: str | None = None,
        to: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        body = told if isinstance(told, bytes) else orjson.dumps(told)
        signed = signature or signatures.signature(secret, body, self.world.now)
        return await self.client.post(
            f"/hooks/{to or ids.write('Account', self.account.id)}",
            content=body,
            headers={signatures.HEADER: signed, **headers},
        )

    def post(self, external_id: str = "1", **more: Any) -> dict[str, Any]:
        return {
            "externalId": external_id,
            "kind": "COMMENT",
            "author": {"externalId": "u1", "name": "Dona Lúcia"},
            "text": "O bolo veio sem cobertura.",
            "occurredAt": self.world.now.isoformat(),
            **more,
        }

    async def stored(self) -> int:
        async with self.world.storage.reading(self.world.system) as work:
            keys = {(self.account.id, str(number)) for number in range(10)}
            return len(await work.occurrences.known(keys))


@pytest.fixture
async def sender(world: World, keyring: Keyring) -> AsyncIterator[Sender]:
    app = Starlette(routes=[Route("/hooks/{account}", receive, methods=["POST"])])
    app.state.storage, app.state.keyring = world.storage, keyring
    app.state.metrics = Metrics()
    app.state.throttle = Throttle(keyring.hash, Tries(sign_in=TRIES, of_address=TRIES))
    account = await world.account()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://guiche") as client:
        yield Sender(world, account, client)


async def test_a_post_becomes_a_ticket(sender: Sender) -> None:
    answer = await sender.send(sender.post())

    assert answer.status_code == 200
    [result] = answer.json()["results"]
    assert ids.read(result["occurrenceId"]).kind == "Occurrence"
    assert result["protocol"]
    assert (result["duplicate"], result["error"]) == (False, None)


async def test_a_repeat_answers_what_it_became(sender: Sender) -> None:
    [first] = (await sender.send(sender.post())).json()["results"]

    [again] = (await sender.send(sender.post())).json()["results"]

    assert again == {**first, "duplicate": True}


async def test_each_post_has_its_result_in_its_place(sender: Sender) -> None:
    posts = [sender.post("1"), sender.post("2", text=" "), {"text": 7}, sender.post("3")]

    results = (await sender.send({"posts": posts})).json()["results"]

    errors = [result["error"] and result["error"]["field"] for result in results]
    assert errors == [None, ["text"], ["externalId"], None]
    assert await sender.stored() == 2


async def test_refusals_are_told_in_the_language_asked_for(sender: Sender) -> None:
    posts = [sender.post(text="")]
    spoken = [
        (await sender.send(posts[0], **{"Accept-Language": each})).json()["results"][0]["error"]
        for each in ("en-GB", "pt-BR, en;q=0.5", "xx")
    ]

    english, portuguese, other = (each["message"] for each in spoken)
    assert english == "The text is empty."
    assert portuguese == other == "O texto está vazio."


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "v1=" + "0" * 64])
async def test_what_is_not_signed_is_stored_nowhere(sender: Sender, signature: str) -> None:
    answer = await sender.send(sender.post(), signature=signature or "nothing")

    assert answer.status_code == 401
    assert await sender.stored() == 0


async def test_who_signs_wrongly_again_and_again_is_sent_away_and_who_signs_rightly_is_not(
    sender: Sender,
) -> None:
    for _ in range(TRIES):
        assert (await sender.send(sender.post(), secret="another")).status_code == 401

    wrong = await sender.send(sender.post(), secret="another")
    right = await sender.send(sender.post())

    assert wrong.status_code == 429
    assert wrong.json()["error"]["code"] == "RATE_LIMITED"
    assert int(wrong.headers["retry-after"]) > 0
    assert right.status_code == 200


async def test_an_old_signature_is_not_taken(sender: Sender) -> None:
    body = orjson.dumps(sender.post())
    signed = signatures.signature(SECRET, body, sender.world.now - TEN_MINUTES)

    assert (await sender.send(body, signature=signed)).status_code == 401


async def test_the_signature_comes_before_the_reading(sender: Sender) -> None:
    assert (await sender.send(b"{", secret="another")).status_code == 401
    assert (await sender.send(b"{")).status_code == 400


@pytest.mark.parametrize("to", ["nonsense", ids.write("Level", NOBODY), "é", str(NOBODY)])
async def test_an_account_that_does_not_exist_answers_as_a_wrong_signature(
    sender: Sender, to: str
) -> None:
    wrong = await sender.send(sender.post(), secret="another")

    unknown = await sender.send(sender.post(), to=to)

    assert (unknown.status_code, unknown.content) == (401, wrong.content)
    assert unknown.headers == wrong.headers


async def test_an_account_may_be_named_by_its_uuid(sender: Sender) -> None:
    answer = await sender.send(sender.post(), to=str(sender.account.id))

    assert answer.status_code == 200


async def test_the_account_cannot_be_chosen_by_the_body(sender: Sender) -> None:
    other = await World.founded(sender.world.storage)
    theirs = await other.account()

    post = sender.post(accountId=ids.write("Account", theirs.id))
    [result] = (await sender.send(post)).json()["results"]

    assert result["error"]["field"] == ["accountId"]


async def test_a_body_that_is_too_large_is_not_read(sender: Sender) -> None:
    assert (await sender.send(b" " * (MEBIBYTE + 1))).status_code == 413
    assert (await sender.send(b" " * MEBIBYTE)).status_code == 400
    assert (await sender.send(b" " * (25 * MEBIBYTE + 1))).status_code == 413


async def test_a_stranger_learns_nothing_from_what_is_too_large(sender: Sender) -> None:
    large = b" " * (MEBIBYTE + 1)

    here = await sender.send(large, secret="outro")
    nowhere = await sender.send(large, to=str(NOBODY))

    assert here.status_code == nowhere.status_code == 401
    assert here.content == nowhere.content


async def test_mails_may_be_larger_than_other_messages(sender: Sender) -> None:
    inbox = await sender.world.account("SAC", network=Network.EMAIL)
    sender.account = inbox
    raw = with_files(attached(PDF + b"x" * 5 * MEBIBYTE, "nota.pdf"))

    answer = await sender.send(raw)

    [result] = answer.json()["results"]
    assert result["protocol"]
    assert result["error"] is None


async def test_more_large_bodies_than_there_is_room_for_are_asked_to_come_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.account = await sender.world.account("SAC", network=Network.EMAIL)
    monkeypatch.setattr(webhooks, "PATIENCE", 0.05)
    monkeypatch.setattr(webhooks, "_large", asyncio.Semaphore(0))

    assert (await sender.send(b" " * (MEBIBYTE + 1))).status_code == 503
    assert (await sender.send(mail())).status_code == 200


async def test_a_raw_mail_becomes_a_ticket_once(sender: Sender) -> None:
    sender.account = await sender.world.account("SAC", network=Network.EMAIL)
    kind = {"Content-Type": "message/rfc822"}

    [first] = (await sender.send(mail(message_id=None), **kind)).json()["results"]
    [again] = (await sender.send(mail(message_id=None), **kind)).json()["results"]

    assert first["protocol"]
    assert again == {**first, "duplicate": True}


async def test_what_is_no_mail_is_refused_for_good(sender: Sender) -> None:
    sender.account = await sender.world.account("SAC", network=Network.EMAIL)

    answer = await sender.send(mail(sender=""))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID"


async def test_when_the_store_is_away_the_sender_is_asked_to_come_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(intake, "take_in", away)
    answer = await sender.send(sender.post())

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["code"] == "UNAVAILABLE"
