"""The SLA policy: how much time each priority has for each metric, and when to warn.

Response and resolution are opening time of the level's calendar. LEGAL_RESPONSE is whole calendar
days, whatever the calendar says: Decreto 11.034/2022, art. 13, seven days from registration.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from domain.errors import Invalid
from domain.rules.calendar import Calendar, calendar_of, legal_due
from domain.rules.clocks import Clock
from domain.rules.hours import Hours
from domain.words import Priority, SlaMetric

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = timedelta(days=366)
WARNINGS_MOST = 10
USUAL_WARNINGS = (50, 75, 90, 100)
LEGAL_DAYS = 7
BY_LEVEL = tuple(each for each in SlaMetric if each is not SlaMetric.HISTORY)
"""What a level gives its own time for, or leaves out; of the rest the law leaves no choice."""
RESPONSE = {
    Priority.URGENT: HOUR / 2,
    Priority.HIGH: HOUR,
    Priority.MEDIUM: 4 * HOUR,
    Priority.LOW: 8 * HOUR,
}
RESOLUTION = {
    Priority.URGENT: 4 * HOUR,
    Priority.HIGH: 8 * HOUR,
    Priority.MEDIUM: 24 * HOUR,
    Priority.LOW: 48 * HOUR,
}

Targets = Mapping[tuple[Priority, SlaMetric], timedelta]


@dataclass(frozen=True)
class Policy:
    """Targets by priority and metric. What has no target is not measured."""

    targets: Targets
    warn_at: tuple[int, ...] = USUAL_WARNINGS
    """Percentages of the target. 100 is the breach itself, which is told whether listed or not."""

    def target(self, priority: Priority, metric: SlaMetric) -> timedelta | None:
        return self.targets.get((priority, metric))

    @property
    def warnings(self) -> tuple[int, ...]:
        return tuple(percent for percent in self.warn_at if percent < 100)

    def with_targets(self, given: Targets, unmeasured: Iterable[SlaMetric] | None) -> "Policy":
        """What is given changes and the rest stays; a metric is left out by naming it."""
        off = set(unmeasured or ()) - {metric for _, metric in given}
        kept = {key: target for key, target in self.targets.items() if key[1] not in off}
        return Policy({**kept, **given}, self.warn_at)

    def warning_at(self, percentages: Sequence[int]) -> "Policy":
        return Policy(self.targets, tuple(percentages))

    def as_json(self) -> dict[str, Any]:
        told: dict[str, dict[str, int]] = {}
        for (priority, metric), target in self.targets.items():
            told.setdefault(priority.value, {})[metric.value] = int(target.total_seconds())
        return {"targets": told, "warnAt": list(self.warn_at)}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "Policy":
        return cls(
            {
                (Priority(priority), SlaMetric(metric)): timedelta(seconds=seconds)
                for priority, metrics in value["targets"].items()
                for metric, seconds in metrics.items()
            },
            tuple(value["warnAt"]),
        )


def usual() -> Policy:
    """What a new level starts with. APPROVAL and LEVEL_TIME are measured once they are given."""
    return Policy(
        {
            **{(each, SlaMetric.FIRST_RESPONSE): target for each, target in RESPONSE.items()},
            **{(each, SlaMetric.NEXT_RESPONSE): target for each, target in RESPONSE.items()},
            **{(each, SlaMetric.RESOLUTION): target for each, target in RESOLUTION.items()},
            **{(each, SlaMetric.LEGAL_RESPONSE): LEGAL_DAYS * DAY for each in Priority},
        }
    )


def read_targets(given: Sequence[tuple[Priority, SlaMetric, int]]) -> Targets:
    """The targets, checked; INVALID names the place of the one that cannot be."""
    targets: dict[tuple[Priority, SlaMetric], timedelta] = {}
    for place, (priority, metric, seconds) in enumerate(given):
        path = ["slaTargets", str(place), "seconds"]
        if not 1 <= seconds <= LONGEST.total_seconds():
            raise Invalid("target_range", field=path, most=int(LONGEST.total_seconds()))
        if metric not in BY_LEVEL:
            raise Invalid("metric_fixed", field=["slaTargets", str(place), "metric"])
        if metric is SlaMetric.LEGAL_RESPONSE and seconds % DAY.total_seconds():
            raise Invalid("legal_in_days", field=path)
        if (priority, metric) in targets:
            raise Invalid(
                "target_twice",
                field=["slaTargets", str(place)],
                priority=priority.value,
                metric=metric.value,
            )
        targets[priority, metric] = timedelta(seconds=seconds)
    return targets


def check_warnings(percentages: Sequence[int]) -> None:
    """Nothing when they rise from 1 to 100; INVALID with the place of the one that does not."""
    if len(percentages) > WARNINGS_MOST:
        raise Invalid(
            "too_many", field=["warnAtPercent"], most=WARNINGS_MOST, count=len(percentages)
        )
    before = 0
    for place, percent in enumerate(percentages):
        path = ["warnAtPercent", str(place)]
        if not 1 <= percent <= 100:
            raise Invalid("warn_range", field=path)
        if percent <= before:
            raise Invalid("warn_unsorted", field=path)
        before = percent


@dataclass(frozen=True)
class Terms:
    """What a ticket's clocks go by: a policy and the hours it is measured in."""

    policy: Policy
    hours: Hours

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_of(self.hours)


def preview(
    terms: Terms, priority: Priority, opened_at: datetime
) -> list[tuple[SlaMetric, datetime]]:
    """When each clock that has a target would be due, if it began to run at that moment."""
    found: list[tuple[SlaMetric, datetime]] = []
    for metric in SlaMetric:
        target = terms.policy.target(priority, metric)
        if target is None:
            continue
        if metric is SlaMetric.LEGAL_RESPONSE:
            due_at = legal_due(opened_at, target.days, terms.hours.time_zone)
        else:
            clock = Clock(metric, 1, target, opened_at).resume(opened_at, terms.calendar)
            assert clock.due_at is not None  # it runs
            due_at = clock.due_at
        found.append((metric, due_at))
    return found
