"""The wallboard, asked: each figure is the length of a list, by the caller's rights and no more."""

from contextlib import aclosing
from datetime import time
from typing import Any

import pytest

from domain.operations import handling, organizing, signing
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.words import CloseReason, LevelRole, OutsideView, Priority, Role, TicketStatus
from tests.api.boards import (
    COUNTDOWN,
    HOUR,
    MINUTE,
    SAO_PAULO,
    SECOND,
    WALL,
    busy,
    change,
    instant,
    local,
    measured,
    noticed,
)
from tests.api.desk import Desk, Json, gid, heard, unknown
from tests.world import World

OFFICE = CalendarForm(
    name="Expediente",
    time_zone=SAO_PAULO,
    intervals=[
        WeeklyInterval(day, *hours)
        for day in range(1, 6)
        for hours in ((time(9), time(12)), (time(13), time(18)))
    ],
    national_holidays=True,
)
COUNT = "query($f: TicketFilter) { tickets(filter: $f) { totalCount } }"
COUNTS = "query($f: TicketFilter) { ticketCounts(filter: $f) { total } }"
LISTS: dict[str, Json] = {
    "waiting": {"statuses": ["NEW", "OPEN", "ESCALATED"], "unassigned": True},
    "open": {"statuses": ["OPEN"]},
    "pending": {"statuses": ["PENDING"]},
    "awaitingApproval": {"statuses": ["AWAITING_APPROVAL"]},
    "atRisk": {"risks": ["AT_RISK"]},
    "breached": {"risks": ["BREACHED"]},
}
"""Each figure of a level, and the list whose length it is."""


# ── the figures ────────────────────────────────────────────────────────────────────────────────


async def test_every_figure_is_the_length_of_the_list_it_names(desk: Desk) -> None:
    world = desk.world
    sales, support = await measured(world, "Vendas"), await measured(world, "Suporte")
    ana = await world.person("Ana", level=[sales, support])
    await busy(world, sales, ana)
    await noticed(world, 5 * MINUTE)
    await busy(world, support, ana)
    await noticed(world, 110 * MINUTE)

    wall = await desk.ask(WALL, await desk.session_of(ana))

    told, lists, counts = {}, {}, {}
    for shown in wall["levels"]:
        for figure, asked in LISTS.items():
            where = (shown["level"]["name"], figure)
            in_level = {**asked, "levelIds": [shown["level"]["id"]]}
            told[where] = shown[figure]
            lists[where] = (await desk.ask(COUNT, ana, f=in_level))["totalCount"]
            counts[where] = (await desk.ask(COUNTS, ana, f=in_level))["total"]
    assert [each["level"]["name"] for each in wall["levels"]] == ["Suporte", "Vendas"]
    assert told == lists == counts
    assert all(told.values())
    for figure in ("waiting", "atRisk", "breached"):
        assert wall["totals"][figure] == sum(each[figure] for each in wall["levels"])


