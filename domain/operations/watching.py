"""Levels, looked at from afar: the wallboard and the countdown, for whoever may see them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.board import (
    Countdown,
    LevelFigures,
    Levels,
    Pressing,
    Wallboard,
    WallboardLevel,
    WallboardTotals,
)
from domain.model.level import Level
from domain.rules.sla import Terms
from domain.work import Work

NEAREST = 10
DAY = timedelta(days=1)


async def wallboard(work: Work, asked: Levels) -> Wallboard:
    """The figures of these levels, as far as they may be seen, at this moment."""
    levels = await _levels(work, asked)
    ids = [level.id for level in levels]
    figures = await work.board.levels(ids)
    zone = ZoneInfo((await work.workspace()).time_zone)
    midnight = _midnight(work.now, zone)
    day = await work.board.day(ids, midnight)
    terms = await work.clocks.going_by({level.terms_id for level in levels})
    shown = [_level(level, figures[level.id], terms[level.terms_id], work.now) for level in levels]
    moments = [terms[level.terms_id].calendar.next_change(work.now) for level in levels]
    return Wallboard(
        server_time=work.now,
        levels=shown,
        totals=WallboardTotals(
            waiting=sum(each.waiting for each in shown),
            at_risk=sum(each.at_risk for each in shown),
            breached=sum(each.breached for each in shown),
            opened_today=day.opened,
            resolved_today=day.resolved,
            sla_met_percent=day.met_percent,
        ),
        pressing=await _pressing(work, ids, NEAREST),
        changes_at=min([_midnight(work.now, zone, after=DAY), *filter(None, moments)]),
    )


async def countdown(work: Work, asked: Levels, first: int) -> Countdown:
    """The nearest deadlines of these levels, and how many tickets stand how."""
    ids = [level.id for level in await _levels(work, asked)]
    risks = await work.board.risks(ids)
    return Countdown(
        running=risks.on_time + risks.at_risk + risks.breached,
        at_risk=risks.at_risk,
        breached=risks.breached,
        pressing=await _pressing(work, ids, first),
        server_time=work.now,
    )


async def _levels(work: Work, asked: Levels) -> Sequence[Level]:
    """By name. One that may not be seen does not exist."""
    return [
        level
        for level in await work.levels.all()
        if work.actor.sees(level.id) and (asked is None or level.id in asked)
    ]


def _level(level: Level, figures: LevelFigures, terms: Terms, now: datetime) -> WallboardLevel:
    open_now = terms.calendar.is_open(now)
    next_open = None if open_now else terms.calendar.next_opening(now)
    return WallboardLevel(level, figures, open_now, next_open)


async def _pressing(work: Work, level_ids: Collection[UUID], count: int) -> list[Pressing]:
    rows = await work.clocks.nearest(level_ids, count)
    tickets = await work.tickets.find({row.ticket_id for row in rows})
    terms: Mapping[UUID, Terms] = await work.clocks.going_by(
        {ticket.terms_id for ticket in tickets.values() if ticket.terms_id}
    )
    return [
        Pressing(row, terms[ticket.terms_id], ticket)
        for row in rows
        if (ticket := tickets.get(row.ticket_id)) and ticket.terms_id
    ]


def _midnight(now: datetime, zone: ZoneInfo, after: timedelta = timedelta()) -> datetime:
    """The beginning of the local day, or of a later one: days are not all of one length."""
    local = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (local + after).astimezone(now.tzinfo)
