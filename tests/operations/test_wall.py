"""The wall: what happens in a level that is not mine is not there for me, by any way."""

from uuid import UUID

import pytest

from domain.errors import NotFound
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.operations.levelling import MemberForm
from domain.rules.access import Actor
from domain.rules.membership import TicketFilter
from domain.words import (
    OrderDirection,
    OutsideView,
    PullOrder,
    Role,
    TicketOrderField,
    TicketScope,
    TicketStatus,
)
from storage.work import SqlWork
from tests.world import FIRST_HUNDRED, Person, World

URGENCY, ASC = TicketOrderField.URGENCY, OrderDirection.ASC


class Walled:
    """A ticket in RH with everything a ticket can have, and Ana, who is in Triagem only."""

    def __init__(self, world: World, level: Level, ticket: Ticket, ana: Person) -> None:
        self.world, self.level, self.ticket, self.ana = world, level, ticket, ana

    @classmethod
    async def built(cls, world: World, role: Role = Role.ATTENDANT) -> "Walled":
        level, account = await world.level("RH"), await world.account()
        await world.watch(account, level, ["salário"])
        ticket = await world.heard(account, text="Meu salário está errado", external_id="m1")
        again = world.post(account, text="salário?", historical=True)
        await world.receive(again)
        await world.do(handling.note, ticket.id, "Confidencial")
        ana = await world.person("Ana", level=world.triage, role=role)
        return cls(world, level, await world.see(ticket), ana)


async def shown(work: SqlWork, walled: Walled, occurrence_id: UUID) -> dict[str, object]:
    """Everything that any shelf gives of the ticket, by every way there is."""
    ticket = walled.ticket
    ids, people, window = [ticket.id], [ticket.publisher_id], FIRST_HUNDRED
    tickets, everything = work.tickets, TicketFilter()
    seen: dict[str, object] = {
        "by protocol": await tickets.by_protocol(ticket.protocol),
        "found": await tickets.find(ids),
        "page": (await tickets.page(everything, URGENCY, ASC, window)).nodes,
        "searched": (
            await tickets.page(TicketFilter(search="salário"), URGENCY, ASC, window)
        ).nodes,
        "by level": (await tickets.pages_of_levels([walled.level.id], list(TicketStatus), window))[
            walled.level.id
        ].nodes,
        "by publisher": [
            (await tickets.pages_of_publishers(people, scope, None, window))[people[0]].nodes
            for scope in TicketScope
        ],
        "beside": (
            await tickets.pages_of_publishers(people, TicketScope.SAME_LEVEL, ids[0], window)
        )[people[0]].nodes,
        "counted": (await tickets.counts(everything)).total,
        "total": await (await tickets.page(everything, URGENCY, ASC, window)).counter(),  # type: ignore[misc]
        "successors": await tickets.successors(ids),
        "pulled": await tickets.pull(walled.level.id, PullOrder.OLDEST_FIRST, 10),
        "waiting": await tickets.waiting([walled.level.id]),
        "open": await tickets.open_in(walled.level.id),
        "taken": await tickets.take_all(ids),
        "history": (await work.entries.pages(ids, window))[ticket.id].nodes,
        "history count": await (await work.entries.pages(ids, window))[ticket.id].counter(),  # type: ignore[misc]
        "messages": (await work.occurrences.pages_of_tickets(ids, window))[ticket.id].nodes,
        "their messages": (await work.occurrences.pages_of_publishers(people, window))[
            people[0]
        ].nodes,
        "message": await work.occurrences.find([occurrence_id]),
        "notes": (await work.replies.pages(ids, window))[ticket.id].nodes,
        "publisher": await work.publishers.find(people),
        "publishers": (await work.publishers.page(None, window)).nodes,
        "searched publishers": (await work.publishers.page("maria", window)).nodes,
    }
    return {way: what for way, what in seen.items() if what and what != [[], [], [], []]}


@pytest.mark.parametrize("role", [Role.ATTENDANT, Role.SUPERVISOR, Role.VIEWER])
async def test_every_shelf_is_empty_for_who_is_outside(world: World, role: Role) -> None:
    walled = await Walled.built(world, role)
    actor = await world.actor(walled.ana)
    occurrence = (await world.history(walled.ticket))[1].occurrence_id
    assert occurrence is not None
    entries = [entry.id for entry in await world.history(walled.ticket)]

    async with world.storage.work(actor) as work:
        outside = await shown(work, walled, occurrence)
        assert await work.entries.find(entries) == {}
        for asked in (
            work.tickets.get(walled.ticket.id),
            work.tickets.take(walled.ticket.id),
            work.occurrences.get(occurrence),
            work.publishers.get(walled.ticket.publisher_id),
        ):
            with pytest.raises(NotFound):
                await asked
    async with world.storage.work(world.system) as work:
        inside = await shown(work, walled, occurrence)

    assert outside == {}
    assert len(inside) >= 20


