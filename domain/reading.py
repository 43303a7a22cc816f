"""A clock as it stands at one moment: what is shown of it, in whole seconds.

What is stored says how things stood when something last happened. This says how they stand now,
the same for a ticket, a countdown and a wall, whether or not somebody noticed that a deadline
passed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.rules.clocks import IN_DAYS, Clock, Measure
from domain.rules.clockwork import CALENDAR_DAYS
from domain.rules.sla import Terms
from domain.words import SlaMetric, SlaRisk, SlaState

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    ticket_id: UUID
    metric: SlaMetric
    cycle: int
    state: SlaState
    risk: SlaRisk
    target_seconds: int
    elapsed_seconds: int
    remaining_seconds: int
    """Negative once it is late."""
    started_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    breached_at: datetime | None
    met_at: datetime | None
    ticket: Ticket | None = None
    """Its ticket, where whoever read it had it at hand."""


def read(row: SlaClock, terms: Terms, now: datetime, ticket: Ticket | None = None) -> Reading:
    """The clock as it stands now, by the terms of its ticket."""
    clock = row.clock
    measure = measure_of(clock.metric, terms)
    target = clock.target // SECOND
    elapsed = clock.used_at(now, measure) // SECOND
    breached_at = _passed(clock, now)
    return Reading(
        ticket_id=row.ticket_id,
        metric=clock.metric,
        cycle=clock.cycle,
        state=clock.state if breached_at is None else SlaState.BREACHED,
        risk=clock.risk(now, measure, terms.policy.warnings),
        target_seconds=target,
        elapsed_seconds=elapsed,
        remaining_seconds=target - elapsed,
        started_at=clock.started_at,
        due_at=clock.due_at,
        paused_at=clock.paused_at,
        breached_at=breached_at,
        met_at=clock.met_at,
        ticket=ticket,
    )


def measure_of(metric: SlaMetric, terms: Terms) -> Measure:
    """The law counts every minute; all else counts opening time."""
    return CALENDAR_DAYS if metric in IN_DAYS else terms.calendar


def _passed(clock: Clock, now: datetime) -> datetime | None:
    """The deadline that was missed, told by somebody or not."""
    if clock.breached_at is not None:
        return clock.breached_at
    # One that was met keeps its deadline, which is no longer one.
    overdue = clock.is_open and clock.due_at is not None and clock.due_at <= now
    return clock.due_at if overdue else None
