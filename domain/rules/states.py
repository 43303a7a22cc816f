"""The states of a ticket and the only ways between them.

The letters T1 to T24 are those of the transition table in docs/states.md. What is not listed
here is refused.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState
from domain.words import TicketStatus

NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus


class Trigger(StrEnum):
    """What asks for a change of status."""

    START = "START"  # an attendant opens the ticket or does anything on it
    CHANGE = "CHANGE"  # an attendant names the status
    ESCALATE = "ESCALATE"
    FINISH = "FINISH"  # closed without a reply
    INBOUND = "INBOUND"  # the consumer writes
    WAKE = "WAKE"  # pending-until reached
    ACKNOWLEDGE = "ACKNOWLEDGE"  # the message that reopened it was only a thank-you
    MERGE = "MERGE"
    HOLD = "HOLD"  # a reply has to be approved first
    RELEASE = "RELEASE"  # the reply was approved
    GIVE_BACK = "GIVE_BACK"  # the reply was rejected or withdrawn
    UNDELIVERED = "UNDELIVERED"  # the reply that set the status will not go out


ALLOWED: Mapping[Trigger, Mapping[TicketStatus, frozenset[TicketStatus]]] = {
    Trigger.START: {  # T3, T9
        NEW: frozenset({OPEN}),
        ESCALATED: frozenset({OPEN}),
    },
    Trigger.CHANGE: {
        NEW: frozenset({OPEN, PENDING, RESOLVED, CLOSED}),  # T3, T5, T10, T16
        OPEN: frozenset({PENDING, RESOLVED, CLOSED}),  # T5, T10, T16
        ESCALATED: frozenset({OPEN, PENDING, RESOLVED, CLOSED}),  # T9, T5, T10, T16
        PENDING: frozenset({OPEN, RESOLVED, CLOSED}),  # T7, T10, T16
        RESOLVED: frozenset({OPEN, CLOSED}),  # T12, T14
    },
    Trigger.ESCALATE: {  # T8
        NEW: frozenset({ESCALATED}),
        OPEN: frozenset({ESCALATED}),
        PENDING: frozenset({ESCALATED}),
    },
    Trigger.FINISH: {  # T15
        status: frozenset({CLOSED}) for status in (NEW, OPEN, ESCALATED, PENDING, RESOLVED)
    },
    Trigger.INBOUND: {  # T4, T6, T11; elsewhere a message changes no status
        NEW: frozenset({OPEN}),
        PENDING: frozenset({OPEN}),
        RESOLVED: frozenset({OPEN}),
    },
    Trigger.WAKE: {PENDING: frozenset({OPEN})},  # T7
    Trigger.ACKNOWLEDGE: {OPEN: frozenset({RESOLVED})},  # T13
    Trigger.MERGE: {  # T22
        status: frozenset({CLOSED})
        for status in (NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED)
    },
    Trigger.HOLD: {  # T17
        status: frozenset({AWAITING}) for status in (NEW, OPEN, ESCALATED, PENDING, RESOLVED)
    },
    Trigger.RELEASE: {AWAITING: frozenset({OPEN, PENDING, RESOLVED, CLOSED})},  # T18
    Trigger.GIVE_BACK: {  # T19
        AWAITING: frozenset({NEW, OPEN, ESCALATED, PENDING, RESOLVED})
    },
    Trigger.UNDELIVERED: {  # T21, the only way out of CLOSED
        status: frozenset({OPEN}) for status in (PENDING, RESOLVED, CLOSED)
    },
}

OPENING = frozenset({NEW, OPEN, ESCALATED, PENDING, RESOLVED})
"""What a ticket opened by hand may start as (T1, T2)."""

SENT_AS = frozenset({OPEN, PENDING, RESOLVED, CLOSED})
"""What a reply to the publisher may leave its ticket as."""

ANSWERABLE = frozenset({NEW, OPEN, ESCALATED, PENDING, RESOLVED})
"""Where the publisher may be written to: nothing waits for a moderator, and it is not over."""

WAITING = frozenset({NEW, OPEN, ESCALATED})
"""On us: what may be pulled while nobody has it."""

ACTIVE = frozenset({NEW, OPEN, ESCALATED, AWAITING})
"""What counts against an attendant's capacity: work that waits for us, not for the publisher."""


def allows(trigger: Trigger, current: TicketStatus, target: TicketStatus) -> bool:
    return target in ALLOWED[trigger].get(current, frozenset())


def check(trigger: Trigger, current: TicketStatus, target: TicketStatus) -> None:
    """Nothing when the move is in the table; WRONG_STATE with both states named otherwise."""
    if current is CLOSED and trigger is not Trigger.UNDELIVERED:
        raise WrongState("ticket_closed")  # T24
    if current is AWAITING and not ALLOWED[trigger].get(AWAITING):
        raise WrongState("reply_waits")
    if not allows(trigger, current, target):
        raise WrongState("status_not_allowed", current=current.value, target=target.value)


def after_reply(current: TicketStatus, send_as: TicketStatus | None) -> TicketStatus:
    """What a reply to the publisher leaves a ticket in: what it was sent as; else what an answer
    makes of it. What is new or was asked of another level has been taken on by that; the rest is
    as it was."""
    if send_as is not None:
        return send_as
    return OPEN if current in (NEW, ESCALATED) else current


def choices(current: TicketStatus) -> list[TicketStatus]:
    """The statuses that an attendant may choose from here, in the order of the life of a ticket."""
    allowed = ALLOWED[Trigger.CHANGE].get(current, frozenset())
    return [status for status in TicketStatus if status in allowed]
