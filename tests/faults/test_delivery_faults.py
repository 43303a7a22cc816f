"""A reply leaves at most once, whatever happens to the network and to those who send."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import delivering, replying
from domain.operations.replying import ReplyForm
from domain.words import DeliveryState, RetryDecision, Visibility
from domain.work import Work
from storage import migrating
from storage.access import columns
from storage.engine import open_database
from tests.api.desk import gid
from tests.faults.network import (
    ACCEPT_AND_CUT,
    BUSY,
    CUT,
    HANG,
    QUIET,
    UNDER_WAY,
    Network,
    network,
)
from tests.faults.processes import Processes, processes
from tests.faults.test_deadlines_faults import desk, until
from tests.flows.served import House
from tests.flows.test_two_processes import free_port
from tests.world import Person, World

R_ = columns(Reply)
HELD, QUEUED, SENDING, SENT, FAILED, UNKNOWN = DeliveryState
ANSWER_SECONDS = 2


@pytest.fixture
async def net() -> AsyncIterator[Network]:
    async with network() as opened:
        yield opened


@pytest.fixture
async def world(migrated_url: str, redis_url: str) -> AsyncIterator[World]:
    async with desk(migrated_url, redis_url) as opened:
        yield opened


@pytest.fixture
def patient(migrated_url: str, redis_url: str, tmp_path: Path, net: Network) -> Iterator[Processes]:
    """Processes that wait for a busy machine."""
    with processes(migrated_url, redis_url, tmp_path, SANDBOX_URL=net.url) as opened:
        yield opened


@pytest.fixture
def house(migrated_url: str, redis_url: str, tmp_path: Path, net: Network) -> Iterator[Processes]:
    sending = {"SANDBOX_URL": net.url, "DELIVERY_SECONDS": str(ANSWER_SECONDS)}
    with processes(migrated_url, redis_url, tmp_path, **sending) as opened:
        yield opened


class Shop:
    """A level with accounts to answer from, and Ana in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tickets: list[Ticket] = []

    @classmethod
    async def opened(cls, world: World, accounts: int = 1, tickets: int = 1) -> "Shop":
        shop = cls(world)
        every = [await world.account() for _ in range(accounts)]
        level = await world.level("Respostas", account_ids=[each.id for each in every])
        await world.watch(every, level)
        shop.ana = await world.person("Ana", level=level)
        for account in every:
            for number in range(tickets):
                shop.tickets.append(await world.heard(account, thread=f"t{number}"))
        return shop

    ana: Person

    async def reply(self, ticket: Ticket, text: str) -> Reply:
        form = ReplyForm(ticket_id=ticket.id, text=text, visibility=Visibility.PUBLIC)
        return (await self.world.do(replying.reply, form, by=self.ana)).reply


async def answer_all(work: Work, tickets: Sequence[Ticket], number: int) -> None:
    for ticket in tickets:
        text = f"{ticket.protocol} {number}"
        form = ReplyForm(ticket_id=ticket.id, text=text, visibility=Visibility.PUBLIC)
        await replying.reply(work, form)


async def replies(world: World) -> list[Reply]:
    async with world.storage.reading(world.system) as work:
        return list(await work.session.scalars(select(Reply).order_by(R_.id)))


async def all_are(world: World, *states: DeliveryState, patience: float = 30.0) -> None:
    others = select(func.count()).where(R_.state.not_in(states))
    async with asyncio.timeout(patience):
        while True:
            async with world.storage.reading(world.system) as work:
                if not await work.session.scalar(others):
                    return
            await asyncio.sleep(0.2)


# ── several workers ──────────────────────────────────────────────────────────────────────────


