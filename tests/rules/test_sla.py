"""A level's SLA policy: what it starts with, what an edit changes, and what it refuses."""

from datetime import time, timedelta

import pytest

from domain.errors import Invalid
from domain.rules import sla
from domain.rules.hours import Hours, WeeklyInterval
from domain.rules.sla import Policy, Terms, check_warnings, read_targets, usual
from domain.words import Priority, SlaMetric

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LOW, MEDIUM, HIGH, URGENT = Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT
FIRST, NEXT, RESOLUTION, APPROVAL, LEVEL, LEGAL, _HISTORY = SlaMetric


@pytest.mark.parametrize(
    ("priority", "response", "resolution"),
    [
        (URGENT, 30 * MINUTE, 4 * HOUR),
        (HIGH, HOUR, 8 * HOUR),
        (MEDIUM, 4 * HOUR, 24 * HOUR),
        (LOW, 8 * HOUR, 48 * HOUR),
    ],
)
def test_a_new_level_starts_with_the_usual_targets(
    priority: Priority, response: timedelta, resolution: timedelta
) -> None:
    policy = usual()

    assert policy.target(priority, FIRST) == response
    assert policy.target(priority, NEXT) == response
    assert policy.target(priority, RESOLUTION) == resolution
    assert policy.target(priority, LEGAL) == 7 * DAY
    assert policy.target(priority, APPROVAL) is None
    assert policy.target(priority, LEVEL) is None
    assert policy.warn_at == (50, 75, 90, 100)


def test_what_is_given_changes_and_the_rest_stays() -> None:
    before = usual().warning_at([80])

    after = before.with_targets(read_targets([(HIGH, FIRST, 600)]), None)

    assert after.target(HIGH, FIRST) == 10 * MINUTE
    assert after.target(URGENT, FIRST) == 30 * MINUTE
    assert after.target(HIGH, RESOLUTION) == 8 * HOUR
    assert after.warn_at == (80,)
    assert before.target(HIGH, FIRST) == HOUR


def test_a_metric_is_left_out_by_naming_it_for_all_priorities() -> None:
    after = usual().with_targets({}, [NEXT, LEGAL])

    assert all(after.target(each, NEXT) is None for each in Priority)
    assert all(after.target(each, LEGAL) is None for each in Priority)
    assert after.target(LOW, FIRST) == 8 * HOUR


def test_a_metric_that_is_given_and_left_out_at_once_is_measured() -> None:
    after = usual().with_targets({(HIGH, NEXT): HOUR}, [NEXT])

    assert after.target(HIGH, NEXT) == HOUR
    assert after.target(LOW, NEXT) == 8 * HOUR


def test_a_hundred_percent_is_the_breach_and_no_warning() -> None:
    assert usual().warnings == (50, 75, 90)
    assert usual().warning_at([100]).warnings == ()
    assert usual().warning_at([]).warnings == ()


def test_a_policy_read_back_is_the_same() -> None:
    policy = usual().with_targets({(LOW, APPROVAL): MINUTE}, [LEGAL]).warning_at([10, 99])

    again = Policy.of_json(policy.as_json())

    assert again == policy
    assert again != usual()


def test_terms_are_equal_when_policy_and_hours_are() -> None:
    week = (WeeklyInterval(1, time(9), time(18)),)

    one = Terms(usual(), Hours("America/Sao_Paulo", week))
    same = Terms(Policy.of_json(usual().as_json()), Hours("America/Sao_Paulo", week))

    assert one == same
    assert one.calendar is same.calendar
    assert one != Terms(usual(), Hours("America/Manaus", week))


@pytest.mark.parametrize("seconds", [0, -1, 366 * 86_400 + 1])
def test_a_target_is_from_a_second_to_a_year(seconds: int) -> None:
    with pytest.raises(Invalid) as refused:
        read_targets([(LOW, FIRST, 1), (HIGH, FIRST, seconds)])

    assert refused.value.field == ("slaTargets", "1", "seconds")


def test_the_longest_and_the_shortest_target_are_taken() -> None:
    longest = int(sla.LONGEST.total_seconds())

    targets = read_targets([(LOW, FIRST, 1), (HIGH, FIRST, longest)])

    assert targets == {(LOW, FIRST): timedelta(seconds=1), (HIGH, FIRST): sla.LONGEST}


def test_the_legal_target_is_whole_days() -> None:
    with pytest.raises(Invalid) as refused:
        read_targets([(LOW, LEGAL, 7 * 86_400 + 1)])

    assert refused.value.field == ("slaTargets", "0", "seconds")
    assert read_targets([(LOW, LEGAL, 10 * 86_400)]) == {(LOW, LEGAL): 10 * DAY}


def test_a_target_is_given_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_targets([(LOW, FIRST, 60), (HIGH, FIRST, 60), (LOW, FIRST, 90)])

    assert refused.value.field == ("slaTargets", "2")


@pytest.mark.parametrize(
    ("percentages", "field"),
    [
        ([0], ["warnAtPercent", "0"]),
        ([50, 101], ["warnAtPercent", "1"]),
        ([75, 50], ["warnAtPercent", "1"]),
        ([50, 50], ["warnAtPercent", "1"]),
        (range(1, 12), ["warnAtPercent"]),
    ],
)
def test_warnings_rise_from_1_to_100(percentages: list[int], field: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_warnings(percentages)

    assert refused.value.field == tuple(field)


def test_as_few_warnings_as_none_and_as_many_as_ten_are_taken() -> None:
    check_warnings([])
    check_warnings([1, 100])
    check_warnings(range(10, 101, 10))
