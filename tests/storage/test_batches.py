"""Many owners are asked for at once: one statement, however many they are."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from domain.operations import handling
from domain.page import Window
from domain.rules.membership import TicketFilter
from domain.words import OrderDirection, TicketOrderField, TicketScope, TicketStatus
from storage.engine import Database
from storage.work import SqlWork
from tests.statements import statements_of
from tests.world import World

FIRST_TWO, LAST_TWO = Window(2), Window(2, backward=True)
SEVEN = 7


async def crowd(world: World) -> dict[str, list[UUID]]:
    """Seven of everything, each ticket with three messages and a note."""
    account = await world.account()
    tickets = []
    for number in range(SEVEN):
        author = f"p{number}"
        posts = [world.post(account, author=author, thread="t") for _ in range(3)]
        tickets += [each.ticket for each in (await world.receive(*posts))[:1] if each.ticket]
    for ticket in tickets:
        await world.do(handling.note, ticket.id, "nota")
    levels = [await world.level(f"Nível {number}") for number in range(SEVEN - 1)]
    people = [await world.person(f"Ana{number}", level=levels[:2]) for number in range(SEVEN)]
    async with world.storage.reading(world.system) as work:
        entries = (await work.entries.pages([tickets[0].id], Window(7)))[tickets[0].id].nodes
        messages = await work.occurrences.pages_of_tickets([t.id for t in tickets], Window(1))
    return {
        "tickets": [ticket.id for ticket in tickets],
        "publishers": [ticket.publisher_id for ticket in tickets],
        "levels": [world.triage.id, *(level.id for level in levels)],
        "users": [person.id for person in people],
        "entries": [entry.id for entry in entries],
        "occurrences": [page.nodes[0].id for page in messages.values()],
        "accounts": [account.id],
    }


Ask = Callable[[SqlWork, dict[str, list[UUID]]], Awaitable[Any]]
QUESTIONS: dict[str, Ask] = {
    "tickets": lambda work, ids: work.tickets.find(ids["tickets"]),
    "entries": lambda work, ids: work.entries.find(ids["entries"]),
    "occurrences": lambda work, ids: work.occurrences.find(ids["occurrences"]),
    "publishers": lambda work, ids: work.publishers.find(ids["publishers"]),
    "profiles": lambda work, ids: work.publishers.profiles(ids["publishers"]),
    "levels": lambda work, ids: work.levels.find(ids["levels"]),
    "users": lambda work, ids: work.users.find(ids["users"]),
    "members": lambda work, ids: work.levels.members(ids["levels"]),
    "memberships": lambda work, ids: work.levels.memberships(ids["users"]),
    "level accounts": lambda work, ids: work.levels.accounts(ids["levels"]),
    "monitorings": lambda work, ids: work.monitorings.of_levels(ids["levels"]),
    "successors": lambda work, ids: work.tickets.successors(ids["tickets"]),
    "totals": lambda work, ids: work.tickets.totals(ids["publishers"]),
    "stubs": lambda work, ids: work.tickets.stubs(ids["publishers"]),
    "diverted": lambda work, ids: work.occurrences.diverted(ids["levels"]),
    "history": lambda work, ids: work.entries.pages(ids["tickets"], LAST_TWO),
    "messages": lambda work, ids: work.occurrences.pages_of_tickets(ids["tickets"], FIRST_TWO),
    "their messages": lambda work, ids: work.occurrences.pages_of_publishers(
        ids["publishers"], LAST_TWO
    ),
    "notes": lambda work, ids: work.replies.pages(ids["tickets"], FIRST_TWO),
    "their tickets": lambda work, ids: work.tickets.pages_of_publishers(
        ids["publishers"], TicketScope.ALL, None, FIRST_TWO
    ),
    "queues": lambda work, ids: work.tickets.pages_of_levels(
        ids["levels"], list(TicketStatus), FIRST_TWO
    ),
    "a page": lambda work, ids: work.tickets.page(
        TicketFilter(), TicketOrderField.URGENCY, OrderDirection.ASC, FIRST_TWO
    ),
}


async def test_every_question_about_many_is_one_statement(world: World, database: Database) -> None:
    ids = await crowd(world)
    sent_for = {}

    async with world.storage.reading(world.system) as work:
        for name, ask in QUESTIONS.items():
            with statements_of(database.reader) as sent:
                answer = await ask(work, ids)
            sent_for[name] = len(sent)
            assert answer is not None

    assert sent_for == dict.fromkeys(QUESTIONS, 1)


async def test_each_owner_gets_their_own_page_and_count(world: World, database: Database) -> None:
    ids = await crowd(world)

    async with world.storage.reading(world.system) as work:
        pages = await work.occurrences.pages_of_tickets(ids["tickets"], FIRST_TWO)
        with statements_of(database.reader) as sent:
            totals = [await page.counter() for page in pages.values() if page.counter]
        history = await work.entries.pages(ids["tickets"], LAST_TWO)

    assert [len(page.nodes) for page in pages.values()] == [2] * SEVEN
    assert {page.has_next for page in pages.values()} == {True}
    assert totals == [3] * SEVEN
    assert len(sent) == 1
    for ticket_id, page in pages.items():
        assert {each.ticket_id for each in page.nodes} == {ticket_id}
    for past in history.values():
        assert [entry.sequence for entry in past.nodes] == [4, 5]


FOUND = ("tickets", "entries", "occurrences", "publishers", "levels")


@pytest.mark.parametrize("name", FOUND)
async def test_of_nobody_nothing_is_known(world: World, name: str) -> None:
    ids: dict[str, list[UUID]] = {each: [] for each in FOUND}

    async with world.storage.reading(world.system) as work:
        assert await QUESTIONS[name](work, ids) == {}
