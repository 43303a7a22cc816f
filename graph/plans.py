"""Queries answered by plan: asked for in rows, and written from them as the bytes of the answer.

Made once for a document, from the same types and policies that every other answer is made from. A
document that cannot be planned whole is not planned at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import orjson
from graphql import FieldNode, GraphQLError, GraphQLObjectType, OperationType, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from domain.errors import Refusal
from domain.wanted import AHEAD, Look, Unplanned
from graph import writing
from graph.blueprint import Blueprint, as_key
from graph.documents import Prepared
from graph.fields import PLAN
from graph.gathered import gather
from graph.planned import Figured, PlannedAnswer, Rooted
from graph.planning import Planner
from graph.planning_pages import is_page
from graph.policy import KEY, Needs
from graph.scope import Scope, terms_known
from graph.selection import Selection, name_of
from graph.writing import Fix, PageSeen
from resolvers.context import Context

REMEMBERED, LONGEST = 100, 1_000
"""How many sets of variables are kept read for one query, and of how many bytes at most."""

Tell: TypeAlias = Callable[[Any, Scope], Any]
"""From what was seen to what JSON says of it."""


@dataclass(frozen=True)
class Plan:
    """One query, planned: asks for rows, and writes its answer of them."""

    field: FieldNode
    definition: Any
    declared: StrawberryField
    schema: Schema
    needs: Needs
    ask: Callable[..., Any]
    write: Tell
    constants: tuple[tuple[str, str], ...]
    """Response keys in order; the one without a value is the root field's."""

    def arguments(self, variables: VariableValues) -> dict[str, Any]:
        """What the root field is asked with, as its resolver would be given it."""
        return convert_arguments(
            get_argument_values(self.definition, self.field, variables),
            self.declared.arguments,
            scalar_registry=self.schema.schema_converter.scalar_registry,
            config=self.schema.config,
        )

    async def run(
        self, context: Context, arguments: Mapping[str, Any], rest: Mapping[str, Any]
    ) -> bytes:
        """The body of the answer. Unplanned where only the usual way knows it."""
        if context.actor is None or not any(map(context.actor.can, self.needs.any_of)):
            raise Unplanned
        seen = await self.ask(context, **arguments)
        if context.rights is not None and (not seen.valid or seen.access_version != context.rights):
            raise Unplanned  # rights have changed since, so what was seen is thrown away
        told = await terms_known(lambda scope: self.write(seen, scope), context)
        data = {key: constant or told for key, constant in self.constants}
        return orjson.dumps({"data": data, **rest}, option=orjson.OPT_UTC_Z)


# ── a plan, made ───────────────────────────────────────────────────────────────────────────────


def plan(selection: Selection) -> Plan:
    """The plan of a query that asks for one thing at its root."""
    root = selection.graph.query_type
    assert root is not None
    selected = selection.at_root(root)
    asked = [key for key, details in selected.items() if name_of(details) != "__typename"]
    if len(asked) != 1:
        raise Unplanned
    details = selected[asked[0]]
    name = name_of(details)
    definition, declared = root.fields[name], selection.declared(root, name)
    rooted, needs = declared.metadata.get(PLAN), declared.metadata.get(KEY)
    if not isinstance(rooted, Rooted | Figured) or not isinstance(needs, Needs):
        raise Unplanned
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)

    ask: Callable[..., Any] = rooted.ask
    if isinstance(rooted, Figured):
        write = _of_figures(selection, kind, details)
    else:
        about = _of_page if is_page(kind) else _of_one
        look, write = about(Planner(selection), kind, details)
        ask = partial(rooted.ask, look=look)
    constants = tuple((key, "" if key == asked[0] else root.name) for key in selected)
    return Plan(
        details[0].node, definition, declared, selection.schema, needs, ask, write, constants
    )


def _of_one(
    planner: Planner, kind: GraphQLObjectType, details: FieldDetailsList
) -> tuple[Look, Tell]:
    gathered = gather(kind)
    make = planner.thing(kind, details, gathered)
    wanted = gathered.wanted
    write = make(wanted, AHEAD)
    return Look(wanted), lambda seen, scope: write(seen.rows[0], scope) if seen.rows else None


