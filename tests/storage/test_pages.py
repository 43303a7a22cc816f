"""Pages: whoever turns them, in either direction, sees every row once."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.page import Page, Window
from domain.rules.membership import TicketFilter
from domain.words import OrderDirection, Priority, TicketOrderField
from storage.work import Storage
from tests.world import World

ALL = TicketFilter()
ASC = OrderDirection.ASC
EVERYTHING = Window(100)
WITH_A_WORLD = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def crowded(world: World, count: int, random: Random) -> None:
    """Tickets with many ties: few priorities, few moments."""
    account = await world.account()
    for moment in range(3):
        posts = [world.post(account, author=f"p{moment}.{number}") for number in range(count // 3)]
        for received in await world.receive(*posts):
            assert received.ticket is not None
            if random.random() < 0.6:
                change = handling.TicketChange(priority=random.choice(list(Priority)))
                await world.do(handling.update, received.ticket.id, change)
        world.later(timedelta(seconds=1))


async def turned(
    world: World,
    field: TicketOrderField,
    direction: OrderDirection,
    size: int,
    *,
    backward: bool,
    between: Callable[[list[Ticket]], Any] | None = None,
) -> list[Ticket]:
    """Every ticket, as one reads them who turns the pages."""
    read: list[Ticket] = []
    past: str | None = None
    while True:
        async with world.storage.reading(world.system) as work:
            page = await work.tickets.page(ALL, field, direction, Window(size, backward, past))
        nodes = list(page.nodes)
        read = nodes + read if backward else read + nodes
        if not (page.has_previous if backward else page.has_next):
            return read
        past = page.edges[0 if backward else -1].cursor
        if between:
            await between(read)


@WITH_A_WORLD
@given(
    random=st.randoms(use_true_random=False),
    field=st.sampled_from(TicketOrderField),
    direction=st.sampled_from(OrderDirection),
    size=st.integers(1, 7),
)
async def test_turning_pages_shows_everything_once_both_ways(
    storage: Storage,
    random: Random,
    field: TicketOrderField,
    direction: OrderDirection,
    size: int,
) -> None:
    world = await World.founded(storage)
    await crowded(world, 9, random)
    async with world.storage.reading(world.system) as work:
        whole = await work.tickets.page(ALL, field, direction, EVERYTHING)

    forwards = await turned(world, field, direction, size, backward=False)
    backwards = await turned(world, field, direction, size, backward=True)

    expected = [ticket.id for ticket in whole.nodes]
    assert [ticket.id for ticket in forwards] == expected
    assert [ticket.id for ticket in backwards] == expected
    assert len(expected) == 9


@pytest.mark.parametrize("backward", [False, True])
async def test_what_is_removed_between_two_pages_moves_nobody_else(
    world: World, backward: bool
) -> None:
    await crowded(world, 12, Random(3))
    field, removed = TicketOrderField.OPENED_AT, set()
    before = await turned(world, field, ASC, 100, backward=False)

    async def remove_the_last_read(read: list[Ticket]) -> None:
        last = read[0] if backward else read[-1]
        await world.do(handling.remove, last.id, "Engano")
        removed.add(last.id)

    read = await turned(world, field, ASC, 3, backward=backward, between=remove_the_last_read)

    assert [ticket.id for ticket in read] == [ticket.id for ticket in before]
    assert len(removed) == 3


async def test_the_order_is_the_one_asked_for(world: World) -> None:
    await crowded(world, 9, Random(5))

    async def by(field: TicketOrderField, direction: OrderDirection) -> list[Ticket]:
        return await turned(world, field, direction, 100, backward=False)

    urgency = [ticket.priority_order for ticket in await by(TicketOrderField.URGENCY, ASC)]
    priority = [ticket.priority_order for ticket in await by(TicketOrderField.PRIORITY, ASC)]
    newest = [t.opened_at for t in await by(TicketOrderField.OPENED_AT, OrderDirection.DESC)]
    assert urgency == sorted(urgency)
    assert priority == sorted(priority, reverse=True)
    assert newest == sorted(newest, reverse=True)


def cursor(*values: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(list(values))).rstrip(b"=").decode()


NAME = "OPENED_AT.ASC"
BROKEN = [
    "",
    "x",
    "é",
    "W10",
    cursor(),
    cursor(NAME),
    cursor(NAME, 5, 5),
    cursor(NAME, None, None),
    cursor(NAME, "2026-09-14T12:00:00+00:00", 5),
    cursor(NAME, "2026-09-14T12:00:00+00:00", ["a"]),
    cursor(NAME, "2026-09-14T12:00:00+00:00", "no id"),
    cursor(NAME, "0001-01-01T00:00:00+14:00", str(uuid4())),
    cursor(NAME, "9999-12-31T23:59:59-14:00", str(uuid4())),
    cursor("URGENCY.ASC", 0, "2026-09-14T12:00:00+00:00", str(uuid4())),
    cursor("OPENED_AT.DESC", "2026-09-14T12:00:00+00:00", str(uuid4())),
    urlsafe_b64encode(b'{"a":1}').decode(),
    urlsafe_b64encode(b"5").decode(),
]


@pytest.mark.parametrize("past", BROKEN, ids=range(len(BROKEN)))
async def test_a_cursor_that_is_none_of_this_list_is_refused(world: World, past: str) -> None:
    async with world.storage.reading(world.system) as work:
        with pytest.raises(Invalid) as refused:
            await work.tickets.page(ALL, TicketOrderField.OPENED_AT, ASC, Window(5, past=past))

    assert refused.value.sentence == "cursor_invalid"
    assert refused.value.field == ("after",)


async def test_a_name_that_no_database_keeps_is_no_place_in_a_list(world: World) -> None:
    past = cursor("name", "a\x00b", str(uuid4()))

    async with world.storage.reading(world.system) as work:
        with pytest.raises(Invalid):
            await work.publishers.page(None, Window(5, past=past))


@WITH_A_WORLD
@given(size=st.integers(1, 5), backward=st.booleans())
async def test_history_turns_both_ways(storage: Storage, size: int, backward: bool) -> None:
    world = await World.founded(storage)
    ticket = await world.ticket()
    for number in range(4):
        await world.do(handling.note, ticket.id, f"nota {number}")
    read: list[int] = []
    past: str | None = None

    while True:
        async with world.storage.reading(world.system) as work:
            page: Page[Any] = (await work.entries.pages([ticket.id], Window(size, backward, past)))[
                ticket.id
            ]
        numbers = [entry.sequence for entry in page.nodes]
        read = numbers + read if backward else read + numbers
        if not (page.has_previous if backward else page.has_next):
            break
        past = page.edges[0 if backward else -1].cursor

    assert read == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("past", ["x", "h", "h-1", "h٣", "h1x", "5", "h" + "9" * 30])
async def test_a_cursor_that_is_none_of_a_history_is_refused(world: World, past: str) -> None:
    ticket = await world.ticket()

    async with world.storage.reading(world.system) as work:
        with pytest.raises(Invalid):
            await work.entries.pages([ticket.id], Window(5, past=past))
