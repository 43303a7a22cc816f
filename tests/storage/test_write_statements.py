"""What a write asks of the database: so many statements, whatever is stored and however many come.

One more here is one more for every ticket of every day. Whoever adds one says so by changing the
number; whoever saves one, too.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from domain.answers import Pulled
from domain.model.account import Account
from domain.model.ticket import Ticket
from domain.operations import handling, pulling
from domain.operations.handling import TicketChange
from domain.words import Priority, TicketStatus
from domain.work import Work
from storage.engine import Database
from tests.statements import statements_of
from tests.world import Person, World

MANY = 25


@contextmanager
def told(database: Database) -> Iterator[list[str]]:
    """What is asked in writing meanwhile: the first words of each statement."""
    said: list[str] = []
    with statements_of(database.writer) as statements:
        yield said
    said += map(_briefly, statements)


def _briefly(statement: str) -> str:
    """Of one that puts several things at once, each of them."""
    if statement.startswith("SELECT"):
        found = re.findall(r'(SELECT) .*?\sFROM\s("?\w+)', statement, re.DOTALL)[:1]
    else:
        found = re.findall(r"(UPDATE|INSERT)(?: INTO)? (\S+)", statement)
    return ", ".join(" ".join(each) for each in found).replace('"', "")


def put(database: Database, *parts: str) -> list[str]:
    """What is put there in the end: at once, where the database can."""
    return list(parts) if database.is_sqlite else [", ".join(parts)]


@pytest.fixture
async def ana(world: World) -> Person:
    """Somebody of a level in which everything is measured."""
    world.triage = await world.level("Balcão", sla_targets=None)
    return await world.person("Ana", level=world.triage)


async def test_a_ticket_is_opened_in_so_many_statements(
    world: World, database: Database, ana: Person
) -> None:
    account = await world.account()
    await world.watch(account, world.triage)
    publisher_id = (await world.heard(account)).publisher_id
    await _crowd(world, account)
    actor = await world.actor(ana)

    with told(database) as said:
        await world.ticket(by=actor, publisher_id=publisher_id, priority=Priority.HIGH)

    assert said == [
        "SELECT level",
        "SELECT publisher",
        "SELECT profile",
        "SELECT workspace",
        "SELECT ticket",  # whether the protocol is free
        *put(database, "INSERT ticket", "INSERT sla_clock", "INSERT history_entry"),
    ]


async def test_one_or_many_are_pulled_in_so_many_statements(
    world: World, database: Database, ana: Person
) -> None:
    actor = await world.actor(ana)
    for _ in range(MANY + 1):
        await world.ticket()

    with told(database) as one:
        pulled = await world.do(_pull, 1, by=actor)
    with told(database) as many:
        others = await world.do(_pull, MANY, by=actor)

    assert (len(pulled.tickets), len(others.tickets)) == (1, MANY)
    asked = ["SELECT level", "SELECT user", "SELECT level_member", "SELECT ticket"]
    asked += ["SELECT sla_clock"]
    assert one == [*asked, *put(database, "UPDATE ticket", "INSERT history_entry")]
    # Of many tickets that change, one after the other does.
    assert many == [*asked, "UPDATE ticket", "INSERT history_entry"]


async def test_a_status_is_changed_in_so_many_statements(
    world: World, database: Database, ana: Person
) -> None:
    actor = await world.actor(ana)
    await _crowd(world, await world.account())
    [ticket] = await _claimed(world, actor)
    change = TicketChange(status=TicketStatus.PENDING)

    with told(database) as said:
        await world.do(handling.update, ticket.id, change, ticket.version, by=actor)

    assert said == [
        "SELECT ticket",
        "SELECT level",
        "SELECT sla_clock",
        "SELECT history_entry",  # whether an answer is on its way
        *put(database, "UPDATE sla_clock", "UPDATE ticket", "INSERT history_entry"),
    ]


async def test_one_message_or_many_of_strangers_come_in_so_many_statements(
    world: World, database: Database, ana: Person
) -> None:
    account = await world.account()
    await world.watch(account, world.triage)
    await world.heard(account)  # the level's terms are read once
    posts = [world.post(account, author=f"p{each}") for each in range(MANY + 1)]

    with told(database) as one:
        await world.receive(posts[0])
    with told(database) as many:
        received = await world.receive(*posts[1:])

    assert len([each for each in received if each.ticket]) == MANY
    assert one == many
    assert one == [
        "SELECT account",
        "SELECT level",
        "SELECT workspace",
        "SELECT profile",
        "INSERT profile",
        "SELECT occurrence",
        "SELECT monitoring_account",
        "SELECT ticket",  # their open conversations
        "SELECT ticket",  # those that are over
        "SELECT ticket",  # what was opened by hand for them
        "SELECT ticket",  # whether the protocols are free
        "INSERT publisher",
        *put(
            database,
            "INSERT ticket",
            "INSERT sla_clock",
            "INSERT occurrence",
            "INSERT history_entry",
        ),
    ]


async def _pull(work: Work, count: int) -> Pulled:
    """As somebody does who does not ask how many are left."""
    return await pulling.get_tickets(work, None, count, counted=False)


async def _claimed(world: World, actor: Any) -> Sequence[Ticket]:
    await world.ticket()
    return (await world.do(pulling.get_tickets, [world.triage.id], 1, by=actor)).tickets


async def _crowd(world: World, account: Account) -> None:
    """Much that has nothing to do with it."""
    await world.receive(*(world.post(account, author=f"other{each}") for each in range(MANY)))
