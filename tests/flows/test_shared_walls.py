"""Walls over real sockets: many who watch the same cost one, and each loses what he may not see."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

from websockets.asyncio.client import ClientConnection

from domain.operations import handling, levelling, signing
from domain.operations.handling import TicketChange
from domain.words import Priority, TicketStatus
from server.graphql import GraphQLApp
from tests.api.boards import COUNTDOWN, FOLLOW_WALL, WALL, measured
from tests.api.desk import plain
from tests.flows.served import PATIENCE, Caller, House
from tests.transport.house import until

WITHIN_FIVE_SECONDS = 5.0
MANY = 50


def groups(house: House) -> list[Any]:
    """The groups of the server."""
    assert house.app is not None
    endpoints = {getattr(each, "endpoint", None) for each in house.app.routes}
    [app] = [each for each in endpoints if isinstance(each, GraphQLApp)]
    return list(app.switchboard.groups)


def boards(house: House) -> list[Any]:
    assert house.app is not None
    return list(house.app.state.door.door._services.boards._boards.values())


async def subscribe(socket: ClientConnection, id: str, document: str, **variables: Any) -> None:
    payload = {"query": document, "variables": variables}
    await socket.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))


async def frame(socket: ClientConnection) -> str:
    """The next thing told, as it came."""
    async with asyncio.timeout(PATIENCE):
        while True:
            text = await socket.recv(decode=True)
            if '"type":"next"' in text:
                return text


async def test_fifty_who_watch_one_countdown_cost_one_and_read_the_same_bytes(
    house: House,
) -> None:
    world = house.world
    level = await measured(world)
    ticket = await world.ticket(level, priority=Priority.LOW)
    people = [
        await house.caller(await world.person(f"P{each}", level=level)) for each in range(MANY)
    ]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(each.socket()) for each in people]
        for number, socket in enumerate(sockets):
            await subscribe(socket, f"{number}", COUNTDOWN, every=60)
        for socket in sockets:
            await frame(socket)
        await until(lambda: [len(each) for each in groups(house)] == [MANY])
        assert [each.lookers for each in boards(house)] == [1]

        change = TicketChange(priority=Priority.URGENT)
        await world.do(handling.update, ticket.id, change)
        frames = [await frame(socket) for socket in sockets]

    assert {json.loads(each)["id"] for each in frames} == {str(each) for each in range(MANY)}
    assert len({each.partition('"payload":')[2] for each in frames}) == 1
    [clock] = json.loads(frames[0])["payload"]["data"]["slaCountdown"]["clocks"]
    assert clock["ticket"]["protocol"] == ticket.protocol
    await until(lambda: not groups(house) and not boards(house))


async def test_one_who_loses_a_level_gets_nothing_more_of_it_and_the_others_go_on(
    house: House,
) -> None:
    world = house.world
    rh = await measured(world, "RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    rita = await world.person("Rita", level=[rh, world.triage])
    losing, staying = await house.caller(ana), await house.caller(rita)
    await world.ticket(rh)
    async with losing.follow(COUNTDOWN) as lost, staying.follow(COUNTDOWN) as kept:
        await until(lambda: [len(each) for each in groups(house)] == [2])
        before = [lost.messages[-1]["running"], kept.messages[-1]["running"]]

        form = levelling.LevelForm(
            id=rh.id, name="RH", members=[levelling.MemberForm(user_id=rita.id)]
        )
        await world.do(levelling.save_level, form)
        await lost.until(lambda it: it.messages[-1]["running"] == 0, WITHIN_FIVE_SECONDS)
        seen = len(lost.messages)
        late = await world.ticket(rh, priority=Priority.URGENT)
        await kept.until(lambda it: late.protocol in plain(it.messages[-1]))
        await lost.until(lambda it: len(it.messages) > seen + 1)

        assert late.protocol not in plain(lost.messages)
        assert {each["running"] for each in lost.messages[seen:]} == {0}

    assert before == [1, 1]


async def test_the_session_of_one_ends_his_socket_and_nobody_elses(house: House) -> None:
    world = house.world
    first = await house.caller(await world.person("Ana", level=world.triage))
    second = await house.caller(await world.person("Bia", level=world.triage))
    async with first.follow(FOLLOW_WALL) as ended, second.follow(FOLLOW_WALL) as going_on:
        await until(lambda: [len(each) for each in groups(house)] == [2])

        await first.ask("mutation { signOut { userErrors { code } } }")
        await ended.until(lambda it: it.closed is not None, WITHIN_FIVE_SECONDS)
        await world.ticket(world.triage)
        await going_on.until(lambda it: it.messages[-1]["totals"]["waiting"] == 1)

        assert ended.closed == 4403
        assert going_on.closed is None


async def test_a_display_that_is_revoked_is_dark_within_seconds(house: House) -> None:
    world = house.world
    made = await world.do(signing.make_key, "TV", ["display"], [world.triage.id])
    other = await world.do(signing.make_key, "TV 2", ["display"], [world.triage.id])
    async with (
        display(house, made).follow(COUNTDOWN) as dark,
        display(house, other).follow(COUNTDOWN) as bright,
    ):
        await until(lambda: [len(each) for each in groups(house)] == [2])

        await world.do(signing.revoke_key, made.api_key.id)
        await dark.until(lambda it: it.closed is not None, WITHIN_FIVE_SECONDS)
        seen = len(bright.messages)
        await bright.until(lambda it: len(it.messages) > seen + 1)

        assert dark.closed == 4403


def display(house: House, made: Any) -> Caller:
    assert made.secret is not None
    return house.bearer(made.secret)


async def test_a_wall_ends_up_as_the_database_is(house: House) -> None:
    world = house.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    caller = await house.caller(ana)
    async with caller.follow(FOLLOW_WALL) as watcher:
        for number in range(30):
            ticket = await world.ticket(level)
            if number % 3 == 0:
                change = TicketChange(status=TicketStatus.PENDING)
                await world.do(handling.update, ticket.id, change, by=ana)
        truth = await caller.ask(WALL)

        await watcher.until(lambda it: figures(it.messages[-1]) == figures(truth))

    assert figures(truth)[0]["pending"] == 10


def figures(wall: Any) -> Any:
    return [*wall["levels"], wall["totals"], [each["dueAt"] for each in wall["nearest"]]]
