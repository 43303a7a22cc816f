"""A level set up: all five steps in one call, what changes later, and what cannot be."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.model.level import Level
from domain.operations import handling
from domain.words import CloseReason, Priority, Role, SlaMetric, TicketStatus
from tests.api.desk import Desk, Json, gid, unknown
from tests.api.office import Office, named
from tests.statements import statements_of
from tests.world import Person, World

SAVE = (
    "mutation($i: SaveLevelInput!) { saveLevel(input: $i) {"
    " level { id name version } openTickets userErrors { __typename code message field } } }"
)
READ = """
query($id: ID!) {
  level(id: $id) {
    name enabled defaultPriority moderated grouping groupOldOccurrences assignment pullOrder
    batchSize claimLeaseSeconds commentRequired outsideView autoCloseAfterDays version
    sendsReceipts receiptText
    slaPolicy { version warnAtPercent unmeasured targets { priority metric seconds } }
    calendar {
      name timeZone version nationalHolidays optionalHolidays holidayState
      intervals { weekday opens closes }
      exceptions { date name opens closes }
      levels { name }
    }
    accounts { name }
    members { role capacity user { name } }
  }
}
"""
HOUR = 3_600
WEEK: list[Json] = [
    {"weekday": day, "opens": opens, "closes": closes}
    for day in range(1, 6)
    for opens, closes in (("09:00", "12:00"), ("13:00", "18:00"))
]
HOURS: Json = {
    "name": "Comercial SP",
    "timeZone": "America/Sao_Paulo",
    "intervals": WEEK,
    "exceptions": [
        {"date": "2026-12-24", "name": "Véspera", "opens": "09:00", "closes": "12:00"},
        {"date": "2026-12-31", "name": "Ano novo"},
    ],
    "optionalHolidays": True,
    "holidayState": "SP",
}
WHOLE: Json = {
    # Who it is.
    "name": "Financeiro",
    "defaultPriority": "HIGH",
    "moderated": True,
    "grouping": "PUBLISHER",
    "groupOldOccurrences": True,
    "outsideView": "STUB",
    "commentRequired": True,
    # How its tickets find somebody.
    "assignment": "LEAST_BUSY",
    "pullOrder": "NEWEST_FIRST",
    "batchSize": 3,
    "claimLeaseSeconds": 60,
    "autoCloseAfterDays": 5,
    # What whoever writes is told by itself.
    "sendsReceipts": True,
    "receiptText": "Recebido em {{date}}: {{protocol}}",
    # What it owes by when.
    "slaTargets": [
        {"priority": "URGENT", "metric": "FIRST_RESPONSE", "seconds": HOUR},
        {"priority": "URGENT", "metric": "LEVEL_TIME", "seconds": 2 * HOUR},
    ],
    "unmeasured": ["NEXT_RESPONSE"],
    "warnAtPercent": [80, 100],
    # When it is open.
    "calendar": HOURS,
    # Where it answers from, and who.
    "accountIds": ["$account"],
    "members": [{"userId": "$user", "role": "MANAGER", "capacity": 7}, {"userId": "$boss"}],
}


async def office_of(desk: Desk) -> Office:
    office = await Office.built(desk)
    office.names["boss"] = gid(office.boss.user)
    return office


async def saved(office: Office, **given: object) -> Json:
    """The payload of a save by the administrator that has to go well."""
    told: Json = await office.desk.ask(SAVE, office.boss, i=named(given, office.names))
    assert told["userErrors"] == []
    return told


async def read(office: Office, level_id: str) -> Json:
    told: Json = await office.desk.ask(READ, office.boss, id=level_id)
    return told


def seconds(policy: Json) -> dict[tuple[str, str], int]:
    return {(each["priority"], each["metric"]): each["seconds"] for each in policy["targets"]}


# ── all five steps at once ─────────────────────────────────────────────────────────────────────


async def test_a_whole_level_is_saved_in_one_call_and_read_back(desk: Desk) -> None:
    office = await office_of(desk)

    told = await saved(office, **WHOLE)

    level = await read(office, told["level"]["id"])
    given = {"calendar", "slaTargets", "unmeasured", "warnAtPercent", "accountIds", "members"}
    assert {name: level[name] for name in WHOLE.keys() - given} == {
        name: WHOLE[name] for name in WHOLE.keys() - given
    }
    assert (level["enabled"], level["version"], told["openTickets"]) == (True, 1, None)
    assert [each["name"] for each in level["accounts"]] == ["conta 1"]
    members = {each["user"]["name"]: (each["role"], each["capacity"]) for each in level["members"]}
    assert members == {"Ana": ("MANAGER", 7), "Chefe": ("ATTENDANT", None)}
    calendar = level["calendar"]
    assert calendar["levels"] == [{"name": "Financeiro"}]
    assert [calendar[name] for name in ("name", "timeZone", "holidayState", "version")] == [
        "Comercial SP",
        "America/Sao_Paulo",
        "SP",
        1,
    ]
    assert (calendar["nationalHolidays"], calendar["optionalHolidays"]) == (True, True)
    assert calendar["intervals"][0] == {"weekday": 1, "opens": "09:00:00", "closes": "12:00:00"}
    assert len(calendar["intervals"]) == 10
    assert calendar["exceptions"] == [
        {"date": "2026-12-24", "name": "Véspera", "opens": "09:00:00", "closes": "12:00:00"},
        {"date": "2026-12-31", "name": "Ano novo", "opens": None, "closes": None},
    ]


async def test_targets_that_are_given_stand_beside_the_usual_ones(desk: Desk) -> None:
    office = await office_of(desk)

    told = await saved(office, **WHOLE)

    policy = (await read(office, told["level"]["id"]))["slaPolicy"]
    targets = seconds(policy)
    assert targets["URGENT", "FIRST_RESPONSE"] == HOUR
    assert targets["HIGH", "FIRST_RESPONSE"] == HOUR
    assert targets["LOW", "FIRST_RESPONSE"] == 8 * HOUR
    assert targets["URGENT", "RESOLUTION"] == 4 * HOUR
    assert targets["URGENT", "LEVEL_TIME"] == 2 * HOUR
    assert targets["LOW", "LEGAL_RESPONSE"] == 7 * 24 * HOUR
    assert (policy["version"], policy["warnAtPercent"]) == (1, [80, 100])
    assert policy["unmeasured"] == ["NEXT_RESPONSE", "APPROVAL"]


async def test_a_new_level_that_is_told_nothing_starts_as_usual(desk: Desk) -> None:
    office = await office_of(desk)

    told = await saved(office, name="Simples")

    level = await read(office, told["level"]["id"])
    targets = seconds(level["slaPolicy"])
    first = [targets[each.value, "FIRST_RESPONSE"] for each in Priority]
    whole = [targets[each.value, "RESOLUTION"] for each in Priority]
    assert first == [8 * HOUR, 4 * HOUR, HOUR, HOUR // 2]
    assert whole == [48 * HOUR, 24 * HOUR, 8 * HOUR, 4 * HOUR]
    assert [targets[each.value, "NEXT_RESPONSE"] for each in Priority] == first
    assert level["slaPolicy"]["unmeasured"] == ["APPROVAL", "LEVEL_TIME"]
    assert level["slaPolicy"]["warnAtPercent"] == [50, 75, 90, 100]
    assert level["calendar"]["name"] == "Horário comercial"
    assert (level["moderated"], level["assignment"]) == (False, "MANUAL_PULL")
    assert level["autoCloseAfterDays"] == 3
    assert (level["sendsReceipts"], level["receiptText"]) == (False, None)


async def test_hours_and_targets_of_many_levels_cost_no_more_questions(desk: Desk) -> None:
    office = await office_of(desk)
    document = (
        "{ levels { slaPolicy { version targets { seconds } } calendar { name levels { name } }"
        " openNow nextOpenAt openWindows { from } slaRecompute { done } } }"
    )
    await saved(office, name="Um", calendar={**HOURS, "name": "Um"})

    with statements_of(desk.world.storage.database.reader) as few:
        await desk.ask(document, office.boss)
    for number in range(7):
        name = f"Nível {number}"
        told = await saved(office, name=name, calendar={**HOURS, "name": name})
        assert told["level"]
    with statements_of(desk.world.storage.database.reader) as many:
        await desk.ask(document, office.boss)

    assert len(many) == len(few)


# ── what changes later ─────────────────────────────────────────────────────────────────────────

CHANGES: Sequence[tuple[Json, Json]] = [
    ({"moderated": False}, {"moderated": False}),
    ({"assignment": "ROUND_ROBIN"}, {"assignment": "ROUND_ROBIN"}),
    ({"defaultPriority": "LOW"}, {"defaultPriority": "LOW"}),
    ({"autoCloseAfterDays": 365}, {"autoCloseAfterDays": 365}),
    ({"autoCloseAfterDays": None}, {"autoCloseAfterDays": None}),
    ({"sendsReceipts": False}, {"sendsReceipts": False}),
    ({"receiptText": None}, {"receiptText": None}),
    ({"accountIds": []}, {"accounts": []}),
    ({"members": []}, {"members": []}),
    ({"commentRequired": False}, {"commentRequired": False}),
    ({"unmeasured": None, "warnAtPercent": None, "members": None, "slaTargets": None}, {}),
]


@pytest.mark.parametrize(("given", "changed"), CHANGES, ids=[str(each[0]) for each in CHANGES])
async def test_what_is_not_given_stays(desk: Desk, given: Json, changed: Json) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    before = await read(office, level_id)

    await saved(office, id=level_id, name="Financeiro", **given)

    assert await read(office, level_id) == {**before, **changed, "version": 2}


async def test_one_target_changes_and_the_others_stay(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    before = (await read(office, level_id))["slaPolicy"]
    target = {"priority": "LOW", "metric": "RESOLUTION", "seconds": 1}

    await saved(office, id=level_id, name="Financeiro", slaTargets=[target])

    after = (await read(office, level_id))["slaPolicy"]
    assert seconds(after) == {**seconds(before), ("LOW", "RESOLUTION"): 1}
    assert (after["version"], after["warnAtPercent"]) == (2, before["warnAtPercent"])


async def test_a_metric_is_left_out_and_taken_up_again(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    target = {"priority": "HIGH", "metric": "RESOLUTION", "seconds": HOUR}

    await saved(office, id=level_id, name="F", unmeasured=["RESOLUTION", "LEGAL_RESPONSE"])
    without = (await read(office, level_id))["slaPolicy"]
    await saved(office, id=level_id, name="F", slaTargets=[target])
    again = (await read(office, level_id))["slaPolicy"]

    assert {"RESOLUTION", "LEGAL_RESPONSE"} <= set(without["unmeasured"])
    assert not [key for key in seconds(without) if key[1] in ("RESOLUTION", "LEGAL_RESPONSE")]
    assert [key for key in seconds(again) if key[1] == "RESOLUTION"] == [("HIGH", "RESOLUTION")]


async def test_warnings_change_alone(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    before = (await read(office, level_id))["slaPolicy"]

    await saved(office, id=level_id, name="Financeiro", warnAtPercent=[])

    after = (await read(office, level_id))["slaPolicy"]
    assert after == {**before, "warnAtPercent": [], "version": 2}


async def test_a_calendar_saved_with_the_level_is_another_version_of_the_same(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    before = (await read(office, level_id))["calendar"]
    calendars = await desk.ask("{ calendars { id name } }", office.boss)
    [calendar_id] = [each["id"] for each in calendars if each["name"] == "Comercial SP"]
    change = {key: part for key, part in HOURS.items() if key != "exceptions"}

    await saved(
        office,
        id=level_id,
        name="Financeiro",
        calendar={**change, "id": calendar_id, "intervals": WEEK[:2]},
    )

    level = await read(office, level_id)
    assert level["calendar"] == {**before, "intervals": before["intervals"][:2], "version": 2}
    assert level["slaPolicy"]["version"] == 2


async def test_a_level_is_given_a_calendar_that_another_has(desk: Desk) -> None:
    office = await office_of(desk)
    await saved(office, **WHOLE)
    calendars = await desk.ask("{ calendars { id name } }", office.boss)
    [calendar_id] = [each["id"] for each in calendars if each["name"] == "Comercial SP"]

    told = await saved(office, name="Cobrança", calendarId=calendar_id, accountIds=["$account"])

    level = await read(office, told["level"]["id"])
    assert [each["name"] for each in level["calendar"]["levels"]] == ["Cobrança", "Financeiro"]
    sharing = await desk.ask("{ accounts { name levels { name } } }", office.ana)
    assert sharing == [
        {"name": "conta 1", "levels": [{"name": "Cobrança"}, {"name": "Financeiro"}]}
    ]


# ── two at once ────────────────────────────────────────────────────────────────────────────────


async def test_an_older_version_is_told_what_the_level_is_now(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    await saved(office, id=level_id, name="Contas", expectedVersion=1)
    document = (
        "mutation($i: SaveLevelInput!) { saveLevel(input: $i) { level { id } userErrors {"
        " __typename code message field ... on LevelConflict {"
        " current { id name version calendar { name } members { user { name } } } } } } }"
    )

    told = await desk.ask(
        document, office.boss, i={"id": level_id, "name": "Outro", "expectedVersion": 1}
    )

    assert told["level"] is None
    [error] = told["userErrors"]
    assert (error["__typename"], error["code"]) == ("LevelConflict", "VERSION_CONFLICT")
    assert error["field"] == ["expectedVersion"]
    now = error["current"]
    assert (now["id"], now["name"], now["version"]) == (level_id, "Contas", 2)
    assert now["calendar"]["name"] == "Comercial SP"
    assert len(now["members"]) == 2


async def test_of_two_who_save_the_same_version_one_is_told(desk: Desk) -> None:
    office = await office_of(desk)
    level_id = (await saved(office, **WHOLE))["level"]["id"]
    asked = [{"id": level_id, "name": name, "expectedVersion": 1} for name in ("Um", "Dois")]

    answers = await asyncio.gather(*(desk.ask(SAVE, office.boss, i=each) for each in asked))

    errors = [each["userErrors"] for each in answers]
    assert sorted(len(each) for each in errors) == [0, 1]
    [[error]] = [each for each in errors if each]
    assert error["code"] == "VERSION_CONFLICT"


async def test_a_retry_makes_no_second_level_and_no_second_calendar(desk: Desk) -> None:
    office = await office_of(desk)
    asked = {**WHOLE, "applyToOpenTickets": True, "idempotencyKey": "nível-1"}

    first = await saved(office, **asked)
    rows = await office.rows()
    again = await saved(office, **asked)

    assert again == first
    assert await office.rows() == rows


# ── what cannot be ─────────────────────────────────────────────────────────────────────────────


def target(seconds: int, metric: str = "RESOLUTION") -> Json:
    return {"slaTargets": [{"priority": "LOW", "metric": metric, "seconds": seconds}]}


def week(*intervals: tuple[int, str, str]) -> Json:
    parts = [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in intervals]
    return {"calendar": {**HOURS, "intervals": parts}}


FIRST_TARGET = ["slaTargets", "0", "seconds"]
IN_CALENDAR = ["calendar", "intervals"]
REFUSED: Sequence[tuple[Json, str, list[str]]] = [
    ({"name": ""}, "INVALID", ["name"]),
    ({"name": "n" * 121}, "INVALID", ["name"]),
    ({"name": "Triagem"}, "DUPLICATE", ["name"]),
    (target(0), "INVALID", FIRST_TARGET),
    (target(-1), "INVALID", FIRST_TARGET),
    (target(366 * 86_400 + 1), "INVALID", FIRST_TARGET),
    (target(86_401, "LEGAL_RESPONSE"), "INVALID", FIRST_TARGET),
    ({"slaTargets": target(1)["slaTargets"] * 2}, "INVALID", ["slaTargets", "1"]),
    ({"warnAtPercent": [50, 101]}, "INVALID", ["warnAtPercent", "1"]),
    ({"warnAtPercent": [0]}, "INVALID", ["warnAtPercent", "0"]),
    ({"warnAtPercent": [90, 50]}, "INVALID", ["warnAtPercent", "1"]),
    ({"warnAtPercent": [50, 50]}, "INVALID", ["warnAtPercent", "1"]),
    ({"warnAtPercent": list(range(1, 12))}, "INVALID", ["warnAtPercent"]),
    ({"autoCloseAfterDays": 0}, "INVALID", ["autoCloseAfterDays"]),
    ({"autoCloseAfterDays": 366}, "INVALID", ["autoCloseAfterDays"]),
    (week(), "INVALID", IN_CALENDAR),
    (
        week((1, "09:00", "12:00"), (1, "11:00", "18:00")),
        "INVALID",
        [*IN_CALENDAR, "1", "opens"],
    ),
    (
        week((2, "09:00", "12:00"), (1, "18:00", "09:00")),
        "INVALID",
        [*IN_CALENDAR, "1", "closes"],
    ),
    (week((8, "09:00", "12:00")), "INVALID", [*IN_CALENDAR, "0", "weekday"]),
    ({"calendar": {**HOURS, "name": " "}}, "INVALID", ["calendar", "name"]),
    ({"calendar": {**HOURS, "name": "Horário comercial"}}, "DUPLICATE", ["calendar", "name"]),
    ({"calendar": {**HOURS, "timeZone": "Brasil/Leste"}}, "INVALID", ["calendar", "timeZone"]),
    ({"calendar": {**HOURS, "holidayState": "ZZ"}}, "INVALID", ["calendar", "holidayState"]),
    ({"calendar": {**HOURS, "id": "$nobody"}}, "NOT_FOUND", ["calendar", "id"]),
    ({"calendar": {**HOURS, "id": "$theirCalendar"}}, "NOT_FOUND", ["calendar", "id"]),
    ({"calendarId": "$nobody"}, "NOT_FOUND", ["calendarId"]),
    ({"calendarId": "$noCalendar"}, "NOT_FOUND", ["calendarId"]),
    ({"calendarId": "$theirCalendar"}, "NOT_FOUND", ["calendarId"]),
    ({"calendarId": "$noCalendar", "calendar": HOURS}, "INVALID", ["calendarId"]),
    ({"accountIds": ["$account", "$theirAccount"]}, "NOT_FOUND", ["accountIds"]),
    (
        {"members": [{"userId": "$user"}, {"userId": "$theirUser"}]},
        "NOT_FOUND",
        ["members", "1", "userId"],
    ),
    (
        {"members": [{"userId": "$user"}, {"userId": "$user"}]},
        "INVALID",
        ["members", "1", "userId"],
    ),
    (
        {"members": [{"userId": "$user", "capacity": -1}]},
        "INVALID",
        ["members", "0", "capacity"],
    ),
]


async def neighbours(desk: Desk, office: Office) -> None:
    """Another company, whose things have ids like ours."""
    other = await World.founded(desk.world.storage)
    account, user = await other.account(), (await other.person("Rui")).user
    office.names |= {
        "noCalendar": unknown("Calendar"),
        "theirCalendar": gid(other.triage.calendar_id, "Calendar"),
        "theirAccount": gid(account),
        "theirUser": gid(user),
    }


async def test_one_wrong_part_is_named_and_nothing_at_all_is_saved(desk: Desk) -> None:
    office = await office_of(desk)
    await neighbours(desk, office)
    level_id = (await saved(office, **{**WHOLE, "name": "Antes"}))["level"]["id"]
    kept, before = await read(office, level_id), await office.rows()
    wrong = []

    whole = {**WHOLE, "calendar": {**HOURS, "name": "Novo"}, "name": "Novo"}
    for given, code, field in REFUSED:
        for asked in ({**whole, **given}, {"id": level_id, "moderated": False, **given}):
            if "calendarId" in given:
                asked = {"name": "Novo", **given}
            asked = named({"name": "Antes", **asked}, office.names)
            [error] = (await desk.ask(SAVE, office.boss, i=asked))["userErrors"]
            if (error["code"], error["field"]) != (code, field):
                wrong.append((given, error, code, field))

    assert wrong == []
    assert await office.rows() == before
    assert await read(office, level_id) == kept


async def test_a_time_that_no_clock_shows_is_refused_before_anything_runs(desk: Desk) -> None:
    office = await office_of(desk)
    before = await office.rows()
    interval = {"weekday": 1, "opens": "09:00", "closes": "25:00"}

    error = await desk.error(
        SAVE, office.boss, i={"name": "N", "calendar": {**HOURS, "intervals": [interval]}}
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "calendar.intervals[0].closes" in error["message"]
    assert "09:30" in error["message"]
    assert await office.rows() == before


# ── what it does to what comes in ──────────────────────────────────────────────────────────────


async def test_switching_a_level_off_tells_what_is_open_and_diverts_what_comes(desk: Desk) -> None:
    office = await office_of(desk)
    world = desk.world
    level = await world.level("Vendas")
    account = await world.account()
    await world.watch(account, level)
    opened = [await world.heard(account, author=name) for name in ("a", "b", "c")]
    closing = (CloseReason.SPAM, "Spam", None)
    await world.do(handling.finish, opened[0].id, *closing[:2])
    resolved = handling.TicketChange(status=TicketStatus.RESOLVED)
    await world.do(handling.update, opened[1].id, resolved)

    told = await saved(office, id=gid(level), name="Vendas", enabled=False)
    ticket = await world.heard(account, author="d")
    again = await saved(office, id=gid(level), name="Vendas", enabled=True)

    assert told["openTickets"] == 2
    assert again["openTickets"] is None
    assert ticket.level_id == world.triage.id
    diverted = await desk.ask(
        "query($id: ID!) { level(id: $id) { divertedCount } }", office.boss, id=gid(level)
    )
    assert diverted == {"divertedCount": 1}
    assert (await world.see(opened[2])).level_id == level.id


async def test_the_level_that_takes_what_is_left_over_is_not_switched_off(desk: Desk) -> None:
    office = await office_of(desk)

    told = await desk.ask(
        SAVE, office.boss, i={"id": office.names["level"], "name": "Triagem", "enabled": False}
    )

    assert [each["field"] for each in told["userErrors"]] == [["enabled"]]


async def test_a_monitoring_moved_to_another_level_routes_the_next_post(desk: Desk) -> None:
    office = await office_of(desk)
    world = desk.world
    sales, finance = await world.level("Vendas"), await world.level("Financeiro")
    account = await world.account()
    monitoring = await world.watch(account, sales)
    before = await world.heard(account, author="a")
    move = (
        "mutation($i: SaveMonitoringInput!) { saveMonitoring(input: $i) {"
        " monitoring { level { name } } userErrors { code } } }"
    )

    told = await desk.ask(
        move,
        office.boss,
        i={
            "id": gid(monitoring),
            "name": monitoring.name,
            "levelId": gid(finance),
            "accountIds": [gid(account)],
        },
    )
    after = await world.heard(account, author="b")

    assert told == {"monitoring": {"level": {"name": "Financeiro"}}, "userErrors": []}
    assert (before.level_id, after.level_id) == (sales.id, finance.id)


# ── open tickets ───────────────────────────────────────────────────────────────────────────────

RECOMPUTE = (
    "mutation($i: RecomputeSlaInput!) { recomputeSla(input: $i) {"
    " changed userErrors { code field } } }"
)
PROGRESS = (
    "query($id: ID!) { level(id: $id) { slaRecompute {"
    " total done changed startedAt finishedAt } } }"
)
FOUR_HOURS = [(Priority.MEDIUM, SlaMetric.RESOLUTION, 4 * HOUR)]
TWO_HOURS = [{"priority": "MEDIUM", "metric": "RESOLUTION", "seconds": 2 * HOUR}]


async def measured(world: World, tickets: int = 3) -> Level:
    """A level in which every ticket has a deadline, and some tickets."""
    level = await world.level("Prazos", sla_targets=FOUR_HOURS, unmeasured=list(SlaMetric))
    for _ in range(tickets):
        await world.ticket(level)
    return level


async def dues(desk: Desk, level: Level, by: Person) -> set[str]:
    document = (
        "query($f: TicketFilter) { tickets(filter: $f) { nodes { nextDeadline { dueAt } } } }"
    )
    told = await desk.ask(document, by, f={"levelIds": [gid(level)]})
    return {each["nextDeadline"]["dueAt"] for each in told["nodes"]}


async def test_open_tickets_keep_their_deadlines_until_they_are_moved(desk: Desk) -> None:
    office = await office_of(desk)
    level = await measured(desk.world)
    ask = {"levelId": gid(level)}
    never = await desk.ask(PROGRESS, office.boss, id=gid(level))
    old = await dues(desk, level, office.boss)

    await saved(office, id=gid(level), name="Prazos", slaTargets=TWO_HOURS)
    kept = await dues(desk, level, office.boss)
    preview = await desk.ask(RECOMPUTE, office.boss, i=ask)
    previewed = await dues(desk, level, office.boss)
    applied = await desk.ask(RECOMPUTE, office.boss, i={**ask, "dryRun": False})
    moved = await dues(desk, level, office.boss)
    again = await desk.ask(RECOMPUTE, office.boss, i={**ask, "dryRun": False})

    assert never == {"slaRecompute": None}
    assert old == kept == previewed == {"2026-09-14T17:00:00Z"}
    assert moved == {"2026-09-14T14:00:00Z"}
    assert [each["changed"] for each in (preview, applied, again)] == [3, 3, 0]


async def test_a_save_moves_open_tickets_where_that_is_asked(desk: Desk) -> None:
    office = await office_of(desk)
    level = await measured(desk.world)
    desk.world.later(timedelta(minutes=5))

    await saved(office, id=gid(level), name="Prazos", slaTargets=TWO_HOURS, applyToOpenTickets=True)

    assert await dues(desk, level, office.boss) == {"2026-09-14T14:00:00Z"}
    progress = (await desk.ask(PROGRESS, office.boss, id=gid(level)))["slaRecompute"]
    now = "2026-09-14T12:05:00Z"
    assert progress == {
        "total": 3,
        "done": 3,
        "changed": 3,
        "startedAt": now,
        "finishedAt": now,
    }


async def test_a_retry_finishes_what_was_cut_and_does_nothing_afterwards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await office_of(desk)
    level = await measured(desk.world)
    asked: Json = {"id": gid(level), "name": "Prazos", "slaTargets": TWO_HOURS}
    asked |= {"applyToOpenTickets": True, "idempotencyKey": "k"}

    def cut(_workspace: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as cutting:
        # Rung after the commit of the save, before anything is moved.
        cutting.setattr(desk.world.storage, "ring", cut)
        await desk.error(SAVE, office.boss, i=asked)
    begun = (await desk.ask(PROGRESS, office.boss, id=gid(level)))["slaRecompute"]
    await saved(office, **asked)
    moved = await dues(desk, level, office.boss)
    await saved(office, id=gid(level), name="Prazos", slaTargets=target(9)["slaTargets"])
    done = (await desk.ask(PROGRESS, office.boss, id=gid(level)))["slaRecompute"]
    desk.world.later(timedelta(minutes=5))
    await saved(office, **asked)

    assert (begun["total"], begun["done"], begun["finishedAt"]) == (3, 0, None)
    assert moved == {"2026-09-14T14:00:00Z"}
    assert (await desk.ask(PROGRESS, office.boss, id=gid(level)))["slaRecompute"] == done


async def test_more_tickets_than_fit_a_batch_are_all_moved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.operations.recomputing.AT_ONCE", 2)
    office = await office_of(desk)
    level = await measured(desk.world, tickets=5)
    await saved(office, id=gid(level), name="Prazos", slaTargets=TWO_HOURS)
    ask = {"levelId": gid(level)}

    preview = await desk.ask(RECOMPUTE, office.boss, i=ask)
    applied = await desk.ask(RECOMPUTE, office.boss, i={**ask, "dryRun": False})

    assert (preview["changed"], applied["changed"]) == (5, 5)
    assert await dues(desk, level, office.boss) == {"2026-09-14T14:00:00Z"}


async def test_a_supervisor_sets_up_only_levels_of_their_own(desk: Desk) -> None:
    office = await office_of(desk)
    own, other = await measured(desk.world), await desk.world.level("Outro")
    rita = await desk.world.person("Rita", role=Role.SUPERVISOR, level=own)

    allowed = await desk.ask(RECOMPUTE, rita, i={"levelId": gid(own), "dryRun": False})
    told = [
        await desk.ask(RECOMPUTE, rita, i={"levelId": gid(other), "dryRun": dry})
        for dry in (True, False)
    ]
    new = await desk.ask(SAVE, rita, i={"name": "Novo"})
    changed = await desk.ask(SAVE, rita, i={"id": gid(other), "name": "Outro"})
    mine = await desk.ask(SAVE, rita, i={"id": gid(own), "name": "Meu", "applyToOpenTickets": True})
    hidden = await desk.ask(PROGRESS, office.ana, id=gid(own))

    assert allowed == {"changed": 0, "userErrors": []}
    assert told == [{"changed": 0, "userErrors": [{"code": "FORBIDDEN", "field": ["levelId"]}]}] * 2
    assert [each["userErrors"][0]["code"] for each in (new, changed)] == ["FORBIDDEN"] * 2
    assert mine["userErrors"] == []
    assert hidden == {"slaRecompute": None}
