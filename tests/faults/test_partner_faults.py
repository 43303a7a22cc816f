"""Whoever is killed while telling partners loses nothing, and nobody overtakes anybody."""

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.model.ticket import Ticket
from domain.model.webhook import WebhookDelivery
from domain.operations import handling
from domain.words import TicketStatus, WebhookDeliveryState
from domain.work import Work
from storage import migrating
from storage.access import columns
from storage.engine import open_database
from tests.faults.processes import Processes, processes
from tests.faults.test_deadlines_faults import desk
from tests.flows.test_two_processes import free_port
from tests.partner import HANG, Partner, endpoint, on_this_machine, partner
from tests.world import World

D_ = columns(WebhookDelivery)
SENDING = WebhookDeliveryState.SENDING
TELLING = {"WEBHOOKS_TO_LOOPBACK": "true", "WEBHOOK_SECONDS": "1"}


@pytest.fixture
async def there() -> AsyncIterator[Partner]:
    async with partner() as opened:
        opened.slow = 0.05
        yield opened


@pytest.fixture
async def world(migrated_url: str, redis_url: str) -> AsyncIterator[World]:
    async with desk(migrated_url, redis_url) as opened:
        yield on_this_machine(opened)


@pytest.fixture
def house(migrated_url: str, redis_url: str, tmp_path: Path) -> Iterator[Processes]:
    with processes(migrated_url, redis_url, tmp_path, **TELLING) as opened:
        yield opened


async def comes_and_goes(work: Work, tickets: Sequence[Ticket], resolve: bool) -> None:
    """Each is answered and asked about again: two stages a turn."""
    for ticket in tickets:
        status = TicketStatus.RESOLVED if resolve else TicketStatus.OPEN
        change = handling.TicketChange(status=status, comment="de novo")
        await handling.update(work, ticket.id, change)


def in_order(there: Partner) -> bool:
    """Of each case nothing came before what happened before it; what came again came at once."""
    for told in there.by_protocol().values():
        numbers = [each.told["sequence"] for each in told]
        if numbers != sorted(numbers):
            return False
    last: dict[str, int] = {}
    for each in there.taken:
        protocol, number = each.told["protocol"], each.told["sequence"]
        if number < last.get(protocol, 0):
            return False
        last[protocol] = number
    return True


@pytest.mark.postgres
@pytest.mark.redis
async def test_workers_killed_again_and_again_lose_nothing_and_a_dead_endpoint_holds_up_nobody(
    world: World, house: Processes, there: Partner
) -> None:
    async with partner() as silent:
        silent.always = HANG
        await endpoint(world, silent.url, "mudo")
        good = await endpoint(world, there.url)
        running = await house.workers(2)
        tickets = [await world.ticket() for _ in range(10)]
        for turn in range(3):
            await world.do(comes_and_goes, tickets, turn % 2 == 0)
            await there.has(5 + turn * 10)
            running.pop(0).kill()
            running += await house.workers(1)

        events = 10 + 30
        await there.has(events, patience=40.0)

    async with world.storage.reading(world.system) as work:
        page = select(D_.id).where(D_.endpoint_id == good.endpoint.id)
        known = {str(each) for each in await work.session.scalars(page)}
    assert {each.key for each in there.taken} == known
    assert len(known) == events
    assert in_order(there)
    by_key: dict[str, set[bytes]] = {}
    for each in there.taken:
        by_key.setdefault(each.key, set()).add(each.body)
    assert {len(bodies) for bodies in by_key.values()} == {1}
    assert good.secret is not None
    assert all(each.is_signed_with(good.secret) for each in there.taken)
    # So many before anybody knew, and then one at a time, whoever asks.
    assert len(silent.letters) < 3 * 16


async def test_on_sqlite_a_server_killed_while_it_tells_tells_again(
    tmp_path: Path, there: Partner
) -> None:
    file = tmp_path / "guiche.db"
    url = f"sqlite:///{file}"
    async with open_database(url) as database:
        await migrating.migrate(database)
    async with desk(url, "memory://") as world:
        on_this_machine(world)
        await endpoint(world, there.url)
        for _ in range(5):
            await world.ticket()
    there.next.extend([HANG] * 5)

    def states() -> set[str]:
        with closing(sqlite3.connect(file)) as connection:
            return {row[0] for row in connection.execute("SELECT state FROM webhook_delivery")}

    with processes(url, "memory://", tmp_path, **TELLING) as house:
        server = house.start("serve", "--port", str(free_port()))
        await there.is_asked()
        server.kill()
        during = states()
        house.start("serve", "--port", str(free_port()))
        await there.has(5)

    assert SENDING in during
    assert {each.key for each in there.taken} <= {each.key for each in there.letters}
    assert in_order(there)
