"""Opening time: when so much of it has passed, whatever holidays and clock changes do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.rules.calendar import Calendar, NeverOpens, calendar_of, legal_due
from domain.rules.hours import DayException, Hours, WeeklyInterval, check, holiday_names

MIDNIGHT = time(0, 0)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
MICROSECOND = timedelta(microseconds=1)
SAO_PAULO, NEW_YORK, APIA = "America/Sao_Paulo", "America/New_York", "Pacific/Apia"
OFFICE = tuple(
    WeeklyInterval(weekday, opens, closes)
    for weekday in range(1, 6)
    for opens, closes in ((time(9), time(12)), (time(13), time(18)))
)
ALWAYS = tuple(WeeklyInterval(weekday, MIDNIGHT, MIDNIGHT) for weekday in range(1, 8))
K = Hours(SAO_PAULO, OFFICE, national_holidays=True)


def local(text: str, zone: str = SAO_PAULO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "open_time", "due"),
    [
        (
            "2026-09-04T17:30",
            2 * HOUR,
            "2026-09-08T10:30",
        ),  # Friday; Monday is the 7th of September
        ("2026-09-08T11:50", 30 * MINUTE, "2026-09-08T13:20"),  # over lunch
        ("2026-09-05T15:00", HOUR, "2026-09-08T10:00"),  # Saturday
        ("2026-09-08T09:00", 3 * HOUR, "2026-09-08T12:00"),  # at closing, not at 13:00
        ("2026-09-08T12:30", timedelta(0), "2026-09-08T12:30"),
        ("2026-12-31T17:59:59", 2 * SECOND, "2027-01-04T09:00:01"),  # New Year is a Friday
    ],
)
def test_a_due_time_passes_over_what_is_closed(moment: str, open_time: timedelta, due: str) -> None:
    assert calendar_of(K).after(local(moment), open_time) == local(due)


def test_what_was_not_used_before_a_pause_is_left_after_it() -> None:
    target = 8 * HOUR

    used = calendar_of(K).open_between(local("2026-09-08T09:00"), local("2026-09-08T11:00"))
    due = calendar_of(K).after(local("2026-09-09T10:00"), target - used)

    assert used == 2 * HOUR
    assert due == local("2026-09-09T17:00")


def test_a_day_may_open_for_its_afternoon_only() -> None:
    ashes = DayException(date(2026, 2, 18), "Quarta-feira de Cinzas", time(13), time(18))
    calendar = calendar_of(Hours(SAO_PAULO, OFFICE, (ashes,), True, True))

    assert calendar.after(local("2026-02-18T10:00"), HOUR) == local("2026-02-18T14:00")


def test_a_holiday_opens_where_an_exception_says_so() -> None:
    moment = local("2026-09-04T17:30")
    open_at_ten = DayException(date(2026, 9, 7), "Plantão", time(10), time(11))

    calendar = calendar_of(Hours(SAO_PAULO, OFFICE, (open_at_ten,), national_holidays=True))

    assert calendar.after(moment, HOUR) == local("2026-09-07T10:30")
    assert calendar.after(moment, 2 * HOUR) == local("2026-09-08T09:30")


def test_an_exception_closes_a_day_whatever_its_weekday_says() -> None:
    moved = DayException(date(2026, 9, 8), "Mudança de endereço")

    calendar = calendar_of(Hours(SAO_PAULO, OFFICE, (moved,)))

    assert not calendar.is_open(local("2026-09-08T10:00"))
    assert calendar.is_open(local("2026-09-07T10:00"))


def test_an_exception_may_have_several_times() -> None:
    day = date(2026, 9, 12)
    exceptions = (
        DayException(day, "Feira", time(15), time(16)),
        DayException(day, "Feira", time(8), time(9)),
    )

    windows = calendar_of(Hours(SAO_PAULO, OFFICE, exceptions)).windows(
        local("2026-09-12T00:00"), local("2026-09-13T00:00")
    )

    assert windows == [
        (local("2026-09-12T08:00"), local("2026-09-12T09:00")),
        (local("2026-09-12T15:00"), local("2026-09-12T16:00")),
    ]


def test_carnaval_is_worked_unless_the_optional_holidays_are_kept() -> None:
    tuesday, corpus_christi = local("2026-02-17T10:00"), local("2026-06-04T10:00")

    kept = calendar_of(Hours(SAO_PAULO, OFFICE, (), True, optional_holidays=True))

    assert calendar_of(K).is_open(tuesday)
    assert calendar_of(K).is_open(corpus_christi)
    assert not kept.is_open(tuesday)
    assert not kept.is_open(corpus_christi)
    assert holiday_names(Hours(SAO_PAULO, OFFICE, (), True, True), 2026)[date(2026, 2, 17)] == (
        "Carnaval"
    )


def test_the_ninth_of_july_is_a_holiday_in_sao_paulo_only() -> None:
    day = date(2026, 7, 9)
    paulista = Hours(SAO_PAULO, OFFICE, (), True, holiday_state="SP")
    carioca = Hours(SAO_PAULO, OFFICE, (), True, holiday_state="RJ")

    assert holiday_names(paulista, 2026)[day] == "Revolução Constitucionalista"
    assert not calendar_of(paulista).is_open(local("2026-07-09T10:00"))
    assert calendar_of(carioca).is_open(local("2026-07-09T10:00"))
    assert calendar_of(K).is_open(local("2026-07-09T10:00"))


def test_each_kind_of_holiday_is_kept_only_when_it_is_asked_for() -> None:
    def names(**kept: object) -> set[str]:
        return set(holiday_names(Hours(SAO_PAULO, OFFICE, **kept), 2026).values())  # type: ignore[arg-type]

    assert names() == set()
    assert names(holiday_state="SP") == {"Revolução Constitucionalista"}
    assert "Carnaval" in names(optional_holidays=True)
    assert "Independência do Brasil" not in names(optional_holidays=True)
    assert "Independência do Brasil" in names(national_holidays=True)
    assert names(national_holidays=True) < names(national_holidays=True, holiday_state="SP")


def test_a_day_in_which_the_clock_goes_forward_has_one_hour_less() -> None:
    calendar = calendar_of(Hours(NEW_YORK, ALWAYS))

    due = calendar.after(local("2026-03-07T12:00", NEW_YORK), DAY)

    assert due == local("2026-03-08T13:00", NEW_YORK)


def test_the_hour_that_the_clock_skips_is_nobodys() -> None:
    sunday = WeeklyInterval(7, time(1), time(4))
    skipped = WeeklyInterval(7, time(2, 15), time(2, 45))
    day = local("2026-03-08T00:00", NEW_YORK), local("2026-03-09T00:00", NEW_YORK)

    assert calendar_of(Hours(NEW_YORK, (sunday,))).open_between(*day) == 2 * HOUR
    assert calendar_of(Hours(NEW_YORK, (skipped,))).windows(*day) == []


def test_the_hour_that_the_clock_repeats_counts_twice() -> None:
    sunday = WeeklyInterval(7, time(1, 15), time(1, 45))
    calendar = calendar_of(Hours(NEW_YORK, (sunday,)))

    windows = calendar.windows(
        local("2026-11-01T00:00", NEW_YORK), local("2026-11-02T00:00", NEW_YORK)
    )

    first = datetime(2026, 11, 1, 5, 15, tzinfo=UTC)
    assert windows == [
        (first, first + 30 * MINUTE),
        (first + HOUR, first + HOUR + 30 * MINUTE),
    ]


def test_hours_over_midnight_and_over_new_year_are_one_window() -> None:
    calendar = calendar_of(Hours(SAO_PAULO, ALWAYS))
    start, end = local("2025-12-30T10:00"), local("2027-01-02T10:00")

    assert calendar.windows(start, end) == [(start, end)]
    assert calendar.windows(end, start) == []
    assert calendar.next_change(start) is None
    assert calendar.next_opening(start) == start


def test_a_window_that_only_touches_what_was_asked_is_not_in_it() -> None:
    closing, opening = local("2026-09-08T12:00"), local("2026-09-08T13:00")

    assert calendar_of(K).windows(closing, opening) == []


def test_the_next_change_is_a_closing_while_it_is_open() -> None:
    calendar = calendar_of(K)

    assert calendar.next_change(local("2026-09-04T17:30")) == local("2026-09-04T18:00")
    assert calendar.next_change(local("2026-09-04T18:00")) == local("2026-09-08T09:00")
    assert calendar.next_opening(local("2026-09-04T17:59:59")) == local("2026-09-04T17:59:59")
    assert calendar.next_opening(local("2026-09-04T18:00")) == local("2026-09-08T09:00")


def test_what_does_not_come_within_twenty_years_never_comes() -> None:
    moment = local("2026-09-04T17:30")
    never = calendar_of(Hours(SAO_PAULO, ()))
    an_hour_a_week = calendar_of(Hours(SAO_PAULO, (WeeklyInterval(1, time(9), time(10)),)))

    with pytest.raises(NeverOpens):
        never.after(moment, SECOND)
    with pytest.raises(NeverOpens):
        never.opening_days_after(moment, 1)
    with pytest.raises(NeverOpens):
        an_hour_a_week.after(moment, 1_045 * HOUR)
    assert an_hour_a_week.after(moment, 1_044 * HOUR) < moment + 7305 * DAY
    assert never.after(moment, timedelta(0)) == moment
    assert never.next_opening(moment) is None
    assert never.next_change(moment) is None


def test_a_day_counts_when_it_opens_at_all() -> None:
    friday = local("2026-09-04T08:00")

    assert calendar_of(K).opening_days_after(friday, 1) == local("2026-09-09T00:00")
    assert calendar_of(K).opening_days_after(friday, 5) == local("2026-09-15T00:00")
    assert calendar_of(K).opening_days_after(friday, 0) == local("2026-09-05T00:00")


def test_the_legal_term_ends_with_its_last_day_whether_open_or_not() -> None:
    registered = local("2026-09-04T23:59:59")

    due = legal_due(registered, 7, SAO_PAULO)

    assert due == datetime(2026, 9, 11, 23, 59, 59, tzinfo=timezone(-3 * HOUR))
    assert due.tzinfo is UTC


def test_the_legal_term_ends_with_the_second_midnight_where_an_hour_is_repeated() -> None:
    due = legal_due(local("2019-02-15T10:00"), 1, SAO_PAULO)

    assert due == datetime(2019, 2, 17, 2, 59, 59, tzinfo=UTC)


def test_a_date_that_a_country_skips_ends_before_it_begins() -> None:
    due = legal_due(local("2011-12-29T10:00", APIA), 1, APIA)

    assert due == local("2011-12-29T23:59:59", APIA)


# What follows asks the clock on the wall, instant by instant, and knows nothing of the calendar.

CHANGES = {
    SAO_PAULO: ["2018-11-04T03:00", "2019-02-17T02:00", "2026-09-07T12:00", "2027-01-01T03:00"],
    NEW_YORK: ["2026-03-08T07:00", "2026-11-01T06:00", "2027-01-01T00:00"],
    "Europe/London": ["2026-03-29T01:00", "2026-10-25T01:00", "1971-10-31T02:00"],
    "Australia/Lord_Howe": ["2026-04-04T15:00", "2026-10-03T15:30"],
    APIA: ["2011-12-30T10:00", "2012-03-31T14:00"],
    "America/St_Johns": ["2010-11-07T02:31", "2010-03-14T03:31"],  # at one minute past midnight
    "Asia/Kolkata": ["2026-12-31T18:30", "2027-01-01T00:00"],
    "UTC": ["2027-01-01T00:00", "2028-02-29T00:00"],
}
STEPS = 8 * 24 * 60


BRAZIL = {
    day: name
    for year in (1971, 1972, *range(2010, 2013), *range(2018, 2020), *range(2026, 2029))
    for day, name in holidays.country_holidays("BR", years=year).items()
}


class Wall:
    """A clock, and the notice with the opening hours beside it."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self.zone = ZoneInfo(hours.time_zone)
        self.read: dict[date, list[tuple[time, time]]] = {}

    def shows_open(self, moment: datetime) -> bool:
        shown = moment.astimezone(self.zone)
        today = shown.date()
        if today not in self.read:
            self.read[today] = list(self.times_of(today))
        now = shown.time().replace(fold=0)
        return any(
            opens <= now and (now < closes or closes == MIDNIGHT)
            for opens, closes in self.read[today]
        )

    def times_of(self, today: date) -> Iterator[tuple[time, time]]:
        exceptions = [each for each in self.hours.exceptions if each.date == today]
        if exceptions:
            for each in exceptions:
                if each.opens is not None and each.closes is not None:
                    yield each.opens, each.closes
        elif not (self.hours.national_holidays and today in BRAZIL):
            for interval in self.hours.intervals:
                if interval.weekday == today.isoweekday():
                    yield interval.opens, interval.closes


