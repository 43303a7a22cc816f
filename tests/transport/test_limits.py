"""What asks for too much is refused before it costs anything, and everybody else is served."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import get_introspection_query

from domain.wanted import Unplanned
from graph.documents import Documents
from graph.errors import tell
from graph.limits import Limits
from graph.plans import Query
from graph.schema import build
from resolvers import ids
from server.graphql_errors import Refused
from tests.transport.house import hear, opened, subscribe

SCHEMA = build()
MANY = httpx.Limits(max_connections=100)
ID = ids.write("Ticket", UUID(int=1))
WORK = 600_000
"""Function calls that a document may take to find out about: a tenth of a second of one core."""


def documents(limits: Limits | None = None) -> Documents:
    return Documents(SCHEMA._schema, limits)


def over(text: str, limits: Limits | None = None, **variables: Any) -> list[str]:
    """The limits that a document goes beyond."""
    errors = documents(limits).prepare(text).refusal(None, variables)
    assert all((error.extensions or {})["code"] == "TOO_COMPLEX" for error in errors), errors
    return [(error.extensions or {})["limit"] for error in errors]


def nested(depth: int) -> str:
    """A query of so many fields within one another."""
    steps = ["tickets(first: 1)", "nodes", "publisher"] * depth
    return "{ " + " { ".join(steps[: depth - 1]) + " { __typename" + " }" * depth


def chain(length: int, each: str, last: str) -> str:
    """Fragments that each spread the next one twice."""
    return (
        " ".join(
            f"fragment F{nth} on Ticket {{ {each.format(n=f'F{nth + 1}')} }}"
            for nth in range(length)
        )
        + f" fragment F{length} on Ticket {{ {last} }}"
    )


IN_TICKETS = "{ tickets { nodes { %s } } } "
HOSTILE = {
    "braces": "{" * 1_000_000,
    "braces and fields": "{a" * 300_000,
    "brackets": "{ nodes(ids: " + "[" * 30_000,
    "comments": "#\n" * 500_000 + "{ __typename }",
    "spaces": " " * 60_000 + "{",
    "one string": '{ nodes(ids: ["' + "\\u0041" * 10_000 + '"]) { id } }',
    "tokens": "{ " + "a " * 100_000 + "}",
    "names": IN_TICKETS % ("id " * 1_900),
    "one field with another inside": IN_TICKETS % ("level { id } " * 470),
    "aliases": IN_TICKETS % " ".join(f"a{nth}: id" for nth in range(600)),
    "aliases of one name": IN_TICKETS % ("a: level { a: id b: name } " * 120),
    "in conflict": IN_TICKETS % ("level { id } level(x: 1) { name } " * 120),
    "unknown fields": IN_TICKETS % " ".join(f"x{nth}" for nth in range(1_900)),
    "unknown arguments": "{ tickets("
    + " ".join(f"x{n}: 1" for n in range(600))
    + ") { nodes { id } } }",
    "unknown parts of a filter": "{ tickets(filter: {"
    + " ".join(f"x{n}: 1" for n in range(650))
    + "}) { totalCount } }",
    "directives": "{ __typename " + "@skip(if: true) " * 10_000 + "}",
    "few directives": "{ __typename " + "@skip(if: true) " * 280 + "}",
    "variables": "query(" + " ".join(f"$v{nth}: Int" for nth in range(450)) + ") { __typename }",
    "operations": " ".join(f"query Q{nth} {{ ...F }}" for nth in range(230))
    + " fragment F on Query { __typename }",
    "bomb": IN_TICKETS % "...F0" + chain(30, "...{n} ...{n}", "id"),
    "bomb of aliases": IN_TICKETS % "...F0" + chain(30, "a: id ...{n} ...{n}", "id"),
    "bomb of pages": IN_TICKETS % "...F0"
    + chain(
        30,
        "a: publisher {{ tickets {{ nodes {{ ...{n} }} }} }} "
        "b: publisher {{ tickets {{ nodes {{ ...{n} }} }} }}",
        "id",
    ),
    "circle": IN_TICKETS % "...F0"
    + " ".join(f"fragment F{n} on Ticket {{ ...F{(n + 1) % 100} id }}" for n in range(100)),
    "all to all": IN_TICKETS % "...F0"
    + " ".join(
        f"fragment F{n} on Ticket {{ {' '.join(f'...F{m}' for m in range(27))} }}"
        for n in range(27)
    ),
    "many fragments": IN_TICKETS % " ".join(f"...F{n}" for n in range(130))
    + " ".join(f"fragment F{n} on Ticket {{ id level {{ id }} }}" for n in range(130)),
    "inline fragments": "{" + "... {" * 300 + "__typename" + "}" * 301,
    "introspection again and again": "{"
    + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(25))
    + "}",
    "introspection of itself": "{ __schema { types "
    + "{ fields { type " * 6
    + "{ name }"
    + "} }" * 6
    + " } }",
}


def work(text: str) -> int:
    """Calls of functions that it takes to find out about a document."""
    reading = documents()
    return calls(lambda: reading.prepare(text).refusal(None, None))


def calls(ask: Callable[[], object]) -> int:
    """Of functions, while it is asked."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_document_takes_long_to_find_out_about(text: str) -> None:
    assert work(text) < WORK


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"bomb"}))
def test_what_is_made_to_hurt_is_refused(name: str) -> None:
    assert documents().prepare(HOSTILE[name]).refusal(None, None)


