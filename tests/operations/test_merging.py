"""Two tickets made one."""

import asyncio

import pytest

from domain.errors import Forbidden, Invalid, NotFound, Refusal, WrongState
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import CloseReason, TicketStatus
from tests.world import FIRST_HUNDRED, World


async def two(world: World) -> tuple[Ticket, Ticket]:
    account = await world.account()
    first = await world.heard(account, thread="P1", external_id="a")
    return first, await world.heard(account, thread="P2", external_id="b")


async def test_the_source_is_closed_and_its_messages_and_notes_are_the_targets(
    world: World,
) -> None:
    source, target = await two(world)
    await world.do(handling.note, source.id, "Liguei")

    merged = await world.do(handling.merge, source.id, target.id, "É o mesmo caso")

    assert merged.id == target.id
    seen = await world.see(source)
    assert (seen.status, seen.close_reason) == (TicketStatus.CLOSED, CloseReason.MERGED)
    assert seen.merged_into_id == target.id
    async with world.storage.reading(world.system) as work:
        both = [source.id, target.id]
        messages = await work.occurrences.pages_of_tickets(both, FIRST_HUNDRED)
        notes = await work.replies.pages(both, FIRST_HUNDRED)
    assert [len(messages[each].nodes) for each in both] == [0, 2]
    assert [len(notes[each].nodes) for each in both] == [0, 1]
    for ticket in (source, target):
        assert (await world.history(ticket))[-1].comment == "É o mesmo caso"


async def test_a_later_message_lands_in_the_survivor_along_a_chain_of_merges(
    world: World,
) -> None:
    account = await world.account()
    a, b, c = [await world.heard(account, thread=thread) for thread in ("A", "B", "C")]
    await world.do(handling.merge, a.id, b.id)
    await world.do(handling.merge, b.id, c.id)

    later = await world.heard(account, thread="A")

    assert later.id == c.id
    assert later.status is TicketStatus.OPEN


async def test_when_the_survivor_is_closed_a_message_opens_a_new_ticket(world: World) -> None:
    account = await world.account()
    a, b = [await world.heard(account, thread=thread) for thread in ("A", "B")]
    await world.do(handling.merge, a.id, b.id)
    await world.do(handling.finish, b.id, CloseReason.ANSWERED, "Pronto")

    new = await world.heard(account, thread="A")

    assert new.id not in (a.id, b.id)
    assert new.previous_ticket_id == a.id


async def test_each_into_the_other_at_once_has_one_winner(world: World) -> None:
    for _ in range(5):
        a, b = await two(world)

        answers = await asyncio.gather(
            world.do(handling.merge, a.id, b.id),
            world.do(handling.merge, b.id, a.id),
            return_exceptions=True,
        )

        assert sorted(isinstance(each, Ticket) for each in answers) == [False, True]
        assert all(isinstance(each, Ticket | WrongState) for each in answers)
        statuses = {(await world.see(each)).status for each in (a, b)}
        assert statuses == {TicketStatus.NEW, TicketStatus.CLOSED}
        for each in (a, b):
            await world.do(handling.remove, each.id, "Fim")
    assert world.collisions == 0


async def test_a_merge_and_a_message_at_once_lose_nothing(world: World) -> None:
    account = await world.account()
    a, b = [await world.heard(account, thread=thread) for thread in ("A", "B")]

    _, ticket = await asyncio.gather(
        world.do(handling.merge, a.id, b.id), world.heard(account, thread="A")
    )

    async with world.storage.reading(world.system) as work:
        pages = await work.occurrences.pages_of_tickets([b.id], FIRST_HUNDRED)
    assert len(pages[b.id].nodes) == 3
    assert (await world.see(ticket)).id in (a.id, b.id)


async def test_nothing_is_merged_into_itself_or_into_what_is_closed(world: World) -> None:
    source, target = await two(world)
    with pytest.raises(Invalid):
        await world.do(handling.merge, source.id, source.id)
    closing = TicketChange(status=TicketStatus.CLOSED, close_reason=CloseReason.ANSWERED)
    await world.do(handling.update, target.id, closing)

    for one, other in ((source, target), (target, source)):
        with pytest.raises(WrongState):
            await world.do(handling.merge, one.id, other.id)


async def test_two_people_are_merged_only_when_it_is_meant(world: World) -> None:
    account = await world.account()
    maria = await world.heard(account, author="maria")
    jose = await world.heard(account, author="josé")
    with pytest.raises(Invalid) as refused:
        await world.do(handling.merge, maria.id, jose.id)

    merged = await world.do(handling.merge, maria.id, jose.id, across_publishers=True)

    assert refused.value.field == ("acrossPublishers",)
    assert merged.id == jose.id


@pytest.mark.parametrize("reverse", [False, True])
async def test_both_tickets_have_to_be_in_ones_hands(world: World, reverse: bool) -> None:
    finance = await world.level("Financeiro")
    ana = await world.person("Ana", level=world.triage)
    mine = await world.ticket()
    other = await world.ticket(finance, publisher_id=mine.publisher_id)
    pair = (other.id, mine.id) if reverse else (mine.id, other.id)

    refusals: tuple[type[Refusal], ...] = (NotFound, Forbidden)
    with pytest.raises(refusals):
        await world.do(handling.merge, *pair, by=ana)
