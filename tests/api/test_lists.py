"""Lists over the API: pages from both ends, counts that agree, and a cost that does not grow."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import Priority, TicketStatus
from tests.api.desk import Desk, Json, gid
from tests.statements import statements_of
from tests.world import Person

PAGE = (
    "query($f: TicketFilter, $o: TicketOrder, $n: Int, $a: String, $m: Int, $b: String) {"
    " tickets(filter: $f, orderBy: $o, first: $n, after: $a, last: $m, before: $b) {"
    " totalCount nodes { id priority openedAt updatedAt interactionsCount }"
    " edges { cursor node { id } }"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    " ticketCounts(filter: $f) { total byStatus { count } byPriority { count } } }"
)
ORDERS = [
    (field, direction)
    for field in ("URGENCY", "OPENED_AT", "UPDATED_AT", "PRIORITY", "INTERACTIONS")
    for direction in ("ASC", "DESC")
]
URGENT_FIRST = ["URGENT", "HIGH", "MEDIUM", "LOW"]


async def busy(desk: Desk, most: int = 17) -> tuple[Person, list[Ticket]]:
    """Ana, and tickets of all sorts."""
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    chance = random.Random(4)
    tickets = []
    for number in range(most):
        # Some at the same instant: ties have to be broken.
        world.later(timedelta(hours=chance.choice([0, 1, 30])))
        ticket = await world.ticket(
            subject=f"Pedido {chance.choice(['atrasado', 'errado', 'Ação'])} {number}",
            priority=chance.choice(list(Priority)),
            status=chance.choice([TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.RESOLVED]),
        )
        if chance.random() < 0.5:
            await world.do(handling.start, ticket.id, by=ana)
        if chance.random() < 0.5:
            change = TicketChange(add_tags=(chance.choice(["vip", "loja"]),))
            await world.do(handling.update, ticket.id, change, by=ana)
        tickets.append(ticket)
    return ana, tickets


@pytest.mark.parametrize("forward", [True, False])
async def test_pages_from_either_end_make_the_whole_list_in_every_order(
    desk: Desk, forward: bool
) -> None:
    ana, tickets = await busy(desk)

    for field, direction in ORDERS:
        order = {"field": field, "direction": direction}
        whole = (await desk.ask(PAGE, ana, o=order, n=100))["tickets"]
        read: list[str] = []
        place: str | None = None
        while True:
            window = {"n": 5, "a": place} if forward else {"m": 5, "b": place}
            page = (await desk.ask(PAGE, ana, o=order, **window))["tickets"]
            found = [each["id"] for each in page["nodes"]]
            read = read + found if forward else found + read
            info = page["pageInfo"]
            assert info["hasPreviousPage" if forward else "hasNextPage"] is (place is not None)
            if not info["hasNextPage" if forward else "hasPreviousPage"]:
                break
            place = info["endCursor" if forward else "startCursor"]

        assert read == [each["id"] for each in whole["nodes"]]
        assert sorted(read) == sorted(gid(each) for each in tickets)
        keys = [sort_key(field, each) for each in whole["nodes"]]
        assert keys == sorted(keys, reverse=direction == "DESC")


def sort_key(field: str, ticket: Json) -> Any:
    match field:
        case "URGENCY":
            return URGENT_FIRST.index(ticket["priority"]), ticket["openedAt"]
        case "PRIORITY":
            return -URGENT_FIRST.index(ticket["priority"])
        case "OPENED_AT":
            return ticket["openedAt"]
        case "UPDATED_AT":
            return ticket["updatedAt"]
    return ticket["interactionsCount"]


async def test_a_list_its_count_and_the_overview_agree_whatever_is_asked(desk: Desk) -> None:
    ana, tickets = await busy(desk)
    chance = random.Random(8)
    moments = [each.opened_at.isoformat() for each in tickets]
    choices: dict[str, list[Any]] = {
        "statuses": [["NEW"], ["OPEN", "RESOLVED"], []],
        "priorities": [["LOW", "HIGH"], ["URGENT"]],
        "unassigned": [True, False],
        "mine": [True],
        "tags": [["vip"], ["vip", "loja"], []],
        "search": ["pedido", "ACAO", "atrasado 1", "%", "_"],
        "openedFrom": moments,
        "openedTo": moments,
        "levelIds": [[gid(desk.world.triage)], []],
        "protocol": [tickets[3].protocol],
        "defaultPeriod": [True],
    }
    sizes = set()

    for _ in range(60):
        names = chance.sample(sorted(choices), chance.randint(1, 3))
        asked = {name: chance.choice(choices[name]) for name in names}
        if {"openedFrom", "openedTo"} <= set(asked) and asked["openedTo"] < asked["openedFrom"]:
            continue
        told = await desk.ask(PAGE, ana, f=asked, n=100)
        size, counts = len(told["tickets"]["nodes"]), told["ticketCounts"]
        assert told["tickets"]["totalCount"] == counts["total"] == size, asked
        assert sum(each["count"] for each in counts["byStatus"]) == size, asked
        assert sum(each["count"] for each in counts["byPriority"]) == size, asked
        sizes.add(size)

    assert len(sizes) > 4


async def test_the_default_period_is_the_last_month_by_the_workspaces_clock(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    zone = ZoneInfo("America/Sao_Paulo")
    # 23:30 in São Paulo, when it is already the 15th in Greenwich.
    evening = datetime(2026, 9, 14, 23, 30, tzinfo=zone).astimezone(UTC)
    midnight = datetime(2026, 8, 14, tzinfo=zone).astimezone(UTC)
    opened = []
    for moment in (midnight - timedelta(seconds=1), midnight, evening):
        world.now = moment
        opened.append(gid(await world.ticket()))

    told = await desk.ask(PAGE, ana, f={"defaultPeriod": True}, o={"field": "OPENED_AT"})
    given = await desk.ask(
        PAGE, ana, f={"defaultPeriod": True, "openedFrom": "2020-01-01T00:00:00Z"}
    )

    assert [each["id"] for each in told["tickets"]["nodes"]] == opened[1:]
    assert given["tickets"]["totalCount"] == 3


# ── what a page costs ──────────────────────────────────────────────────────────────────────────


WIDE = (
    "query($n: Int!) { tickets(first: $n) { totalCount feedCursor nodes { id subject"
    " publisher { name ticketCount profiles { handle } tickets(first: 2) { nodes { id } } }"
    " level { name members { user { name } activeTickets } } assignee { name levels { role } }"
    " type { name } account { name } previousTicket { id } nextTicket { id }"
    " history(last: 3) { nodes { kind actor { name } occurrence { text } reply { text } } }"
    " occurrences(first: 2) { nodes { text } } replies(first: 2) { nodes { text } } } } }"
)


async def test_a_wide_page_asks_as_many_questions_of_50_tickets_as_of_two(
    desk: Desk, crowd: Person
) -> None:
    await desk.met(crowd)
    asked = {}
    for size in (2, 50):
        with statements_of(desk.world.storage.database.reader) as counted:
            page = await desk.ask(WIDE, crowd, n=size)
        assert len(page["nodes"]) == size
        asked[size] = counted

    assert len(asked[50]) == len(asked[2]), "\n".join(asked[50])
    assert len(asked[50]) < 35


async def test_what_is_asked_after_the_end_of_an_answer_keeps_no_connection(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    context = await desk.context(ana)
    pool: Any = desk.world.storage.database.reader.pool
    before = pool.checkedout()

    await context.aclose()
    # A loader whose turn comes when the caller has already gone.
    found = await context.loaders.level(desk.world.triage.id)

    assert found is not None
    assert pool.checkedout() == before
