"""The sectors of Loja Aurora: three that work differently, so that each way can be seen."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Final

from domain.operations.levelling import LevelForm, Never
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.words import (
    AssignmentStrategy,
    GroupingMode,
    OutsideView,
    Priority,
    PullOrder,
    SlaMetric,
)
from server.demo_people import ADMINISTRATIVE, FINANCE, PEOPLE

ZONE: Final = "America/Sao_Paulo"
MINUTE, HOUR = 60, 3_600
FIRST, NEXT, RESOLUTION = (
    SlaMetric.FIRST_RESPONSE,
    SlaMetric.NEXT_RESPONSE,
    SlaMetric.RESOLUTION,
)
URGENT, HIGH, MEDIUM, LOW = Priority.URGENT, Priority.HIGH, Priority.MEDIUM, Priority.LOW
Times = Mapping[Priority, int]


def _every(days: Sequence[int], *spans: tuple[time, time]) -> list[WeeklyInterval]:
    return [WeeklyInterval(day, opens, closes) for day in days for opens, closes in spans]


def _targets(
    first: Times, following: Times, resolution: Times
) -> list[tuple[Priority, SlaMetric, int]]:
    metrics = {FIRST: first, NEXT: following, RESOLUTION: resolution}
    return [
        (priority, metric, seconds)
        for metric, times in metrics.items()
        for priority, seconds in times.items()
    ]


ALWAYS: Final = CalendarForm(
    name="24 horas",
    time_zone=ZONE,
    intervals=_every(range(1, 8), (time(0), time(0))),
    national_holidays=False,
)
OFFICE: Final = CalendarForm(
    name="Escritório",
    time_zone=ZONE,
    intervals=_every(range(1, 6), (time(8), time(12)), (time(13), time(18))),
    optional_holidays=True,
)
SHOP: Final = CalendarForm(
    name="Lojas, com sábado de manhã",
    time_zone=ZONE,
    intervals=[
        *_every(range(1, 6), (time(8), time(12)), (time(13), time(17))),
        *_every([6], (time(9), time(13))),
    ],
)

# The first is the fallback.
FORMS: Final = (
    LevelForm(
        name=ADMINISTRATIVE,
        default_priority=MEDIUM,
        grouping=GroupingMode.HIERARCHY,
        outside_view=OutsideView.COUNT,
        calendar=ALWAYS,
        sla_targets=_targets(
            {URGENT: 30 * MINUTE, HIGH: HOUR, MEDIUM: 4 * HOUR, LOW: 8 * HOUR},
            {URGENT: 2 * HOUR, HIGH: 4 * HOUR, MEDIUM: 8 * HOUR, LOW: 16 * HOUR},
            {URGENT: 24 * HOUR, HIGH: 48 * HOUR, MEDIUM: 96 * HOUR, LOW: 120 * HOUR},
        ),
        warn_at_percent=(30, 60),
        auto_close_after_days=2,
    ),
    LevelForm(
        name=FINANCE,
        default_priority=HIGH,
        grouping=GroupingMode.PUBLISHER,
        comment_required=True,
        batch_size=5,
        outside_view=OutsideView.STUB,
        assignment=AssignmentStrategy.LEAST_BUSY,
        calendar=OFFICE,
        sla_targets=_targets(
            {URGENT: HOUR, HIGH: 2 * HOUR, MEDIUM: 4 * HOUR, LOW: 8 * HOUR},
            {URGENT: 2 * HOUR, HIGH: 4 * HOUR, MEDIUM: 8 * HOUR, LOW: 16 * HOUR},
            {URGENT: 8 * HOUR, HIGH: 16 * HOUR, MEDIUM: 24 * HOUR, LOW: 40 * HOUR},
        ),
        warn_at_percent=(50, 80),
        auto_close_after_days=1,
    ),
    LevelForm(
        name=PEOPLE,
        default_priority=LOW,
        grouping=GroupingMode.HIERARCHY,
        group_old_occurrences=True,
        pull_order=PullOrder.OLDEST_FIRST,
        outside_view=OutsideView.NONE,
        calendar=SHOP,
        # Whoever works here is no consumer, so the consumers' seven days are not theirs.
        unmeasured=[SlaMetric.LEGAL_RESPONSE],
        warn_at_percent=(50, 75, 90),
        auto_close_after_days=Never.NEVER,
    ),
)
