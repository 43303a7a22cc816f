"""A conversation by e-mail, with an SMTP and an IMAP server on this machine."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from threading import Event, Thread
from typing import Any

from scripts.answering_team import REPLY, STORY, TICKETS, Team
from scripts.recording import PATIENCE
from tests.channels.mail_servers import HOST, USER, MailRoom, PostOffice, post_office
from tests.channels.mail_servers import PASSWORD as SMTP_PASSWORD


@contextmanager
def post() -> Iterator[PostOffice]:
    """An SMTP server, in a thread of its own."""
    opened, done = Event(), Event()
    offices: list[PostOffice] = []

    async def keep() -> None:
        async with post_office() as office:
            offices.append(office)
            opened.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    try:
        assert opened.wait(PATIENCE)
        yield offices[0]
    finally:
        done.set()
        thread.join(PATIENCE)


def a_mail(**headers: str) -> bytes:
    message = EmailMessage()
    text = headers.pop("text")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def shown(message: EmailMessage) -> str:
    """The mail as its reader's program has it."""
    kept = (
        "From",
        "To",
        "Subject",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
    )
    lines = [f"{name}: {message[name]}" for name in kept if message[name]]
    body = message.get_body(("plain",))
    return "\n".join([*lines, "", body.get_content().strip() if body else ""])


def by_email(team: Team, room: MailRoom, office: PostOffice) -> None:
    page = team.page
    page.say("## E-mail: in by IMAP, out by SMTP, and back to the same ticket")
    connection = {
        "address": USER,
        "fromName": "Loja Aurora",
        "smtp": {
            "host": HOST,
            "port": office.port,
            "security": "none",
            "user": USER,
            "password": SMTP_PASSWORD,
        },
        "imap": room.connection,
    }
    account = team.account(
        network="EMAIL", name="SAC", handle=USER, connection=json.dumps(connection)
    )
    page.say(
        "An account with an address, an SMTP server (aiosmtpd) and a mailbox (pymap), both on this "
        "machine; passwords are kept sealed and never shown again."
    )
    level = team.level(account, moderated=False)
    team.watch(account, level["id"])

    page.say("### Caio's mail is in the box")
    first = a_mail(
        From="Caio Prado <caio@cliente.example>",
        To=USER,
        Subject="Troca do pedido 4471",
        Message_ID="<a1@cliente.example>",
        Date="Mon, 30 Nov 2026 09:00:00 -0300",
        text="Bom dia! Recebi o tamanho errado. Como faço a troca?",
    )
    page.block("text", first.decode())
    room.put(first)
    ticket = _until(lambda: _tickets(team))[0]
    page.say("It is a ticket as soon as somebody has looked into the box:")
    team.step(team.bruna, TICKETS)

    page.say("### Bruna answers")
    team.step(
        team.bruna,
        REPLY,
        input={
            "ticketId": ticket["id"],
            "visibility": "PRIVATE",
            "text": "Bom dia, Caio! É só nos mandar o pedido de volta; o frete é nosso.",
            "sendAs": "PENDING",
        },
    )
    team.until(ticket["id"], "SENT")
    page.say("What the SMTP server was handed:")
    answer = office.taken[-1][1]
    page.block("text", shown(answer))

    page.say("### An out-of-office reply changes nothing, Caio's own answer does")
    room.put(
        a_mail(
            From="Caio Prado <caio@cliente.example>",
            To=USER,
            Subject=f"Resposta automática: {answer['Subject']}",
            Message_ID="<a2@cliente.example>",
            In_Reply_To=str(answer["Message-ID"]),
            Auto_Submitted="auto-replied",
            Date="Mon, 30 Nov 2026 09:10:00 -0300",
            text="Estou em férias até quarta.",
        ),
        a_mail(
            From="Caio Prado <caio@cliente.example>",
            To=USER,
            Subject=f"Re: {answer['Subject']}",
            Message_ID="<a3@cliente.example>",
            In_Reply_To=str(answer["Message-ID"]),
            Date="Mon, 30 Nov 2026 11:00:00 -0300",
            text="Obrigado! Já postei o pacote.",
        ),
    )
    _until(lambda: _opened(team, ticket["id"]))
    page.say("The same ticket, open again by the second of the two:")
    team.step(team.bruna, STORY, id=ticket["id"])


def _tickets(team: Team) -> list[dict[str, Any]]:
    asked = "{ tickets(first: 5, filter: { networks: [EMAIL] }) { nodes { id } } }"
    found: list[dict[str, Any]] = team.server.ask(team.bruna, asked, {})["tickets"]["nodes"]
    return found


def _opened(team: Team, ticket_id: str) -> bool:
    asked = "query($id: ID!) { ticket(id: $id) { status occurrences(first: 5) { nodes { id } } } }"
    told = team.server.ask(team.bruna, asked, {"id": ticket_id})["ticket"]
    return told["status"] == "OPEN" and len(told["occurrences"]["nodes"]) == 3


def _until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > end:
            raise SystemExit("what was waited for never came")
        time.sleep(0.2)
    return found
