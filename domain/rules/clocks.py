"""One SLA clock: opening time that is used up, and the instant at which it is all gone.

The deadline is a moment, worked out whenever the clock starts to run; what remains is derived from
it, so a missed tick makes no ticket later or earlier. A clock is a value: each verb gives another.
The deadline itself is the first instant that is late.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from domain.rules.calendar import NeverOpens
from domain.words import SlaCause, SlaMetric, SlaRisk, SlaState

ZERO = timedelta()
ALL = 100
LEGAL_NOTICE = timedelta(days=2)
IN_DAYS = frozenset({SlaMetric.LEGAL_RESPONSE, SlaMetric.HISTORY})
"""What the law gives in calendar days: every minute counts, open or not."""
NOBODY_WAITS = timedelta(days=7305)
"""Twenty years: the deadline of what would take longer than any calendar is looked at."""


class Measure(Protocol):
    """How a clock's time passes."""

    def open_between(self, start: datetime, end: datetime) -> timedelta: ...
    def after(self, moment: datetime, open_time: timedelta) -> datetime: ...


class EveryMinute:
    """The measure of calendar days: time that is never closed."""

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, ZERO)

    def after(self, moment: datetime, open_time: timedelta) -> datetime:
        return moment + open_time


@dataclass(frozen=True, slots=True)
class Notice:
    """A share of a clock's time is gone: a warning, or at 100 the breach. Told once each."""

    metric: SlaMetric
    cycle: int
    percent: int
    due_at: datetime
    cause: SlaCause = SlaCause.TIMER

    @property
    def is_breach(self) -> bool:
        return self.percent == ALL


@dataclass(frozen=True, slots=True)
class Clock:
    metric: SlaMetric
    cycle: int
    """1 for the first of its metric; a ticket is answered and asked many times."""
    target: timedelta
    started_at: datetime
    used: timedelta = ZERO
    """Up to `running_since`, or to where it stopped."""
    running_since: datetime | None = None
    paused_at: datetime | None = None
    due_at: datetime | None = None
    """While it runs, and after it was met while running; None while it is paused."""
    breached_at: datetime | None = None
    """The deadline that passed. It stays, whatever happens later."""
    met_at: datetime | None = None
    cancelled_at: datetime | None = None
    warned: int = 0
    """The highest percentage that was told."""

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.cancelled_at is None

    @property
    def state(self) -> SlaState:
        if self.breached_at is not None:
            return SlaState.BREACHED
        if self.met_at is not None:
            return SlaState.MET
        if self.cancelled_at is not None:
            return SlaState.CANCELLED
        return SlaState.PAUSED if self.running_since is None else SlaState.RUNNING

    def used_at(self, now: datetime, measure: Measure) -> timedelta:
        if self.running_since is None:
            return self.used
        return self.used + measure.open_between(self.running_since, now)

    def risk(self, now: datetime, measure: Measure, warnings: Sequence[int]) -> SlaRisk:
        """How things stand at a moment, noticed by anybody or not."""
        if not self.is_open:
            return SlaRisk.DONE
        if self.breached_at or (self.due_at is not None and self.due_at <= now):
            return SlaRisk.BREACHED
        if self.running_since is None:
            return SlaRisk.PAUSED
        near = self._past_last_mark(now, measure, warnings)
        return SlaRisk.AT_RISK if near else SlaRisk.ON_TIME

    def is_near(self, now: datetime, measure: Measure, warnings: Sequence[int]) -> bool:
        """Whether its last warning before the breach was told, and still holds."""
        marks = list(self.marks(warnings))
        told = bool(marks) and self.warned >= marks[-1][0]
        return told and self._past_last_mark(now, measure, warnings)

    def _past_last_mark(self, now: datetime, measure: Measure, warnings: Sequence[int]) -> bool:
        marks = list(self.marks(warnings))
        return bool(marks) and self.used_at(now, measure) >= marks[-1][1]

    def marks(self, warnings: Sequence[int]) -> Iterator[tuple[int, timedelta]]:
        """The percentages at which to warn, each with the time that is used by then.

        A deadline of the law warns two days before, and only then.
        """
        if self.metric in IN_DAYS:
            if self.target > LEGAL_NOTICE:
                before = self.target - LEGAL_NOTICE
                yield before * ALL // self.target, before
            return
        for percent in warnings:
            yield percent, self.target * percent // ALL

    # ── running ──────────────────────────────────────────────────────────────────────────────

    def resume(self, at: datetime, measure: Measure) -> "Clock":
        if self.running_since is not None:
            return self
        return replace(self, paused_at=None, met_at=None)._run(at, measure)

    def pause(self, at: datetime, measure: Measure) -> "Clock":
        if self.running_since is None:
            return self
        used = self.used_at(at, measure)
        return replace(self, used=used, running_since=None, paused_at=at, due_at=None)

    def meet(self, at: datetime, measure: Measure) -> "Clock":
        used = self.used_at(at, measure)
        return replace(self, used=used, running_since=None, paused_at=None, met_at=at)

    def cancel(self, at: datetime, measure: Measure) -> "Clock":
        used = self.used_at(at, measure)
        return replace(self, used=used, running_since=None, paused_at=None, cancelled_at=at)

    def retarget(
        self, at: datetime, target: timedelta, before: Measure, measure: Measure
    ) -> "Clock":
        """Other rules from now on: what is used is kept, the rest is measured by the new ones."""
        moved = replace(self, used=self.used_at(at, before), target=target)
        return moved if self.running_since is None else moved._run(at, measure)

    def _run(self, at: datetime, measure: Measure) -> "Clock":
        if self.used < self.target:
            due_at = _after(measure, at, self.target - self.used)
            return replace(self, running_since=at, due_at=due_at)
        # Late as it begins: only that is told, not every share that was passed on the way.
        due_at = self.breached_at or at
        return replace(self, running_since=at, due_at=due_at, warned=max(self.warned, ALL - 1))

    # ── noticing ─────────────────────────────────────────────────────────────────────────────

    def next_notice(self, measure: Measure, warnings: Sequence[int]) -> tuple[int, datetime] | None:
        """What is to be told next, and when; nothing while it does not run or once it is late."""
        if self.running_since is None or self.breached_at is not None or self.due_at is None:
            return None
        for percent, share in self.marks(warnings):
            if percent > self.warned:
                rest = share - self.used
                moment = self.running_since
                return percent, _after(measure, moment, rest) if rest > ZERO else moment
        return ALL, self.due_at

    def notice(
        self, now: datetime, measure: Measure, warnings: Sequence[int]
    ) -> tuple["Clock", list[Notice]]:
        """Everything that is due by now, in order, and the clock that has told it."""
        clock, told = self, list[Notice]()
        while (due := clock.next_notice(measure, warnings)) is not None and due[1] <= now:
            percent, moment = due
            told.append(Notice(self.metric, self.cycle, percent, moment))
            breached_at = moment if percent == ALL else None
            clock = replace(clock, warned=percent, breached_at=breached_at)
        return clock, told


def _after(measure: Measure, moment: datetime, open_time: timedelta) -> datetime:
    """A level that opens a minute a week takes tickets in as well."""
    try:
        return measure.after(moment, open_time)
    except NeverOpens:
        return moment + NOBODY_WAITS
