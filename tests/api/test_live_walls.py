"""The wallboard and the countdown, watched: true in the second, and by the rights of the moment."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from domain.model.level import Level
from domain.operations import levelling, organizing, scheduling
from domain.words import OutsideView, Priority, Role, TicketStatus
from graph.errors import tell
from subscriptions.walls import HEARTBEAT, CountdownPainter, WallPainter
from tests.api.boards import (
    ALWAYS,
    COUNTDOWN,
    FOLLOW_WALL,
    HOUR,
    MINUTE,
    SECOND,
    WALL,
    change,
    instant,
    measured,
    noticed,
)
from tests.api.desk import Desk, Json, gid, heard, plain
from tests.transport.house import until as so_far
from tests.world import Person, World

WITHIN_FIVE_SECONDS = 5.0
AT_ONCE = 0.5
LAG = 0.05
"""By how much later than it was painted a picture may reach a test."""


async def until(stream: AsyncGenerator[Json, None], so: Callable[[Json], bool]) -> list[Json]:
    """What is told up to the message that is so, which has to come within five seconds."""
    told: list[Json] = []
    async with asyncio.timeout(WITHIN_FIVE_SECONDS):
        while not told or not so(told[-1]):
            told.append(await anext(stream))
    return told


def names(wall: Json) -> list[str]:
    return [each["level"]["name"] for each in wall["levels"]]


async def admit(world: World, level: Level, *people: Person) -> None:
    """These are its people now, and nobody else."""
    members = [levelling.MemberForm(user_id=each.id) for each in people]
    await world.do(
        levelling.save_level, levelling.LevelForm(id=level.id, name=level.name, members=members)
    )


# ── the wallboard ──────────────────────────────────────────────────────────────────────────────


async def test_a_wall_changes_once_a_second_however_much_happens_and_ends_up_true(
    desk: Desk,
) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await desk.token(ana)
    seen: list[tuple[float, Json]] = []
    watching = asyncio.create_task(watch(desk, ana, seen))

    for number in range(50):
        ticket = await world.ticket(level)
        if number % 2:
            await change(world, ticket, ana, status=TicketStatus.PENDING)
    true = await desk.ask(WALL, ana)
    await so_far(lambda: bool(seen) and seen[-1][1] == true, WITHIN_FIVE_SECONDS)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

    assert true["levels"][0]["pending"] == 25
    assert all(later - sooner > 1 - LAG for (sooner, _), (later, _) in pairwise(seen))
    assert len(seen) >= 2


async def watch(desk: Desk, who: Person, seen: list[tuple[float, Json]]) -> None:
    """Every picture, and when it came."""
    async with aclosing(desk.follow(FOLLOW_WALL, who)) as stream:
        async for told in stream:
            seen.append((asyncio.get_running_loop().time(), told))


async def test_a_quiet_wall_is_told_again_every_15_seconds_and_no_sooner(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    await world.ticket()
    context = await desk.context(ana)
    wall = WallPainter(context, frozenset([world.triage.id]))
    await wall.look(news=True)
    first = wall.paint()

    world.later(14 * SECOND)
    await wall.look(news=True)
    early = wall.paint()
    rest = wall.rest()
    world.later(SECOND)
    await wall.look(news=False)
    again = wall.paint()

    assert early is None
    # News that changed nothing do not put the heartbeat off.
    assert rest == pytest.approx(1, abs=0.1)
    assert wall.rest() == pytest.approx(HEARTBEAT, abs=0.1)
    assert first is not None
    assert again is not None
    assert again.totals == first.totals
    assert again.server_time == first.server_time + 15 * SECOND


async def test_a_heartbeat_tells_of_opening_hours_that_were_changed_meanwhile(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    wall = WallPainter(await desk.context(ana), frozenset([level.id]))
    await wall.look(news=True)
    before = wall.paint()
    closed = scheduling.CalendarForm(
        id=await calendar_of(world, level),
        name="Aos domingos",
        time_zone=ALWAYS.time_zone,
        intervals=[each for each in ALWAYS.intervals if each.weekday == 7],
    )

    await world.do(scheduling.save_calendar, closed)
    world.later(15 * SECOND)
    await wall.look(news=False)
    after = wall.paint()

    assert before is not None
    assert after is not None
    assert [each.levels[0].open_now for each in (before, after)] == [True, False]
    assert after.levels[0].next_open_at is not None


async def calendar_of(world: World, level: Level) -> Any:
    async with world.storage.reading(world.system) as work:
        return (await work.levels.get(level.id)).calendar_id


async def test_a_wall_opens_and_closes_on_time_though_nothing_happens(desk: Desk) -> None:
    world = desk.world
    level = await world.level("Vendas", calendar=closes_at_one())
    ana = await world.person("Ana", level=level)
    wall = WallPainter(await desk.context(ana), frozenset([level.id]))
    await wall.look(news=True)
    opened = wall.paint()
    world.later(HOUR)  # one o'clock in the afternoon, by UTC

    await wall.look(news=False)
    closed = wall.paint()

    assert opened is not None
    assert closed is not None
    assert opened.levels[0].open_now
    assert not closed.levels[0].open_now
    assert closed.changes_at > world.now


def closes_at_one() -> scheduling.CalendarForm:
    return scheduling.CalendarForm(
        name="De manhã",
        time_zone="UTC",
        intervals=[
            type(each)(each.weekday, each.opens.replace(hour=8), each.opens.replace(hour=13))
            for each in ALWAYS.intervals
        ],
        national_holidays=False,
    )


async def test_a_day_of_25_hours_ends_when_it_ends(desk: Desk) -> None:
    world = desk.world
    async with world.storage.work(world.system) as work:
        (await work.workspace()).time_zone = "America/New_York"
    world.now = world.now.replace(month=11, day=1, hour=12)  # clocks are set back on that day
    wall = WallPainter(await desk.context(await world.person("Ana", level=world.triage)), None)

    await wall.look(news=True)
    picture = wall.paint()

    assert picture is not None
    assert picture.changes_at == world.now.replace(day=2, hour=5)


# ── the countdown ──────────────────────────────────────────────────────────────────────────────


async def test_a_countdown_tells_the_deadline_and_what_is_left_of_it(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    late, soon, far = [
        await world.ticket(level, priority=each)
        for each in (Priority.URGENT, Priority.HIGH, Priority.LOW)
    ]
    await noticed(world, 115 * MINUTE)

    async with aclosing(desk.follow(COUNTDOWN, ana)) as stream:
        told = await heard(stream)
    async with aclosing(desk.follow(COUNTDOWN, ana, first=2)) as stream:
        two = await heard(stream)

    assert [each["ticket"]["protocol"] for each in told["clocks"]] == [
        late.protocol,
        soon.protocol,
        far.protocol,
    ]
    assert [each["risk"] for each in told["clocks"]] == ["BREACHED", "AT_RISK", "ON_TIME"]
    for each in told["clocks"]:
        due, now = instant(each["dueAt"]), instant(told["serverTime"])
        assert due is not None
        assert now == world.now
        assert each["remainingSeconds"] == (due - now).total_seconds()
    assert two["clocks"] == told["clocks"][:2]
    assert two["running"] == told["running"] == 3


async def test_a_countdown_ticks_every_so_many_seconds(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await world.ticket(level)
    clock = asyncio.get_running_loop().time
    moments, told = [], []

    async with aclosing(desk.follow(COUNTDOWN, ana, every=1)) as stream:
        for _ in range(4):
            told.append(await heard(stream))
            moments.append(clock())
            world.later(SECOND)

    assert moments[-1] - moments[0] == pytest.approx(3, abs=0.5)
    left = [each["clocks"][0]["remainingSeconds"] for each in told]
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] == 3


async def test_what_happens_to_a_clock_is_told_at_once(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.ticket(level, priority=Priority.LOW)
    clock = asyncio.get_running_loop().time
    steps: list[tuple[Callable[[Json], bool], dict[str, Any]]] = [
        (lambda told: due(told) == world.now + HOUR, {"priority": Priority.URGENT}),
        (lambda told: told["running"] == 0, {"status": TicketStatus.PENDING}),
        (lambda told: due(told) == world.now + HOUR, {"status": TicketStatus.OPEN}),
        (lambda told: told["running"] == 0, {"status": TicketStatus.RESOLVED}),
    ]
    async with aclosing(desk.follow(COUNTDOWN, ana, every=60)) as stream:
        first = await heard(stream)
        for so, what in steps:
            await change(world, ticket, ana, **what)
            began = clock()
            [*_, last] = await until(stream, so)
            assert clock() - began < AT_ONCE
            assert len(last["clocks"]) == last["running"]

    assert due(first) == world.now + 8 * HOUR


def due(told: Json) -> Any:
    return instant(told["clocks"][0]["dueAt"]) if told["clocks"] else None


async def test_a_breach_shows_at_its_instant_though_nobody_noticed(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await world.ticket(level, priority=Priority.URGENT)
    world.later(HOUR - 300 * SECOND / 1000)
    token = await desk.session_of(ana)
    async with (
        aclosing(desk.follow(COUNTDOWN, token, every=60)) as countdown,
        aclosing(desk.follow(FOLLOW_WALL, token)) as wall,
    ):
        before = [(await heard(countdown))["clocks"], (await heard(wall))["nearest"]]

        world.later(SECOND)
        [*_, shown] = await until(countdown, lambda told: told["clocks"][0]["risk"] == "BREACHED")
        [*_, hung] = await until(wall, lambda told: told["nearest"][0]["risk"] == "BREACHED")

    assert [each[0]["risk"] for each in before] == ["AT_RISK", "AT_RISK"]
    assert shown["clocks"][0]["state"] == hung["nearest"][0]["state"] == "BREACHED"
    # Counted is what lists find, which is what somebody has told.
    assert shown["breached"] == 0


async def test_between_two_ticks_nothing_is_read(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    await world.ticket(level)
    ana = await world.person("Ana", level=level)
    painter = CountdownPainter(await desk.context(ana), frozenset([level.id]), 20, 60)
    await painter.look(news=True)
    first = painter.paint()
    world.later(MINUTE)

    await painter.look(news=False)

    assert first is not None
    assert painter.paint() is None
    assert 0 < painter.rest() <= 60


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"every": 0}, "every"),
        ({"every": 61}, "every"),
        ({"every": -5}, "every"),
    ],
)
async def test_too_few_and_too_many_are_refused_by_name(
    desk: Desk, asked: dict[str, int], field: str
) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    context = await desk.context(ana)
    variables = {"first": 20, "every": 1, **asked}

    results: Any = await desk.schema.subscribe(
        COUNTDOWN, variable_values=variables, context_value=context
    )
    async with aclosing(results):
        [error] = (await anext(results)).errors

    told = tell(error, context)["extensions"]
    assert (told["code"], told["field"]) == ("INVALID", [field])
    assert not desk.services.boards._boards


# ── rights ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("document", [FOLLOW_WALL, COUNTDOWN])
async def test_who_is_taken_out_of_a_level_sees_it_no_more_while_watching(
    desk: Desk, document: str
) -> None:
    world = desk.world
    rh = await measured(world, "RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    rita = await world.person("Rita", level=rh)
    ticket = await world.ticket(rh)
    async with aclosing(desk.follow(document, ana)) as stream:
        before = await heard(stream)

        await admit(world, rh, rita)
        told = await until(stream, lambda each: ticket.protocol not in plain(each))
        await world.ticket(rh)
        await world.ticket(world.triage)
        told = told[-1:] + ([await heard(stream)] if document == COUNTDOWN else [])

    assert ticket.protocol in plain(before)
    assert "RH" not in plain(told)
    assert not [each for each in told if each.get("clocks") or each.get("running")]


async def test_who_comes_into_a_level_sees_it_while_watching(desk: Desk) -> None:
    world = desk.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    async with aclosing(desk.follow(FOLLOW_WALL, ana)) as stream:
        before = await heard(stream)

        await world.join(ana, rh)
        [*_, after] = await until(stream, lambda wall: "RH" in names(wall))

    assert names(before) == ["Triagem"]
    assert names(after) == ["RH", "Triagem"]


async def test_a_level_that_opens_itself_to_all_comes_onto_the_wall_and_leaves_it_again(
    desk: Desk,
) -> None:
    world = desk.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    async with aclosing(desk.follow(FOLLOW_WALL, ana, l=[gid(rh)])) as stream:
        seen = [names(await heard(stream))]

        for outside in (OutsideView.FULL, OutsideView.STUB):
            await world.arrange(rh, outside_view=outside)
            expected = ["RH"] if outside is OutsideView.FULL else []
            told = await until(stream, lambda wall: names(wall) == expected)  # noqa: B023
            seen.append(names(told[-1]))

    assert seen == [[], ["RH"], []]


@pytest.mark.parametrize("document", [FOLLOW_WALL, COUNTDOWN])
async def test_the_stream_of_one_who_was_switched_off_ends(desk: Desk, document: str) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    off = organizing.UserForm(
        id=ana.id, name="Ana", email=ana.user.email, role=Role.ATTENDANT, active=False
    )
    async with aclosing(desk.follow(document, ana, every=60)) as stream:
        await heard(stream)

        await world.do(organizing.save_user, off)

        async with asyncio.timeout(WITHIN_FIVE_SECONDS):
            assert [each async for each in stream] == []
    assert not desk.services.boards._boards
