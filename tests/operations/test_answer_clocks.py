"""What waits for an answer waits until the network has it, whatever its ticket was sent as."""

from datetime import time, timedelta

import pytest

from domain.model.account import Account
from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.operations import approving, delivering, handling
from domain.operations.approving import Verdict
from domain.operations.handling import TicketChange
from domain.operations.replying import ReplyForm, reply
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.sending import Declined, Doubtful, Sent
from domain.words import (
    ApprovalDecision,
    CloseReason,
    HistoryKind,
    Priority,
    RetryDecision,
    Role,
    SlaMetric,
    SlaState,
    TicketStatus,
    Visibility,
)
from tests.operations.test_history import stands
from tests.outbox import answered, ended
from tests.world import Person, World

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, _HISTORY = SlaMetric
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
REFUSED = Declined("network_declined")
ALWAYS = CalendarForm(
    name="Sempre",
    time_zone="America/Sao_Paulo",
    intervals=[WeeklyInterval(day, time(0), time(0)) for day in range(1, 8)],
    national_holidays=False,
)


@pytest.fixture
async def account(world: World) -> Account:
    """One whose messages come to a level that owes an answer within an hour."""
    account = await world.account()
    metrics = (FIRST, NEXT, RESOLUTION)
    level = await world.level(
        "Prazos",
        calendar=ALWAYS,
        account_ids=[account.id],
        unmeasured=[APPROVAL, LEVEL, LEGAL],
        sla_targets=[(each, metric, 3600) for each in Priority for metric in metrics],
    )
    await world.watch(account, level)
    world.ana = await world.person("Ana", level=level)  # type: ignore[attr-defined]
    return account


@pytest.fixture
def ana(world: World, account: Account) -> Person:
    person: Person = world.ana  # type: ignore[attr-defined]
    return person


async def clock(world: World, ticket: Ticket, metric: SlaMetric = FIRST) -> SlaClock:
    """The last one of its metric; all of them are what the history makes."""
    await stands(world, ticket)
    async with world.storage.reading(world.system) as work:
        rows = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
    return max((each for each in rows if each.metric is metric), key=lambda each: each.cycle)


@pytest.mark.parametrize("status", [None, PENDING, RESOLVED, CLOSED])
async def test_the_first_response_is_met_when_the_network_has_it(
    world: World, account: Account, ana: Person, status: TicketStatus | None
) -> None:
    ticket = await world.heard(account)
    world.later(10 * A_MINUTE)
    await answered(world, ticket, by=ana, send_as=status)
    under_way = await clock(world, ticket)
    world.later(10 * A_MINUTE)

    await ended(world, Sent("n"))

    met = await clock(world, ticket)
    assert (under_way.state, under_way.running_since is not None) == (SlaState.RUNNING, True)
    assert (met.state, met.met_at, met.used) == (SlaState.MET, world.now, 20 * A_MINUTE)


async def test_it_is_late_while_the_answer_is_still_on_its_way(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, by=ana, send_as=CLOSED)
    world.later(2 * AN_HOUR)

    await ended(world, Sent("n"))

    late = await clock(world, ticket)
    assert (late.state, late.breached_at) == (SlaState.BREACHED, world.now - AN_HOUR)
    assert late.met_at == world.now


@pytest.mark.parametrize("status", [RESOLVED, CLOSED])
async def test_what_fails_was_no_answer_and_the_time_counts_as_if_nothing_had_stopped(
    world: World, account: Account, ana: Person, status: TicketStatus
) -> None:
    ticket = await world.heard(account)
    world.later(10 * A_MINUTE)
    await answered(world, ticket, by=ana, send_as=status)
    world.later(30 * A_MINUTE)

    await ended(world, REFUSED)

    first, resolution = await clock(world, ticket), await clock(world, ticket, RESOLUTION)
    assert first.state is SlaState.RUNNING
    assert first.due_at == world.now + 20 * A_MINUTE
    # As after a reopening: while it was resolved, nobody worked on it.
    assert resolution.state is SlaState.RUNNING
    assert resolution.due_at == world.now + 50 * A_MINUTE


