"""The deadline that docs/sla.md works out is the one that the rules work out."""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.rules.calendar import calendar_of, legal_due
from domain.rules.clocks import Clock
from domain.rules.hours import Hours, WeeklyInterval
from domain.words import SlaMetric

DOCS = Path(__file__).parents[2] / "docs"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
K = calendar_of(
    Hours(
        "America/Sao_Paulo",
        tuple(
            WeeklyInterval(day, time(opens), time(closes))
            for day in range(1, 6)
            for opens, closes in ((9, 12), (13, 18))
        ),
        national_holidays=True,
    )
)
EIGHT_HOURS = timedelta(hours=8)


def rows() -> list[tuple[datetime, timedelta, datetime | None]]:
    """The table's local times, used times and due times; a day without its date is the last one."""
    text = (DOCS / "sla.md").read_text()
    table = text.split("## One deadline, worked out")[1].split("## ")[0]
    found: list[tuple[datetime, timedelta, datetime | None]] = []
    day = ""
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not re.match(r"(Mon|Tue|Wed|Thu|Fri) ", cells[0]):
            continue
        *_, date_or_day, clock = cells[0].split(" ")
        day = date_or_day if date_or_day[0].isdigit() else day
        hours, minutes = cells[2].split(":")
        due = None if cells[3] == "—" else local(" ".join(cells[3].split(" ")[1:]))
        used = timedelta(hours=int(hours), minutes=int(minutes))
        found.append((local(f"{day} {clock}"), used, due))
    return found


def local(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=SAO_PAULO)


@pytest.fixture
def clocks() -> dict[str, Clock]:
    registered, paused, resumed = (rows()[place][0] for place in (0, 3, 4))
    begun = Clock(SlaMetric.RESOLUTION, 1, EIGHT_HOURS, registered).resume(registered, K)
    waiting = begun.pause(paused, K)
    return {"begun": begun, "waiting": waiting, "resumed": waiting.resume(resumed, K)}


def test_each_line_says_what_is_used_and_when_it_is_due(clocks: dict[str, Clock]) -> None:
    states = ["begun"] * 3 + ["waiting"] + ["resumed"] * 5

    for (moment, used, due), state in zip(rows(), states, strict=True):
        clock = clocks[state]
        assert clock.used_at(moment, K) == used
        assert clock.due_at == due


def test_the_warnings_are_where_it_says(clocks: dict[str, Clock]) -> None:
    told = clocks["resumed"].notice(rows()[-1][0], K, (50, 75, 90))[1]

    assert [(each.percent, each.due_at) for each in told] == list(
        zip((50, 75, 90, 100), [row[0] for row in rows()[-4:]], strict=True)
    )


def test_the_first_response_and_the_law_are_due_when_it_says() -> None:
    registered, first_response = rows()[0][0], rows()[2][0]

    assert K.after(registered, timedelta(hours=2)) == first_response
    assert legal_due(registered, 7, "America/Sao_Paulo") == local("2026-09-11 23:59:59")
