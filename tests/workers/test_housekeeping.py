"""Leases end, tickets wake and old keys are forgotten, once, whoever does it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from domain.model.attachment import folder
from domain.model.ticket import Ticket
from domain.operations import attaching, handling, pulling, sealing
from domain.operations.handling import TicketChange
from domain.words import FieldKind, TicketStatus
from domain.work import Work
from feed import topics
from feed.bell import Bell
from tests.operations.test_attachments import send
from tests.rules.test_files import PNG
from tests.world import FIRST_HUNDRED, World
from workers import housekeeping, loop
from workers.housekeeping import Housekeeping

SOON = 10.0
A_MINUTE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)


@asynccontextmanager
async def kept(world: World, bell: Bell) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(housekeeping.run(world.storage, bell, stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(SOON):
            await task


async def pulled(world: World) -> Ticket:
    ana = await world.person("Ana", level=world.triage)
    await world.ticket()
    [ticket] = (await world.do(pulling.get_tickets, by=ana)).tickets
    return ticket


async def asleep(world: World, until: datetime) -> Ticket:
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()
    await world.do(handling.start, ticket.id, by=bia)
    change = TicketChange(status=TicketStatus.PENDING, pending_until=until)
    changed: Ticket = await world.do(handling.update, ticket.id, change, by=bia)
    return changed


async def test_an_upload_that_nobody_sent_in_a_day_is_dropped(world: World) -> None:
    ticket = await world.ticket()
    old = await world.do(attaching.upload, ticket.id, "velha.png", PNG)
    sent = await world.do(attaching.upload, ticket.id, "enviada.png", PNG)
    await world.do(send, [sent.id], ticket.id)
    world.later(25 * AN_HOUR)
    new = await world.do(attaching.upload, ticket.id, "nova.png", PNG)

    await Housekeeping(world.storage).turn()

    rows = [old, sent, new]
    async with world.storage.reading(world.system) as work:
        kept = await work.attachments.find([each.id for each in rows])
    bytes_kept = [await world.storage.files.get(each.storage_key) for each in rows]
    assert kept.keys() == {sent.id, new.id}
    assert bytes_kept == [None, PNG, PNG]


async def test_bytes_that_no_row_names_are_swept_after_a_day(world: World) -> None:
    world.now = datetime.now(UTC)
    ticket = await world.ticket()
    sent = await world.do(attaching.upload, ticket.id, "enviada.png", PNG)
    await world.do(send, [sent.id], ticket.id)
    mine, others = f"{folder(world.workspace.id)}sem-linha", "emails/de-outros"
    for key in (mine, others):
        await world.storage.files.put(key, PNG)
    house = Housekeeping(world.storage)

    await house.turn()
    soon = await world.storage.files.get(mine)
    world.later(25 * AN_HOUR)
    await house.turn()

    assert soon == PNG
    assert await world.storage.files.get(mine) is None
    assert await world.storage.files.get(others) == PNG
    assert await world.storage.files.get(sent.storage_key) == PNG


async def test_a_lease_that_ended_gives_the_ticket_back(world: World) -> None:
    ticket = await pulled(world)
    world.later(world.triage.lease + A_MINUTE)

    await Housekeeping(world.storage).turn()

    assert (await world.see(ticket)).assignee_id is None


async def test_a_lease_that_runs_is_left_alone(world: World) -> None:
    ticket = await pulled(world)
    world.later(world.triage.lease - A_MINUTE)

    idle = await Housekeeping(world.storage).turn()

    assert (await world.see(ticket)).assignee_id is not None
    assert idle is not None
    assert idle <= A_MINUTE


async def test_a_ticket_wakes_when_its_moment_comes(world: World) -> None:
    ticket = await asleep(world, until=world.now + AN_HOUR)
    world.later(AN_HOUR)

    await Housekeeping(world.storage).turn()

    assert (await world.see(ticket)).status is TicketStatus.OPEN


async def test_more_than_one_turn_holds_are_all_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "AT_ONCE", 2)
    tickets = [await asleep(world, until=world.now + AN_HOUR) for _ in range(5)]
    world.later(AN_HOUR)

    await Housekeeping(world.storage).turn()

    assert {(await world.see(each)).status for each in tickets} == {TicketStatus.OPEN}


async def test_workers_at_once_do_each_thing_once(world: World) -> None:
    tickets = [await asleep(world, until=world.now + AN_HOUR) for _ in range(5)]
    world.later(AN_HOUR)
    before = {each.id: len(await world.story(each)) for each in tickets}

    await asyncio.gather(*(Housekeeping(world.storage).turn() for _ in range(4)))

    assert {each.id: len(await world.story(each)) - 1 for each in tickets} == before


async def test_what_was_removed_is_never_due(world: World) -> None:
    ticket = await asleep(world, until=world.now + AN_HOUR)
    await world.do(handling.remove, ticket.id, "teste")
    world.later(AN_HOUR)

    async with world.storage.due() as due:
        assert world.workspace.id not in await due.workspaces(world.now)


async def test_a_workspace_in_trouble_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await World.founded(world.storage)
    world.storage.clock = other.storage.clock = lambda: world.now
    tickets = [await asleep(each, until=world.now + AN_HOUR) for each in (world, other)]
    world.later(AN_HOUR)

    async def troubled(work: Work, most: int) -> int:
        if work.actor.workspace_id == world.workspace.id:
            raise RuntimeError("this one is broken")
        return await pulling.wake(work, most)

    monkeypatch.setattr(housekeeping, "CHORES", (troubled,))
    with pytest.raises(loop.Unfinished):
        await Housekeeping(world.storage).turn()

    assert (await world.see(tickets[0])).status is TicketStatus.PENDING
    assert (await other.see(tickets[1])).status is TicketStatus.OPEN


async def test_keys_are_forgotten_after_three_days(world: World) -> None:
    async def use(key: str) -> bool:
        async with world.storage.work(world.system) as work:
            used, _ = await work.recall(key, "hash")
            return used

    await use("old")
    world.later(housekeeping.KEYS_KEPT)
    await use("young")
    world.later(A_MINUTE)

    await Housekeeping(world.storage).turn()

    assert not await use("old")
    assert await use("young")


async def test_a_ring_lets_it_look_again(world: World) -> None:
    async with Bell.open("memory://") as bell, kept(world, bell):
        await asyncio.sleep(0.5)
        ticket = await asleep(world, until=world.now + AN_HOUR)
        world.later(AN_HOUR)

        bell.ring(topics.WORKERS)

        async with asyncio.timeout(3):
            while (await world.see(ticket)).status is not TicketStatus.OPEN:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_what_was_sealed_before_there_were_keys_for_each_is_sealed_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "AT_ONCE", 2)
    people = [(await world.ticket()).publisher_id for _ in range(5)]
    async with world.storage.work(world.system) as work:
        for each in people:
            publisher = await work.publishers.take(each)
            publisher.keep(FieldKind.PHONE, work.secrets.seal("11 98765-4321"), None)

    await Housekeeping(world.storage).turn()

    async with world.storage.reading(world.system) as work:
        known_by = sealing.known_by(work.secrets, world.workspace.id, "+55 11 98765-4321")
        found = await work.publishers.page_known_by(known_by, FIRST_HUNDRED)
    assert {each.id for each in found.nodes} == set(people)
    async with world.storage.due() as due:
        assert await due.workspaces(world.now) == []