async def test_it_ends_without_a_verdict_where_the_ticket_stays_closed(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account, thread="P1")
    await answered(world, ticket, by=ana, send_as=CLOSED)
    successor = await world.heard(account, thread="P1")
    world.later(10 * A_MINUTE)

    await ended(world, REFUSED)

    assert (await clock(world, ticket)).state is SlaState.CANCELLED
    assert (await clock(world, successor)).state is SlaState.RUNNING


async def test_a_doubt_goes_on_counting_until_somebody_has_decided(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account)
    written = await answered(world, ticket, by=ana, send_as=CLOSED)
    await ended(world, Doubtful("network_no_answer"))
    in_doubt = await clock(world, ticket)
    world.later(10 * A_MINUTE)

    await world.do(delivering.retry, written.id, RetryDecision.ARRIVED, by=ana)

    assert in_doubt.state is SlaState.RUNNING
    assert (await clock(world, ticket)).met_at == world.now


async def test_what_is_retried_counts_again_on_a_resolved_ticket(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account)
    written = await answered(world, ticket, by=ana)
    change = TicketChange(status=RESOLVED)
    await ended(world, REFUSED)
    await world.do(handling.update, ticket.id, change, by=ana)
    paused = await clock(world, ticket)

    await world.do(delivering.retry, written.id, by=ana)

    assert paused.state is SlaState.PAUSED
    assert (await clock(world, ticket)).state is SlaState.RUNNING


async def test_what_software_writes_by_itself_holds_no_clock_open(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, by=ana, automated=True)
    close = TicketChange(status=CLOSED, close_reason=CloseReason.SPAM)
    await world.do(handling.update, ticket.id, close, by=ana)

    await ended(world, Sent("n"))

    assert (await clock(world, ticket)).state is SlaState.CANCELLED


async def test_closing_by_hand_ends_it_once_nothing_is_under_way(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await world.heard(account)
    await answered(world, ticket, "um", by=ana)
    await answered(world, ticket, "dois", by=ana)
    close = TicketChange(status=CLOSED, close_reason=CloseReason.ANSWERED)
    await world.do(handling.update, ticket.id, close, by=ana)

    await ended(world, REFUSED)
    between = await clock(world, ticket)
    await ended(world, REFUSED)

    assert between.state is SlaState.RUNNING
    assert (await clock(world, ticket)).state is SlaState.CANCELLED


async def let_go(world: World, account: Account, ana: Person) -> Ticket:
    """What a moderator has let go: sent as closed, and on its way."""
    boss = await world.person("Chefe", role=Role.ADMIN)
    ticket = await world.heard(account)
    async with world.storage.reading(world.system) as work:
        level = await work.levels.get(ticket.level_id)
    await world.arrange(level, moderated=True)
    form = ReplyForm(ticket_id=ticket.id, text="Oi", visibility=Visibility.PUBLIC, send_as=CLOSED)
    approval = (await world.do(reply, form, by=ana)).approval
    assert approval is not None
    verdict = Verdict(decision=ApprovalDecision.APPROVE)
    await world.do(approving.decide, approval.id, verdict, by=boss)
    return ticket


async def test_what_a_moderator_lets_go_is_met_when_it_arrives(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await let_go(world, account, ana)
    under_way = await clock(world, ticket)
    world.later(10 * A_MINUTE)

    await ended(world, Sent("n"))

    assert (await world.see(ticket)).status is CLOSED
    assert under_way.state is SlaState.RUNNING
    assert (await clock(world, ticket)).met_at == world.now


async def test_what_a_moderator_let_go_and_failed_opens_its_ticket_again(
    world: World, account: Account, ana: Person
) -> None:
    ticket = await let_go(world, account, ana)

    await ended(world, REFUSED)

    assert (await world.see(ticket)).status is OPEN
    assert (await world.story(ticket))[-2] == HistoryKind.REPLY_FAILED
    assert (await clock(world, ticket)).state is SlaState.RUNNING
