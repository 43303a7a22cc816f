"""Replies to publishers: what they do to their ticket, where they go, and what is refused."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.answers import Replied
from domain.errors import (
    AccountNotInLevel,
    Forbidden,
    Invalid,
    NotFound,
    NotSupportedByNetwork,
    StaleReply,
    TooLong,
    VersionConflict,
    WrongState,
)
from domain.model.account import Account
from domain.model.approval import Approval
from domain.model.base import new_id
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling, organizing, replying
from domain.operations.handling import TicketChange
from domain.operations.organizing import AccountForm
from domain.operations.replying import ReplyForm
from domain.position import RETENTION
from domain.post import Author
from domain.rules.capability import Capability, TextUnit
from domain.words import (
    ApprovalState,
    CloseReason,
    DeliveryState,
    GroupingMode,
    LevelRole,
    Network,
    OutsideView,
    Priority,
    Role,
    SlaMetric,
    TicketStatus,
    Visibility,
)
from tests.carrying import ANYTHING, BOTH, PRIVATELY, carry
from tests.world import FIRST_HUNDRED, Person, World

NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
PUBLIC, PRIVATE, INTERNAL = Visibility
HELD, QUEUED = DeliveryState.HELD, DeliveryState.QUEUED
FAMILY = "👨‍👩‍👧‍👦"


@pytest.fixture(autouse=True)
def networks(world: World) -> None:
    carry(world, {Network.SANDBOX: ANYTHING, Network.EMAIL: PRIVATELY})


async def team(world: World, name: str = "Respostas", **settings: Any) -> tuple[Level, Account]:
    """A level with one account that it answers from."""
    account = await world.account()
    level = await world.level(name, account_ids=[account.id], **settings)
    await world.watch(account, level)
    return level, account


def form(ticket: Ticket | UUID, text: str = "Já estamos vendo.", **asked: Any) -> ReplyForm:
    ticket_id = ticket if isinstance(ticket, UUID) else ticket.id
    return ReplyForm(ticket_id=ticket_id, text=text, **{"visibility": PUBLIC, **asked})


async def reply(
    world: World,
    ticket: Ticket | UUID,
    text: str = "Já estamos vendo.",
    *,
    by: Person | None = None,
    **asked: Any,
) -> Replied:
    said: Replied = await world.do(replying.reply, form(ticket, text, **asked), by=by)
    return said


async def in_status(world: World, account: Account, status: TicketStatus) -> Ticket:
    ticket = await world.heard(account, thread=f"t-{new_id()}")
    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(ticket.id)
        if status is CLOSED:
            reason = CloseReason.SPAM
            work.record(held, held.change_status(CLOSED, now=work.now, close_reason=reason))
        elif status is AWAITING:
            held._become(AWAITING)
        elif status is ESCALATED:
            work.record(held, held._move(ESCALATED))
        elif status is not NEW:
            work.record(held, held.change_status(status, now=work.now))
    return await world.see(ticket)


async def written(world: World, ticket: Ticket) -> list[str]:
    async with world.storage.reading(world.system) as work:
        page = (await work.replies.pages([ticket.id], FIRST_HUNDRED))[ticket.id]
        return [each.text for each in page.nodes]


async def cursor(world: World) -> str:
    async with world.storage.reading(world.system) as work:
        return await work.position()


# ── what it does ───────────────────────────────────────────────────────────────────────────────


async def test_a_reply_is_queued_and_answers_the_last_message(world: World) -> None:
    level, account = await team(world)
    ana = await world.person("Ana", level=level)
    await world.heard(account, text="Oi", external_id="first", thread="t")
    ticket = await world.heard(account, text="Alguém?", external_id="second", thread="t")

    said = await reply(world, ticket, by=ana)

    assert (said.reply.state, said.reply.account_id) == (QUEUED, account.id)
    assert said.reply.queued_at == said.reply.next_attempt_at == world.now
    assert said.reply.author_id == ana.id
    async with world.storage.reading(world.system) as work:
        answered = await work.occurrences.get(said.reply.answers_id or new_id())
    assert answered.external_id == "second"
    assert said.approval is None


async def test_what_is_written_is_not_yet_an_answer(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    said = await reply(world, ticket)

    assert said.reply.sent_at is None
    assert await world.story(ticket) == [
        "TICKET_OPENED",
        "OCCURRENCE_RECEIVED",
        "REPLY_WRITTEN",
        "STATUS_CHANGED",
    ]
    written_entry = (await world.history(ticket))[2]
    assert written_entry.reply_id == said.reply.id


async def test_writing_meets_no_clock(world: World) -> None:
    hour = [(each, SlaMetric.FIRST_RESPONSE, 3_600) for each in Priority]
    _, account = await team(world, sla_targets=hour, unmeasured=[])
    ticket = await world.heard(account)

    await reply(world, ticket, send_as=PENDING)

    async with world.storage.reading(world.system) as work:
        clocks = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
    [first] = [each for each in clocks if each.metric is SlaMetric.FIRST_RESPONSE]
    assert first.clock.met_at is None
    assert first.clock.running_since is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [(NEW, OPEN), (OPEN, OPEN), (ESCALATED, OPEN), (PENDING, PENDING), (RESOLVED, RESOLVED)],
)
async def test_a_reply_takes_a_ticket_up_and_leaves_every_other_status(
    world: World, before: TicketStatus, after: TicketStatus
) -> None:
    _, account = await team(world)
    ticket = await in_status(world, account, before)

    said = await reply(world, ticket)

    assert (await world.see(ticket)).status is said.ticket.status is after


@pytest.mark.parametrize("status", [NEW, OPEN, ESCALATED, PENDING])
@pytest.mark.parametrize("send_as", [OPEN, PENDING, RESOLVED, CLOSED])
async def test_a_reply_leaves_the_ticket_as_it_was_sent(
    world: World, status: TicketStatus, send_as: TicketStatus
) -> None:
    _, account = await team(world)
    ticket = await in_status(world, account, status)

    await reply(world, ticket, send_as=send_as)

    left = await world.see(ticket)
    assert left.status is send_as
    assert left.close_reason is (CloseReason.ANSWERED if send_as is CLOSED else None)


async def test_the_status_is_in_force_with_the_reply_and_in_one_group(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    said = await reply(world, ticket, send_as=CLOSED, close_reason=CloseReason.DUPLICATE)

    wrote, changed = (await world.history(ticket))[-2:]
    assert (wrote.kind, changed.kind) == ("REPLY_WRITTEN", "STATUS_CHANGED")
    assert wrote.group_id == changed.group_id
    assert (changed.was, changed.became) == ("NEW", "CLOSED")
    assert said.reply.close_reason is said.ticket.close_reason is CloseReason.DUPLICATE


async def test_a_reply_ends_the_lease_of_whoever_pulled_it(world: World) -> None:
    level, account = await team(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)
    async with world.storage.work(world.system) as work:
        held = await work.tickets.take(ticket.id)
        work.record(held, held.claim(ana.user, until=world.now + timedelta(minutes=15)))

    await reply(world, ticket, by=ana)

    left = await world.see(ticket)
    assert (left.assignee_id, left.lease_expires_at) == (ana.id, None)


async def test_what_software_writes_takes_nothing_up(world: World) -> None:
    _, account = await team(world, moderated=True)
    ticket = await world.heard(account)

    said: Replied = await world.do(replying.reply, form(ticket), automated=True)

    assert (said.reply.state, said.reply.automated) == (QUEUED, True)
    assert (await world.see(ticket)).status is NEW
    assert (await world.history(ticket))[-1].automated


async def test_a_note_stays_a_note(world: World) -> None:
    level, account = await team(world, moderated=True)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)

    said = await reply(world, ticket, "Ligar amanhã", visibility=INTERNAL, by=ana)

    assert (said.reply.state, said.reply.account_id) == (DeliveryState.SENT, None)
    assert await world.story(ticket) == [
        "TICKET_OPENED",
        "OCCURRENCE_RECEIVED",
        "NOTE_ADDED",
        "STATUS_CHANGED",
    ]


async def test_a_note_on_a_ticket_that_waits_or_is_over_is_still_taken(world: World) -> None:
    _, account = await team(world)

    for status in (AWAITING, CLOSED):
        ticket = await in_status(world, account, status)
        await reply(world, ticket, "Para depois", visibility=INTERNAL)

        assert await written(world, ticket) == ["Para depois"]
        assert (await world.see(ticket)).status is status


# ── what is refused, and leaves nothing ────────────────────────────────────────────────────────


async def test_a_closed_ticket_and_one_that_waits_take_no_reply(world: World) -> None:
    _, account = await team(world)

    for status, sentence in ((CLOSED, "ticket_closed"), (AWAITING, "reply_waits")):
        ticket = await in_status(world, account, status)
        with pytest.raises(WrongState) as refused:
            await reply(world, ticket)

        assert refused.value.sentence == sentence
        assert await written(world, ticket) == []


@pytest.mark.parametrize("send_as", [NEW, ESCALATED, AWAITING])
@pytest.mark.parametrize("moderated", [False, True])
async def test_a_reply_is_not_sent_as_new_escalated_or_awaiting_approval(
    world: World, send_as: TicketStatus, moderated: bool
) -> None:
    level, account = await team(world, moderated=moderated)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)

    with pytest.raises(Invalid) as refused:
        await reply(world, ticket, send_as=send_as, by=ana)

    assert (refused.value.sentence, refused.value.field) == ("sent_as", ("sendAs",))
    assert (await world.see(ticket)).status is NEW


@pytest.mark.parametrize("moderated", [False, True])
async def test_what_is_resolved_is_not_answered_as_pending(world: World, moderated: bool) -> None:
    level, account = await team(world, moderated=moderated)
    ana = await world.person("Ana", level=level)
    ticket = await in_status(world, account, RESOLVED)

    with pytest.raises(WrongState):
        await reply(world, ticket, send_as=PENDING, by=ana)

    assert (await world.see(ticket)).status is RESOLVED


@pytest.mark.parametrize("moderated", [False, True])
@pytest.mark.parametrize(
    ("send_as", "reason", "sentence"),
    [
        (None, CloseReason.SPAM, "close_reason_alone"),
        (RESOLVED, CloseReason.ANSWERED, "close_reason_alone"),
        (CLOSED, CloseReason.MERGED, "merged_is_for_merging"),
    ],
)
async def test_a_close_reason_goes_with_closing_and_is_not_merging(
    world: World,
    moderated: bool,
    send_as: TicketStatus | None,
    reason: CloseReason,
    sentence: str,
) -> None:
    level, account = await team(world, moderated=moderated)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)

    with pytest.raises(Invalid) as refused:
        await reply(world, ticket, send_as=send_as, close_reason=reason, by=ana)

    assert (refused.value.sentence, refused.value.field) == (sentence, ("closeReason",))


async def test_a_stranger_and_somebody_who_only_looks_write_nothing(world: World) -> None:
    _, account = await team(world, outside_view=OutsideView.FULL)
    _, other = await team(world, "RH")
    ana = await world.person("Ana", level=await world.level("Longe"))
    seen, unseen = await world.heard(account), await world.heard(other)

    with pytest.raises(Forbidden):
        await reply(world, seen, by=ana)
    with pytest.raises(NotFound) as behind:
        await reply(world, unseen, by=ana)
    with pytest.raises(NotFound) as nothing:
        await reply(world, new_id(), by=ana)

    assert str(behind.value) == str(nothing.value)


async def test_a_removed_ticket_is_not_there_to_be_answered(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    await world.do(handling.remove, ticket.id, "Engano")

    with pytest.raises(NotFound):
        await reply(world, ticket)


async def test_a_reply_made_on_an_older_version_is_refused(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    await world.do(handling.update, ticket.id, TicketChange(comment="Vi", subject="Outro"))

    with pytest.raises(VersionConflict) as refused:
        await reply(world, ticket, expected_version=ticket.version)

    assert refused.value.changed_fields == ["subject", "status"]
    assert await written(world, ticket) == []


# ── which account ──────────────────────────────────────────────────────────────────────────────


async def test_the_account_last_written_to_answers_although_another_opened_the_ticket(
    world: World,
) -> None:
    first, second = await world.account(), await world.account()
    level = await world.level(
        "Todas", account_ids=[first.id, second.id], grouping=GroupingMode.PUBLISHER
    )
    await world.watch([first, second], level)
    opened = await world.heard(first)
    world.later(timedelta(minutes=1))
    ticket = await world.heard(second)
    assert ticket.id == opened.id

    usual = await reply(world, ticket)
    asked = await reply(world, ticket, account_id=first.id)

    assert (usual.reply.account_id, asked.reply.account_id) == (second.id, first.id)
    assert asked.reply.answers_id != usual.reply.answers_id


async def test_an_account_of_the_same_network_answers_the_last_message_there(world: World) -> None:
    written_to, other = await world.account(), await world.account()
    level = await world.level("Duas", account_ids=[written_to.id, other.id])
    await world.watch(written_to, level)
    ticket = await world.heard(written_to)

    usual = await reply(world, ticket)
    asked = await reply(world, ticket, account_id=other.id)

    assert asked.reply.account_id == other.id
    assert asked.reply.answers_id == usual.reply.answers_id


async def test_a_machines_message_is_not_what_one_answers(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, text="Onde está?", thread="t")
    world.later(timedelta(minutes=1))
    await world.heard(account, text="Estou de férias", thread="t", external_id="machine")
    async with world.storage.work(world.system) as work:
        last = (await work.occurrences.latest(ticket.id))[0]
        assert last.external_id == "machine"
        last.automated = True

    said = await reply(world, ticket)

    assert said.reply.answers_id is not None
    assert said.reply.answers_id != last.id


async def test_where_a_machine_wrote_last_the_account_that_a_person_wrote_to_answers(
    world: World,
) -> None:
    first, second = await world.account(), await world.account()
    level = await world.level(
        "Todas", account_ids=[first.id, second.id], grouping=GroupingMode.PUBLISHER
    )
    await world.watch([first, second], level)
    await world.heard(first)
    world.later(timedelta(minutes=1))
    ticket = await world.heard(second)
    async with world.storage.work(world.system) as work:
        (await work.occurrences.latest(ticket.id))[0].automated = True

    said = await reply(world, ticket)

    assert said.reply.account_id == first.id


async def test_an_account_outside_the_level_is_refused_by_name(world: World) -> None:
    level, account = await team(world)
    foreign = await world.account("Conta do RH")
    ticket = await world.heard(account)

    with pytest.raises(AccountNotInLevel) as refused:
        await reply(world, ticket, account_id=foreign.id)

    assert refused.value.field == ("accountId",)
    assert "Conta do RH" in str(refused.value)
    assert level.name in str(refused.value)
    assert await written(world, ticket) == []


async def test_an_account_of_nobody_and_of_another_company_are_the_same_nothing(
    world: World,
) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    other = await World.founded(world.storage)
    foreign = await other.account()

    refusals = []
    for account_id in (foreign.id, new_id()):
        with pytest.raises(NotFound) as refused:
            await reply(world, ticket, account_id=account_id)
        refusals.append((str(refused.value), refused.value.field))

    assert refusals[0] == refusals[1]


async def test_where_the_account_written_to_is_not_the_levels_its_own_of_that_network_answers(
    world: World,
) -> None:
    foreign, own = await world.account(), await world.account()
    level = await world.level("Suporte", account_ids=[own.id])
    await world.watch(foreign, level)
    ticket = await world.heard(foreign)

    said = await reply(world, ticket)

    assert said.reply.account_id == own.id


async def test_a_level_without_a_fitting_account_says_which_one_it_does_not_answer_from(
    world: World,
) -> None:
    account = await world.account("Só escuta")
    await world.watch(account, world.triage)
    ticket = await world.heard(account)

    with pytest.raises(AccountNotInLevel) as refused:
        await reply(world, ticket)

    assert "Só escuta" in str(refused.value)


async def switched_off(world: World, account: Account) -> None:
    off = AccountForm(id=account.id, network=account.network, name=account.name, enabled=False)
    await world.do(organizing.save_account, off)


async def test_an_account_that_is_switched_off_sends_nothing(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    await switched_off(world, account)

    for account_id in (None, account.id):
        with pytest.raises(Invalid) as refused:
            await reply(world, ticket, account_id=account_id)

        assert (refused.value.sentence, refused.value.field) == (
            "account_disabled",
            ("accountId",),
        )


async def test_where_the_account_written_to_is_switched_off_another_of_the_level_answers(
    world: World,
) -> None:
    one, other = await world.account(), await world.account()
    level = await world.level("Duas", account_ids=[one.id, other.id])
    await world.watch(one, level)
    ticket = await world.heard(one)
    await switched_off(world, one)

    said = await reply(world, ticket)

    assert said.reply.account_id == other.id


async def test_an_account_of_a_network_the_publisher_is_not_on_cannot_reach_them(
    world: World,
) -> None:
    here = await world.account()
    there = await world.account("Instagram da loja", network=Network.INSTAGRAM)
    carry(world, {Network.SANDBOX: ANYTHING, Network.INSTAGRAM: ANYTHING})
    level = await world.level("Redes", account_ids=[here.id, there.id])
    await world.watch(here, level)
    ticket = await world.heard(here)

    for visibility in (PUBLIC, PRIVATE):
        with pytest.raises(NotSupportedByNetwork) as refused:
            await reply(world, ticket, account_id=there.id, visibility=visibility)

        assert refused.value.sentence == "publisher_not_there"
        assert "Instagram da loja" in str(refused.value)


async def test_a_ticket_opened_by_hand_is_answered_by_mail_where_there_is_an_address(
    world: World,
) -> None:
    mail = await world.account("SAC", network=Network.EMAIL)
    level = await world.level("Loja", account_ids=[mail.id])
    ticket = await world.ticket(level, customer_email="maria@example.com")

    said = await reply(world, ticket, visibility=PRIVATE)

    assert (said.reply.account_id, said.reply.answers_id) == (mail.id, None)


@pytest.mark.parametrize(("told", "reached"), [("maria@example.com", True), ("na loja", False)])
async def test_who_never_wrote_by_mail_is_reached_at_the_address_that_was_told(
    world: World, told: str, reached: bool
) -> None:
    posts, mail = await world.account(), await world.account("SAC", network=Network.EMAIL)
    level = await world.level("Loja", account_ids=[posts.id, mail.id])
    await world.watch(posts, level)
    maria = Author(external_id="maria", name="Maria", handle="maria", email=told)
    ticket = await world.heard(posts, author=maria)
    asked: dict[str, Any] = {"account_id": mail.id, "visibility": PRIVATE}

    if reached:
        said = await reply(world, ticket, **asked)
        assert (said.reply.account_id, said.reply.answers_id) == (mail.id, None)
    else:
        with pytest.raises(NotSupportedByNetwork):
            await reply(world, ticket, **asked)


async def test_a_ticket_opened_by_hand_without_an_address_cannot_be_answered(world: World) -> None:
    mail = await world.account("SAC", network=Network.EMAIL)
    posts = await world.account("Perfil")
    by_mail = await world.level("Loja", account_ids=[mail.id])
    by_post = await world.level("Redes", account_ids=[posts.id])

    with pytest.raises(NotSupportedByNetwork) as no_address:
        await reply(world, await world.ticket(by_mail), visibility=PRIVATE)
    with pytest.raises(NotSupportedByNetwork) as no_account:
        await reply(world, await world.ticket(by_post), visibility=PRIVATE)
    with pytest.raises(NotSupportedByNetwork) as not_there:
        await reply(world, await world.ticket(by_post), account_id=posts.id)

    assert no_address.value.sentence == "publisher_not_there"
    assert no_account.value.sentence == "nothing_to_answer"
    assert not_there.value.sentence == "publisher_not_there"


async def test_somebody_known_on_the_network_can_be_written_to_privately_though_not_in_public(
    world: World,
) -> None:
    level, account = await team(world)
    known = await world.heard(account)
    ticket = await world.ticket(level, publisher_id=known.publisher_id)

    said = await reply(world, ticket, account_id=account.id, visibility=PRIVATE)

    assert (said.reply.account_id, said.reply.answers_id) == (account.id, None)
    with pytest.raises(NotSupportedByNetwork):
        await reply(world, ticket, account_id=account.id, visibility=PUBLIC)


# ── what the network carries ───────────────────────────────────────────────────────────────────


async def test_a_network_that_sends_nothing_is_told_before_anything_is_kept(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    carry(world, {})

    with pytest.raises(NotSupportedByNetwork) as refused:
        await reply(world, ticket)

    assert refused.value.sentence == "reply_not_connected"
    assert await written(world, ticket) == []


async def test_what_a_network_does_not_show_in_that_way_is_refused(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    carry(world, {Network.SANDBOX: Capability(sends=frozenset({PUBLIC}))})

    with pytest.raises(NotSupportedByNetwork) as refused:
        await reply(world, ticket, visibility=PRIVATE)

    assert (refused.value.sentence, refused.value.field) == (
        "visibility_not_on_network",
        ("visibility",),
    )
    await reply(world, ticket, visibility=PUBLIC)


@pytest.mark.parametrize(
    ("unit", "fits", "too_long"),
    [
        (TextUnit.GRAPHEMES, FAMILY * 10, FAMILY * 11),
        (TextUnit.GRAPHEMES, "🇧🇷👍🏽é" * 3 + "e\u0301", "🇧🇷👍🏽é" * 4),
        (TextUnit.CHARACTERS, FAMILY + "abc", FAMILY + "abcd"),
        (TextUnit.UTF16, "👍" * 5, "👍" * 5 + "a"),
        (TextUnit.BYTES, "é" * 5, "é" * 5 + "a"),
    ],
)
async def test_a_text_is_counted_as_the_network_counts(
    world: World, unit: TextUnit, fits: str, too_long: str
) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    carry(world, {Network.SANDBOX: Capability(sends=BOTH, text_most=10, unit=unit)})

    with pytest.raises(TooLong) as refused:
        await reply(world, ticket, too_long)

    assert refused.value.field == ("text",)
    assert await written(world, ticket) == []
    await reply(world, ticket, fits)
    assert await written(world, ticket) == [fits]


@pytest.mark.parametrize("moderated", [False, True])
async def test_the_limits_hold_before_a_moderator_sees_it_too(
    world: World, moderated: bool
) -> None:
    level, account = await team(world, moderated=moderated)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)
    carry(world, {Network.SANDBOX: Capability(sends=BOTH, text_most=3)})

    with pytest.raises(TooLong):
        await reply(world, ticket, "Olá!", by=ana)

    assert (await world.see(ticket)).status is NEW


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b", "\ud83d"])
async def test_a_text_that_says_nothing_or_cannot_be_kept_is_refused(
    world: World, text: str
) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    with pytest.raises(Invalid) as refused:
        await reply(world, ticket, text)

    assert refused.value.field == ("text",)


# ── moderated ──────────────────────────────────────────────────────────────────────────────────


async def approvals(world: World, ids: Mapping[str, UUID]) -> dict[str, Approval]:
    async with world.storage.reading(world.system) as work:
        found = await work.approvals.find(list(ids.values()))
        return {name: found[each] for name, each in ids.items()}


@pytest.mark.parametrize("status", [NEW, OPEN, ESCALATED, PENDING, RESOLVED])
async def test_in_a_moderated_level_nothing_leaves_and_the_ticket_waits(
    world: World, status: TicketStatus
) -> None:
    level, account = await team(world, moderated=True)
    ana = await world.person("Ana", level=level)
    ticket = await in_status(world, account, status)

    said = await reply(world, ticket, send_as=RESOLVED, by=ana)

    assert (said.reply.state, said.reply.queued_at, said.reply.next_attempt_at) == (
        HELD,
        None,
        None,
    )
    assert (await world.see(ticket)).status is AWAITING
    assert said.approval is not None
    kept = (await approvals(world, {"it": said.approval.id}))["it"]
    assert (kept.state, kept.reply_id, kept.author_id, kept.requested_at) == (
        ApprovalState.SUBMITTED,
        said.reply.id,
        ana.id,
        world.now,
    )
    assert (kept.previous_status, kept.intended_status) == (status, RESOLVED)
    asked = (await world.history(ticket))[-1]
    assert (asked.kind, asked.was, asked.became) == ("APPROVAL_REQUESTED", status, AWAITING)
    assert (asked.reply_id, asked.became_id) == (said.reply.id, kept.id)


@pytest.mark.parametrize(
    ("before", "intended"),
    [(NEW, OPEN), (OPEN, OPEN), (ESCALATED, OPEN), (PENDING, PENDING), (RESOLVED, RESOLVED)],
)
async def test_without_a_status_asked_the_reply_is_meant_to_take_the_ticket_up(
    world: World, before: TicketStatus, intended: TicketStatus
) -> None:
    level, account = await team(world, moderated=True)
    ana = await world.person("Ana", level=level)
    ticket = await in_status(world, account, before)

    said = await reply(world, ticket, by=ana)

    assert said.approval is not None
    assert said.approval.intended_status is intended


@pytest.mark.parametrize(
    ("role", "level_role"),
    [
        (Role.ADMIN, LevelRole.ATTENDANT),
        (Role.SUPERVISOR, LevelRole.ATTENDANT),
        (Role.ATTENDANT, LevelRole.MANAGER),
    ],
)
async def test_no_role_lets_anybody_answer_without_asking(
    world: World, role: Role, level_role: LevelRole
) -> None:
    level, account = await team(world, moderated=True)
    boss = await world.person("Chefe", role=role, level=level, level_role=level_role)
    ticket = await world.heard(account)

    said = await reply(world, ticket, by=boss)

    assert said.reply.state is HELD


async def test_whoever_the_level_exempts_answers_at_once_there_and_nowhere_else(
    world: World,
) -> None:
    level, account = await team(world, moderated=True)
    other, elsewhere = await team(world, "Outro", moderated=True)
    ana = await world.person("Ana", level=[level, other])
    async with world.storage.work(world.system) as work:
        member = await work.levels.take_member(level.id, ana.id)
        assert member is not None
        member.become(LevelRole.ATTENDANT, None, exempt=True)

    here = await reply(world, await world.heard(account), by=ana)
    there = await reply(world, await world.heard(elsewhere), by=ana)

    assert (here.reply.state, there.reply.state) == (QUEUED, HELD)


async def test_a_program_puts_nothing_to_the_moderators(world: World) -> None:
    _, account = await team(world, moderated=True)
    ticket = await world.heard(account)

    with pytest.raises(Forbidden):
        await reply(world, ticket)

    assert (await world.see(ticket)).status is NEW
    assert await written(world, ticket) == []


async def test_switching_moderation_off_lets_new_replies_go_and_keeps_the_waiting_ones(
    world: World,
) -> None:
    level, account = await team(world, moderated=True)
    ana = await world.person("Ana", level=level)
    waiting = [
        (await reply(world, await world.heard(account, thread=f"t{each}"), by=ana)).approval
        for each in range(3)
    ]

    await world.arrange(level, moderated=False)
    said = await reply(world, await world.heard(account, thread="t9"), by=ana)

    assert said.reply.state is QUEUED
    kept = await approvals(world, {str(each.id): each.id for each in waiting if each})
    assert [each.state for each in kept.values()] == [ApprovalState.SUBMITTED] * 3


# ── something came in meanwhile ────────────────────────────────────────────────────────────────


async def test_what_came_while_it_was_written_is_shown_instead_of_sending(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")
    looked_at = await cursor(world)
    for text in ("Aliás…", "e mais uma coisa"):
        await world.heard(account, thread="t", text=text)

    with pytest.raises(StaleReply) as refused:
        await reply(world, ticket, based_on=looked_at, send_as=CLOSED)

    assert refused.value.field == ("basedOn",)
    assert [each.kind for each in refused.value.new_entries] == ["OCCURRENCE_RECEIVED"] * 2
    assert await written(world, ticket) == []
    assert (await world.see(ticket)).status is OPEN
    # Having read them, one may send.
    await reply(world, ticket, based_on=refused.value.cursor)
    assert len(await written(world, ticket)) == 1


async def test_forced_it_is_sent_whatever_came(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")
    looked_at = await cursor(world)
    await world.heard(account, thread="t")

    said = await reply(world, ticket, based_on=looked_at, force=True)

    assert said.reply.state is QUEUED


async def test_what_a_machine_sent_for_the_publisher_makes_nothing_stale(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")
    looked_at = await cursor(world)
    await world.heard(account, thread="t", text="Estou de férias", automated=True)

    said = await reply(world, ticket, based_on=looked_at)

    assert said.reply.state is QUEUED


async def test_only_messages_into_this_very_ticket_make_a_reply_stale(world: World) -> None:
    level, account = await team(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account, thread="t")
    looked_at = await cursor(world)
    await world.heard(account, author="jose", thread="u")
    await world.do(handling.start, ticket.id, by=ana)
    await world.do(handling.note, ticket.id, "Vi", by=ana)
    await reply(world, ticket, by=ana)

    said = await reply(world, ticket, based_on=looked_at, by=ana)

    assert said.reply.state is QUEUED


@pytest.mark.parametrize("broken", ["", "not a cursor", "é", "a" * 5_000, "MTIz"])
async def test_what_is_no_cursor_is_refused(world: World, broken: str) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    for force in (False, True):
        with pytest.raises(Invalid) as refused:
            await reply(world, ticket, based_on=broken, force=force)

        assert (refused.value.sentence, refused.value.field) == ("based_on_invalid", ("basedOn",))


async def test_another_companys_cursor_and_one_too_old_are_refused(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    other = await World.founded(world.storage)
    old = await cursor(world)
    foreign = await cursor(other)
    world.later(RETENTION + timedelta(seconds=1))

    for each in (foreign, old):
        with pytest.raises(Invalid) as refused:
            await reply(world, ticket, based_on=each)

        assert refused.value.sentence == "based_on_invalid"


@pytest.mark.postgres
async def test_a_message_that_began_before_and_commits_later_is_not_slipped_past(
    world: World,
) -> None:
    """The message holds the ticket; the reply waits for it and is told of it."""
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")

    async with world.storage.work(world.system) as late:
        held = await late.tickets.take(ticket.id)
        looked_at = await cursor(world)
        waiting = asyncio.create_task(reply(world, ticket, based_on=looked_at))
        message = (await late.occurrences.latest(ticket.id))[0]
        late.record(held, *held.absorb(message))

    with pytest.raises(StaleReply) as refused:
        await waiting
    assert len(refused.value.new_entries) == 1


# ── two at once ────────────────────────────────────────────────────────────────────────────────


async def test_two_who_answer_at_once_both_do(world: World) -> None:
    level, account = await team(world)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    ticket = await world.heard(account)

    await asyncio.gather(
        reply(world, ticket, "Da Ana", by=ana), reply(world, ticket, "Da Bia", by=bia)
    )

    assert sorted(await written(world, ticket)) == ["Da Ana", "Da Bia"]
    entries = await world.history(ticket)
    assert [each.sequence for each in entries] == list(range(1, len(entries) + 1))


@pytest.mark.postgres
async def test_who_had_to_wait_for_the_ticket_writes_after_the_one_who_had_it(
    world: World,
) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    async with world.storage.work(world.system) as waiting:
        world.later(timedelta(seconds=1))
        first = await reply(world, ticket, "primeira")
        second = await replying.reply(waiting, form(ticket, "segunda"))

    assert await written(world, ticket) == ["primeira", "segunda"]
    one, other = first.reply, second.reply
    assert (one.queued_at, one.id) < (other.queued_at, other.id)


async def test_of_two_who_say_which_version_they_saw_one_is_told(world: World) -> None:
    level, account = await team(world)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    ticket = await world.heard(account)
    version = ticket.version

    told = await asyncio.gather(
        *(reply(world, ticket, by=each, expected_version=version) for each in (ana, bia)),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in told) == ["Replied", "VersionConflict"]
    assert len(await written(world, ticket)) == 1


async def test_of_two_replies_at_once_in_a_moderated_level_one_waits(world: World) -> None:
    level, account = await team(world, moderated=True)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    ticket = await world.heard(account)

    told = await asyncio.gather(
        *(reply(world, ticket, by=each) for each in (ana, bia)), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in told) == ["Replied", "WrongState"]
    assert len(await written(world, ticket)) == 1


async def test_the_message_after_a_reply_sent_as_closed_opens_a_new_ticket(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")
    await reply(world, ticket, send_as=CLOSED)
    world.later(timedelta(seconds=1))

    following = await world.heard(account, thread="t")

    assert following.id != ticket.id
    assert following.previous_ticket_id == ticket.id
    assert (await world.see(ticket)).status is CLOSED


async def test_a_message_racing_a_reply_sent_as_closed_is_in_one_ticket_or_in_a_new_one(
    world: World,
) -> None:
    """Whoever holds the conversation first; nothing is lost, and nothing is in a closed ticket
    that came after it was closed."""
    _, account = await team(world)
    for number in range(8):
        thread = f"t{number}"
        ticket = await world.heard(account, thread=thread)
        closing = asyncio.create_task(reply(world, ticket, send_as=CLOSED))
        if number % 2:
            await asyncio.sleep(0)
        heard = await world.heard(account, thread=thread)
        await closing

        kinds = [each.kind.value for each in await world.history(ticket)]
        answered = kinds.index("REPLY_WRITTEN")
        if heard.id == ticket.id:
            assert kinds[2] == "OCCURRENCE_RECEIVED"
            assert answered > 2
        else:
            assert heard.previous_ticket_id == ticket.id
            assert kinds.count("OCCURRENCE_RECEIVED") == 1
        assert (await world.see(ticket)).status is CLOSED


@pytest.mark.postgres
@pytest.mark.parametrize("closing_first", [True, False])
async def test_who_holds_the_conversation_decides_where_the_message_goes(
    world: World, closing_first: bool
) -> None:
    _, account = await team(world)
    ticket = await world.heard(account, thread="t")
    started = asyncio.Event()

    async def hold() -> None:
        async with world.storage.work(world.system) as work:
            if closing_first:
                await replying.reply(work, form(ticket, send_as=CLOSED))
            else:
                held = await work.tickets.take(ticket.id)
                message = (await work.occurrences.latest(ticket.id))[0]
                work.record(held, *held.absorb(message))
            started.set()
            await asyncio.sleep(0.2)  # the other has come to the ticket, and waits

    async def come() -> Any:
        await started.wait()
        if closing_first:
            return await world.heard(account, thread="t")
        return await reply(world, ticket, send_as=CLOSED)

    _, came = await asyncio.gather(hold(), come())

    if closing_first:
        assert came.id != ticket.id
        assert came.previous_ticket_id == ticket.id
    else:
        assert [each.kind.value for each in await world.history(ticket)][-3:] == [
            "OCCURRENCE_RECEIVED",
            "REPLY_WRITTEN",
            "STATUS_CHANGED",
        ]
    assert (await world.see(ticket)).status is CLOSED
