"""Deciding on held replies: once, by somebody else, with both texts and every name kept."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.answers import Decided
from domain.errors import (
    AlreadyDecided,
    Forbidden,
    Invalid,
    NotFound,
    ReasonRequired,
    StaleReply,
    TooLong,
    VersionConflict,
    WrongState,
)
from domain.model.approval import Approval
from domain.model.base import new_id
from domain.model.ticket import Ticket
from domain.operations import delivering, handling, organizing, pulling
from domain.operations.handling import TicketChange
from domain.operations.organizing import UserForm
from domain.page import Window
from domain.rules.capability import Capability
from domain.rules.membership import TicketFilter
from domain.sending import Outgoing, Sent
from domain.words import (
    ApprovalState,
    CloseReason,
    DeliveryState,
    LevelRole,
    Network,
    Priority,
    Role,
    SlaMetric,
    TicketStatus,
)
from tests.carrying import BOTH, carry
from tests.holding import APPROVE, EDIT, REJECT, WITHDRAW, WRITTEN, Moderated
from tests.operations.test_recomputing import rebuilt
from tests.outbox import claimed, settled
from tests.world import Person, World

NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BETTER = "Seu pedido sai hoje; desculpe a demora."


@pytest.fixture
async def house(world: World) -> Moderated:
    return await Moderated.set_up(world)


# ── approving ──────────────────────────────────────────────────────────────────────────────────


async def test_approved_as_it_is_it_is_queued_and_the_ticket_becomes_what_it_was_sent_as(
    house: Moderated,
) -> None:
    approval = await house.held(send_as=RESOLVED)
    house.world.later(MINUTE)

    decided = await house.decide(approval)

    ticket, reply = await house.ticket(approval), await house.reply(approval)
    assert (ticket.status, ticket.resolved_at) == (RESOLVED, house.world.now)
    assert (reply.state, reply.text, reply.original_text) == (DeliveryState.QUEUED, WRITTEN, None)
    assert reply.queued_at == reply.next_attempt_at == house.world.now
    assert decided.approval.state is ApprovalState.APPROVED
    assert decided.approval.moderator_id == house.mara.id
    assert decided.approval.decided_at == house.world.now
    assert decided.approval.version == 2


async def test_the_history_names_both_and_tells_of_decision_and_status_in_one_group(
    house: Moderated,
) -> None:
    approval = await house.held(send_as=RESOLVED)

    await house.decide(approval, EDIT, text=BETTER, reason="Faltou o prazo")

    decided, moved = await house.last(approval)
    assert (decided.kind, decided.became, decided.actor_name) == (
        "APPROVAL_DECIDED",
        "EDITED_APPROVED",
        "Mara",
    )
    assert (decided.reply_id, decided.became_id) == (approval.reply_id, approval.id)
    assert decided.comment == "Faltou o prazo"
    assert (moved.kind, moved.was, moved.became) == (
        "STATUS_CHANGED",
        "AWAITING_APPROVAL",
        "RESOLVED",
    )
    [asked] = [
        each
        for each in await house.world.history(await house.ticket(approval))
        if each.kind == "APPROVAL_REQUESTED"
    ]
    assert asked.actor_name == "Ana"


async def test_edited_both_texts_are_kept_and_the_author_stays_the_author(house: Moderated) -> None:
    approval = await house.held()

    decided = await house.decide(approval, EDIT, text=f"  {BETTER} ")

    reply = await house.reply(approval)
    assert (reply.text, reply.original_text) == (BETTER, WRITTEN)
    assert (reply.author_id, decided.approval.moderator_id) == (house.ana.id, house.mara.id)
    assert decided.approval.state is ApprovalState.EDITED_APPROVED


async def test_the_publisher_gets_what_the_moderator_wrote_and_nothing_before(
    world: World,
) -> None:
    targets = [(each, SlaMetric.FIRST_RESPONSE, 9 * 3600) for each in Priority]
    house = await Moderated.set_up(world, sla_targets=targets)
    ticket = await world.heard(house.account)
    approval = await house.held(ticket, send_as=RESOLVED)
    before = await claimed(world)
    world.later(HOUR)
    await house.decide(approval, EDIT, text=BETTER)

    [attempt] = await claimed(world)
    outgoing = await world.do(delivering.pack, attempt)
    world.later(MINUTE)
    await settled(world, attempt, Sent("n1"))

    assert before == []
    assert isinstance(outgoing, Outgoing)
    assert (outgoing.text, outgoing.to_external_id) == (BETTER, "maria")
    assert (await house.ticket(approval)).status is RESOLVED
    first = (await _clocks(house, approval))[SlaMetric.FIRST_RESPONSE]
    assert first.met_at == world.now
    names = {each.actor_name for each in await world.history(ticket)}
    assert {"Ana", "Mara"} <= names


async def test_edited_to_the_same_words_it_was_simply_approved(house: Moderated) -> None:
    approval = await house.held()

    decided = await house.decide(approval, EDIT, text=WRITTEN)

    assert decided.approval.state is ApprovalState.APPROVED
    assert (await house.reply(approval)).original_text is None


async def test_what_is_edited_has_to_fit_the_network_again(house: Moderated) -> None:
    approval = await house.held()
    carry(house.world, {Network.SANDBOX: Capability(sends=BOTH, text_most=20)})

    with pytest.raises(TooLong) as refused:
        await house.decide(approval, EDIT, text="x" * 21)

    assert refused.value.field == ("text",)
    assert (await house.now(approval)).waits
    assert (await house.reply(approval)).text == WRITTEN


@pytest.mark.parametrize("text", [None, "", "  \n"])
async def test_editing_takes_a_text(house: Moderated, text: str | None) -> None:
    approval = await house.held()

    with pytest.raises(Invalid) as refused:
        await house.decide(approval, EDIT, text=text)

    assert (refused.value.sentence, refused.value.field) == ("empty_text", ("text",))


@pytest.mark.parametrize("decision", [APPROVE, REJECT, WITHDRAW])
async def test_another_text_goes_with_editing_alone(house: Moderated, decision: Any) -> None:
    approval = await house.held()

    with pytest.raises(Invalid) as refused:
        await house.decide(approval, decision, text=BETTER, reason="Não")

    assert refused.value.sentence == "text_is_for_editing"
    assert (await house.now(approval)).waits


@pytest.mark.parametrize(
    ("before", "after"),
    [(NEW, OPEN), (OPEN, OPEN), (ESCALATED, OPEN), (PENDING, PENDING), (RESOLVED, RESOLVED)],
)
async def test_approved_without_a_status_the_ticket_is_what_an_answer_makes_of_it(
    house: Moderated, before: TicketStatus, after: TicketStatus
) -> None:
    ticket = await _in(house, before)
    approval = await house.held(ticket)

    await house.decide(approval)

    assert (await house.ticket(approval)).status is after
    assert approval.intended_status is after


async def test_sent_as_closed_it_is_closed_for_the_reason_given_then(house: Moderated) -> None:
    approval = await house.held(send_as=CLOSED, close_reason=CloseReason.CONFIRMED_BY_CUSTOMER)
    house.world.later(MINUTE)

    await house.decide(approval)

    ticket = await house.ticket(approval)
    assert (ticket.status, ticket.closed_at) == (CLOSED, house.world.now)
    assert ticket.close_reason is CloseReason.CONFIRMED_BY_CUSTOMER


async def test_what_was_resolved_before_stays_resolved_since_then(house: Moderated) -> None:
    ticket = await _in(house, RESOLVED)
    resolved_at = (await house.world.see(ticket)).resolved_at
    house.world.later(HOUR)
    approval = await house.held(ticket)

    await house.decide(approval)

    seen = await house.ticket(approval)
    assert (seen.resolved_at, seen.reopen_count) == (resolved_at, 0)


async def test_a_reply_on_something_resolved_that_is_sent_as_open_reopens_it(
    house: Moderated,
) -> None:
    approval = await house.held(await _in(house, RESOLVED), send_as=OPEN)

    await house.decide(approval)

    seen = await house.ticket(approval)
    assert (seen.status, seen.reopen_count, seen.resolved_at) == (OPEN, 1, None)
    assert [each.kind for each in await house.last(approval)] == ["APPROVAL_DECIDED", "REOPENED"]


# ── giving back ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", [NEW, OPEN, ESCALATED, PENDING, RESOLVED])
async def test_rejected_the_ticket_is_what_it_was_and_nothing_is_sent(
    house: Moderated, before: TicketStatus
) -> None:
    ticket = await _in(house, before)
    was = await house.world.see(ticket)
    approval = await house.held(ticket, send_as=CLOSED)

    decided = await house.decide(approval, REJECT, reason="Prometa menos")

    seen, reply = await house.ticket(approval), await house.reply(approval)
    assert seen.status is before
    assert (seen.resolved_at, seen.reopen_count) == (was.resolved_at, was.reopen_count)
    assert (reply.state, reply.failure) == (DeliveryState.FAILED, "reply_rejected")
    assert (reply.text, reply.queued_at) == (WRITTEN, None)
    assert decided.approval.reason == "Prometa menos"
    assert decided.approval.state is ApprovalState.REJECTED


async def test_its_author_reads_who_gave_it_back_and_why(house: Moderated) -> None:
    approval = await house.held()

    await house.decide(approval, REJECT, reason="Prometa menos")

    [decided, _] = await house.last(approval)
    assert (decided.kind, decided.became) == ("APPROVAL_DECIDED", "REJECTED")
    assert (decided.actor_name, decided.comment) == ("Mara", "Prometa menos")
    assert decided.reply_id == approval.reply_id


@pytest.mark.parametrize("reason", [None, "", "   "])
async def test_rejecting_takes_a_reason(house: Moderated, reason: str | None) -> None:
    approval = await house.held()

    with pytest.raises(ReasonRequired) as refused:
        await house.decide(approval, REJECT, reason=reason)

    assert refused.value.field == ("reason",)
    assert (await house.ticket(approval)).status is AWAITING


async def test_a_pending_ticket_that_is_given_back_still_wakes_when_it_was_to(
    house: Moderated,
) -> None:
    ticket = await house.world.heard(house.account)
    until = house.world.now + HOUR
    change = TicketChange(status=PENDING, pending_until=until)
    await house.world.do(handling.update, ticket.id, change, by=house.ana)
    approval = await house.held(ticket)
    house.world.later(2 * HOUR)
    assert await house.world.do(pulling.wake, 10) == 0

    await house.decide(approval, REJECT, reason="Não")

    assert (await house.ticket(approval)).pending_until == until
    assert await house.world.do(pulling.wake, 10) == 1
    assert (await house.ticket(approval)).status is OPEN


async def test_the_author_takes_it_back_without_giving_a_reason(house: Moderated) -> None:
    approval = await house.held()

    decided = await house.decide(approval, WITHDRAW, by=house.ana)

    assert (await house.ticket(approval)).status is NEW
    assert (await house.reply(approval)).failure == "reply_withdrawn"
    assert decided.approval.state is ApprovalState.WITHDRAWN
    assert decided.approval.moderator_id is None


async def test_once_given_back_the_author_can_write_another(house: Moderated) -> None:
    first = await house.held()
    await house.decide(first, REJECT, reason="Não")

    second = await house.held(await house.ticket(first), "Outra vez, melhor.")

    assert second.ticket_id == first.ticket_id
    async with house.world.storage.reading(house.world.system) as work:
        assert (await work.approvals.of_tickets([first.ticket_id]))[first.ticket_id].id == second.id


# ── who may ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR])
@pytest.mark.parametrize("decision", [APPROVE, EDIT, REJECT])
async def test_nobody_decides_on_their_own(house: Moderated, role: Role, decision: Any) -> None:
    both = await house.world.person("Eva", level=house.level, role=role)
    approval = await house.held(by=both)
    said = {EDIT: {"text": BETTER}, REJECT: {"reason": "Não"}}.get(decision, {})

    with pytest.raises(Forbidden) as refused:
        await house.decide(approval, decision, by=both, **said)

    assert refused.value.sentence == "own_reply"
    assert (await house.now(approval)).waits


async def test_only_its_author_withdraws_it(house: Moderated) -> None:
    admin = await house.world.person("Eva", role=Role.ADMIN)
    approval = await house.held()

    for other in (house.mara, admin):
        with pytest.raises(Forbidden) as refused:
            await house.decide(approval, WITHDRAW, by=other)
        assert refused.value.sentence == "author_only"


async def test_an_attendant_decides_once_it_is_granted_and_not_before(house: Moderated) -> None:
    bia = await house.world.person("Bia", level=house.level)
    approval = await house.held()
    with pytest.raises(Forbidden) as refused:
        await house.decide(approval, by=bia)
    assert refused.value.sentence == "moderator_only"

    await _grant(house.world, bia, "replies.moderate")

    assert (await house.decide(approval, by=bia)).approval.moderator_id == bia.id


async def test_a_moderator_of_a_level_that_is_open_to_read_decides_nothing_there(
    world: World,
) -> None:
    house = await Moderated.set_up(world, outside_view="FULL")
    other = await world.person("Oto", level=world.triage, role=Role.SUPERVISOR)
    approval = await house.held()

    with pytest.raises(Forbidden) as refused:
        await house.decide(approval, by=other)

    assert refused.value.sentence == "moderator_only"


async def test_behind_the_wall_there_is_nothing_to_decide(house: Moderated) -> None:
    outside = await house.world.person("Oto", level=house.world.triage, role=Role.SUPERVISOR)
    approval = await house.held()

    for decision, said in ((APPROVE, {}), (REJECT, {"reason": "Não"}), (WITHDRAW, {})):
        with pytest.raises(NotFound) as refused:
            await house.decide(approval, decision, by=outside, **said)
        assert str(refused.value) == "There is no such approval, or you may not see it."


async def test_with_the_ticket_the_approval_goes_to_the_other_levels_moderators(
    house: Moderated,
) -> None:
    there = await house.world.level("N2")
    nora = await house.world.person("Nora", level=there, role=Role.SUPERVISOR)
    approval = await house.held()
    both = await house.world.person("Bo", level=[house.level, there])

    change = TicketChange(level_id=there.id)
    await house.world.do(handling.update, approval.ticket_id, change, by=both)

    with pytest.raises(NotFound):
        await house.decide(approval)
    with pytest.raises(NotFound):
        await house.decide(approval, WITHDRAW, by=house.ana)
    assert (await house.decide(approval, by=nora)).ticket.status is OPEN


async def test_what_goes_out_of_sight_while_one_waits_for_it_is_not_there(
    house: Moderated,
) -> None:
    there = await house.world.level("N2")
    bo = await house.world.person("Bo", level=[house.level, there])
    approval = await house.held()

    async with house.world.storage.work(await house.world.actor(bo)) as slow:
        await handling.update(slow, approval.ticket_id, TicketChange(level_id=there.id))
        late = asyncio.create_task(house.decide(approval))
        # On PostgreSQL it has read the approval by then, and waits for its ticket.
        await asyncio.wait([late], timeout=0.5)
    with pytest.raises(NotFound) as refused:
        await late

    assert str(refused.value) == "There is no such approval, or you may not see it."


async def test_an_approver_finds_what_was_to_be_approved_and_the_conversation_alone(
    house: Moderated,
) -> None:
    world = house.world
    client = await world.person("Cliente", level=house.level, role=Role.APPROVER)
    ticket = await world.heard(house.account, author="maria", text="Oi")
    other = await world.heard(house.account, author="jose", text="Outra coisa")
    await world.receive(world.post(house.account, author="ana", historical=True))
    for each in (ticket, other):
        await world.do(handling.note, each.id, "Entre nós", by=house.ana)
    approval = await house.held(ticket)
    await house.decide(approval, REJECT, reason="Não")

    both = [ticket.id, other.id]
    async with world.storage.reading(await world.actor(client)) as work:
        found = await work.tickets.find(both)
        counted = await work.tickets.counts(TicketFilter())
        known = (await work.publishers.page(None, Window(100))).nodes
        headsets = await work.tickets.totals([ticket.publisher_id, other.publisher_id])
        replies = await work.replies.pages(both, Window(100))
        said = await work.occurrences.pages_of_tickets(both, Window(100))
        told = await work.entries.pages(both, Window(100))

    assert (set(found), counted.total) == ({ticket.id}, 1)
    assert [each.id for each in known] == [ticket.publisher_id]
    assert headsets == {ticket.publisher_id: 1, other.publisher_id: 0}
    assert [each.text for page in replies.values() for each in page.nodes] == [WRITTEN]
    assert [each.text for page in said.values() for each in page.nodes] == ["Oi"]
    assert [page.nodes for page in told.values()] == [[], []]


# ── once ───────────────────────────────────────────────────────────────────────────────────────


async def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(house: Moderated) -> None:
    nora = await house.world.person("Nora", level=house.level, role=Role.SUPERVISOR)
    for _ in range(5):
        approval = await house.held(text=f"Resposta {house.world.later(MINUTE)}")
        written = (await house.reply(approval)).text

        answers = await asyncio.gather(
            house.decide(approval, by=house.mara),
            house.decide(approval, EDIT, text=BETTER, by=nora),
            return_exceptions=True,
        )

        [lost] = [each for each in answers if isinstance(each, AlreadyDecided)]
        [won] = [each for each in answers if not isinstance(each, BaseException)]
        assert lost.current.state is won.approval.state is not ApprovalState.SUBMITTED
        assert lost.current.moderator_id == won.approval.moderator_id
        kinds = await house.world.story(await house.ticket(approval))
        assert kinds.count("APPROVAL_DECIDED") == 1
        edited = won.approval.state is ApprovalState.EDITED_APPROVED
        assert (await house.reply(approval)).text == (BETTER if edited else written)
    assert house.world.collisions == 0


async def test_withdrawn_at_the_moment_it_is_approved_only_one_happens(house: Moderated) -> None:
    approval = await house.held()

    answers = await asyncio.gather(
        house.decide(approval),
        house.decide(approval, WITHDRAW, by=house.ana),
        return_exceptions=True,
    )

    assert sorted(isinstance(each, AlreadyDecided) for each in answers) == [False, True]
    state = (await house.reply(approval)).state
    approved = (await house.now(approval)).state is ApprovalState.APPROVED
    assert state is (DeliveryState.QUEUED if approved else DeliveryState.FAILED)


@pytest.mark.parametrize("again", [APPROVE, REJECT])
async def test_what_is_decided_is_decided(house: Moderated, again: Any) -> None:
    approval = await house.held()
    await house.decide(approval)

    with pytest.raises(AlreadyDecided) as refused:
        await house.decide(approval, again, reason="Não" if again is REJECT else None)

    assert refused.value.current.state is ApprovalState.APPROVED
    assert (await house.reply(approval)).state is DeliveryState.QUEUED


async def test_decided_on_another_version_than_was_seen_it_is_not_decided(
    house: Moderated,
) -> None:
    approval = await house.held()
    ticket = await house.ticket(approval)
    await _written_again(house, ticket)

    with pytest.raises(VersionConflict) as refused:
        await house.decide(approval, acknowledge_stale=True, expected_version=1)

    assert refused.value.current.version == 2
    assert (
        await house.decide(approval, acknowledge_stale=True, expected_version=2)
    ).approval.state is ApprovalState.APPROVED


# ── the publisher writes meanwhile ─────────────────────────────────────────────────────────────


async def test_a_message_makes_it_stale_and_leaves_the_status(house: Moderated) -> None:
    ticket = await house.world.heard(house.account, author="maria")
    approval = await house.held(ticket)

    for count in (1, 2):
        again = await house.world.heard(house.account, author="maria")

        assert (again.id, again.status) == (ticket.id, AWAITING)
        seen = await house.now(approval)
        assert (seen.stale, seen.version) == (True, 1 + count)


@pytest.mark.parametrize("decision", [APPROVE, EDIT])
async def test_stale_it_is_approved_only_by_who_says_that_they_read_what_came(
    house: Moderated, decision: Any
) -> None:
    ticket = await house.world.heard(house.account, author="maria", text="Oi")
    approval = await house.held(ticket)
    await house.world.heard(house.account, author="maria", text="Deixa, já chegou!")
    said: dict[str, Any] = {"text": BETTER} if decision is EDIT else {}

    with pytest.raises(StaleReply) as refused:
        await house.decide(approval, decision, **said)

    assert refused.value.field == ("acknowledgeStale",)
    [came] = refused.value.new_entries
    async with house.world.storage.reading(house.world.system) as work:
        assert (await work.occurrences.get(came.occurrence_id)).text == "Deixa, já chegou!"
    assert (await house.now(approval)).waits
    await house.decide(approval, decision, acknowledge_stale=True, **said)
    assert (await house.reply(approval)).state is DeliveryState.QUEUED


@pytest.mark.parametrize("decision", [REJECT, WITHDRAW])
async def test_stale_it_is_given_back_without_ado(house: Moderated, decision: Any) -> None:
    ticket = await house.world.heard(house.account, author="maria")
    approval = await house.held(ticket)
    await house.world.heard(house.account, author="maria")

    by = house.ana if decision is WITHDRAW else house.mara
    await house.decide(approval, decision, reason="Mudou", by=by)

    assert not (await house.now(approval)).waits


@pytest.mark.parametrize(
    ("before", "after"),
    [(NEW, OPEN), (OPEN, OPEN), (ESCALATED, ESCALATED), (PENDING, OPEN), (RESOLVED, OPEN)],
)
async def test_given_back_after_a_message_the_ticket_is_what_the_message_made_of_it(
    house: Moderated, before: TicketStatus, after: TicketStatus
) -> None:
    ticket = await _in(house, before)
    approval = await house.held(ticket)
    await _written_again(house, ticket)

    await house.decide(approval, REJECT, reason="Não")

    seen = await house.ticket(approval)
    assert seen.status is after
    assert seen.reopen_count == (1 if before is RESOLVED else 0)
    assert seen.resolved_at is None


async def test_a_historical_message_makes_nothing_stale(house: Moderated) -> None:
    ticket = await house.world.heard(house.account, author="maria")
    approval = await house.held(ticket)

    await house.world.receive(house.world.post(house.account, author="maria", historical=True))

    assert not (await house.now(approval)).stale


# ── what happens to the ticket meanwhile ───────────────────────────────────────────────────────


async def test_nothing_else_moves_the_status_and_the_sentence_says_why(house: Moderated) -> None:
    approval = await house.held()
    there = await house.world.level("N2")
    bo = await house.world.person("Bo", level=[house.level, there])
    spam = CloseReason.SPAM
    attempts: list[tuple[Any, tuple[Any, ...]]] = [
        (handling.finish, (approval.ticket_id, spam, "Encerrar")),
        (handling.update, (approval.ticket_id, TicketChange(status=RESOLVED))),
        (handling.escalate, (approval.ticket_id, there.id, "É do N2")),
    ]

    for operation, asked in attempts:
        with pytest.raises(WrongState) as refused:
            await house.world.do(operation, *asked, by=bo)
        assert refused.value.sentence == "reply_waits"
    with pytest.raises(WrongState):
        await house.held(await house.ticket(approval), "Mais uma.")

    assert (await house.ticket(approval)).status is AWAITING


async def test_switched_off_moderation_leaves_what_waits_waiting(house: Moderated) -> None:
    waiting = [await house.held(text=f"Resposta {number}") for number in range(3)]

    await house.world.arrange(house.level, moderated=False)

    for approval in waiting:
        assert (await house.now(approval)).waits
        assert (await house.ticket(approval)).status is AWAITING
    await house.decide(waiting[0])
    assert (await house.reply(waiting[0])).state is DeliveryState.QUEUED


async def test_merged_away_it_is_superseded_and_stays_readable_where_its_reply_goes(
    house: Moderated,
) -> None:
    approval = await house.held()
    target = await house.world.heard(house.account, author="maria")
    done = await house.held(target, "A outra.")
    await house.decide(done)

    await house.world.do(handling.merge, approval.ticket_id, target.id, None, True, by=house.ana)

    seen, reply = await house.now(approval), await house.reply(approval)
    assert (seen.state, seen.ticket_id) == (ApprovalState.SUPERSEDED, target.id)
    assert (reply.state, reply.failure) == (DeliveryState.FAILED, "reply_superseded")
    assert (reply.text, reply.ticket_id) == (WRITTEN, target.id)
    with pytest.raises(AlreadyDecided):
        await house.decide(approval)


async def test_merged_into_what_waits_makes_it_stale_and_ends_the_other(house: Moderated) -> None:
    here, there = await house.held(), await house.held(text="A que fica.")

    await house.world.do(handling.merge, here.ticket_id, there.ticket_id, None, True, by=house.ana)

    assert (await house.now(here)).state is ApprovalState.SUPERSEDED
    kept = await house.now(there)
    assert (kept.state, kept.stale) == (ApprovalState.SUBMITTED, True)
    await house.decide(there, acknowledge_stale=True)


async def test_decided_at_the_moment_it_is_merged_one_of_both_comes_first(
    house: Moderated,
) -> None:
    approval = await house.held()
    target = await house.world.heard(house.account, author="maria")

    answers = await asyncio.gather(
        house.decide(approval),
        house.world.do(handling.merge, approval.ticket_id, target.id, None, True, by=house.ana),
        return_exceptions=True,
    )

    assert {type(each) for each in answers} <= {Decided, Ticket, AlreadyDecided}
    state = (await house.now(approval)).state
    assert state in (ApprovalState.APPROVED, ApprovalState.SUPERSEDED)
    assert (await house.reply(approval)).state is (
        DeliveryState.QUEUED if state is ApprovalState.APPROVED else DeliveryState.FAILED
    )


async def test_removed_with_its_ticket_it_is_superseded(house: Moderated) -> None:
    boss = await house.world.person("Rui", level=house.level, level_role=LevelRole.MANAGER)
    approval = await house.held()

    await house.world.do(handling.remove, approval.ticket_id, "Por engano", by=boss)

    with pytest.raises(NotFound):
        await house.decide(approval)
    async with house.world.storage.work(house.world.system) as work:
        assert await work.approvals.open_of([approval.ticket_id]) == {}


# ── lists ──────────────────────────────────────────────────────────────────────────────────────


async def test_lists_show_what_waits_longest_first_or_last(house: Moderated) -> None:
    first = await house.held(text="Primeira")
    second = await house.held(text="Segunda")
    house.world.later(MINUTE)
    third = await house.held(text="Terceira")
    await house.decide(second)

    assert await _listed(house) == [first.id, second.id, third.id]
    assert await _listed(house, newest_first=True) == [third.id, second.id, first.id]
    assert await _listed(house, states=[ApprovalState.SUBMITTED]) == [first.id, third.id]
    assert await _listed(house, level_ids=[house.world.triage.id]) == []
    assert await _listed(house, states=[]) == []


async def test_pages_lead_through_all_of_them_once(house: Moderated) -> None:
    every = [(await house.held(text=f"Resposta {number}")).id for number in range(5)]

    seen, past = [], None
    async with house.world.storage.reading(await house.world.actor(house.mara)) as work:
        while True:
            page = await work.approvals.page(Window(2, past=past))
            seen += [each.id for each in page.nodes]
            if not page.has_next:
                break
            past = page.edges[-1].cursor

    assert seen == every


# ── clocks ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("decision", [APPROVE, REJECT])
async def test_while_it_waits_the_answer_is_still_owed_and_the_moderators_clock_runs(
    world: World, decision: Any
) -> None:
    targets = [(each, SlaMetric.APPROVAL, 1800) for each in Priority]
    house = await Moderated.set_up(world, sla_targets=targets)
    approval = await house.held()
    world.later(20 * MINUTE)

    before = await _clocks(house, approval)
    await house.decide(approval, decision, reason="Não")

    after = await _clocks(house, approval)
    for metric in (SlaMetric.FIRST_RESPONSE, SlaMetric.RESOLUTION):
        assert before[metric].running_since is not None
        assert after[metric].due_at == before[metric].due_at
        assert after[metric].met_at is None
    assert before[SlaMetric.APPROVAL].running_since is not None
    assert after[SlaMetric.APPROVAL].met_at == world.now
    stored = {(row.metric, row.cycle): row.clock for row in after.values()}
    assert stored == (await rebuilt(world, await house.ticket(approval))).clocks


async def test_held_and_given_back_what_was_resolved_owes_no_more_than_before(
    world: World,
) -> None:
    targets = [(each, SlaMetric.APPROVAL, 1800) for each in Priority]
    house = await Moderated.set_up(world, sla_targets=targets)
    ticket = await _in(house, RESOLVED)
    world.later(HOUR)
    approval = await house.held(ticket)
    before = await _clocks(house, approval)
    world.later(HOUR)

    await house.decide(approval, REJECT, reason="Não")

    after = await _clocks(house, approval)
    for metric in (SlaMetric.RESOLUTION, SlaMetric.LEGAL_RESPONSE, SlaMetric.LEVEL_TIME):
        assert metric not in before or after[metric].clock == before[metric].clock
    assert after[SlaMetric.RESOLUTION].met_at == world.now - 2 * HOUR
    assert (await house.ticket(approval)).closes_at is not None
    stored = {(row.metric, row.cycle): row.clock for row in after.values()}
    assert stored == (await rebuilt(world, await house.ticket(approval))).clocks


# ── what the tests stand on ────────────────────────────────────────────────────────────────────


async def _clocks(house: Moderated, approval: Approval) -> dict[SlaMetric, Any]:
    async with house.world.storage.reading(house.world.system) as work:
        rows = (await work.clocks.of_tickets([approval.ticket_id]))[approval.ticket_id]
        return {row.metric: row for row in rows}


async def _listed(house: Moderated, **asked: Any) -> list[Any]:
    async with house.world.storage.reading(await house.world.actor(house.mara)) as work:
        return [each.id for each in (await work.approvals.page(Window(100), **asked)).nodes]


async def _in(house: Moderated, status: TicketStatus) -> Ticket:
    """A ticket of its own publisher, in this status."""
    ticket = await house.world.heard(house.account, author=f"p{new_id().hex}")
    if status is ESCALATED:
        elsewhere = await house.world.level("N0")
        bo = await house.world.person("Bo", level=[house.level, elsewhere])
        await house.world.do(handling.update, ticket.id, TicketChange(level_id=elsewhere.id), by=bo)
        await house.world.do(handling.escalate, ticket.id, house.level.id, "É daqui", by=bo)
    elif status is not NEW:
        await house.world.do(handling.update, ticket.id, TicketChange(status=status), by=house.ana)
    return await house.world.see(ticket)


async def _written_again(house: Moderated, ticket: Ticket) -> None:
    """By the same publisher, in the same conversation."""
    async with house.world.storage.reading(house.world.system) as work:
        [found] = (await work.publishers.profiles([ticket.publisher_id]))[ticket.publisher_id]
    again = await house.world.heard(house.account, author=found.external_id)
    assert again.id == ticket.id


async def _grant(world: World, person: Person, *grants: str) -> None:
    user = person.user
    form = UserForm(
        id=user.id, name=user.name, email=user.email, role=user.role, grants=list(grants)
    )
    await world.do(organizing.save_user, form)