def test_fragments_that_unfold_into_little_are_none_of_it() -> None:
    assert not documents().prepare(HOSTILE["bomb"]).refusal(None, None)


LISTED = "query($f: TicketFilter) { tickets(filter: $f) { totalCount } }"


@pytest.mark.parametrize(
    "asked",
    [
        {f"x{nth}": 1 for nth in range(15_000)},
        {"levelIds": ["x"] * 15_000},
        {"priorities": ["x" * 40] * 15_000},
        {"openedFrom": [[[["x"] * 20] * 20] * 20] * 2},
    ],
    ids=["unknown fields", "no ids", "no words", "no instants"],
)
def test_no_variables_take_long_to_find_out_about(asked: dict[str, Any]) -> None:
    prepared = documents().prepare(LISTED)
    query = Query(SCHEMA, prepared, None)

    def ask() -> None:
        with pytest.raises(Unplanned):
            query.ready({"f": asked})

    assert calls(ask) < WORK


# ── each limit ───────────────────────────────────────────────────────────────────────────────


def roots(number: int) -> str:
    return "{ " + "__typename " * number + "}"


def aliases(number: int) -> str:
    return "{ tickets { " + " ".join(f"a{nth}: totalCount" for nth in range(number)) + " } }"


def directives(number: int) -> str:
    return "{ tickets { " + " ".join(["totalCount @include(if: true)"] * number) + " } }"


def tokens(number: int) -> str:
    return "{ tickets { nodes { " + "id " * (number - 8) + "} } }"


@pytest.mark.parametrize(
    ("make", "limit", "most"),
    [
        (nested, "depth", 10),
        (aliases, "aliases", 30),
        (roots, "root_fields", 20),
        (directives, "directives", 50),
    ],
)
def test_exactly_as_much_as_is_allowed_is_allowed(make: Any, limit: str, most: int) -> None:
    assert over(make(most)) == []
    assert over(make(most + 1)) == [limit]


def test_tokens_and_characters_are_counted_before_anything_is_made_of_them() -> None:
    assert over(tokens(2_001)) == ["tokens"]
    assert over(tokens(100), Limits(tokens=100)) == []
    assert over(tokens(101), Limits(tokens=100)) == ["tokens"]
    assert over("{ __typename }" + "#" * 65_536) == ["length"]


