"""Arithmetic with opening time: how much has passed, and when so much will have.

A team is open at the instants at which the clock on its wall stands within its hours. So an hour
that the clock skips is nobody's, and one that it repeats counts twice. Instants are whole
microseconds throughout, and what is answered is in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.rules.hours import Hours, Span, holiday_names
from domain.rules.wallclock import (
    DAY,
    MICROSECOND,
    SECOND,
    day_number,
    end_of_day,
    local_day,
    stretches,
    to_instant,
    to_moment,
)

# How far ahead it is worth looking: 20 years with their leap days.
PATIENCE = 7305 * DAY
# A clock on the wall may show a date before or after that of UTC, and dates end with the year 9999.
FIRST, LAST = (
    to_instant(datetime(3, 1, 1, tzinfo=UTC)),
    to_instant(datetime(9997, 12, 31, tzinfo=UTC)),
)
YEAR = 366 * DAY
THURSDAY = 3  # 1970-01-01, where Monday is 0

Window = tuple[int, int]


class NeverOpens(Exception):
    """So much opening time does not pass within 20 years."""


class Timetable:
    """When it is open, between two instants: the windows in order, none touching the next."""

    __slots__ = ("days", "ends", "passed", "since", "starts", "until")

    def __init__(self, since: int, until: int, windows: Iterable[Window], days: set[int]) -> None:
        self.since = since
        self.until = until
        self.starts: list[int] = []
        self.ends: list[int] = []
        for begins, ends in windows:
            if self.ends and begins <= self.ends[-1]:
                self.ends[-1] = max(ends, self.ends[-1])
            else:
                self.starts.append(begins)
                self.ends.append(ends)
        self.passed: list[int] = []
        """The opening time since the beginning, at the end of each window."""
        total = 0
        for begins, ends in zip(self.starts, self.ends, strict=True):
            total += ends - begins
            self.passed.append(total)
        self.days = sorted(days)
        """The local dates on which it opens."""

    def passed_at(self, at: int) -> int:
        """The opening time from the beginning to that instant."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.passed[index] - max(0, self.ends[index] - at)


