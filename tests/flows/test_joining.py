"""Whoever joins those who follow already gets what came after his cursor, once and in order."""

import asyncio
import json
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import pytest

from domain.operations import handling
from domain.words import TicketStatus
from feed import tail
from storage import statements
from tests.api.desk import gid
from tests.flows.served import House, Watcher
from tests.flows.test_shared_walls import groups
from tests.transport.house import until

FOLLOW = (
    "subscription($id: ID!, $a: String) { ticketChanges(id: $id, after: $a) {"
    " cursor resync entries { sequence } } }"
)
WRITTEN = FOLLOW.replace(", $a: String", "")
JOINERS = 24
COMING = 200


def sequences(messages: list[Any]) -> list[int]:
    return [entry["sequence"] for each in messages for entry in each["entries"]]


@pytest.mark.parametrize("seed", [1, 2])
async def test_whoever_joins_while_it_goes_on_gets_what_came_after_his_cursor_once(
    house: House, seed: int
) -> None:
    chance, world = Random(seed), house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))
    bia = await house.caller(await world.person("Bia", level=world.triage))
    ticket = await world.ticket(status=TicketStatus.OPEN)
    joined: list[tuple[int, Watcher]] = []
    async with AsyncExitStack() as stack, ana.follow(FOLLOW, id=gid(ticket)) as first:
        for number in range(JOINERS):
            # What he has seen: all that was told up to a message; its cursor says so.
            place = chance.randrange(len(first.messages))
            seen = max([1, *sequences(first.messages[: place + 1])])
            cursor = first.messages[place]["cursor"]
            writing = asyncio.create_task(world.do(handling.note, ticket.id, f"Nota {number}"))
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.01, 0.03]))
            caller = chance.choice([ana, bia])
            if chance.random() < 0.5:
                following = caller.follow(FOLLOW, id=gid(ticket), a=cursor)
            else:
                literal = WRITTEN.replace("after: $a", f'after: "{cursor}"')
                following = caller.follow(literal, id=gid(ticket))
            joined.append((seen, await stack.enter_async_context(following)))
            await writing
        last = JOINERS + 1
        for _, watcher in joined:
            await watcher.until(lambda it: last in sequences(it.messages))
        await until(lambda: sorted(len(each) for each in groups(house))[-1] > 1)
        told = [(seen, sequences(watcher.messages)) for seen, watcher in joined]
        sizes = sorted(len(each) for each in groups(house))

    assert told == [(seen, list(range(seen + 1, last + 1))) for seen, _ in joined]
    assert not any(each["resync"] for _, watcher in joined for each in watcher.messages)
    # One for those whose cursor is written into the document, one for the others.
    assert len(sizes) == 2
    assert sum(sizes) == JOINERS + 1


async def test_who_comes_and_goes_at_once_costs_next_to_nothing(house: House) -> None:
    world = house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))
    bia = await house.caller(await world.person("Bia", level=world.triage))
    ticket = await world.ticket(status=TicketStatus.OPEN)
    assert house.app is not None
    straight = house.app.state.storage.database.straight
    async with ana.follow(FOLLOW, id=gid(ticket)) as first, bia.socket() as socket:
        before = straight.asked
        for number in range(COMING):
            variables = {"id": gid(ticket), "a": f"{first.cursor}{number}"}
            payload = {"query": FOLLOW, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            await socket.send(json.dumps({"id": "1", "type": "complete"}))
        await socket.send(json.dumps({"type": "ping"}))
        while json.loads(await socket.recv())["type"] != "pong":
            pass
        await until(lambda: not any(each._parties for each in groups(house)))

        assert straight.asked - before < COMING / 2


async def test_one_event_asks_the_database_the_same_however_many_follow(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "SWEEP", 3600.0)  # nothing is read but for a bell that rings
    sent = list[int]()
    monkeypatch.setattr(statements, "sent", lambda count=1: sent.append(count))
    world = house.world
    ticket = await world.ticket(status=TicketStatus.OPEN)
    people = [await house.caller(await world.person(f"P{n}", level=world.triage)) for n in range(3)]
    document = (
        "subscription { queueChanges { changes { ticket { subject publisher { name }"
        " history(last: 1) { nodes { sequence } } } entry { sequence } } } }"
    )
    for text in ("Antes", "Ninguém segue"):
        sent.clear()
        await world.do(handling.note, ticket.id, text)
    alone = sum(sent)
    costs: list[int] = []
    async with AsyncExitStack() as stack:
        watchers: list[Watcher] = []
        for number in range(30):
            following = people[number % 3].follow(document)
            watchers.append(await stack.enter_async_context(following))
            if len(watchers) not in (3, 30):
                continue
            # The first time is when statements are prepared; a ring may be heard late, too.
            each_time: list[int] = []
            for text in ("Antes", "Uma", "Duas", "Três"):
                sent.clear()
                told = [len(each.changes) for each in watchers]
                await world.do(handling.note, ticket.id, text)
                for watcher, before in zip(watchers, told, strict=True):
                    await watcher.until(lambda it, before=before: len(it.changes) > before)  # type: ignore[misc]
                each_time.append(sum(sent))
            costs.append(min(each_time[1:]))
        assert len(groups(house)) == 1

    # One reading of the feed and one look at the ticket, as far as the store counts them.
    assert costs[0] == costs[1] <= alone + 2
