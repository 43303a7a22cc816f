"""What a clock on the wall shows in a time zone, in whole microseconds.

An instant is microseconds since 1970 in UTC. Where the clock stands is the same count of what it
shows: the instant plus the offset of that stretch. Days are numbered from 1970-01-01, which is 0.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 24 * 60 * 60 * SECOND
# The clock is looked at once a day. No zone has ever changed its offset twice within three.
LOOK = DAY
_FIRST_DAY = date(1970, 1, 1).toordinal()


class Stretch(NamedTuple):
    """A while in which the clock is neither put forward nor back."""

    begins: int
    ends: int
    offset: int


def to_instant(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def to_moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


def day_number(day: date) -> int:
    return day.toordinal() - _FIRST_DAY


def local_day(zone: tzinfo, instant: int) -> int:
    """The date that the clock shows at that instant."""
    return (instant + _offset(zone, instant)) // DAY


def stretches(zone: tzinfo, since: int, until: int) -> Iterator[Stretch]:
    """From `since` to `until` without a hole, cut where the clock is changed."""
    begins, offset = since, _offset(zone, since)
    looked = since
    while looked < until:
        next_look = min(looked + LOOK, until)
        later = _offset(zone, next_look)
        if later != offset:
            change = _change(zone, looked, next_look)
            yield Stretch(begins, change, offset)
            begins, offset = change, later
        looked = next_look
    if begins < until:
        yield Stretch(begins, until, offset)


@lru_cache(maxsize=4096)
def end_of_day(time_zone: str, day: int) -> int:
    """The instant from which the clock shows only later dates.

    That is the midnight that ends the day: the second one where the hour before it is repeated, the
    change itself where midnight is skipped, or a whole date.
    """
    midnight = (day + 1) * DAY
    # No clock is more than a day away from UTC, nor put forward or back by more.
    around = stretches(ZoneInfo(time_zone), midnight - 2 * DAY, midnight + 2 * DAY)
    return max(
        min(each.ends, midnight - each.offset)
        for each in around
        if each.begins + each.offset < midnight
    )


def _offset(zone: tzinfo, instant: int) -> int:
    ahead = to_moment(instant).astimezone(zone).utcoffset()
    assert ahead is not None  # only a moment without a time zone has none
    return ahead // MICROSECOND


def _change(zone: tzinfo, before: int, after: int) -> int:
    """The first instant of the new offset."""
    offset = _offset(zone, before)
    while after - before > 1:
        between = (before + after) // 2
        if _offset(zone, between) == offset:
            before = between
        else:
            after = between
    return after
