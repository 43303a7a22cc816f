"""Which subscriptions are one: the same document, asked by those whose answers are the same.

Everybody goes on from a cursor of his own, so that the cursor is no part of what is compared. What
depends on the person alone is marked where it is declared (`personal=True`); a document
that asks for such a thing is one only for the same person.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import strawberry
from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from domain.rules.access import Actor
from domain.words import Locale
from graph.documents import Prepared
from resolvers.inputs import PERSONAL

CURSOR = "after"


@dataclass(frozen=True)
class Form:
    """A document, as far as it tells who may share it."""

    text: str
    """The document but for a cursor that is written into it."""
    variable: str | None = None
    """The variable that the cursor comes in, and nothing else."""
    resumed: bool = False
    """It goes on from somewhere, or may: a cursor is written into it, or has a default."""
    needs_cursor: bool = False
    personal: bool = False
    personal_inputs: Collection[str] = ()
    """Of the fields that inputs may have, those whose meaning depends on the caller."""

    def is_personal(self, variables: Mapping[str, Any]) -> bool:
        """Whether the answer depends on who asks, and not on their rights alone."""
        return self.personal or _mentions(variables, self.personal_inputs)

    def goes_on(self, variables: Mapping[str, Any]) -> bool:
        """Whether it goes on from a cursor, so that it has missed something."""
        return self.resumed or (
            self.variable is not None and variables.get(self.variable) is not None
        )

    def is_sound(self, variables: Mapping[str, Any]) -> bool:
        """Whether its cursor is one at all; what is wrong with it concerns nobody else."""
        if self.variable is None:
            return True
        cursor = variables.get(self.variable)
        return isinstance(cursor, str) or (cursor is None and not self.needs_cursor)

    def others(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables but for the cursor."""
        return {name: value for name, value in variables.items() if name != self.variable}


class _Reader(Visitor):
    """What a document asks for that depends on the person, and where its cursor stands."""

    def __init__(
        self, types: TypeInfo, fields: Collection[tuple[str, str]], inputs: Collection[str]
    ) -> None:
        super().__init__()
        self.types, self.fields, self.inputs = types, fields, inputs
        self.personal = False
        self.cursors: list[ArgumentNode] = []
        self.variables: list[str] = []

    def enter_field(self, node: FieldNode, *_path: Any) -> None:
        parent = self.types.get_parent_type()
        if parent is not None and (get_named_type(parent).name, node.name.value) in self.fields:
            self.personal = True

    def enter_argument(self, node: ArgumentNode, *path: Any) -> None:
        parent, above = self.types.get_parent_type(), path[-1][-1]
        if isinstance(above, DirectiveNode) or parent is None:
            return
        if get_named_type(parent).name == "Subscription" and node.name.value == CURSOR:
            self.cursors.append(node)

    def enter_object_field(self, node: ObjectFieldNode, *_path: Any) -> None:
        if node.name.value not in self.inputs or isinstance(node.value, NullValueNode):
            return
        if not isinstance(node.value, BooleanValueNode) or node.value.value:
            self.personal = True

    def enter_variable(self, node: VariableNode, *_path: Any) -> None:
        self.variables.append(node.name.value)


def audience(actor: Actor, locale: Locale, *, personal: bool) -> Hashable:
    """Everything about somebody that an answer may depend on: equal for whoever may share it."""
    return (
        actor.kind,
        actor.workspace_id,
        actor.role,
        actor.permissions,
        frozenset(actor.memberships.items()),
        actor.open_levels,
        actor.sees_all,
        locale,
        (actor.id, actor.session_id) if personal else None,
    )


def personal(schema: strawberry.Schema) -> Callable[[Prepared, Mapping[str, Any]], bool]:
    """Tells of a document whether its answer is another for each who asks, rights being equal."""
    fields, inputs = personal_fields(schema), personal_inputs(schema)

    def read(prepared: Prepared) -> bool:
        assert prepared.document is not None
        types = TypeInfo(schema._schema)
        reader = _Reader(types, fields, inputs)
        visit(prepared.document, TypeInfoVisitor(types, reader))
        return reader.personal

    return lambda prepared, variables: (
        prepared.once("personal", lambda: read(prepared)) or _mentions(variables, inputs)
    )


def sharing(schema: strawberry.Schema) -> Callable[[Prepared], Form | None]:
    """Reads a document that may be run; None for what is no subscription, which is run alone."""
    fields, inputs = personal_fields(schema), personal_inputs(schema)

    def read(prepared: Prepared) -> Form | None:
        operation = prepared.operation(None)
        if prepared.document is None or operation is None:
            return None
        if operation.operation is not OperationType.SUBSCRIPTION:
            return None
        types = TypeInfo(schema._schema)
        reader = _Reader(types, fields, inputs)
        visit(prepared.document, TypeInfoVisitor(types, reader))
        whole = Form(prepared.text, personal=reader.personal, personal_inputs=inputs)
        if not reader.cursors:
            return whole
        return _without(whole, reader.cursors[0], operation, reader.variables)

    return lambda prepared: prepared.once("form", lambda: read(prepared))


def _without(
    whole: Form, cursor: ArgumentNode, operation: OperationDefinitionNode, used: list[str]
) -> Form | None:
    """The same without its cursor."""
    value, text = cursor.value, whole.text
    if isinstance(value, StringValueNode | NullValueNode) and value.loc is not None:
        text = f"{text[: value.loc.start]}null{text[value.loc.end :]}"
        return replace(whole, text=text, resumed=isinstance(value, StringValueNode))
    if not isinstance(value, VariableNode):
        return None
    name = value.name.value
    declared = [
        each for each in operation.variable_definitions or () if each.variable.name.value == name
    ]
    if used.count(name) != 2 or len(declared) != 1:
        # It says something else besides, so it is compared like any other.
        return replace(whole, resumed=True)
    return replace(
        whole,
        variable=name,
        resumed=declared[0].default_value is not None,
        needs_cursor=isinstance(declared[0].type, NonNullTypeNode),
    )


def personal_fields(schema: strawberry.Schema) -> frozenset[tuple[str, str]]:
    """The fields whose answer depends on the person; of an interface, where it does of any type."""
    name_of = schema.config.name_converter.get_graphql_name
    found = set()
    for kind in schema._schema.type_map.values():
        declared = kind.extensions.get("strawberry-definition")
        fields = getattr(declared, "fields", ())
        names = {name_of(each) for each in fields if each.metadata.get(PERSONAL)}
        parents = [kind.name, *(each.name for each in getattr(kind, "interfaces", ()))]
        found |= {(parent, name) for parent in parents for name in names}
    return frozenset(found)


def personal_inputs(schema: strawberry.Schema) -> frozenset[str]:
    """What inputs call a thing that is another for each who asks."""
    return frozenset(
        name
        for kind, name in personal_fields(schema)
        if getattr(
            schema._schema.type_map[kind].extensions.get("strawberry-definition"), "is_input", False
        )
    )


def _mentions(value: Any, names: Collection[str]) -> bool:
    """Whether one of these is said in what was given; a list of its own for what waits, since
    what is nested deep is nested deeper than functions call."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            if any(name in names and said not in (None, False) for name, said in each.items()):
                return True
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return False
