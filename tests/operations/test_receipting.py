"""Whoever opens a ticket by writing is told its protocol, once, and that meets no clock."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import Refusal
from domain.model.account import Account
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import handling, intake, levelling
from domain.operations.levelling import LevelForm, Usual
from domain.page import Window
from domain.rules.capability import Capability
from domain.sending import Declined, Sent
from domain.words import (
    CloseReason,
    DeliveryState,
    Network,
    OccurrenceKind,
    SlaMetric,
    TicketOrigin,
    TicketStatus,
    Visibility,
)
from tests.carrying import ANYTHING, PRIVATELY, carry
from tests.outbox import ended
from tests.statements import statements_of
from tests.world import World

SATURDAY = datetime(2026, 9, 19, 15, tzinfo=UTC)
PUBLIC, PRIVATE, INTERNAL = Visibility


@pytest.fixture
async def level(world: World) -> Level:
    return await world.level("Atendimento", sends_receipts=True, unmeasured=[])


@pytest.fixture
async def account(world: World, level: Level) -> Account:
    carry(world, {Network.SANDBOX: ANYTHING})
    account = await world.account()
    await world.watch(account, level)
    return account


async def replies(world: World, ticket: Ticket) -> list[Reply]:
    async with world.storage.reading(world.system) as work:
        return list((await work.replies.pages([ticket.id], Window(100)))[ticket.id].nodes)


async def test_a_new_ticket_is_confirmed_where_they_wrote(world: World, account: Account) -> None:
    ticket = await world.heard(account)

    [receipt] = await replies(world, ticket)
    assert ticket.protocol in receipt.text
    assert "14/09/2026 às 09:00" in receipt.text
    assert (receipt.visibility, receipt.state) == (PUBLIC, DeliveryState.QUEUED)
    assert (receipt.automated, receipt.author_id) == (True, None)
    assert receipt.account_id == account.id
    assert (await world.see(ticket)).status is TicketStatus.NEW
    entry = (await world.history(ticket))[-1]
    assert (entry.kind.value, entry.automated, entry.actor_name) == (
        "REPLY_WRITTEN",
        True,
        "Guichê",
    )


async def test_it_meets_no_clock(world: World, account: Account) -> None:
    ticket = await world.heard(account)
    await ended(world, Sent("net-1", None))

    async with world.storage.reading(world.system) as work:
        clocks = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
    first = next(each for each in clocks if each.metric is SlaMetric.FIRST_RESPONSE)
    assert first.met_at is None
    assert first.running_since is not None
    assert [each.state for each in await replies(world, ticket)] == [DeliveryState.SENT]


async def test_one_ticket_is_confirmed_once(world: World, account: Account) -> None:
    posts = [world.post(account, thread="t", text=f"{number}") for number in range(3)]
    first, *_ = await world.receive(*posts)
    assert first.ticket is not None
    await world.heard(account, thread="t", text="E mais isto")
    await world.receive(posts[0])

    assert len(await replies(world, first.ticket)) == 1


async def test_what_follows_a_closed_ticket_is_confirmed_anew(
    world: World, account: Account, level: Level
) -> None:
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="t")
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
    following = await world.heard(account, thread="t")

    [receipt] = await replies(world, following)
    assert following.protocol in receipt.text


@pytest.mark.parametrize(
    "post", [{"historical": True}, {"automated": True}], ids=["historical", "automated"]
)
async def test_what_opens_nothing_is_not_confirmed(
    world: World, account: Account, post: dict[str, Any]
) -> None:
    await world.receive(world.post(account, **post))

    async with world.storage.work(world.system) as work:
        waiting = await work.outbox.take_accounts(world.now)
    assert account.id not in {each.id for each in waiting}


async def test_what_is_brought_along_is_not_confirmed(world: World, account: Account) -> None:
    post = world.post(account)
    [received] = await world.do(intake.take_in, [post], origin=TicketOrigin.IMPORT)

    assert received.ticket is not None
    assert await replies(world, received.ticket) == []


async def test_a_level_that_does_not_want_it_writes_nothing(
    world: World, account: Account, level: Level
) -> None:
    await world.arrange(level, sends_receipts=False)

    assert await replies(world, await world.heard(account)) == []


async def test_a_moderated_level_holds_nothing_of_it(
    world: World, account: Account, level: Level
) -> None:
    await world.arrange(level, moderated=True)

    [receipt] = await replies(world, await world.heard(account))
    assert receipt.state is DeliveryState.QUEUED


async def test_outside_opening_hours_it_says_when_it_opens(world: World, account: Account) -> None:
    world.now = SATURDAY

    [receipt] = await replies(world, await world.heard(account))
    assert receipt.text.endswith("voltamos em 21/09/2026 às 09:00.")


async def test_the_levels_own_words_are_said_until_the_usual_are_wanted_again(
    world: World, account: Account, level: Level
) -> None:
    await world.arrange(level, receipt_text="Anote: {{protocol}}, {{date}}")
    ticket = await world.heard(account)
    await world.arrange(level)
    kept = await world.heard(account, thread="2")
    await world.arrange(level, receipt_text=Usual.USUAL)
    usual = await world.heard(account, thread="3")

    texts = [(await replies(world, each))[0].text for each in (ticket, kept, usual)]
    assert texts[0] == f"Anote: {ticket.protocol}, 14/09/2026 às 09:00"
    assert texts[1].startswith("Anote")
    assert texts[2].startswith("Olá, Maria!")


async def test_it_goes_as_the_network_carries_it_or_not_at_all(
    world: World, account: Account
) -> None:
    dm = await world.heard(account, thread="dm", kind=OccurrenceKind.DIRECT_MESSAGE)
    carry(world, {Network.SANDBOX: PRIVATELY})
    comment = await world.heard(account, thread="c")
    carry(world, {Network.SANDBOX: Capability(sends=ANYTHING.sends, text_most=20)})
    short = await world.heard(account, thread="s")
    carry(world, {})
    silent = await world.heard(account, thread="n")

    assert [each.visibility for each in await replies(world, dm)] == [PRIVATE]
    assert [each.visibility for each in await replies(world, comment)] == [PRIVATE]
    assert await replies(world, short) == []
    assert await replies(world, silent) == []


async def test_an_account_that_is_not_connected_writes_nothing(world: World, level: Level) -> None:
    carry(world, {Network.INSTAGRAM: ANYTHING})
    account = await world.account(network=Network.INSTAGRAM)
    await world.watch(account, level)

    assert await replies(world, await world.heard(account)) == []


async def test_a_receipt_that_fails_changes_nothing_of_the_ticket(
    world: World, account: Account
) -> None:
    ticket = await world.heard(account)
    await ended(world, Declined("network_declined", "no"))

    assert (await world.see(ticket)).status is TicketStatus.NEW


async def test_a_batch_is_confirmed_with_as_many_statements_as_one(
    world: World, account: Account
) -> None:
    database = world.storage.database
    await world.heard(account, author="primeira")
    asked = []
    for count in (1, 30):
        posts = [
            world.post(account, author=f"p{count} {n}", thread=f"t{count} {n}")
            for n in range(count)
        ]
        with statements_of(database.writer) as statements:
            received = await world.receive(*posts)
        asked.append(len(statements))

    tickets = [each.ticket for each in received if each.ticket]
    texts = [(await replies(world, each))[0].text for each in tickets]
    assert asked[0] == asked[1]
    assert len(tickets) == 30
    assert all(each.protocol in text for each, text in zip(tickets, texts, strict=True))


@pytest.mark.parametrize("text", ["Recebemos em {{date}}", "{{protocol}}", "  ", "x" * 1_001])
async def test_a_text_that_does_not_say_enough_is_refused(
    world: World, level: Level, text: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await world.do(
            levelling.save_level, LevelForm(id=level.id, name=level.name, receipt_text=text)
        )

    assert list(refused.value.field) == ["receiptText"]
