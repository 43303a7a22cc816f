"""What Meta sends reaches tickets by way of its signature, and it may ask before it sends."""

import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from domain.model.account import Account
from domain.operations import organizing
from domain.words import Network
from resolvers import ids
from server.metrics import Metrics
from server.secrets import Keyring
from server.throttle import Throttle, Tries
from server.webhooks import challenged, receive
from tests.channels.meta_network import SECRETS
from tests.channels.test_facebook import PAGE, comment
from tests.channels.test_instagram import ACCOUNT
from tests.channels.test_instagram import comment as instagram_comment
from tests.channels.test_whatsapp import NUMBER, message, value, webhook
from tests.world import World

APP_SECRET = "0123456789abcdef0123456789abcdef"
ASKED = {
    "hub.mode": "subscribe",
    "hub.verify_token": SECRETS["verifyToken"],
    "hub.challenge": "1158201444",
}
NETWORKS = [
    (Network.WHATSAPP, {"phoneNumberId": NUMBER}, message("text", {"body": "Cadê meu pedido?"})),
    (Network.FACEBOOK, {"pageId": PAGE}, comment()),
    (Network.INSTAGRAM, {"instagramId": ACCOUNT}, instagram_comment()),
]


@dataclass
class Meta:
    """It has something to tell to accounts of the company."""

    world: World
    client: httpx.AsyncClient

    async def account(self, network: Network, named: Mapping[str, str]) -> Account:
        form = organizing.AccountForm(
            network=network,
            name="conta da Meta",
            credentials=APP_SECRET,
            connection=json.dumps({**named, **SECRETS}),
        )
        return (await self.world.do(organizing.save_account, form)).account

    async def send(
        self, account: Account, told: Any, *, signed: bytes | None = None
    ) -> httpx.Response:
        body = orjson.dumps(told)
        made = hmac.new(APP_SECRET.encode(), signed or body, sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={made}"}
        return await self.client.post(_place(account), content=body, headers=headers)

    async def ask(self, account: Account, **asked: str) -> httpx.Response:
        return await self.client.get(_place(account), params={**ASKED, **asked})


def _place(account: Account) -> str:
    return f"/hooks/{ids.write('Account', account.id)}"


@pytest.fixture
async def meta(world: World, keyring: Keyring) -> AsyncIterator[Meta]:
    routes = [
        Route("/hooks/{account}", receive, methods=["POST"]),
        Route("/hooks/{account}", challenged, methods=["GET"]),
    ]
    app = Starlette(routes=routes)
    app.state.storage, app.state.keyring = world.storage, keyring
    app.state.metrics = Metrics()
    app.state.throttle = Throttle(keyring.hash, Tries())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://guiche") as client:
        yield Meta(world, client)


@pytest.mark.parametrize(("network", "named", "told"), NETWORKS)
async def test_what_it_signed_becomes_a_ticket_and_what_was_written_anew_is_refused(
    meta: Meta, network: Network, named: dict[str, str], told: dict[str, Any]
) -> None:
    account = await meta.account(network, named)
    assert account.external_id == next(iter(named.values()))

    taken = await meta.send(account, told)
    again = await meta.send(account, told)
    forged = await meta.send(account, told, signed=json.dumps(told, indent=1).encode())

    [result] = taken.json()["results"]
    assert (taken.status_code, result["error"], bool(result["protocol"])) == (200, None, True)
    assert again.json()["results"] == [{**result, "duplicate": True}]
    assert forged.status_code == 401


@pytest.mark.parametrize(("network", "named", "told"), NETWORKS)
async def test_it_is_answered_where_it_asks_with_the_verify_token(
    meta: Meta, network: Network, named: dict[str, str], told: dict[str, Any]
) -> None:
    account = await meta.account(network, named)

    answer = await meta.ask(account)
    wrong = await meta.ask(account, **{"hub.verify_token": "another-one"})

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert wrong.status_code == 401


async def test_of_a_page_that_is_not_ours_nothing_is_kept(meta: Meta) -> None:
    account = await meta.account(Network.FACEBOOK, {"pageId": "999999"})

    answer = await meta.send(account, comment())

    assert answer.status_code == 200
    [result] = answer.json()["results"]
    assert (result["occurrenceId"], result["error"]) == (None, None)


async def test_one_that_cannot_be_kept_is_refused_in_its_place(meta: Meta) -> None:
    account = await meta.account(Network.WHATSAPP, {"phoneNumberId": NUMBER})
    written = {"from": "5511", "timestamp": "1700000000", "type": "text"}
    told = [
        {**written, "id": "wamid.1", "text": {"body": "a" * 40_001}},
        {**written, "id": "wamid.2" + "9" * 10_000, "text": {"body": "b"}},
        {**written, "id": "wamid.3", "text": {"body": "c"}},
    ]

    answer = await meta.send(account, webhook(value(messages=told)))

    first, second, third = answer.json()["results"]
    assert first["error"]["code"] == "TOO_LONG"
    assert (second["occurrenceId"], bool(third["occurrenceId"])) == (None, True)


async def test_what_no_store_can_keep_is_no_reason_to_fail(meta: Meta) -> None:
    account = await meta.account(Network.WHATSAPP, {"phoneNumberId": NUMBER})
    written = {"from": "5511", "timestamp": "1700000000", "type": "image"}
    picture = {"id": "1\x001", "mime_type": "image/\x00jpeg", "filename": "a\x00b"}
    told = [
        {**written, "id": "wamid.1", "image": picture, "context": {"id": "w\x00"}},
        {**written, "id": "wamid.2", "image": {**picture, "id": "11"}},
        {**written, "id": "wamid.3", "image": {"id": "12"}, "referral": {"headline": "\x00"}},
    ]
    errors = [{"code": 1, "title": "a\x00b"}]
    statuses = [{"id": each, "status": "failed", "errors": errors} for each in ("w\x00", "w")]

    answer = await meta.send(account, webhook(value(messages=told, statuses=statuses)))

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [bool(each["protocol"]) for each in results] == [True, True, True, False, False]
    assert {each["error"] and each["error"]["code"] for each in results} == {None}
