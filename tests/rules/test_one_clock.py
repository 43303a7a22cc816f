"""One clock: what is used up, when it is due, and what is told of it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.rules.calendar import calendar_of
from domain.rules.clocks import Clock, EveryMinute
from domain.rules.hours import DayException, Hours, WeeklyInterval
from domain.words import SlaCause, SlaMetric, SlaRisk, SlaState

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZERO = timedelta()
OFFICE = tuple(
    WeeklyInterval(weekday, opens, closes)
    for weekday in range(1, 6)
    for opens, closes in ((time(9), time(12)), (time(13), time(18)))
)
K = calendar_of(Hours("America/Sao_Paulo", OFFICE, national_holidays=True))
ALWAYS = EveryMinute()
WARNINGS = (50, 75, 90)
START = datetime(2026, 9, 8, 12, tzinfo=UTC)


def local(text: str) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    return moment.astimezone(UTC)


def clock(target: timedelta = HOUR, metric: SlaMetric = SlaMetric.RESOLUTION) -> Clock:
    return Clock(metric, 1, target, START)


def test_it_is_due_when_its_target_of_opening_time_has_passed() -> None:
    running = clock(2 * HOUR).resume(local("2026-09-04T17:30"), K)

    assert running.due_at == local("2026-09-08T10:30")
    assert running.state is SlaState.RUNNING
    assert running.used_at(local("2026-09-04T17:45"), K) == 15 * MINUTE
    assert running.used_at(local("2026-09-07T12:00"), K) == 30 * MINUTE


def test_paused_it_owes_no_moment_and_keeps_what_it_used() -> None:
    running = clock(8 * HOUR).resume(local("2026-09-08T09:00"), K)

    paused = running.pause(local("2026-09-08T11:00"), K)
    resumed = paused.resume(local("2026-09-09T10:00"), K)

    assert (paused.due_at, paused.used) == (None, 2 * HOUR)
    assert paused.paused_at == local("2026-09-08T11:00")
    assert paused.state is SlaState.PAUSED
    assert paused.used_at(local("2027-01-01T00:00"), K) == 2 * HOUR
    assert resumed.due_at == local("2026-09-09T17:00")
    assert resumed.paused_at is None


def test_pausing_and_resuming_twice_changes_nothing() -> None:
    running = clock().resume(START, ALWAYS)
    paused = running.pause(START + MINUTE, ALWAYS)

    assert running.resume(START + MINUTE, ALWAYS) == running
    assert paused.pause(START + HOUR, ALWAYS) == paused


def test_the_deadline_is_the_first_instant_that_is_late() -> None:
    running = clock().resume(START, ALWAYS)
    just_before = START + HOUR - timedelta(microseconds=1)

    before, nothing = running.notice(just_before, ALWAYS, ())
    late, told = running.notice(START + HOUR, ALWAYS, ())

    assert (before, nothing) == (running, [])
    assert running.risk(just_before, ALWAYS, ()) is SlaRisk.ON_TIME
    assert running.risk(START + HOUR, ALWAYS, ()) is SlaRisk.BREACHED
    assert [(each.percent, each.due_at, each.cause) for each in told] == [
        (100, START + HOUR, SlaCause.TIMER)
    ]
    assert late.breached_at == START + HOUR


def test_a_breach_stays_whatever_comes() -> None:
    late, _ = clock().resume(START, ALWAYS).notice(START + DAY, ALWAYS, ())
    later = START + DAY

    for each in (
        late,
        late.pause(later, ALWAYS),
        late.meet(later, ALWAYS),
        late.cancel(later, ALWAYS),
        late.meet(later, ALWAYS).resume(later, ALWAYS),
        late.retarget(later, 9 * DAY, ALWAYS, ALWAYS),
    ):
        assert each.state is SlaState.BREACHED
        assert each.breached_at == START + HOUR
        assert each.notice(later + 99 * DAY, ALWAYS, WARNINGS) == (each, [])


def test_after_downtime_every_share_is_told_in_order_with_its_own_moment() -> None:
    running = clock(100 * MINUTE).resume(START, ALWAYS)

    late, told = running.notice(START + DAY, ALWAYS, WARNINGS)

    assert [(each.percent, each.due_at - START) for each in told] == [
        (50, 50 * MINUTE),
        (75, 75 * MINUTE),
        (90, 90 * MINUTE),
        (100, 100 * MINUTE),
    ]
    assert late.notice(START + DAY, ALWAYS, WARNINGS) == (late, [])


def test_shares_are_opening_time() -> None:
    running = clock(4 * HOUR).resume(local("2026-09-08T10:00"), K)

    _, told = running.notice(local("2026-09-09T00:00"), K, WARNINGS)

    assert [each.due_at for each in told] == [
        local("2026-09-08T12:00"),  # at closing, not when lunch is over
        local("2026-09-08T14:00"),
        local("2026-09-08T14:36"),
        local("2026-09-08T15:00"),
    ]


def test_each_share_is_told_once_over_pauses() -> None:
    running = clock(100 * MINUTE).resume(START, ALWAYS)
    running, first = running.notice(START + 60 * MINUTE, ALWAYS, WARNINGS)

    again = running.pause(START + 60 * MINUTE, ALWAYS).resume(START + DAY, ALWAYS)
    again, none = again.notice(START + DAY + 14 * MINUTE, ALWAYS, WARNINGS)
    _, second = again.notice(START + DAY + 15 * MINUTE, ALWAYS, WARNINGS)

    assert [each.percent for each in first] == [50]
    assert none == []
    assert [(each.percent, each.due_at) for each in second] == [(75, START + DAY + 15 * MINUTE)]


def test_other_rules_keep_what_was_used() -> None:
    running = clock(8 * HOUR).resume(local("2026-09-08T09:00"), K)

    moved = running.retarget(local("2026-09-08T15:00"), 6 * HOUR, K, ALWAYS)

    assert moved.used == 5 * HOUR
    assert moved.due_at == local("2026-09-08T16:00")


def test_what_is_used_up_when_the_rules_change_is_late_at_that_instant_and_warns_of_nothing() -> (
    None
):
    running = clock(8 * HOUR).resume(START, ALWAYS)
    then = START + 3 * HOUR

    late, told = running.retarget(then, 2 * HOUR, ALWAYS, ALWAYS).notice(then, ALWAYS, WARNINGS)

    assert [(each.percent, each.due_at) for each in told] == [(100, then)]
    assert late.breached_at == then


def test_a_paused_clock_under_other_rules_is_not_late_before_it_runs() -> None:
    paused = clock(8 * HOUR).resume(START, ALWAYS).pause(START + 3 * HOUR, ALWAYS)

    moved = paused.retarget(START + 4 * HOUR, 2 * HOUR, ALWAYS, ALWAYS)
    _, nothing = moved.notice(START + DAY, ALWAYS, WARNINGS)
    _, told = moved.resume(START + DAY, ALWAYS).notice(START + DAY, ALWAYS, WARNINGS)

    assert nothing == []
    assert [(each.percent, each.due_at) for each in told] == [(100, START + DAY)]


def test_a_told_share_is_not_told_again_under_a_longer_target() -> None:
    running, _ = clock(100 * MINUTE).resume(START, ALWAYS).notice(START + HOUR, ALWAYS, WARNINGS)

    moved = running.retarget(START + HOUR, 200 * MINUTE, ALWAYS, ALWAYS)
    _, told = moved.notice(START + 150 * MINUTE, ALWAYS, WARNINGS)

    assert [(each.percent, each.due_at) for each in told] == [(75, START + 150 * MINUTE)]


def test_the_legal_deadline_warns_two_days_before_and_only_then() -> None:
    running = clock(7 * DAY, SlaMetric.LEGAL_RESPONSE).resume(START, ALWAYS)

    _, told = running.notice(START + 7 * DAY, ALWAYS, WARNINGS)

    assert [(each.percent, each.due_at) for each in told] == [
        (71, START + 5 * DAY),
        (100, START + 7 * DAY),
    ]


@pytest.mark.parametrize("days", [1, 2])
def test_a_legal_deadline_of_two_days_has_no_time_to_warn(days: int) -> None:
    running = clock(days * DAY, SlaMetric.LEGAL_RESPONSE).resume(START, ALWAYS)

    _, told = running.notice(START + 7 * DAY, ALWAYS, WARNINGS)

    assert [each.percent for each in told] == [100]


def test_the_risk_rises_with_the_last_warning() -> None:
    running = clock(100 * MINUTE).resume(START, ALWAYS)

    assert running.risk(START + 89 * MINUTE, ALWAYS, WARNINGS) is SlaRisk.ON_TIME
    assert running.risk(START + 90 * MINUTE, ALWAYS, WARNINGS) is SlaRisk.AT_RISK
    assert running.risk(START + 90 * MINUTE, ALWAYS, ()) is SlaRisk.ON_TIME
    paused = running.pause(START + 95 * MINUTE, ALWAYS)
    assert paused.risk(START + DAY, ALWAYS, WARNINGS) is SlaRisk.PAUSED
    assert running.meet(START + MINUTE, ALWAYS).risk(START, ALWAYS, ()) is SlaRisk.DONE


def test_a_level_that_opens_too_seldom_takes_tickets_in_as_well() -> None:
    a_second = (WeeklyInterval(1, time(9), time(9, 0, 1)),)
    seldom = calendar_of(Hours("America/Sao_Paulo", a_second))

    running = clock(HOUR).resume(START, seldom)
    same, told = running.notice(START + 366 * DAY, seldom, WARNINGS)

    assert running.due_at is not None
    assert running.due_at > START + 19 * 366 * DAY
    assert (same, told) == (running, [])


def test_an_afternoon_that_is_open_by_exception_counts() -> None:
    ashes = DayException(date(2026, 2, 18), "Quarta-feira de Cinzas", time(13), time(18))
    calendar = calendar_of(Hours("America/Sao_Paulo", OFFICE, (ashes,), True, True))

    running = clock(HOUR).resume(local("2026-02-18T10:00"), calendar)

    assert running.used == ZERO
    assert running.due_at == local("2026-02-18T14:00")
