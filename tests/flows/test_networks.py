"""A customer writes on a network and is answered there: a real server, and the network's double."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from channels import registry
from domain.words import Network, Role
from tests.api.desk import Json, gid
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, double
from tests.channels.test_telegram import TOKEN, answers, message
from tests.flows.served import Caller, House
from workers import delivery, media

SOON = 20.0
SECRET = "um-segredo-bem-comprido"
TICKET = (
    "query($id: ID!) { ticket(id: $id) { id protocol status"
    " occurrences(first: 20) { nodes { text editedAt attachments { fileName size } } }"
    " replies(first: 20) { nodes { id state failure externalUrl } }"
    " history(last: 20) { nodes { kind comment } } } }"
)
TICKETS = "{ tickets(first: 20) { nodes { id } } }"


@dataclass
class Street:
    """A bot, who writes to it, and who answers."""

    house: House
    network: Double
    account_id: str
    ana: Caller
    client: httpx.AsyncClient

    async def comes(self, update: Json, secret: str = SECRET) -> httpx.Response:
        return await self.client.post(
            f"/hooks/{self.account_id}",
            json={"update_id": 1, **update},
            headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        )

    async def ticket(self) -> Json:
        [only] = (await self.ana.ask(TICKETS))["nodes"]
        told: Json = await self.ana.ask(TICKET, id=only["id"])
        return told

    async def until(self, so: Callable[[Json], bool]) -> Json:
        async with asyncio.timeout(SOON):
            while not so(seen := await self.ticket()):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
        return seen

    async def answers(self, text: str) -> None:
        done = await self.ana.do(
            "reply",
            "ReplyInput",
            "reply { id state }",
            ticketId=(await self.ticket())["id"],
            text=text,
            visibility="PRIVATE",
        )
        assert done["userErrors"] == []


@asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    """What a worker does, in this process."""
    assert house.app is not None
    storage, bell, stop = house.app.state.storage, house.app.state.bell, asyncio.Event()
    tasks = [
        asyncio.create_task(delivery.run(storage, bell, stop)),
        asyncio.create_task(media.run(storage, bell, stop)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@pytest.fixture
async def street(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    async with (
        double(answers) as network,
        working(house),
        httpx.AsyncClient(base_url=house.url) as client,
    ):
        monkeypatch.setattr(registry.CHANNELS[Network.TELEGRAM], "url", network.url)
        boss = await house.caller(await house.world.person("Chefe", role=Role.ADMIN))
        saved = await boss.do(
            "saveAccount",
            "SaveAccountInput",
            "account { id }",
            network="TELEGRAM",
            name="Bot",
            credentials=SECRET,
            connection=json.dumps({"token": TOKEN}),
        )
        account_id = saved["account"]["id"]
        level = await house.world.level("Redes")
        await boss.do(
            "saveLevel",
            "SaveLevelInput",
            "level { id }",
            id=gid(level),
            name="Redes",
            accountIds=[account_id],
        )
        await boss.do(
            "saveMonitoring",
            "SaveMonitoringInput",
            "monitoring { id }",
            name="Bot",
            levelId=gid(level),
            accountIds=[account_id],
        )
        ana = await house.caller(await house.world.person("Ana", level=level))
        yield Street(house, network, account_id, ana, client)


def said(text: str, number: int = 7, **more: Any) -> Json:
    now = int(datetime.now(UTC).timestamp())
    return {"message": message(text=text, message_id=number, date=now, **more)}


def states(ticket: Json) -> list[str]:
    return [each["state"] for each in ticket["replies"]["nodes"]]


async def test_a_message_with_a_picture_is_kept_changed_and_answered(street: Street) -> None:
    taken = await street.comes(
        {"message": message(photo=[{"file_id": "L"}], caption="Veio quebrado", message_id=7)}
    )
    assert taken.status_code == 200

    ticket = await street.until(lambda it: bool(it["occurrences"]["nodes"][0]["attachments"]))
    assert ticket["occurrences"]["nodes"][0]["attachments"][0]["fileName"] == "foto.png"

    edited = message(text="Veio quebrado e molhado", message_id=7, edit_date=1_900_000_000)
    await street.comes({"edited_message": edited})
    ticket = await street.ticket()
    assert ticket["occurrences"]["nodes"][0]["text"] == "Veio quebrado e molhado"
    [change] = [e for e in ticket["history"]["nodes"] if e["kind"] == "OCCURRENCE_EDITED"]
    assert change["comment"] == "Veio quebrado"

    await street.answers("Vamos trocar.")
    await street.until(lambda it: states(it) == ["SENT"])
    [reply] = [each for each in street.network.told if each.path.endswith("/sendMessage")]
    assert reply.form()["text"] == "Vamos trocar."
    assert reply.form()["chat_id"] == "42"


async def test_a_reply_is_there_at_most_once_and_whatever_nobody_knows_is_said(
    street: Street,
) -> None:
    await street.comes(said("Oi"))
    refused = {"ok": False, "description": "Forbidden: bot was blocked by the user"}
    busy = {"ok": False, "parameters": {"retry_after": 1}}

    for fault, state in (
        (ACCEPT_AND_CUT, "UNKNOWN"),
        (CUT, "UNKNOWN"),
        (Says(refused, 403), "FAILED"),
        (Says(busy, 429), "SENT"),
    ):
        street.network.faults.append(fault)
        await street.answers(f"Resposta: {state}")
        ticket = await street.until(lambda it, state=state: states(it)[-1] == state)  # type: ignore[misc]
        last = ticket["replies"]["nodes"][-1]
        if state == "UNKNOWN":
            await street.ana.do(
                "retryReply",
                "RetryReplyInput",
                "reply { state }",
                replyId=last["id"],
                decision="GIVE_UP",
            )

    sent = [each for each in street.network.told if each.path.endswith("/sendMessage")]
    texts = [each.form()["text"] for each in sent]
    # The first was there when the line broke; nobody sent it, or the second, again.
    assert texts == ["Resposta: UNKNOWN", "Resposta: SENT"]


async def test_who_does_not_know_the_secret_token_leaves_nothing_behind(street: Street) -> None:
    refused = await street.comes(said("Oi"), secret="outro")

    assert refused.status_code == 401
    assert (await street.ana.ask(TICKETS))["nodes"] == []
