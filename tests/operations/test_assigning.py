"""Tickets that are given to people: by the level's strategy, or to its only manager."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from uuid import UUID

import pytest

from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import assigning, handling, levelling, organizing, pulling, signing
from domain.operations.handling import TicketChange
from domain.operations.levelling import LevelForm, MemberForm
from domain.operations.organizing import UserForm
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.words import (
    AssignmentStrategy,
    HistoryKind,
    LevelRole,
    Priority,
    Role,
    TicketStatus,
)
from feed import topics
from feed.bell import Bell
from server.opening import store
from server.secrets import Keyring
from storage.engine import open_database
from storage.work import Storage
from tests.world import Person, World
from workers import housekeeping
from workers.housekeeping import Housekeeping

SOON = 10.0
ROUND_ROBIN = AssignmentStrategy.ROUND_ROBIN
ALWAYS = CalendarForm(
    name="Sempre",
    time_zone="UTC",
    intervals=[WeeklyInterval(day, time(0), time(0)) for day in range(1, 8)],
    national_holidays=False,
)
MANAGER = LevelRole.MANAGER


async def automatic(
    world: World, strategy: AssignmentStrategy = ROUND_ROBIN, calendar: CalendarForm = ALWAYS
) -> Level:
    return await world.level("Entregas", assignment=strategy, calendar=calendar)


async def off_shift(world: World, person: Person) -> None:
    await world.do(signing.set_availability, False, by=person)


async def holders(world: World, tickets: Sequence[Ticket]) -> "Counter[UUID | None]":
    return Counter([(await world.see(each)).assignee_id for each in tickets])


@asynccontextmanager
async def kept(world: World) -> AsyncIterator[Storage]:
    """A worker that is rung as in a server."""
    async with Bell.open("memory://") as bell:
        world.storage.ring = lambda _: bell.ring(topics.WORKERS)
        stop = asyncio.Event()
        task = asyncio.create_task(housekeeping.run(world.storage, bell, stop))
        try:
            yield world.storage
        finally:
            stop.set()
            async with asyncio.timeout(SOON):
                await task


# ── handed out ───────────────────────────────────────────────────────────────────────────────


async def test_three_on_shift_share_three_hundred_and_the_fourth_gets_none(world: World) -> None:
    level = await automatic(world, AssignmentStrategy.RANDOM)
    on_shift = [await world.person(name, level=level) for name in ("Ana", "Bia", "Caio")]
    absent = await world.person("Duda", level=level)
    await off_shift(world, absent)
    tickets = await world.waiting(300, level=level)

    handed = await world.do(assigning.distribute, 300, random.Random(17).randrange)

    assert handed == 300
    given = await holders(world, tickets)
    assert set(given) == {each.id for each in on_shift}
    # A third each, give or take four standard deviations of 300 draws: sqrt(300 * 1/3 * 2/3) = 8.2.
    assert all(abs(count - 100) < 33 for count in given.values())


async def test_who_is_given_a_ticket_has_it_without_a_lease(world: World) -> None:
    level = await automatic(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(level)

    await Housekeeping(world.storage).turn()

    seen = await world.see(ticket)
    assert (seen.assignee_id, seen.lease_expires_at) == (ana.id, None)
    assert seen.status is TicketStatus.NEW
    entry = (await world.history(ticket))[-1]
    assert (entry.kind, entry.automated) == (HistoryKind.ASSIGNEE_CHANGED, True)
    assert (entry.actor_id, entry.became_id) == (None, ana.id)


async def test_what_was_handed_out_is_no_longer_due(world: World) -> None:
    level = await automatic(world)
    await world.person("Ana", level=level)
    await world.ticket(level)
    async with world.storage.due() as due:
        assert world.workspace.id in await due.workspaces(world.now)

    await Housekeeping(world.storage).turn()

    async with world.storage.due() as due:
        assert world.workspace.id not in await due.workspaces(world.now)


async def test_with_nobody_on_shift_nothing_is_due(world: World) -> None:
    level = await automatic(world)
    await off_shift(world, await world.person("Ana", level=level))
    await world.person("Bia", level=level, capacity=0)
    await world.ticket(level)

    async with world.storage.due() as due:
        assert world.workspace.id not in await due.workspaces(world.now)


async def test_where_people_pull_nothing_is_handed_out(world: World) -> None:
    await world.person("Ana", level=world.triage)
    ticket = await world.ticket()

    await Housekeeping(world.storage).turn()

    assert (await world.see(ticket)).assignee_id is None


async def test_a_round_goes_on_where_the_last_one_ended(world: World) -> None:
    level = await automatic(world)
    people = [await world.person(name, level=level) for name in ("Ana", "Bia", "Caio")]
    in_order = sorted(each.id for each in people)
    given = []

    for _ in range(5):
        ticket = await world.ticket(level)
        await world.do(assigning.distribute)
        given.append((await world.see(ticket)).assignee_id)

    assert given == [*in_order, *in_order[:2]]


async def test_the_least_busy_gets_the_next_one(world: World) -> None:
    level = await automatic(world, AssignmentStrategy.LEAST_BUSY)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    for _ in range(3):
        await world.ticket(level, assignee_id=ana.id)
    tickets = [await world.ticket(level) for _ in range(3)]

    await world.do(assigning.distribute)

    assert await holders(world, tickets) == {bia.id: 3}


async def test_the_most_urgent_goes_first_when_not_everything_can_go(world: World) -> None:
    level = await automatic(world)
    await world.person("Ana", level=level, capacity=1)
    tickets = {each: await world.ticket(level, priority=each) for each in Priority}

    await world.do(assigning.distribute)

    left = {each for each in Priority if (await world.see(tickets[each])).assignee_id is None}
    assert left == set(Priority) - {Priority.URGENT}


async def test_nobody_is_given_more_than_they_can_hold(world: World) -> None:
    level = await automatic(world)
    ana = await world.person("Ana", level=level, capacity=3)
    bia = await world.person("Bia", level=level, capacity=0)
    waits = await world.ticket(level, assignee_id=ana.id)
    pending = TicketChange(status=TicketStatus.PENDING)
    await world.do(handling.update, waits.id, pending, by=ana)
    await world.ticket(level, assignee_id=ana.id)
    tickets = await world.waiting(5, level=level)

    await world.do(assigning.distribute)

    # What waits for the publisher is no work for her now.
    assert await holders(world, tickets) == {ana.id: 2, None: 3}
    assert bia.id not in await holders(world, tickets)


async def test_who_cannot_handle_tickets_is_given_none(world: World) -> None:
    level = await automatic(world)
    await world.person("Vera", level=level, role=Role.VIEWER)
    gone = await world.person("Igor", level=level)
    form = UserForm(
        id=gone.id, name="Igor", email=gone.user.email, role=Role.ATTENDANT, active=False
    )
    await world.do(organizing.save_user, form)
    ticket = await world.ticket(level)

    assert await world.do(assigning.distribute) == 0

    assert (await world.see(ticket)).assignee_id is None


async def test_what_was_passed_up_is_given_to_somebody_and_still_has_to_be_taken(
    world: World,
) -> None:
    level = await automatic(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket()
    await world.do(handling.escalate, ticket.id, level.id, "é do fornecedor")

    await world.do(assigning.distribute)

    seen = await world.see(ticket)
    assert (seen.assignee_id, seen.status) == (ana.id, TicketStatus.ESCALATED)


async def test_what_waits_for_the_publisher_or_is_gone_is_not_handed_out(world: World) -> None:
    level = await automatic(world)
    await world.person("Ana", level=level)
    pending = await world.ticket(level, status=TicketStatus.PENDING)
    removed = await world.ticket(level)
    await world.do(handling.remove, removed.id, "teste")

    assert await world.do(assigning.distribute) == 0

    assert (await world.see(pending)).assignee_id is None


async def test_a_disabled_level_still_hands_out_what_it_has(world: World) -> None:
    level = await automatic(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(level)
    await world.arrange(level, enabled=False)

    await world.do(assigning.distribute)

    assert (await world.see(ticket)).assignee_id == ana.id


# ── when ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_closed_level_hands_out_when_it_opens(world: World) -> None:
    mornings = CalendarForm(
        name="Manhãs", time_zone="UTC", intervals=[WeeklyInterval(2, time(9), time(12))]
    )
    level = await automatic(world, calendar=mornings)
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(level)

    await Housekeeping(world.storage).turn()
    assert (await world.see(ticket)).assignee_id is None

    world.now = datetime(2026, 9, 15, 9, tzinfo=UTC)
    await Housekeeping(world.storage).turn()

    assert (await world.see(ticket)).assignee_id == ana.id


@pytest.fixture
async def alone(migrated_url: str, keyring: Keyring) -> AsyncIterator[World]:
    """On a database of its own: a worker looks at every workspace there is."""
    async with open_database(migrated_url) as database:
        yield await World.founded(await store(database, keyring))


async def test_who_comes_on_shift_is_given_what_waits(alone: World) -> None:
    world = alone
    level = await automatic(world)
    ana = await world.person("Ana", level=level)
    await off_shift(world, ana)
    ticket = await world.ticket(level)
    async with kept(world):
        await asyncio.sleep(0.5)
        assert (await world.see(ticket)).assignee_id is None

        await world.do(signing.set_availability, True, by=ana)

        async with asyncio.timeout(10):
            while (await world.see(ticket)).assignee_id is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


# ── at once ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("strategy", [each for each in AssignmentStrategy if each != "MANUAL_PULL"])
async def test_workers_at_once_overfill_nobody(world: World, strategy: AssignmentStrategy) -> None:
    level = await automatic(world, strategy)
    people = [await world.person(name, level=level, capacity=7) for name in ("Ana", "Bia", "Caio")]
    tickets = await world.waiting(30, level=level)

    handed = await asyncio.gather(*(world.do(assigning.distribute, 5) for _ in range(12)))
    while more := await world.do(assigning.distribute, 5):
        handed.append(more)

    assert sum(handed) == 21
    given = await holders(world, tickets)
    assert [given[each.id] for each in people] == [7, 7, 7]
    stories = [await world.story(each) for each in tickets]
    assert Counter(story.count("ASSIGNEE_CHANGED") for story in stories) == {1: 21, 0: 9}
    assert world.collisions == 0


async def test_who_pulls_while_tickets_are_handed_out_is_not_overfilled(world: World) -> None:
    level = await automatic(world)
    ana = await world.person("Ana", level=level, capacity=8)
    tickets = await world.waiting(30, level=level)

    async with world.storage.work(await world.actor(ana)) as pull:
        await pulling.get_tickets(pull, [level.id], 5)
        worker = asyncio.create_task(world.do(assigning.distribute))
        await asyncio.wait([worker], timeout=0.3)
    await worker
    await world.do(assigning.distribute)

    assert await holders(world, tickets) == {ana.id: 8, None: 22}


# ── to its only manager ──────────────────────────────────────────────────────────────────────


async def moved(world: World, level: Level, by: Person, **more: object) -> Ticket:
    ticket = await world.ticket()
    change = TicketChange(level_id=level.id, **more)  # type: ignore[arg-type]
    return await world.do(handling.update, ticket.id, change, by=by)


async def test_what_is_moved_to_a_level_with_one_manager_is_theirs(world: World) -> None:
    bia = await world.person("Bia", level=world.triage)
    level = await world.level("RH")
    rosa = await world.person("Rosa", level=level, level_role=MANAGER)
    await world.person("Ana", level=level)

    ticket = await moved(world, level, by=bia)

    assert ticket.assignee_id == rosa.id
    given = (await world.history(ticket))[-2:]
    told = [each for each in given if each.kind is HistoryKind.ASSIGNEE_CHANGED]
    assert [(each.became_id, each.automated) for each in told] == [(rosa.id, True)]


async def test_what_is_passed_up_to_one_manager_is_theirs_and_has_to_be_taken(
    world: World,
) -> None:
    bia = await world.person("Bia", level=world.triage)
    level = await world.level("RH")
    rosa = await world.person("Rosa", level=level, level_role=MANAGER)
    ticket = await world.ticket(assignee_id=bia.id)

    await world.do(handling.escalate, ticket.id, level.id, "é do RH", by=bia)

    seen = await world.see(ticket)
    assert (seen.assignee_id, seen.status) == (rosa.id, TicketStatus.ESCALATED)
    assert (await world.story(ticket))[-4:] == [
        "LEVEL_CHANGED",
        "ASSIGNEE_CHANGED",
        "STATUS_CHANGED",
        "ASSIGNEE_CHANGED",
    ]
    await world.do(handling.start, ticket.id, by=rosa)
    assert (await world.see(ticket)).status is TicketStatus.OPEN


async def test_with_two_managers_or_none_it_is_nobodys(world: World) -> None:
    bia = await world.person("Bia", level=world.triage)
    led_by_two, led_by_nobody = await world.level("RH"), await world.level("Jurídico")
    for name in ("Rosa", "Rita"):
        await world.person(name, level=led_by_two, level_role=MANAGER)
    await world.person("Ana", level=led_by_nobody)

    for level in (led_by_two, led_by_nobody):
        assert (await moved(world, level, by=bia)).assignee_id is None


async def test_a_manager_who_left_the_company_does_not_count(world: World) -> None:
    bia = await world.person("Bia", level=world.triage)
    level = await world.level("RH")
    rosa, rita = [
        await world.person(name, level=level, level_role=MANAGER) for name in ("Rosa", "Rita")
    ]
    form = UserForm(
        id=rita.id, name="Rita", email=rita.user.email, role=Role.ATTENDANT, active=False
    )
    await world.do(organizing.save_user, form)

    assert (await moved(world, level, by=bia)).assignee_id == rosa.id


async def test_somebody_who_was_named_wins_over_the_manager(world: World) -> None:
    bia = await world.person("Bia", level=world.triage)
    level = await world.level("RH")
    await world.person("Rosa", level=level, level_role=MANAGER)
    ana = await world.person("Ana", level=level)

    named = await moved(world, level, by=bia, assignee_id=ana.id)
    nobody = await moved(world, level, by=bia, unassign=True)

    assert (named.assignee_id, nobody.assignee_id) == (ana.id, None)
    assert (await world.story(named)).count("ASSIGNEE_CHANGED") == 1


async def test_where_a_strategy_picks_the_manager_is_not_asked(world: World) -> None:
    bia = await world.person("Bia", level=world.triage)
    level = await automatic(world)
    await world.person("Rosa", level=level, level_role=MANAGER)

    assert (await moved(world, level, by=bia)).assignee_id is None


async def test_whoever_leaves_a_level_that_hands_out_is_relieved_by_the_others(
    world: World,
) -> None:
    level = await automatic(world)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    tickets = await world.waiting(4, level=level)
    await world.do(assigning.distribute)

    form = LevelForm(id=level.id, name=level.name, members=[MemberForm(user_id=bia.id)])
    await world.do(levelling.save_level, form)
    await world.do(assigning.distribute)

    assert ana.id != bia.id
    assert await holders(world, tickets) == {bia.id: 4}
