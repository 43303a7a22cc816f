"""A ticket's clocks: begun, ended, given other targets, and what they show as they stand."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.rules.acts import (
    ANSWERED_BY_SENDING,
    AWAITING,
    CLOSED,
    ENDED_BY_RESOLVING,
    FIRST,
    HISTORY,
    LEGAL,
    NEXT,
    RESOLUTION,
    RESOLVED,
    RUNS_IN,
    Key,
)
from domain.rules.calendar import legal_due
from domain.rules.clocks import IN_DAYS, Clock, EveryMinute, Measure, Notice
from domain.rules.sla import Terms
from domain.words import (
    Priority,
    SlaCause,
    SlaMetric,
    SlaRisk,
    TicketStatus,
)

CALENDAR_DAYS = EveryMinute()


class Clockwork:
    """What runs, and by what; whoever follows the history says when."""

    def __init__(
        self,
        clocks: Iterable[Clock] = (),
        *,
        terms: Terms | None = None,
        priority: Priority | None = None,
        status: TicketStatus | None = None,
        latest: datetime | None = None,
        under_way: Collection[UUID] = (),
    ) -> None:
        self.clocks: dict[Key, Clock] = {(each.metric, each.cycle): each for each in clocks}
        self.notices: list[Notice] = []
        self.undone: set[Key] = set()
        """What was late only because of a reopening that was none."""
        self._terms = terms
        self._priority = priority
        self._status = status
        self._latest = latest
        self._now: datetime | None = None
        self._before_reopening: dict[Key, Clock] = {}
        self._registered: datetime | None = None
        """Known where the history is followed from its beginning, and was measured there."""
        self._answered = False
        self._under_way = set(under_way)
        """Answers of people that the network has not taken yet: until then the publisher waits."""

    def measure(self, metric: SlaMetric, terms: Terms | None = None) -> Measure:
        by = terms or self._terms
        return CALENDAR_DAYS if metric in IN_DAYS or by is None else by.calendar

    def hold(self, key: Key, *, breached_at: datetime | None, warned: int) -> None:
        """What was told before stays told."""
        clock = self.clocks[key]
        breached_at = clock.breached_at or breached_at
        self._keep(replace(clock, breached_at=breached_at, warned=max(clock.warned, warned)))

    def _begin(self, metric: SlaMetric, at: datetime) -> None:
        """Another clock of the metric, where it is measured."""
        target = self._target(metric)
        if target is None:
            return
        last = self._last(metric)
        clock = Clock(metric, last.cycle + 1 if last else 1, self._span(metric, target, at), at)
        if self._runs(metric):
            self._keep(clock.resume(at, self.measure(metric)))
        else:
            self._keep(replace(clock, paused_at=at))

    def _ask(self, at: datetime) -> None:
        """The publisher waits for an answer; a question that waits already is the older one."""
        if self._open(NEXT) is None:
            self._begin(NEXT, at)

    def _owe_history(self, due_at: datetime, at: datetime) -> None:
        """Asked for again while it is owed, it is owed by the same moment."""
        if self._open(HISTORY) is None:
            last = self._last(HISTORY)
            clock = Clock(HISTORY, last.cycle + 1 if last else 1, due_at - at, at)
            self._keep(clock.resume(at, CALENDAR_DAYS))

    def _end(self, metric: SlaMetric, at: datetime, terms: Terms | None = None) -> None:
        clock = self._open(metric)
        if clock is not None:
            self._keep(clock.meet(at, self.measure(metric, terms)))

    def _cancel_all(self, at: datetime, *, but: Collection[SlaMetric] = ()) -> None:
        """Nothing is owed any more, but for what an answer under way may still be too late for."""
        for clock in [each for each in self.clocks.values() if each.is_open]:
            waits = self._under_way and clock.metric in ANSWERED_BY_SENDING
            if not waits and clock.metric not in but:
                self._keep(clock.cancel(at, self.measure(clock.metric)))

    def _run_or_rest(self, at: datetime) -> None:
        for clock in [each for each in self.clocks.values() if each.is_open]:
            measure = self.measure(clock.metric)
            runs = self._runs(clock.metric)
            self._keep(clock.resume(at, measure) if runs else clock.pause(at, measure))

    def _runs(self, metric: SlaMetric) -> bool:
        """Whether its time passes as things stand. What was let go is not yet said."""
        waits = bool(self._under_way) and metric in ANSWERED_BY_SENDING
        return self._status is None or self._status in RUNS_IN[metric] or waits

    # ── other terms, another priority ───────────────────────────────────────────────────────────

    def _retarget(self, at: datetime, before: Terms, priority: Priority, cause: SlaCause) -> None:
        """The same clocks by other terms or for another priority."""
        for clock in [each for each in self.clocks.values() if self._follows(each)]:
            target = self._target(clock.metric)
            old, new = self.measure(clock.metric, before), self.measure(clock.metric)
            if target is None:
                # Not measured here: it ends without a verdict. The law's own deadline does not end
                # because somebody passed the ticket on.
                if clock.is_open and clock.metric is not LEGAL:
                    self._keep(clock.cancel(at, old))
                continue
            span = self._span(clock.metric, target, clock.started_at)
            self._set(clock.retarget(at, span, old, new), at, cause)
        if self._status not in (RESOLVED, CLOSED):
            for metric in (FIRST, NEXT, RESOLUTION, LEGAL):
                if before.policy.target(priority, metric) is None:
                    self._take_up(metric, at, cause)

    def _take_up(self, metric: SlaMetric, at: datetime, cause: SlaCause) -> None:
        """What was not measured where the ticket was, or for its priority, and is now."""
        target, last = self._target(metric), self._last(metric)
        if target is None or (last is not None and last.cancelled_at is None):
            return
        if last is not None:
            # It goes on with what it had used; what was not measured does not count.
            span = self._span(metric, target, last.started_at)
            clock = replace(last, cancelled_at=None, due_at=None, target=span)
        elif self._registered is None or metric is NEXT or (metric is FIRST and self._answered):
            return
        elif metric is LEGAL:
            since = self._registered
            clock = Clock(LEGAL, 1, self._span(LEGAL, target, since), since, used=at - since)
        else:
            clock = Clock(metric, 1, target, at)
        if self._runs(metric):
            self._set(clock.resume(at, self.measure(metric)), at, cause)
        else:
            self._keep(replace(clock, paused_at=at))

    def _follows(self, clock: Clock) -> bool:
        """What is open, and what resolving ended and a reopening would let run on."""
        if clock.metric is HISTORY:
            return False  # owed by the day on which it was asked for, whatever the level promises
        resumable = clock.metric in ENDED_BY_RESOLVING and self._status in (RESOLVED, AWAITING)
        return clock.is_open or (resumable and clock == self._last(clock.metric))

    def _target(self, metric: SlaMetric) -> timedelta | None:
        if self._terms is None or self._priority is None:
            return None
        return self._terms.policy.target(self._priority, metric)

    def _span(self, metric: SlaMetric, target: timedelta, registered: datetime) -> timedelta:
        """The legal deadline is the end of a day, so its length depends on when it began."""
        if metric is not LEGAL or self._terms is None:
            return target
        return legal_due(registered, target.days, self._terms.hours.time_zone) - registered

    def _set(self, clock: Clock, at: datetime, cause: SlaCause) -> None:
        """Keep it; one that is late as it begins says why."""
        told: list[Notice] = []
        if clock.due_at == at:
            clock, told = clock.notice(at, self.measure(clock.metric), ())
        self._keep(clock)
        self.notices += [replace(each, cause=cause) for each in told]

    # ── what the ticket shows ────────────────────────────────────────────────────────────────

    def risk(self) -> SlaRisk:
        """The worst of its open clocks, by what has been told so far.

        A warning that was told is not told again; given more time, the ticket is near no more.
        """
        clocks = self._counting()
        if not clocks or self._terms is None:
            return SlaRisk.DONE
        if any(each.breached_at for each in clocks):
            return SlaRisk.BREACHED
        running = [each for each in clocks if each.running_since]
        if any(self._is_near(each) for each in running):
            return SlaRisk.AT_RISK
        # The law's own clocks go on while everything of ours stands still.
        ours = [each for each in clocks if each.metric not in IN_DAYS]
        standing = bool(ours) and not any(each.running_since for each in ours)
        return SlaRisk.PAUSED if standing or not running else SlaRisk.ON_TIME

    def _is_near(self, clock: Clock) -> bool:
        if self._terms is None:
            return False
        now, measure = self._now or clock.started_at, self.measure(clock.metric)
        return clock.is_near(now, measure, self._terms.policy.warnings)

    def nearest(self) -> datetime | None:
        """The deadline that comes first, or passed first, of those that run."""
        moments = [each.due_at for each in self._counting() if each.running_since and each.due_at]
        return min(moments, default=None)

    def next_notice(self, clock: Clock) -> datetime | None:
        """When there is something to tell of it next."""
        if self._terms is None:
            return None
        due = clock.next_notice(self.measure(clock.metric), self._terms.policy.warnings)
        return due[1] if due else None

    def _counting(self) -> list[Clock]:
        if self._status in (RESOLVED, CLOSED):
            return []
        return [each for each in self.clocks.values() if each.is_open]

    # ── one by one ──────────────────────────────────────────────────────────────────────────────

    def _open(self, metric: SlaMetric) -> Clock | None:
        last = self._last(metric)
        return last if last is not None and last.is_open else None

    def _last(self, metric: SlaMetric) -> Clock | None:
        cycles = [cycle for each, cycle in self.clocks if each is metric]
        return self.clocks[metric, max(cycles)] if cycles else None

    def _keep(self, clock: Clock) -> None:
        self.clocks[clock.metric, clock.cycle] = clock
