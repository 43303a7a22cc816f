"""Who is at a ticket, said and followed through the API, by the rights of each moment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from domain.model.ticket import Ticket
from domain.operations import handling, levelling, organizing
from domain.operations.handling import TicketChange
from domain.operations.levelling import LevelForm
from domain.rules.presence import TYPING, VIEWING
from domain.words import OutsideView, Role
from tests.api.desk import PATIENCE, Desk, Json, gid, unknown
from tests.statements import statements_of
from tests.world import Person

WHO = "{ user { id name } mode }"
WATCH = f"subscription($id: ID!) {{ presence(ticketId: $id) {WHO} }}"
TOUCH = (
    "mutation($i: PresenceInput!) { touchPresence(input: $i) {"
    f" viewers {WHO} userErrors {{ code field }} }} }}"
)
VIEWERS = f"query($id: ID!) {{ ticket(id: $id) {{ viewers {WHO} }} }}"
SHORTLY, A_WHILE = 1.0, 0.3
WITHIN_FIVE_SECONDS = 5.0


async def touch(
    desk: Desk, who: Person | str, ticket: Ticket, mode: str = "VIEWING", **more: Any
) -> Json:
    told: Json = await desk.ask(TOUCH, who, i={"ticketId": gid(ticket), "mode": mode, **more})
    return told


def names(viewers: list[Json]) -> list[tuple[str, str]]:
    return [(each["user"]["name"], each["mode"]) for each in viewers]


@asynccontextmanager
async def watching(
    desk: Desk, who: Person | str, ticket: Ticket | str
) -> AsyncIterator[AsyncGenerator[Any, None]]:
    asked = ticket if isinstance(ticket, str) else gid(ticket)
    async with aclosing(desk.follow(WATCH, who, id=asked)) as stream:
        yield stream


async def people(stream: AsyncGenerator[Any, None]) -> list[Json]:
    """Who is there, as the next message tells, which has to come."""
    async with asyncio.timeout(PATIENCE):
        told: list[Json] = await anext(stream)
        return told


async def silent(stream: AsyncGenerator[Any, None], seconds: float = A_WHILE) -> bool:
    """Whether nothing comes for that long. The stream is of no use afterwards."""
    try:
        async with asyncio.timeout(seconds):
            await anext(stream)
    except TimeoutError:
        return True
    return False


async def test_colleagues_watch_somebody_come_type_stop_and_leave(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()

    async with watching(desk, bia, ticket) as stream:
        seen = [await people(stream)]
        for mode, more in (
            ("VIEWING", {}),
            ("TYPING", {}),
            ("VIEWING", {}),
            ("VIEWING", {"gone": True}),
        ):
            told = await touch(desk, ana, ticket, mode, **more)
            async with asyncio.timeout(SHORTLY):
                seen.append(await anext(stream))
            assert told["viewers"] == seen[-1]

    assert [names(each) for each in seen] == [
        [],
        [("Ana", "VIEWING")],
        [("Ana", "TYPING")],
        [("Ana", "VIEWING")],
        [],
    ]


async def test_the_first_message_says_who_is_there_already(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    await touch(desk, ana, ticket, "TYPING")

    async with watching(desk, ana, ticket) as stream:
        first = await people(stream)

    assert names(first) == [("Ana", "TYPING")]


async def test_what_is_only_said_again_is_not_told_again(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    await touch(desk, ana, ticket)

    async with watching(desk, ana, ticket) as stream:
        await people(stream)
        world.later(timedelta(seconds=20))
        await touch(desk, ana, ticket)
        # The sweep has passed over it, too.
        assert await silent(stream, 1.5)


async def test_who_dies_typing_looks_and_is_gone(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()
    await touch(desk, ana, ticket, "TYPING")

    async with watching(desk, bia, ticket) as stream:
        seen = [await people(stream)]
        for passed in (TYPING, VIEWING - TYPING):
            world.later(passed)
            seen.append(await people(stream))

    assert [names(each) for each in seen] == [[("Ana", "TYPING")], [("Ana", "VIEWING")], []]


async def test_a_lost_ring_costs_a_second(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    async with watching(desk, ana, ticket) as stream:
        await people(stream)
        world.storage.ring_presence = lambda _: None

        await touch(desk, ana, ticket)
        async with asyncio.timeout(2.0):
            told = await anext(stream)

    assert names(told) == [("Ana", "VIEWING")]


async def test_a_ticket_shows_who_is_there_to_all_who_see_it(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    await touch(desk, ana, ticket)
    key = await desk.key("read")

    told = [await desk.ask(VIEWERS, by, id=gid(ticket)) for by in (ana, key)]

    assert [names(each["viewers"]) for each in told] == [[("Ana", "VIEWING")]] * 2


# ── the wall ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outside", [OutsideView.NONE, OutsideView.STUB])
async def test_a_ticket_behind_the_wall_is_as_one_that_does_not_exist(
    desk: Desk, outside: OutsideView
) -> None:
    world = desk.world
    rh = await world.level("RH", outside_view=outside)
    ana = await world.person("Ana", level=world.triage)
    rita = await world.person("Rita", level=rh)
    hidden = await world.ticket(rh)
    await touch(desk, rita, hidden)

    refused = []
    for ticket in (gid(hidden), unknown("Ticket")):
        for mode in ("VIEWING", "TYPING"):
            given = {"ticketId": ticket, "mode": mode}
            refused.append((await desk.send(TOUCH, ana, i=given)).content)
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(watching(desk, ana, each))
            for each in (gid(hidden), unknown("Ticket"), gid(ana.user))
        ]
        first = [await people(each) for each in streams]
        await touch(desk, rita, hidden, "TYPING")
        quiet = [await silent(each) for each in streams]

    assert len(set(refused)) == 1
    assert b"NOT_FOUND" in refused[0]
    assert first == [[], [], []]
    assert quiet == [True, True, True]


async def test_who_may_only_read_may_look_and_not_type(desk: Desk) -> None:
    world = desk.world
    vera = await world.person("Vera", role=Role.VIEWER, level=world.triage)
    ticket = await world.ticket()

    looks = await touch(desk, vera, ticket)
    types = await touch(desk, vera, ticket, "TYPING")
    key = await touch(desk, await desk.key("read"), ticket)

    assert names(looks["viewers"]) == [("Vera", "VIEWING")]
    for refused in (types, key):
        assert (refused["viewers"], refused["userErrors"][0]["code"]) == ([], "FORBIDDEN")


async def test_who_is_taken_out_of_the_level_sees_nobody_and_is_seen_by_nobody(
    desk: Desk,
) -> None:
    world = desk.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    rita = await world.person("Rita", level=rh)
    ticket = await world.ticket(rh)
    await touch(desk, ana, ticket)
    await touch(desk, rita, ticket)

    async with watching(desk, ana, ticket) as hers, watching(desk, rita, ticket) as his:
        before = [await people(hers), await people(his)]
        members = [levelling.MemberForm(user_id=rita.id)]
        await world.do(levelling.save_level, LevelForm(id=rh.id, name="RH", members=members))
        async with asyncio.timeout(WITHIN_FIVE_SECONDS):
            after = [await anext(hers), await anext(his)]
        await touch(desk, rita, ticket, "TYPING")
        still = await people(his)
        assert await silent(hers)

    both = [("Ana", "VIEWING"), ("Rita", "VIEWING")]
    assert [names(each) for each in before] == [both, both]
    assert [names(each) for each in after] == [[], [("Rita", "VIEWING")]]
    assert names(still) == [("Rita", "TYPING")]


async def test_a_ticket_that_goes_behind_the_wall_has_nobody_any_more(desk: Desk) -> None:
    world = desk.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    await touch(desk, ana, ticket)

    async with watching(desk, ana, ticket) as stream:
        before = await people(stream)
        await world.do(handling.update, ticket.id, TicketChange(level_id=rh.id))
        async with asyncio.timeout(WITHIN_FIVE_SECONDS):
            after = await anext(stream)

    assert (names(before), after) == ([("Ana", "VIEWING")], [])


async def test_the_stream_ends_with_the_session(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    dismissed = organizing.UserForm(
        id=ana.id, name="Ana", email=ana.user.email, role=Role.ATTENDANT, active=False
    )
    ticket = await world.ticket()

    for asked in (gid(ticket), unknown("Ticket")):
        active = organizing.UserForm(**{**vars(dismissed), "active": True})
        await world.do(organizing.save_user, active)
        async with watching(desk, await desk.session_of(ana), asked) as stream:
            await people(stream)
            await world.do(organizing.save_user, dismissed)
            with pytest.raises(StopAsyncIteration):
                await people(stream)


# ── cost ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_viewers_of_a_page_of_tickets_are_asked_for_once(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    for _ in range(3):
        await touch(desk, ana, await world.ticket())
    page = f"{{ tickets {{ nodes {{ viewers {WHO} }} }} }}"

    with statements_of(world.storage.database.reader) as sent:
        told = await desk.ask(page, ana)

    assert len([each for each in sent if "FROM presence" in each]) == 1
    assert [names(each["viewers"]) for each in told["nodes"]] == [[("Ana", "VIEWING")]] * 3


async def test_nothing_is_left_when_nobody_watches_any_more(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    lookout = desk.services.lookout

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(watching(desk, ana, ticket)) for _ in range(5)]
        for stream in streams:
            await people(stream)
        watched = len(lookout._watches)

    assert watched == 1
    assert (lookout._watches, lookout._ears, lookout._task) == ({}, {}, None)