def test_what_stands_in_a_fragment_counts_wherever_it_is_spread() -> None:
    fragment = "fragment F on Ticket { a: id b: id c: id } "
    twice = "{ tickets { nodes { ...F publisher { tickets { nodes { ...F } } } } } }"

    assert over(fragment + twice, Limits(aliases=6)) == []
    assert over(fragment + twice, Limits(aliases=5)) == ["aliases"]
    assert over(fragment + twice, Limits(depth=6)) == []
    assert over(fragment + twice, Limits(depth=5)) == ["depth"]
    root = "fragment F on Query { levels { id } users { id } } { ...F ... { ...F } }"
    assert over(root, Limits(root_fields=4)) == []
    assert over(root, Limits(root_fields=3)) == ["root_fields"]


def test_the_usual_tools_may_look_at_the_schema_and_once_is_enough() -> None:
    again = "{ a: __schema { types { name } } " + '__type(name: "Ticket") { name } ' * 5 + "}"

    assert over(get_introspection_query(input_value_deprecation=True, specified_by_url=True)) == []
    assert over(again) == ["introspections"]
    assert over("{ __schema { a: types { name } } }") == ["introspection_aliases"]


@pytest.mark.parametrize(
    ("variables", "limits"),
    [
        ({"ids": ["x"] * 25_000}, ["values"]),
        ({"ids": [["x"] * 200] * 200}, ["values"]),
        ({"ids": {"a": {"b": {"c": None}}}}, []),
        (json.loads('{"ids": ' + "[" * 500 + "]" * 500 + "}"), ["value_depth"]),
    ],
)
def test_variables_have_limits_too(variables: dict[str, Any], limits: list[str]) -> None:
    assert over("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", **variables) == limits


# ── the cost ─────────────────────────────────────────────────────────────────────────────────

PAGE = """
query($size: Int = 50, $history: Int!) {
  tickets(first: $size) {
    edges { cursor node { id ...T publisher { ticketCount } } }
    pageInfo { hasNextPage }
    totalCount
  }
}
fragment T on Ticket { protocol ... on Ticket { history(last: $history) { nodes { id } } } }
"""
BATCH = """
mutation($input: ReceiveOccurrencesInput!) {
  receiveOccurrences(input: $input) { results { occurrence { id } } }
}
"""


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ __typename me { user { name } } }", {}, 1),
        ("{ levels { id } }", {}, 1),
        ("{ tickets { totalCount } }", {}, 20),
        ("{ tickets(first: null) { totalCount } }", {}, 20),
        ("{ tickets(last: 7) { totalCount } }", {}, 7),
        ("{ tickets(first: 100000) { totalCount } }", {}, 100),
        ("{ tickets(first: 3) { nodes { id } } users { id } publishers { nodes { id } } }", {}, 23),
        (PAGE, {"history": 3}, 150),
        (PAGE, {"history": 3, "size": None}, 60),
        (PAGE, {"history": 10, "size": 100.0}, 1_000),
        (PAGE, {"history": "nonsense"}, 1_000),
        (
            f'{{ nodes(ids: ["{ID}", "{ID}"]) {{ ... on Ticket '
            "{ history { nodes { id } } } } }",
            {},
            40,
        ),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x"] * 70}, 70),
        (BATCH, {"input": {"occurrences": [{}] * 500}}, 500),
        (BATCH, {"input": 7}, 1),
        (BATCH, {}, 1),
    ],
)
def test_the_cost_is_the_sizes_of_pages_multiplied(
    text: str, variables: dict[str, Any], cost: int
) -> None:
    prepared = documents(Limits(cost=7_000)).prepare(text)
    priced = prepared.cost(None, variables)

    assert priced is not None, prepared.errors
    assert (priced.requested, priced.limit) == (cost, 7_000)


def test_an_operation_is_refused_with_the_variables_that_make_it_cost_too_much() -> None:
    assert over(PAGE, size=50, history=100) == []
    assert over(PAGE, size=51, history=100) == ["cost"]


def test_a_bomb_of_pages_is_priced_in_one_go() -> None:
    bomb = IN_TICKETS % "...F0" + chain(40, "...{n} ...{n}", "history {{ nodes {{ id }} }}")
    roomy = documents(Limits(nesting=100))

    priced = roomy.prepare(bomb.replace("{{", "{").replace("}}", "}")).cost(None, {})

    assert priced is not None
    assert priced.requested == 20 * 2**40 * 20


