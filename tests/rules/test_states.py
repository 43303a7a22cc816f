"""The states of a ticket, cell by cell."""

from itertools import product

import pytest

from domain.errors import WrongState
from domain.rules import states
from domain.rules.states import Trigger
from domain.words import TicketStatus

NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
BY_HAND = {  # T3, T5, T7, T9, T10, T12, T14, T16
    (NEW, OPEN),
    (NEW, PENDING),
    (NEW, RESOLVED),
    (NEW, CLOSED),
    (OPEN, PENDING),
    (OPEN, RESOLVED),
    (OPEN, CLOSED),
    (ESCALATED, OPEN),
    (ESCALATED, PENDING),
    (ESCALATED, RESOLVED),
    (ESCALATED, CLOSED),
    (PENDING, OPEN),
    (PENDING, RESOLVED),
    (PENDING, CLOSED),
    (RESOLVED, OPEN),
    (RESOLVED, CLOSED),
}
TABLE: dict[Trigger, set[tuple[TicketStatus, TicketStatus]]] = {
    Trigger.START: {(NEW, OPEN), (ESCALATED, OPEN)},
    Trigger.CHANGE: BY_HAND,
    Trigger.ESCALATE: {(NEW, ESCALATED), (OPEN, ESCALATED), (PENDING, ESCALATED)},
    Trigger.FINISH: {(each, CLOSED) for each in (NEW, OPEN, ESCALATED, PENDING, RESOLVED)},
    Trigger.INBOUND: {(NEW, OPEN), (PENDING, OPEN), (RESOLVED, OPEN)},
    Trigger.WAKE: {(PENDING, OPEN)},
    Trigger.ACKNOWLEDGE: {(OPEN, RESOLVED)},
    Trigger.MERGE: {(each, CLOSED) for each in TicketStatus if each is not CLOSED},
    Trigger.HOLD: {(each, AWAITING) for each in (NEW, OPEN, ESCALATED, PENDING, RESOLVED)},
    Trigger.RELEASE: {(AWAITING, each) for each in (OPEN, PENDING, RESOLVED, CLOSED)},
    Trigger.GIVE_BACK: {(AWAITING, each) for each in (NEW, OPEN, ESCALATED, PENDING, RESOLVED)},
    Trigger.UNDELIVERED: {(each, OPEN) for each in (PENDING, RESOLVED, CLOSED)},
}
OUT_OF_WAITING = {Trigger.MERGE, Trigger.RELEASE, Trigger.GIVE_BACK}
CELLS = list(product(Trigger, TicketStatus, TicketStatus))


def moves(trigger: Trigger, current: TicketStatus, target: TicketStatus) -> bool:
    return (current, target) in TABLE[trigger]


@pytest.mark.parametrize(("trigger", "current", "target"), [c for c in CELLS if moves(*c)])
def test_what_the_table_lists_is_allowed(
    trigger: Trigger, current: TicketStatus, target: TicketStatus
) -> None:
    states.check(trigger, current, target)

    assert states.allows(trigger, current, target)


@pytest.mark.parametrize(("trigger", "current", "target"), [c for c in CELLS if not moves(*c)])
def test_everything_else_is_refused(
    trigger: Trigger, current: TicketStatus, target: TicketStatus
) -> None:
    with pytest.raises(WrongState) as refused:
        states.check(trigger, current, target)

    if current is AWAITING and trigger not in OUT_OF_WAITING:
        assert refused.value.sentence == "reply_waits"
    elif current is not CLOSED:
        assert refused.value.values == {"current": current.value, "target": target.value}


@pytest.mark.parametrize("trigger", [each for each in Trigger if each is not Trigger.UNDELIVERED])
def test_nothing_else_leads_out_of_closed(trigger: Trigger) -> None:
    for target in TicketStatus:
        with pytest.raises(WrongState) as refused:
            states.check(trigger, CLOSED, target)

        assert refused.value.sentence == "ticket_closed"


def test_the_choices_are_the_moves_by_hand_in_the_order_of_a_tickets_life() -> None:
    assert states.choices(NEW) == [OPEN, PENDING, RESOLVED, CLOSED]
    assert states.choices(RESOLVED) == [OPEN, CLOSED]
    assert states.choices(AWAITING) == states.choices(CLOSED) == []


def test_a_ticket_opens_neither_closed_nor_awaiting_approval() -> None:
    assert set(TicketStatus) - {AWAITING, CLOSED} == states.OPENING


def test_only_waiting_tickets_are_pulled_and_only_work_on_us_fills_a_capacity() -> None:
    assert {NEW, OPEN, ESCALATED} == states.WAITING
    assert {NEW, OPEN, ESCALATED, AWAITING} == states.ACTIVE


def test_a_reply_that_names_no_status_takes_on_what_nobody_had() -> None:
    left = {each: states.after_reply(each, None) for each in (NEW, OPEN, ESCALATED, PENDING)}

    assert left == {NEW: OPEN, OPEN: OPEN, ESCALATED: OPEN, PENDING: PENDING}
    assert states.after_reply(RESOLVED, None) is RESOLVED
    assert states.after_reply(NEW, RESOLVED) is RESOLVED
