"""What a ticket's history does to its clocks: which start, pause, resume, are met or cancelled.

Clocks follow the history and nothing else, act by act. So what is stored can be rebuilt from the
entries at any time and comes out equal; the same code does both.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.rules.calendar import legal_due
from domain.rules.clocks import Clock, EveryMinute, Measure, Notice
from domain.rules.sla import Terms
from domain.words import (
    HistoryKind,
    Priority,
    SlaCause,
    SlaMetric,
    SlaRisk,
    TicketStatus,
)

FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL = SlaMetric
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
}
ENDED_BY_RESOLVING = (RESOLUTION, LEVEL, LEGAL)
ANSWERED_BY_SENDING = frozenset({FIRST, NEXT})
LET_GO = frozenset(
    {HistoryKind.REPLY_WRITTEN, HistoryKind.REPLY_RETRIED, HistoryKind.APPROVAL_DECIDED}
)
ARRIVED_OR_NOT = frozenset({HistoryKind.REPLY_SENT, HistoryKind.REPLY_FAILED})
CALENDAR_DAYS = EveryMinute()
Key = tuple[SlaMetric, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One history entry, as far as clocks care."""

    kind: HistoryKind
    became: TicketStatus | None = None
    automated: bool = False
    reply_id: UUID | None = None
    """Of what it let go, or what became of that; None where it was given back."""


@dataclass(frozen=True, slots=True)
class Act:
    """What was done at once, and what the ticket goes by after it."""

    at: datetime
    steps: Sequence[Step]
    terms: Terms | None
    """None: nothing is measured yet, as with what was brought along from elsewhere."""
    priority: Priority


