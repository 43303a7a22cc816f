"""Subscriptions told by plan: each message is the one that running it gives, byte for byte."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import orjson
import pytest

from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import Priority
from feed.standing import Standing, Together
from graph.telling import Tellings
from resolvers.context import Context
from tests.api.boards import COUNTDOWN, FOLLOW_WALL
from tests.api.bothways import settled
from tests.api.desk import PATIENCE, Desk, Json, gid, unknown
from tests.api.lived_in import House
from tests.api.sayings import Saying
from tests.api.test_plans import DOCUMENTS, GRAPH, SCHEMA, planned
from tests.world import Person

TELLINGS = Tellings(SCHEMA)
SAYINGS = 24
WRITTEN = {
    "queueChanges": "queueChanges { cursor resync serverTime changes { kind ticketId"
    " entry { id kind at actorName comment from to sequence } ticket { ...Whole } } }",
    "ticketChanges": "ticketChanges(id: $id) { cursor resync entries { kind at } ticket {"
    " ...Whole } }",
    "aliases": "q: queueChanges { c: changes { __typename a: ticket { id } b: ticket { status"
    " level { name } } k: kind entry { __typename } } }",
    "no ticket": "queueChanges { changes { ticketId } }",
}
WHOLE = """ fragment Whole on Ticket { id protocol subject status priority type { name } openedAt
  tags sla { metric dueAt } nextDeadline { metric state remainingSeconds risk } dueAt
  publisher { name ticketCount profiles { network handle } } level { name } assignee { name }
  history(last: 3) { nodes { kind actorName at comment } } permissions allowedStatuses }"""
RUN = {
    "who did it": "queueChanges { changes { entry { actor { name } } } }",
    "viewers": "queueChanges { changes { ticket { viewers { mode } } } }",
    "others": "approvalChanges { cursor }",
    "beyond a wall": "wallboard { nearest { ticket { level { name } } } }",
    "hours": "wallboard { levels { level { openNow } } }",
}
WALLS = {
    "wallboard": FOLLOW_WALL,
    "countdown": COUNTDOWN,
    "aliases": """subscription($l: [ID!]) { w: wallboard(levelIds: $l) { at: serverTime ...Wall } }
      fragment Wall on Wallboard { nearest { __typename ticket { ...Case } again: dueAt } levels {
      level { enabled id } } }
      fragment Case on Ticket { id protocol status ageSeconds dueAt risk network }""",
}


def text(selected: str) -> str:
    declared = "($id: ID!)" if "$id" in selected else ""
    return f"subscription{declared} {{ {selected} }}" + (WHOLE if "...Whole" in selected else "")


async def prepared(desk: Desk, document: str, who: Person | str, **variables: Any) -> Context:
    context = await desk.context(who)
    TELLINGS.prepare(DOCUMENTS.prepare(document), None, variables, context)
    return context


async def told(context: Context, document: str, variables: Json) -> AsyncGenerator[bytes, None]:
    """What goes out, message by message."""
    results = await SCHEMA.subscribe(document, variable_values=variables, context_value=context)
    async with aclosing(results):
        async for result in results:
            assert not result.errors, (document, result.errors)
            # What was written is the text itself; what was run is still a tree.
            assert isinstance(result.data, orjson.Fragment) is (context.writes is not None)
            message = settled(orjson.dumps({"data": result.data}))
            await context.rest()
            yield message
    await context.aclose()


async def following(stream: AsyncGenerator[bytes, None]) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await anext(stream)


async def test_whatever_is_said_of_changes_a_plan_tells_it_as_running_it_does(desk: Desk) -> None:
    house = await House.built(desk)
    world, (ana, boss, *_) = desk.world, house.callers
    *_, first = [each for each in house.tickets if each.level_id == house.sales.id]
    assert isinstance(ana, Person)
    assert isinstance(boss, Person)
    documents = [
        (text(each), {"id": gid(first)} if "$id" in each else {}) for each in WRITTEN.values()
    ]
    for number in range(SAYINGS):
        saying = Saying(GRAPH, random.Random(number), [], planned)
        selected = saying.selection(GRAPH.type_map["QueueUpdate"], 0)
        declared = f"({', '.join(saying.declared)})" if saying.declared else ""
        body = f"subscription Fila{declared} {{ queueChanges {selected} }}"
        documents.append((" ".join([body, *saying.fragments]), saying.variables))

    differences, by_plan = [], 0
    async with AsyncExitStack() as stack:
        pairs = []
        for document, variables in documents:
            if DOCUMENTS.prepare(document).refusal(None, variables):
                continue
            for who in (ana, boss):
                written = await prepared(desk, document, who, **variables)
                by_plan += written.writes is not None
                run = await desk.context(who)
                both = [told(each, document, variables) for each in (run, written)]
                pairs.append(
                    (document, [await stack.enter_async_context(aclosing(each)) for each in both])
                )
        acts: list[Any] = [
            None,
            lambda: world.do(handling.note, first.id, "Olá", by=ana),
            lambda: world.do(
                handling.update,
                first.id,
                TicketChange(priority=Priority.URGENT, add_tags=("vip",), comment="Ação"),
                by=ana,
            ),
            lambda: world.do(
                handling.update, first.id, TicketChange(level_id=house.hr.id), by=boss
            ),
        ]
        for act in acts:
            if act is not None:
                await act()
            for document, (plainly, by_plan_too) in pairs:
                if (a := await following(plainly)) != (b := await following(by_plan_too)):
                    differences.append((document, a, b))

    assert differences == []
    assert by_plan > len(pairs) // 2, "hardly anything was planned"


@pytest.mark.parametrize("name", WALLS)
async def test_a_wall_is_written_as_it_is_when_it_is_run(desk: Desk, name: str) -> None:
    house = await House.built(desk)
    display = await desk.key("display", levels=[house.sales, house.hr])
    for who in (*house.callers[:2], display):
        variables = {"l": [gid(house.sales), gid(house.hr)]}
        written = await prepared(desk, WALLS[name], who, **variables)
        assert written.writes is not None
        run = await desk.context(who)
        async with (
            aclosing(told(run, WALLS[name], variables)) as plainly,
            aclosing(told(written, WALLS[name], variables)) as by_plan,
        ):
            told_by_plan = await following(by_plan)
            assert told_by_plan == await following(plainly)
            assert b'"protocol"' in told_by_plan


async def test_who_may_be_told_is_asked_anew_where_rights_have_changed_since_the_feed_was_read(
    desk: Desk,
) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    ticket = await desk.world.ticket()
    context = await prepared(desk, text(WRITTEN["no ticket"]), ana)
    asked: list[int | None] = []

    async def same(version: int | None) -> None:
        asked.append(version)

    context.together = Together(Standing(), same)
    assert context.writes is not None
    version = (await context.writes.look(context, [ticket.id])).access_version

    assert list(await context.rows([ticket.id], version)) == [ticket.id]
    assert asked == []
    await context.rows([ticket.id], version - 1)
    assert asked == [version]


@pytest.mark.parametrize("name", WRITTEN)
async def test_what_is_followed_most_is_written(desk: Desk, name: str) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)

    context = await prepared(desk, text(WRITTEN[name]), ana, id=unknown("Ticket"))

    assert context.writes is not None


@pytest.mark.parametrize("name", RUN)
async def test_what_is_out_of_the_ordinary_is_run(desk: Desk, name: str) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)

    assert (await prepared(desk, text(RUN[name]), ana)).writes is None


async def test_a_display_that_asks_for_more_than_a_wall_is_told_nothing(desk: Desk) -> None:
    display = await desk.key("display", levels=[desk.world.triage])
    document = text("wallboard { levels { level { grouping } } }")
    context = await prepared(desk, document, display)

    results: Any = await SCHEMA.subscribe(document, context_value=context)

    [result] = [each async for each in results]
    assert (result.data, len(result.errors)) == (None, 1)
