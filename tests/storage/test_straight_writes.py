"""Statements handed to the driver are of the same transaction, and of the same things."""

import pytest
from sqlalchemy import select, text

from domain.errors import Collision
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import TicketStatus
from storage.access import T_
from storage.session import Failed
from tests.world import World


async def test_a_ticket_is_one_thing_whichever_way_it_was_found(world: World) -> None:
    ticket = await world.ticket()

    async with world.storage.work(world.system) as work:
        taken = await work.tickets.take(ticket.id)
        asked = await work.session.scalar(select(Ticket).where(T_.id == ticket.id))
        assert asked is taken
        asked.subject = "changed by one"
        again = await work.tickets.get(ticket.id)
        assert (again is taken, again.subject) == (True, "changed by one")

    async with world.storage.reading(world.system) as work:
        assert (await work.tickets.get(ticket.id)).subject == "changed by one"


async def test_whoever_takes_a_ticket_sees_it_as_it_is_kept(world: World) -> None:
    ticket = await world.ticket()

    async with world.storage.work(world.system) as work:
        before = await work.tickets.get(ticket.id)
        await work.session.execute(
            text("UPDATE ticket SET subject = 'changed meanwhile' WHERE protocol = :protocol"),
            {"protocol": ticket.protocol},
        )
        held = await work.tickets.take(ticket.id)

        assert (held is before, held.subject) == (True, "changed meanwhile")


async def test_what_was_written_is_not_written_again_but_what_changes_after_it_is(
    world: World,
) -> None:
    ticket = await world.ticket()

    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(ticket.id)
        held.subject = "first"
        await work.clocks.write()
        assert not work.session.dirty
        held.snippet = "second"

    async with world.storage.reading(world.system) as work:
        kept = await work.tickets.get(ticket.id)
        assert (kept.subject, kept.snippet) == ("first", "second")


async def test_a_conversation_that_one_ticket_gives_up_another_takes_in_the_same_act(
    world: World,
) -> None:
    account = await world.account()
    old = await world.heard(account)
    assert old.grouping_key

    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(old.id)
        fresh = _like(held, "20260101000000")
        held.grouping_key = None
        await work.tickets.put([fresh])

    async with world.storage.reading(world.system) as work:
        assert (await work.tickets.get(fresh.id)).grouping_key == old.grouping_key


async def test_two_that_want_the_same_conversation_collide_and_nothing_is_half_written(
    world: World,
) -> None:
    account = await world.account()
    old = await world.heard(account)

    with pytest.raises(Collision):
        await _beside(world, old, "20260101000000")

    async with world.storage.reading(world.system) as work:
        assert (await work.tickets.get(old.id)).subject != "half"


@pytest.mark.postgres
@pytest.mark.parametrize("first", [True, False])
async def test_what_fails_tells_no_values(world: World, first: bool) -> None:
    async with world.storage.work(world.system) as work:
        if not first:
            await work.session.fetch("SELECT 1", [])
        with pytest.raises(Failed) as failed:
            await work.session.fetch("SELECT $1::text::uuid", ["111.444.777-35"])
        assert failed.value.state == "22P02"
        await work.session.rollback()
        assert failed.value.__cause__ is None


@pytest.mark.postgres
async def test_a_text_that_is_too_long_is_refused_and_not_cut_off(world: World) -> None:
    ticket = await world.ticket()

    with pytest.raises(Failed, match="too long"):
        await _beside(world, ticket, "2" * 2_000)


async def test_a_change_that_changes_nothing_is_not_written(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    pending = TicketChange(status=TicketStatus.PENDING)
    first = await world.do(handling.update, ticket.id, pending, by=ana)

    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(ticket.id)
        held.subject = str(held.subject)

    async with world.storage.reading(world.system) as work:
        assert (await work.tickets.get(ticket.id)).version == first.version


def _like(ticket: Ticket, protocol: str) -> Ticket:
    told = {name: getattr(ticket, name) for name in Ticket.model_fields if name != "id"}
    return Ticket(**{**told, "protocol": protocol})


async def _beside(world: World, ticket: Ticket, protocol: str) -> None:
    """One that is changed, and another like it, in one act."""
    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(ticket.id)
        held.subject = "half"
        await work.tickets.put([_like(held, protocol)])
