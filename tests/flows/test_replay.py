"""The old list and the changes make the new list: for every mutation, filter and way of seeing."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

from domain.words import LevelRole, OutsideView, Role
from tests.api.desk import Json, gid
from tests.flows.served import Caller, House, Watcher
from tests.transport.house import until

ROW = (
    "id version status priority subject snippet tags interactionsCount reopenCount closeReason"
    " updatedAt pendingUntil leaseExpiresAt level { id } assignee { id name } type { name }"
    " publisher { name } history(last: 1) { nodes { sequence kind } }"
    " replies(first: 3) { nodes { id text state } }"
)
LIST = (
    "query($f: TicketFilter) { tickets(filter: $f, first: 100) {"
    f" totalCount feedCursor nodes {{ {ROW} }} }} }}"
)
FOLLOW = (
    "subscription($f: TicketFilter, $a: String) { queueChanges(filter: $f, after: $a) {"
    f" cursor resync changes {{ kind ticketId ticket {{ {ROW} }} entry {{ sequence kind }} }} }} }}"
)
LONG = 60.0
"""Seconds for an answer, on a machine that has much else to do."""
STEPS = 72
CUTS = 4


@dataclass
class LiveList:
    """A list as a screen keeps it: read once, and changed by what it is told."""

    caller: Caller
    asked: Json
    rows: dict[str, Json] = field(default_factory=dict)
    cursor: str = ""
    told: list[tuple[str, int]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    resyncs: int = 0

    async def read(self) -> None:
        page = await self.caller.ask(LIST, f=self.asked)
        assert page["totalCount"] <= 100
        self.rows = {each["id"]: each for each in page["nodes"]}
        self.cursor = page["feedCursor"]

    async def fresh(self) -> dict[str, Json]:
        page = await self.caller.ask(LIST, f=self.asked)
        return {each["id"]: each for each in page["nodes"]}

    def apply(self, message: Json) -> None:
        self.cursor = message["cursor"]
        self.resyncs += message["resync"]
        for change in message["changes"]:
            ticket_id, kind = change["ticketId"], change["kind"]
            known = self.rows.get(ticket_id)
            if (known is not None) is (kind == "ENTERED"):
                self.flaws.append(f"{kind} of {ticket_id}, which was {known}")
            if kind == "LEFT":
                self.rows.pop(ticket_id, None)
                continue
            if known is not None and known["version"] > change["ticket"]["version"]:
                self.flaws.append(f"{ticket_id} went back in time")
            self.rows[ticket_id] = change["ticket"]
            self.told.append((ticket_id, change["entry"]["sequence"]))

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Watcher]:
        async with self.caller.follow(FOLLOW, f=self.asked, a=self.cursor) as watcher:
            # What came before this line was not applied yet.
            for message in watcher.messages:
                self.apply(message)
            watcher.on_message = self.apply
            yield watcher


@dataclass
class Team:
    """Those who work at the same time, and what they work with."""

    house: House
    chance: Random
    callers: list[Caller]
    levels: list[str]
    people: list[str]
    accounts: list[str]
    types: list[str]
    tickets: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    deck: list[str] = field(default_factory=list)
    said: int = 0

    async def act(self) -> None:
        """One of the things that somebody does; refused ones happen too."""
        # Dealt, not drawn: however chance has it, each thing is tried again and again.
        self.deck = self.deck or self.chance.sample(ACTS, len(ACTS))
        name = self.deck.pop()
        caller = self.chance.choice(self.callers)
        ticket = self.chance.choice(self.tickets) if self.tickets else ""
        if not ticket or name == "open":
            name, answer = "openTicket", await self.open(caller)
        else:
            answer = await getattr(self, name)(caller, ticket)
        if not answer["userErrors"]:
            self.done[name] = self.done.get(name, 0) + 1
        if answer.get("ticket"):
            ticket_id = answer["ticket"]["id"]
            self.tickets += [] if ticket_id in self.tickets else [ticket_id]

    async def open(self, caller: Caller) -> Json:
        given = {
            "levelId": self.chance.choice(self.levels),
            "subject": self.chance.choice(["Pedido atrasado", "Boleto", "Troca do pedido"]),
            "comment": "Ligou",
            "priority": self.chance.choice(["LOW", "HIGH", "URGENT"]),
        }
        return await self.of(caller, "openTicket", "OpenTicketInput", **given)

    async def receive(self, caller: Caller, _: str) -> Json:
        self.said += 1
        author = self.chance.choice(["maria", "jose"])
        given = {
            "accountId": self.chance.choice(self.accounts),
            "externalId": f"m{self.said}",
            "kind": "COMMENT",
            "author": {"externalId": author, "name": author},
            "text": f"Mensagem {self.said}",
            "threadId": self.chance.choice(["t1", "t2", "t3", "t4"]),
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        boss = self.callers[0]
        return await self.of(boss, "receiveOccurrence", "OccurrenceInput", **given)

    async def pull(self, caller: Caller, _: str) -> Json:
        given = {"count": self.chance.randint(1, 3), "idempotencyKey": uuid4().hex}
        answer: Json = await caller.do("getTickets", "GetTicketsInput", "tickets { id }", **given)
        return answer

    async def start(self, caller: Caller, ticket: str) -> Json:
        return await self.of(caller, "startTicket", "TicketInput", ticketId=ticket)

    async def update(self, caller: Caller, ticket: str) -> Json:
        changes: Json = {
            "priority": self.chance.choice(["LOW", "MEDIUM", "HIGH", "URGENT"]),
            "status": self.chance.choice(["OPEN", "PENDING", "RESOLVED"]),
            "subject": self.chance.choice(["Pedido trocado", "Outra coisa"]),
            "addTags": [self.chance.choice(["vip", "loja"])],
            "removeTags": ["vip"],
            "typeId": self.chance.choice(self.types),
            "assigneeId": self.chance.choice(self.people),
            "unassign": True,
            "levelId": self.chance.choice(self.levels),
        }
        names = self.chance.sample(sorted(changes), self.chance.randint(1, 3))
        given = {name: changes[name] for name in names}
        return await self.of(
            caller, "updateTicket", "UpdateTicketInput", ticketId=ticket, comment="C", **given
        )

    async def escalate(self, _: Caller, ticket: str) -> Json:
        given = {"levelId": self.chance.choice(self.levels), "comment": "Para vocês"}
        boss = self.callers[0]
        return await self.of(
            boss, "escalateTicket", "EscalateTicketInput", ticketId=ticket, **given
        )

    async def finish(self, caller: Caller, ticket: str) -> Json:
        given = {"closeReason": "ANSWERED", "comment": "Feito"}
        return await self.of(caller, "finishTicket", "FinishTicketInput", ticketId=ticket, **given)

    async def note(self, caller: Caller, ticket: str) -> Json:
        given: Json = {"text": "Nota", "visibility": "INTERNAL"}
        if self.chance.random() < 0.3:
            given["sendAs"] = self.chance.choice(["PENDING", "RESOLVED"])
        return await self.of(caller, "reply", "ReplyInput", ticketId=ticket, **given)

    async def answer(self, caller: Caller, ticket: str) -> Json:
        given: Json = {
            "text": self.chance.choice(["Já vamos ver", "Está a caminho"]),
            "visibility": self.chance.choice(["PUBLIC", "PRIVATE"]),
        }
        if self.chance.random() < 0.6:
            given["sendAs"] = self.chance.choice(["OPEN", "PENDING", "RESOLVED", "CLOSED"])
        return await self.of(caller, "reply", "ReplyInput", ticketId=ticket, **given)

    async def merge(self, caller: Caller, ticket: str) -> Json:
        """Into one that was just opened; the others may be closed or gone."""
        opened = await self.open(self.callers[0])
        given = {"targetId": opened["ticket"]["id"], "acrossPublishers": True}
        return await self.of(caller, "mergeTickets", "MergeTicketsInput", sourceId=ticket, **given)

    async def remove(self, _: Caller, ticket: str) -> Json:
        boss = self.callers[0]
        answer: Json = await boss.do(
            "removeTicket", "RemoveTicketInput", "removedId", ticketId=ticket, reason="Engano"
        )
        return answer

    async def thank(self, _: Caller, __: str) -> Json:
        """Resolved, written to again, and that was only a thank-you."""
        boss, self.said = self.callers[0], self.said + 1
        given = {
            "accountId": self.accounts[0],
            "kind": "COMMENT",
            "author": {"externalId": "grata", "name": "Grata"},
            "text": "Obrigada",
            "threadId": f"z{self.said}",
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        payload = "ticket { id } occurrence { id }"
        taking = ("receiveOccurrence", "OccurrenceInput", payload)
        first = await boss.do(*taking, externalId=f"a{self.said}", **given)
        ticket = first["ticket"]["id"]
        resolved = {"ticketId": ticket, "status": "RESOLVED", "comment": "C"}
        await boss.do("updateTicket", "UpdateTicketInput", "ticket { id }", **resolved)
        again = await boss.do(*taking, externalId=f"b{self.said}", **given)
        thanks = {"ticketId": ticket, "occurrenceId": again["occurrence"]["id"]}
        return await self.of(boss, "acknowledgeOccurrence", "AcknowledgeInput", **thanks)

    async def decide(self, _: Caller, __: str) -> Json:
        """Answered in the moderated level, and decided on; sometimes the publisher wrote first."""
        self.said += 1
        boss, author = self.callers[0], self.callers[-1]
        post = {
            "accountId": self.accounts[1],
            "kind": "COMMENT",
            "author": {"externalId": "curiosa", "name": "Curiosa"},
            "text": "E o pedido?",
            "threadId": f"y{self.said}",
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        taking = ("receiveOccurrence", "OccurrenceInput", "ticket { id }")
        received = await boss.do(*taking, externalId=f"c{self.said}", **post)
        answer: Json = {"ticketId": received["ticket"]["id"], "text": "Sai hoje"}
        answer |= {"visibility": "PUBLIC", "sendAs": self.chance.choice(["PENDING", "RESOLVED"])}
        held = await author.do("reply", "ReplyInput", "approval { id }", **answer)
        if self.chance.random() < 0.5:
            await boss.do(*taking, externalId=f"d{self.said}", **post)
        said = self.chance.choice(
            [
                {"decision": "APPROVE"},
                {"decision": "EDIT_AND_SEND", "text": "Sai amanhã"},
                {"decision": "REJECT", "reason": "Não prometa"},
            ]
        )
        decided = {"approvalId": held["approval"]["id"], "acknowledgeStale": True, **said}
        return await self.of(boss, "decideApproval", "DecideApprovalInput", **decided)

    async def of(self, caller: Caller, mutation: str, taking: str, **given: Any) -> Json:
        answer: Json = await caller.do(mutation, taking, "ticket { id }", **given)
        return answer


ACTS = [
    *(["open", "receive", "receive", "pull", "start", "note", "answer"] * 2),
    *(["update"] * 5),
    *["escalate", "escalate", "finish", "merge", "merge", "remove", "thank", "thank", "decide"],
]
FILTERS: list[Json] = [
    {},
    {"statuses": ["NEW", "OPEN"]},
    {"statuses": ["AWAITING_APPROVAL"]},
    {"unassigned": True},
    {"mine": True},
    {"tags": ["vip"]},
    {"search": "pedido"},
    {"priorities": ["URGENT", "HIGH"], "unassigned": False},
    {"statuses": ["CLOSED"]},
    {"networks": ["SANDBOX"], "origins": ["INBOUND"]},
]


async def team_of(house: House, seed: int) -> tuple[Team, list[Caller]]:
    """Three levels, one of which outsiders may read; a boss, two members and an outsider."""
    world = house.world
    north = world.triage
    accounts = [await world.account(), await world.account()]
    south = await world.level("Sul", moderated=True, account_ids=[accounts[1].id])
    glass = await world.level("Vidro", outside_view=OutsideView.FULL)
    boss = await world.person("Chefe", role=Role.ADMIN)
    both = await world.person("Ana", level=[north, south], level_role=LevelRole.MANAGER)
    one = await world.person("Bia", level=south)
    outside = await world.person("Caio", level=await world.level("Longe"))
    for account, level in zip(accounts, (north, south), strict=True):
        await world.watch(account, level)
    for level in (north, south, glass):
        await world.arrange(level, account_ids=[each.id for each in accounts])
    callers = [await house.caller(each) for each in (boss, both, one)]
    for caller in callers:
        # Two dozen lists are told of every act in the process that answers it.
        caller.client.timeout = LONG
    types = await callers[0].ask("{ ticketTypes { id } }")
    team = Team(
        house,
        Random(seed),
        callers,
        [gid(each) for each in (north, south, glass)],
        [gid(each.user) for each in (both, one)],
        [gid(each) for each in accounts],
        [each["id"] for each in types],
    )
    return team, [*callers, await house.caller(outside)]


async def test_the_old_list_and_the_changes_make_the_new_list(house: House) -> None:
    team, watching = await team_of(house, 1)
    for _ in range(8):
        await team.act()
    # The last one is the outsider; the member sees two levels of three.
    lists = [LiveList(caller, asked) for caller in watching[1::2] for asked in FILTERS]
    lists += [LiveList(caller, {}) for caller in watching[::2]]
    # Read while things happen, and followed later: what lies between is told too.
    await asyncio.gather(*(each.read() for each in lists), *(team.act() for _ in range(10)))

    async with AsyncExitStack() as stack:
        for each in lists:
            await stack.enter_async_context(each.following())
        for _ in range(STEPS // 3):
            await asyncio.gather(*(team.act() for _ in range(3)))

        for each in lists:
            await same(each)

    assert set(team.done) == {"openTicket", *ACTS} - {"open"}
    assert {flaw for each in lists for flaw in each.flaws} == set()
    assert sum(each.resyncs for each in lists) == 0
    for each in lists:
        in_order(each)


async def test_a_list_that_loses_its_line_now_and_then_still_becomes_the_new_list(
    house: House,
) -> None:
    team, watching = await team_of(house, 7)
    for _ in range(8):
        await team.act()
    lists = [LiveList(caller, asked) for caller in watching for asked in FILTERS[:3]]
    await asyncio.gather(*(each.read() for each in lists), *(team.act() for _ in range(10)))

    async def unlucky(live: LiveList, chance: Random) -> None:
        for _ in range(CUTS):
            async with live.following() as watcher:
                await asyncio.sleep(chance.random() * 0.2)
                watcher.on_message = None
                # Cut without a word; what was on its way is lost, and told again.
                watcher.socket.transport.abort()
            await asyncio.sleep(chance.random() * 0.1)

    async def work() -> None:
        for _ in range(STEPS // 2):
            await team.act()

    await asyncio.gather(
        work(), *(unlucky(each, Random(place)) for place, each in enumerate(lists))
    )
    for each in lists:
        async with each.following():
            await same(each)

    gc.collect()
    assert {flaw for each in lists for flaw in each.flaws} == set()
    for each in lists:
        in_order(each)


async def same(live: LiveList) -> None:
    """The list becomes what it is when read anew; nothing happens any more meanwhile."""
    fresh = await live.fresh()
    try:
        await until(lambda: live.rows == fresh, LONG)
    except TimeoutError:
        differing = {
            each: (live.rows.get(each), fresh.get(each))
            for each in live.rows.keys() | fresh.keys()
            if live.rows.get(each) != fresh.get(each)
        }
        raise AssertionError(f"{live.asked}: {differing}") from None


def in_order(live: LiveList) -> None:
    """No ticket was told the same thing twice, or an earlier thing later."""
    last: dict[str, int] = {}
    for ticket_id, sequence in live.told:
        assert sequence > last.get(ticket_id, 0)
        last[ticket_id] = sequence
