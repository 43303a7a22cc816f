"""Who is at a ticket: people who may see it, once each, for as long as they say so."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Forbidden, NotFound
from domain.model.ticket import Ticket
from domain.operations import attending, levelling, organizing
from domain.operations.levelling import LevelForm
from domain.rules import access
from domain.rules.access import Actor, Permission, Scope
from domain.rules.presence import TYPING, VIEWING, Lease, Viewer
from domain.words import OutsideView, PresenceMode, Role
from tests.world import Person, World

LOOKS, TYPES = PresenceMode.VIEWING, PresenceMode.TYPING


async def touch(
    world: World, ticket: Ticket, who: Person | Actor, mode: PresenceMode = LOOKS, **more: Any
) -> list[Viewer]:
    attended = await world.do(attending.touch, ticket.id, mode, by=who, **more)
    return list(attended.viewers)


async def at(world: World, ticket: Ticket, by: Person | None = None) -> list[Viewer]:
    async with world.storage.reading(await world.actor(by)) as work:
        return (await work.presence.of_tickets([ticket.id]))[ticket.id]


async def names(world: World, ticket: Ticket, by: Person | None = None) -> list[tuple[Any, str]]:
    return [(each.user_id, each.mode.value) for each in await at(world, ticket, by)]


def lease_of(world: World, who: Person) -> Lease:
    return Lease(who.id, world.now, None, world.now + VIEWING)


async def test_colleagues_see_who_looks_and_who_types(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()

    await touch(world, ticket, ana)
    arrived = world.now
    world.later(timedelta(seconds=1))
    told = await touch(world, ticket, bia, TYPES)

    assert told == [Viewer(ana.id, LOOKS, arrived), Viewer(bia.id, TYPES, world.now)]
    assert await at(world, ticket, ana) == told


async def test_who_says_no_more_is_gone(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    await touch(world, ticket, ana, TYPES)

    world.later(TYPING)
    looks = await names(world, ticket)
    world.later(VIEWING - TYPING)

    assert looks == [(ana.id, "VIEWING")]
    assert await names(world, ticket) == []


async def test_who_leaves_is_gone_at_once_and_may_leave_twice(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()
    await touch(world, ticket, ana)
    await touch(world, ticket, bia)

    left = await touch(world, ticket, ana, gone=True)
    again = await touch(world, ticket, ana, gone=True)

    assert [each.user_id for each in left] == [bia.id] == [each.user_id for each in again]


async def test_one_person_stands_there_once_and_since_they_came(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    came = world.now
    await touch(world, ticket, ana)

    world.later(timedelta(seconds=20))
    await touch(world, ticket, ana, TYPES)
    world.later(timedelta(seconds=20))

    assert await at(world, ticket) == [Viewer(ana.id, LOOKS, came)]


async def test_two_sockets_of_one_person_that_speak_at_once_collide_with_nobody(
    world: World,
) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()

    await asyncio.gather(*(touch(world, ticket, ana) for _ in range(8)))

    assert await names(world, ticket) == [(ana.id, "VIEWING")]
    assert world.collisions == 0


async def test_what_is_only_said_again_wakes_nobody(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    rung: list[Any] = []
    world.storage.ring_presence = rung.append
    world.storage.ring = rung.append

    for mode, after in ((LOOKS, 0), (LOOKS, 2), (LOOKS, 10), (TYPES, 1), (LOOKS, 1)):
        world.later(timedelta(seconds=after))
        await touch(world, ticket, ana, mode)

    # She came, began to type, and stopped.
    assert rung == [ticket.id] * 3


async def test_being_there_is_no_history(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()

    await touch(world, ticket, ana, TYPES)

    assert await world.story(ticket) == ["TICKET_OPENED"]
    assert (await world.see(ticket)).version == ticket.version


# ── who may ────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_may_read_may_look_and_only_who_handles_may_type(world: World) -> None:
    open_level = await world.level("Aberto", outside_view=OutsideView.FULL)
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket(open_level)

    looking = await touch(world, ticket, ana)
    with pytest.raises(Forbidden):
        await touch(world, ticket, ana, TYPES)

    assert [each.mode for each in looking] == [LOOKS]


async def test_who_may_not_see_a_ticket_is_never_at_it(world: World) -> None:
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket(rh)

    for gone in (False, True):
        with pytest.raises(NotFound):
            await touch(world, ticket, ana, gone=gone)
    assert await at(world, ticket) == []


async def test_only_people_are_at_tickets(world: World) -> None:
    ticket = await world.ticket()
    key = access.api_key(
        key_id=ticket.id,
        workspace_id=world.workspace.id,
        name="CRM",
        scopes=frozenset({Scope.READ}),
    )

    for who in (key, world.system):
        with pytest.raises(Forbidden):
            await touch(world, ticket, who)


async def test_who_no_longer_sees_the_ticket_is_no_longer_shown_there(world: World) -> None:
    rh = await world.level("RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    bia = await world.person("Bia", level=rh)
    rita = await world.person("Rita", level=rh)
    ticket = await world.ticket(rh)
    for who in (ana, bia, rita):
        await touch(world, ticket, who)

    members = [levelling.MemberForm(user_id=each.id) for each in (bia, rita)]
    await world.do(levelling.save_level, LevelForm(id=rh.id, name="RH", members=members))
    dismissed = organizing.UserForm(
        id=rita.id, name=rita.name, email=rita.user.email, role=Role.ATTENDANT, active=False
    )
    await world.do(organizing.save_user, dismissed)

    assert await names(world, ticket) == [(bia.id, "VIEWING")]
    assert await names(world, ticket, ana) == []


@pytest.mark.parametrize("outside", OutsideView)
async def test_the_wall_in_the_database_is_the_one_of_the_rule(
    world: World, outside: OutsideView
) -> None:
    level = await world.level("RH", outside_view=outside)
    ticket = await world.ticket(level)
    people = []
    for role in Role:
        for member in (True, False):
            person = await world.person(role.value, role=role, level=level if member else ())
            people.append(person)
            async with world.storage.work(world.system) as work:
                await work.presence.hold(ticket.id, lease_of(world, person))

    shown = {each.user_id for each in await at(world, ticket)}

    actors = [await world.actor(each) for each in people]
    assert shown == {
        each.user_id for each in actors if each.can(Permission.TICKETS_READ) and each.sees(level.id)
    }


async def test_ended_leases_are_forgotten_and_no_others(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket()
    await touch(world, ticket, ana)
    world.later(VIEWING)
    await touch(world, ticket, bia)

    async with world.storage.work(world.system) as work:
        forgotten = await work.presence.forget(100)
    async with world.storage.reading(world.system) as work:
        left = [await work.presence.held(ticket.id, each.id) is not None for each in (ana, bia)]

    assert forgotten == 1
    assert left == [False, True]
