"""What a publisher writes on the page of their protocol is a message like any other."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.errors import Invalid, NotFound, TooLong
from domain.model.account import Account
from domain.model.ticket import Ticket
from domain.operations import answering, handling, levelling, organizing, proving, replying, uniting
from domain.operations.answering import TEXT_MOST, Answered
from domain.operations.handling import TicketChange
from domain.operations.organizing import AccountForm
from domain.operations.replying import ReplyForm
from domain.words import (
    CloseReason,
    HistoryKind,
    Network,
    Role,
    TicketStatus,
    Visibility,
)
from domain.work import Work
from tests.carrying import ANYTHING, carry
from tests.world import Person, World

EMAIL = "maria@example.com"
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus


@pytest.fixture
async def account(world: World) -> Account:
    carry(world, {Network.SANDBOX: ANYTHING})
    account = await world.account()
    await world.watch(account, world.triage)
    await world.arrange(world.triage, account_ids=[account.id])
    return account


@pytest.fixture
async def ana(world: World) -> Person:
    return await world.person("Ana", level=world.triage)


@pytest.fixture
async def ticket(world: World, account: Account) -> Ticket:
    from_maria = world.post(account, text="Cadê meu pedido?", thread="t")
    [received] = await world.receive(from_maria)
    assert received.ticket is not None
    return received.ticket


async def passed(world: World, ticket: Ticket) -> str:
    """A pass for the ticket, whatever its publisher could show."""

    async def made(work: Work) -> str:
        tracked = await proving.seen(work, ticket.protocol)
        assert tracked is not None
        return proving.make_pass(work, tracked).text

    return await world.do(made)


async def says(
    world: World, ticket: Ticket, text: str = "Segue o comprovante", mark: str | None = None
) -> Answered:
    kept = await passed(world, ticket)
    mark = mark or uuid4().hex
    return await world.do(answering.answer, ticket.protocol, kept, text, mark)


async def change(world: World, ticket: Ticket, by: Person, status: TicketStatus) -> None:
    await world.do(handling.update, ticket.id, TicketChange(status=status, comment="x"), by=by)


async def test_a_message_from_the_page_stands_in_the_ticket_under_their_name(
    world: World, ticket: Ticket
) -> None:
    answered = await says(world, ticket)

    [*_, entry] = [
        each for each in await world.history(ticket) if each.kind is HistoryKind.OCCURRENCE_RECEIVED
    ]
    async with world.storage.reading(world.system) as work:
        said = (await work.occurrences.find([entry.occurrence_id or ticket.id])).values()
        [occurrence] = said
    assert answered == Answered(ticket.protocol)
    assert (occurrence.text, occurrence.network) == ("Segue o comprovante", Network.WEB)
    assert occurrence.publisher_id == ticket.publisher_id
    assert entry.actor_name == "Maria"


@pytest.mark.parametrize(
    ("before", "after", "reopened"), [(PENDING, OPEN, 0), (RESOLVED, OPEN, 1), (OPEN, OPEN, 0)]
)
async def test_it_wakes_and_reopens_as_any_message_does(
    world: World,
    ticket: Ticket,
    ana: Person,
    before: TicketStatus,
    after: TicketStatus,
    reopened: int,
) -> None:
    await world.do(handling.start, ticket.id, by=ana)
    if before is not OPEN:
        await change(world, ticket, ana, before)

    await says(world, ticket)

    now = await world.see(ticket)
    assert (now.status, now.reopen_count) == (after, reopened)


async def test_a_reply_that_waits_goes_stale(world: World, ticket: Ticket, ana: Person) -> None:
    await world.arrange(world.triage, moderated=True)
    form = ReplyForm(ticket_id=ticket.id, text="Já vimos", visibility=Visibility.PUBLIC)
    held = await world.do(replying.reply, form, by=ana)
    assert held.approval is not None

    await says(world, ticket)

    async with world.storage.reading(world.system) as work:
        approval = (await work.approvals.find([held.approval.id]))[held.approval.id]
    assert approval.stale


async def test_what_is_over_is_followed_by_another_where_it_began(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    rh = await world.level("RH")
    await world.do(handling.escalate, ticket.id, rh.id, "Para o RH", by=ana)
    rita = await world.person("Rita", level=rh)
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=rita)

    answered = await says(world, ticket)
    again = await says(world, ticket, "E mais isto")

    async with world.storage.reading(world.system) as work:
        following = await work.tickets.by_protocol(answered.protocol)
        assert following is not None
        kept = answered.kept
        assert kept is not None
        shown = await proving.proven(work, answered.protocol, kept.text)
    assert following.previous_ticket_id == ticket.id
    assert (following.status, following.level_id) == (OPEN, world.triage.id)
    assert following.account_id == account.id
    assert again.protocol == answered.protocol
    assert shown is not None
    assert (await world.see(ticket)).status is CLOSED


async def test_an_attendant_answers_where_the_conversation_was(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    await says(world, ticket)
    form = ReplyForm(ticket_id=ticket.id, text="Recebemos", visibility=Visibility.PUBLIC)

    written = (await world.do(replying.reply, form, by=ana)).reply

    assert written.account_id == account.id
    async with world.storage.reading(world.system) as work:
        answered = (await work.occurrences.find([written.answers_id or ticket.id])).values()
    assert [each.text for each in answered] == ["Cadê meu pedido?"]


async def test_one_mark_is_one_message_however_often_it_is_sent(
    world: World, ticket: Ticket
) -> None:
    mark = uuid4().hex

    answers = await asyncio.gather(*(says(world, ticket, mark=mark) for _ in range(4)))

    assert {each.protocol for each in answers} == {ticket.protocol}
    assert (await world.story(ticket)).count("OCCURRENCE_RECEIVED") == 2


async def test_a_ticket_opened_by_hand_is_answered_too(world: World, ana: Person) -> None:
    ticket = await world.ticket(world.triage, customer_email=EMAIL, by=ana)

    await says(world, ticket)

    assert (await world.story(ticket))[-1] == "OCCURRENCE_RECEIVED"


async def test_it_follows_a_merge(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    other = await world.heard(account, thread="outro")
    await world.do(handling.merge, other.id, ticket.id, "É o mesmo", False, by=ana)
    answered = await says(world, other)

    assert answered.protocol == ticket.protocol
    assert answered.kept is not None


async def test_merged_into_somebody_elses_it_tells_nothing_of_that(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    of_rui = await world.heard(account, author="rui", thread="rui")
    await world.do(handling.merge, ticket.id, of_rui.id, "Engano", True, by=ana)

    assert await says(world, ticket) == Answered(ticket.protocol)


async def test_whoever_was_merged_with_another_is_that_one(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    await says(world, ticket)
    other = await world.heard(account, author="maria2", thread="2")
    boss = await world.person("Chefe", role=Role.ADMIN)
    await world.do(uniting.merge, ticket.publisher_id, other.publisher_id, by=boss)

    await says(world, await world.see(ticket))

    assert (await world.story(ticket))[-1] == "OCCURRENCE_RECEIVED"


async def test_what_cannot_be_taken_is_refused(world: World, ticket: Ticket, ana: Person) -> None:
    with pytest.raises(Invalid):
        await says(world, ticket, "  ")
    with pytest.raises(TooLong):
        await says(world, ticket, "x" * (TEXT_MOST + 1))
    with pytest.raises(NotFound):
        await world.do(answering.answer, ticket.protocol, "gp_x", "Oi", uuid4().hex)
    boss = await world.person("Chefe", role=Role.ADMIN)
    kept = await passed(world, ticket)
    world.later(timedelta(minutes=31))
    with pytest.raises(NotFound):
        await world.do(answering.answer, ticket.protocol, kept, "Oi", uuid4().hex)
    await world.do(handling.remove, ticket.id, "Engano", by=boss)
    with pytest.raises(NotFound):
        await says(world, ticket)


async def test_whoever_switches_the_account_off_ends_answers(world: World, ticket: Ticket) -> None:
    await says(world, ticket)
    async with world.storage.reading(world.system) as work:
        page = await work.accounts.on_network(Network.WEB, answering.ACCOUNT)
    assert page is not None
    off = AccountForm(id=page.id, network=Network.WEB, name=page.name, enabled=False)
    await world.do(organizing.save_account, off)

    with pytest.raises(Invalid):
        await says(world, ticket)


async def test_a_level_that_takes_none_gives_it_to_the_fallback(
    world: World, ticket: Ticket, ana: Person
) -> None:
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
    fallback = await world.level("Reserva")
    async with world.storage.work(world.system) as work:
        (await work.workspace()).fall_back_to(fallback.id)
    await world.do(
        levelling.save_level,
        levelling.LevelForm(id=world.triage.id, name=world.triage.name, enabled=False),
    )

    answered = await says(world, ticket)

    async with world.storage.reading(world.system) as work:
        following = await work.tickets.by_protocol(answered.protocol)
    assert following is not None
    assert following.level_id == fallback.id
