"""The root of a query, planned: what each of its fields asks for in rows, and how that is told.

One statement is of one snapshot by itself; the statements of several fields are asked together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import orjson
from graphql import FieldNode, GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from domain.wanted import AHEAD, Look, Seen, Unplanned
from graph.fields import PLAN
from graph.gathered import gather
from graph.planned import Figured, Rooted
from graph.planning import Planner
from graph.planning_pages import is_page
from graph.planning_values import Tell, Values
from graph.policy import KEY, Needs
from graph.scope import Scope, terms_known
from graph.selection import Selection, name_of
from graph.writing import PageSeen
from resolvers.context import Context


@dataclass(frozen=True)
class Part:
    """One field of the root, planned: asks for rows, and writes what is told of them."""

    field: FieldNode
    definition: Any
    declared: StrawberryField
    schema: Schema
    needs: Needs
    ask: Callable[..., Any]
    write: Tell
    placed: bool = False
    """It tells where the feed stands, which moves on though nothing of the workspace changes."""

    def arguments(self, variables: VariableValues) -> dict[str, Any]:
        """What the root field is asked with, as its resolver would be given it."""
        return convert_arguments(
            get_argument_values(self.definition, self.field, variables),
            self.declared.arguments,
            scalar_registry=self.schema.schema_converter.scalar_registry,
            config=self.schema.config,
        )


Arguments: TypeAlias = Sequence[Mapping[str, Any]]
"""What each part of a plan is asked with."""


@dataclass(frozen=True)
class Plan:
    """One query, planned: what it asks for at the root, and how its answer is written."""

    name: str
    """The root's type."""
    parts: Mapping[str, Part]
    keys: tuple[str, ...]
    """Response keys in order; those that are none of a part are told the root's type."""

    @property
    def placed(self) -> bool:
        return any(part.placed for part in self.parts.values())

    def arguments(self, variables: VariableValues) -> Arguments:
        return [part.arguments(variables) for part in self.parts.values()]

    async def run(self, context: Context, arguments: Arguments, rest: Mapping[str, Any]) -> bytes:
        """The body of the answer. Unplanned where only the usual way knows it."""
        actor = context.actor
        if actor is None:
            raise Unplanned
        if not all(any(map(actor.can, part.needs.any_of)) for part in self.parts.values()):
            raise Unplanned
        found = await self._asked(context, arguments)
        if context.rights is not None and not all(
            each.valid and each.access_version == context.rights for each in found
        ):
            raise Unplanned  # rights have changed since, so what was seen is thrown away

        def write(scope: Scope) -> dict[str, Any]:
            told = {
                key: part.write(seen, scope)
                for (key, part), seen in zip(self.parts.items(), found, strict=True)
            }
            return {key: told.get(key, self.name) for key in self.keys}

        data = await terms_known(write, context)
        return orjson.dumps({"data": data, **rest}, option=orjson.OPT_UTC_Z)

    async def _asked(self, context: Context, arguments: Arguments) -> Sequence[Seen]:
        """One statement is of one snapshot by itself; several are asked for together."""
        views = context.services.store.views
        if len(self.parts) == 1:
            [part], [given] = self.parts.values(), arguments
            return [await part.ask(context, views, **given)]
        async with views.together() as views:
            return [
                await part.ask(context, views, **given)
                for part, given in zip(self.parts.values(), arguments, strict=True)
            ]


# ── a plan, made ───────────────────────────────────────────────────────────────────────────────


def plan(selection: Selection) -> Plan:
    """The plan of a query, where each thing that it asks for at its root has one."""
    root = selection.graph.query_type
    assert root is not None
    selected = selection.at_root(root)
    parts = {
        key: _part(selection, root, details)
        for key, details in selected.items()
        if name_of(details) != "__typename"
    }
    if not parts:
        raise Unplanned
    return Plan(root.name, parts, tuple(selected))


def _part(selection: Selection, root: GraphQLObjectType, details: FieldDetailsList) -> Part:
    name = name_of(details)
    definition, declared = root.fields[name], selection.declared(root, name)
    rooted, needs = declared.metadata.get(PLAN), declared.metadata.get(KEY)
    if not isinstance(rooted, Rooted | Figured) or not isinstance(needs, Needs):
        raise Unplanned
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)

    ask: Callable[..., Any] = rooted.ask
    placed = False
    if isinstance(rooted, Figured):
        write = _of_figures(selection, kind, details)
    else:
        about = _of_page if is_page(kind) else _of_one
        look, write = about(Planner(selection), kind, details)
        ask, placed = partial(rooted.ask, look=look), look.placed
    return Part(details[0].node, definition, declared, selection.schema, needs, ask, write, placed)


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
    values = Values(selection)
    tell = values.value(kind, details)(values.rows.wanted)
    return lambda seen, scope: tell(seen.figures, scope)
