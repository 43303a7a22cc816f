"""Opening hours as a value: the week, the days that differ, the holidays, and the time zone."""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from holidays.countries.brazil import Brazil

from domain.errors import Invalid
from domain.rules.wallclock import DAY, SECOND

INTERVALS_MOST = 100
EXCEPTIONS_MOST = 1_000
# Keys that come with the zones and are none: this machine's own setting, and "not set".
NO_ZONES = frozenset({"localtime", "Factory"})
# The package also lists a city, which is no state.
STATES = frozenset(each for each in Brazil.subdivisions if len(each) == 2)

Span = tuple[int, int]
"""From and until, in microseconds since midnight on the clock."""


@dataclass(frozen=True, slots=True)
class WeeklyInterval:
    """Open every week from `opens` to `closes`, where 00:00 is the midnight that ends the day."""

    weekday: int
    """1 is Monday, 7 is Sunday."""
    opens: time
    closes: time

    @property
    def span(self) -> Span:
        return _span(self.opens, self.closes)


@dataclass(frozen=True, slots=True)
class DayException:
    """What holds on one date instead of its weekday and of any holiday.

    Without times it is closed all day; several with times on a date are each open.
    """

    date: date
    name: str
    opens: time | None = None
    closes: time | None = None

    @property
    def span(self) -> Span | None:
        if self.opens is None or self.closes is None:
            return None
        return _span(self.opens, self.closes)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a team is there. Two that say the same are the same."""

    time_zone: str
    intervals: tuple[WeeklyInterval, ...]
    exceptions: tuple[DayException, ...] = ()
    national_holidays: bool = False
    optional_holidays: bool = False
    """Days off that the law leaves to the employer: Carnaval, Corpus Christi, Christmas Eve."""
    holiday_state: str | None = None
    """The state whose own holidays are kept as well, such as SP."""

    def as_json(self) -> dict[str, Any]:
        return {
            "timeZone": self.time_zone,
            "intervals": [
                {"weekday": each.weekday, "opens": _told(each.opens), "closes": _told(each.closes)}
                for each in self.intervals
            ],
            "exceptions": [
                {
                    "date": each.date.isoformat(),
                    "name": each.name,
                    "opens": _told(each.opens),
                    "closes": _told(each.closes),
                }
                for each in self.exceptions
            ],
            "nationalHolidays": self.national_holidays,
            "optionalHolidays": self.optional_holidays,
            "holidayState": self.holiday_state,
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "Hours":
        return cls(
            time_zone=value["timeZone"],
            intervals=tuple(
                WeeklyInterval(
                    each["weekday"],
                    time.fromisoformat(each["opens"]),
                    time.fromisoformat(each["closes"]),
                )
                for each in value["intervals"]
            ),
            exceptions=tuple(
                DayException(
                    date.fromisoformat(each["date"]),
                    each["name"],
                    time.fromisoformat(each["opens"]) if each["opens"] else None,
                    time.fromisoformat(each["closes"]) if each["closes"] else None,
                )
                for each in value["exceptions"]
            ),
            national_holidays=value["nationalHolidays"],
            optional_holidays=value["optionalHolidays"],
            holiday_state=value["holidayState"],
        )


def check(hours: Hours) -> None:
    """INVALID, with the path to what is wrong, where these cannot be anybody's hours."""
    if hours.time_zone not in _zones():
        raise Invalid("time_zone_unknown", field=["timeZone"], name=hours.time_zone)
    if hours.holiday_state is not None and hours.holiday_state not in STATES:
        raise Invalid("holiday_state_unknown", field=["holidayState"], name=hours.holiday_state)
    _check_week(hours.intervals)
    _check_exceptions(hours.exceptions)


def holiday_names(hours: Hours, year: int) -> Mapping[date, str]:
    """The holidays kept in that year and what they are called in Portuguese."""
    return _kept(hours.national_holidays, hours.optional_holidays, hours.holiday_state, year)


@lru_cache(maxsize=1024)
def _kept(national: bool, optional: bool, state: str | None, year: int) -> Mapping[date, str]:
    wanted = [*["public"] * national, *["optional"] * optional]
    kept = _listed(wanted, state, year) if wanted else {}
    if state is not None and not national:
        # The package gives the holidays of a state only together with those of the country.
        everywhere = _listed(["public"], None, year)
        for day, name in _listed(["public"], state, year).items():
            if day not in everywhere:
                kept[day] = name
    return MappingProxyType(kept)


def _listed(categories: Iterable[str], state: str | None, year: int) -> dict[date, str]:
    listed = Brazil(
        years=year, expand=False, subdiv=state, categories=tuple(categories), language="pt_BR"
    )
    return dict(sorted(listed.items()))


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NO_ZONES


def _check_week(intervals: Sequence[WeeklyInterval]) -> None:
    if not intervals:
        raise Invalid("no_interval", field=["intervals"])
    if len(intervals) > INTERVALS_MOST:
        raise Invalid("too_many", field=["intervals"], most=INTERVALS_MOST, count=len(intervals))
    taken: dict[int, list[Span]] = {}
    for index, each in enumerate(intervals):
        path = ["intervals", str(index)]
        if not 1 <= each.weekday <= 7:
            raise Invalid("interval_weekday", field=[*path, "weekday"])
        _check_times(each.opens, each.closes, path)
        if not _fits(each.span, taken.setdefault(each.weekday, [])):
            raise Invalid("intervals_overlap", field=[*path, "opens"])


def _check_exceptions(exceptions: Sequence[DayException]) -> None:
    if len(exceptions) > EXCEPTIONS_MOST:
        raise Invalid("too_many", field=["exceptions"], most=EXCEPTIONS_MOST, count=len(exceptions))
    taken: dict[date, list[Span]] = {}
    for index, each in enumerate(exceptions):
        path = ["exceptions", str(index)]
        if (each.opens is None) != (each.closes is None):
            missing = "opens" if each.opens is None else "closes"
            raise Invalid("exception_times", field=[*path, missing])
        _check_times(each.opens, each.closes, path)
        # Closed all day leaves no room for another, just as open all day does.
        span = each.span or (0, DAY)
        if not _fits(span, taken.setdefault(each.date, [])):
            raise Invalid("exceptions_overlap", field=[*path, "opens" if each.span else "date"])


def _check_times(opens: time | None, closes: time | None, path: Sequence[str]) -> None:
    for name, given in (("opens", opens), ("closes", closes)):
        if given is not None and (given.microsecond or given.tzinfo is not None):
            raise Invalid("time_not_whole", field=[*path, name])
    if opens is not None and closes is not None:
        begins, ends = _span(opens, closes)
        if begins >= ends:
            raise Invalid("interval_inverted", field=[*path, "closes"])


def _fits(span: Span, taken: list[Span]) -> bool:
    """Whether it lies beside all that are taken; then it is one of them."""
    place = bisect(taken, span)
    if place > 0 and taken[place - 1][1] > span[0]:
        return False
    if place < len(taken) and taken[place][0] < span[1]:
        return False
    taken.insert(place, span)
    return True


def _span(opens: time, closes: time) -> Span:
    return _since_midnight(opens), _since_midnight(closes) or DAY


def _since_midnight(shown: time) -> int:
    seconds = (shown.hour * 60 + shown.minute) * 60 + shown.second
    return seconds * SECOND + shown.microsecond


def _told(shown: time | None) -> str | None:
    return None if shown is None else shown.isoformat()