def test_the_documents_that_are_shown_to_everybody_pass() -> None:
    shown = sorted((Path(__file__).parents[2] / "examples").glob("*.graphql"))

    assert shown
    for file in shown:
        prepared = documents().prepare(file.read_text())
        assert not prepared.errors, file.name
        for operation in (each.name.value for each in prepared.operations() if each.name):
            cost = prepared.cost(operation, {})
            assert cost is not None
            assert not cost.over, file.name


# ── on the wire ──────────────────────────────────────────────────────────────────────────────


async def test_what_it_costs_is_told_with_every_answer_by_either_way() -> None:
    cost = {"cost": {"requested": 1, "limit": 5_000}}
    async with opened() as door, httpx.AsyncClient() as client, door.socket() as socket:
        by_http = await client.post(door.url, json={"query": "{ hello boom }"})
        await subscribe(socket, "1", "{ hello }")

        assert by_http.json()["extensions"] == cost
        assert (await hear(socket))["payload"]["extensions"] == cost


async def test_what_is_too_much_is_told_in_the_callers_language_by_either_way() -> None:
    asked = {"query": "{" + "hello " * 21 + "}"}
    async with opened(tell=tell) as door, httpx.AsyncClient() as client, door.socket() as socket:
        by_http = await client.post(door.url, json=asked)
        await subscribe(socket, "1", asked["query"])

        (error,) = by_http.json()["errors"]
        assert error["message"] == (
            "The document asks 21 things at its root, and 20 are allowed. Ask in parts."
        )
        assert error["extensions"] == {"code": "TOO_COMPLEX", "limit": "root_fields", "most": 20}
        assert await hear(socket) == {"type": "error", "id": "1", "payload": [error]}


async def test_others_are_served_while_hostile_documents_are_read() -> None:
    """They are read one at a time, with room between; known documents wait for none of them."""
    hostile = HOSTILE["one field with another inside"].replace("level", "hello")
    async with opened() as door, httpx.AsyncClient(timeout=60, limits=MANY) as client:

        async def send(text: str) -> int:
            answer = await client.post(door.url, json={"query": text})
            return len(answer.json()["errors"])

        await client.post(door.url, json={"query": "{ hello }"})
        sent = [asyncio.create_task(send(hostile + " " * nth)) for nth in range(20)]
        await asyncio.sleep(0)
        for _ in range(3):
            answer = await client.post(door.url, json={"query": "{ hello }"})
            assert answer.json()["data"] == {"hello": "hello world"}

        short = await client.post(door.url, json={"query": "{ hello hello }"})
        assert short.json()["data"] == {"hello": "hello world"}

        # Nor does one that is new and short wait for those that are long.
        assert sum(task.done() for task in sent) < len(sent) / 2
        assert all(await asyncio.gather(*sent))


async def test_what_nobody_has_sent_before_costs_its_reading_by_either_way() -> None:
    spent: list[int] = []

    def spend(_context: Any, cost: int) -> None:
        spent.append(cost)
        if sum(spent) > 60:
            raise Refused("RATE_LIMITED", "Too much.", 429)

    asked = {"query": "{ hello } #" + "x" * 49}
    async with opened(spend=spend) as door, httpx.AsyncClient() as client, door.socket() as socket:
        for _ in range(2):
            assert (await client.post(door.url, json=asked)).status_code == 200
        assert spent == [15, 1, 1]
        await subscribe(socket, "1", "{ hello } #" + "y" * 29)
        assert (await hear(socket))["type"] == "next"
        assert (await hear(socket))["type"] == "complete"
        assert spent[3:] == [10, 1]

        await subscribe(socket, "2", "{ hello } #" + "z" * 189)
        by_socket = await hear(socket)
        by_http = await client.post(door.url, json={"query": "{ hello } #" + "w" * 189})

        assert (by_socket["id"], by_socket["type"]) == ("2", "error")
        assert by_socket["payload"][0]["extensions"] == {"code": "RATE_LIMITED"}
        assert by_http.status_code == 429
        assert door.app.documents.readings == 2
