"""Any story of a ticket: its clocks, kept act by act or not, stand where counting puts them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.acts import Act, Key, Step, owes_more
from domain.rules.clocks import Clock
from domain.rules.hours import Hours, WeeklyInterval
from domain.rules.sla import Policy, Terms
from domain.rules.timekeeping import Timekeeper
from domain.words import HistoryKind, Priority, SlaCause, SlaMetric, TicketStatus
from tests.rules.test_timekeeping import (
    K,
    acknowledged,
    became,
    heard,
    local,
    moved,
    noted,
    opened,
    reopened,
    replied,
    woke,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, _HISTORY = SlaMetric
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
LOW, MEDIUM, HIGH, URGENT = Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT
SHORT = replace(K, intervals=tuple(WeeklyInterval(day, time(8), time(14)) for day in range(1, 7)))


def _steep(hours: Hours, minutes: int, *, without: Sequence[SlaMetric] = ()) -> Terms:
    """Less time for what is more urgent; some metrics not measured at all."""
    share = {LOW: 8, MEDIUM: 4, HIGH: 2, URGENT: 1}
    metrics = [each for each in SlaMetric if each not in (LEGAL, _HISTORY, *without)]
    targets = {
        (priority, metric): minutes * times * (1 + place) * MINUTE
        for priority, times in share.items()
        for place, metric in enumerate(metrics)
    }
    legal = {} if LEGAL in without else {(each, LEGAL): 4 * DAY for each in Priority}
    return Terms(Policy({**targets, **legal}, (50, 75, 90)), hours)


MEASURED = (_steep(K, 60), _steep(SHORT, 80))
SOME = (
    _steep(K, 60),
    _steep(SHORT, 80, without=(NEXT, LEVEL)),
    _steep(K, 30, without=(FIRST,)),
    _steep(K, 90, without=tuple(SlaMetric)),
)
BEGINNING = local("2026-09-03T15:00")
KINDS = ["heard"] * 4 + ["replied"] * 2 + ["status"] * 4
KINDS += ["move", "move", "priority", *["acknowledge"] * 4, "automated", "noted", "end"]
Draw = tuple[int, str, int]
DRAWS = st.lists(
    st.tuples(st.integers(0, 60) | st.integers(0, 700), st.sampled_from(KINDS), st.integers(0, 11)),
    min_size=5,
    max_size=30,
)
NEXT_STATUS: dict[TicketStatus, tuple[TicketStatus, ...]] = {
    NEW: (OPEN, PENDING, RESOLVED, AWAITING),
    OPEN: (PENDING, RESOLVED, AWAITING),
    ESCALATED: (OPEN, PENDING, RESOLVED, AWAITING),
    PENDING: (OPEN, RESOLVED, AWAITING),
    AWAITING: (OPEN, PENDING, RESOLVED, NEW, ESCALATED, CLOSED),
    RESOLVED: (OPEN, AWAITING, OPEN, CLOSED),
}


@dataclass
class Teller:
    """A story that could be: each draw becomes an act, where the ticket's status lets it."""

    levels: Sequence[Terms]
    now: datetime = BEGINNING
    level: int = 0
    priority: Priority = MEDIUM
    status: TicketStatus = NEW
    only_heard: bool = False
    """Reopened by a message, and not moved since."""
    held_resolved: bool = False
    """A reply is held on it, and it was resolved before."""
    over: bool = False
    """Removed: nothing happens to it any more."""

    def told(self, draws: Sequence[Draw]) -> list[Act]:
        acts = [self.act(opened, heard)]
        for minutes, kind, choice in draws:
            self.now += minutes * MINUTE
            if self.over or self.status is CLOSED:
                break
            if steps := self.steps(kind, choice):
                acts.append(self.act(*steps))
        return acts

    def act(self, *steps: Step) -> Act:
        for step in steps:
            if step.became and step.became is not self.status:
                self.only_heard = step.kind is HistoryKind.REOPENED and heard in steps
                self.held_resolved = step.became is AWAITING and self.status is RESOLVED
                self.status = step.became
        return Act(self.now, steps, self.levels[self.level], self.priority)

    def steps(self, kind: str, choice: int) -> Sequence[Step]:
        if kind == "heard" and self.status in (NEW, PENDING):
            return [woke()]
        if kind == "heard" and self.status is RESOLVED:
            return reopened
        if kind == "acknowledge":
            if self.status is RESOLVED:
                return reopened
            if self.status is OPEN:
                return [acknowledged if self.only_heard else became(RESOLVED)]
        if kind == "move":
            return self.move(choice)
        if kind == "priority":
            self.priority = list(Priority)[choice % 4]
        if kind == "end" and choice > 9:
            removed = choice > 10
            self.over = removed
            return [Step(HistoryKind.REMOVED) if removed else Step(HistoryKind.MERGED, CLOSED)]
        if kind == "status" or (kind == "replied" and choice > 5):
            allowed = NEXT_STATUS.get(self.status, ())
            to = allowed[choice % len(allowed)] if allowed else CLOSED
            back = self.status is RESOLVED and to is OPEN
            back |= self.held_resolved and to not in (RESOLVED, CLOSED)
            changed = Step(HistoryKind.REOPENED, to) if back else became(to)
            return [replied, changed] if kind == "replied" else [changed]
        if kind == "automated":
            return [replace(replied, automated=True)]
        return [{"heard": heard, "replied": replied}.get(kind, noted)]

    def move(self, choice: int) -> Sequence[Step]:
        if self.status not in (NEW, OPEN, ESCALATED, PENDING):
            return []
        self.level = (self.level + 1 + choice % (len(self.levels) - 1)) % len(self.levels)
        return [moved, became(ESCALATED)] if choice > 5 else [moved]


