"""Messages delivered again and again, at once, to servers of which one dies: each is there once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from sqlalchemy import func, select

from channels import signatures
from domain.model.account import Account
from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.ticket import Ticket
from domain.words import GroupingMode
from storage.access import columns
from tests.faults.processes import Processes, processes
from tests.faults.test_deadlines_faults import desk
from tests.flows.test_two_processes import free_port
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
O_, T_, H_ = columns(Occurrence), columns(Ticket), columns(HistoryEntry)
AUTHORS, ALBUM, TIMES, AT_ONCE = 20, 4, 6, 16


@pytest.fixture
async def world(migrated_url: str, redis_url: str) -> AsyncIterator[World]:
    async with desk(migrated_url, redis_url) as opened:
        yield opened


@pytest.fixture
def house(migrated_url: str, redis_url: str, tmp_path: Path) -> Iterator[Processes]:
    with processes(migrated_url, redis_url, tmp_path) as opened:
        yield opened


async def test_an_album_delivered_many_times_at_once_is_one_ticket_with_each_picture_once(
    world: World, house: Processes
) -> None:
    account = await world.account()
    level = await world.level("Praça", grouping=GroupingMode.PUBLISHER)
    await world.watch(account, level)
    ports = [free_port(), free_port()]
    servers = [house.start("serve", "--port", str(port)) for port in ports]
    for server in servers:
        await server.says("serving")
    addresses = [f"http://127.0.0.1:{port}/hooks/{account.id}" for port in ports]
    deliveries = [
        (f"a{author}", f"a{author}-{picture}")
        for author in range(AUTHORS)
        for picture in range(ALBUM)
        for _ in range(TIMES)
    ]
    random.Random(7).shuffle(deliveries)
    turn, half = asyncio.Semaphore(AT_ONCE), asyncio.Event()
    answered: Counter[str] = Counter()

    async def deliver(client: httpx.AsyncClient, author: str, external_id: str) -> None:
        """As networks do: again, and elsewhere, until somebody has said that it is there."""
        async with turn, asyncio.timeout(60):
            while True:
                body = post(account, author, external_id)
                header = {signatures.HEADER: signatures.signature("segredo", body, now())}
                try:
                    told = await client.post(random.choice(addresses), content=body, headers=header)
                except httpx.TransportError:
                    continue
                if told.status_code == 200:
                    break
                assert told.status_code == 503, told.text
        assert told.json()["results"][0]["error"] is None, told.text
        answered[external_id] += 1
        if answered.total() * 2 > len(deliveries):
            half.set()

    async def die_half_way() -> None:
        await half.wait()
        servers[1].kill()

    async with httpx.AsyncClient(timeout=30) as client:
        await asyncio.gather(die_half_way(), *(deliver(client, *each) for each in deliveries))

    assert set(answered.values()) == {TIMES}
    async with world.storage.reading(world.system) as work:
        kept = list(await work.session.execute(select(O_.external_id, O_.ticket_id)))
        tickets = {row.id: row for row in await work.session.scalars(select(Ticket))}
        counts = select(H_.ticket_id, func.count()).group_by(H_.ticket_id)
        told = {ticket_id: count for ticket_id, count in await work.session.execute(counts)}
    assert len(kept) == len({external_id for external_id, _ in kept}) == AUTHORS * ALBUM
    assert len(tickets) == AUTHORS
    assert Counter(ticket_id for _, ticket_id in kept) == dict.fromkeys(tickets, ALBUM)
    assert {each: row.interactions_count for each, row in tickets.items()} == told


def now() -> datetime:
    return datetime.now(UTC)


def post(account: Account, author: str, external_id: str) -> bytes:
    return orjson.dumps(
        {
            "externalId": external_id,
            "kind": "COMMENT",
            "author": {"externalId": author, "name": author.capitalize()},
            "text": f"Foto {external_id}",
            "occurredAt": now().isoformat(),
            "threadId": f"album {author}",
        }
    )
