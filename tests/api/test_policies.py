"""Every field says who may ask for it, every word says what it means, and the snapshot is true."""

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
)
from strawberry.types.execution import ExecutionResult

from domain.rules.access import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, Actor, Permission, Scope
from domain.words import Locale, Role
from graph.errors import tell
from graph.fields import BARE
from graph.policy import KEY, Anyone, Needs, Passage
from graph.schema import build
from resolvers.context import Context
from tests.api.desk import Desk, Json, unknown
from tests.api.documents import graph, question

SCHEMA = build()
GRAPH = graph(SCHEMA)
SNAPSHOT = Path(__file__).parents[2] / "graph" / "schema.graphql"
OPEN_TO_ALL = {"me", "protocolStatus", "signIn", "signOut", "refreshSession"}
ROOTS = ("Query", "Mutation", "Subscription")
OPERATIONS = [
    (operation, name)
    for operation, root in (("query", "Query"), ("mutation", "Mutation"))
    for name in GRAPH.type_map[root].fields  # type: ignore[attr-defined]
]


def declared(name: str) -> Any:
    """The Strawberry type behind a type of the schema."""
    return GRAPH.type_map[name].extensions["strawberry-definition"]


def ours() -> Iterator[tuple[str, Any]]:
    for name, kind in GRAPH.type_map.items():
        if not name.startswith("__"):
            yield name, kind


def policy(type_name: str, field: Any) -> Any:
    stated = field.metadata.get(KEY)
    if stated is None:
        stated = getattr(declared(type_name).origin, BARE, None)
    return stated


def policy_of_root(operation: str, name: str) -> Any:
    root = operation.capitalize()
    [field] = [
        each
        for each in declared(root).fields
        if SCHEMA.config.name_converter.get_graphql_name(each) == name
    ]
    return field.metadata[KEY]


def test_every_field_of_every_type_states_a_policy() -> None:
    without = [
        f"{name}.{field.name}"
        for name, kind in ours()
        if is_object_type(kind) or is_interface_type(kind)
        for field in declared(name).fields
        if not isinstance(policy(name, field), Passage | Needs | Anyone)
    ]

    assert without == []


def test_every_root_field_says_who_may_call_it() -> None:
    without = [
        f"{root}.{field.name}"
        for root in ROOTS
        for field in declared(root).fields
        if not isinstance(field.metadata.get(KEY), Needs | Anyone)
    ]

    assert without == []


def test_only_signing_in_and_asking_who_one_is_is_open_to_strangers() -> None:
    open_to_all = {
        name for operation, name in OPERATIONS if policy_of_root(operation, name) is Anyone.ANYONE
    }

    assert open_to_all == OPEN_TO_ALL


def words() -> Iterator[tuple[str, Any]]:
    for name, kind in ours():
        if is_leaf_type(kind) and name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        yield name, kind
        if is_enum_type(kind):
            for each, value in kind.values.items():
                yield f"{name}.{each}", value
        if is_input_object_type(kind) or is_object_type(kind) or is_interface_type(kind):
            for each, field in kind.fields.items():
                yield f"{name}.{each}", field
                for argument, about in getattr(field, "args", {}).items():
                    yield f"{name}.{each}({argument})", about


def test_everything_has_a_description() -> None:
    assert [name for name, each in words() if not (each.description or "").strip()] == []


def test_the_snapshot_is_the_schema() -> None:
    assert SNAPSHOT.read_text() == SCHEMA.as_str() + "\n"


# ── who may call what ──────────────────────────────────────────────────────────────────────────


def asked(operation: str, name: str) -> tuple[str, Json]:
    """The least document that calls it; its ids are nobody's, so it can do no harm."""
    field = GRAPH.type_map[operation.capitalize()].fields[name]  # type: ignore[attr-defined]
    kind = get_named_type(field.type)
    return question(
        operation,
        name,
        field,
        "" if is_leaf_type(kind) else "{ __typename }",
        {"ID": unknown("Ticket"), "protocol": "1"}
        if name == "ticket"
        else {"ID": unknown("Ticket")},
    )


def code(answer: Json) -> str | None:
    errors = answer.get("errors") or [{}]
    told: str | None = errors[0].get("extensions", {}).get("code")
    return told


async def test_a_stranger_is_asked_to_sign_in(desk: Desk) -> None:
    told = {}
    for operation, name in OPERATIONS:
        document, variables = asked(operation, name)
        told[name] = code(await desk.answer(document, None, **variables))

    assert {name for name, each in told.items() if each is None} == OPEN_TO_ALL
    assert {each for each in told.values() if each} == {"UNAUTHENTICATED"}


async def callers(desk: Desk) -> list[tuple[str, frozenset[Permission], str]]:
    made = []
    for role in Role:
        person = await desk.world.person(role.value, role=role, level=desk.world.triage)
        made.append((role.value, ROLE_PERMISSIONS[role], await desk.token(person)))
    for scope in Scope:
        levels = [desk.world.triage] if scope is Scope.DISPLAY else None
        key = await desk.key(scope.value, levels=levels)
        made.append((scope.value, SCOPE_PERMISSIONS[scope], key))
    return made


async def test_a_role_or_scope_is_refused_exactly_what_it_lacks(desk: Desk) -> None:
    wrong = []
    for who, permissions, token in await callers(desk):
        for operation, name in OPERATIONS:
            needs = policy_of_root(operation, name)
            if needs is Anyone.ANYONE:
                continue
            document, variables = asked(operation, name)
            told = code(await desk.answer(document, token, **variables))
            expected = None if permissions & set(needs.any_of) else "FORBIDDEN"
            if (told == "FORBIDDEN") is not (expected == "FORBIDDEN") or told == "INTERNAL":
                wrong.append((who, name, told))

    assert wrong == []


FOLLOWED = list(GRAPH.type_map["Subscription"].fields)  # type: ignore[attr-defined]


def test_only_a_protocol_is_followed_by_strangers() -> None:
    open_to_all = [
        each for each in FOLLOWED if policy_of_root("subscription", each) is Anyone.ANYONE
    ]

    assert open_to_all == ["protocolStatus"]


@pytest.mark.parametrize("name", [each for each in FOLLOWED if each != "protocolStatus"])
async def test_a_subscription_is_refused_without_the_right_to_read(desk: Desk, name: str) -> None:
    field = GRAPH.type_map["Subscription"].fields[name]  # type: ignore[attr-defined]
    document, variables = question(
        "subscription", name, field, "{ __typename }", {"ID": unknown("Ticket")}
    )
    visitor = await desk.door._gate.visitor(f"Bearer {await desk.key('ingest')}")
    assert visitor is not None

    assert await refusal(desk, document, variables, visitor.actor) == "FORBIDDEN"
    assert await refusal(desk, document, variables, None) == "UNAUTHENTICATED"


async def refusal(desk: Desk, document: str, variables: Json, actor: Actor | None) -> Any:
    context = Context(desk.services, actor, Locale.EN)
    result: Any = await desk.schema.subscribe(
        document, variable_values=variables, context_value=context
    )
    if not isinstance(result, ExecutionResult):
        async with aclosing(result) as stream:
            result = await anext(stream)
    await context.aclose()
    return tell(result.errors[0], context)["extensions"]["code"]
