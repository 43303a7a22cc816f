"""What an operation may bring at most: the sizes of its pages, multiplied along their nesting.

A page of 50 tickets with 3 entries of history each costs 150, and what stands side by side is added
up. What is skipped by a directive counts too. The sizes are found once for a document; with the
variables at hand the rest is a few multiplications.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from domain.page import MOST, USUAL

Variables = Mapping[str, Any]
Size = Callable[[Variables], int]
LISTED = {
    ("Query", "nodes"): ("ids",),
    ("Mutation", "receiveOccurrences"): ("input", "occurrences"),
}
"""Fields that answer as many as are handed in, and where these stand in the arguments."""


@dataclass(frozen=True)
class Cost:
    """What one operation asks for, with its variables, and what it may."""

    requested: int
    limit: int

    @property
    def over(self) -> bool:
        return self.requested > self.limit


@dataclass(frozen=True)
class Part:
    """A page, or whatever holds some: how many times it is there, and the parts within."""

    size: Size | None
    parts: tuple["Part", ...]

    def cost(self, variables: Variables, known: dict[int, int]) -> int:
        """What it comes to; a part that stands in several places is worked out once."""
        cost = known.get(id(self))
        if cost is None:
            cost = sum(each.cost(variables, known) for each in self.parts)
            if self.size is not None:
                cost = self.size(variables) * max(cost, 1)
            known[id(self)] = cost
        return cost


def priced(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Callable[[Variables | None], int]:
    """What the operation costs with given variables. It has to be valid."""
    root = schema.get_root_type(operation.operation)
    defaults = {
        each.variable.name.value: each.default_value
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    whole = Pricing(schema, fragments, defaults).part(None, root, operation.selection_set)
    return lambda variables: max(whole.cost(variables or {}, {}) if whole else 0, 1)


class Pricing:
    """One document's fields, looked at once each."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        defaults: Mapping[str, ValueNode],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = defaults
        self._spread: dict[str, Part | None] = {}

    def part(
        self, size: Size | None, parent: GraphQLNamedType | None, selections: SelectionSetNode
    ) -> Part | None:
        """What a selection comes to; None where nothing in it has a size."""
        found = (self._selected(parent, each) for each in selections.selections)
        parts = tuple(each for each in found if each is not None)
        return Part(size, parts) if parts or size is not None else None

    def _selected(self, parent: GraphQLNamedType | None, node: Any) -> Part | None:
        if isinstance(node, FieldNode):
            return self._field(parent, node)
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in self._spread:
                fragment = self._fragments[name]
                of = self._schema.get_type(fragment.type_condition.name.value)
                self._spread[name] = self.part(None, of, fragment.selection_set)
            return self._spread[name]
        condition = node.type_condition
        of = self._schema.get_type(condition.name.value) if condition else parent
        return self.part(None, of, node.selection_set)

    def _field(self, parent: GraphQLNamedType | None, node: FieldNode) -> Part | None:
        name = node.name.value
        if node.selection_set is None or not isinstance(
            parent, GraphQLObjectType | GraphQLInterfaceType
        ):
            return None
        definition = parent.fields.get(name)
        if definition is None:  # one that introspects, which has a limit of its own
            return None
        given = {each.name.value: each.value for each in node.arguments or ()}
        size: Size | None = None
        if (parent.name, name) in LISTED:
            size = self._listed(given, LISTED[parent.name, name])
        elif "first" in definition.args or "last" in definition.args:
            size = self._page(given)
        return self.part(size, get_named_type(definition.type), node.selection_set)

    def _page(self, given: Mapping[str, ValueNode]) -> Size:
        ends = [self._number(given[end]) for end in ("first", "last") if end in given]

        def size(variables: Variables) -> int:
            told = [number for end in ends if (number := end(variables)) is not None]
            # What is outside these is refused by the list itself.
            return min(max(*told, 1), MOST) if told else USUAL

        return size

    def _number(self, value: ValueNode) -> Callable[[Variables], int | None]:
        if isinstance(value, VariableNode):
            name = value.name.value
            usual = _literal(self._defaults.get(name))
            return lambda variables: _whole(variables.get(name, usual))
        number = _literal(value)
        return lambda _variables: number

    def _listed(self, given: Mapping[str, ValueNode], path: tuple[str, ...]) -> Size:
        node, rest = given.get(path[0]), path[1:]
        while rest and isinstance(node, ObjectValueNode):
            inside = {each.name.value: each.value for each in node.fields}
            node, rest = inside.get(rest[0]), rest[1:]
        if isinstance(node, VariableNode):
            name = node.name.value
            return lambda variables: _length(variables.get(name), rest)
        count = len(node.values) if isinstance(node, ListValueNode) else 1
        return lambda _variables: max(count, 1)


def _literal(value: ValueNode | None) -> int | None:
    if isinstance(value, IntValueNode):
        return int(value.value)
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _length(value: object, path: tuple[str, ...]) -> int:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return max(len(value), 1) if isinstance(value, list) else 1