def walk(hours: Hours, moment: datetime, step: timedelta, times: int) -> Iterator[bool]:
    """Whether each of the next steps is open; what changes does so on whole steps."""
    wall = Wall(hours)
    return (wall.shows_open(moment + index * step) for index in range(times))


def due_on_the_wall(hours: Hours, moment: datetime, owed: timedelta) -> datetime | None:
    """By seconds up to a whole minute, then by minutes; None when it is more than a week away."""
    wall = Wall(hours)
    for _ in range(STEPS):
        step = MINUTE - timedelta(seconds=moment.second)
        if wall.shows_open(moment):
            if owed <= step:
                return moment + owed
            owed -= step
        moment += step
    return None


def of_seconds(seconds: int) -> time:
    return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)


@st.composite
def spans(draw: st.DrawFn, unit: int) -> list[tuple[time, time]]:
    """Times of one day, in no overlap; some touch."""
    most = 86_400 // unit
    edges = st.integers(0, most) | st.sampled_from([0, 30, 60, 90, 120, 180, 1380, 1440]).map(
        lambda minute: minute * 60 // unit
    )
    cuts = sorted(draw(st.sets(edges, min_size=2, max_size=5)))
    kept = draw(st.lists(st.booleans(), min_size=len(cuts) - 1, max_size=len(cuts) - 1))
    return [
        (of_seconds(opens * unit), of_seconds(closes * unit))
        for opens, closes, keep in zip(cuts, cuts[1:], kept, strict=False)
        if keep
    ]


