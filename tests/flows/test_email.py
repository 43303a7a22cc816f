"""A customer writes e-mails and is answered: a real mailbox, a real mail server, and the API."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from domain.words import Role
from tests.api.desk import Json, gid
from tests.channels.mail_servers import (
    HOST,
    PASSWORD,
    USER,
    MailRoom,
    PostOffice,
    mail_room,
    post_office,
)
from tests.channels.mails import PDF, attached, mail, returned, with_files
from tests.flows.served import Caller, House
from workers import delivery, mailbox

SOON = 20.0
EVERY = timedelta(seconds=0.2)
TICKET = (
    "query($id: ID!) { ticket(id: $id) { id protocol status reopenCount subject"
    " occurrences(first: 20) { nodes { text automated attachments { fileName size } } }"
    " replies(first: 20) { nodes { state failure } }"
    " history(last: 3) { nodes { kind } } } }"
)
TICKETS = "{ tickets(first: 20) { nodes { id protocol status subject } } }"


@dataclass
class Town:
    """The company with its care desk, its mailbox and the post office."""

    house: House
    room: MailRoom
    office: PostOffice
    ana: Caller

    async def comes(self, *mails: bytes) -> None:
        await asyncio.to_thread(self.room.put, *mails)

    async def ticket(self, ticket_id: str) -> Json:
        told: Json = await self.ana.ask(TICKET, id=ticket_id)
        return told

    async def until(self, look: Callable[[], Awaitable[Any]], so: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(SOON):
            while not so(seen := await look()):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
        return seen

    async def tickets(self, count: int) -> list[Json]:
        """All there are, once there are so many."""

        async def look() -> list[Json]:
            nodes: list[Json] = (await self.ana.ask(TICKETS))["nodes"]
            return nodes

        found: list[Json] = await self.until(look, lambda seen: len(seen) >= count)
        assert len(found) == count
        return found

    async def ticket_with(self, ticket_id: str, so: Callable[[Json], bool]) -> Json:
        told: Json = await self.until(lambda: self.ticket(ticket_id), so)
        return told

    async def answers(self, ticket_id: str, text: str, **more: Any) -> EmailMessage:
        """A reply, and the mail that it became."""
        before = len(self.office.taken)
        done = await self.ana.do(
            "reply",
            "ReplyInput",
            "reply { id state }",
            ticketId=ticket_id,
            text=text,
            visibility="PRIVATE",
            **more,
        )
        assert done["userErrors"] == []
        await self.ticket_with(ticket_id, lambda it: states(it)[-1] == "SENT")
        assert len(self.office.taken) == before + 1
        return self.office.taken[-1][1]


def states(ticket: Json) -> list[str]:
    return [each["state"] for each in ticket["replies"]["nodes"]]


def texts(ticket: Json) -> list[str]:
    return [each["text"] for each in ticket["occurrences"]["nodes"]]


@pytest.fixture(scope="module")
def a_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailRoom]:
    with mail_room(tmp_path_factory.mktemp("mail")) as opened:
        yield opened


@pytest.fixture
async def town(house: House, a_room: MailRoom) -> AsyncIterator[Town]:
    with a_room.program() as client:
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()
    async with post_office() as office, working(house):
        boss = await house.caller(await house.world.person("Chefe", role=Role.ADMIN))
        connection = {
            "address": USER,
            "fromName": "Padaria",
            "smtp": {
                "host": HOST,
                "port": office.port,
                "security": "none",
                "user": USER,
                "password": PASSWORD,
            },
            "imap": a_room.connection,
        }
        account = await boss.do(
            "saveAccount",
            "SaveAccountInput",
            "account { id connected }",
            network="EMAIL",
            name="SAC",
            connection=json.dumps(connection),
        )
        assert account["userErrors"] == []
        level = await house.world.level("SAC")
        await boss.do(
            "saveLevel",
            "SaveLevelInput",
            "level { id }",
            id=gid(level),
            name="SAC",
            accountIds=[account["account"]["id"]],
        )
        await boss.do(
            "saveMonitoring",
            "SaveMonitoringInput",
            "monitoring { id }",
            name="E-mails",
            levelId=gid(level),
            accountIds=[account["account"]["id"]],
        )
        ana = await house.caller(await house.world.person("Ana", level=level))
        yield Town(house, a_room, office, ana)


@asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    """What the worker does, here beside the server."""
    assert house.app is not None
    storage, bell, stop = house.app.state.storage, house.app.state.bell, asyncio.Event()
    tasks = [
        asyncio.create_task(delivery.run(storage, bell, stop)),
        asyncio.create_task(mailbox.run(storage, bell, stop, EVERY)),
    ]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(SOON):
            await asyncio.gather(*tasks)


async def test_a_conversation_by_mail(town: Town) -> None:
    await town.comes(with_files(attached(PDF, "nota.pdf"), subject="Bolo", text="Veio sem."))
    [opened] = await town.tickets(1)
    ticket_id, protocol = opened["id"], opened["protocol"]
    first = await town.ticket(ticket_id)
    assert (opened["subject"], opened["status"]) == ("Bolo", "NEW")
    assert first["occurrences"]["nodes"][0]["attachments"] == [
        {"fileName": "nota.pdf", "size": len(PDF)}
    ]

    answer = await town.answers(ticket_id, "Mandamos outro.", sendAs="RESOLVED")
    assert answer["To"] == "Dona Lúcia <lucia@example.com>"
    assert answer["Subject"] == f"Re: Bolo [{protocol}]"
    assert answer["In-Reply-To"] == answer["References"] == "<m1@example.com>"
    assert answer["Auto-Submitted"] == "no"

    # Their answer keeps the thread: the same ticket, reopened.
    await town.comes(
        mail(
            "Chegou, mas quebrado.",
            subject=f"Re: Bolo [{protocol}]",
            message_id="<m2@example.com>",
            headers=[
                f"In-Reply-To: {answer['Message-ID']}",
                f"References: <m1@example.com> {answer['Message-ID']}",
            ],
        )
    )
    again = await town.ticket_with(ticket_id, lambda it: len(texts(it)) == 2)
    assert (again["status"], again["reopenCount"]) == ("OPEN", 1)

    second = await town.answers(ticket_id, "Que pena. Mandamos mais um.", sendAs="RESOLVED")
    assert second["In-Reply-To"] == "<m2@example.com>"
    assert second["References"].split() == [
        "<m1@example.com>",
        answer["Message-ID"],
        "<m2@example.com>",
    ]

    # A machine's answer stays with the ticket and reopens nothing.
    await town.comes(
        mail(
            "Estou de férias.",
            message_id="<m3@example.com>",
            headers=["Auto-Submitted: auto-replied", f"In-Reply-To: {second['Message-ID']}"],
        )
    )
    quiet = await town.ticket_with(ticket_id, lambda it: len(texts(it)) == 3)
    assert quiet["status"] == "RESOLVED"
    assert quiet["occurrences"]["nodes"][-1]["automated"]

    # A new mail that only names the number belongs here, too.
    await town.comes(
        mail("Obrigada!", subject=f"Protocolo {protocol}", message_id="<m4@example.com>")
    )
    thanked = await town.ticket_with(ticket_id, lambda it: len(texts(it)) == 4)
    assert thanked["status"] == "OPEN"

    # And from somebody else, it does not.
    await town.comes(
        mail(
            "O que é isso?",
            sender="Bia <bia@example.com>",
            subject=f"Protocolo {protocol}",
            message_id="<m5@example.com>",
        )
    )
    assert len(await town.tickets(2)) == 2
    assert len(texts(await town.ticket(ticket_id))) == 4


async def test_a_mail_that_comes_back_fails_the_reply_and_opens_the_ticket(town: Town) -> None:
    await town.comes(mail())
    [opened] = await town.tickets(1)
    ticket_id = opened["id"]
    answer = await town.answers(ticket_id, "Pronto.", sendAs="RESOLVED")
    sent_id = answer["Message-ID"].strip("<>")

    # That it is late changes nothing.
    await town.comes(returned(sent_id, action="delayed", status="4.4.1"))
    await town.comes(
        mail("Fim", sender="bia@example.com", subject="Outro", message_id="<m9@example.com>")
    )
    await town.tickets(2)
    assert states(await town.ticket(ticket_id)) == ["SENT"]

    await town.comes(returned(sent_id).replace(b"<bounce-of-", b"<again-"))
    failed = await town.ticket_with(ticket_id, lambda it: states(it) == ["FAILED"])

    assert failed["status"] == "OPEN"
    kinds = [each["kind"] for each in failed["history"]["nodes"]]
    assert kinds[-2:] == ["REPLY_FAILED", "ALERT_SENT"]
    assert len(texts(failed)) == 1


async def test_an_address_that_does_not_exist_fails_in_words(town: Town) -> None:
    await town.comes(mail())
    [opened] = await town.tickets(1)
    town.office.answers["RCPT"] = "550 5.1.1 no such user"

    await town.ana.do(
        "reply",
        "ReplyInput",
        "reply { id }",
        ticketId=opened["id"],
        text="Pronto.",
        visibility="PUBLIC",
    )
    failed = await town.ticket_with(opened["id"], lambda it: states(it) == ["FAILED"])

    [reply] = failed["replies"]["nodes"]
    assert reply["failure"].startswith("O endereço de e-mail do destinatário não existe.")


async def test_a_connection_that_is_cut_leaves_one_mail_and_a_doubt(town: Town) -> None:
    await town.comes(mail())
    [opened] = await town.tickets(1)
    town.office.answers["DATA"] = "cut"

    await town.ana.do(
        "reply",
        "ReplyInput",
        "reply { id }",
        ticketId=opened["id"],
        text="Pronto.",
        visibility="PRIVATE",
    )
    await town.ticket_with(opened["id"], lambda it: states(it) == ["UNKNOWN"])
    await asyncio.sleep(1)  # longer than anything would take to try again

    assert len(town.office.taken) == 1
