"""A protocol, followed over real sockets by a partner and by somebody who only has a proof."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from domain.model.ticket import Ticket
from domain.operations import correcting, handling, signing
from domain.operations.correcting import PublisherForm
from domain.operations.handling import TicketChange
from domain.words import CloseReason, Role, TicketStatus
from server.settings import Settings
from tests.api.desk import Json
from tests.flows.served import PATIENCE, PROTOCOL, House, served
from tests.flows.test_shared_walls import groups
from tests.world import Person

CPF, LAST = "52998224725", "4725"
STATUS = """
subscription($p: String!, $proof: String) {
  protocolStatus(protocol: $p, proof: $proof) { stage successor messages { text } }
}
"""
ASKED = STATUS.replace("subscription", "query")


@pytest.fixture
async def ana(house: House) -> Person:
    return await house.world.person("Ana", level=house.world.triage)


@pytest.fixture
async def ticket(house: House) -> Ticket:
    """Of Maria, who gave her CPF."""
    world = house.world
    account = await world.account()
    await world.watch(account, world.triage)
    ticket = await world.heard(account, thread="t", text="Cadê meu pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF)
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


@asynccontextmanager
async def opened(house: House, **payload: Any) -> AsyncIterator[ClientConnection]:
    """A socket of whoever brings that."""
    address = house.url.replace("http", "ws") + "/graphql"
    async with connect(address, subprotocols=[PROTOCOL], compression=None) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield socket


async def send(socket: ClientConnection, document: str, id: str = "1", **variables: Any) -> None:
    payload = {"query": document, "variables": variables}
    await socket.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))


async def told(socket: ClientConnection) -> Json:
    """The next message that says something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message: Json = json.loads(await socket.recv())
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
            elif message["type"] != "connection_ack":
                return message


async def status(socket: ClientConnection) -> Json:
    message = await told(socket)
    assert message["type"] == "next", message
    found: Json = message["payload"]["data"]["protocolStatus"]
    return found


async def change(house: House, ticket: Ticket, by: Person, to: TicketStatus) -> None:
    asked = TicketChange(status=to, comment="Porque sim")
    await house.world.do(handling.update, ticket.id, asked, by=by)


async def key(house: House, name: str = "Parceiro") -> tuple[str, Any]:
    made = await house.world.do(signing.make_key, name, ["protocol"])
    assert made.secret is not None
    return made.secret, made.api_key


async def test_whoever_has_a_proof_follows_what_they_are_told_and_nothing_of_the_house(
    house: House, ticket: Ticket, ana: Person
) -> None:
    async with opened(house, anonymous=True) as socket:
        await send(socket, STATUS, p=ticket.protocol, proof=LAST)
        first = await status(socket)
        await house.world.do(handling.note, ticket.id, "Entre nós", by=ana)
        await change(house, ticket, ana, TicketStatus.PENDING)
        stages = [first["stage"]]
        while stages[-1] != "WAITING_FOR_YOU":
            stages.append((await status(socket))["stage"])

    assert stages == ["RECEIVED", "IN_ANALYSIS", "WAITING_FOR_YOU"]
    assert first["messages"] == [{"text": "Cadê meu pedido?"}]


async def test_a_partner_follows_by_the_key_and_no_longer_than_it_is_good(
    house: House, ticket: Ticket, ana: Person
) -> None:
    secret, made = await key(house)
    async with opened(house, authorization=f"Bearer {secret}") as socket:
        await send(socket, STATUS, p=ticket.protocol)
        first = await status(socket)
        await change(house, ticket, ana, TicketStatus.RESOLVED)
        second = await status(socket)
        await house.world.do(signing.revoke_key, made.id)
        async with asyncio.timeout(PATIENCE):
            await socket.wait_closed()

    assert [first["stage"], second["stage"]] == ["RECEIVED", "ANSWERED"]
    assert socket.close_code == 4403


