"""What many follow is told once for all of them, and nothing in it is of anybody in particular."""

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import fields
from typing import Any

import pytest
from graphql import (
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from domain.model.ticket import Ticket
from domain.operations import handling
from domain.position import Position
from domain.rules import access
from domain.rules.access import Actor
from domain.words import Locale, Role, TicketStatus
from feed.standing import Joining, Standing, Together
from graph.documents import Documents
from graph.schema import build
from graph.sharing import Form, personal_fields, personal_inputs, sharing
from resolvers.context import Context
from resolvers.inputs import PERSONAL
from tests.api.desk import Desk, Json, gid, heard
from tests.holding import Moderated
from tests.world import Person

SCHEMA = build()
DOCUMENTS = Documents(SCHEMA._schema)
READ = sharing(SCHEMA)


def form(document: str) -> Form | None:
    prepared = DOCUMENTS.prepare(document)
    assert not prepared.errors, prepared.errors
    return READ(prepared)


def personal(document: str, **variables: Any) -> bool:
    found = form(document)
    assert found is not None
    return found.is_personal(variables)


# ── what is of one person ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("selected", "is_personal"),
    [
        ("queueChanges { changes { ticket { id subject assignee { name role } } } }", False),
        ("queueChanges { changes { ticket { allowedStatuses permissions } } }", False),
        ("queueChanges { changes { ticket { viewers { user { name } mode } } } }", False),
        ("queueChanges { changes { ticket { viewers { user { email } } } } }", True),
        ("queueChanges { changes { ticket { assignee { grants } } } }", True),
        ("queueChanges(filter: { mine: true }) { cursor }", True),
        ("queueChanges(filter: { mine: false, unassigned: true }) { cursor }", False),
        ("queueChanges(filter: { mine: null }) { cursor }", False),
        ("approvalChanges { approvals { id reply { text } } }", False),
        ("approvalChanges { approvals { allowedDecisions } }", True),
        ("approvalChanges { approvals { reply { attachments { size } } } }", False),
        ("approvalChanges { approvals { reply { attachments { url } } } }", True),
        ("notifications { text }", True),
        ("wallboard { totals { waiting } }", False),
        ("presence(ticketId: $t) { user { id name } mode since }", False),
    ],
)
def test_a_document_is_of_one_person_where_it_asks_for_what_depends_on_them(
    selected: str, is_personal: bool
) -> None:
    declared = "($t: ID!)" if "$t" in selected else ""
    assert personal(f"subscription{declared} {{ {selected} }}") is is_personal


def test_what_a_fragment_or_an_alias_hides_is_found_all_the_same() -> None:
    document = (
        "subscription { queueChanges { changes { ticket { ...T } } } }"
        " fragment T on Ticket { who: assignee { ... on User { at: email } } }"
    )

    assert personal(document)


@pytest.mark.parametrize("name", ["f", "m"])
def test_an_input_that_comes_in_a_variable_is_looked_into(name: str) -> None:
    whole = "subscription($f: TicketFilter) { queueChanges(filter: $f) { cursor } }"
    part = "subscription($m: Boolean) { queueChanges(filter: { mine: $m }) { cursor } }"

    if name == "f":
        assert personal(whole, f={"mine": True})
        assert not personal(whole, f={"mine": False, "tags": ["mine"]})
    else:
        assert personal(part, m=False)


# ── the cursor ─────────────────────────────────────────────────────────────────────────────────


def test_cursors_make_no_difference_however_they_come() -> None:
    written = [
        form(f"subscription {{ queueChanges(after: {each}) {{ cursor }} }}")
        for each in ('"a"', '"bcd"', "null")
    ]
    variable = form("subscription($a: String) { queueChanges(after: $a) { cursor } }")

    assert len({each.text for each in written if each}) == 1
    assert [each.goes_on({}) for each in written if each] == [True, True, False]
    assert variable is not None
    assert variable.others({"a": "x", "b": 1}) == {"b": 1}
    assert [variable.goes_on(each) for each in ({"a": "x"}, {"a": None}, {})] == [
        True,
        False,
        False,
    ]


def test_a_cursor_that_says_something_else_besides_is_compared() -> None:
    document = (
        "subscription($a: String) { queueChanges(after: $a, filter: { search: $a }) { cursor } }"
    )
    found = form(document)

    assert found is not None
    assert found.variable is None
    assert found.others({"a": "x"}) == {"a": "x"}
    assert found.goes_on({"a": "x"})


def test_what_is_no_cursor_at_all_concerns_nobody_else() -> None:
    may = form("subscription($a: String) { queueChanges(after: $a) { cursor } }")
    must = form("subscription($a: String!) { queueChanges(after: $a) { cursor } }")

    assert may is not None
    assert must is not None
    assert [may.is_sound({"a": each}) for each in ("x", None, 7)] == [True, True, False]
    assert [must.is_sound({"a": each}) for each in ("x", None, 7)] == [True, False, False]


def test_only_subscriptions_are_shared() -> None:
    assert form("{ me { permissions } }") is None
    assert form("mutation { __typename }") is None


# ── every field ────────────────────────────────────────────────────────────────────────────────

ONESELF = {
    "resolvers.accounts.secret_end",
    "resolvers.approvals.allowed_decisions",
    "resolvers.attachments.url",
    "resolvers.publishers.entry_reason",
    "resolvers.setup.memberships",
    "resolvers.setup.user_email",
    "resolvers.setup.user_grants",
}


