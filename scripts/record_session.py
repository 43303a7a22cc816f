"""A session with a real server, written down: docs/recorded-session.md.

    python -m scripts.record_session

A server on SQLite in a temporary folder, a small file imported, one person who works and one who
watches. What is sent and answered goes to the page as it was, but for shortened ids, cursors and
tokens.
"""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scripts.recording import PASSWORD, ROOT, SIGN_IN, Page, Server, Watcher

PAGE = ROOT / "docs" / "recorded-session.md"

ROWS = """\
numero,empresa,cliente,nome,texto,quando,situacao
1001,Loja Aurora,c-1,Joana Ribeiro,"Meu pedido veio com um copo a menos.",2026-01-15 09:12,Aberta
1002,Loja Aurora,c-2,Caio Prado,"Vocês entregam em Campinas?",2026-01-15 10:30,Aberta
1003,Loja Aurora,c-3,Lívia Moraes,"Recebi tudo certo, obrigada!",2026-01-14 18:00,Resolvida
1004,Loja Aurora,c-4,Rui Sá,"Quero trocar o tamanho.",ontem,Aberta
"""
MAP = """\
format = "csv"
shape = "row"

[time]
zone = "America/Sao_Paulo"
formats = ["%Y-%m-%d %H:%M"]

[conversation]
id = "{numero}"
account = "{empresa}"
status = { column = "situacao", values = { "Aberta" = "NEW", "Resolvida" = "RESOLVED" } }

[message]
text = "{texto}"
at = "{quando}"
kind = "COMMENT"

[consumer]
id = "{cliente}"
name = "{nome}"
"""

SETTINGS = "query Settings { levels { id name version } accounts { id name network } }"
SAVE_USER = """\
mutation SaveUser($input: SaveUserInput!) {
  saveUser(input: $input) { user { id name role } userErrors { code message field } }
}"""
SAVE_LEVEL = """\
mutation SaveLevel($input: SaveLevelInput!) {
  saveLevel(input: $input) {
    level { id name version grouping accounts { name } members { capacity user { name } } }
    userErrors { code message field }
  }
}"""
QUEUE = """\
query Queue($filter: TicketFilter) {
  tickets(filter: $filter) {
    totalCount
    feedCursor
    nodes { id protocol status priority subject publisher { name } }
  }
}"""
WATCH = """\
subscription Watch($filter: TicketFilter, $after: String) {
  queueChanges(filter: $filter, after: $after) {
    cursor
    resync
    changes {
      kind
      ticketId
      ticket { protocol status assignee { name } }
      entry { kind actorName }
    }
  }
}"""
PULL = """\
mutation Pull($input: GetTicketsInput!) {
  getTickets(input: $input) {
    tickets { id protocol version status subject leaseExpiresAt assignee { name } }
    waiting
    userErrors { code message }
  }
}"""
START = """\
mutation Start($input: TicketInput!) {
  startTicket(input: $input) {
    ticket { version status leaseExpiresAt allowedStatuses }
    userErrors { code message }
  }
}"""
NOTE = """\
mutation Note($input: ReplyInput!) {
  reply(input: $input) {
    reply { visibility text author { name } }
    ticket { version status }
    userErrors { code message }
  }
}"""
FINISH = """\
mutation Finish($input: FinishTicketInput!) {
  finishTicket(input: $input) {
    ticket { version status closeReason closedAt }
    userErrors { code message }
  }
}"""
RECEIVE = """\
mutation Receive($input: OccurrenceInput!) {
  receiveOccurrence(input: $input) {
    duplicate
    occurrence { text publisher { name } }
    ticket { id protocol status previousTicket { protocol status } }
    userErrors { code message field }
  }
}"""
STORY = """\
query Story($id: ID!) {
  ticket(id: $id) {
    protocol
    status
    nextTicket { protocol }
    history(first: 20) { nodes { sequence kind actorName from to comment } }
  }
}"""


def record(server: Server, page: Page) -> None:
    (server.folder / "contacts.csv").write_text(ROWS)
    (server.folder / "contacts.toml").write_text(MAP)
    page.say(
        "# A recorded session\n\n"
        "What a real server was sent and what it answered, written down by "
        "`python -m scripts.record_session`. Ids, cursors and tokens are shortened; nothing else "
        "is changed. Bruna works, Davi watches the same list on a second connection."
    )
    page.say("## A company, and what it had before")
    for words in (
        ["migrate"],
        ["workspace", "add", "Loja Aurora"],
        ["user", "add", "admin@aurora.example", "--role", "ADMIN"],
    ):
        told = server.command(*words)
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        page.block("text", f"$ guiche {shown}\n{told}")
    page.say("Four contacts from another helpdesk, `contacts.csv`:")
    page.block("csv", ROWS)
    page.say("`contacts.toml` says what its columns mean:")
    page.block("toml", MAP)
    words = ["import", "contacts.csv", "--map", "contacts.toml", "--create-accounts"]
    told = server.command(*words, "--network", "INSTAGRAM")
    page.block("text", f"$ guiche {' '.join(words)} --network INSTAGRAM\n{told}")
    refused = (server.folder / "contacts.csv.refused.csv").read_text("utf-8-sig")
    page.say("The row whose date is none is in `contacts.csv.refused.csv`:")
    page.block("csv", refused)
    with server.serving():
        work(server, page)


