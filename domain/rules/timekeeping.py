"""What a ticket's history does to its clocks: which start, pause, resume, are met or cancelled.

Clocks follow the history and nothing else, act by act. So what is stored can be rebuilt from the
entries at any time and comes out equal; the same code does both.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.rules.acts import (
    APPROVAL,
    AWAITING,
    CLOSED,
    ENDED_BY_RESOLVING,
    FIRST,
    HISTORY,
    LEGAL,
    LET_GO,
    LEVEL,
    NEW,
    NEXT,
    OPEN,
    OWED_AFTERWARDS,
    PENDING,
    RESOLUTION,
    RESOLVED,
    Act,
    Step,
    last_status,
    under_way,
)
from domain.rules.clocks import Clock, Notice
from domain.rules.clockwork import Clockwork
from domain.words import (
    HistoryKind,
    SlaCause,
    TicketStatus,
)


class Timekeeper(Clockwork):
    """A ticket's clocks, moved along its history."""

    def follow(self, act: Act) -> None:
        """Live through one act. Time never runs backwards, even where an import tells of before."""
        at = self._latest = max(act.at, self._latest or act.at)
        self.advance(at)
        # What the same act sends counts before what it does to the status.
        self._under_way |= under_way(step for step in act.steps if step.kind in LET_GO)
        if act.terms is None:
            self._status = last_status(act.steps) or self._status
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
        elif kind is HistoryKind.HISTORY_REQUESTED:
            if step.due_at is not None:
                self._owe_history(step.due_at, at)
        elif kind is HistoryKind.HISTORY_SENT:
            self._end(HISTORY, at)
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
            self._cancel_all(at, but=OWED_AFTERWARDS)
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
            self._cancel_all(at, but=OWED_AFTERWARDS)
        else:
            self._run_or_rest(at)

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
            if clock.metric is HISTORY:
                continue
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