async def test_the_countdown_counts_what_the_lists_count(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await busy(world, level, ana)
    await noticed(world, 110 * MINUTE)

    async with aclosing(desk.follow(COUNTDOWN, ana)) as stream:
        told = await heard(stream)

    for figure, risks in {
        "running": ["ON_TIME", "AT_RISK", "BREACHED"],
        "atRisk": ["AT_RISK"],
        "breached": ["BREACHED"],
    }.items():
        listed = (await desk.ask(COUNT, ana, f={"risks": risks}))["totalCount"]
        assert (figure, told[figure]) == (figure, listed)
        assert listed


async def test_the_longest_wait_is_that_of_the_oldest_that_nobody_has(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    oldest = await world.ticket()
    world.later(MINUTE)
    second = await world.ticket()
    [before] = (await desk.ask(WALL, ana))["levels"]

    await change(world, oldest, ana, assignee_id=ana.id)
    [after] = (await desk.ask(WALL, ana))["levels"]
    await change(world, second, ana, status=TicketStatus.PENDING)
    [none] = (await desk.ask(WALL, ana))["levels"]

    assert instant(before["longestWaitingSince"]) == oldest.opened_at
    assert instant(after["longestWaitingSince"]) == second.opened_at
    assert (none["waiting"], none["longestWaitingSince"]) == (0, None)


async def test_those_on_shift_are_counted_where_they_belong(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    cai = await world.person("Cai", level=await world.level("Outro"))
    gone = organizing.UserForm(
        id=bia.id, name="Bia", email=bia.user.email, role=Role.ATTENDANT, active=False
    )
    counted = []

    for on_shift in ((cai,), (ana, cai), (ana, bia, cai)):
        for who in (ana, bia, cai):
            await world.do(signing.set_availability, who in on_shift, by=who)
        counted += (await desk.ask(WALL, ana))["levels"]
    await world.do(organizing.save_user, gone)
    counted += (await desk.ask(WALL, ana))["levels"]

    assert [each["attendantsAvailable"] for each in counted] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-09-14T11:59:59", None),
        ("2026-09-14T12:00", "2026-09-14T13:00"),
        ("2026-09-04T18:00", "2026-09-08T09:00"),  # Monday is the 7th of September
    ],
)
async def test_a_wall_says_whether_it_is_open_and_when_it_will_be(
    desk: Desk, moment: str, opens: str | None
) -> None:
    world = desk.world
    world.now = local("2026-09-01T09:00")
    level = await world.level("Vendas", calendar=OFFICE)
    ana = await world.person("Ana", level=level)
    await desk.token(ana)

    world.now = local(moment)
    [shown] = (await desk.ask(WALL, ana))["levels"]

    assert shown["openNow"] is (opens is None)
    assert instant(shown["nextOpenAt"]) == (local(opens) if opens else None)


async def test_the_day_begins_at_the_midnight_of_the_workspace(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    world.now = local("2026-09-14T23:59:59")
    first, second = [await world.ticket() for _ in range(2)]
    await change(world, first, ana, status=TicketStatus.RESOLVED)
    before = (await desk.ask(WALL, ana))["totals"]

    world.later(SECOND)
    midnight = (await desk.ask(WALL, ana))["totals"]
    await world.ticket()
    await change(world, second, ana, status=TicketStatus.RESOLVED)
    after = (await desk.ask(WALL, ana))["totals"]
    await change(world, second, ana, status=TicketStatus.OPEN, comment="De novo")
    reopened = (await desk.ask(WALL, ana))["totals"]

    days = [before, midnight, after, reopened]
    assert [each["openedToday"] for each in days] == [2, 0, 1, 1]
    assert [each["resolvedToday"] for each in days] == [1, 0, 1, 0]


async def test_how_many_of_a_hundred_deadlines_were_met_today(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    world.now = local("2026-09-14T12:00")
    tickets = [await world.ticket(level, priority=Priority.URGENT) for _ in range(3)]
    percents = [(await desk.ask(WALL, ana))["totals"]["slaMetPercent"]]

    await change(world, tickets[0], ana, status=TicketStatus.RESOLVED)
    percents.append((await desk.ask(WALL, ana))["totals"]["slaMetPercent"])
    await noticed(world, HOUR)
    percents.append((await desk.ask(WALL, ana))["totals"]["slaMetPercent"])
    # One that is late stays late, however well it ends.
    await world.do(handling.finish, tickets[1].id, CloseReason.ANSWERED, "Feito", by=ana)
    percents.append((await desk.ask(WALL, ana))["totals"]["slaMetPercent"])
    world.now = local("2026-09-15T00:00")
    percents.append((await desk.ask(WALL, await desk.session_of(ana)))["totals"]["slaMetPercent"])

    assert percents == [None, 100.0, 33.3, 33.3, None]


async def test_a_removed_ticket_is_in_no_share_of_deadlines_met(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level, level_role=LevelRole.MANAGER)
    world.now = local("2026-09-14T12:00")
    met, late = [await world.ticket(level, priority=Priority.URGENT) for _ in range(2)]
    await change(world, met, ana, status=TicketStatus.RESOLVED)
    await noticed(world, HOUR)
    before = (await desk.ask(WALL, ana))["totals"]["slaMetPercent"]

    await world.do(handling.remove, late.id, "Duplicado por engano", by=ana)

    after = (await desk.ask(WALL, ana))["totals"]["slaMetPercent"]
    assert (before, after) == (50.0, 100.0)


async def test_the_nearest_ten_deadlines_come_first_and_what_is_late_before_them(
    desk: Desk,
) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    tickets = []
    for _ in range(12):
        tickets.append(await world.ticket(level, priority=Priority.URGENT))
        world.later(5 * MINUTE)

    # Nobody noticed yet that the first of them is late.
    nearest = (await desk.ask(WALL, ana))["nearest"]

    assert [each["ticket"]["protocol"] for each in nearest] == [
        each.protocol for each in tickets[:10]
    ]
    assert [each["remainingSeconds"] for each in nearest] == [300 * number for number in range(10)]
    assert [each["risk"] for each in nearest[:2]] == ["BREACHED", "AT_RISK"]


# ── whose levels ───────────────────────────────────────────────────────────────────────────────


async def names(desk: Desk, who: Any, **asked: Any) -> list[str]:
    return [each["level"]["name"] for each in (await desk.ask(WALL, who, **asked))["levels"]]


@pytest.mark.parametrize(
    ("outside", "seen"),
    [
        (OutsideView.NONE, False),
        (OutsideView.COUNT, False),
        (OutsideView.STUB, False),
        (OutsideView.FULL, True),
    ],
)
async def test_a_level_is_on_the_wall_of_those_who_may_read_it(
    desk: Desk, outside: OutsideView, seen: bool
) -> None:
    world = desk.world
    rh = await measured(world, "RH", outside_view=outside)
    ana = await world.person("Ana", level=world.triage)
    boss = await world.person("Chefe", role=Role.ADMIN)
    ticket = await world.ticket(rh, priority=Priority.URGENT)
    await noticed(world, HOUR)

    wall = await desk.ask(WALL, await desk.session_of(ana))
    async with aclosing(desk.follow(COUNTDOWN, ana)) as stream:
        told = await heard(stream)

    assert [each["level"]["name"] for each in wall["levels"]] == ["RH", "Triagem"][not seen :]
    late = [ticket.protocol] if seen else []
    assert [each["ticket"]["protocol"] for each in wall["nearest"]] == late
    assert [each["ticket"]["protocol"] for each in told["clocks"]] == late
    totals = ("waiting", "breached", "openedToday")
    assert [wall["totals"][each] for each in totals] == [int(seen)] * 3
    assert wall["totals"]["slaMetPercent"] == (0.0 if seen else None)
    assert (told["running"], told["breached"]) == (int(seen), int(seen))
    assert await names(desk, await desk.session_of(boss)) == ["RH", "Triagem"]


async def test_ids_of_levels_one_may_not_see_are_as_if_they_were_not(desk: Desk) -> None:
    world = desk.world
    rh = await world.level("RH")
    sales = await world.level("Vendas")
    foreign = await World.founded(world.storage)
    ana = await world.person("Ana", level=[world.triage, sales])
    boss = await world.person("Chefe", role=Role.ADMIN)
    nothing = await desk.ask(WALL, ana, l=[unknown("Level")])

    for walled in (gid(rh), gid(foreign.triage), unknown("Level")):
        assert await names(desk, ana, l=[walled, gid(sales)]) == ["Vendas"]
        assert await desk.ask(WALL, ana, l=[walled]) == nothing
    assert await desk.ask(WALL, boss, l=[gid(foreign.triage)]) == nothing
    assert await desk.ask(WALL, ana, l=[gid(ana.user)]) == nothing
    assert await desk.ask(WALL, ana, l=[]) == nothing
    assert nothing["levels"] == nothing["nearest"] == []
    assert await names(desk, ana) == ["Triagem", "Vendas"]
    assert await names(desk, boss, l=[gid(rh)]) == ["RH"]