def lived(acts: Sequence[Act], until: datetime) -> Timekeeper:
    keeper = Timekeeper()
    for act in acts:
        keeper.follow(act)
    keeper.advance(until)
    return keeper


def _told(keeper: Timekeeper) -> list[tuple[SlaMetric, int, int, datetime, SlaCause]]:
    return [
        (each.metric, each.cycle, each.percent, each.due_at, each.cause) for each in keeper.notices
    ]


@settings(max_examples=200, deadline=None)
@given(draws=DRAWS)
def test_clocks_that_were_put_away_between_acts_are_those_of_the_whole_story(
    draws: list[Draw],
) -> None:
    acts = Teller(SOME).told(draws)
    until = acts[-1].at + DAY
    told: list[tuple[SlaMetric, int, int, datetime, SlaCause]] = []
    clocks: dict[Key, Clock] = {}
    before: Act | None = None
    status: TicketStatus | None = None

    for place, act in enumerate(acts):
        more = (
            before is not None
            and act.terms is not None
            and (before.terms, before.priority) != (act.terms, act.priority)
            and owes_more(act.terms, act.priority, clocks)
        )
        if acknowledged in act.steps or more:
            # What undoes a reopening, or owes something new, is read again from the beginning.
            keeper = lived(acts[: place + 1], act.at)
            told = _told(keeper)
        else:
            keeper = Timekeeper(
                clocks.values(),
                terms=before.terms if before else None,
                priority=before.priority if before else None,
                status=status,
                latest=before.at if before else None,
            )
            keeper.follow(act)
            told += _told(keeper)
        clocks, before = keeper.clocks, act
        status = next((step.became for step in reversed(act.steps) if step.became), status)
    last = acts[-1]
    keeper = Timekeeper(
        clocks.values(), terms=last.terms, priority=last.priority, status=status, latest=last.at
    )
    keeper.advance(until)
    told += _told(keeper)

    whole = lived(acts, until)
    assert keeper.clocks == whole.clocks
    assert told == _told(whole)
    assert (keeper.risk(), keeper.nearest()) == (whole.risk(), whole.nearest())


@settings(max_examples=200, deadline=None)
@given(draws=DRAWS, looks=st.lists(st.integers(0, 20_000), max_size=30))
def test_looking_at_clocks_more_often_changes_nothing_but_when_things_are_told(
    draws: list[Draw], looks: list[int]
) -> None:
    acts = Teller(SOME).told(draws)
    until = acts[-1].at + DAY
    moments = sorted(BEGINNING + each * MINUTE for each in looks)

    keeper = Timekeeper()
    for act in acts:
        while moments and moments[0] < act.at:
            keeper.advance(moments.pop(0))
        keeper.follow(act)
    keeper.advance(until)

    seldom = lived(acts, until)
    assert keeper.clocks == seldom.clocks
    assert sorted(_told(keeper), key=str) == sorted(_told(seldom), key=str)
    assert keeper.undone == seldom.undone