async def test_a_successor_is_told_when_it_is_opened(
    house: House, ticket: Ticket, ana: Person
) -> None:
    world = house.world
    async with opened(house, anonymous=True) as socket:
        await send(socket, STATUS, p=ticket.protocol, proof=LAST)
        await status(socket)
        await change(house, ticket, ana, TicketStatus.RESOLVED)
        await status(socket)
        async with world.storage.reading(world.system) as work:
            account = await work.accounts.get(ticket.account_id)  # type: ignore[arg-type]
        await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
        closed = await status(socket)
        following = await world.heard(account, thread="t", text="De novo")
        followed = await status(socket)

    assert (closed["stage"], closed["successor"]) == ("CLOSED", None)
    assert followed["successor"] == following.protocol


async def test_the_stream_ends_when_the_proof_is_none_any_more(
    house: House, ticket: Ticket
) -> None:
    async with opened(house, anonymous=True) as socket:
        await send(socket, STATUS, p=ticket.protocol, proof=LAST)
        await status(socket)
        boss = await house.world.person("Direção", role=Role.ADMIN)
        form = PublisherForm(id=ticket.publisher_id, cpf="11144477735")
        await house.world.do(correcting.update, form, by=boss)

        assert await told(socket) == {"id": "1", "type": "complete"}


async def test_whatever_is_wrong_ends_alike_and_the_socket_stays(
    house: House, ticket: Ticket
) -> None:
    async with opened(house, anonymous=True) as socket:
        wrongs = []
        for number, proof in (
            (ticket.protocol, "0000"),
            (ticket.protocol, None),
            ("12345678901234567", LAST),
            ("", ""),
        ):
            await send(socket, STATUS, p=number, proof=proof)
            wrongs.append(await told(socket))
        await send(socket, ASKED, "2", p=ticket.protocol, proof=LAST)
        right = await status(socket)

    [error] = wrongs[0]["payload"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert wrongs == [wrongs[0]] * 4
    assert right["stage"] == "RECEIVED"


async def test_a_stranger_is_told_nothing_else(house: House, ticket: Ticket) -> None:
    asked = (
        "{ tickets { totalCount } }",
        "subscription { queueChanges { cursor } }",
        "subscription { wallboard { serverTime } }",
    )
    async with opened(house, anonymous=True) as socket:
        codes = []
        for document in asked:
            await send(socket, document)
            message = await told(socket)
            payload = message["payload"]
            errors = payload if message["type"] == "error" else payload["errors"]
            codes.append(errors[0]["extensions"]["code"])
            if message["type"] == "next":
                assert (await told(socket))["type"] == "complete"

    assert codes == ["UNAUTHENTICATED"] * 3


async def test_two_strangers_are_not_told_together(house: House, ticket: Ticket) -> None:
    """Or a guess that is right by now would be heard of whoever has used up their tries."""
    async with opened(house, anonymous=True) as one, opened(house, anonymous=True) as other:
        for socket in (one, other):
            await send(socket, STATUS, p=ticket.protocol, proof=LAST)
            await status(socket)

        assert [len(each) for each in groups(house)] == [1, 1]


async def test_guesses_on_sockets_are_counted_with_all_others(chosen: Settings) -> None:
    async with served(chosen.model_copy(update={"protocol_tries": 3})) as house:
        ticket = await house.world.ticket(house.world.triage, customer_email="m@example.com")
        async with opened(house, anonymous=True) as one, opened(house, anonymous=True) as other:
            codes = []
            for socket, document in ((one, STATUS), (other, ASKED), (one, STATUS), (other, STATUS)):
                await send(socket, document, p=ticket.protocol, proof="0000")
                message = await told(socket)
                if message["type"] == "error":
                    codes.append(message["payload"][0]["extensions"]["code"])
                else:
                    codes.append(message["payload"]["data"]["protocolStatus"])
                    await told(socket)

    assert codes == ["NOT_FOUND", None, "NOT_FOUND", "RATE_LIMITED"]
