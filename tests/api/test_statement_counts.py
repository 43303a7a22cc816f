"""How many statements an answer takes: so many, whatever there is to show."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.operations import handling
from tests.api.desk import Desk, gid
from tests.statements import statements_of
from tests.world import Person

DOOR = 1
"""Whether whoever came before is who they were, looked at for every request that is run."""
TICKET = (
    "id protocol subject status priority type { name } version sla { metric dueAt }"
    " publisher { name ticketCount profiles { network handle } } level { name } assignee { name }"
    " history(last: 3) { nodes { kind actorName at comment } }"
)
ONE = f"query($protocol: String!) {{ ticket(protocol: $protocol) {{ {TICKET} }} }}"
QUEUE = "query($level: ID!, $n: Int!) { tickets(filter: {levelIds: [$level], statuses: [NEW, OPEN]}"
ASKED: dict[str, tuple[str, int]] = {
    "a page": (
        f"{QUEUE}, first: $n) {{ edges {{ cursor node {{ {TICKET} }} }}"
        " pageInfo { hasNextPage endCursor } } }",
        8,
    ),
    "a page, its count and where the feed stands": (
        f"{QUEUE}, first: $n) {{ totalCount feedCursor nodes {{ id }} }} }}",
        3,
    ),
    "each publisher's other tickets": (
        f"{QUEUE}, first: $n) {{ nodes {{ publisher {{ tickets(first: 2) {{ nodes {{ protocol }} }}"
        " } } } }",
        3,
    ),
    "each level's first": (
        "query($n: Int!) { levels { name queue(first: $n) { nodes { protocol } } } }",
        2,
    ),
    "counts": ("{ ticketCounts { total byStatus { count } byPriority { count } } }", 1),
    "a wall": (
        "query($level: ID!) { wallboard(levelIds: [$level]) { levels { waiting breached }"
        " nearest { dueAt ticket { protocol } } } }",
        9,
    ),
}


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """What readers ask of the database meanwhile."""
    database = desk.world.storage.database
    before = database.straight.asked
    with statements_of(database.reader) as found:
        yield found
    if not database.is_sqlite:  # there they are the engine's, too
        found += ["straight"] * (database.straight.asked - before)


@pytest.fixture
async def ana(desk: Desk) -> Person:
    """Somebody with thirty tickets of ten publishers, a few of which are hers."""
    ana = await desk.world.person("Ana", level=desk.world.triage)
    for ticket in (await desk.world.waiting(30, people=10))[:12]:
        await desk.world.do(handling.start, ticket.id, by=ana)
    return ana


@pytest.mark.parametrize("what", ASKED)
async def test_an_answer_takes_as_many_statements_however_much_it_shows(
    desk: Desk, ana: Person, what: str
) -> None:
    document, most = ASKED[what]
    desk.graphql.desk = desk.both.running()  # by plan it is one: test_plans.py
    await desk.met(ana)
    needed = {"level": gid(desk.world.triage), "n": 2}
    asked = {}

    for shown in (2, 30):
        names = [name for name in needed if f"${name}:" in document]
        with statements(desk) as sent:
            await desk.ask(document, ana, **{each: {**needed, "n": shown}[each] for each in names})
        asked[shown] = sent

    assert len(asked[30]) == len(asked[2]) <= DOOR + most, "\n".join(asked[30])


async def test_one_ticket_takes_no_more_than_a_page(desk: Desk, ana: Person) -> None:
    ticket = await desk.world.ticket()
    desk.graphql.desk = desk.both.running()
    await desk.met(ana)

    with statements(desk) as sent:
        await desk.ask(ONE, ana, protocol=ticket.protocol)

    assert len(sent) <= DOOR + ASKED["a page"][1], "\n".join(sent)
