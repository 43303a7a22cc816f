"""A reply leaves at most once, in its place; what nobody knows, a person decides."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from uuid import UUID

import pytest

from domain.errors import Forbidden, NotFound, WrongState
from domain.model.account import Account
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import delivering, handling, intake, organizing, replying
from domain.operations.organizing import AccountForm
from domain.operations.replying import ReplyForm
from domain.post import Undelivered
from domain.rules import sending
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent
from domain.words import (
    CloseReason,
    DeliveryState,
    HistoryKind,
    Network,
    OutsideView,
    RetryDecision,
    Role,
    TicketStatus,
    Visibility,
)
from domain.work import Work
from server.opening import store
from server.secrets import Keyring
from storage.engine import open_database
from tests.carrying import ANYTHING, carry
from tests.outbox import LEASE, answered, claimed, ended, seen, settled
from tests.world import Person, World
from workers.delivery import Delivery, Patience

A_SECOND, A_MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HELD, QUEUED, SENDING, SENT, FAILED, UNKNOWN = DeliveryState
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
ARRIVED = Sent("net-1", "https://rede.example/p/1")
REFUSED = Declined("network_declined", "no such post")
AWAY = NotSent("network_unreachable")
IN_DOUBT = Doubtful("network_no_answer")


@pytest.fixture
async def ana(world: World) -> Person:
    return await world.person("Ana", level=world.triage)


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


# ── in line ──────────────────────────────────────────────────────────────────────────────────


async def test_what_is_claimed_is_marked_as_being_sent_and_whose_it_is(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)

    [attempt] = await claimed(world)

    now = await seen(world, reply)
    assert (now.state, now.lease_id, now.attempts) == (SENDING, attempt.lease_id, 1)
    assert (now.sending_at, now.lease_until) == (world.now, world.now + LEASE)
    assert await claimed(world) == []


async def test_of_one_ticket_one_goes_at_a_time_in_the_order_they_were_let_go(
    world: World, ana: Person, account: Account
) -> None:
    ticket, other = await world.heard(account), await world.heard(account, author="rui")
    first = await answered(world, ticket, "um", by=ana)
    world.later(A_SECOND)
    second = await answered(world, ticket, "dois", by=ana)
    beside = await answered(world, other, "lá", by=ana)

    attempts = await claimed(world)

    assert {each.reply_id for each in attempts} == {first.id, beside.id}
    await settled(world, next(a for a in attempts if a.reply_id == first.id), ARRIVED)
    assert [each.reply_id for each in await claimed(world)] == [second.id]


@pytest.mark.parametrize(("outcome", "goes"), [(REFUSED, True), (IN_DOUBT, False), (AWAY, False)])
async def test_what_failed_holds_nothing_back_and_what_is_in_doubt_or_waits_does(
    world: World, ana: Person, account: Account, outcome: Declined, goes: bool
) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, "um", by=ana)
    await answered(world, ticket, "dois", by=ana)

    await ended(world, outcome)

    assert bool(await claimed(world)) == goes


async def test_nothing_goes_from_an_account_that_is_off_or_was_asked_to_wait(
    world: World, ana: Person, account: Account
) -> None:
    await answered(world, await world.heard(account), by=ana)

    async def pause(work: Work) -> None:
        (await work.accounts.take(account.id)).pause(world.now + A_MINUTE)

    async def enable(work: Work, enabled: bool) -> None:
        (await work.accounts.take(account.id)).enable(enabled)

    await world.do(pause)
    assert await claimed(world) == []
    world.later(A_MINUTE)
    await world.do(enable, False)
    assert await claimed(world) == []
    await world.do(enable, True)
    assert len(await claimed(world)) == 1


async def test_an_account_begins_no_more_than_its_network_allows(
    world: World, ana: Person, account: Account
) -> None:
    for number in range(62):
        await answered(world, await world.heard(account, author=f"p{number}"), by=ana)
    begun = 0
    while attempts := await claimed(world):
        begun += len(attempts)
        world.later(A_SECOND)

    full = await world.do(delivering.claim, 10, lease=LEASE)
    assert full.again_at is not None
    world.now = full.again_at
    more = await claimed(world)

    assert begun == 60
    assert full.attempts == []
    assert 0 < len(more) <= 2


async def test_one_slow_account_takes_up_no_more_than_its_share(
    world: World, ana: Person, account: Account
) -> None:
    other = await world.account()
    for number in range(6):
        await answered(world, await world.heard(account, author=f"p{number}"), by=ana)
    await answered(world, await world.heard(other), by=ana)

    attempts = await claimed(world)

    at = [each.account_id for each in attempts]
    assert at.count(account.id) == delivering.OF_ACCOUNT
    assert at.count(other.id) == 1


async def test_accounts_that_are_slow_keep_nobody_else_out(
    world: World, ana: Person, account: Account
) -> None:
    slow, slower, quick = accounts = [account, *[await world.account() for _ in range(2)]]
    for each in accounts:
        await answered(world, await world.heard(each), by=ana)

    busy = {slow.id: 1, slower.id: 3}
    claim = await world.do(delivering.claim, 1, lease=LEASE, busy=busy)

    assert [each.account_id for each in claim.attempts] == [quick.id]


async def test_a_doubt_that_went_with_its_ticket_holds_nothing_back_for_ever(
    world: World, ana: Person, account: Account
) -> None:
    boss = await world.person("Bia", level=world.triage, role=Role.ADMIN)
    ticket = await world.heard(account)
    await in_doubt(world, ticket, ana)
    second = await answered(world, ticket, "dois", by=ana)
    assert await claimed(world) == []

    await world.do(handling.remove, ticket.id, "engano", by=boss)

    assert [each.reply_id for each in await claimed(world)] == [second.id]


async def test_a_ticket_removed_elsewhere_lets_nothing_pass_a_doubt(
    world: World, ana: Person, account: Account
) -> None:
    boss = await world.person("Bia", level=world.triage, role=Role.ADMIN)
    other, ticket = await world.heard(account, thread="o"), await world.heard(account, thread="t")
    await in_doubt(world, other, ana)
    await world.do(handling.remove, other.id, "engano", by=boss)
    await in_doubt(world, ticket, ana)

    await answered(world, ticket, "dois", by=ana)

    assert await claimed(world) == []


@pytest.fixture
async def alone(migrated_url: str, keyring: Keyring) -> AsyncIterator[World]:
    """On a database of its own: a worker looks at every workspace there is."""
    async with open_database(migrated_url) as database:
        world = await World.founded(await store(database, keyring))
        carry(world, {Network.SANDBOX: ANYTHING})
        yield world


async def test_the_lease_begins_with_the_claim_however_long_ago_the_turn_did(alone: World) -> None:
    """Who was frozen after looking at the clock claims nothing that is over at once."""
    world = alone
    ana = await world.person("Ana", level=world.triage)
    account = await world.account()
    await world.watch(account, world.triage)
    reply = await answered(world, await world.heard(account), by=ana)
    began, later = world.now, world.now + timedelta(minutes=10)
    moments, over = chain([began], repeat(later)), asyncio.Event()

    async def send(network: Network, outgoing: Outgoing) -> Outcome:
        await over.wait()
        return ARRIVED

    storage = replace(world.storage, clock=lambda: next(moments))
    worker = Delivery(storage, Patience(timedelta(seconds=5)), send)

    await worker.turn()

    now = await seen(world, reply)
    assert (now.state, now.sending_at) == (SENDING, later)
    assert now.lease_until is not None
    assert now.lease_until > later
    over.set()
    await worker.settled()


# ── how it ends ──────────────────────────────────────────────────────────────────────────────


async def test_what_the_network_took_is_sent_and_says_where(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)
    world.later(A_MINUTE)

    await ended(world, ARRIVED)

    now = await seen(world, reply)
    assert (now.state, now.sent_at) == (SENT, world.now)
    assert (now.external_id, now.external_url) == ("net-1", "https://rede.example/p/1")
    [*_, last] = await world.history(ticket)
    assert (last.kind, last.reply_id) == (HistoryKind.REPLY_SENT, reply.id)


async def test_what_a_network_says_is_kept_as_far_as_it_can_be(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)

    await ended(world, Sent("n" * 300, "https://rede.example/" + "u" * 3000))

    now = await seen(world, reply)
    assert (now.state, now.external_id, now.external_url) == (SENT, "n" * 200, None)


async def test_a_refusal_in_no_known_letters_is_a_refusal(
    world: World, ana: Person, account: Account
) -> None:
    """What a mail server writes in Latin-1 comes to us as bytes that are no letters."""
    told = b"550 Usu\xe1rio inexistente".decode("utf-8", "surrogateescape")
    reply = await answered(world, await world.heard(account), by=ana)

    await ended(world, Declined("mail_address_unknown", told))

    now = await seen(world, reply)
    assert (now.state, now.failure_detail) == (FAILED, "550 Usu?rio inexistente")


async def test_what_did_not_leave_the_house_waits_longer_each_time_and_then_fails(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)
    waits = []
    for _ in range(sending.ATTEMPTS_MOST - 1):
        await ended(world, AWAY)
        now = await seen(world, reply)
        assert (now.state, now.failure) == (QUEUED, "network_unreachable")
        assert now.next_attempt_at is not None
        waits.append(now.next_attempt_at - world.now)
        assert await claimed(world) == []
        world.now = now.next_attempt_at

    await ended(world, AWAY)

    now = await seen(world, reply)
    assert (now.state, now.failure) == (FAILED, "delivery_given_up")
    assert waits == sorted(waits)
    assert waits[0] == sending.FIRST_WAIT
    assert (await world.story(ticket))[-2:] == ["REPLY_FAILED", "ALERT_SENT"]


async def test_a_network_that_asks_for_quiet_gets_it_from_the_whole_account_for_a_day_at_most(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)
    await answered(world, await world.heard(account, author="rui"), by=ana)
    asked = timedelta(hours=6)
    quiet = NotSent("network_busy", wait=asked, whole_account=True)
    first, _ = await claimed(world)

    await settled(world, first, quiet)

    async with world.storage.reading(world.system) as work:
        assert (await work.accounts.get(account.id)).paused_until == world.now + asked
    assert (await seen(world, reply)).attempts == 0
    for _ in range(4):
        world.later(timedelta(hours=6, minutes=1))
        for attempt in await claimed(world):
            await settled(world, attempt, quiet)
    assert (await seen(world, reply)).state is FAILED


async def test_an_account_that_was_told_when_to_come_back_comes_back_then(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)
    asked = timedelta(seconds=2)

    await ended(world, NotSent("network_busy", wait=asked, whole_account=True))

    assert (await seen(world, reply)).next_attempt_at == world.now + asked
    world.later(asked)
    assert len(await claimed(world)) == 1


async def test_an_account_that_nobody_lets_in_is_tried_less_and_less_often(
    world: World, ana: Person, account: Account
) -> None:
    """A wrong password every five seconds would have the account locked."""
    reply = await answered(world, await world.heard(account), by=ana)
    waits = []
    while (await seen(world, reply)).state is QUEUED:
        await ended(world, NotSent("mail_sign_in", whole_account=True))
        again = (await seen(world, reply)).next_attempt_at
        if again is not None:
            waits.append(again - world.now)
            world.now = again

    assert waits == sorted(waits)
    assert waits[0] == sending.FIRST_WAIT
    assert waits[-1] == sending.LONGEST_WAIT
    assert len(waits) < 40
    assert (await seen(world, reply)).state is FAILED


async def test_whoever_never_said_how_it_ended_leaves_a_doubt_that_is_not_sent_again(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)
    await claimed(world)

    world.later(LEASE - A_SECOND)
    assert await world.do(delivering.lapse, 10) == 0
    world.later(A_SECOND)
    assert await world.do(delivering.lapse, 10) == 1

    world.later(timedelta(days=1))
    assert await claimed(world) == []
    assert (await seen(world, reply)).state is UNKNOWN
    assert (await world.story(ticket))[-1] == "REPLY_UNKNOWN"


# ── late answers ─────────────────────────────────────────────────────────────────────────────


async def test_a_late_answer_settles_what_nobody_has_decided(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)
    [attempt] = await claimed(world)
    world.later(LEASE)
    await world.do(delivering.lapse, 10)

    await settled(world, attempt, ARRIVED)

    assert (await seen(world, reply)).state is SENT


@pytest.mark.parametrize("outcome", [REFUSED, AWAY, IN_DOUBT])
async def test_a_late_answer_does_not_undo_what_a_person_decided(
    world: World, ana: Person, account: Account, outcome: Declined
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana)
    [attempt] = await claimed(world)
    world.later(LEASE)
    await world.do(delivering.lapse, 10)
    await world.do(delivering.retry, reply.id, RetryDecision.ARRIVED, by=ana)

    assert await settled(world, attempt, outcome) is None

    assert (await seen(world, reply)).state is SENT


async def test_what_arrived_after_all_is_not_sent_again_although_somebody_asked_for_it(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)
    [attempt] = await claimed(world)
    world.later(LEASE)
    await world.do(delivering.lapse, 10)
    await world.do(delivering.retry, reply.id, by=ana)

    await settled(world, attempt, ARRIVED)

    assert (await seen(world, reply)).state is SENT
    assert await claimed(world) == []


async def test_an_attempt_that_another_has_followed_says_nothing_any_more(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)
    [lost] = await claimed(world)
    world.later(LEASE)
    await world.do(delivering.lapse, 10)
    await world.do(delivering.retry, reply.id, by=ana)
    [attempt] = await claimed(world)

    assert await settled(world, lost, REFUSED) is None
    assert (await seen(world, reply)).state is SENDING
    await settled(world, attempt, ARRIVED)
    assert (await seen(world, reply)).state is SENT


# ── what a person decides ────────────────────────────────────────────────────────────────────


async def in_doubt(
    world: World, ticket: Ticket, ana: Person, send_as: TicketStatus | None = None
) -> Reply:
    reply = await answered(world, ticket, by=ana, send_as=send_as)
    await ended(world, IN_DOUBT)
    return reply


async def test_somebody_has_it_sent_again_before_what_waited_for_it(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await in_doubt(world, ticket, ana)
    await answered(world, ticket, "depois", by=ana)
    world.later(timedelta(days=3))

    await world.do(delivering.retry, reply.id, by=ana)

    [attempt] = await claimed(world)
    assert attempt.reply_id == reply.id
    assert (await world.story(ticket))[-1] == "REPLY_RETRIED"
    await settled(world, attempt, AWAY)
    assert (await seen(world, reply)).state is QUEUED


async def test_somebody_saw_that_it_arrived(world: World, ana: Person, account: Account) -> None:
    ticket = await world.heard(account)
    reply = await in_doubt(world, ticket, ana)
    world.later(A_MINUTE)

    await world.do(delivering.retry, reply.id, RetryDecision.ARRIVED, by=ana)

    now = await seen(world, reply)
    assert (now.state, now.sent_at) == (SENT, world.now)
    [*_, last] = await world.history(ticket)
    assert (last.kind, last.actor_id) == (HistoryKind.REPLY_SENT, ana.id)


async def test_somebody_gives_it_up_and_that_opens_what_it_had_closed(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    reply = await in_doubt(world, ticket, ana, send_as=CLOSED)

    await world.do(delivering.retry, reply.id, RetryDecision.GIVE_UP, by=ana)

    assert (await seen(world, reply)).state is FAILED
    assert (await world.see(ticket)).status is OPEN


@pytest.mark.parametrize("decision", RetryDecision)
async def test_only_what_stopped_is_decided_on(
    world: World, ana: Person, account: Account, decision: RetryDecision
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)

    with pytest.raises(WrongState):
        await world.do(delivering.retry, reply.id, decision, by=ana)

    [attempt] = await claimed(world)
    with pytest.raises(WrongState):
        await world.do(delivering.retry, reply.id, decision, by=ana)

    await settled(world, attempt, ARRIVED)
    with pytest.raises(WrongState):
        await world.do(delivering.retry, reply.id, decision, by=ana)


async def test_what_failed_is_not_given_up_again(
    world: World, ana: Person, account: Account
) -> None:
    reply = await answered(world, await world.heard(account), by=ana)
    await ended(world, REFUSED)

    with pytest.raises(WrongState):
        await world.do(delivering.retry, reply.id, RetryDecision.GIVE_UP, by=ana)


async def test_behind_the_wall_there_is_no_reply_to_decide_on(
    world: World, ana: Person, account: Account
) -> None:
    reply = await in_doubt(world, await world.heard(account), ana)
    rui = await world.person("Rui", level=await world.level("RH"))

    with pytest.raises(NotFound) as hidden:
        await world.do(delivering.retry, reply.id, by=rui)
    with pytest.raises(NotFound) as missing:
        await world.do(delivering.retry, UUID(int=1), by=rui)

    assert str(hidden.value) == str(missing.value)
    assert hidden.value.field == missing.value.field


async def test_who_may_only_look_decides_nothing(world: World, account: Account) -> None:
    ana = await world.person("Ana", level=world.triage)
    await world.arrange(world.triage, outside_view=OutsideView.FULL)
    reply = await in_doubt(world, await world.heard(account), ana)
    rui = await world.person("Rui", level=await world.level("RH"))

    with pytest.raises(Forbidden):
        await world.do(delivering.retry, reply.id, by=rui)


# ── T21 ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [PENDING, RESOLVED, CLOSED])
async def test_what_a_send_had_settled_is_open_again_when_it_never_goes_out(
    world: World, ana: Person, account: Account, status: TicketStatus
) -> None:
    ticket = await world.heard(account)
    reply = await answered(world, ticket, by=ana, send_as=status)

    await ended(world, REFUSED)

    now = await world.see(ticket)
    assert (now.status, now.close_reason, now.closed_at, now.resolved_at) == (OPEN,) + (None,) * 3
    assert now.reopen_count == 0
    failed, alert = (await world.history(ticket))[-2:]
    assert (failed.kind, failed.was, failed.became) == ("REPLY_FAILED", status.value, "OPEN")
    assert (alert.kind, alert.reply_id) == (HistoryKind.ALERT_SENT, reply.id)


async def test_what_was_decided_since_stays(world: World, ana: Person, account: Account) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, by=ana, send_as=RESOLVED)
    change = handling.TicketChange(status=CLOSED, close_reason=CloseReason.ANSWERED)
    await world.do(handling.update, ticket.id, change, by=ana)

    await ended(world, REFUSED)

    assert (await world.see(ticket)).status is CLOSED
    assert (await world.story(ticket))[-2:] == ["REPLY_FAILED", "ALERT_SENT"]


async def test_a_reply_that_set_no_status_moves_none(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, "um", by=ana)
    await answered(world, ticket, "dois", by=ana, send_as=RESOLVED)

    await ended(world, REFUSED)

    assert (await world.see(ticket)).status is RESOLVED


async def test_once_the_publisher_wrote_again_the_alert_goes_where_the_talk_went_on(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account, thread="P1")
    reply = await answered(world, ticket, by=ana, send_as=CLOSED)
    successor = await world.heard(account, thread="P1")

    await ended(world, REFUSED)

    assert successor.id != ticket.id
    assert (await world.see(ticket)).status is CLOSED
    assert (await world.story(ticket))[-1] == "REPLY_FAILED"
    [*_, alert] = await world.history(successor)
    assert (alert.kind, alert.reply_id) == (HistoryKind.ALERT_SENT, reply.id)


async def test_the_alert_follows_the_successor_into_what_it_was_merged_into(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account, thread="P1")
    await answered(world, ticket, by=ana, send_as=CLOSED)
    successor = await world.heard(account, thread="P1")
    survivor = await world.heard(account, thread="P2")
    await world.do(handling.merge, successor.id, survivor.id, by=ana)

    await ended(world, REFUSED)

    assert (await world.see(ticket)).status is CLOSED
    assert (await world.story(survivor))[-1] == "ALERT_SENT"


async def test_a_reply_whose_ticket_was_merged_is_answered_for_by_the_survivor(
    world: World, ana: Person, account: Account
) -> None:
    ticket = await world.heard(account, thread="P1")
    survivor = await world.heard(account, thread="P2")
    await answered(world, ticket, by=ana, send_as=RESOLVED)
    await world.do(handling.merge, ticket.id, survivor.id, by=ana)

    await ended(world, REFUSED)

    assert (await world.see(ticket)).status is CLOSED
    assert (await world.see(survivor)).status is NEW
    assert (await world.story(survivor))[-2:] == ["REPLY_FAILED", "ALERT_SENT"]


async def test_a_ticket_that_went_to_another_level_is_open_there(
    world: World, ana: Person, account: Account
) -> None:
    there = await world.level("RH")
    ticket = await world.heard(account)
    await answered(world, ticket, by=ana, send_as=PENDING)
    change = handling.TicketChange(level_id=there.id)
    await world.do(handling.update, ticket.id, change, by=ana)

    await ended(world, REFUSED)

    now = await world.see(ticket)
    assert (now.status, now.level_id) == (OPEN, there.id)


async def test_what_was_let_go_before_its_ticket_was_removed_goes_out_and_moves_nothing(
    world: World, ana: Person, account: Account
) -> None:
    boss = await world.person("Bia", level=world.triage, role=Role.ADMIN)
    tickets = [await world.heard(account, author=each) for each in ("rui", "lia")]
    replies = [await answered(world, each, by=ana, send_as=CLOSED) for each in tickets]
    for each in tickets:
        await world.do(handling.remove, each.id, "engano", by=boss)

    attempts = await claimed(world)
    first, second = attempts
    await settled(world, first, ARRIVED)
    await settled(world, second, REFUSED)

    assert {(await seen(world, each)).state for each in replies} == {SENT, FAILED}
    async with world.storage.reading(world.system) as work:
        assert {(await work.outbox.ticket(each)).status for each in replies} == {CLOSED}


async def test_two_that_failed_at_once_open_the_newer_only(
    world: World, ana: Person, account: Account
) -> None:
    """The index of open conversations never has anything to refuse."""
    ticket = await world.heard(account, thread="P1")
    await answered(world, ticket, by=ana, send_as=CLOSED)
    newer = await world.heard(account, thread="P1")
    await answered(world, newer, by=ana, send_as=CLOSED)

    await ended(world, REFUSED, count=2)

    assert (await world.see(ticket)).status is CLOSED
    assert (await world.see(newer)).status is OPEN
    assert world.collisions == 0


async def test_a_message_racing_with_the_failure_finds_the_ticket_open_or_follows_it(
    world: World, ana: Person, account: Account
) -> None:
    for number in range(6):
        thread = f"R{number}"
        ticket = await world.heard(account, thread=thread)
        await answered(world, ticket, by=ana, send_as=CLOSED)
        [attempt] = await claimed(world)

        _, heard = await asyncio.gather(
            settled(world, attempt, REFUSED), world.heard(account, thread=thread)
        )

        now = await world.see(ticket)
        followed = heard.id != ticket.id
        assert now.status is (CLOSED if followed else OPEN)
        alerted = heard if followed else ticket
        assert "ALERT_SENT" in await world.story(alerted)
    assert world.collisions == 0


# ── by mail ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", [IN_DOUBT, None])
async def test_a_mail_in_doubt_is_known_by_its_name_when_it_is_answered_or_comes_back(
    world: World, outcome: Doubtful | None
) -> None:
    connection = {"address": "sac@padaria.example", "smtp": {"host": "smtp.padaria.example"}}
    asked = AccountForm(network=Network.EMAIL, name="SAC", connection=json.dumps(connection))
    inbox = (await world.do(organizing.save_account, asked)).account
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.heard(inbox, author="lucia@example.com")
    reply = await answered(world, ticket, by=ana, send_as=RESOLVED)
    [attempt] = await claimed(world)
    if outcome is not None:
        await settled(world, attempt, outcome)
    else:
        world.later(LEASE)
        await world.do(delivering.lapse, 10)
    name = f"reply-{reply.id.hex}@padaria.example"

    again = await world.heard(inbox, author="lucia@example.com", references=(name,))
    report = world.post(
        inbox,
        author="mailer-daemon@example.com",
        automated=True,
        references=(name,),
        undelivered=Undelivered(name, "550 5.1.1 unknown"),
    )

    async def comes_back(work: Work) -> None:
        await delivering.take_back(work, [report], await intake.take_in(work, [report]))

    await world.do(comes_back)

    assert again.id == ticket.id
    now = await seen(world, reply)
    assert (now.state, now.failure, now.external_id) == (FAILED, "reply_came_back", name)
    assert (await world.story(ticket))[-2:] == ["REPLY_FAILED", "ALERT_SENT"]


# ── to whom ──────────────────────────────────────────────────────────────────────────────────


async def test_whoever_never_wrote_by_e_mail_is_reached_at_the_address_they_are_known_by(
    world: World,
) -> None:
    mailbox = await world.account(network=Network.EMAIL)
    level = await world.level("Correio", account_ids=[mailbox.id])
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(
        level, by=ana, customer_email="rui@mail.example", customer_name="Rui"
    )
    form = ReplyForm(ticket_id=ticket.id, text="Oi", visibility=Visibility.PRIVATE)
    await world.do(replying.reply, form, by=ana)
    [attempt] = await claimed(world)

    async with world.storage.reading(world.system) as work:
        packed = await delivering.pack(work, attempt)

    assert isinstance(packed, Outgoing)
    assert (packed.to_external_id, packed.parent_external_id) == ("rui@mail.example", None)


async def test_what_goes_along_was_said_with_that_publisher_and_is_never_more_than_fifty(
    world: World, ana: Person, account: Account
) -> None:
    """Hundreds may write under one post; an answer speaks of none of the others."""
    said = [
        world.post(account, author=author, thread="post", external_id=f"{author}{number}")
        for author in ("maria", "jose")
        for number in range(60)
    ]
    received = await world.receive(*said)
    ticket = received[0].ticket
    assert ticket is not None
    reply = await answered(world, ticket, by=ana)
    [attempt] = await claimed(world)

    packed = await world.do(delivering.pack, attempt)

    assert reply.id == attempt.reply_id
    assert isinstance(packed, Outgoing)
    assert list(packed.references) == [f"maria{number}" for number in range(10, 60)]
