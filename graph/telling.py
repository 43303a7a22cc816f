"""Subscriptions told by plan: their messages written from what happened and from rows, not run.

The stream of a subscription is the same as ever: its arguments, its rights, the feed that it
follows. What a resolver yields ready (`Written`) goes out as it is, and only what has no plan, or
is out of the ordinary, is run field by field.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias, cast
from uuid import UUID

import orjson
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    OperationType,
    get_named_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from domain.errors import Refusal
from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.wanted import AHEAD, Look, Seen, Unplanned, Wanted
from graph import writing
from graph.blueprint import Blueprint
from graph.documents import Prepared
from graph.fields import MODEL, PLAN
from graph.gathered import Gathered, gather
from graph.planned import Told
from graph.planning import Planner
from graph.scope import Scope, terms_known
from graph.selection import Selection, name_of, origin
from resolvers import ids, tickets
from resolvers.context import Context, Written

Tell: TypeAlias = Callable[[Any, Scope], Any]
"""From a part of an update to what JSON says of it."""
MakeTell: TypeAlias = Callable[[Wanted], Tell]


class Teller(StrawberryGraphQLCoreExecutionContext):
    """Runs each message, but for those that are written already."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        if isinstance(self.root_value, Written):
            return ExecutionResult(cast("Any", orjson.Fragment(self.root_value.message)))
        return super().execute_operation(serially)


@dataclass(frozen=True)
class Telling:
    """One subscription, planned: how its tickets are looked at, and its messages written."""

    key: str
    seen: Look
    tell: Tell

    async def look(self, context: Context, some: Collection[UUID]) -> Seen:
        return await tickets.several_seen(context, self.seen, some)

    async def write(self, context: Context, update: Any) -> Written:
        try:
            told = await terms_known(lambda scope: self.tell(update, scope), context)
        except (Refusal, GraphQLError):
            raise Unplanned from None
        return Written(orjson.dumps({self.key: told}, option=orjson.OPT_UTC_Z))


class SubscriptionPlanner:
    """Reads a subscription: an update is a value of ours, its tickets are rows."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._planner = Planner(selection)
        self._tickets = Gathered(Ticket)

    def telling(self) -> Telling:
        root = self.selection.graph.subscription_type
        assert root is not None
        selected = self.selection.at_root(root)
        if len(selected) != 1:
            raise Unplanned
        [(key, details)] = selected.items()
        name = name_of(details)
        if not isinstance(self.selection.declared(root, name).metadata.get(PLAN), Told):
            raise Unplanned
        make = self._value(get_named_type(root.fields[name].type), details)
        wanted = self._tickets.wanted
        return Telling(key, Look(wanted), make(wanted))

    def _value(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        parts = [
            (key, self._part(kind, each))
            for key, each in self.selection.below(kind, details).items()
        ]

        def make(wanted: Wanted) -> Tell:
            tells = [(key, part(wanted)) for key, part in parts]
            return lambda value, scope: {key: tell(value, scope) for key, tell in tells}

        return make

    def _part(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        name = name_of(details)
        if name == "__typename":
            return lambda _wanted: lambda _value, _scope: kind.name
        definition = kind.fields[name]
        if definition.args:
            raise Unplanned
        take = attrgetter(self.selection.declared(kind, name).python_name)
        inner = get_named_type(definition.type)
        if not is_object_type(inner):
            return _leaf(take, definition.type)
        make = self._told(inner, details)
        many = writing.is_list(definition.type)

        def below(wanted: Wanted) -> Tell:
            tell = make(wanted)
            if many:
                return lambda value, scope: [tell(each, scope) for each in take(value)]

            def one(value: Any, scope: Scope) -> Any:
                found = take(value)
                return None if found is None else tell(found, scope)

            return one

        return below

    def _told(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        model = getattr(origin(kind), MODEL, None)
        if model is None:
            return self._value(kind, details)
        if model is Ticket:
            make = self._planner.thing(kind, details, self._tickets)
            return lambda wanted: make(wanted, AHEAD)
        if model is HistoryEntry:
            return self._entry(kind, details)
        raise Unplanned

    def _entry(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        """What the feed has read already, and nothing that it leads to."""
        gathered = gather(kind)
        make = self._planner.thing(kind, details, gathered)
        wanted = gathered.wanted
        if wanted.ones or wanted.belongings:
            raise Unplanned
        write, names = make(wanted, 0), wanted.attributes
        return lambda _wanted: (
            lambda entry, scope: write([getattr(entry, name) for name in names], scope)
        )


def _leaf(take: Callable[[Any], Any], kind: Any) -> MakeTell:
    if get_named_type(kind).name == "ID":
        return lambda _wanted: lambda value, _scope: ids.write(*take(value))
    fix = writing.leaf(kind)
    if fix is None:
        return lambda _wanted: lambda value, _scope: take(value)
    return lambda _wanted: lambda value, _scope: fix(take(value))


class Tellings:
    """Plans of subscriptions, each made once for its document."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def prepare(
        self,
        document: Prepared,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: Any,
    ) -> None:
        """Let what is told to that context be written, where it can be."""
        actor = context.actor
        if actor is None or actor.is_display or actor.only_approves or document.errors:
            return
        blueprint = document.once(
            ("tellings", operation_name),
            lambda: Blueprint(
                self._schema,
                document,
                operation_name,
                OperationType.SUBSCRIPTION,
                lambda selection: SubscriptionPlanner(selection).telling(),
            ),
        )
        try:
            context.writes, _ = blueprint.plan(variables or {})
        except (Unplanned, GraphQLError):
            return