@st.composite
def situations(
    draw: st.DrawFn, unit: int = 60, away: timedelta = 3 * DAY
) -> tuple[Hours, datetime]:
    """Anybody's hours, and a moment about the time at which their clock is changed."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    reach = int(away.total_seconds())
    moment = change + timedelta(seconds=draw(st.integers(-reach, reach)))
    intervals = [
        WeeklyInterval(weekday, *span) for weekday in range(1, 8) for span in draw(spans(unit))
    ] or [WeeklyInterval(3, time(9), time(17))]
    exceptions = []
    for shift in draw(st.sets(st.integers(-1, 4), max_size=2)):
        day = (change + shift * DAY).date()
        times = draw(spans(unit))
        exceptions += [DayException(day, "Outro", *span) for span in times] or [
            DayException(day, "Fechado")
        ]
    hours = Hours(zone, tuple(intervals), tuple(exceptions), draw(st.booleans()))
    return hours, moment


AMOUNTS = st.integers(1, 16 * 3600).map(lambda seconds: timedelta(seconds=seconds))
FINE_AMOUNTS = st.timedeltas(MICROSECOND, 10 * DAY)


@settings(max_examples=240, deadline=None)
@given(situation=situations(), owed=AMOUNTS)
def test_a_due_time_is_the_one_found_by_waiting(
    situation: tuple[Hours, datetime], owed: timedelta
) -> None:
    hours, moment = situation
    check(hours)

    waited = due_on_the_wall(hours, moment, owed)
    try:
        due = Calendar(hours).after(moment, owed)
    except NeverOpens:
        assert waited is None
        return

    assert due == waited or (waited is None and due > moment + 7 * DAY)


@settings(max_examples=80, deadline=None)
@given(situation=situations())
def test_windows_are_what_the_clock_shows_minute_by_minute(
    situation: tuple[Hours, datetime],
) -> None:
    hours, moment = situation
    start = moment.replace(second=0)
    calendar = Calendar(hours)

    shown = list(walk(hours, start, MINUTE, 2 * 24 * 60))
    windows = calendar.windows(start, start + 2 * DAY)

    assert windows == runs(shown, start, MINUTE)
    assert calendar.open_between(start, start + 2 * DAY) == sum(shown) * MINUTE
    assert calendar.is_open(start) is shown[0]
    changes = [index for index in range(1, len(shown)) if shown[index] is not shown[index - 1]]
    if changes:
        assert calendar.next_change(start) == start + changes[0] * MINUTE
    if any(shown):
        first = start + shown.index(True) * MINUTE
        assert calendar.next_opening(start) == first


@settings(max_examples=60, deadline=None)
@given(situation=situations(unit=1, away=HOUR), owed=st.integers(1, 3600))
def test_windows_are_what_the_clock_shows_second_by_second(
    situation: tuple[Hours, datetime], owed: int
) -> None:
    hours, moment = situation
    calendar = Calendar(hours)

    shown = list(walk(hours, moment, SECOND, 3600))
    windows = calendar.windows(moment, moment + HOUR)

    assert windows == runs(shown, moment, SECOND)
    if owed <= sum(shown):
        passed = [index + 1 for index, is_open in enumerate(shown) if is_open][owed - 1]
        assert calendar.after(moment, owed * SECOND) == moment + passed * SECOND


def runs(shown: list[bool], start: datetime, step: timedelta) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for index, is_open in enumerate(shown):
        begins = start + index * step
        if is_open and found and found[-1][1] == begins:
            found[-1] = found[-1][0], begins + step
        elif is_open:
            found.append((begins, begins + step))
    return found


@settings(max_examples=40, deadline=None)
@given(situation=situations(), days=st.integers(1, 3))
def test_opening_days_are_the_dates_on_which_the_clock_shows_it_open(
    situation: tuple[Hours, datetime], days: int
) -> None:
    hours, moment = situation
    start = moment.replace(second=0)
    zone = ZoneInfo(hours.time_zone)
    opened: set[date] = set()
    ends: dict[date, datetime] = {}

    for index, is_open in enumerate(walk(hours, start, MINUTE, 6 * 24 * 60)):
        minute = start + index * MINUTE
        shown = minute.astimezone(zone).date()
        ends[shown] = minute + MINUTE
        if is_open:
            opened.add(shown)
    today, last = start.astimezone(zone).date(), max(ends)  # the last was not waited for to its end
    later = sorted(day for day in opened if today < day < last)

    if len(later) >= days:
        assert Calendar(hours).opening_days_after(moment, days) == ends[later[days - 1]]


@settings(max_examples=60, deadline=None)
@given(situation=situations(), days=st.integers(0, 4))
def test_after_the_legal_due_time_the_clock_shows_only_later_dates(
    situation: tuple[Hours, datetime], days: int
) -> None:
    hours, moment = situation
    zone = ZoneInfo(hours.time_zone)
    last = moment.astimezone(zone).date() + days * DAY

    due = legal_due(moment, days, hours.time_zone)

    assert due.astimezone(zone).date() <= last
    assert all(
        (due + SECOND + index * MINUTE).astimezone(zone).date() > last for index in range(26 * 60)
    )


@settings(max_examples=200, deadline=None)
@given(situation=situations(), owed=FINE_AMOUNTS)
def test_by_the_due_time_exactly_so_much_has_passed_and_not_a_microsecond_sooner(
    situation: tuple[Hours, datetime], owed: timedelta
) -> None:
    hours, moment = situation
    calendar = calendar_of(hours)
    try:
        due = calendar.after(moment, owed)
    except NeverOpens:
        return

    assert calendar.open_between(moment, due) == owed
    assert calendar.open_between(moment, due - MICROSECOND) == owed - MICROSECOND
    assert due.tzinfo is UTC


MOMENTS = st.datetimes(
    datetime(2016, 1, 1),  # noqa: DTZ001 - hypothesis wants it so, and adds the time zone itself
    datetime(2022, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=60, deadline=None)
@given(situation=situations(), moments=st.tuples(MOMENTS, MOMENTS, MOMENTS))
def test_opening_time_adds_up(
    situation: tuple[Hours, datetime], moments: tuple[datetime, datetime, datetime]
) -> None:
    first, second, third = sorted(moments)
    calendar = Calendar(situation[0])

    whole = calendar.open_between(first, third)

    parts = calendar.open_between(first, second) + calendar.open_between(second, third)
    assert whole == parts
    assert calendar.open_between(third, first) == timedelta(0)
    windows = calendar.windows(first, third)
    assert whole == sum((end - start for start, end in windows), timedelta(0))
    assert all(one[1] < other[0] for one, other in pairwise(windows))


@settings(max_examples=60, deadline=None)
@given(situation=situations(), moments=st.lists(MOMENTS, min_size=1, max_size=4), owed=FINE_AMOUNTS)
def test_an_answer_does_not_depend_on_what_was_asked_before(
    situation: tuple[Hours, datetime], moments: list[datetime], owed: timedelta
) -> None:
    hours, _ = situation
    asked_in_turn = Calendar(hours)

    def answer(calendar: Calendar, moment: datetime) -> object:
        try:
            due = calendar.after(moment, owed)
        except NeverOpens:
            due = None
        windows = calendar.windows(moment, moment + DAY)
        return due, windows, calendar.next_change(moment), calendar.is_open(moment)

    for moment in moments:
        assert answer(asked_in_turn, moment) == answer(Calendar(hours), moment)


@settings(max_examples=50, deadline=None)
@given(situation=situations(unit=1))
def test_hours_come_back_from_json_as_they_were(situation: tuple[Hours, datetime]) -> None:
    hours, _ = situation

    again = Hours.of_json(hours.as_json())

    assert again == hours
    assert calendar_of(again) is calendar_of(hours)


def test_what_is_kept_as_json_is_plain() -> None:
    closed = DayException(date(2026, 9, 8), "Mudança")
    hours = Hours(SAO_PAULO, (WeeklyInterval(1, time(9), MIDNIGHT),), (closed,), True, False, "SP")

    assert hours.as_json() == {
        "timeZone": "America/Sao_Paulo",
        "intervals": [{"weekday": 1, "opens": "09:00:00", "closes": "00:00:00"}],
        "exceptions": [{"date": "2026-09-08", "name": "Mudança", "opens": None, "closes": None}],
        "nationalHolidays": True,
        "optionalHolidays": False,
        "holidayState": "SP",
    }


def monday(opens: time, closes: time) -> WeeklyInterval:
    return WeeklyInterval(1, opens, closes)


def christmas_eve(opens: time | None = None, closes: time | None = None) -> DayException:
    return DayException(date(2026, 12, 24), "Véspera", opens, closes)


@pytest.mark.parametrize("zone", sorted(CHANGES))
def test_hours_that_touch_or_fill_the_day_are_fine(zone: str) -> None:
    touching = (monday(time(9), time(12)), monday(time(12), MIDNIGHT), monday(MIDNIGHT, time(9)))
    exceptions = (christmas_eve(time(12), time(15)), christmas_eve(time(9), time(12)))

    check(Hours(zone, touching, exceptions, True, True, "SP"))
    check(Hours(zone, ALWAYS, (christmas_eve(),)))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "America/Nowhere",
        "america/sao_paulo",
        "localtime",
        "Factory",
        "-03:00",
        "../etc/passwd",
        "/usr/share/zoneinfo/UTC",
        "America/../UTC",
        "America",
        "UTC\0",
    ],
)
def test_a_time_zone_is_one_that_everybody_knows(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(Hours(name, OFFICE))

    assert (refused.value.sentence, refused.value.field) == ("time_zone_unknown", ("timeZone",))


@pytest.mark.parametrize("state", ["", "sp", "XX", "São Paulo", "São Paulo Capital"])
def test_a_state_is_one_of_brazil(state: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(Hours(SAO_PAULO, OFFICE, holiday_state=state))

    assert refused.value.sentence == "holiday_state_unknown"
    assert refused.value.field == ("holidayState",)


@pytest.mark.parametrize(
    ("intervals", "sentence", "field"),
    [
        ((), "no_interval", ()),
        (ALWAYS * 15, "too_many", ()),
        ((WeeklyInterval(0, time(9), time(10)),), "interval_weekday", ("0", "weekday")),
        ((WeeklyInterval(8, time(9), time(10)),), "interval_weekday", ("0", "weekday")),
        ((monday(time(9), time(9)),), "interval_inverted", ("0", "closes")),
        ((monday(time(9), time(8)),), "interval_inverted", ("0", "closes")),
        ((monday(time(9), time(10, 0, 0, 1)),), "time_not_whole", ("0", "closes")),
        ((monday(time(9, tzinfo=UTC), time(10)),), "time_not_whole", ("0", "opens")),
        (
            (monday(time(13), time(18)), monday(time(9), time(13, 0, 1))),
            "intervals_overlap",
            ("1", "opens"),
        ),
        (
            (monday(time(13), time(18)), monday(time(14), time(15))),
            "intervals_overlap",
            ("1", "opens"),
        ),
        (
            (monday(time(23), MIDNIGHT), monday(MIDNIGHT, MIDNIGHT)),
            "intervals_overlap",
            ("1", "opens"),
        ),
        ((*ALWAYS, monday(time(9), time(10))), "intervals_overlap", ("7", "opens")),
        (
            (monday(time(13), time(18)), monday(time(9), time(12)), monday(time(17), time(19))),
            "intervals_overlap",
            ("2", "opens"),
        ),
    ],
)
def test_a_week_that_cannot_be_is_refused(
    intervals: tuple[WeeklyInterval, ...], sentence: str, field: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        check(Hours(SAO_PAULO, intervals))

    assert (refused.value.sentence, refused.value.field) == (sentence, ("intervals", *field))


@pytest.mark.parametrize(
    ("exceptions", "sentence", "field"),
    [
        ((christmas_eve(),) * 1_001, "too_many", ()),
        ((christmas_eve(time(9)),), "exception_times", ("0", "closes")),
        ((christmas_eve(None, time(9)),), "exception_times", ("0", "opens")),
        ((christmas_eve(time(9), time(8)),), "interval_inverted", ("0", "closes")),
        ((christmas_eve(time(9), time(10, tzinfo=UTC)),), "time_not_whole", ("0", "closes")),
        ((christmas_eve(), christmas_eve()), "exceptions_overlap", ("1", "date")),
        ((christmas_eve(time(9), time(10)), christmas_eve()), "exceptions_overlap", ("1", "date")),
        ((christmas_eve(), christmas_eve(time(9), time(10))), "exceptions_overlap", ("1", "opens")),
        (
            (christmas_eve(time(9), time(10)), christmas_eve(time(8), time(11))),
            "exceptions_overlap",
            ("1", "opens"),
        ),
    ],
)
def test_exceptions_that_contradict_each_other_are_refused(
    exceptions: tuple[DayException, ...], sentence: str, field: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        check(Hours(SAO_PAULO, OFFICE, exceptions))

    assert (refused.value.sentence, refused.value.field) == (sentence, ("exceptions", *field))
