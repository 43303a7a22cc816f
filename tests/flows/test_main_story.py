"""A message arrives, is seen by everybody, handled by one, and the next contact is another case."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from channels import signatures
from domain.words import Network, Role
from resolvers import ids
from tests.api.desk import gid
from tests.flows.served import House
from tests.transport.house import until

FOLLOW = gql(
    "subscription($l: [ID!]) { queueChanges(levelIds: $l) { cursor resync changes { kind ticketId"
    " ticket { protocol status snippet publisher { name } assignee { name } }"
    " entry { kind actorName } } } }"
)


async def test_from_a_message_to_the_next_contact(house: House) -> None:
    world = house.world
    account = await world.account(network=Network.SANDBOX)
    await world.watch(account, world.triage)
    boss = await house.caller(await world.person("Chefe", role=Role.ADMIN))
    ana = await house.caller(await world.person("Ana", level=world.triage))
    bia = await house.caller(await world.person("Bia", level=world.triage))
    live: list[Any] = []

    async def watch() -> None:
        transport = WebsocketsTransport(
            url=bia.url.replace("http", "ws") + "/graphql",
            init_payload={"authorization": f"Bearer {bia.token}"},
        )
        async with Client(transport=transport) as session:
            FOLLOW.variable_values = {"l": [gid(world.triage)]}
            async for told in session.subscribe(FOLLOW):
                live.append(told["queueChanges"])

    watching = asyncio.create_task(watch())
    await until(lambda: bool(live) or watching.done())

    def seen() -> list[tuple[str, str, str]]:
        return [
            (each["kind"], each["ticket"]["status"], each["entry"]["kind"])
            for message in live
            for each in message["changes"]
            if each["ticket"]
        ]

    message = {
        "accountId": gid(account),
        "externalId": "m1",
        "kind": "COMMENT",
        "author": {"externalId": "maria", "name": "Maria", "handle": "@maria"},
        "text": "Meu pedido não chegou",
        "occurredAt": datetime.now(UTC).isoformat(),
        "threadId": "t1",
    }
    payload = "ticket { id protocol status previousTicket { protocol } } duplicate"
    first = await boss.do("receiveOccurrence", "OccurrenceInput", payload, **message)
    await until(lambda: ("ENTERED", "NEW", "OCCURRENCE_RECEIVED") in seen())
    assert live[-1]["changes"][0]["ticket"]["snippet"] == "Meu pedido não chegou"

    transport = HTTPXAsyncTransport(
        url=f"{ana.url}/graphql", headers={"authorization": f"Bearer {ana.token}"}
    )
    async with Client(transport=transport) as session:
        pulled = await session.execute(
            gql(
                'mutation { getTickets(input: {idempotencyKey: "k"}) {'
                " tickets { id version status leaseExpiresAt } waiting userErrors { code } } }"
            )
        )
    [mine] = pulled["getTickets"]["tickets"]
    assert mine["id"] == first["ticket"]["id"]
    assert mine["status"] == "NEW"
    assert pulled["getTickets"]["waiting"] == 0
    await until(lambda: ("UPDATED", "NEW", "CLAIMED") in seen())

    ticket = {"ticketId": mine["id"]}
    await ana.do("startTicket", "TicketInput", "ticket { status }", **ticket)
    note = {"text": "Liguei para ela", "visibility": "INTERNAL"}
    await ana.do("reply", "ReplyInput", "reply { id }", **ticket, **note)
    finish = {"closeReason": "ANSWERED", "comment": "Resolvido por telefone"}
    closed = await ana.do(
        "finishTicket", "FinishTicketInput", "ticket { status closeReason }", **ticket, **finish
    )
    assert closed["ticket"] == {"status": "CLOSED", "closeReason": "ANSWERED"}
    await until(lambda: seen()[-1][:2] == ("UPDATED", "CLOSED"))

    # Once more by webhook, as networks deliver it.
    body = json.dumps(
        {
            "externalId": "m2",
            "kind": "COMMENT",
            "author": {"externalId": "maria", "name": "Maria"},
            "text": "Ainda não chegou",
            "occurredAt": datetime.now(UTC).isoformat(),
            "threadId": "t1",
        }
    ).encode()
    await delivered(house, account.id, body)
    await until(lambda: seen()[-1] == ("ENTERED", "NEW", "OCCURRENCE_RECEIVED"))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

    [latest] = live[-1]["changes"]
    before = "previousTicket { protocol nextTicket { protocol } }"
    told = await ana.ask(
        f"query($id: ID!) {{ ticket(id: $id) {{ {before} }} }}", id=latest["ticketId"]
    )
    assert latest["ticketId"] != mine["id"]
    assert told["previousTicket"]["protocol"] == first["ticket"]["protocol"]
    assert told["previousTicket"]["nextTicket"]["protocol"] == latest["ticket"]["protocol"]


async def delivered(house: House, account_id: UUID, body: bytes) -> None:
    signed = signatures.signature("segredo", body, datetime.now(UTC))
    async with httpx.AsyncClient(base_url=house.url) as network:
        answer = await network.post(
            f"/hooks/{ids.write('Account', account_id)}",
            content=body,
            headers={signatures.HEADER: signed, "content-type": "application/json"},
        )
    assert answer.status_code == 200, answer.text