@pytest.mark.postgres
@pytest.mark.redis
async def test_three_workers_post_200_replies_once_each_in_order_and_keep_quiet_when_asked(
    world: World, patient: Processes, net: Network
) -> None:
    shop = await Shop.opened(world, accounts=5, tickets=4)
    net.next.extend(["ok"] * 30 + [BUSY] + ["ok"] * 40 + [BUSY])
    for number in range(10):
        await world.do(answer_all, shop.tickets, number, by=shop.ana)

    await patient.workers(3)
    await all_are(world, SENT, patience=240.0)

    assert set(net.times().values()) == {1}
    assert len(net.posts) == 200
    said = defaultdict(list)
    for post in net.posts:
        protocol, _, place = post.text.partition(" ")
        said[protocol].append(int(place))
    assert all(numbers == list(range(10)) for numbers in said.values())
    for account, behaviour, at in net.asked:
        if behaviour == BUSY:
            # What was on the way already may still come in; then there is silence.
            after = [t - at for other, _, t in net.asked if other == account and t > at]
            assert not [each for each in after if UNDER_WAY < each < QUIET]


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("behaviour", [ACCEPT_AND_CUT, CUT])
async def test_a_network_that_breaks_off_leaves_a_doubt_and_is_not_asked_again(
    world: World, house: Processes, net: Network, behaviour: str
) -> None:
    shop = await Shop.opened(world)
    net.next.append(behaviour)
    [ticket] = shop.tickets
    first = await shop.reply(ticket, "um")
    await shop.reply(ticket, "dois")
    await house.workers(2)

    async def in_doubt() -> bool:
        return (await replies(world))[0].state is UNKNOWN

    await until(in_doubt)
    await asyncio.sleep(1.5)
    asked = len(net.asked)
    await world.do(delivering.retry, first.id, RetryDecision.ARRIVED, by=shop.ana)
    await all_are(world, SENT)

    assert asked == 1
    assert [post.text for post in net.posts] == ["um", "dois"][behaviour == CUT :]


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_worker_killed_while_it_sends_leaves_a_doubt_that_nobody_sends_again(
    world: World, house: Processes, net: Network
) -> None:
    shop = await Shop.opened(world)
    net.next.append(HANG)
    reply = await shop.reply(shop.tickets[0], "um")
    [worker] = await house.workers(1)
    await net.hangs()

    worker.kill()
    during = [each.state for each in await replies(world)]
    await house.workers(2)
    await all_are(world, UNKNOWN)

    assert during == [SENDING]
    await asyncio.sleep(1.5)
    assert len(net.asked) == 1
    net.go_on.set()
    await world.do(delivering.retry, reply.id, by=shop.ana)
    await all_are(world, SENT)
    assert list(net.times().values()) == [2]


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_worker_frozen_past_its_lease_overwrites_nothing_when_it_goes_on(
    world: World, house: Processes, net: Network
) -> None:
    shop = await Shop.opened(world)
    net.next.append(HANG)
    reply = await shop.reply(shop.tickets[0], "um")
    [frozen] = await house.workers(1)
    await net.hangs()

    frozen.freeze()
    await house.workers(1)
    await all_are(world, UNKNOWN)
    await world.do(delivering.retry, reply.id, by=shop.ana)
    await all_are(world, SENT)
    [before] = await replies(world)
    net.go_on.set()
    frozen.thaw()
    last = await shop.reply(shop.tickets[0], "dois")
    await all_are(world, SENT)
    await asyncio.sleep(1.0)

    assert [each.text for each in net.posts] == ["um", "um", "dois"]
    after = {each.id: each for each in await replies(world)}
    assert after[last.id].state is SENT
    kept = after[reply.id]
    assert (kept.state, kept.sent_at, kept.lease_id) == (SENT, before.sent_at, before.lease_id)
    assert kept.external_id == before.external_id


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_worker_that_stops_ends_what_it_sends_and_begins_nothing_else(
    world: World, house: Processes, net: Network
) -> None:
    shop = await Shop.opened(world)
    net.next.append(HANG)
    await shop.reply(shop.tickets[0], "um")
    [worker] = await house.workers(1)
    await net.hangs()

    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.3)
    await shop.reply(shop.tickets[0], "dois")
    net.go_on.set()
    await stopping

    assert [each.state for each in await replies(world)] == [SENT, QUEUED]


# ── one process on SQLite ────────────────────────────────────────────────────────────────────


async def test_on_sqlite_a_server_killed_while_it_sends_leaves_a_doubt(
    tmp_path: Path, net: Network
) -> None:
    file = tmp_path / "guiche.db"
    url = f"sqlite:///{file}"
    async with open_database(url) as database:
        await migrating.migrate(database)
    address = f"http://127.0.0.1:{free_port()}"
    async with desk(url, "memory://") as world:
        shop = await Shop.opened(world)
        caller = await House("", world).caller(shop.ana, address)
    net.next.append(HANG)

    def state() -> str:
        with closing(sqlite3.connect(file)) as connection:
            [(found,)] = connection.execute("SELECT state FROM reply")
        return str(found)

    async def in_doubt() -> bool:
        return state() == UNKNOWN.value

    sending = {"SANDBOX_URL": net.url, "DELIVERY_SECONDS": str(ANSWER_SECONDS)}
    with processes(url, "memory://", tmp_path, **sending) as house:
        port = address.rpartition(":")[2]
        server = house.start("serve", "--port", port)
        await server.says("serving")
        await caller.do(
            "reply",
            "ReplyInput",
            "reply { id }",
            ticketId=gid(shop.tickets[0]),
            text="um",
            visibility="PUBLIC",
        )
        await net.hangs()
        server.kill()
        during = state()
        await house.start("serve", "--port", port).says("serving")
        await until(in_doubt)
        await asyncio.sleep(1.0)
        await caller.client.aclose()

    assert during == SENDING.value
    assert len(net.asked) == 1
