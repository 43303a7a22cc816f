"""A display on a wall: figures and deadlines of its levels, and nothing else whatever it asks."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type, is_object_type, is_required_argument

from domain.operations import signing
from domain.words import Priority, Role
from graph.display import SHOWN, WALLS
from graph.errors import tell
from graph.schema import build
from tests.api.boards import COUNTDOWN, FOLLOW_WALL, HOUR, WALL, measured, noticed
from tests.api.desk import Desk, Json, gid, heard, plain, unknown
from tests.api.documents import graph, question
from tests.world import World

SCHEMA = build()
GRAPH = graph(SCHEMA)
MAKE_KEY = (
    "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) {"
    " apiKey { scopes } secret userErrors { code field } } }"
)
WITHIN_FIVE_SECONDS = 5.0
WAYS = {
    "Wallboard": "{{ wallboard {} }}",
    "WallboardTotals": "{{ wallboard {{ totals {} }} }}",
    "WallboardLevel": "{{ wallboard {{ levels {} }} }}",
    "Level": "{{ wallboard {{ levels {{ level {} }} }} }}",
    "OpenWindow": "{{ wallboard {{ levels {{ level {{ openWindows {} }} }} }} }}",
    "SlaClock": "{{ wallboard {{ nearest {} }} }}",
    "Ticket": "{{ wallboard {{ nearest {{ ticket {} }} }} }}",
}
"""How one comes to what hangs on a wall."""


async def hung(desk: Desk) -> str:
    """The key of a display, with something to show."""
    world = desk.world
    level = await measured(world)
    await world.ticket(level, priority=Priority.URGENT)
    return await desk.key("display", levels=[level])


def code(answer: Json) -> Any:
    return answer["errors"][0]["extensions"]["code"]


# ── its key ────────────────────────────────────────────────────────────────────────────────────


async def made(desk: Desk, **asked: Any) -> Json:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    told: Json = await desk.ask(MAKE_KEY, boss, i={"name": "TV", **asked})
    return told


async def test_a_display_is_made_for_levels(desk: Desk) -> None:
    rh = await desk.world.level("RH")

    told = await made(desk, scopes=["display"], levelIds=[gid(rh)])
    wall = await desk.ask(WALL, told["secret"])

    assert told["apiKey"] == {"scopes": ["display"]}
    assert told["userErrors"] == []
    assert [each["level"]["name"] for each in wall["levels"]] == ["RH"]


@pytest.mark.parametrize(
    ("scopes", "levels", "code", "field"),
    [
        (["display"], None, "INVALID", "levelIds"),
        (["display"], [], "INVALID", "levelIds"),
        (["display", "read"], ["own"], "INVALID", "scopes"),
        (["ingest", "display"], ["own"], "INVALID", "scopes"),
        (["read"], ["own"], "INVALID", "levelIds"),
        (["ingest"], [], "INVALID", "levelIds"),
        (["display"], ["foreign"], "NOT_FOUND", "levelIds"),
        (["display"], ["own", "foreign"], "NOT_FOUND", "levelIds"),
        (["display"], ["unknown"], "NOT_FOUND", "levelIds"),
        (["display"], ["user"], "NOT_FOUND", "levelIds"),
    ],
)
async def test_a_display_is_that_and_of_its_own_company_or_is_not_made(
    desk: Desk, scopes: list[str], levels: list[str] | None, code: str, field: str
) -> None:
    foreign = await World.founded(desk.world.storage)
    ids = {
        "own": gid(desk.world.triage),
        "foreign": gid(foreign.triage),
        "unknown": unknown("Level"),
        "user": unknown("User"),
    }
    asked: Json = {"scopes": scopes}
    if levels is not None:
        asked["levelIds"] = [ids[each] for each in levels]

    told = await made(desk, **asked)

    assert told["secret"] is None
    [error] = told["userErrors"]
    assert (error["code"], error["field"][:1]) == (code, [field])


# ── what it is shown ───────────────────────────────────────────────────────────────────────────


async def test_a_display_shows_its_levels_and_no_others(desk: Desk) -> None:
    world = desk.world
    sales, rh = await measured(world), await measured(world, "RH")
    own = await world.ticket(sales, priority=Priority.URGENT)
    hidden = await world.ticket(rh, priority=Priority.URGENT)
    await noticed(world, HOUR)
    key = await desk.key("display", levels=[sales])

    told = [await desk.ask(WALL, key), await desk.ask(WALL, key, l=[gid(sales), gid(rh)])]
    for document in (FOLLOW_WALL, COUNTDOWN):
        for levels in (None, [gid(sales), gid(rh)]):
            async with aclosing(desk.follow(document, key, l=levels)) as stream:
                told.append(await heard(stream))
    nothing = [await desk.ask(WALL, key, l=[each]) for each in (gid(rh), unknown("Level"))]

    assert all(own.protocol in plain(each) for each in told)
    assert not [each for each in told if hidden.protocol in plain(each) or "RH" in plain(each)]
    assert [each["breached"] for each in told[4:]] == [1, 1]
    assert nothing[0] == nothing[1]
    assert nothing[0]["levels"] == []


@pytest.mark.parametrize("kind", sorted(WAYS))
async def test_everything_that_is_listed_can_be_shown(desk: Desk, kind: str) -> None:
    key = await hung(desk)

    for name, field in fields(kind):
        if listed(kind, name):
            told = await desk.answer(WAYS[kind].format(f"{{ {asking(name, field)} }}"), key)
            assert "errors" not in told, (name, told)


# ── and nothing else ───────────────────────────────────────────────────────────────────────────


def fields(kind: str) -> Iterator[tuple[str, Any]]:
    yield from GRAPH.type_map[kind].fields.items()  # type: ignore[attr-defined]


def listed(kind: str, name: str) -> bool:
    return kind in WALLS or name in SHOWN.get(kind, ())


def asking(name: str, field: Any) -> str:
    """The field, with whatever it has to be given and of whatever it leads to."""
    arguments = [
        f'{each}: "{unknown("Ticket")}"'
        for each, about in field.args.items()
        if is_required_argument(about)
    ]
    given = f"({', '.join(arguments)})" if arguments else ""
    inner = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{name}{given}{inner}"


def unlisted() -> Iterator[tuple[str, tuple[str, Json]]]:
    """Every root field that is not for walls, and every field of what hangs there."""
    for operation in ("Query", "Mutation", "Subscription"):
        for name, field in fields(operation):
            if not listed(operation, name):
                inner = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
                given = {"ID": unknown("Ticket"), "id": unknown("Ticket")}
                yield f"{operation}.{name}", question(operation.lower(), name, field, inner, given)
    for kind, way in WAYS.items():
        for name, field in fields(kind):
            if not listed(kind, name):
                yield f"{kind}.{name}", (way.format(f"{{ {asking(name, field)} }}"), {})


async def test_whatever_is_not_listed_refuses_the_whole_document(desk: Desk) -> None:
    key = await hung(desk)
    answered = {}

    for name, (document, variables) in unlisted():
        if name.startswith("Subscription"):
            answered[name] = await refused_stream(desk, key, document, variables)
            continue
        answer = await desk.answer(document, key, **variables)
        answered[name] = code(answer) if answer.get("data") is None else answer

    assert set(answered.values()) == {"FORBIDDEN"}
    assert {"Query.node", "Query.me", "Mutation.signIn", "Level.members", "Ticket.subject"} <= (
        answered.keys()
    )
    assert len(answered) > 80


async def refused_stream(desk: Desk, key: str, document: str, variables: Json) -> Any:
    context = await desk.context(key)
    result: Any = await desk.schema.subscribe(
        document, variable_values=variables, context_value=context
    )
    if hasattr(result, "__anext__"):
        async with aclosing(result):
            result = await anext(result)
    return tell(result.errors[0], context)["extensions"]["code"]


def test_nothing_else_than_what_is_listed_hangs_on_a_wall() -> None:
    """Were a type listed by mistake, it would be shown whole."""
    reached = {
        get_named_type(field.type).name
        for kind in (*WALLS, "Level", "Ticket")
        for name, field in fields(kind)
        if listed(kind, name) and is_object_type(get_named_type(field.type))
    }

    assert reached <= {*WALLS, "Level", "Ticket"}
    assert set(WAYS) | {"SlaCountdown"} == {*WALLS, "Level", "Ticket"}
    for kind, names in SHOWN.items():
        assert names <= {name for name, _ in fields(kind)}


TICKET = "wallboard { nearest { ticket { %s } } }"


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "User") { name } }',
        "{ wallboard { serverTime } __schema { queryType { name } } }",
        "{ wallboard { serverTime } me { user { name } } }",
        "{ " + TICKET % "protocol: subject" + " }",
        "{ "
        + TICKET % "...F"
        + " } fragment F on Ticket { ...G } fragment G on Ticket { subject }",
        "{ " + TICKET % "... on Ticket { subject }" + " }",
        "{ " + TICKET % "... on Node { id }" + " }",
        "{ " + TICKET % "... @include(if: false) { subject }" + " }",
        "{ " + TICKET % "subject @skip(if: true)" + " }",
        "{ ...F } fragment F on Query { users { name } }",
        "{ ... { users { name } } }",
        "query A { wallboard { serverTime } } query B { users { name } }",
        "{ wallboard { levels { level { queue { nodes { subject } } } } } }",
        "{ wallboard { nearest { ticket { level { members { user { name } } } } } } }",
        "{ wallboard { nearest { ticket { assignee { name } } } } }",
    ],
)
async def test_no_way_of_writing_it_gets_round_the_list(desk: Desk, document: str) -> None:
    key = await hung(desk)

    response = await desk.send(document, key)
    answer = response.json()

    assert answer.get("data") is None
    assert {each["extensions"]["code"] for each in answer["errors"]} <= {
        "FORBIDDEN",
        "BAD_REQUEST",
    }
    assert "Pedido" not in response.text


async def test_what_a_person_asked_before_is_not_remembered_for_a_display(desk: Desk) -> None:
    key = await hung(desk)
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    document = "{ " + TICKET % "subject" + " users { name } }"

    before = await desk.answer(document, boss)
    refused = await desk.answer(document, key)
    after = await desk.answer(document, boss)

    assert before == after
    assert before["data"]["users"] == [{"name": "Chefe"}]
    assert (code(refused), refused.get("data")) == ("FORBIDDEN", None)


async def test_what_a_display_may_not_ask_a_person_may(desk: Desk) -> None:
    key = await hung(desk)
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    document = "{ levels { name } }"

    refused = await desk.answer(document, key)
    told = await desk.ask(document, boss)

    assert code(refused) == "FORBIDDEN"
    assert "Vendas" in plain(told)


# ── its end ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("document", [FOLLOW_WALL, COUNTDOWN])
async def test_a_key_that_is_revoked_ends_what_its_display_watches(
    desk: Desk, document: str
) -> None:
    world = desk.world
    made = await world.do(signing.make_key, "TV", ["display"], [world.triage.id])
    assert made.secret is not None
    async with aclosing(desk.follow(document, made.secret, every=60)) as stream:
        await heard(stream)

        await world.do(signing.revoke_key, made.api_key.id)

        async with asyncio.timeout(WITHIN_FIVE_SECONDS):
            assert [each async for each in stream] == []
    assert (await desk.send(WALL, made.secret)).status_code == 401
