"""Events told to partners: how many in a second, by one process, where a partner takes 100 ms.

    .venv/bin/python -m bench.partners [--database URL] [--events 600] [--endpoints 1,4]

Each event is one ticket's, so that none waits for another; the double answers each after 100 ms,
and every event is counted there by its key. What is told is what there is to tell: the events are
waiting when the clock starts. SQLite in a temporary folder, where no database is named.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from pathlib import Path

import structlog

from channels.outside import Outside
from feed.bell import Ear
from server.opening import store
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from tests.partner import Partner, endpoint, on_this_machine, partner
from tests.world import World
from workers import loop
from workers.partners import AT_LEAST, Partners

TAKES = 0.1


async def measure(url: str, events: int, endpoints: int) -> None:
    async with open_database(url) as database:
        await migrating.migrate(database)
        world = on_this_machine(await World.founded(await store(database, Keyring("x" * 48))))
        doubles: list[Partner] = []
        stack = [partner() for _ in range(endpoints)]
        for number, opening in enumerate(stack):
            double = await opening.__aenter__()
            double.slow = TAKES
            doubles.append(double)
            await endpoint(world, double.url, f"parceiro {number}")
        for _ in range(events):
            await world.ticket()

        outside, stop, ear = Outside(loopback=True), asyncio.Event(), Ear()
        partners = Partners(world.storage, outside, ear)
        cpu, began = time.process_time(), time.perf_counter()
        running = asyncio.create_task(
            loop.keep("partners", partners.turn, ear, stop, at_least=AT_LEAST)
        )
        await asyncio.gather(*(each.has(events, 600) for each in doubles))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        stop.set()
        await running
        await partners.end()
        await outside.close()
        for opening in stack:
            await opening.__aexit__(None, None, None)

        told = events * endpoints
        twice = sum(len(each.taken) for each in doubles) - told
        busiest = max(each.busiest for each in doubles)
        print(
            f"{endpoints} endpoints, {told} events: {took:.1f} s, {told / took:.0f} a second, "
            f"{used / told * 1000:.1f} ms of CPU each with the double's, "
            f"{busiest} at once at most, {twice} twice"
        )


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", default="")
    parser.add_argument("--events", type=int, default=600)
    parser.add_argument("--endpoints", default="1,4")
    asked = parser.parse_args()
    for endpoints in map(int, asked.endpoints.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            url = asked.database or f"sqlite:///{Path(folder) / 'bench.db'}"
            await measure(url, asked.events, endpoints)


if __name__ == "__main__":
    asyncio.run(main())
