"""The planner's values: what a document asks of what is at hand already, such as figures.

A part of a value is an attribute of it, or what its field's own resolver makes of it. What is found
on the way of the kind that is looked at is a row; all else is an object, of which only its own
columns can be told.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, get_named_type, is_object_type
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.types.field import StrawberryField

from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.wanted import AHEAD, Unplanned, Wanted
from graph import writing
from graph.fields import MODEL, PLAN
from graph.gathered import Gathered, gather
from graph.planned import Decided, Leads
from graph.planning import Planner, decision
from graph.scope import Scope
from graph.selection import Selection, name_of, origin
from resolvers import ids

Tell: TypeAlias = Callable[[Any, Scope], Any]
"""From a value to what JSON says of it."""
MakeTell: TypeAlias = Callable[[Wanted], Tell]


class Values:
    """Reads what an operation selects of values."""

    def __init__(self, selection: Selection, looked_at: type[Any] | None = None) -> None:
        self.selection = selection
        self.rows = Gathered(looked_at or Ticket)
        """What is wanted of the rows that are found among them."""
        self._looked_at = looked_at
        self._planner = Planner(selection)

    def value(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
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
        take = _taken(kind, self.selection.declared(kind, name))
        inner = get_named_type(definition.type)
        if not is_object_type(inner):
            return _leaf(take, definition.type)
        make = self._found(inner, details)
        many = writing.is_list(definition.type)

        def below(wanted: Wanted) -> Tell:
            tell = make(wanted)
            if many:
                return lambda value, scope: [tell(each, scope) for each in take(value, scope)]

            def one(value: Any, scope: Scope) -> Any:
                found = take(value, scope)
                return None if found is None else tell(found, scope)

            return one

        return below

    def _found(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        model = getattr(origin(kind), MODEL, None)
        if model is None or model is SlaClock:  # of which there is a reading
            return self.value(kind, details)
        if model is self._looked_at:
            make = self._planner.thing(kind, details, self.rows)
            return lambda wanted: make(wanted, AHEAD)
        return self._object(kind, details)

    def _object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> MakeTell:
        """What was read already, and nothing that it leads to."""
        gathered = gather(kind)
        make = self._planner.thing(kind, details, gathered)
        wanted = gathered.wanted
        if wanted.ones or wanted.belongings:
            raise Unplanned
        write, names = make(wanted, 0), wanted.attributes
        return lambda _wanted: lambda it, scope: write([getattr(it, name) for name in names], scope)


def _taken(kind: GraphQLObjectType, declared: StrawberryField) -> Tell:
    """A part of a value: what its resolver makes of that, or the attribute of its name."""
    take = attrgetter(declared.python_name)
    if declared.base_resolver is None:
        return lambda value, _scope: take(value)
    plan = declared.metadata.get(PLAN)
    if isinstance(plan, Decided):
        return decision(origin(kind), declared)
    if isinstance(plan, Leads):
        return _at_hand(take)
    raise Unplanned


def _at_hand(take: Callable[[Any], Any]) -> Tell:
    """What a value leads to, where whoever read the value had it."""

    def tell(value: Any, _scope: Scope) -> Any:
        found = take(value)
        if found is None:
            raise Unplanned
        return found

    return tell


def _leaf(take: Tell, kind: Any) -> MakeTell:
    named = get_named_type(kind).name
    if named == "ID":
        return lambda _wanted: lambda value, scope: ids.write(*take(value, scope))
    fix = _instant if named == "DateTime" else writing.leaf(kind)
    if fix is None:
        return lambda _wanted: take

    def tell(value: Any, scope: Scope) -> Any:
        found = take(value, scope)
        return None if found is None else fix(found)

    return lambda _wanted: tell


def _instant(value: datetime) -> datetime:
    return value.astimezone(UTC)