@settings(max_examples=200, deadline=None)
@given(draws=DRAWS)
def test_whatever_happens_nothing_is_told_twice_and_breaches_stand_behind_warnings(
    draws: list[Draw],
) -> None:
    acts = [act for act in Teller(SOME).told(draws) if acknowledged not in act.steps]

    keeper = lived(acts, acts[-1].at + DAY)

    by_clock: dict[Key, list[tuple[int, datetime]]] = {}
    for each in keeper.notices:
        by_clock.setdefault((each.metric, each.cycle), []).append((each.percent, each.due_at))
    for key, told in by_clock.items():
        assert all(one[0] < two[0] and one[1] <= two[1] for one, two in pairwise(told))
        assert (told[-1][0] == 100) == (keeper.clocks[key].breached_at is not None)
        if told[-1][0] == 100:
            assert keeper.clocks[key].breached_at == told[-1][1]


# ── an oracle that counts minutes ────────────────────────────────────────────────────────────


def _minutes(by: Terms) -> list[int]:
    """How many open minutes have passed, by the minutes since the beginning."""
    span = range(30 * 701 + 2 * 1440)
    is_open = (by.calendar.is_open(BEGINNING + each * MINUTE) for each in span)
    return [0, *accumulate(int(each) for each in is_open)]


OPEN_MINUTES = [_minutes(each) for each in MEASURED]
ON_US = (NEW, OPEN, ESCALATED, AWAITING)
RUNS = {
    FIRST: (*ON_US, PENDING),
    NEXT: ON_US,
    RESOLUTION: ON_US,
    LEVEL: ON_US,
    APPROVAL: (AWAITING,),
}


@dataclass(frozen=True)
class Counted:
    """A clock that only counts: its open minutes so far, and whether they were ever too many."""

    used: int = 0
    late: bool = False
    ended: str = ""


