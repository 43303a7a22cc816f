"""Getting tickets: nobody gets another's, nobody more than they can hold, nobody for ever."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.answers import Pulled
from domain.errors import CapacityFull, Forbidden, Invalid, NotFound
from domain.operations import handling, levelling, pulling
from domain.operations.handling import TicketChange
from domain.operations.levelling import LevelForm
from domain.words import Priority, PullOrder, Role, TicketStatus
from domain.work import Work
from tests.world import World

LEASE = timedelta(minutes=15)
ONE_SECOND = timedelta(seconds=1)


def ids(pulled: Pulled) -> set[UUID]:
    return {ticket.id for ticket in pulled.tickets}


async def once(work: Work, key: str, count: int | None = None) -> Pulled:
    """As a mutation does it that carries an idempotency key."""
    used, answer = await work.recall(key, f"get_tickets {count}")
    if used:
        remembered: Pulled = answer
        return remembered
    pulled = await pulling.get_tickets(work, None, count)
    await work.remember(key, pulled)
    return pulled


async def test_two_who_pull_at_once_get_different_tickets(world: World) -> None:
    waiting = await world.waiting(25)
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)

    pulled = await asyncio.gather(
        world.do(pulling.get_tickets, by=ana), world.do(pulling.get_tickets, by=bia)
    )

    [hers, others] = map(ids, pulled)
    assert (len(hers), len(others)) == (10, 10)
    assert hers | others < {ticket.id for ticket in waiting}
    assert not hers & others
    async with world.storage.reading(world.system) as work:
        assert await work.tickets.waiting([world.triage.id]) == 5
    assert world.collisions == 0


async def test_who_pulls_while_another_is_pulling_gets_the_next_ones_or_waits(
    world: World, store: str
) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)

    async with world.storage.work(await world.actor(ana)) as slow:
        hers = await pulling.get_tickets(slow)
        pull = asyncio.create_task(world.do(pulling.get_tickets, by=bia))
        done, _ = await asyncio.wait([pull], timeout=1.0 if store == "postgres" else 0.2)
        assert bool(done) is (store == "postgres")  # SQLite has one writer at a time

    assert not ids(hers) & ids(await pull)
    assert world.collisions == 0


async def test_a_pulled_ticket_is_claimed_for_a_while_and_stays_new(world: World) -> None:
    [ticket] = await world.waiting(1)
    ana = await world.person("Ana", level=world.triage)

    pulled = await world.do(pulling.get_tickets, by=ana)

    assert pulled.waiting == 0
    seen = await world.see(ticket)
    assert (seen.status, seen.assignee_id) == (TicketStatus.NEW, ana.id)
    assert seen.lease_expires_at == world.now + LEASE
    assert (await world.story(ticket))[-1] == "CLAIMED"


async def test_a_retry_with_the_same_key_gets_the_same_tickets(world: World) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage)

    first = await world.do(once, "key 1", by=ana)
    again = await world.do(once, "key 1", by=ana)
    other = await world.do(once, "key 2", by=ana)

    assert ids(again) == ids(first)
    assert again.waiting == first.waiting == 15
    assert not ids(other) & ids(first)


async def test_two_requests_with_one_key_at_once_act_once(world: World) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage)

    one, other = await asyncio.gather(*(world.do(once, "key", by=ana) for _ in range(2)))

    assert ids(one) == ids(other)
    async with world.storage.reading(world.system) as work:
        assert await work.tickets.waiting([world.triage.id]) == 15


async def test_one_key_for_two_things_is_refused_and_belongs_to_one_person(world: World) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    first = await world.do(once, "key", by=ana)

    with pytest.raises(Invalid) as refused:
        await world.do(once, "key", 3, by=ana)

    assert refused.value.sentence == "key_reused"
    assert not ids(await world.do(once, "key", by=bia)) & ids(first)


async def test_a_key_whose_act_failed_may_be_used_again(world: World) -> None:
    ana = await world.person("Ana", level=world.triage, capacity=0)
    with pytest.raises(CapacityFull):
        await world.do(once, "key", by=ana)
    await world.waiting(1)
    bia = levelling.MemberForm(user_id=ana.id, capacity=1)
    await world.arrange(world.triage, members=[bia])

    assert len((await world.do(once, "key", by=ana)).tickets) == 1


async def test_a_retry_shows_nothing_that_one_may_no_longer_see(world: World) -> None:
    walled = await world.level("RH")
    await world.watch(account := await world.account(), walled)
    await world.receive(world.post(account))
    ana = await world.person("Ana", level=walled)
    assert (await world.do(once, "key", by=ana)).tickets
    await world.arrange(walled, members=[])

    again = await world.do(once, "key", by=ana)

    assert again.tickets == []


async def test_a_capacity_is_filled_and_not_more(world: World) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage, capacity=12)
    await world.do(pulling.get_tickets, None, 8, by=ana)

    pulled = await world.do(pulling.get_tickets, by=ana)

    assert len(pulled.tickets) == 4
    with pytest.raises(CapacityFull) as refused:
        await world.do(pulling.get_tickets, by=ana)
    assert refused.value.values == {"held": 12, "capacity": 12}


async def test_one_who_pulls_twice_at_once_does_not_get_past_the_capacity(world: World) -> None:
    await world.waiting(25)
    ana = await world.person("Ana", level=world.triage, capacity=12)

    await asyncio.gather(*(world.do(pulling.get_tickets, by=ana) for _ in range(2)))

    async with world.storage.reading(world.system) as work:
        assert await work.tickets.held(world.triage.id, ana.id) == 12


async def test_what_waits_for_the_publisher_fills_no_capacity(world: World) -> None:
    await world.waiting(3)
    ana = await world.person("Ana", level=world.triage, capacity=1)
    [first] = (await world.do(pulling.get_tickets, by=ana)).tickets
    pending = TicketChange(status=TicketStatus.PENDING)
    await world.do(handling.update, first.id, pending, by=ana)

    assert len((await world.do(pulling.get_tickets, by=ana)).tickets) == 1


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (PullOrder.MOST_URGENT, "urgent"),
        (PullOrder.OLDEST_FIRST, "oldest"),
        (PullOrder.NEWEST_FIRST, "newest"),
    ],
)
async def test_each_level_has_its_own_order(world: World, order: PullOrder, first: str) -> None:
    await world.arrange(world.triage, pull_order=order)
    tickets = {}
    for name, priority in (
        ("oldest", Priority.LOW),
        ("urgent", Priority.URGENT),
        ("newest", Priority.LOW),
    ):
        tickets[name] = (await world.ticket(priority=priority)).id
        world.later(ONE_SECOND)
    ana = await world.person("Ana", level=world.triage)

    [pulled] = (await world.do(pulling.get_tickets, None, 1, by=ana)).tickets

    assert pulled.id == tickets[first]


async def test_only_ones_own_levels_give_tickets(world: World) -> None:
    finance = await world.level("Financeiro")
    await world.ticket(finance)
    ana = await world.person("Ana", level=world.triage)

    assert (await world.do(pulling.get_tickets, by=ana)).tickets == []
    with pytest.raises(Forbidden):
        await world.do(pulling.get_tickets, [finance.id], by=ana)
    with pytest.raises(NotFound):
        await world.do(pulling.get_tickets, [world.workspace.id], by=ana)
    with pytest.raises(Invalid):
        await world.do(pulling.get_tickets, [], by=ana)
    with pytest.raises(Forbidden):
        await world.do(pulling.get_tickets)


async def test_several_levels_are_emptied_one_after_another(world: World) -> None:
    levels = [await world.level(name) for name in ("B", "A")]
    for level in levels:
        for _ in range(2):
            await world.ticket(level)
    ana = await world.person("Ana", level=levels)

    pulled = await world.do(pulling.get_tickets, None, 3, by=ana)

    [b, a] = levels
    assert [ticket.level_id for ticket in pulled.tickets] == [a.id, a.id, b.id]
    assert pulled.waiting == 1


async def test_what_nobody_touched_goes_back_when_the_lease_is_over(world: World) -> None:
    await world.waiting(3)
    ana = await world.person("Ana", level=world.triage)
    opened, *untouched = (await world.do(pulling.get_tickets, by=ana)).tickets
    await world.do(handling.start, opened.id, by=ana)
    world.later(LEASE)

    assert await world.do(pulling.give_back) == 2
    assert await world.do(pulling.give_back) == 0

    seen = await world.see(opened)
    assert (seen.status, seen.assignee_id) == (TicketStatus.OPEN, ana.id)
    for ticket in untouched:
        seen = await world.see(ticket)
        assert (seen.status, seen.assignee_id) == (TicketStatus.NEW, None)
        entry = (await world.history(ticket))[-1]
        assert (entry.kind.value, entry.was, entry.automated) == ("CLAIM_EXPIRED", "Ana", True)


async def test_a_moment_before_the_lease_is_over_it_holds(world: World) -> None:
    await world.waiting(1)
    ana = await world.person("Ana", level=world.triage)
    await world.do(pulling.get_tickets, by=ana)
    world.later(LEASE - ONE_SECOND)

    assert await world.do(pulling.give_back) == 0


async def test_two_workers_at_once_give_each_ticket_back_once(world: World) -> None:
    tickets = await world.waiting(20)
    ana = await world.person("Ana", level=world.triage)
    await world.do(pulling.get_tickets, None, 20, by=ana)
    world.later(LEASE)

    given = await asyncio.gather(*(world.do(pulling.give_back) for _ in range(2)))

    assert sum(given) == 20
    for ticket in tickets:
        assert (await world.story(ticket)).count("CLAIM_EXPIRED") == 1
    assert world.collisions == 0


TOUCHES: dict[str, tuple[Any, ...]] = {
    "update": (handling.update, TicketChange(priority=Priority.HIGH)),
    "comment": (handling.update, TicketChange(comment="Liguei")),
    "note": (handling.note, "Liguei"),
    "start": (handling.start,),
}


@pytest.mark.parametrize("touch", TOUCHES)
@pytest.mark.parametrize("status", [TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ESCALATED])
async def test_whatever_is_done_to_a_pulled_ticket_ends_the_lease(
    world: World, status: TicketStatus, touch: str
) -> None:
    ticket = await world.ticket(status=status)
    ana = await world.person("Ana", level=world.triage)
    await world.do(pulling.get_tickets, by=ana)

    operation, *arguments = TOUCHES[touch]
    await world.do(operation, ticket.id, *arguments, by=ana)

    world.later(LEASE)
    assert await world.do(pulling.give_back) == 0
    assert (await world.see(ticket)).assignee_id == ana.id


async def test_a_colleague_who_looks_into_a_pulled_ticket_does_not_take_it_away(
    world: World,
) -> None:
    for status in (TicketStatus.NEW, TicketStatus.OPEN):
        ticket = await world.ticket(status=status)
        ana = await world.person("Ana", level=world.triage)
        bia = await world.person("Bia", level=world.triage)
        await world.do(pulling.get_tickets, by=ana)

        await world.do(handling.start, ticket.id, by=bia)

        assert (await world.see(ticket)).assignee_id == ana.id


async def test_a_pending_ticket_wakes_when_its_moment_has_come_and_once(world: World) -> None:
    ticket = await world.ticket()
    until = world.now + timedelta(hours=2)
    change = TicketChange(status=TicketStatus.PENDING, pending_until=until)
    await world.do(handling.update, ticket.id, change)
    assert await world.do(pulling.wake) == 0
    world.later(timedelta(hours=2))

    woken = await asyncio.gather(*(world.do(pulling.wake) for _ in range(2)))

    assert sum(woken) == 1
    seen = await world.see(ticket)
    assert (seen.status, seen.pending_until) == (TicketStatus.OPEN, None)
    entry = (await world.history(ticket))[-1]
    assert (entry.was, entry.became, entry.automated) == ("PENDING", "OPEN", True)


async def test_a_viewer_pulls_nothing(world: World) -> None:
    await world.waiting(1)
    vera = await world.person("Vera", level=world.triage, role=Role.VIEWER)

    with pytest.raises(Forbidden):
        await world.do(pulling.get_tickets, [world.triage.id], by=vera)


async def test_a_batch_is_as_large_as_the_level_says(world: World) -> None:
    await world.waiting(5)
    form = LevelForm(id=world.triage.id, name=world.triage.name, batch_size=2)
    await world.do(levelling.save_level, form)
    ana = await world.person("Ana", level=world.triage)

    assert len((await world.do(pulling.get_tickets, by=ana)).tickets) == 2
