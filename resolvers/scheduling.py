"""Calendars: saved, read and dropped."""

from collections.abc import Awaitable, Collection, Sequence
from datetime import date as Day
from datetime import time
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from domain.answers import Deleted
from domain.model.calendar import Calendar
from domain.model.level import Level
from domain.operations import scheduling
from domain.operations.scheduling import CalendarForm
from domain.rules import checking, hours
from domain.rules.hours import DayException, WeeklyInterval
from domain.work import Work
from resolvers import recomputing
from resolvers.context import Info
from resolvers.inputs import NEW, key, told, uuid
from resolvers.organizing import DeleteInput

Cal = strawberry.Parent[Calendar]
YEAR_MOST = 9999


# ── calendars, saved ───────────────────────────────────────────────────────────────────────────


@strawberry.input(description="Open every week from one time of day to another.")
class WeeklyIntervalInput:
    weekday: int = told("1 is Monday, 7 is Sunday.")
    opens: time = told("When it opens, on the clock of the calendar's time zone.")
    closes: time = told("When it closes, later the same day; 00:00 is the end of the day.")


@strawberry.input(
    description="What holds on one date instead of its weekday and of any holiday. Several of one "
    "date are each open."
)
class CalendarExceptionInput:
    date: Day = told("Which date.")
    name: str = told("What people call it.")
    opens: time | None = told("When it opens; without times it is closed all day.", default=None)
    closes: time | None = told("When it closes; 00:00 is the end of the day.", default=None)


@strawberry.input(
    description="Opening hours, saved whole or not at all. Only exceptions that are not given stay "
    "as they are."
)
class SaveCalendarInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("What colleagues call it; 1 to 120 characters, no two of a name.")
    time_zone: str = told("The IANA time zone of its times, such as America/Sao_Paulo.")
    intervals: list[WeeklyIntervalInput] = told(
        "When the week is open: 1 to 100 intervals that do not overlap."
    )
    exceptions: list[CalendarExceptionInput] | None = told(
        "All dates on which other hours hold, at most 1,000; left out, they stay as they are.",
        default=None,
    )
    national_holidays: bool | None = told("Closed on Brazil's national holidays.", default=True)
    optional_holidays: bool | None = told(
        "Closed as well on days off that the law leaves to the employer, such as Carnaval.",
        default=False,
    )
    holiday_state: str | None = told(
        "Closed as well on the holidays of this state: two letters, such as SP.", default=None
    )
    apply_to_open_tickets: bool | None = told(
        "true: open tickets of every level that is open by it move to the new hours. Otherwise "
        "they keep those they were opened under. See recomputeSla.",
        default=False,
    )
    idempotency_key: str | None = key()


async def save_calendar(info: Info, input: SaveCalendarInput) -> Calendar:
    async def touched(work: Work, saved: Calendar | None) -> Collection[UUID]:
        # A retry may come after it was dropped.
        return await recomputing.open_by(work, saved.id) if saved else []

    form = calendar_form(input)
    if not input.apply_to_open_tickets:
        return await info.context.once(input, scheduling.save_calendar, form)
    return await recomputing.save_and_move(
        info.context, input, scheduling.save_calendar, form, touched
    )


def calendar_form(input: SaveCalendarInput, *path: str) -> CalendarForm:
    """The domain's form; `path` says where in the input it stands."""
    return CalendarForm(
        id=uuid(input.id, "Calendar", *path, "id"),
        name=input.name,
        time_zone=input.time_zone,
        intervals=[
            WeeklyInterval(each.weekday, each.opens, each.closes) for each in input.intervals
        ],
        exceptions=None
        if input.exceptions is None
        else [
            DayException(each.date, each.name, each.opens, each.closes) for each in input.exceptions
        ],
        national_holidays=input.national_holidays is not False,
        optional_holidays=bool(input.optional_holidays),
        holiday_state=input.holiday_state,
        path=path,
    )


async def delete_calendar(info: Info, input: DeleteInput) -> Deleted:
    calendar_id: UUID = uuid(input.id, "Calendar", "id")
    return await info.context.once(
        input, scheduling.delete_calendar, calendar_id, input.expected_version
    )


# ── calendars, read ────────────────────────────────────────────────────────────────────────────


async def calendars(info: Info) -> list[Calendar]:
    async with info.context.reading() as work:
        return list(await work.calendars.all())


def time_zone(calendar: Cal) -> str:
    return calendar.hours.time_zone


def intervals(calendar: Cal) -> Sequence[WeeklyInterval]:
    return calendar.hours.intervals


def exceptions(calendar: Cal) -> Sequence[DayException]:
    return calendar.hours.exceptions


def national_holidays(calendar: Cal) -> bool:
    return calendar.hours.national_holidays


def optional_holidays(calendar: Cal) -> bool:
    return calendar.hours.optional_holidays


def holiday_state(calendar: Cal) -> str | None:
    return calendar.hours.holiday_state


def holidays(
    calendar: Cal,
    info: Info,
    year: Annotated[
        int | None,
        strawberry.argument(description="Of which year, 1 to 9999; this one when not said."),
    ] = None,
) -> list[DayException]:
    """The holidays of a year; the calendar's own clock says which year it is."""
    kept = calendar.hours
    if year is None:
        year = info.context.now.astimezone(ZoneInfo(kept.time_zone)).year
    checking.number(year, YEAR_MOST, ["year"])
    named = hours.holiday_names(kept, year)
    return [DayException(day, name) for day, name in sorted(named.items())]


def calendar_levels(calendar: Cal, info: Info) -> Awaitable[list[Level] | None]:
    return info.context.loaders.calendar_levels(calendar.id)
