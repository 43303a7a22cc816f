"""What is done to a ticket, as far as clocks care, and in which statuses their time passes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.rules.clocks import Clock
from domain.rules.sla import Terms
from domain.words import (
    HistoryKind,
    Priority,
    SlaMetric,
    TicketStatus,
)

FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, HISTORY = SlaMetric
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
ON_US = frozenset({NEW, OPEN, ESCALATED, AWAITING})
RUNS_IN: Mapping[SlaMetric, frozenset[TicketStatus]] = {
    # Waiting for the publisher is no answer: the first response runs on in PENDING.
    FIRST: ON_US | {PENDING},
    NEXT: ON_US,
    RESOLUTION: ON_US,
    APPROVAL: frozenset({AWAITING}),
    LEVEL: ON_US,
    LEGAL: ON_US | {PENDING},
    HISTORY: frozenset(TicketStatus),
}
ENDED_BY_RESOLVING = (RESOLUTION, LEVEL, LEGAL)
OWED_AFTERWARDS = frozenset({HISTORY})
"""Of what is over, too."""
ANSWERED_BY_SENDING = frozenset({FIRST, NEXT})
LET_GO = frozenset(
    {HistoryKind.REPLY_WRITTEN, HistoryKind.REPLY_RETRIED, HistoryKind.APPROVAL_DECIDED}
)
ARRIVED_OR_NOT = frozenset({HistoryKind.REPLY_SENT, HistoryKind.REPLY_FAILED})
Key = tuple[SlaMetric, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One history entry, as far as clocks care."""

    kind: HistoryKind
    became: TicketStatus | None = None
    automated: bool = False
    reply_id: UUID | None = None
    """Of what it let go, or what became of that; None where it was given back."""
    due_at: datetime | None = None
    """By when the history is owed that was asked for."""


@dataclass(frozen=True, slots=True)
class Act:
    """What was done at once, and what the ticket goes by after it."""

    at: datetime
    steps: Sequence[Step]
    terms: Terms | None
    """None: nothing is measured yet, as with what was brought along from elsewhere."""
    priority: Priority


def under_way(steps: Iterable[Step]) -> set[UUID]:
    """Those answers of people that were let go, and of which it is not known what became."""
    found: set[UUID] = set()
    for step in steps:
        if step.reply_id is None:
            continue
        if step.kind in LET_GO and not step.automated:
            found.add(step.reply_id)
        elif step.kind in ARRIVED_OR_NOT:
            found.discard(step.reply_id)
    return found


def last_status(steps: Sequence[Step]) -> TicketStatus | None:
    became = [step.became for step in steps if step.became]
    return became[-1] if became else None


def owes_more(terms: Terms, priority: Priority, clocks: Collection[Key]) -> bool:
    """Whether something is measured now that was not from the beginning.

    What is owed of it only the whole history can say: when it was registered, and whether it was
    answered.
    """
    known = {metric for metric, _ in clocks}
    return any(
        terms.policy.target(priority, metric) is not None
        for metric in (FIRST, RESOLUTION, LEGAL)
        if metric not in known
    )


def sending_matters(statuses: Iterable[TicketStatus | None], clocks: Collection[Clock]) -> bool:
    """Whether a clock stands that would run while an answer is under way."""
    still = any(status in (PENDING, RESOLVED, CLOSED) for status in statuses)
    return still and any(each.is_open and each.metric in ANSWERED_BY_SENDING for each in clocks)
