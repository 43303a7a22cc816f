"""The plans of one operation of a document: one for each choice of what its variables include."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import orjson
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema

from domain.wanted import Unplanned
from graph.documents import Prepared
from graph.selection import Selection

P = TypeVar("P")
DIRECTIVES = {"skip", "include"}
VARIATIONS = 50
"""How many plans are kept of one document: one for each choice of what its variables include."""


class Reach(Visitor):
    """Which variables decide the shape of a document, and whether it has a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.plain = True

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.plain = self.plain and node.name.value in DIRECTIVES

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


class Blueprint(Generic[P]):
    """One operation of a document, and its plans."""

    def __init__(
        self,
        schema: Schema,
        prepared: Prepared,
        name: str | None,
        kind: OperationType,
        make: Callable[[Selection], P],
    ) -> None:
        self._schema = schema
        self._make = make
        self._plans: dict[bytes, P | None] = {}
        definitions = prepared.document.definitions if prepared.document else ()
        self._fragments = {
            each.name.value: FragmentDetails(each)
            for each in definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        operation = prepared.operation(name)
        if operation is None or operation.operation is not kind or operation.directives:
            operation = None
        self._operation = operation
        self._shaping: list[str] = []
        if operation is not None:
            self._examine(operation)

    @property
    def plannable(self) -> bool:
        """Whether there can be a plan at all, whatever the variables."""
        return self._operation is not None

    def plan(self, variables: Mapping[str, Any]) -> tuple[P, VariableValues]:
        """The plan for these variables, and the variables read; Unplanned without one."""
        if self._operation is None:
            raise Unplanned
        values = get_variable_values(
            self._schema._schema,
            self._operation.variable_definitions or (),
            dict(variables),
            # One is enough to know; and each repeats the value that it is about.
            max_errors=1,
            hide_suggestions=True,
        )
        if not isinstance(values, VariableValues):
            raise Unplanned
        key = as_key([(name, variables[name]) for name in self._shaping if name in variables])
        if key not in self._plans:
            if len(self._plans) >= VARIATIONS:
                self._plans.clear()
            self._plans[key] = self._made(self._operation, values)
        plan = self._plans[key]
        if plan is None:
            raise Unplanned
        return plan, values

    def _made(self, operation: OperationDefinitionNode, values: VariableValues) -> P | None:
        try:
            return self._make(Selection(self._schema, operation, self._fragments, values))
        except Exception:
            # Whatever is out of the ordinary is told by the usual way.
            return None

    def _examine(self, operation: OperationDefinitionNode) -> None:
        reach = Reach()
        fragments = [each.definition for each in self._fragments.values()]
        for node in (operation.selection_set, *fragments):
            visit(node, reach)
        # What only the arguments of the root say changes from question to question.
        self._shaping = sorted(reach.names - self._only_at_root(operation))
        if not reach.plain:
            self._operation = None

    def _only_at_root(self, operation: OperationDefinitionNode) -> set[str]:
        inside, outside = Reach(), Reach()
        for each in operation.selection_set.selections:
            if isinstance(each, FieldNode):
                for argument in each.arguments or ():
                    visit(argument, outside)
                parts: list[Node | None] = [each.selection_set, *(each.directives or ())]
            else:
                parts = [each]
            for part in parts:
                if part is not None:
                    visit(part, inside)
        for fragment in self._fragments.values():
            visit(fragment.definition, inside)
        return outside.names - inside.names


def as_key(variables: Any) -> bytes:
    """Variables as what they are kept by; Unplanned where they are nested too deep, or a file."""
    try:
        return orjson.dumps(variables)
    except TypeError:
        raise Unplanned from None
