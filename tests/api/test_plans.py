"""Reads by plan: whatever is asked, the answer is the one that running it gives, byte for byte."""

import random
from dataclasses import replace
from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type
from sqlalchemy import update

from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.model.user import SESSION_LENGTH
from domain.operations import levelling, organizing, signing, uniting
from domain.operations.levelling import LevelForm
from domain.operations.organizing import UserForm
from domain.rules.access import Scope
from domain.wanted import Unplanned
from domain.words import OutsideView, Role
from graph.documents import Documents
from graph.plans import Plans, Query
from graph.schema import build
from storage.access import T_
from storage.views import TicketViews
from storage.work import SqlWork
from tests.api.desk import Desk, Json, gid
from tests.api.documents import graph
from tests.api.lived_in import House
from tests.api.sayings import Saying
from tests.docs.test_examples import document as example
from tests.statements import statements_of
from tests.world import Person, World

SCHEMA = build()
GRAPH = graph(SCHEMA)
DOCUMENTS = Documents(GRAPH)
HOT = {
    "page": """query Queue($filter: TicketFilter, $order: TicketOrder, $first: Int) {
      tickets(filter: $filter, orderBy: $order, first: $first) {
        edges { cursor node { ...Whole } } pageInfo { hasNextPage endCursor } } }""",
    "one": "query Status($protocol: String!) { ticket(protocol: $protocol) { ...Whole } }",
    "counts": """query Figures($filter: TicketFilter) { ticketCounts(filter: $filter) {
      total byStatus { status count } byPriority { priority count } } }""",
    "by id": "query One($id: ID!) { ticket(id: $id) { ...Whole } }",
    "what was said": "query Said($id: ID!) { ticket(id: $id) { ...Whole ...Said } }",
    "a screen": """query Screen($filter: TicketFilter, $first: Int, $protocol: String!) {
      queue: tickets(filter: $filter, first: $first) { totalCount feedCursor nodes { ...Whole } }
      mine: tickets(filter: { mine: true }, first: $first) { nodes { protocol } }
      ticketCounts(filter: $filter) { total byStatus { status count } }
      open: ticket(protocol: $protocol) { ...Whole } __typename }""",
}
TALKED = "query Talked($first: Int) { tickets(first: $first) { nodes { protocol ...Said } } }"
SAID = """ fragment Said on Ticket {
  occurrences(first: 2) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges {
    earlier cursor node { text account { name } publisher { name stubs { protocol levelName } }
      attachments { id fileName url } } } }
  replies(first: 3) { totalCount edges { cursor node { text failure author { name }
    attachments { url } approval { state author { name } moderator { name } } } } }
  approval { state reply { text } ticket { protocol } } nextTicket { protocol }
  previousTicket { nextTicket { protocol } occurrences { nodes { text } } }
  entries: history(last: 20) { nodes { occurrence { text attachments { size } }
    reply { text state } } } }"""
STATEMENTS = {"a screen": 4}
"""Of what is asked most, one; of several things together, one for each."""
WHOLE = """ fragment Whole on Ticket { id protocol subject status priority type { name } openedAt
  interactionsCount version sla { metric dueAt } nextDeadline { metric state remainingSeconds risk }
  publisher { name ticketCount profiles { network handle } } level { name } assignee { name }
  history(last: 3) { nodes { kind actorName at comment } } permissions allowedStatuses }"""