class Timekeeper:
    """A ticket's clocks, moved along its history."""

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

    def follow(self, act: Act) -> None:
        """Live through one act. Time never runs backwards, even where an import tells of before."""
        at = self._latest = max(act.at, self._latest or act.at)
        self.advance(at)
        # What the same act sends counts before what it does to the status.
        self._under_way |= under_way(step for step in act.steps if step.kind in LET_GO)
        if act.terms is None:
            self._status = _last_status(act.steps) or self._status
            return
        first = self._terms is None
        changed = not first and (self._terms, self._priority) != (act.terms, act.priority)
        before, self._terms = self._terms, act.terms
        priority, self._priority = self._priority, act.priority
        moved = any(step.kind is HistoryKind.LEVEL_CHANGED for step in act.steps)
        if moved:
            self._end(LEVEL, at, before)
        if changed and before is not None and priority is not None:
            cause = SlaCause.TRANSFER if moved else SlaCause.PRIORITY
            self._retarget(at, before, priority, cause)
        if moved:
            self._begin(LEVEL, at)
        opening = any(step.kind is HistoryKind.TICKET_OPENED for step in act.steps)
        for step in act.steps:
            self._step(step, at, opening=opening)
        self.advance(at)

    def advance(self, now: datetime) -> None:
        """Tell what is due by now."""
        self._now = now
        if self._terms is None:
            return
        told: list[Notice] = []
        for key, clock in self.clocks.items():
            self.clocks[key], notices = clock.notice(
                now, self.measure(clock.metric), self._terms.policy.warnings
            )
            told += notices
            if any(notice.is_breach for notice in notices):
                # Late again, and this time in earnest.
                self.undone.discard(key)
        self.notices += sorted(told, key=lambda notice: notice.due_at)

    def measure(self, metric: SlaMetric, terms: Terms | None = None) -> Measure:
        by = terms or self._terms
        return CALENDAR_DAYS if metric is LEGAL or by is None else by.calendar

    # ── one entry ────────────────────────────────────────────────────────────────────────────

    def _step(self, step: Step, at: datetime, *, opening: bool) -> None:
        kind = step.kind
        if kind is HistoryKind.TICKET_OPENED:
            self._status, self._registered = NEW, at
            for metric in (FIRST, RESOLUTION, LEVEL, LEGAL):
                self._begin(metric, at)
            self._become(step.became or NEW, at)
        elif kind is HistoryKind.OCCURRENCE_RECEIVED:
            if step.automated:
                return  # a machine asks nothing
            waited = self._status is PENDING
            if step.became:
                self._become(step.became, at)
            # T6; elsewhere the first response, while it is owed, covers whatever else is written.
            owed = self._open(FIRST) is not None and not waited
            if not opening and not owed and self._status not in (RESOLVED, CLOSED):
                self._ask(at)
        elif kind in LET_GO:
            self._run_or_rest(at)
        elif kind is HistoryKind.REPLY_SENT:
            if not step.automated:
                self._answered = True
                self._end(FIRST, at)
                self._end(NEXT, at)
            self._arrive(step.reply_id, at)
        elif kind is HistoryKind.REPLY_FAILED:
            self._arrive(step.reply_id, at, step.became)
        elif kind is HistoryKind.REOPENED:
            self._before_reopening = dict(self.clocks)
            self._become(step.became or OPEN, at)
            self._ask(at)
        elif kind is HistoryKind.ACKNOWLEDGED:
            self._undo_reopening(at)
        elif kind in (HistoryKind.MERGED, HistoryKind.REMOVED):
            if step.became is CLOSED or kind is HistoryKind.REMOVED:
                self._status = step.became or self._status
                self._under_way.clear()
                self._cancel_all(at)
        elif step.became and step.became is not self._status:
            self._become(step.became, at)

    def _become(self, status: TicketStatus, at: datetime) -> None:
        before, self._status = self._status, status
        if status is AWAITING and before is not AWAITING:
            self._begin(APPROVAL, at)
        elif before is AWAITING and status is not AWAITING:
            self._end(APPROVAL, at)
        if status in (RESOLVED, CLOSED):
            for metric in ENDED_BY_RESOLVING:
                self._end(metric, at)
        if status is CLOSED:
            self._cancel_all(at)
        # A reply held on what is resolved reopens nothing; what it leads to may.
        # Out of CLOSED leads nothing but T21.
        ended = (RESOLVED, CLOSED, AWAITING)
        if before in ended and status not in ended:
            self._resume_resolved(at)
        self._run_or_rest(at)

    def _arrive(
        self, reply_id: UUID | None, at: datetime, status: TicketStatus | None = None
    ) -> None:
        """A reply is under way no more; T21 where that moved the status, too."""
        if reply_id is not None:
            self._under_way.discard(reply_id)
        if status is not None and status is not self._status:
            self._become(status, at)
        elif self._status is CLOSED:
            self._cancel_all(at)
        else:
            self._run_or_rest(at)

    def _run_or_rest(self, at: datetime) -> None:
        for clock in [each for each in self.clocks.values() if each.is_open]:
            measure = self.measure(clock.metric)
            runs = self._runs(clock.metric)
            self._keep(clock.resume(at, measure) if runs else clock.pause(at, measure))

    def _runs(self, metric: SlaMetric) -> bool:
        """Whether its time passes as things stand. What was let go is not yet said."""
        waits = bool(self._under_way) and metric in ANSWERED_BY_SENDING
        return self._status is None or self._status in RUNS_IN[metric] or waits

    def _resume_resolved(self, at: datetime) -> None:
        """T11, T12, T21: what resolving had ended goes on; the time between does not count."""
        for metric in ENDED_BY_RESOLVING:
            clock = self._last(metric)
            if clock is None or clock.met_at is None:
                continue
            if metric is not LEGAL and self._target(metric) is None:
                # Not measured here, or any more: what another level ended stays ended.
                continue
            if metric is LEGAL:
                # Answered in time, and the time is over: reopening does not make it late.
                if clock.started_at + clock.target <= at:
                    continue
                clock = replace(clock, used=at - clock.started_at)
            self._keep(clock.resume(at, self.measure(metric)))

    def _undo_reopening(self, at: datetime) -> None:
        """T13: as if it had never been reopened; an answer given meanwhile stays given."""
        self._status = RESOLVED
        for key, clock in list(self.clocks.items()):
            before = self._before_reopening.get(key)
            if before is None and clock.is_open:
                measure = self.measure(clock.metric)
                # The time in a level that it came to meanwhile is over for now, like the other's.
                level = clock.metric is LEVEL
                ended = clock.meet(at, measure) if level else clock.cancel(at, measure)
                self._forgive(clock, replace(ended, breached_at=None))
            elif before is not None and (clock.is_open or not before.is_open):
                kept = replace(before, warned=max(before.warned, clock.warned))
                self._forgive(clock, replace(kept, target=clock.target))
        self._before_reopening = {}
        self._run_or_rest(at)

    def _forgive(self, clock: Clock, instead: Clock) -> None:
        if clock.breached_at is not None and instead.breached_at is None:
            self.undone.add((clock.metric, clock.cycle))
        self._keep(instead)

    # ── clocks of a metric ───────────────────────────────────────────────────────────────────

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

    def _target(self, metric: SlaMetric) -> timedelta | None:
        if self._terms is None or self._priority is None:
            return None
        return self._terms.policy.target(self._priority, metric)

    def _span(self, metric: SlaMetric, target: timedelta, registered: datetime) -> timedelta:
        """The legal deadline is the end of a day, so its length depends on when it began."""
        if metric is not LEGAL or self._terms is None:
            return target
        return legal_due(registered, target.days, self._terms.hours.time_zone) - registered

    def _ask(self, at: datetime) -> None:
        """The publisher waits for an answer; a question that waits already is the older one."""
        if self._open(NEXT) is None:
            self._begin(NEXT, at)

    def _end(self, metric: SlaMetric, at: datetime, terms: Terms | None = None) -> None:
        clock = self._open(metric)
        if clock is not None:
            self._keep(clock.meet(at, self.measure(metric, terms)))

    def _cancel_all(self, at: datetime) -> None:
        """Nothing is owed any more, but for what an answer under way may still be too late for."""
        for clock in [each for each in self.clocks.values() if each.is_open]:
            if not (self._under_way and clock.metric in ANSWERED_BY_SENDING):
                self._keep(clock.cancel(at, self.measure(clock.metric)))

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

    def _set(self, clock: Clock, at: datetime, cause: SlaCause) -> None:
        """Keep it; one that is late as it begins says why."""
        told: list[Notice] = []
        if clock.due_at == at:
            clock, told = clock.notice(at, self.measure(clock.metric), ())
        self._keep(clock)
        self.notices += [replace(each, cause=cause) for each in told]

    def _follows(self, clock: Clock) -> bool:
        """What is open, and what resolving ended and a reopening would let run on."""
        resumable = clock.metric in ENDED_BY_RESOLVING and self._status in (RESOLVED, AWAITING)
        return clock.is_open or (resumable and clock == self._last(clock.metric))

    def _open(self, metric: SlaMetric) -> Clock | None:
        last = self._last(metric)
        return last if last is not None and last.is_open else None

    def _last(self, metric: SlaMetric) -> Clock | None:
        cycles = [cycle for each, cycle in self.clocks if each is metric]
        return self.clocks[metric, max(cycles)] if cycles else None

    def _keep(self, clock: Clock) -> None:
        self.clocks[clock.metric, clock.cycle] = clock

    def hold(self, key: Key, *, breached_at: datetime | None, warned: int) -> None:
        """What was told before stays told."""
        clock = self.clocks[key]
        breached_at = clock.breached_at or breached_at
        self._keep(replace(clock, breached_at=breached_at, warned=max(clock.warned, warned)))

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
        # The law's own clock goes on while everything of ours stands still.
        ours = [each for each in clocks if each.metric is not LEGAL]
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


def sending_matters(statuses: Iterable[TicketStatus | None], clocks: Collection[Clock]) -> bool:
    """Whether a clock stands that would run while an answer is under way."""
    still = any(status in (PENDING, RESOLVED, CLOSED) for status in statuses)
    return still and any(each.is_open and each.metric in ANSWERED_BY_SENDING for each in clocks)


def _last_status(steps: Sequence[Step]) -> TicketStatus | None:
    became = [step.became for step in steps if step.became]
    return became[-1] if became else None