class Counter:
    """Every clock but the legal one, kept by counting minutes from one act to the next."""

    def __init__(self) -> None:
        self.clocks: dict[Key, Counted] = {}
        self.status = NEW
        self.act: Act | None = None
        self.reopened: dict[Key, Counted] = {}
        self.answered = False

    def count(self, until: datetime) -> None:
        if self.act is None:
            return
        passed = OPEN_MINUTES[MEASURED.index(self.act.terms or MEASURED[0])]
        since, to = ((at - BEGINNING) // MINUTE for at in (self.act.at, until))
        for key, clock in self.clocks.items():
            if not clock.ended and self.status in RUNS[key[0]]:
                used = clock.used + passed[to] - passed[since]
                self.clocks[key] = replace(
                    clock, used=used, late=clock.late or self.much(key, used)
                )

    def much(self, key: Key, used: int) -> bool:
        assert self.act is not None
        assert self.act.terms is not None
        target = self.act.terms.policy.target(self.act.priority, key[0])
        return target is not None and used * MINUTE >= target

    def follow(self, act: Act) -> None:
        self.count(act.at)
        kinds = {step.kind: step for step in act.steps}
        before, self.act = self.status, act
        was_owed = self.last(FIRST)
        for step in act.steps:
            if step.became:
                self.status = step.became
        if HistoryKind.TICKET_OPENED in kinds:
            for metric in (FIRST, RESOLUTION, LEVEL):
                self.begin(metric)
        if HistoryKind.LEVEL_CHANGED in kinds:
            self.end(LEVEL, "met")
            self.begin(LEVEL)
        if HistoryKind.REPLY_SENT in kinds and not kinds[HistoryKind.REPLY_SENT].automated:
            self.end(FIRST, "met")
            self.end(NEXT, "met")
        if HistoryKind.REOPENED in kinds:
            self.reopened = dict(self.clocks)
        # A reply that is held on what is resolved reopens nothing yet.
        if before in (RESOLVED, AWAITING) and self.status not in (RESOLVED, CLOSED, AWAITING):
            for metric in (RESOLUTION, LEVEL):
                if (last := self.last(metric)) and self.clocks[last].ended == "met":
                    self.clocks[last] = replace(self.clocks[last], ended="")
        if HistoryKind.OCCURRENCE_RECEIVED in kinds and HistoryKind.TICKET_OPENED not in kinds:
            first_waits = was_owed is not None and not self.clocks[was_owed].ended
            if before is PENDING or not first_waits:
                self.ask()
        if HistoryKind.REOPENED in kinds:
            self.ask()
        if self.status is AWAITING and before is not AWAITING:
            self.begin(APPROVAL)
        if before is AWAITING and self.status is not AWAITING:
            self.end(APPROVAL, "cancelled" if HistoryKind.MERGED in kinds else "met")
        if HistoryKind.ACKNOWLEDGED in kinds:
            self.forget()
        elif HistoryKind.MERGED in kinds or HistoryKind.REMOVED in kinds:
            self.end_all()
        elif self.status in (RESOLVED, CLOSED):
            self.end(RESOLUTION, "met")
            self.end(LEVEL, "met")
        if self.status is CLOSED:
            self.end_all()
        for key, clock in self.clocks.items():
            if not clock.ended and self.status in RUNS[key[0]] and self.much(key, clock.used):
                self.clocks[key] = replace(clock, late=True)

    def forget(self) -> None:
        """As it was before the reopening, but for what was answered since."""
        for key, clock in self.clocks.items():
            if key not in self.reopened and not clock.ended:
                how = "met" if key[0] is LEVEL else "cancelled"
                self.clocks[key] = replace(clock, ended=how, late=False)
            elif key in self.reopened and (not clock.ended or self.reopened[key].ended):
                self.clocks[key] = self.reopened[key]

    def last(self, metric: SlaMetric) -> Key | None:
        return max((key for key in self.clocks if key[0] is metric), default=None)

    def ask(self) -> None:
        last = self.last(NEXT)
        if last is None or self.clocks[last].ended:
            self.begin(NEXT)

    def begin(self, metric: SlaMetric) -> None:
        last = self.last(metric)
        self.clocks[metric, last[1] + 1 if last else 1] = Counted()

    def end(self, metric: SlaMetric, how: str) -> None:
        last = self.last(metric)
        if last is not None and not self.clocks[last].ended:
            self.clocks[last] = replace(self.clocks[last], ended=how)

    def end_all(self) -> None:
        for key, clock in self.clocks.items():
            if not clock.ended:
                self.clocks[key] = replace(clock, ended="cancelled")


def _as_counted(clock: Clock, by: Terms, until: datetime) -> Counted:
    ended = "met" if clock.met_at else "cancelled" if clock.cancelled_at else ""
    used = clock.used_at(until, by.calendar)
    return Counted(used // MINUTE, clock.breached_at is not None, ended)


@settings(max_examples=300, deadline=None)
@given(draws=DRAWS)
def test_clocks_stand_where_counting_minutes_puts_them(draws: list[Draw]) -> None:
    acts = Teller(MEASURED).told(draws)
    until = acts[-1].at + DAY
    by = acts[-1].terms
    assert by is not None

    keeper, counter = lived(acts, until), Counter()
    for act in acts:
        counter.follow(act)
    counter.count(until)

    assert counter.clocks == {
        key: _as_counted(clock, by, until)
        for key, clock in keeper.clocks.items()
        if key[0] is not LEGAL
    }


@settings(max_examples=200, deadline=None)
@given(draws=DRAWS)
def test_between_running_and_being_due_lies_what_is_left_of_the_target(draws: list[Draw]) -> None:
    keeper = Timekeeper()

    for act in Teller(SOME).told(draws):
        keeper.follow(act)

        for clock in keeper.clocks.values():
            if clock.running_since is None or clock.due_at is None:
                assert clock.running_since is None
            elif clock.used < clock.target:
                measure = keeper.measure(clock.metric)
                left = measure.open_between(clock.running_since, clock.due_at)
                assert left == clock.target - clock.used
            else:
                assert clock.breached_at == clock.due_at