def test_every_mark_stands_where_it_should() -> None:
    marked = {
        f"{field.base_resolver.wrapped_func.__module__}.{field.base_resolver.wrapped_func.__name__}"
        for kind in SCHEMA._schema.type_map.values()
        if is_object_type(kind) and kind.name != "Subscription"
        for field in getattr(kind.extensions.get("strawberry-definition"), "fields", ())
        if field.metadata.get(PERSONAL) and field.base_resolver
    }

    assert marked == ONESELF
    assert ("Subscription", "notifications") in personal_fields(SCHEMA)
    assert personal_inputs(SCHEMA) == {"mine"}


def test_inputs_that_are_marked_are_told_apart_from_fields() -> None:
    for kind, name in personal_fields(SCHEMA):
        declared = SCHEMA._schema.type_map[kind]
        assert is_input_object_type(declared) is (name in personal_inputs(SCHEMA))


class Somebody(Actor):
    """Rights that notice when an answer asks whose they are."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("id", "user_id", "session_id", "principal", "name"):
            asking = sys._getframe(1).f_code.co_filename
            if any(f"/{layer}/" in asking for layer in ("resolvers", "subscriptions", "graph")):
                raise AssertionError(f"{name} is of one person, and is asked for in {asking}")
        return super().__getattribute__(name)


# Where each began to listen, which is his own.
PLACES = {(each, "cursor") for each in ("QueueUpdate", "TicketUpdate", "ApprovalUpdate")}


def whole(kind: Any, depth: int) -> str:
    """Everything of a type that is not of one person, so many things deep."""
    own, parts = {*personal_fields(SCHEMA), *PLACES}, ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if (kind.name, name) in own or any(map(is_required_argument, field.args.values())):
            continue
        if is_leaf_type(inner):
            parts.append(name)
        elif is_object_type(inner) and depth and name != "edges":
            parts.append(f"{name} {whole(inner, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def everything(field: str, kind: str) -> str:
    return f"subscription {{ {field} {whole(SCHEMA._schema.type_map[kind], 2)} }}"


async def told_to_many(
    desk: Desk, document: str, who: Person, joining: Joining | None = None
) -> AsyncGenerator[Json, None]:
    """What a run for all who have the rights of somebody tells."""
    actor = access.nobody_in_particular((await desk.context(who)).me)
    rights = {each.name: getattr(actor, each.name) for each in fields(actor)}

    async def same(_version: int | None) -> None:
        """Nobody's rights change here."""

    together = Together(Standing(), same, joining)
    context = Context(desk.services, Somebody(**rights), Locale.EN, together=together)
    async for message in desk.messages(document, context):
        yield message


@pytest.mark.parametrize("root", ["queueChanges", "ticketChanges", "approvalChanges", "presence"])
async def test_what_is_told_to_many_is_what_each_of_them_would_be_told(
    desk: Desk, root: str
) -> None:
    world = desk.world
    house = await Moderated.set_up(world)
    second = await world.person("Zoe", level=house.level, role=Role.SUPERVISOR)
    ticket = await world.heard(house.account, author="cliente")
    await world.do(handling.start, ticket.id, by=house.mara)
    field, kind = {
        "queueChanges": ("queueChanges", "QueueUpdate"),
        "ticketChanges": (f'ticketChanges(id: "{gid(ticket)}")', "TicketUpdate"),
        "approvalChanges": ("approvalChanges", "ApprovalUpdate"),
        "presence": (f'presence(ticketId: "{gid(ticket)}")', "Presence"),
    }[root]
    document = everything(field, kind)
    async with (
        aclosing(told_to_many(desk, document, house.mara)) as many,
        aclosing(desk.follow(document, house.mara)) as first,
        aclosing(desk.follow(document, second)) as other,
    ):
        streams = (many, first, other)
        begun = [await heard(each) for each in streams]
        await house.held(ticket, by=house.mara)
        touch = "mutation($i: PresenceInput!) { touchPresence(input: $i) { __typename } }"
        await desk.ask(touch, house.mara, i={"ticketId": gid(ticket), "mode": "TYPING"})
        after = [await heard(each) for each in streams]

    for messages in (begun, after):
        assert messages[0] == messages[1] == messages[2]
    assert after[0] != begun[0]


async def test_one_who_comes_again_is_told_that_his_ticket_has_gone(desk: Desk) -> None:
    world = desk.world
    walled = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    ticket, hidden = await world.ticket(status=TicketStatus.OPEN), await world.ticket(walled)
    place = await desk.services.tails._source.position()
    for each in (ticket, hidden):
        await world.do(handling.note, each.id, "Nota")
    await world.do(handling.escalate, ticket.id, walled.id, "Para o RH", by=ana)

    async def stand(_position: Position | None) -> Position:
        return await desk.services.tails._source.position()

    async def told(of: Ticket) -> list[Json]:
        document = f'subscription {{ ticketChanges(id: "{gid(of)}") {{ resync ticket {{ id }} }} }}'
        messages = told_to_many(desk, document, ana, Joining(stand, place))
        return [each async for each in messages]

    assert await told(ticket) == [{"resync": False, "ticket": None}]
    assert await told(hidden) == []
