"""Somebody opens a ticket, types and dies: colleagues see it, whatever process serves whom."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.operations import levelling
from domain.operations.levelling import LevelForm
from feed.bell import Bell
from server.opening import open_store, ringing, ringing_presence
from server.secrets import Keyring
from tests.api.desk import gid, plain
from tests.flows.served import SECRET, Caller, House, Watcher, company, served, settings
from tests.flows.test_shared_walls import groups
from tests.flows.test_two_processes import answers, free_port, start
from tests.services import RedisServer
from tests.world import World

TTL = 3
WITHIN_A_SECOND, A_SWEEP, WITHIN_FIVE_SECONDS = 1.0, 2.0, 5.0
WATCH = "subscription($id: ID!) { presence(ticketId: $id) { user { name } mode } }"
NOTIFY = "subscription { notifications { kind text } }"


@dataclass
class Pair:
    """Two processes that serve, and a company whose people are on either."""

    processes: "list[subprocess.Popen[bytes]]"
    addresses: list[str]
    house: House
    redis: RedisServer

    @property
    def world(self) -> World:
        return self.house.world


@pytest.fixture
async def pair(served_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        log = stack.enter_context((tmp_path / "log").open("wb"))
        processes, addresses = [], []
        for _ in range(2):
            port = free_port()
            seconds = {"PRESENCE_SECONDS": str(TTL)}
            process = start(port, served_url, redis.url, tmp_path, log, **seconds)
            stack.callback(ended, process)
            processes.append(process)
            addresses.append(f"http://127.0.0.1:{port}")
        for address, process in zip(addresses, processes, strict=True):
            await answers(address, process, tmp_path / "log")
        chosen = settings(served_url, redis.url)
        bell = await stack.enter_async_context(Bell.open(chosen.redis_url))
        storage = await stack.enter_async_context(
            open_store(chosen, Keyring(SECRET), ringing(bell), ringing_presence(bell))
        )
        house = House(addresses[0], await company(storage))
        yield Pair(processes, addresses, house, redis)
        await house.close()


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


async def touch(caller: Caller, ticket: str, mode: str = "VIEWING", **more: Any) -> Any:
    selected = "viewers { user { name } mode }"
    return await caller.do(
        "touchPresence", "PresenceInput", selected, ticketId=ticket, mode=mode, **more
    )


def shown(watcher: Watcher) -> list[tuple[str, str]]:
    """Who is there, as it was told last."""
    last: Any = watcher.messages[-1]
    return [(each["user"]["name"], each["mode"]) for each in last]


async def sees(watcher: Watcher, expected: list[tuple[str, str]], patience: float) -> None:
    await watcher.until(lambda it: shown(it) == expected, patience)


@pytest.mark.postgres
@pytest.mark.redis
async def test_who_dies_with_their_process_is_gone_when_their_time_is_over(pair: Pair) -> None:
    world = pair.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    zoe = await world.person("Zoé", level=await world.level("RH"))
    ticket = gid(await world.ticket())
    hers = await pair.house.caller(ana, pair.addresses[0])
    his, outside = [await pair.house.caller(who, pair.addresses[1]) for who in (bia, zoe)]

    async with (
        his.follow(WATCH, id=ticket) as watcher,
        outside.follow(WATCH, id=ticket) as stranger,
    ):
        await touch(hers, ticket)
        await sees(watcher, [("Ana", "VIEWING")], WITHIN_A_SECOND)
        await touch(hers, ticket, "TYPING")
        await sees(watcher, [("Ana", "TYPING")], WITHIN_A_SECOND)
        refused = await touch(outside, ticket)

        pair.processes[0].send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await sees(watcher, [], TTL + WITHIN_A_SECOND)
        took = time.monotonic() - killed

    assert took > TTL / 2
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"
    assert plain(stranger.messages) == "[[]]"


@pytest.mark.postgres
@pytest.mark.redis
async def test_with_redis_frozen_it_takes_a_sweep(pair: Pair) -> None:
    world = pair.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = gid(await world.ticket())
    hers = await pair.house.caller(ana, pair.addresses[0])
    his = await pair.house.caller(bia, pair.addresses[1])

    async with his.follow(WATCH, id=ticket) as watcher:
        pair.redis.stop()
        try:
            for mode in ("VIEWING", "TYPING"):
                await touch(hers, ticket, mode)
                await sees(watcher, [("Ana", mode)], A_SWEEP)
            # Whoever comes now is told at once, too.
            async with his.follow(WATCH, id=ticket) as late:
                assert shown(late) == [("Ana", "TYPING")]
            await touch(hers, ticket, gone=True)
            await sees(watcher, [], A_SWEEP)
        finally:
            pair.redis.cont()


@pytest.fixture
async def quick_house(
    store: str, served_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    """A server on which nobody is long remembered."""
    redis = "memory://" if store == "sqlite" else request.getfixturevalue("redis_url")
    async with served(settings(served_url, redis, presence_seconds=2)) as opened:
        yield opened


async def test_colleagues_on_one_server_see_each_other_come_and_go(quick_house: House) -> None:
    world = quick_house.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = gid(await world.ticket())
    hers, his = [await quick_house.caller(who) for who in (ana, bia)]

    async with his.follow(WATCH, id=ticket) as watcher:
        async with hers.follow(WATCH, id=ticket):
            await touch(hers, ticket, "TYPING")
            await sees(watcher, [("Ana", "TYPING")], WITHIN_A_SECOND)
        # Her browser is gone, and says nothing any more.
        await sees(watcher, [], 2 + WITHIN_A_SECOND)
        told = len(watcher.messages)
        await asyncio.sleep(A_SWEEP)

    assert len(watcher.messages) == told == 3


async def test_those_who_watch_one_ticket_cost_one_and_each_loses_what_they_may_not_see(
    house: House,
) -> None:
    world = house.world
    rh = await world.level("RH")
    people = [await world.person(f"P{number}", level=rh) for number in range(10)]
    callers = [await house.caller(who) for who in people]
    ticket = gid(await world.ticket(rh))

    async with AsyncExitStack() as stack:
        watchers = [
            await stack.enter_async_context(each.follow(WATCH, id=ticket)) for each in callers
        ]
        shared = len(groups(house))
        await touch(callers[1], ticket)
        for watcher in watchers:
            await sees(watcher, [("P1", "VIEWING")], WITHIN_A_SECOND)
        stay = [levelling.MemberForm(user_id=each.id) for each in people[1:]]
        await world.do(levelling.save_level, LevelForm(id=rh.id, name="RH", members=stay))
        await sees(watchers[0], [], WITHIN_FIVE_SECONDS)
        before = len(watchers[0].messages)
        await touch(callers[1], ticket, "TYPING")
        for watcher in watchers[1:]:
            await sees(watcher, [("P1", "TYPING")], WITHIN_FIVE_SECONDS)

    assert shared == 1
    assert plain(watchers[0].messages[before:]) == "[]"


async def test_a_socket_is_spoken_to_in_the_language_it_asks_for(house: House) -> None:
    world = house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))

    async with ana.follow(NOTIFY) as usual:
        portuguese = usual.messages[0]
    ana.language = "en-GB,en;q=0.8"
    async with ana.follow(NOTIFY) as asked:
        english = asked.messages[0]

    assert portuguese == {"kind": "HERE", "text": "Nada de novo."}
    assert english == {"kind": "HERE", "text": "Nothing is new."}
