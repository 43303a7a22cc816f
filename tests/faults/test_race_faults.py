"""Of many who want the same at once, one gets it; and one who asks again gets the same again."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.words import GroupingMode, HistoryKind, Role
from storage.access import columns
from tests.api.desk import Json, gid
from tests.faults.conftest import Office
from tests.faults.proxy import proxy
from tests.faults.writing import ANSWERED_WITHIN, Insistent
from tests.flows.served import Caller
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
H_, O_ = columns(HistoryEntry), columns(Occurrence)
ATTENDANTS, TICKETS, BATCH = 8, 200, 7
CONTESTED, KEYS = 24, 6
MESSAGES, AUTHORS, TIMES, AT_ONCE = 300, 100, 6, 50


async def queue(world: World, count: int) -> list[str]:
    """So many tickets that nobody has."""
    return [gid(ticket) for ticket in await world.waiting(count)]


async def told(world: World, kind: HistoryKind) -> Counter[str]:
    """How often it stands in the history of each ticket."""
    async with world.storage.reading(world.system) as work:
        statement = select(H_.ticket_id).where(
            H_.kind == kind, H_.workspace_id == world.workspace.id
        )
        return Counter(gid(each, "Ticket") for each in await work.session.scalars(statement))


async def test_of_200_tickets_none_is_pulled_by_two_though_a_server_dies_meanwhile(
    office: Office,
) -> None:
    world, pair = office.world, office.pair
    tickets = await queue(world, TICKETS)
    people = [await world.person(f"P{each}", level=world.triage) for each in range(ATTENDANTS)]
    callers = [await office.caller(each, 0) for each in people]
    got: list[list[str]] = [[] for _ in people]

    async def pull(number: int, client: httpx.AsyncClient) -> None:
        """Until nothing is left; each pull has a key, and is asked for until it is answered."""
        one = Insistent(pair.addresses, callers[number].token, client, Random(number))
        for turn in range(TICKETS):
            payload = await one.do(
                *("getTickets", "GetTicketsInput", "tickets { id assignee { id } } waiting"),
                count=BATCH,
                idempotencyKey=f"{turn}",
            )
            assert {each["assignee"]["id"] for each in payload["tickets"]} <= {
                gid(people[number].user)
            }
            got[number] += [each["id"] for each in payload["tickets"]]
            if not payload["tickets"] and not payload["waiting"]:
                return

    async def die_between() -> None:
        while sum(map(len, got)) < TICKETS / 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        pair.kill(1)

    async with httpx.AsyncClient(timeout=ANSWERED_WITHIN) as client:
        await asyncio.gather(die_between(), *(pull(each, client) for each in range(ATTENDANTS)))
    await pair.revive(1)

    assert sorted(ticket for mine in got for ticket in mine) == sorted(tickets)
    assert await told(world, HistoryKind.CLAIMED) == Counter(tickets)


async def test_of_eight_who_begin_with_one_ticket_at_once_one_has_it_and_all_see_who(
    office: Office,
) -> None:
    world = office.world
    tickets = await queue(world, CONTESTED)
    people = [await world.person(f"P{each}", level=world.triage) for each in range(ATTENDANTS)]
    callers = [await office.caller(each, place % 2) for place, each in enumerate(people)]

    async def start(caller: Caller, ticket: str) -> str:
        payload = await caller.do(
            "startTicket", "TicketInput", "ticket { assignee { id } }", ticketId=ticket
        )
        assert payload["userErrors"] == []
        holder: str = payload["ticket"]["assignee"]["id"]
        return holder

    holders = [
        await asyncio.gather(*(start(caller, ticket) for caller in callers)) for ticket in tickets
    ]

    assert {len(set(each)) for each in holders} == {1}
    assert await told(world, HistoryKind.ASSIGNEE_CHANGED) == Counter(tickets)


async def test_of_300_messages_handed_in_six_times_at_once_each_is_there_once(
    office: Office,
) -> None:
    """Six who collect from one network, each in an order of their own."""
    world, pair = office.world, office.pair
    account = await world.account()
    level = await world.level("Praça", grouping=GroupingMode.PUBLISHER)
    await world.watch(account, level)
    people = [await world.person(f"P{each}", role=Role.ADMIN) for each in range(TIMES)]
    tokens = [(await office.caller(each, 0)).token for each in people]
    messages = [
        {
            "accountId": gid(account),
            "externalId": f"m{number}",
            "kind": "COMMENT",
            "author": {"externalId": f"a{number % AUTHORS}", "name": "Alguém"},
            "text": f"Mensagem {number}",
            "occurredAt": datetime.now(UTC).isoformat(),
        }
        for number in range(MESSAGES)
    ]

    async def hand_in(number: int, client: httpx.AsyncClient) -> None:
        chance = Random(number)
        one = Insistent(pair.addresses, tokens[number], client, chance)
        order = chance.sample(messages, len(messages))
        for start in range(0, len(order), AT_ONCE):
            payload = await one.do(
                *("receiveOccurrences", "ReceiveOccurrencesInput"),
                "results { ticket { id } userErrors { code } }",
                occurrences=order[start : start + AT_ONCE],
            )
            assert all(each["ticket"] and not each["userErrors"] for each in payload["results"])

    async with httpx.AsyncClient(timeout=ANSWERED_WITHIN) as client:
        await asyncio.gather(*(hand_in(each, client) for each in range(TIMES)))

    async with world.storage.reading(world.system) as work:
        statement = select(O_.external_id, O_.ticket_id).where(
            O_.workspace_id == world.workspace.id
        )
        kept = (await work.session.execute(statement)).all()
    assert sorted(name for name, _ in kept) == sorted(str(each["externalId"]) for each in messages)
    assert Counter(Counter(ticket for _, ticket in kept).values()) == {MESSAGES // AUTHORS: AUTHORS}
    told_once = await told(world, HistoryKind.OCCURRENCE_RECEIVED)
    assert told_once.total() == MESSAGES
    assert (await told(world, HistoryKind.TICKET_OPENED)).total() == AUTHORS


OPENED, SAID, PULLED = HistoryKind.TICKET_OPENED, HistoryKind.NOTE_ADDED, HistoryKind.CLAIMED
MUTATIONS: dict[str, tuple[str, str, Json, Json, HistoryKind, int]] = {
    "openTicket": (
        "OpenTicketInput",
        "ticket { id protocol }",
        {"subject": "Pedido", "comment": "Ligou"},
        {"subject": "Outro"},
        *(OPENED, 1),
    ),
    "reply": (
        "ReplyInput",
        "reply { id text } ticket { id }",
        {"text": "Nota", "visibility": "INTERNAL"},
        {"text": "Outra nota"},
        *(SAID, 1),
    ),
    "getTickets": ("GetTicketsInput", "tickets { id }", {"count": 2}, {"count": 3}, PULLED, 2),
}
"""What it takes and answers, what is asked, what else under the same key, and what it tells."""


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_one_whose_answer_was_cut_off_asks_the_other_server_and_it_is_done_once(
    office: Office, mutation: str
) -> None:
    world, pair = office.world, office.pair
    ticket, *_ = await queue(world, 16)
    there = await office.caller(await world.person("Ana", level=world.triage), 1)
    taking, selected, asked, other, kind, each = MUTATIONS[mutation]
    places = {"openTicket": {"levelId": gid(world.triage)}, "reply": {"ticketId": ticket}}
    asked = asked | places.get(mutation, {})
    before = (await told(world, kind)).total()

    async with proxy(pair.addresses[0]) as line:
        line.deaf = True
        here = office.house.bearer(there.token, line.url)

        async def cut_off(key: Json) -> None:
            with pytest.raises(httpx.TransportError):
                await here.do(mutation, taking, selected, **asked, **key)

        async def ask(key: Json, **more: Any) -> Any:
            return await there.do(mutation, taking, selected, **asked | more, **key)

        for number in range(KEYS):
            key = {"idempotencyKey": f"k{number}"}
            if number % 2:
                await cut_off(key)
                first = await ask(key)
            else:
                # The other server is still at it: whoever is first does it, for both.
                first, _ = await asyncio.gather(ask(key), cut_off(key))
            assert first["userErrors"] == []
            assert await ask(key) == first
            refused = await ask(key, **other)
            assert [error["code"] for error in refused["userErrors"]] == ["INVALID"]

    assert line.cuts == KEYS
    assert (await told(world, kind)).total() - before == KEYS * each
