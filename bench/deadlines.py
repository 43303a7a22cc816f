"""Due times: how many can be computed in a second, over lunch, nights, weekends and holidays.

    .venv/bin/python -m bench.deadlines

One core, Monday to Friday 09:00-12:00 and 13:00-18:00 in São Paulo with its holidays. The first
round also lays the years out; the others find them laid out. Every hundredth answer is checked
against a walk along the clock on the wall, second by second at its ends and by minutes between.
"""

import argparse
import random
import time
from datetime import UTC, datetime, timedelta
from datetime import time as Clock
from zoneinfo import ZoneInfo

from holidays.countries.brazil import Brazil

from domain.rules.calendar import Calendar, legal_due
from domain.rules.hours import Hours, WeeklyInterval

ZONE = "America/Sao_Paulo"
SPANS = ((Clock(9), Clock(12)), (Clock(13), Clock(18)))
HOURS = Hours(
    ZONE,
    tuple(WeeklyInterval(weekday, *span) for weekday in range(1, 6) for span in SPANS),
    national_holidays=True,
)
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS = 2 * 365 * 24 * 60 * 60
MINUTE = timedelta(minutes=1)
TARGETS = [timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480, 960, 1440, 2880)]
HOLIDAYS = Brazil(years=range(2024, 2029))

Question = tuple[datetime, timedelta]


def questions(count: int) -> list[Question]:
    chance = random.Random(20260904)
    return [
        (FIRST + timedelta(seconds=chance.randrange(SECONDS)), chance.choice(TARGETS))
        for _ in range(count)
    ]


def waited(moment: datetime, owed: timedelta) -> datetime:
    """The same answer, found by looking at the clock until it is time."""
    zone = ZoneInfo(ZONE)
    while True:
        shown = moment.astimezone(zone)
        step = MINUTE - timedelta(seconds=moment.second)
        worked = shown.weekday() < 5 and shown.date() not in HOLIDAYS
        if worked and any(opens <= shown.time() < closes for opens, closes in SPANS):
            if owed <= step:
                return moment + owed
            owed -= step
        moment += step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()

    given = questions(asked.count)
    calendar = Calendar(HOURS)
    print("| work | seconds | a second |\n|---|---|---|")
    answers: list[datetime] = []
    for round_ in range(asked.rounds):
        started = time.perf_counter()
        answers = [calendar.after(moment, owed) for moment, owed in given]
        told(f"{asked.count:,} due times, round {round_ + 1}", started, asked.count)
    started = time.perf_counter()
    for (moment, owed), due in zip(given, answers, strict=True):
        assert calendar.open_between(moment, due) == owed, (moment, owed, due)
    told(f"{asked.count:,} spans of opening time", started, asked.count)
    started = time.perf_counter()
    for moment, _ in given:
        legal_due(moment, 7, ZONE)
    told(f"{asked.count:,} legal terms", started, asked.count)

    checked = range(0, asked.count, 100)
    for index in checked:
        assert waited(*given[index]) == answers[index], (given[index], answers[index])
    print(f"\nAll {asked.count:,} measure what was owed; {len(checked):,} were waited for.")


def told(work: str, started: float, count: int) -> None:
    seconds = time.perf_counter() - started
    print(f"| {work} | {seconds:.3f} | {count / seconds:,.0f} |")


if __name__ == "__main__":
    main()