def _of_page(
    planner: Planner, kind: GraphQLObjectType, details: FieldDetailsList
) -> tuple[Look, Tell]:
    about: set[str] = set()
    gathered, make = planner.pages.connection(kind, details, about)
    wanted = gathered.wanted
    write = make(wanted, AHEAD)
    look = Look(
        wanted,
        counted="total_count" in about,
        placed="feed_cursor" in about,
        marked="cursor" in about,
    )

    def told(seen: Any, scope: Scope) -> Any:
        shown = PageSeen(
            seen.rows, seen.has_next, seen.has_previous, seen.cursor, seen.count, seen.position
        )
        return write(shown, scope)

    return look, told


def _of_figures(selection: Selection, kind: GraphQLObjectType, details: FieldDetailsList) -> Tell:
    tell = _figures(selection, kind, details)
    return lambda seen, _scope: tell(seen.figures)


def _figures(selection: Selection, kind: GraphQLObjectType, details: FieldDetailsList) -> Fix:
    parts: list[tuple[str, Fix]] = []
    for key, each in selection.below(kind, details).items():
        name = name_of(each)
        if name == "__typename":
            parts.append((key, lambda _it: kind.name))
            continue
        definition, declared = kind.fields[name], selection.declared(kind, name)
        if declared.base_resolver is not None or definition.args:
            raise Unplanned
        below = get_named_type(definition.type)
        inner = isinstance(below, GraphQLObjectType)
        fix = _figures(selection, below, each) if inner else writing.leaf(definition.type)
        several = inner and writing.is_list(definition.type)
        parts.append((key, writing.figure(declared.python_name, fix, several=several)))
    return writing.figures(parts)


# ── queries ────────────────────────────────────────────────────────────────────────────────────

Ready: TypeAlias = tuple[Plan, Mapping[str, Any], Mapping[str, Any]]
"""A plan, what its root field is asked with, and what stands beside the data of its answer."""


class Query:
    """One query of a document, and what it was asked with lately."""

    def __init__(self, schema: Schema, prepared: Prepared, name: str | None) -> None:
        self._prepared, self._name = prepared, name
        self._blueprint = Blueprint(schema, prepared, name, OperationType.QUERY, plan)
        self._ready: OrderedDict[bytes, Ready] = OrderedDict()

    def ready(self, variables: Mapping[str, Any]) -> Ready:
        """The plan for these variables, and what it is asked with; Unplanned without one."""
        if not self._blueprint.plannable:
            raise Unplanned
        key = as_key(variables)
        ready = self._ready.get(key)
        if ready is None:
            ready = self._read(variables)
            if len(key) <= LONGEST:
                self._ready[key] = ready
                if len(self._ready) > REMEMBERED:
                    self._ready.popitem(last=False)
        return ready

    def _read(self, variables: Mapping[str, Any]) -> Ready:
        made, values = self._blueprint.plan(variables)
        if self._prepared.refusal(self._name, variables):
            raise Unplanned
        cost = self._prepared.cost_told(self._name, variables)
        return made, made.arguments(values), {"extensions": {"cost": cost}} if cost else {}


class Plans:
    """Answers queries by plan, and counts how many."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.answered = 0

    async def answer(
        self,
        document: Prepared,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: Any,
    ) -> PlannedAnswer | None:
        """The answer; None where it has to be found the usual way.

        Unavailable where the database was waited for already, so that nobody waits twice.
        """
        actor = context.actor
        if actor is None or actor.is_display or actor.only_approves or document.errors:
            # There are rules of their own for what some may ask.
            return None
        query = document.once(
            ("plans", operation_name), lambda: Query(self._schema, document, operation_name)
        )
        try:
            ready, arguments, rest = query.ready(variables or {})
            body = await ready.run(context, arguments, rest)
        except (Unplanned, Refusal, GraphQLError):
            return None
        self.answered += 1
        return PlannedAnswer(body, rest)