PARTS = {"...Whole": WHOLE, "...Said": SAID}
PLANNED = {
    "Ticket": {
        "id",
        "protocol",
        "version",
        "status",
        "closeReason",
        "priority",
        "type",
        "subject",
        "snippet",
        "network",
        "tags",
        "level",
        "originLevel",
        "assignee",
        "leaseExpiresAt",
        "publisher",
        "account",
        "origin",
        "openedBy",
        "occurredAt",
        "openedAt",
        "ageSeconds",
        "updatedAt",
        "resolvedAt",
        "closedAt",
        "pendingUntil",
        "closesAt",
        "sla",
        "nextDeadline",
        "risk",
        "dueAt",
        "reopenCount",
        "transferCount",
        "interactionsCount",
        "previousTicket",
        "nextTicket",
        "mergedInto",
        "occurrences",
        "replies",
        "approval",
        "history",
        "allowedStatuses",
        "permissions",
    },
    "Publisher": {"id", "name", "avatarUrl", "tags", "profiles", "ticketCount", "stubs", "version"},
    "HistoryEntry": {
        "id",
        "sequence",
        "groupId",
        "at",
        "kind",
        "actor",
        "actorName",
        "comment",
        "field",
        "from",
        "to",
        "occurrence",
        "reply",
        "automated",
        "version",
    },
    "Reply": set(GRAPH.type_map["Reply"].fields) - {"mentions"},  # type: ignore[attr-defined]
    "Approval": set(GRAPH.type_map["Approval"].fields)  # type: ignore[attr-defined]
    - {"allowedDecisions"},
    "SlaClock": set(GRAPH.type_map["SlaClock"].fields) - {"ticket"},  # type: ignore[attr-defined]
    "User": {"id", "name", "email", "role", "grants", "active", "available"},
    "Level": {
        "id",
        "name",
        "enabled",
        "defaultPriority",
        "moderated",
        "grouping",
        "assignment",
        "groupOldOccurrences",
        "pullOrder",
        "batchSize",
        "claimLeaseSeconds",
        "commentRequired",
        "outsideView",
        "autoCloseAfterDays",
        "version",
    },
    "Account": {"id", "network", "name", "handle", "externalId", "enabled"},
}
"""What can be asked of each kind by plan; of kinds that are not here, everything."""
SAYINGS = 120


def planned(kind: str, name: str) -> bool:
    return kind not in PLANNED or name in PLANNED[kind]


# ── the same bytes ─────────────────────────────────────────────────────────────────────────────


async def test_whatever_is_said_of_tickets_a_plan_answers_it_as_running_it_does(
    desk: Desk,
) -> None:
    house = await House.built(desk)
    cursors: list[str] = []
    everything = "{ tickets(first: 50) { edges { cursor } } }"
    for page in [await desk.ask(everything, each) for each in house.callers]:
        cursors += [edge["cursor"] for edge in page["edges"][:3]]

    cursors += await house.cursors_of_messages()
    for name, told in (("queue", {}), ("ticket", {"id": gid(house.tickets[1])})):
        for who in house.callers:
            await desk.send(example(name), who, **told)
        assert example(name) in desk.both.seen
    for who in house.callers:
        await desk.send(TALKED + SAID, who, first=50)
    assert desk.both.seen.count(TALKED + SAID) == len(house.callers)
    several = 0
    for number in range(SAYINGS):
        chance = random.Random(number)
        who = house.callers[number % len(house.callers)]
        saying = Saying(GRAPH, chance, cursors, planned if number % 5 else lambda _k, _n: True)
        ticket = chance.choice(house.tickets)
        roots: list[tuple[str, Json]] = [
            ("tickets", house.asked(chance, cursors)),
            ("ticket", {"protocol": ticket.protocol}),
            ("ticket", {"id": gid(ticket)}),
            ("ticketCounts", house.counted(chance)),
        ]
        asked = chance.choices(roots, k=chance.choice([1, 1, 2, 3]))
        document = saying.document(*asked)
        await desk.send(document, who, **saying.variables)
        several += len(asked) > 1 and desk.both.seen[-1:] == [document]

    assert desk.both.differences == []
    assert len(desk.both.seen) > SAYINGS // 2, "hardly anything was planned"
    assert several > SAYINGS // 10, "hardly anything that is asked together was planned"


