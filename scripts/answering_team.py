"""Two who answer and moderate, what they ask, and how it is written down."""

import json
import time
from typing import Any
from urllib.request import Request, urlopen

from scripts.recording import PASSWORD, PATIENCE, SIGN_IN, Page, Server

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
