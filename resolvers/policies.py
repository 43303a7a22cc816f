"""What a level owes by when, and when it is open: policy, windows, and what would be due."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry

from domain.errors import Invalid, NotFound
from domain.model.calendar import Calendar
from domain.model.level import Level
from domain.model.sla import SlaTerms
from domain.rules import checking, sla
from domain.rules.sla import BY_LEVEL, Terms
from domain.words import Priority, SlaMetric
from resolvers.context import Info

Lv = strawberry.Parent[Level]
Pol = strawberry.Parent[SlaTerms]
FORTNIGHT, DAYS_MOST = 14, 92
YEARS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Target:
    priority: Priority
    metric: SlaMetric
    seconds: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A while without a break in which a level is open."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    metric: SlaMetric
    due_at: datetime


def policy(level: Lv, info: Info) -> Awaitable[SlaTerms | None]:
    return info.context.loaders.policy(level.terms_id)


def targets(policy: Pol) -> list[Target]:
    """By priority, and by metric."""
    return [
        Target(priority, metric, int(target.total_seconds()))
        for priority in Priority
        for metric in SlaMetric
        if (target := policy.policy.target(priority, metric)) is not None
    ]


def warn_at_percent(policy: Pol) -> Sequence[int]:
    return policy.policy.warn_at


def unmeasured(policy: Pol) -> list[SlaMetric]:
    measured = {metric for _, metric in policy.policy.targets}
    return [metric for metric in BY_LEVEL if metric not in measured]


def calendar(level: Lv, info: Info) -> Awaitable[Calendar | None]:
    return info.context.loaders.calendar(level.calendar_id)


async def open_windows(
    level: Lv,
    info: Info,
    days: Annotated[
        int | None, strawberry.argument(description="How many days ahead from now, 1 to 92.")
    ] = FORTNIGHT,
) -> list[Opening]:
    days = checking.number(FORTNIGHT if days is None else days, DAYS_MOST, ["days"])
    now = info.context.now
    terms = await _terms(level, info)
    found = terms.calendar.windows(now, now + timedelta(days=days))
    return [Opening(since, until) for since, until in found]


async def open_now(level: Lv, info: Info) -> bool:
    return (await _terms(level, info)).calendar.is_open(info.context.now)


async def next_open_at(level: Lv, info: Info) -> datetime | None:
    """When it opens next; nothing while it is open."""
    by, now = (await _terms(level, info)).calendar, info.context.now
    return None if by.is_open(now) else by.next_opening(now)


async def preview(
    info: Info,
    level_id: Annotated[strawberry.ID, strawberry.argument(description="In this level.")],
    priority: Annotated[Priority, strawberry.argument(description="With this priority.")],
    opened_at: Annotated[
        datetime,
        strawberry.argument(description="Opened at this instant: from 1990 to ten years ahead."),
    ],
) -> list[Preview]:
    """When a ticket's deadlines would be, by the level's terms of today."""
    gid: Any = level_id
    level = await info.context.loaders.level(gid.of("Level", "levelId"))
    if level is None:
        raise NotFound("not_found", field=["levelId"], thing="level")
    if opened_at < checking.EARLIEST:
        raise Invalid("too_old", field=["openedAt"], name="openedAt")
    if opened_at > info.context.now + YEARS_AHEAD * timedelta(days=366):
        raise Invalid("too_far_ahead", field=["openedAt"], name="openedAt", years=YEARS_AHEAD)
    deadlines = sla.preview(await _terms(level, info), priority, opened_at)
    return [Preview(metric, due_at) for metric, due_at in deadlines]


async def _terms(level: Level, info: Info) -> Terms:
    terms = await info.context.loaders.terms(level.terms_id)
    assert terms is not None  # a level has terms from its first day, and nothing drops them
    return terms
