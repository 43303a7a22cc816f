"""Calendars: saved, read, shared, dropped; what they make of deadlines, and what cannot be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.model.level import Level
from domain.words import Priority, Role, SlaMetric
from resolvers import ids
from tests.api.desk import Desk, Json, gid, unknown
from tests.api.office import Office, named
from tests.api.test_levels import HOUR, HOURS, WEEK
from tests.world import World

SAVE = (
    "mutation($i: SaveCalendarInput!) { saveCalendar(input: $i) {"
    " calendar { id name version } userErrors { code message field } } }"
)
DROP = (
    "mutation($i: DeleteInput!) { deleteCalendar(input: $i) {"
    " deletedId userErrors { code message field } } }"
)
READ = """
query($id: ID!) {
  node(id: $id) {
    __typename
    ... on Calendar {
      name timeZone version nationalHolidays optionalHolidays holidayState
      intervals { weekday opens closes }
      exceptions { date name opens closes }
      levels { name }
    }
  }
}
"""
OPEN = (
    "query($id: ID!, $d: Int) { level(id: $id) {"
    " openNow nextOpenAt openWindows(days: $d) { from to } } }"
)
PREVIEW = (
    "query($l: ID!, $p: Priority!, $at: DateTime!) {"
    " slaPreview(levelId: $l, priority: $p, openedAt: $at) { metric dueAt } }"
)
HOLIDAYS = (
    "query($id: ID!, $y: Int) { node(id: $id) {"
    " ... on Calendar { holidays(year: $y) { date name opens } } } }"
)
INDEPENDENCE_EVE = "2026-09-04T20:30:00Z"
"""Friday, 17:30 in São Paulo; Monday is a holiday."""


async def calendar_of(desk: Desk, office: Office, **given: object) -> str:
    """The id of a calendar that has just been saved."""
    told = await desk.ask(SAVE, office.boss, i={**HOURS, **given})
    assert told["userErrors"] == []
    made: str = told["calendar"]["id"]
    return made


async def read(desk: Desk, office: Office, calendar_id: str) -> Json:
    told: Json = await desk.ask(READ, office.boss, id=calendar_id)
    return told


async def level_by(desk: Desk, calendar_id: str, name: str = "Prazos", **settings: Any) -> Level:
    """A level that is open by that calendar; nothing but the given is measured."""
    settings = {"unmeasured": list(SlaMetric), **settings}
    return await desk.world.level(name, calendar_id=ids.read(calendar_id).uuid, **settings)


# ── saved and read ─────────────────────────────────────────────────────────────────────────────


async def test_a_calendar_is_saved_read_by_its_id_and_listed_by_name(desk: Desk) -> None:
    office = await Office.built(desk)

    calendar_id = await calendar_of(desk, office)

    calendar = await read(desk, office, calendar_id)
    assert calendar["__typename"] == "Calendar"
    assert (calendar["name"], calendar["timeZone"], calendar["version"]) == (
        "Comercial SP",
        "America/Sao_Paulo",
        1,
    )
    assert [each["opens"] for each in calendar["intervals"][:2]] == ["09:00:00", "13:00:00"]
    assert [each["date"] for each in calendar["exceptions"]] == ["2026-12-24", "2026-12-31"]
    assert calendar["levels"] == []
    listed = await desk.ask("{ calendars { name levels { name } } }", office.ana)
    assert listed == [
        {"name": "Comercial SP", "levels": []},
        {"name": "Horário comercial", "levels": [{"name": "Triagem"}]},
    ]


async def test_exceptions_that_are_not_given_stay_and_all_else_is_as_said(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)
    before = await read(desk, office, calendar_id)
    least = {"id": calendar_id, "name": "SP", "timeZone": "America/Bahia", "intervals": WEEK[:1]}

    await desk.ask(SAVE, office.boss, i=least)
    kept = await read(desk, office, calendar_id)
    await desk.ask(SAVE, office.boss, i={**least, "nationalHolidays": False, "exceptions": []})
    cleared = await read(desk, office, calendar_id)

    assert kept == {
        **before,
        "name": "SP",
        "timeZone": "America/Bahia",
        "intervals": before["intervals"][:1],
        "optionalHolidays": False,
        "holidayState": None,
        "version": 2,
    }
    assert cleared == {**kept, "exceptions": [], "nationalHolidays": False, "version": 3}


async def test_a_new_name_alone_makes_no_new_version(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)

    await calendar_of(desk, office, id=calendar_id, name="Outro nome")

    calendar = await read(desk, office, calendar_id)
    assert (calendar["name"], calendar["version"]) == ("Outro nome", 1)


async def test_a_retry_makes_no_second_calendar(desk: Desk) -> None:
    office = await Office.built(desk)
    asked = {**HOURS, "applyToOpenTickets": True, "idempotencyKey": "calendário-1"}

    first = await desk.ask(SAVE, office.boss, i=asked)
    rows = await office.rows()
    again = await desk.ask(SAVE, office.boss, i=asked)
    dropped = await desk.ask(DROP, office.boss, i={"id": first["calendar"]["id"]})
    late = await desk.ask(SAVE, office.boss, i=asked)

    assert first["userErrors"] == []
    assert again == first
    assert dropped["userErrors"] == []
    assert late == {"calendar": None, "userErrors": []}
    assert await office.rows() == {**rows, "calendar": rows["calendar"] - 1}


async def test_the_holidays_of_a_year_are_told(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)
    none = await calendar_of(
        desk,
        office,
        name="Sem feriados",
        nationalHolidays=False,
        optionalHolidays=False,
        holidayState=None,
    )

    this_year = await desk.ask(HOLIDAYS, office.ana, id=calendar_id)
    next_year = await desk.ask(HOLIDAYS, office.ana, id=calendar_id, y=2027)

    dates = {each["date"]: each for each in this_year["holidays"]}
    assert dates["2026-09-07"]["opens"] is None
    assert dates["2026-09-07"]["name"].startswith("Independência")
    assert "2026-07-09" in dates, "a holiday of São Paulo"
    assert list(dates) == sorted(dates)
    assert {each["date"][:4] for each in next_year["holidays"]} == {"2027"}
    assert (await desk.ask(HOLIDAYS, office.ana, id=none))["holidays"] == []
    for year in (0, -1, 10_000):
        error = await desk.error(HOLIDAYS, office.ana, id=calendar_id, y=year)
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID", ["year"])


# ── open or not ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "open_now", "next_open", "first"),
    [
        ("2026-09-04T20:30:00+00:00", True, None, ("2026-09-04T20:30:00Z", "2026-09-04T21:00:00Z")),
        (
            "2026-09-04T21:00:00+00:00",
            False,
            "2026-09-08T12:00:00Z",
            ("2026-09-08T12:00:00Z", "2026-09-08T15:00:00Z"),
        ),
    ],
)
async def test_a_level_tells_whether_it_is_open_and_when_it_opens(
    desk: Desk, now: str, open_now: bool, next_open: str | None, first: tuple[str, str]
) -> None:
    office = await Office.built(desk)
    level = await level_by(desk, await calendar_of(desk, office))
    desk.world.now = datetime.fromisoformat(now)

    told = await desk.ask(OPEN, office.boss, id=gid(level), d=14)

    assert (told["openNow"], told["nextOpenAt"]) == (open_now, next_open)
    window = told["openWindows"][0]
    assert (window["from"], window["to"]) == first
    limit = desk.world.now + timedelta(days=14)
    assert all(datetime.fromisoformat(each["to"]) <= limit for each in told["openWindows"])
    # Nine opening days in a fortnight that has a holiday, two windows each; today's last one more.
    assert len(told["openWindows"]) == 18 + open_now


@pytest.mark.parametrize("days", [0, -1, 93])
async def test_windows_are_told_for_1_to_92_days(desk: Desk, days: int) -> None:
    office = await Office.built(desk)

    error = await desk.error(OPEN, office.boss, id=office.names["level"], d=days)
    most = await desk.ask(OPEN, office.boss, id=office.names["level"], d=92)

    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID", ["days"])
    assert len(most["openWindows"]) > 100


# ── what a ticket would owe ────────────────────────────────────────────────────────────────────


async def test_deadlines_are_told_before_there_is_a_ticket(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office, holidayState=None)
    level = await level_by(
        desk,
        calendar_id,
        sla_targets=[
            (Priority.HIGH, SlaMetric.FIRST_RESPONSE, HOUR),
            (Priority.HIGH, SlaMetric.RESOLUTION, 8 * HOUR),
            (Priority.HIGH, SlaMetric.LEGAL_RESPONSE, 7 * 86_400),
            (Priority.LOW, SlaMetric.APPROVAL, 60),
        ],
    )

    high = await desk.ask(PREVIEW, office.ana, l=gid(level), p="HIGH", at=INDEPENDENCE_EVE)
    low = await desk.ask(PREVIEW, office.ana, l=gid(level), p="LOW", at="2026-09-04T17:30:00-03:00")
    urgent = await desk.ask(PREVIEW, office.ana, l=gid(level), p="URGENT", at=INDEPENDENCE_EVE)

    assert high == [
        {"metric": "FIRST_RESPONSE", "dueAt": "2026-09-08T12:30:00Z"},
        {"metric": "RESOLUTION", "dueAt": "2026-09-08T20:30:00Z"},
        {"metric": "LEGAL_RESPONSE", "dueAt": "2026-09-12T02:59:59Z"},
    ]
    assert {"metric": "APPROVAL", "dueAt": "2026-09-04T20:31:00Z"} in low
    assert [each["metric"] for each in urgent] == [
        "FIRST_RESPONSE",
        "RESOLUTION",
        "LEGAL_RESPONSE",
    ]


async def test_a_ticket_is_due_when_its_preview_said(desk: Desk) -> None:
    office = await Office.built(desk)
    told = await desk.ask(
        "mutation($i: SaveLevelInput!) { saveLevel(input: $i) { level { id } } }",
        office.boss,
        i={"name": "Prazos", "calendar": HOURS},
    )
    level_id = told["level"]["id"]
    now = desk.world.now = datetime(2026, 9, 4, 20, 30, 1, 500, tzinfo=UTC)
    opening = (
        "mutation($i: OpenTicketInput!) { openTicket(input: $i) {"
        " ticket { sla { metric dueAt } } } }"
    )

    preview = await desk.ask(PREVIEW, office.boss, l=level_id, p="LOW", at=now.isoformat())
    form = {"levelId": level_id, "subject": "S", "comment": "C", "priority": "LOW"}
    ticket = (await desk.ask(opening, office.boss, i=form))["ticket"]

    begun = {each["metric"]: each["dueAt"] for each in ticket["sla"]}
    assert begun.keys() == {"FIRST_RESPONSE", "RESOLUTION", "LEGAL_RESPONSE"}
    assert {each["metric"]: each["dueAt"] for each in preview} == {
        **begun,
        "NEXT_RESPONSE": begun["FIRST_RESPONSE"],
    }


async def test_a_preview_of_nothing_or_of_never_is_refused(desk: Desk) -> None:
    office = await Office.built(desk)
    level, now = office.names["level"], "2026-09-04T20:30:00Z"
    asked: Sequence[tuple[Json, str, list[str]]] = [
        ({"l": unknown("Level"), "at": now}, "NOT_FOUND", ["levelId"]),
        ({"l": office.names["ticket"], "at": now}, "NOT_FOUND", ["levelId"]),
        ({"l": level, "at": "1989-12-31T23:59:59Z"}, "INVALID", ["openedAt"]),
        ({"l": level, "at": "2037-01-01T00:00:00Z"}, "INVALID", ["openedAt"]),
    ]

    for variables, code, field in asked:
        error = await desk.error(PREVIEW, office.ana, p="LOW", **variables)
        assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)


# ── dropped ────────────────────────────────────────────────────────────────────────────────────


async def test_a_calendar_is_dropped_once_no_level_is_open_by_it(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)
    level = await level_by(desk, calendar_id)
    before = await office.rows()

    used = await desk.ask(DROP, office.boss, i={"id": calendar_id})
    kept = await office.rows()
    other = await calendar_of(desk, office, name="Outro")
    await desk.ask(
        "mutation($i: SaveLevelInput!) { saveLevel(input: $i) { userErrors { message } } }",
        office.boss,
        i={"id": gid(level), "name": level.name, "calendarId": other},
    )
    unused = await desk.ask(DROP, office.boss, i={"id": calendar_id})
    gone = await desk.ask(DROP, office.boss, i={"id": calendar_id})

    [error] = used["userErrors"]
    assert (used["deletedId"], error["code"], error["field"]) == (None, "INVALID", ["id"])
    assert "Prazos" in error["message"]
    assert kept == before
    assert unused == {"deletedId": calendar_id, "userErrors": []}
    assert [each["code"] for each in gone["userErrors"]] == ["NOT_FOUND"]
    assert await desk.ask(READ, office.boss, id=calendar_id) is None


async def test_a_calendar_that_somebody_changed_meanwhile_is_not_dropped(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)
    seen = {"id": calendar_id, "expectedVersion": 1}
    await desk.ask(SAVE, office.boss, i={**HOURS, "id": calendar_id, "intervals": WEEK[:1]})

    told = await desk.ask(
        "mutation($i: DeleteInput!) { deleteCalendar(input: $i) { deletedId userErrors {"
        " __typename code field ... on CalendarConflict { current { id version } } } } }",
        office.boss,
        i=seen,
    )

    assert told["deletedId"] is None
    assert told["userErrors"] == [
        {
            "__typename": "CalendarConflict",
            "code": "VERSION_CONFLICT",
            "field": ["expectedVersion"],
            "current": {"id": calendar_id, "version": 2},
        }
    ]
    assert await desk.ask(READ, office.boss, id=calendar_id) is not None


# ── open tickets ───────────────────────────────────────────────────────────────────────────────


async def test_other_hours_move_open_tickets_of_every_level_only_where_asked(desk: Desk) -> None:
    office = await Office.built(desk)
    world = desk.world
    calendar_id = await calendar_of(desk, office)
    target = [(Priority.MEDIUM, SlaMetric.RESOLUTION, HOUR)]
    one = await level_by(desk, calendar_id, sla_targets=target)
    other = await level_by(desk, calendar_id, "Outro", sla_targets=target)
    world.now = datetime(2026, 9, 14, 14, 30, tzinfo=UTC)
    tickets = [await world.ticket(level) for level in (one, other)]
    no_lunch = [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 6)]

    await calendar_of(desk, office, id=calendar_id, intervals=no_lunch)
    kept = [(await world.see(each)).due_at for each in tickets]
    await calendar_of(desk, office, id=calendar_id, intervals=no_lunch, applyToOpenTickets=True)
    moved = [(await world.see(each)).due_at for each in tickets]

    assert kept == [datetime(2026, 9, 14, 16, 30, tzinfo=UTC)] * 2
    assert moved == [datetime(2026, 9, 14, 15, 30, tzinfo=UTC)] * 2


async def test_a_calendar_saved_with_a_level_can_move_every_level_that_shares_it(
    desk: Desk,
) -> None:
    office = await Office.built(desk)
    world = desk.world
    calendar_id = await calendar_of(desk, office)
    target = [(Priority.MEDIUM, SlaMetric.RESOLUTION, HOUR)]
    one = await level_by(desk, calendar_id, sla_targets=target)
    other = await level_by(desk, calendar_id, "Outro", sla_targets=target)
    world.now = datetime(2026, 9, 14, 14, 30, tzinfo=UTC)
    tickets = [await world.ticket(level) for level in (one, other)]
    no_lunch = [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 6)]
    hours = {**HOURS, "id": calendar_id, "intervals": no_lunch, "applyToOpenTickets": True}

    told = await desk.ask(
        "mutation($i: SaveLevelInput!) { saveLevel(input: $i) { userErrors { message } } }",
        office.boss,
        i={"id": gid(one), "name": one.name, "calendar": hours},
    )

    assert told == {"userErrors": []}
    moved = [(await world.see(each)).due_at for each in tickets]
    assert moved == [datetime(2026, 9, 14, 15, 30, tzinfo=UTC)] * 2


async def test_a_supervisor_changes_no_hours_of_levels_that_are_not_theirs(desk: Desk) -> None:
    office = await Office.built(desk)
    calendar_id = await calendar_of(desk, office)
    own = await level_by(desk, calendar_id)
    rita = await desk.world.person("Rita", role=Role.SUPERVISOR, level=own)
    asked = {**HOURS, "id": calendar_id, "intervals": WEEK[:1], "applyToOpenTickets": True}

    allowed = await desk.ask(SAVE, rita, i=asked)
    await level_by(desk, calendar_id, "Outro")
    refused = await desk.ask(SAVE, rita, i={**asked, "intervals": WEEK})

    assert allowed["userErrors"] == []
    assert [(each["code"], each["field"]) for each in refused["userErrors"]] == [
        ("FORBIDDEN", ["id"])
    ]
    assert (await read(desk, office, calendar_id))["version"] == 2


# ── what cannot be ─────────────────────────────────────────────────────────────────────────────


def week(*intervals: tuple[int, str, str]) -> Json:
    parts = [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in intervals]
    return {"intervals": parts}


def days(*exceptions: tuple[str, str | None, str | None]) -> Json:
    parts = [
        {"date": date, "name": "Dia", "opens": opens, "closes": closes}
        for date, opens, closes in exceptions
    ]
    return {"exceptions": parts}


CHRISTMAS = "2026-12-24"
REFUSED: Sequence[tuple[Json, str, list[str]]] = [
    (week(), "INVALID", ["intervals"]),
    (week(*[(1, "09:00", "10:00")] * 101), "INVALID", ["intervals"]),
    (week((1, "09:00", "12:00"), (1, "11:59", "18:00")), "INVALID", ["intervals", "1", "opens"]),
    (week((1, "09:00", "12:00"), (1, "09:00", "12:00")), "INVALID", ["intervals", "1", "opens"]),
    (week((1, "09:00", "00:00"), (1, "23:00", "23:30")), "INVALID", ["intervals", "1", "opens"]),
    (week((1, "09:00", "12:00"), (2, "18:00", "09:00")), "INVALID", ["intervals", "1", "closes"]),
    (week((1, "09:00", "09:00")), "INVALID", ["intervals", "0", "closes"]),
    (week((0, "09:00", "12:00")), "INVALID", ["intervals", "0", "weekday"]),
    (days((CHRISTMAS, "09:00", None)), "INVALID", ["exceptions", "0", "closes"]),
    (days((CHRISTMAS, None, "12:00")), "INVALID", ["exceptions", "0", "opens"]),
    (days((CHRISTMAS, "12:00", "09:00")), "INVALID", ["exceptions", "0", "closes"]),
    (
        days((CHRISTMAS, None, None), (CHRISTMAS, "09:00", "12:00")),
        "INVALID",
        ["exceptions", "1", "opens"],
    ),
    ({"timeZone": ""}, "INVALID", ["timeZone"]),
    ({"timeZone": "../etc/passwd"}, "INVALID", ["timeZone"]),
    ({"timeZone": "localtime"}, "INVALID", ["timeZone"]),
    ({"holidayState": "sp"}, "INVALID", ["holidayState"]),
    ({"name": ""}, "INVALID", ["name"]),
    ({"name": "n" * 121}, "INVALID", ["name"]),
    ({"name": "n\x00"}, "INVALID", ["name"]),
    ({"name": "Horário comercial"}, "DUPLICATE", ["name"]),
    ({"id": "$level"}, "NOT_FOUND", ["id"]),
    ({"id": "$noCalendar"}, "NOT_FOUND", ["id"]),
    ({"id": "$theirCalendar"}, "NOT_FOUND", ["id"]),
    ({"idempotencyKey": "k" * 121}, "INVALID", ["idempotencyKey"]),
]


async def test_one_wrong_hour_is_named_and_nothing_is_saved(desk: Desk) -> None:
    office = await Office.built(desk)
    other = await World.founded(desk.world.storage)
    office.names |= {
        "noCalendar": unknown("Calendar"),
        "theirCalendar": gid(other.triage.calendar_id, "Calendar"),
    }
    calendar_id = await calendar_of(desk, office)
    kept, before = await read(desk, office, calendar_id), await office.rows()
    wrong = []

    for given, code, field in REFUSED:
        for own in ({"name": "Novo"}, {"id": calendar_id, "name": "Comercial SP"}):
            asked = named({**HOURS, **own, **given}, office.names)
            told = await desk.ask(SAVE, office.boss, i=asked)
            [error] = told["userErrors"]
            if (error["code"], error["field"]) != (code, field) or told["calendar"]:
                wrong.append((given, error, code, field))
    drop = await desk.ask(DROP, office.boss, i={"id": office.names["theirCalendar"]})

    assert wrong == []
    assert [each["code"] for each in drop["userErrors"]] == ["NOT_FOUND"]
    assert await office.rows() == before
    assert await read(desk, office, calendar_id) == kept


TIMES = ["25:00", "24:00", "9:00", "09:60", "09:00:60", "09:00Z", "09:00:00.5", "", "0900", 9, None]
DATES = ["2026-02-29", "2026-13-01", "20260907", "2026-W36-1", "07/09/2026", "0000-01-01", "", 7]


@pytest.mark.parametrize("opens", TIMES)
async def test_what_is_no_time_is_told_at_its_place(desk: Desk, opens: object) -> None:
    office = await Office.built(desk)
    interval = {"weekday": 1, "opens": opens, "closes": "12:00"}

    error = await desk.error(SAVE, office.boss, i={**HOURS, "intervals": [interval]})

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "intervals[0].opens" in error["message"]


@pytest.mark.parametrize("day", DATES)
async def test_what_is_no_date_is_told_at_its_place(desk: Desk, day: object) -> None:
    office = await Office.built(desk)

    error = await desk.error(
        SAVE, office.boss, i={**HOURS, "exceptions": [{"date": day, "name": "Dia"}]}
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "exceptions[0].date" in error["message"]
    assert "2026-09-07" in error["message"]


async def test_times_written_in_the_document_itself_are_read_alike(desk: Desk) -> None:
    office = await Office.built(desk)
    text = (
        'mutation { saveCalendar(input: { name: "N", timeZone: "UTC", intervals: [{ weekday: 1,'
        ' opens: "09:00:30", closes: "CLOSES" }] }) {'
        " calendar { intervals { opens closes } } userErrors { code } } }"
    )

    told = await desk.ask(text.replace("CLOSES", "00:00"), office.boss)
    error = await desk.error(text.replace("CLOSES", "25:00"), office.boss)

    assert told["calendar"]["intervals"] == [{"opens": "09:00:30", "closes": "00:00:00"}]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
    assert "09:30" in error["message"]