class Calendar:
    """Hours laid out on the line of time, a year at a time, as far as somebody asked.

    A longer timetable takes the place of the shorter in one step: who still reads the old one reads
    what is true of its years.
    """

    def __init__(self, hours: Hours) -> None:
        self._hours = hours
        self._zone = ZoneInfo(hours.time_zone)
        self._week: list[list[Span]] = [[] for _ in range(7)]
        for each in hours.intervals:
            self._week[each.weekday - 1].append(each.span)
        self._exceptions: dict[int, list[Span]] = {}
        for exception in hours.exceptions:
            spans = self._exceptions.setdefault(day_number(exception.date), [])
            if exception.span is not None:
                spans.append(exception.span)
        for spans in (*self._week, *self._exceptions.values()):
            spans.sort()
        self._timetable = Timetable(0, 0, [], set())

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """The opening time from one moment to another; none where the other comes first."""
        begins, ends = to_instant(start), to_instant(end)
        if ends <= begins:
            return timedelta(0)
        timetable = self._reaching(begins, ends)
        return timedelta(microseconds=timetable.passed_at(ends) - timetable.passed_at(begins))

    def after(self, moment: datetime, open_time: timedelta) -> datetime:
        """The earliest moment by which so much opening time has passed: closing, not reopening."""
        owed = open_time // MICROSECOND
        if owed <= 0:
            return moment.astimezone(UTC)
        begins = to_instant(moment)
        limit = min(begins + PATIENCE, LAST)
        timetable = self._reaching(begins, begins)
        while True:
            target = timetable.passed_at(begins) + owed
            index = bisect_left(timetable.passed, target)
            if index < len(timetable.passed):
                found = timetable.ends[index] - (timetable.passed[index] - target)
                if found <= limit:
                    return to_moment(found)
            if timetable.until > limit:
                raise NeverOpens
            timetable = self._further(begins, timetable, limit)

    def is_open(self, moment: datetime) -> bool:
        asked = to_instant(moment)
        timetable = self._reaching(asked, asked)
        index = bisect_right(timetable.starts, asked) - 1
        return index >= 0 and asked < timetable.ends[index]

    def next_opening(self, moment: datetime) -> datetime | None:
        """The moment itself while it is open; None where it stays closed for 20 years."""
        return moment.astimezone(UTC) if self.is_open(moment) else self.next_change(moment)

    def next_change(self, moment: datetime) -> datetime | None:
        """The next moment at which it opens or closes; None where it does neither for 20 years."""
        asked = to_instant(moment)
        limit = min(asked + PATIENCE, LAST)
        timetable = self._reaching(asked, asked)
        while True:
            opening = bisect_right(timetable.starts, asked)
            closing = bisect_right(timetable.ends, asked)
            candidates = (*timetable.starts[opening:][:1], *timetable.ends[closing:][:1])
            found = min(candidates, default=timetable.until)
            # Where the timetable ends, the last window may go on.
            if found < timetable.until or timetable.until > limit:
                return to_moment(found) if found <= limit else None
            timetable = self._further(asked, timetable, limit)

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """When it is open from one moment to another. Hours that go on over midnight are one."""
        begins, ends = to_instant(start), to_instant(end)
        if ends <= begins:
            return []
        timetable = self._reaching(begins, ends)
        first = bisect_right(timetable.ends, begins)
        beyond = bisect_left(timetable.starts, ends)
        return [
            (
                to_moment(max(begins, timetable.starts[index])),
                to_moment(min(ends, timetable.ends[index])),
            )
            for index in range(first, beyond)
        ]

    def opening_days_after(self, moment: datetime, days: int) -> datetime:
        """The midnight that ends the last of so many dates, after today, on which it opens."""
        asked = to_instant(moment)
        today = local_day(self._zone, asked)
        if days <= 0:
            return to_moment(end_of_day(self._hours.time_zone, today))
        limit = min(asked + PATIENCE, LAST)
        timetable = self._reaching(asked, asked)
        while True:
            index = bisect_right(timetable.days, today) + days - 1
            if index < len(timetable.days):
                found = end_of_day(self._hours.time_zone, timetable.days[index])
                if found <= limit:
                    return to_moment(found)
            if timetable.until > limit:
                raise NeverOpens
            timetable = self._further(asked, timetable, limit)

    def _further(self, asked: int, timetable: Timetable, limit: int) -> Timetable:
        """Twice as far as it reached: laid out year by year, each would be copied every time."""
        ahead = 2 * max(timetable.until - asked, YEAR)
        return self._reaching(asked, max(min(asked + ahead, limit), timetable.until))

    def _reaching(self, first: int, last: int) -> Timetable:
        """The timetable with both instants in it."""
        timetable = self._timetable
        if timetable.since <= first and last < timetable.until:
            return timetable
        first, last = min(max(first, FIRST), LAST), min(max(last, FIRST), LAST)
        if timetable.since == timetable.until:
            timetable = Timetable(_new_year(_year(first)), _new_year(_year(first)), [], set())
        before = range(_year(first), _year(timetable.since))
        onwards = range(_year(timetable.until), _year(last) + 1)
        if before or onwards:
            earlier, later = self._lay_out(before), self._lay_out(onwards)
            known = zip(timetable.starts, timetable.ends, strict=True)
            timetable = self._timetable = Timetable(
                min(timetable.since, _new_year(_year(first))),
                max(timetable.until, _new_year(_year(last) + 1)),
                [*earlier[0], *known, *later[0]],
                {*earlier[1], *timetable.days, *later[1]},
            )
        return timetable

    def _lay_out(self, years: range) -> tuple[list[Window], set[int]]:
        """The windows of those years of UTC, and the local dates they are on."""
        windows: list[Window] = []
        days: set[int] = set()
        if not years:
            return windows, days
        closed = {
            day_number(day)
            for year in range(years.start - 1, years.stop + 1)
            for day in holiday_names(self._hours, year)
        }
        for stretch in stretches(self._zone, _new_year(years.start), _new_year(years.stop)):
            first = (stretch.begins + stretch.offset) // DAY
            last = (stretch.ends + stretch.offset - 1) // DAY
            for day in range(first, last + 1):
                spans = self._exceptions.get(day)
                if spans is None:
                    spans = [] if day in closed else self._week[(day + THURSDAY) % 7]
                midnight = day * DAY - stretch.offset
                for opens, closes in spans:
                    begins = max(midnight + opens, stretch.begins)
                    ends = min(midnight + closes, stretch.ends)
                    if begins < ends:
                        windows.append((begins, ends))
                        days.add(day)
        return windows, days


@lru_cache(maxsize=64)
def calendar_of(hours: Hours) -> Calendar:
    return Calendar(hours)


def legal_due(registered: datetime, days: int, time_zone: str) -> datetime:
    """The last second of the date so many days after that of registration, open or not."""
    day = local_day(ZoneInfo(time_zone), to_instant(registered)) + days
    return to_moment(end_of_day(time_zone, day) - SECOND)


def _year(instant: int) -> int:
    return to_moment(instant).year


def _new_year(year: int) -> int:
    return to_instant(datetime(year, 1, 1, tzinfo=UTC))
