"""A document, as far as it can be known without who asks: read, priced, and why it is not run."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    validate,
)
from graphql.validation import ASTValidationRule
from graphql.validation.validate import ValidationAbortedError

from graph.cost import Cost, priced
from graph.limits import Limits, OverLimit, breaches_of_values

T = TypeVar("T")
Rule = type[ASTValidationRule]
MOST_ERRORS = 10
"""After how many validation stops."""


class Prepared:
    """One document, as far as it can be known without who asks and with which variables."""

    __slots__ = ("_kept", "_limits", "_schema", "document", "errors", "text")

    def __init__(
        self,
        text: str,
        document: DocumentNode | None,
        errors: tuple[GraphQLError, ...],
        schema: GraphQLSchema,
        limits: Limits,
    ) -> None:
        self.text = text
        self.document = document
        self.errors = errors
        """Why nobody may run it; each with its code."""
        self._schema = schema
        self._limits = limits
        self._kept: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under that key for this document, made now if it was not."""
        try:
            kept: T = self._kept[key]
        except KeyError:
            kept = self._kept[key] = make()
        return kept

    def against(self, rule: Rule) -> tuple[GraphQLError, ...]:
        """What a rule of some callers has to say; asked once for all of them."""
        return self.once(("rule", rule), lambda: validated(self._schema, self.document, (rule,)))

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The one meant, as the specification's GetOperation finds it."""
        operations = self.operations()
        if name is None:
            return operations[0] if len(operations) == 1 else None
        return next((each for each in operations if each.name and each.name.value == name), None)

    def cost(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> Cost | None:
        """What that operation may bring at most; None for one that cannot be run."""
        operation = self.operation(operation_name)
        if self.errors or operation is None:
            return None
        price = self.once(("price", operation_name), lambda: self._priced(operation))
        return Cost(price(variables), self._limits.cost)

    def cost_told(
        self, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> dict[str, int] | None:
        """The cost as an answer tells it; what a subscription sends is no answer."""
        operation = self.operation(operation_name)
        if operation is None or operation.operation is OperationType.SUBSCRIPTION:
            return None
        cost = self.cost(operation_name, variables)
        return None if cost is None else {"requested": cost.requested, "limit": cost.limit}

    def refusal(
        self, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> tuple[GraphQLError, ...]:
        """Why it is not run for anybody; nothing when it may be."""
        if self.document is None:
            return self.errors
        if self.operation(operation_name) is not None:
            return self.errors or self._too_much(operation_name, variables)
        if operation_name is not None:
            message = "The document has no operation of that name."
        elif self.operations():
            # Stock Strawberry would run the first.
            message = "The document has several operations: say which in `operationName`."
        else:
            message = "The document has no operation."
        return (GraphQLError(message, extensions={"code": "BAD_REQUEST"}),)

    def _too_much(
        self, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> tuple[GraphQLError, ...]:
        if variables and (many := breaches_of_values(variables, self._limits)):
            return tuple(many)
        cost = self.cost(operation_name, variables)
        if cost is not None and cost.over:
            return (OverLimit("over_cost", cost.limit, cost.requested),)
        return ()

    def _priced(
        self, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any] | None], int]:
        fragments = {
            each.name.value: each
            for each in (self.document.definitions if self.document else ())
            if isinstance(each, FragmentDefinitionNode)
        }
        return priced(self._schema, operation, fragments)

    def operations(self) -> list[OperationDefinitionNode]:
        """Those of the document, in its order."""
        return self.once("operations", self._operations)

    def _operations(self) -> list[OperationDefinitionNode]:
        definitions = self.document.definitions if self.document else ()
        return [each for each in definitions if isinstance(each, OperationDefinitionNode)]


def validated(
    schema: GraphQLSchema, document: DocumentNode | None, rules: tuple[Rule, ...]
) -> tuple[GraphQLError, ...]:
    if document is None:
        return ()
    # Few, because each repeats the value that it is about, and that may be most of the document.
    errors = validate(schema, document, rules, MOST_ERRORS, hide_suggestions=True)
    return coded(errors, "GRAPHQL_VALIDATION_FAILED")


def given_up(error: GraphQLError) -> bool:
    """Whether comparing fields of one name took too long; too many errors end otherwise."""
    return isinstance(error, ValidationAbortedError) and "Too many" not in error.message


def coded(errors: list[GraphQLError], code: str) -> tuple[GraphQLError, ...]:
    for error in errors:
        if error.nodes:
            # A scalar that did not take a literal: about the document, whatever it raised.
            error.original_error = None
        if error.original_error is None:
            error.extensions = {"code": code, **(error.extensions or {})}
    return tuple(errors)
