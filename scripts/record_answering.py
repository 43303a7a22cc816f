"""How publishers are answered, with a real server, written down: docs/recorded-answering.md.

    python -m scripts.record_answering

Twice over: on the pretend network, where a moderator edits a reply and the network fails; and by
e-mail, with an SMTP and an IMAP server on this machine. What is sent and answered goes to the page
as it was, but for shortened ids, cursors and tokens.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scripts.record_session import PASSWORD, PATIENCE, SIGN_IN, Page, Server, Watcher
from tests.channels.mail_servers import HOST, USER, MailRoom, PostOffice, mail_room, post_office
from tests.channels.mail_servers import PASSWORD as SMTP_PASSWORD

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "recorded-answering.md"

SAVE_USER = "mutation($input: SaveUserInput!) { saveUser(input: $input) { user { id } } }"
SAVE_ACCOUNT = (
    "mutation($input: SaveAccountInput!) { saveAccount(input: $input) { account { id } } }"
)
SAVE_MONITORING = (
    "mutation($input: SaveMonitoringInput!) { saveMonitoring(input: $input) { monitoring { id } } }"
)
SAVE_LEVEL = """\
mutation SaveLevel($input: SaveLevelInput!) {
  saveLevel(input: $input) {
    level { id name version moderated accounts { name } }
    userErrors { code message field }
  }
}"""
TICKETS = """\
query Waiting {
  tickets(first: 5) {
    feedCursor
    nodes { id protocol status subject publisher { name } }
  }
}"""
APPROVALS = """\
subscription Approvals {
  approvalChanges {
    cursor
    approvals {
      id state stale intendedStatus
      author { name }
      reply { text originalText state }
      ticket { protocol status }
    }
  }
}"""
REPLY = """\
mutation Reply($input: ReplyInput!) {
  reply(input: $input) {
    reply { id state text sendAs }
    approval { id state intendedStatus }
    ticket { status version }
    userErrors { code message field }
  }
}"""
DECIDE = """\
mutation Decide($input: DecideApprovalInput!) {
  decideApproval(input: $input) {
    approval { state moderator { name } reply { text originalText } }
    ticket { status }
    userErrors { code message field }
  }
}"""
RETRY = """\
mutation Retry($input: RetryReplyInput!) {
  retryReply(input: $input) {
    reply { state sentAt }
    ticket { status }
    userErrors { code message field }
  }
}"""
STORY = """\
query Story($id: ID!) {
  ticket(id: $id) {
    protocol
    status
    sla { metric state metAt }
    replies(first: 10) { nodes { text originalText state failure author { name } } }
    history(first: 40) { nodes { sequence kind actorName from to comment } }
  }
}"""
LAST = (
    "query($id: ID!) { ticket(id: $id) { status replies(first: 20) "
    "{ nodes { id state failure attempts } } } }"
)


class Team:
    """Bruna answers, Davi moderates, and everything they do is written down."""

    def __init__(self, server: Server, page: Page) -> None:
        self.server = server
        self.page = page
        self.base = server.url.removesuffix("/graphql")
        self.admin = self.signed_in("admin@aurora.example")
        self.people = {
            name: self.quietly(
                self.admin,
                SAVE_USER,
                name=name,
                email=f"{name.lower()}@aurora.example",
                role=role,
                password=PASSWORD,
            )["saveUser"]["user"]["id"]
            for name, role in (("Bruna", "ATTENDANT"), ("Davi", "SUPERVISOR"))
        }
        self.bruna, self.davi = (
            self.signed_in(f"{name}@aurora.example") for name in ("bruna", "davi")
        )

    def signed_in(self, email: str) -> str:
        told = self.server.ask(None, SIGN_IN, {"input": {"email": email, "password": PASSWORD}})
        token: str = told["signIn"]["accessToken"]
        return token

    def quietly(self, token: str, document: str, **given: Any) -> dict[str, Any]:
        return self.server.ask(token, document, {"input": given})

    def step(self, token: str, document: str, **variables: Any) -> dict[str, Any]:
        answer = self.server.ask(token, document, variables)
        self.page.step(document, variables, answer)
        return answer

    def account(self, **told: Any) -> str:
        saved = self.quietly(self.admin, SAVE_ACCOUNT, **told)["saveAccount"]
        account_id: str = saved["account"]["id"]
        return account_id

    def level(self, account_id: str, *, moderated: bool, level: Any = None) -> dict[str, Any]:
        """The level that every workspace begins with, as it is needed here."""
        there = self.server.ask(self.admin, "{ levels { id version } }", {})["levels"][0]
        saved = self.step(
            self.admin,
            SAVE_LEVEL,
            input={
                "id": there["id"],
                "expectedVersion": there["version"],
                "name": "Atendimento",
                "moderated": moderated,
                "accountIds": [account_id],
                "members": [{"userId": each} for each in self.people.values()],
            },
        )["saveLevel"]
        assert saved["userErrors"] == [], saved
        return saved["level"]  # type: ignore[no-any-return]

    def watch(self, account_id: str, level_id: str) -> None:
        self.quietly(
            self.admin,
            SAVE_MONITORING,
            name="Tudo",
            levelId=level_id,
            accountIds=[account_id],
        )

    def until(self, ticket_id: str, state: str) -> dict[str, Any]:
        """The last reply, once it has come so far."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = self.server.ask(self.bruna, LAST, {"id": ticket_id})["ticket"]
            replies = told["replies"]["nodes"]
            if replies and replies[-1]["state"] == state:
                self.page.step(LAST, {"id": ticket_id}, {"ticket": told})
                return replies[-1]  # type: ignore[no-any-return]
            time.sleep(0.1)
        raise SystemExit(f"the reply never came to be {state}: {told}")

    def sandbox(self, path: str, body: Any = None, *, show: bool = True) -> Any:
        """Something asked of the pretend network, as its page does."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.base + path, data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=PATIENCE) as answer:
            told = json.load(answer)
        if show:
            sent = "" if body is None else f"\n\n{json.dumps(body, ensure_ascii=False, indent=2)}"
            self.page.block("http", f"{'GET' if body is None else 'POST'} {path}{sent}")
            self.page.say("Answer:")
            self.page.json(told)
        return told


# ── on the pretend network ───────────────────────────────────────────────────────────────────


def on_the_sandbox(team: Team) -> None:
    page = team.page
    page.say("## The sandbox: a reply edited and sent, and a network that fails")
    account = team.account(network="SANDBOX", name="Aurora na praça", handle="aurora")
    page.say("A moderated level that answers from an account of the pretend network:")
    level = team.level(account, moderated=True)
    team.watch(account, level["id"])
    api = f"/sandbox/api/accounts/{account}"

    page.say("### Joana writes, on the network's own page")
    page.say("`GET /sandbox` is that page; this is what it sends.")
    team.sandbox(
        f"{api}/write",
        {
            "personId": "joana",
            "name": "Joana Ribeiro",
            "visibility": "PUBLIC",
            "thread": "promocao",
            "text": "Comprei a cafeteira e ela veio sem a tampa 😡",
        },
    )
    listed = team.step(team.bruna, TICKETS)["tickets"]
    ticket = listed["nodes"][0]["id"]

    page.say("### Bruna answers; nothing leaves, for the level is moderated")
    address = team.server.url.replace("http", "ws", 1)
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        watching = Watcher(socket, team.davi, {}, APPROVALS)
        watching.seen()
        held = team.step(
            team.bruna,
            REPLY,
            input={
                "ticketId": ticket,
                "visibility": "PUBLIC",
                "text": "Que chato Joana! A culpa foi da transportadora. Mandamos outra.",
                "sendAs": "RESOLVED",
                "basedOn": listed["feedCursor"],
            },
        )["reply"]
        assert held["reply"]["state"] == "HELD", held
        page.say("Davi, who follows held replies by websocket, saw:")
        for each in watching.seen():
            page.json(each)

        page.say("### Davi sends it in other words")
        team.step(
            team.davi,
            DECIDE,
            input={
                "approvalId": held["approval"]["id"],
                "decision": "EDIT_AND_SEND",
                "text": "Sentimos muito, Joana! A tampa nova sai hoje, sem custo. 💛",
                "reason": "Não culpamos a transportadora em público.",
            },
        )
        page.say("He saw, until the network had it:")
        for each in watching.seen():
            page.json(each)
    team.until(ticket, "SENT")
    page.say("What stands on the network now:")
    team.sandbox(api)
    page.say("And what the ticket tells of it: both texts, both names, the first response met.")
    team.step(team.bruna, STORY, id=ticket)

    page.say("### The network takes a reply and hangs up before it says so")
    page.say("From here on the level is not moderated:")
    team.level(account, moderated=False)
    page.say("The network is told how to behave next:")
    team.sandbox(f"{api}/script", {"lines": [{"do": "accept_and_cut"}]})
    team.step(
        team.bruna,
        REPLY,
        input={
            "ticketId": ticket,
            "visibility": "PUBLIC",
            "text": "Joana, a tampa já está a caminho.",
        },
    )
    page.say("Nobody can know whether it is there. It is not sent again by itself:")
    doubtful = team.until(ticket, "UNKNOWN")
    page.say("Bruna looks, and finds it there:")
    team.sandbox(api)
    page.say("So she says so, and it is not sent a second time:")
    team.step(team.bruna, RETRY, input={"replyId": doubtful["id"], "decision": "ARRIVED"})

    page.say("### The network declines what was to end the matter")
    team.sandbox(f"{api}/script", {"lines": [{"do": "decline"}]})
    team.step(
        team.bruna,
        REPLY,
        input={
            "ticketId": ticket,
            "visibility": "PUBLIC",
            "text": "Chegou? Vamos encerrar por aqui, então.",
            "sendAs": "CLOSED",
        },
    )
    page.say("It will never go out, so the ticket is open again, and whoever looks after it knows:")
    team.until(ticket, "FAILED")
    team.step(team.bruna, STORY, id=ticket)


# ── by e-mail ────────────────────────────────────────────────────────────────────────────────


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


def main() -> None:
    page = Page()
    page.say(
        "# Answering, recorded\n\n"
        "What a real server was sent and what it answered, written down by "
        "`python -m scripts.record_answering`. Ids, cursors and tokens are shortened; nothing else "
        "is changed. Bruna answers, Davi moderates."
    )
    for chapter in ("sandbox", "email"):
        with TemporaryDirectory(prefix="guiche-answering-") as folder:
            server = Server(Path(folder))
            server.environment["MAIL_POLL_SECONDS"] = "1"
            for words in (
                ["migrate"],
                ["workspace", "add", "Loja Aurora"],
                ["user", "add", "admin@aurora.example", "--role", "ADMIN"],
            ):
                server.command(*words)
            if chapter == "sandbox":
                with server.serving():
                    on_the_sandbox(Team(server, page))
            else:
                with post() as office, mail_room(Path(folder)) as room, server.serving():
                    by_email(Team(server, page), room, office)
    page.write(PAGE)
    print(f"Written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
