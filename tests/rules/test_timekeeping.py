"""What a ticket's history does to its clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.rules.acts import Act, Step
from domain.rules.clocks import Clock
from domain.rules.hours import DayException, Hours, WeeklyInterval
from domain.rules.sla import Policy, Terms
from domain.rules.timekeeping import Timekeeper
from domain.words import HistoryKind, Priority, SlaCause, SlaMetric, SlaRisk, SlaState, TicketStatus

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, HISTORY = SlaMetric
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
LOW, MEDIUM, HIGH, URGENT = Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT
RUNNING, PAUSED, MET, BREACHED, CANCELLED = SlaState
OFFICE = tuple(
    WeeklyInterval(weekday, opens, closes)
    for weekday in range(1, 6)
    for opens, closes in ((time(9), time(12)), (time(13), time(18)))
)
K = Hours("America/Sao_Paulo", OFFICE, national_holidays=True)
ALWAYS = Hours(
    "America/Sao_Paulo", tuple(WeeklyInterval(each, time(0), time(0)) for each in range(1, 8))
)
TUESDAY = "2026-09-08T09:00"


def local(text: str) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    return moment.astimezone(UTC)


def terms(hours: Hours = K, warn_at: Sequence[int] = (50, 75, 90), **targets: timedelta) -> Terms:
    """The same targets for every priority; `first=HOUR` measures the first response."""
    names = {"first": FIRST, "next_": NEXT, "resolution": RESOLUTION, "approval": APPROVAL}
    names |= {"level": LEVEL, "legal": LEGAL}
    return Terms(
        Policy(
            {(each, names[name]): span for name, span in targets.items() for each in Priority},
            tuple(warn_at),
        ),
        hours,
    )


opened = Step(HistoryKind.TICKET_OPENED, NEW)
heard = Step(HistoryKind.OCCURRENCE_RECEIVED)
replied = Step(HistoryKind.REPLY_SENT)
moved = Step(HistoryKind.LEVEL_CHANGED)
acknowledged = Step(HistoryKind.ACKNOWLEDGED, RESOLVED)
reopened = (heard, Step(HistoryKind.REOPENED, OPEN))
noted = Step(HistoryKind.NOTE_ADDED)


def became(status: TicketStatus) -> Step:
    return Step(HistoryKind.STATUS_CHANGED, status)


def woke(status: TicketStatus = OPEN) -> Step:
    return Step(HistoryKind.OCCURRENCE_RECEIVED, status)


class Story:
    """A ticket told act by act, each at a moment on the clock in São Paulo."""

    def __init__(self, by: Terms, priority: Priority = MEDIUM, at: str = TUESDAY) -> None:
        self.keeper = Timekeeper()
        self.terms, self.priority = by, priority
        self.at(at, opened, heard)

    def at(
        self,
        moment: str,
        *steps: Step,
        by: Terms | None = None,
        priority: Priority | None = None,
    ) -> "Story":
        self.terms, self.priority = by or self.terms, priority or self.priority
        self.keeper.follow(Act(local(moment), steps, self.terms, self.priority))
        return self

    def until(self, moment: str) -> "Story":
        self.keeper.advance(local(moment))
        return self

    def clock(self, metric: SlaMetric, cycle: int = 1) -> Clock:
        return self.keeper.clocks[metric, cycle]

    def state(self, metric: SlaMetric, cycle: int = 1) -> SlaState:
        return self.clock(metric, cycle).state

    @property
    def told(self) -> list[tuple[SlaMetric, int, datetime]]:
        return [(each.metric, each.percent, each.due_at) for each in self.keeper.notices]


# ── registration ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("moment", "target", "due"),
    [
        ("2026-09-04T17:30", 2 * HOUR, "2026-09-08T10:30"),
        ("2026-09-08T11:50", 30 * MINUTE, "2026-09-08T13:20"),
        ("2026-09-05T15:00", HOUR, "2026-09-08T10:00"),
    ],
)
def test_the_first_response_is_due_after_its_opening_time(
    moment: str, target: timedelta, due: str
) -> None:
    story = Story(terms(first=target), at=moment)

    assert story.clock(FIRST).due_at == local(due)
    assert story.keeper.nearest() == local(due)


def test_the_first_response_is_due_in_the_afternoon_of_a_half_day() -> None:
    ashes = DayException(date(2026, 2, 18), "Quarta-feira de Cinzas", time(13), time(18))
    half = replace(K, exceptions=(ashes,), optional_holidays=True)

    story = Story(terms(half, first=HOUR), at="2026-02-18T10:00")

    assert story.clock(FIRST).due_at == local("2026-02-18T14:00")


def test_an_hour_that_the_clock_skips_is_not_waited_for() -> None:
    new_york = replace(ALWAYS, time_zone="America/New_York")
    noon = datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York"))
    keeper = Timekeeper()

    keeper.follow(Act(noon.astimezone(UTC), [opened], terms(new_york, first=DAY), MEDIUM))

    eastern = keeper.clocks[FIRST, 1].due_at
    assert eastern == datetime(2026, 3, 8, 13, tzinfo=ZoneInfo("America/New_York"))


def test_registration_begins_four_clocks_and_the_question_that_opens_it_no_fifth() -> None:
    story = Story(
        terms(first=HOUR, next_=HOUR, resolution=HOUR, approval=HOUR, level=HOUR, legal=7 * DAY)
    )

    assert set(story.keeper.clocks) == {(each, 1) for each in (FIRST, RESOLUTION, LEVEL, LEGAL)}
    assert all(story.state(metric, cycle) is RUNNING for metric, cycle in story.keeper.clocks)


@pytest.mark.parametrize(
    ("status", "first", "resolution"),
    [(OPEN, RUNNING, RUNNING), (PENDING, RUNNING, PAUSED), (RESOLVED, PAUSED, MET)],
)
def test_a_ticket_opened_by_hand_stands_as_its_status_says(
    status: TicketStatus, first: SlaState, resolution: SlaState
) -> None:
    keeper = Timekeeper()
    by_hand = Step(HistoryKind.TICKET_OPENED, status)

    keeper.follow(Act(local(TUESDAY), [by_hand], terms(first=HOUR, resolution=HOUR), MEDIUM))

    assert keeper.clocks[FIRST, 1].state is first
    assert keeper.clocks[RESOLUTION, 1].state is resolution


def test_what_was_brought_along_has_no_clock_until_the_publisher_writes() -> None:
    by = terms(first=HOUR, next_=HOUR, resolution=HOUR, legal=7 * DAY)
    keeper = Timekeeper()
    keeper.follow(Act(local("2026-09-04T10:00"), [opened, heard], None, MEDIUM))
    keeper.follow(Act(local("2026-09-04T11:00"), [became(PENDING)], None, MEDIUM))
    keeper.advance(local(TUESDAY))
    assert (keeper.clocks, keeper.notices, keeper.risk()) == ({}, [], SlaRisk.DONE)

    keeper.follow(Act(local(TUESDAY), [woke()], by, MEDIUM))

    assert list(keeper.clocks) == [(NEXT, 1)]
    assert keeper.clocks[NEXT, 1].due_at == local("2026-09-08T10:00")


# ── responses ────────────────────────────────────────────────────────────────────────────────


def test_pending_and_notes_and_automatic_replies_are_no_first_response() -> None:
    story = Story(terms(first=2 * HOUR))

    story.at("2026-09-08T09:10", became(PENDING))
    story.at("2026-09-08T09:20", noted)
    story.at("2026-09-08T09:30", replace(replied, automated=True))
    story.until("2026-09-08T11:00")

    assert story.state(FIRST) is BREACHED
    assert story.clock(FIRST).breached_at == local("2026-09-08T11:00")
    assert story.told[-1] == (FIRST, 100, local("2026-09-08T11:00"))


def test_a_human_reply_meets_the_first_response() -> None:
    story = Story(terms(first=2 * HOUR)).at("2026-09-08T10:59:59", replied)

    story.until("2026-09-09T12:00")

    assert story.state(FIRST) is MET
    assert story.clock(FIRST).met_at == local("2026-09-08T10:59:59")
    assert story.clock(FIRST).due_at == local("2026-09-08T11:00")
    assert [percent for _, percent, _ in story.told] == [50, 75, 90]


def test_a_reply_at_the_deadline_is_late() -> None:
    story = Story(terms(first=2 * HOUR)).at("2026-09-08T11:00", replied)

    assert story.state(FIRST) is BREACHED
    assert story.clock(FIRST).met_at == local("2026-09-08T11:00")


def test_the_first_response_stops_while_resolved_and_is_given_up_when_closed() -> None:
    story = Story(terms(first=2 * HOUR)).at("2026-09-08T10:00", became(RESOLVED))
    assert (story.state(FIRST), story.clock(FIRST).used) == (PAUSED, HOUR)

    story.at("2026-09-09T09:00", *reopened)
    assert story.clock(FIRST).due_at == local("2026-09-09T10:00")
    story.at("2026-09-09T09:30", became(CLOSED)).until("2026-09-10T12:00")

    assert story.state(FIRST) is CANCELLED
    assert 100 not in [percent for _, percent, _ in story.told]


def test_more_questions_before_the_first_response_begin_no_next_one() -> None:
    story = Story(terms(first=HOUR, next_=HOUR))

    story.at("2026-09-08T09:10", woke()).at("2026-09-08T09:20", heard)

    assert set(story.keeper.clocks) == {(FIRST, 1)}


def test_the_next_response_is_owed_from_the_oldest_question_that_waits() -> None:
    story = Story(terms(first=HOUR, next_=2 * HOUR)).at("2026-09-08T09:10", replied)

    story.at("2026-09-08T09:20", heard).at("2026-09-08T10:00", heard)
    assert story.clock(NEXT).due_at == local("2026-09-08T11:20")
    story.at("2026-09-08T10:30", replied).at("2026-09-08T10:40", heard)

    assert (story.state(NEXT), story.state(NEXT, 2)) == (MET, RUNNING)
    assert story.clock(NEXT, 2).started_at == local("2026-09-08T10:40")
    assert (NEXT, 3) not in story.keeper.clocks


def test_an_answer_to_what_was_asked_begins_a_next_response_even_before_the_first() -> None:
    story = Story(terms(first=8 * HOUR, next_=HOUR)).at("2026-09-08T09:10", became(PENDING))

    story.at("2026-09-08T10:00", woke())

    assert (story.state(FIRST), story.state(NEXT)) == (RUNNING, RUNNING)
    assert story.clock(NEXT).started_at == local("2026-09-08T10:00")


def test_the_next_response_idles_while_pending() -> None:
    story = Story(terms(next_=2 * HOUR)).at("2026-09-08T10:00", woke())

    story.at("2026-09-08T10:30", became(PENDING)).until("2026-09-10T12:00")
    assert (story.state(NEXT), story.clock(NEXT).used) == (PAUSED, 30 * MINUTE)
    assert story.keeper.risk() is SlaRisk.PAUSED
    story.at("2026-09-10T14:00", woke())

    assert story.clock(NEXT).due_at == local("2026-09-10T15:30")
    assert (NEXT, 2) not in story.keeper.clocks
    assert story.at("2026-09-10T14:10", became(CLOSED)).state(NEXT) is CANCELLED


def test_waking_by_itself_asks_nothing() -> None:
    story = Story(terms(first=HOUR, next_=HOUR)).at("2026-09-08T09:10", replied, became(PENDING))

    story.at("2026-09-08T10:00", became(OPEN))

    assert (NEXT, 1) not in story.keeper.clocks


def test_a_question_during_approval_waits_for_an_answer() -> None:
    story = Story(terms(first=HOUR, next_=HOUR)).at("2026-09-08T09:10", replied)

    story.at("2026-09-08T09:20", became(AWAITING)).at("2026-09-08T09:30", heard)

    assert story.state(NEXT) is RUNNING


# ── resolution ───────────────────────────────────────────────────────────────────────────────


def test_pending_stops_the_resolution_and_an_answer_resumes_it() -> None:
    story = Story(terms(resolution=8 * HOUR)).at("2026-09-08T11:00", became(PENDING))

    story.until("2026-09-09T09:59")
    assert story.clock(RESOLUTION).target - story.clock(RESOLUTION).used == 6 * HOUR
    assert story.told == []
    assert story.keeper.nearest() is None
    story.at("2026-09-09T10:00", woke())

    assert story.clock(RESOLUTION).due_at == local("2026-09-09T17:00")


def test_reopening_goes_on_where_it_stopped() -> None:
    story = Story(terms(resolution=8 * HOUR, level=9 * HOUR, next_=HOUR))
    story.at("2026-09-08T11:00", became(RESOLVED))
    assert (story.state(RESOLUTION), story.state(LEVEL)) == (MET, MET)
    assert story.keeper.risk() is SlaRisk.DONE

    story.at("2026-09-09T10:00", *reopened)

    assert (story.state(RESOLUTION), story.state(LEVEL)) == (RUNNING, RUNNING)
    assert story.clock(RESOLUTION).due_at == local("2026-09-09T17:00")
    assert story.clock(LEVEL).due_at == local("2026-09-09T18:00")
    assert story.clock(NEXT).started_at == local("2026-09-09T10:00")


def test_reopening_by_hand_asks_for_an_answer_too() -> None:
    story = Story(terms(next_=HOUR)).at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-08T14:00", Step(HistoryKind.REOPENED, OPEN))

    assert story.state(NEXT) is RUNNING


def test_resolved_late_stays_late_when_reopened() -> None:
    story = Story(terms(resolution=HOUR)).at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-08T14:00", *reopened).at("2026-09-08T15:00", became(CLOSED))

    assert story.state(RESOLUTION) is BREACHED
    assert [percent for _, percent, _ in story.told].count(100) == 1
    assert story.clock(RESOLUTION).met_at == local("2026-09-08T15:00")


def test_closing_what_is_resolved_changes_nothing_that_was_met() -> None:
    story = Story(terms(first=8 * HOUR, resolution=8 * HOUR))
    story.at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-10T00:00", became(CLOSED))

    assert story.clock(RESOLUTION).met_at == local("2026-09-08T11:00")
    assert story.state(FIRST) is CANCELLED


# ── a thank-you ──────────────────────────────────────────────────────────────────────────────


def test_a_thank_you_undoes_the_reopening() -> None:
    story = Story(terms(first=2 * HOUR, resolution=8 * HOUR, next_=8 * HOUR, level=8 * HOUR))
    story.at("2026-09-08T11:00", became(RESOLVED))
    before = dict(story.keeper.clocks)

    story.at("2026-09-09T10:00", *reopened).at("2026-09-09T10:30", acknowledged)

    assert story.state(NEXT) is CANCELLED
    assert {key: story.keeper.clocks[key] for key in before} == {
        key: replace(clock, warned=story.keeper.clocks[key].warned) for key, clock in before.items()
    }
    assert story.keeper.undone == set()


def test_what_became_late_by_a_false_reopening_is_no_miss() -> None:
    story = Story(terms(resolution=3 * HOUR, next_=HOUR)).at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-09T10:00", *reopened).at("2026-09-09T14:00", acknowledged)

    assert (story.state(RESOLUTION), story.state(NEXT)) == (MET, CANCELLED)
    assert story.keeper.undone == {(RESOLUTION, 1), (NEXT, 1)}
    assert story.keeper.risk() is SlaRisk.DONE


def test_reopened_in_earnest_after_a_thank_you_it_can_still_be_late() -> None:
    story = Story(terms(resolution=3 * HOUR)).at("2026-09-08T11:00", became(RESOLVED))
    story.at("2026-09-09T10:00", *reopened).at("2026-09-09T14:00", acknowledged)

    story.at("2026-09-10T09:00", *reopened).until("2026-09-10T10:00")

    assert story.state(RESOLUTION) is BREACHED
    assert story.clock(RESOLUTION).breached_at == local("2026-09-10T10:00")
    assert story.keeper.undone == set()


def test_an_answer_given_before_the_thank_you_stays_given() -> None:
    story = Story(terms(first=8 * HOUR, next_=8 * HOUR)).at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-09T10:00", *reopened).at("2026-09-09T10:10", replied)
    story.at("2026-09-09T10:30", acknowledged)

    assert (story.state(FIRST), story.state(NEXT)) == (MET, MET)


def test_what_was_late_before_stays_late_after_a_thank_you() -> None:
    story = Story(terms(resolution=HOUR)).at("2026-09-08T11:00", became(RESOLVED))

    story.at("2026-09-09T10:00", *reopened).at("2026-09-09T10:30", acknowledged)

    assert story.state(RESOLUTION) is BREACHED
    assert story.keeper.undone == set()


# ── endings ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "ending", [Step(HistoryKind.MERGED, CLOSED), Step(HistoryKind.REMOVED)], ids=lambda s: s.kind
)
def test_merged_or_removed_it_owes_nothing_any_more(ending: Step) -> None:
    story = Story(terms(first=HOUR, resolution=HOUR, level=HOUR, legal=7 * DAY))

    story.at("2026-09-08T09:30", ending).until("2026-10-01T12:00")

    assert {story.state(*key) for key in story.keeper.clocks} == {CANCELLED}
    assert [percent for _, percent, _ in story.told] == [50, 50, 50]
    assert story.keeper.risk() is SlaRisk.DONE
    assert story.keeper.nearest() is None


def test_the_target_of_a_merge_goes_on_as_before() -> None:
    story = Story(terms(first=HOUR))

    story.at("2026-09-08T09:30", Step(HistoryKind.MERGED))

    assert story.state(FIRST) is RUNNING


def test_closing_meets_the_resolution_and_cancels_what_nobody_answered() -> None:
    story = Story(terms(first=HOUR, resolution=HOUR, level=HOUR, legal=7 * DAY))

    story.at("2026-09-08T09:30", became(CLOSED))

    states = {metric: story.state(metric, cycle) for metric, cycle in story.keeper.clocks}
    assert states == {FIRST: CANCELLED, RESOLUTION: MET, LEVEL: MET, LEGAL: MET}


# ── approval ─────────────────────────────────────────────────────────────────────────────────


def test_approval_is_measured_while_it_is_awaited() -> None:
    story = Story(terms(approval=2 * HOUR, first=8 * HOUR))

    story.at("2026-09-08T10:00", became(AWAITING)).at("2026-09-08T11:00", became(OPEN))
    story.at("2026-09-08T14:00", became(AWAITING)).until("2026-09-08T16:00")

    assert (story.state(APPROVAL), story.clock(APPROVAL).used) == (MET, HOUR)
    assert story.state(APPROVAL, 2) is BREACHED
    assert story.state(FIRST) is RUNNING


# ── another level, another priority ──────────────────────────────────────────────────────────


def test_moved_with_more_used_than_there_is_it_is_late_at_once() -> None:
    story = Story(terms(resolution=8 * HOUR, level=8 * HOUR))
    story.until("2026-09-08T16:00")
    before = len(story.told)

    story.at(
        "2026-09-08T16:00", moved, became(ESCALATED), by=terms(resolution=4 * HOUR, level=HOUR)
    )

    assert [(each.metric, each.percent, each.cause) for each in story.keeper.notices[before:]] == [
        (RESOLUTION, 100, SlaCause.TRANSFER)
    ]
    assert story.clock(RESOLUTION).breached_at == local("2026-09-08T16:00")
    assert (story.state(LEVEL), story.state(LEVEL, 2)) == (MET, RUNNING)
    assert story.clock(LEVEL, 2).used == timedelta(0)
    assert story.clock(LEVEL, 2).due_at == local("2026-09-08T17:00")


def test_moved_the_rest_of_the_time_passes_in_the_new_calendar() -> None:
    story = Story(terms(resolution=8 * HOUR))

    story.at("2026-09-08T16:00", moved, by=terms(ALWAYS, resolution=10 * HOUR))

    assert story.clock(RESOLUTION).used == 6 * HOUR
    assert story.clock(RESOLUTION).due_at == local("2026-09-08T20:00")


def test_moved_while_pending_the_time_in_the_level_waits_too() -> None:
    story = Story(terms(level=8 * HOUR)).at("2026-09-08T10:00", became(PENDING))

    story.at("2026-09-08T11:00", moved, by=terms(level=4 * HOUR))
    assert (story.state(LEVEL), story.state(LEVEL, 2)) == (MET, PAUSED)
    story.at("2026-09-08T14:00", woke())

    assert story.clock(LEVEL, 2).due_at == local("2026-09-08T18:00")


def test_moved_to_equal_terms_only_the_time_in_the_level_begins_anew() -> None:
    by = terms(resolution=8 * HOUR, level=8 * HOUR)
    story = Story(by)
    before = story.clock(RESOLUTION)

    story.at("2026-09-08T10:00", moved, by=replace(by))

    assert story.clock(RESOLUTION) == before
    assert story.clock(LEVEL, 2).started_at == local("2026-09-08T10:00")


def test_a_ticket_that_comes_from_where_nothing_is_measured_is_measured_from_then_on() -> None:
    story = Story(terms())

    story.at("2026-09-08T11:00", moved, by=terms(first=HOUR, resolution=8 * HOUR, legal=7 * DAY))

    assert story.clock(FIRST).due_at == local("2026-09-08T12:00")
    assert story.clock(RESOLUTION).due_at == local("2026-09-09T11:00")
    assert story.clock(LEGAL).started_at == local(TUESDAY)
    assert story.clock(LEGAL).due_at == local("2026-09-15T23:59:59")


def test_whoever_was_answered_before_is_owed_no_first_response_later() -> None:
    story = Story(terms()).at("2026-09-08T10:00", replied)

    story.at("2026-09-08T11:00", moved, by=terms(first=HOUR, resolution=8 * HOUR))

    assert {metric for metric, _ in story.keeper.clocks} == {RESOLUTION}


def test_a_priority_that_is_measured_begins_what_the_other_was_not() -> None:
    policy = Policy({(URGENT, RESOLUTION): 2 * HOUR})
    story = Story(Terms(policy, K), LOW)

    story.at("2026-09-08T10:00", Step(HistoryKind.PRIORITY_CHANGED), priority=URGENT)

    assert story.clock(RESOLUTION).due_at == local("2026-09-08T12:00")


def test_a_detour_through_a_level_that_measures_nothing_ends_no_clock() -> None:
    measured = terms(resolution=4 * HOUR)
    story = Story(measured).at("2026-09-08T10:00", moved, by=terms())
    assert story.keeper.nearest() is None

    story.at("2026-09-08T11:00", moved, by=measured)

    assert story.clock(RESOLUTION).used == HOUR
    assert story.clock(RESOLUTION).due_at == local("2026-09-08T15:00")
    assert story.state(RESOLUTION) is RUNNING


def test_given_more_time_a_ticket_is_near_no_more_and_not_warned_again() -> None:
    story = Story(terms(resolution=2 * HOUR)).until("2026-09-08T10:50")
    assert story.keeper.risk() is SlaRisk.AT_RISK
    told = len(story.told)

    story.at("2026-09-08T10:55", moved, by=terms(resolution=20 * HOUR))
    story.until("2026-09-10T10:00")

    assert story.at("2026-09-08T10:56", noted).keeper.risk() is SlaRisk.ON_TIME
    assert len(story.told) == told


def test_where_a_metric_is_not_measured_its_clock_ends_without_a_verdict() -> None:
    story = Story(terms(resolution=8 * HOUR, legal=7 * DAY))

    story.at("2026-09-08T10:00", moved, by=terms(first=HOUR))
    story.at("2026-09-08T11:00", became(RESOLVED)).at("2026-09-08T14:00", *reopened)

    assert story.state(RESOLUTION) is CANCELLED
    assert story.state(LEGAL) is RUNNING


def test_the_time_in_a_level_that_was_left_is_over_for_good() -> None:
    story = Story(terms(level=2 * HOUR, resolution=8 * HOUR))
    story.at("2026-09-08T10:00", moved, by=terms(resolution=8 * HOUR))

    story.at("2026-09-08T11:00", became(RESOLVED)).at("2026-09-08T14:00", *reopened)
    story.until("2026-09-09T12:00")

    assert story.clock(LEVEL).met_at == local("2026-09-08T10:00")
    assert story.state(LEVEL) is MET


def test_another_priority_keeps_what_was_used() -> None:
    by = Terms(
        Policy({(MEDIUM, RESOLUTION): 8 * HOUR, (HIGH, RESOLUTION): 4 * HOUR}, (50, 75, 90)), K
    )
    story = Story(by)

    story.at("2026-09-08T11:00", noted, priority=HIGH)
    assert story.clock(RESOLUTION).due_at == local("2026-09-08T14:00")
    story.at("2026-09-08T11:00", noted, priority=MEDIUM)

    assert story.clock(RESOLUTION).due_at == local("2026-09-08T18:00")


def test_another_priority_may_make_it_late_at_once() -> None:
    by = Terms(
        Policy({(MEDIUM, RESOLUTION): 8 * HOUR, (HIGH, RESOLUTION): 2 * HOUR}, (50, 75, 90)), K
    )
    story = Story(by).at("2026-09-08T11:30", noted, priority=HIGH)

    [notice] = story.keeper.notices
    assert (notice.percent, notice.cause) == (100, SlaCause.PRIORITY)
    assert notice.due_at == local("2026-09-08T11:30")


def test_warnings_come_once_each_in_order_however_often_the_priority_changes() -> None:
    spans = {LOW: 16 * HOUR, MEDIUM: 8 * HOUR, HIGH: 7 * HOUR, URGENT: 6 * HOUR}
    by = Terms(Policy({(each, FIRST): span for each, span in spans.items()}, (50, 75, 90)), K)
    story = Story(by).until("2026-09-08T14:00")

    for moment, priority in (("14:10", LOW), ("14:20", HIGH), ("14:30", MEDIUM)):
        story.at(f"2026-09-08T{moment}", noted, priority=priority)
    story.until("2026-09-10T12:00")

    assert [percent for _, percent, _ in story.told] == [50, 75, 90, 100]
    assert story.told[-1] == (FIRST, 100, local("2026-09-08T18:00"))


# ── the law ──────────────────────────────────────────────────────────────────────────────────


def test_the_legal_deadline_is_the_end_of_the_seventh_day_whatever_happens() -> None:
    story = Story(terms(legal=7 * DAY), at="2026-09-04T10:00")

    story.at("2026-09-04T11:00", became(PENDING)).at("2026-09-09T11:00", woke())
    story.until("2026-09-30T00:00")

    assert story.clock(LEGAL).due_at == local("2026-09-11T23:59:59")
    assert [each[1:] for each in story.told][-1] == (100, local("2026-09-11T23:59:59"))
    assert [each[2] for each in story.told][:-1] == [local("2026-09-09T23:59:59")]


def test_resolved_in_time_and_reopened_before_the_day_the_law_waits_on() -> None:
    story = Story(terms(legal=7 * DAY), at="2026-09-04T10:00")

    story.at("2026-09-05T10:00", became(RESOLVED))
    assert story.state(LEGAL) is MET
    story.at("2026-09-08T10:00", *reopened)
    assert story.clock(LEGAL).due_at == local("2026-09-11T23:59:59")
    story.until("2026-09-12T00:00")

    assert story.state(LEGAL) is BREACHED


def test_resolved_in_time_and_reopened_after_the_day_it_was_in_time() -> None:
    story = Story(terms(legal=7 * DAY), at="2026-09-04T10:00")

    story.at("2026-09-05T10:00", became(RESOLVED)).at("2026-09-11T23:59:59", *reopened)
    story.until("2026-10-12T00:00")

    assert story.state(LEGAL) is MET
    assert story.clock(LEGAL).met_at == local("2026-09-05T10:00")
    assert story.told == []


def test_passed_on_the_legal_deadline_follows_the_days_of_the_new_level() -> None:
    story = Story(terms(legal=7 * DAY), at="2026-09-04T10:00")

    story.at("2026-09-08T10:00", moved, by=terms(legal=10 * DAY))
    assert story.clock(LEGAL).due_at == local("2026-09-14T23:59:59")
    story.at("2026-09-08T11:00", moved, by=terms(first=HOUR))

    assert story.clock(LEGAL).due_at == local("2026-09-14T23:59:59")


# ── what the ticket shows ────────────────────────────────────────────────────────────────────


def test_the_risk_is_the_worst_of_what_was_told() -> None:
    story = Story(terms(first=2 * HOUR, resolution=8 * HOUR))
    assert (story.keeper.risk(), story.keeper.nearest()) == (
        SlaRisk.ON_TIME,
        local("2026-09-08T11:00"),
    )

    assert story.until("2026-09-08T10:48").keeper.risk() is SlaRisk.AT_RISK
    assert story.until("2026-09-08T11:00").keeper.risk() is SlaRisk.BREACHED
    story.at("2026-09-08T11:10", replied)
    assert story.keeper.risk() is SlaRisk.ON_TIME
    assert story.keeper.nearest() == local("2026-09-08T18:00")
    assert story.at("2026-09-08T11:20", became(PENDING)).keeper.risk() is SlaRisk.PAUSED
    assert story.at("2026-09-08T11:30", became(RESOLVED)).keeper.risk() is SlaRisk.DONE


def test_after_downtime_all_clocks_tell_what_passed_in_the_order_in_which_it_did() -> None:
    story = Story(terms(first=HOUR, resolution=90 * MINUTE)).until("2026-09-20T00:00")

    assert [(metric, percent) for metric, percent, _ in story.told] == [
        (FIRST, 50),
        (FIRST, 75),
        (RESOLUTION, 50),
        (FIRST, 90),
        (FIRST, 100),
        (RESOLUTION, 75),
        (RESOLUTION, 90),
        (RESOLUTION, 100),
    ]
    assert all(one <= two for (_, _, one), (_, _, two) in pairwise(story.told))


def test_time_never_runs_backwards() -> None:
    story = Story(terms(resolution=8 * HOUR)).at("2026-09-08T11:00", became(PENDING))

    story.at("2026-09-08T10:00", woke())

    assert story.clock(RESOLUTION).running_since == local("2026-09-08T11:00")
    assert story.clock(RESOLUTION).used == 2 * HOUR
