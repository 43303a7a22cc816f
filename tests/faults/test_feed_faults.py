"""Whoever follows sees every change that he may see, once and in order, whatever is cut or dies."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from sqlalchemy import select
from websockets.exceptions import WebSocketException

from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.operations import handling
from domain.rules.membership import Face
from domain.words import Role
from storage.access import columns
from tests.api.desk import Json, gid
from tests.faults.conftest import Office
from tests.faults.proxy import proxy
from tests.flows.served import Caller, Watcher
from tests.flows.test_replay import FILTERS, LiveList, in_order, same, team_of
from tests.world import Person, World

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
log = structlog.get_logger(__name__)
H_ = columns(HistoryEntry)
QUEUE = (
    "subscription { queueChanges { cursor resync changes { kind ticketId"
    " ticket { version level { id } } entry { sequence } } } }"
)
TICKET = "subscription($id: ID!) { ticketChanges(id: $id) { resync entries { sequence } } }"
LIST = "{ tickets(first: 100) { nodes { id version } } }"
ACTS = 8
PATIENCE, ROUNDS = 30.0, 12


@dataclass
class Stand:
    """Two levels, each with somebody who sees it alone, and one who sees both."""

    world: World
    north: Level
    south: Level
    people: Mapping[str, Person]

    @classmethod
    async def set_up(cls, world: World) -> "Stand":
        north, south = world.triage, await world.level("Sul")
        people = {
            "boss": await world.person("Chefe", role=Role.ADMIN),
            "north": await world.person("Ana", level=north),
            "south": await world.person("Bia", level=south),
            "nobody": await world.person("Caio", level=await world.level("Longe")),
        }
        return cls(world, north, south, people)

    def sees(self, who: str, level: str) -> bool:
        walls = {"boss": {"north", "south"}, "nobody": set()}
        return level in {
            gid({"north": self.north, "south": self.south}[each]) for each in walls.get(who, {who})
        }


async def versions(world: World) -> dict[tuple[str, int], str]:
    """In which level every ticket was, version by version."""
    async with world.storage.reading(world.system) as work:
        statement = select(HistoryEntry).where(H_.workspace_id == world.workspace.id)
        return {
            (gid(each.ticket_id, "Ticket"), each.version): gid(level_of(each), "Level")
            for each in await work.session.scalars(statement)
        }


def level_of(entry: HistoryEntry) -> UUID:
    """Where its ticket was after it."""
    return Face.of_json(dict(entry.after)).level_id


async def dawdle(world: World, level: Level, watching: Sequence[Watcher]) -> None:
    """Its entries have their numbers, and others are told of higher ones before it commits."""
    slow, quick = await world.ticket(level), await world.ticket(level)
    async with world.storage.work(world.system) as work:
        await handling.note(work, slow.id, "a ligação demorada")
        await work.settle()
        work._entries.clear()
        await world.do(handling.note, quick.id, "a ligação rápida")
        last = (await world.see(quick)).version
        for each in watching:
            await each.until(lambda it: folded(it).get(gid(quick)) == last, PATIENCE)
    world.storage.ring(world.workspace.id)


async def test_every_change_reaches_whoever_may_see_it_once_and_in_order_on_either_server(
    office: Office,
) -> None:
    world = office.world
    stand = await Stand.set_up(world)
    pinned = await world.ticket(stand.south)
    writers = [await office.caller(stand.people["boss"], place) for place in range(2)]

    async with AsyncExitStack() as stack:
        queues: dict[tuple[str, int], Watcher] = {}
        pins: list[Watcher] = []
        for place in range(2):
            for name, person in stand.people.items():
                caller = await office.caller(person, place)
                queues[name, place] = await stack.enter_async_context(caller.follow(QUEUE))
                if name in ("boss", "south"):
                    following = caller.follow(TICKET, id=gid(pinned))
                    pins.append(await stack.enter_async_context(following))

        bosses = [queues["boss", place] for place in range(2)]
        await asyncio.gather(
            *(write(each, stand, gid(pinned), Random(n)) for n, each in enumerate(writers * 3)),
            *(dawdle(world, level, bosses) for level in (stand.north, stand.south)),
        )

        rows = {name: await listed(office, person) for name, person in stand.people.items()}
        for (name, _), watcher in queues.items():
            await watcher.until(lambda it, name=name: folded(it) == {**rows[name]}, PATIENCE)  # type: ignore[misc]
        story = [each.sequence for each in await world.history(pinned)][1:]
        for watcher in pins:
            await watcher.until(lambda it: numbers(it)[-1:] == story[-1:], PATIENCE)

    known = await versions(world)
    for watcher in pins:
        assert numbers(watcher) == story
    for (name, _), watcher in queues.items():
        assert not any(each["resync"] for each in watcher.messages)
        once_and_in_order(watcher)
        for change in watcher.changes:
            if change["kind"] == "LEFT":
                assert change["ticket"] is None
                continue
            shown = change["ticket"]
            assert stand.sees(name, shown["level"]["id"])
            assert known[change["ticketId"], shown["version"]] == shown["level"]["id"]
    assert not queues["nobody", 0].changes
    assert not queues["nobody", 1].changes


def numbers(watcher: Watcher) -> list[int]:
    return [each["sequence"] for message in watcher.messages for each in message["entries"]]


def folded(watcher: Watcher) -> dict[str, int]:
    """What stands in the list by what was told, and in which version."""
    rows: dict[str, int] = {}
    for change in watcher.changes:
        if change["kind"] == "LEFT":
            rows.pop(change["ticketId"], None)
        else:
            rows[change["ticketId"]] = change["ticket"]["version"]
    return rows


def once_and_in_order(watcher: Watcher) -> None:
    told: dict[str, int] = defaultdict(int)
    for change in watcher.changes:
        if change["entry"] is None:
            continue
        assert change["entry"]["sequence"] > told[change["ticketId"]]
        told[change["ticketId"]] = change["entry"]["sequence"]


async def listed(office: Office, who: Person) -> dict[str, int]:
    page = await (await office.caller(who, 0)).ask(LIST)
    return {each["id"]: each["version"] for each in page["nodes"]}


async def write(caller: Caller, stand: Stand, pinned: str, chance: Random) -> None:
    """Tickets opened, noted on, and moved from wall to wall."""
    levels = [gid(stand.north), gid(stand.south)]
    ticket = "ticket { id }"
    mine: list[str] = []
    for _ in range(ACTS):
        act = chance.choice(["move", "move", "note", "note", "pinned"]) if mine else "open"
        given: Json = {"comment": "C"}
        if act == "open":
            given |= {"levelId": chance.choice(levels), "subject": "Pedido"}
            answer = await caller.do("openTicket", "OpenTicketInput", ticket, **given)
            mine.append(answer["ticket"]["id"])
        elif act == "move":
            given |= {"ticketId": chance.choice(mine), "levelId": chance.choice(levels)}
            answer = await caller.do("updateTicket", "UpdateTicketInput", ticket, **given)
        else:
            note = {"text": "Nota", "visibility": "INTERNAL"}
            where = pinned if act == "pinned" else chance.choice(mine)
            answer = await caller.do("reply", "ReplyInput", ticket, ticketId=where, **note)
        assert answer["userErrors"] == []


# ── lines that break ─────────────────────────────────────────────────────────────────────────


@dataclass
class Unlucky:
    """A live list over a line that breaks now and then, to whichever server answers."""

    live: LiveList
    chance: Random
    returns: int = 0

    async def insist(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            with suppress(httpx.TransportError):
                return await ask()

    async def keep(self, over: asyncio.Event) -> None:
        """Until it is over: follow, be cut off, come back with the cursor, or read anew."""
        while not over.is_set():
            if self.chance.random() < 0.3:
                await self.insist(self.live.read)
            with suppress(OSError, WebSocketException, TimeoutError):
                async with self.live.following() as watcher:
                    ended = asyncio.create_task(over.wait())
                    while watcher.closed is None and not ended.done():  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                    ended.cancel()
                    watcher.on_message = None
            self.returns += 1


async def test_a_list_whose_line_breaks_anywhere_becomes_the_new_list_on_any_server(
    office: Office,
) -> None:
    pair = office.pair
    team, watching = await team_of(office.house, 11)
    team.callers[1:] = [
        office.house.bearer(each.token, pair.addresses[1]) for each in watching[1:3]
    ]
    for caller in team.callers:
        caller.client.timeout = PATIENCE
    for _ in range(4):
        await team.act()

    async with proxy(*pair.addresses) as line:
        lists = []
        for caller, asked in [(each, FILTERS[0]) for each in watching] + [
            (watching[1], each) for each in FILTERS[1:5:2]
        ]:
            through = office.house.bearer(caller.token, line.url)
            through.client.timeout = PATIENCE
            lists.append(LiveList(through, asked))
        unlucky = [Unlucky(each, Random(place)) for place, each in enumerate(lists)]
        await asyncio.gather(*(each.insist(each.live.read) for each in unlucky))

        over = asyncio.Event()
        # In the middle of a frame, of an answer to a list, of a handshake.
        line.cut_within = 20_000

        async def break_off() -> None:
            await asyncio.sleep(line.chance.random() / 2)
            line.cut()

        async def work() -> None:
            for _ in range(ROUNDS):
                await asyncio.gather(break_off(), *(team.act() for _ in range(3)))
            over.set()

        await asyncio.gather(work(), *(each.keep(over) for each in unlucky))
        line.cut_within = None

        for one in unlucky:
            # What is open already is still to be cut somewhere.
            one.live.caller = office.house.bearer(one.live.caller.token, line.url)
            one.live.caller.client.timeout = PATIENCE
            async with one.live.following():
                await same(one.live)

    returns = sum(one.returns for one in unlucky)
    log.info("cut", cuts=line.cuts, returns=returns, acts=sum(team.done.values()))
    assert line.cuts > len(lists)
    assert {flaw for each in lists for flaw in each.flaws} == set()
    for each in lists:
        in_order(each)
