"""How publishers are answered, with a real server, written down: docs/recorded-answering.md.

    python -m scripts.record_answering

Twice over: on the pretend network, where a moderator edits a reply and the network fails; and by
e-mail, with an SMTP and an IMAP server on this machine. What is sent and answered goes to the page
as it was, but for shortened ids, cursors and tokens.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scripts.answering_by_mail import by_email, post
from scripts.answering_team import APPROVALS, DECIDE, REPLY, RETRY, STORY, TICKETS, Team
from scripts.recording import ROOT, Page, Server, Watcher
from tests.channels.mail_servers import mail_room

PAGE = ROOT / "docs" / "recorded-answering.md"


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
        watching = Watcher(socket, team.davi, APPROVALS)
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