async def test_every_filter_finds_by_plan_what_it_finds_when_it_is_run(desk: Desk) -> None:
    house = await House.built(desk)
    asking = (
        "query($f: TicketFilter) { tickets(filter: $f, first: 50) { totalCount nodes { id } } }"
    )
    figures = (
        "query($f: TicketFilter) { ticketCounts(filter: $f) { total byStatus { status count }"
        " byPriority { priority count } } }"
    )
    chance = random.Random(7)
    for name in house.filters(chance):
        for who in house.callers[:4]:
            given = {name: house.filters(chance)[name]}
            listed = await desk.ask(asking, who, f=given)
            counted = await desk.ask(figures, who, f=given)
            assert counted["total"] == listed["totalCount"]

    assert desk.both.differences == []
    # All but a search.
    planned = 4 * (len(house.filters(chance)) - 1)
    assert desk.both.seen.count(figures) == desk.both.seen.count(asking) == planned


async def test_what_is_asked_together_is_of_one_moment(
    desk: Desk, crowd: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ask = desk.world, TicketViews._ask

    async def ask_while_much_happens(views: TicketViews, *asked: Any) -> Any:
        found = await ask(views, *asked)
        await world.ticket()
        return found

    document = """{ ticketCounts { total } tickets { totalCount feedCursor }
      later: ticketCounts { total } again: tickets { feedCursor } }"""
    told = await desk.ask(document, crowd)
    assert desk.both.seen == [document]
    desk.graphql.desk = desk.both.plain()
    monkeypatch.setattr(TicketViews, "_ask", ask_while_much_happens)
    for more in (0, 4):
        told_then = await desk.ask(document, crowd)
        figures = [told_then["ticketCounts"]["total"], told_then["later"]["total"]]
        assert {*figures, told_then["tickets"]["totalCount"]} == {
            told["tickets"]["totalCount"] + more
        }
        assert told_then["tickets"]["feedCursor"] == told_then["again"]["feedCursor"]


# ── rights ─────────────────────────────────────────────────────────────────────────────────────


async def leave(world: World, level: Level, person: Person) -> None:
    await world.do(levelling.save_level, LevelForm(id=level.id, name=level.name, members=[]))


async def be_nobody(world: World, level: Level, person: Person) -> None:
    form = UserForm(
        id=person.id, name=person.name, email=person.user.email, role=Role.VIEWER, active=False
    )
    await world.do(organizing.save_user, form)


async def close_the_shutters(world: World, level: Level, person: Person) -> None:
    await world.arrange(level, outside_view=OutsideView.NONE)


LOSSES = {"a membership": leave, "the account": be_nobody, "an open level": close_the_shutters}


SECRETS: dict[str, tuple[str, Json]] = {
    "ticket": (
        "query($p: String!) { ticket(protocol: $p) { subject } }",
        {"subject": "Segredo"},
    ),
    "figures": (
        "query($p: String!) { ticketCounts(filter: { protocol: $p }) { total } }",
        {"total": 1},
    ),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("lost", LOSSES)
async def test_no_right_that_is_gone_shows_a_ticket(desk: Desk, lost: str, secret: str) -> None:
    world = desk.world
    view = OutsideView.FULL if lost == "an open level" else OutsideView.COUNT
    level = await world.level("Cofre", outside_view=view)
    members = [] if lost == "an open level" else [level]
    eve = await world.person("Eva", level=members)
    ticket = await world.ticket(level, subject="Segredo")
    asking, shown = SECRETS[secret]
    desk.graphql.desk = desk.both.plain()
    for _ in range(2):
        assert await desk.ask(asking, eve, p=ticket.protocol) == shown

    await LOSSES[lost](world, level, eve)

    for _ in range(2):
        told = (await desk.send(asking, eve, p=ticket.protocol)).json()
        assert shown not in (told.get("data") or {}).values()


@pytest.mark.parametrize("secret", SECRETS)
async def test_who_signed_out_or_whose_key_was_revoked_is_asked_to_sign_in(
    desk: Desk, secret: str
) -> None:
    world = desk.world
    eve = await world.person("Eva", level=world.triage)
    key = await desk.key(Scope.READ)
    ticket = await world.ticket()
    asking, _shown = SECRETS[secret]
    desk.graphql.desk = desk.both.plain()
    for who in (eve, eve, key, key):
        assert await desk.ask(asking, who, p=ticket.protocol)

    await desk.ask("mutation { signOut { userErrors { code } } }", eve)
    async with world.storage.work(world.system) as work:
        [row] = await work.api_keys.all()
    await world.do(signing.revoke_key, row.id)

    for who in (eve, key):
        assert (await desk.send(asking, who, p=ticket.protocol)).status_code == 401


async def test_who_has_stayed_longer_than_their_session_is_asked_to_sign_in(desk: Desk) -> None:
    world = desk.world
    eve = await world.person("Eva", level=world.triage)
    ticket = await world.ticket()
    desk.graphql.desk = desk.both.plain()
    for asking, _shown in SECRETS.values():
        assert await desk.ask(asking, eve, p=ticket.protocol)

    world.later(SESSION_LENGTH)

    for asking, _shown in SECRETS.values():
        assert (await desk.send(asking, eve, p=ticket.protocol)).status_code == 401


async def test_a_right_that_was_given_counts_at_once(desk: Desk) -> None:
    world = desk.world
    level = await world.level("Cofre")
    eve = await world.person("Eva", level=world.triage)
    ticket = await world.ticket(level, subject="Segredo")
    asking = "query($p: String!) { ticket(protocol: $p) { subject permissions } }"
    desk.graphql.desk = desk.both.plain()
    for _ in range(2):
        assert await desk.ask(asking, eve, p=ticket.protocol) is None

    await world.join(eve, level)

    found = await desk.ask(asking, eve, p=ticket.protocol)
    assert found == {"subject": "Segredo", "permissions": ["handle", "reply"]}


# ── what has to be planned, and what it costs ──────────────────────────────────────────────────


@pytest.mark.parametrize("name", HOT)
async def test_what_is_asked_most_is_planned_and_costs_a_statement_each_however_long(
    desk: Desk, crowd: Person, name: str
) -> None:
    ticket = await desk.world.ticket(by=crowd)
    document = HOT[name] + "".join(part for spread, part in PARTS.items() if spread in HOT[name])
    asked = {
        "filter": {"levelIds": [gid(desk.world.triage)], "statuses": ["NEW", "OPEN"]},
        "order": {"field": "PRIORITY", "direction": "DESC"},
        "id": gid(ticket),
        "protocol": ticket.protocol,
    }
    variables = {key: value for key, value in asked.items() if f"${key}" in document}
    await desk.ask(document, crowd, **variables)
    assert desk.both.seen == [document]
    # With nothing kept: test_kept.py says what is asked where it is.
    desk.graphql.desk = replace(desk.both.plain(), planned=Plans(SCHEMA).answer)
    straight, sqlite = desk.world.storage.database.straight, desk.world.storage.database.is_sqlite

    for size in (2, 50) if "$first" in document else (None,):
        more = {} if size is None else {"first": size}
        before = straight.asked
        with statements_of(desk.world.storage.database.reader) as others:
            await desk.ask(document, crowd, **variables, **more)

        needed = STATEMENTS.get(name, 1)
        assert straight.asked - before == needed
        # Who asks is looked at in the same statement; on SQLite that, too, is the engine's.
        sent = [each for each in others if each != "BEGIN"]
        assert len(sent) == (needed if sqlite else 0), others


WAYS = {
    "Ticket": "%s",
    "Publisher": "publisher { %s }",
    "HistoryEntry": "history { edges { node { %s } } }",
    "SlaClock": "nextDeadline { %s }",
    "User": "history { nodes { actor { %s } } }",
    "Occurrence": "occurrences { nodes { %s } }",
    "OccurrenceEdge": "occurrences { edges { %s } }",
    "Reply": "replies { nodes { %s } }",
    "Attachment": "replies { nodes { attachments { %s } } }",
    "Approval": "approval { %s }",
    "TicketStub": "publisher { stubs { %s } }",
    "Level": "level { %s }",
    "Account": "account { %s }",
    "Profile": "publisher { profiles { %s } }",
    "TicketType": "type { %s }",
    "TicketCounts": "%s",
    "StatusCount": "byStatus { %s }",
    "PriorityCount": "byPriority { %s }",
}
FIGURES = {"TicketCounts", "StatusCount", "PriorityCount"}


@pytest.mark.parametrize("kind", WAYS)
def test_every_field_that_can_be_planned_is(kind: str) -> None:
    fields = GRAPH.type_map[kind].fields  # type: ignore[attr-defined]
    root = "ticketCounts" if kind in FIGURES else 'ticket(protocol: "1")'
    unplanned = []
    for name in PLANNED.get(kind, fields):
        below = "" if is_leaf_type(get_named_type(fields[name].type)) else " { __typename }"
        document = f"{{ {root} {{ {WAYS[kind] % (name + below)} }} }}"
        try:
            Query(SCHEMA, DOCUMENTS.prepare(document), None).ready({})
        except Unplanned:
            unplanned.append(name)

    assert unplanned == []


async def test_what_is_out_of_the_ordinary_is_run(desk: Desk, crowd: Person) -> None:
    for document in (
        "{ me { user { name } } }",
        "{ tickets { nodes { viewers { user { name } } } } }",
        "{ tickets { totalCount } levels { name } }",
        '{ ticketCounts(filter: { search: "pedido" }) { total } }',
        '{ tickets(filter: { search: "pedido" }) { totalCount } }',
        "{ tickets { __typename ... on Node { __typename } } }",
    ):
        await desk.answer(document, crowd)

    assert desk.both.seen == []


@pytest.mark.parametrize(
    "shown",
    [
        "occurrences { totalCount pageInfo { hasNextPage } }",
        "occurrences { nodes { __typename } }",
        "replies { totalCount nodes { __typename } }",
        "history { totalCount edges { node { __typename } } }",
        "publisher { profiles { __typename } }",
    ],
)
async def test_things_of_which_nothing_is_shown_are_there_all_the_same(
    desk: Desk, crowd: Person, shown: str
) -> None:
    document = f"{{ tickets(first: 2) {{ nodes {{ {shown} }} }} }}"

    assert len((await desk.ask(document, crowd))["nodes"]) == 2
    assert desk.both.seen == [document]


async def test_of_a_publisher_who_was_merged_the_one_they_are_now_is_told_as_ever(
    desk: Desk, crowd: Person
) -> None:
    world = desk.world
    account = await world.account()
    await world.watch(account, world.triage)
    rui, ana = [await world.heard(account, author=each) for each in ("rui", "ana")]
    await world.do(uniting.merge, rui.publisher_id, ana.publisher_id)
    document = "query($id: ID!) { ticket(id: $id) { publisher { name } } }"

    async def forget(work: SqlWork) -> None:
        """As if it had come in at the very moment of the merge."""
        lost = update(Ticket).where(T_.id == rui.id).values(publisher_id=rui.publisher_id)
        await work.session.execute(lost)

    assert await desk.ask(document, crowd, id=gid(rui)) == {"publisher": {"name": "Ana"}}
    assert desk.both.seen == [document]
    await world.do(forget)
    assert await desk.ask(document, crowd, id=gid(rui)) == {"publisher": {"name": "Ana"}}
    assert desk.both.seen == [document]


async def test_a_refusal_is_told_as_ever(desk: Desk, crowd: Person) -> None:
    for document in (
        "{ tickets(first: 0) { totalCount } }",
        '{ tickets(after: "x") { totalCount } }',
        "{ ticket { id } }",
        "{ tickets(first: 1, last: 1) { totalCount } }",
        '{ tickets { nodes { history(after: "x") { totalCount } } } }',
    ):
        told = await desk.answer(document, crowd)
        assert told["errors"][0]["extensions"]["code"] == "INVALID", told

    assert desk.both.seen == []


@pytest.mark.postgres
async def test_who_has_waited_for_the_database_is_told_so_and_does_not_wait_again(
    desk: Desk, crowd: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = "{ tickets { totalCount } }"
    await desk.ask(document, crowd)
    desk.graphql.desk = desk.both.plain()
    monkeypatch.setattr("storage.straight.WAIT", 0.0)
    with statements_of(desk.world.storage.database.reader) as others:
        answer = await desk.send(document, crowd)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
    assert others == []