async def test_another_company_sees_nothing_whatever_its_rights(world: World) -> None:
    walled = await Walled.built(world)
    other = await World.founded(world.storage)
    occurrence = (await world.history(walled.ticket))[1].occurrence_id
    assert occurrence is not None

    async with other.storage.work(other.system) as work:
        assert await shown(work, walled, occurrence) == {}
        assert await work.levels.find([walled.level.id]) == {}
        assert await work.users.find([walled.ana.id]) == {}
        assert (await work.tickets.totals([walled.ticket.publisher_id])) == {
            walled.ticket.publisher_id: 0
        }
        assert await work.tickets.take_open([walled.ticket.grouping_key or ""]) == {}


async def test_what_happens_behind_the_wall_moves_no_count(world: World) -> None:
    walled = await Walled.built(world)
    actor = await world.actor(walled.ana)
    await world.ticket()

    async def counts() -> tuple[object, int]:
        async with world.storage.reading(actor) as work:
            counted = await work.tickets.counts(TicketFilter())
            return counted, await work.tickets.waiting([world.triage.id, walled.level.id])

    before = await counts()
    await world.ticket(walled.level)
    await world.do(handling.start, walled.ticket.id, by=await boss(world))

    assert await counts() == before


async def boss(world: World) -> Person:
    return await world.person("Bia", role=Role.ADMIN)


@pytest.mark.parametrize(
    ("view", "total", "stubs"),
    [
        (OutsideView.NONE, 1, 0),
        (OutsideView.COUNT, 2, 0),
        (OutsideView.STUB, 2, 1),
        (OutsideView.FULL, 2, 0),
    ],
)
async def test_a_level_decides_what_outsiders_know(
    world: World, view: OutsideView, total: int, stubs: int
) -> None:
    walled = await Walled.built(world)
    await world.arrange(walled.level, outside_view=view)
    maria = walled.ticket.publisher_id
    await world.ticket(publisher_id=maria)
    actor = await world.actor(walled.ana)

    async with world.storage.reading(actor) as work:
        assert await work.tickets.totals([maria]) == {maria: total}
        told = (await work.tickets.stubs([maria]))[maria]
        assert len(told) == stubs
        for stub in told:
            assert stub.protocol == walled.ticket.protocol
            assert (stub.level_name, stub.status) == ("RH", walled.ticket.status)
        visible = await work.tickets.find([walled.ticket.id])
    assert bool(visible) is (view is OutsideView.FULL)


async def test_what_is_open_for_reading_is_not_open_for_changing(world: World) -> None:
    walled = await Walled.built(world)
    await world.arrange(walled.level, outside_view=OutsideView.FULL)

    with pytest.raises(Exception, match="may see this, but not change it"):
        await world.do(
            handling.update, walled.ticket.id, TicketChange(comment="Olá"), by=walled.ana
        )


async def test_every_change_of_what_one_may_not_see_is_answered_as_if_it_were_not_there(
    world: World,
) -> None:
    walled = await Walled.built(world)
    mine = await world.ticket()
    version = walled.ticket.version

    for operation, *arguments in (
        (handling.start, walled.ticket.id),
        (handling.update, walled.ticket.id, TicketChange(comment="Olá")),
        (handling.escalate, walled.ticket.id, world.triage.id, "Para cá"),
        (handling.note, walled.ticket.id, "Olá"),
        (handling.remove, walled.ticket.id, "Fora"),
        (handling.merge, walled.ticket.id, mine.id),
        (handling.merge, mine.id, walled.ticket.id),
    ):
        with pytest.raises(NotFound):
            await world.do(operation, *arguments, by=walled.ana)

    assert (await world.see(walled.ticket)).version == version


async def test_who_leaves_a_level_sees_nothing_of_it_from_the_next_act_on(world: World) -> None:
    walled = await Walled.built(world)
    await world.arrange(walled.level, members=[MemberForm(user_id=walled.ana.id)])
    mine = await world.ticket(walled.level, assignee_id=walled.ana.id)
    assert (await world.see(walled.ticket, by=walled.ana)).id == walled.ticket.id

    await world.arrange(walled.level, members=[])

    actor: Actor = await world.actor(walled.ana)
    assert not actor.sees(walled.level.id)
    with pytest.raises(NotFound):
        await world.see(walled.ticket, by=walled.ana)
    assert (await world.see(mine)).assignee_id is None


async def test_a_ticket_that_moves_behind_the_wall_is_gone_for_who_moved_it(world: World) -> None:
    walled = await Walled.built(world)
    ticket = await world.ticket(assignee_id=walled.ana.id)

    await world.do(handling.escalate, ticket.id, walled.level.id, "É do RH", by=walled.ana)

    with pytest.raises(NotFound):
        await world.see(ticket, by=walled.ana)