def work(server: Server, page: Page) -> None:
    def step(token: str | None, document: str, **variables: Any) -> dict[str, Any]:
        answer = server.ask(token, document, variables)
        page.step(document, variables, answer)
        return answer

    def signed_in(email: str) -> str:
        variables = {"input": {"email": email, "password": PASSWORD}}
        token: str = server.ask(None, SIGN_IN, variables)["signIn"]["accessToken"]
        return token

    page.say("## The administrator signs in")
    account = {"email": "admin@aurora.example", "password": PASSWORD}
    admin = step(None, SIGN_IN, input=account)["signIn"]["accessToken"]

    page.say("## Two people, and the level they work in")
    people: dict[str, str] = {}
    for name in ("Bruna", "Davi"):
        given = {
            "name": name,
            "email": f"{name.lower()}@aurora.example",
            "role": "ATTENDANT",
            "password": PASSWORD,
        }
        if not people:
            saved = step(admin, SAVE_USER, input=given)
            page.say("The same for Davi. What is there already:")
        else:
            saved = server.ask(admin, SAVE_USER, {"input": given})
        people[name] = saved["saveUser"]["user"]["id"]
    there = step(admin, SETTINGS)
    level, account_id = there["levels"][0], there["accounts"][0]["id"]
    page.say(
        "The level that every workspace begins with gets its name, its account and its people:"
    )
    step(
        admin,
        SAVE_LEVEL,
        input={
            "id": level["id"],
            "expectedVersion": level["version"],
            "name": "Atendimento",
            "accountIds": [account_id],
            "members": [{"userId": people["Bruna"], "capacity": 5}, {"userId": people["Davi"]}],
        },
    )

    bruna, davi = signed_in("bruna@aurora.example"), signed_in("davi@aurora.example")
    page.say("## Davi reads what waits, and goes on watching")
    waiting = {"statuses": ["NEW", "OPEN", "ESCALATED"]}
    cursor = step(davi, QUEUE, filter=waiting)["tickets"]["feedCursor"]
    page.say(
        "By websocket, from the `feedCursor` of the list: what happens between the two is not "
        "missed. The first message says where the feed stands."
    )
    page.block("graphql", WATCH)
    page.say("Variables:")
    follow = {"filter": waiting, "after": cursor}
    page.json(follow)
    address = server.url.replace("http", "ws", 1)
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol]) as socket:
        watcher = Watcher(socket, davi, WATCH, follow)
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## Bruna pulls a ticket")
        pulled = step(bruna, PULL, input={"count": 1, "idempotencyKey": "first"})
        ticket = pulled["getTickets"]["tickets"][0]
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She begins")
        started = step(bruna, START, input={"ticketId": ticket["id"]})
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She leaves a note")
        note = {"ticketId": ticket["id"], "visibility": "INTERNAL", "text": "Copo novo enviado."}
        noted = step(bruna, NOTE, input=note)
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## She finishes")
        version = noted["reply"]["ticket"]["version"]
        assert version > started["startTicket"]["ticket"]["version"]
        finished = step(
            bruna,
            FINISH,
            input={
                "ticketId": ticket["id"],
                "closeReason": "ANSWERED",
                "comment": "Resolvido por telefone.",
                "expectedVersion": version,
            },
        )
        assert finished["finishTicket"]["ticket"]["status"] == "CLOSED"
        page.saw([each["queueChanges"] for each in watcher.seen()])

        page.say("## The same person writes again")
        page.say("The ticket is closed, so a new one opens and points back.")
        received = step(
            admin,
            RECEIVE,
            input={
                "accountId": account_id,
                "externalId": "1001-2",
                "kind": "COMMENT",
                "author": {"externalId": "c-1", "name": "Joana Ribeiro"},
                "text": "O copo chegou quebrado!",
                "occurredAt": datetime.now(UTC).isoformat(timespec="seconds"),
                "threadId": "1001",
            },
        )
        before = received["receiveOccurrence"]["ticket"]["previousTicket"]
        assert before["protocol"] == ticket["protocol"]
        page.saw([each["queueChanges"] for each in watcher.seen()])

    page.say("## What stays")
    page.say("The whole story of the ticket that was closed:")
    step(bruna, STORY, id=ticket["id"])


def main() -> None:
    page = Page()
    with TemporaryDirectory(prefix="guiche-session-") as folder:
        record(Server(Path(folder)), page)
    page.write(PAGE)
    print(f"Written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
