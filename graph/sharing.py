"""Subscriptions whose answer is the same for everybody with the same rights.

What a display may show depends on nobody: whoever sees the same levels is told the same. So is who
is at a ticket, by name. Those documents are run once for all who sent the same one; any other is
run for each.
"""

from collections.abc import Callable
from functools import lru_cache

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    ValidationRule,
    get_named_type,
    parse,
    validate,
)

from graph.display import OnlyForWalls

DOCUMENTS = 500
AT_A_TICKET = {
    "Subscription": {"presence"},
    "Presence": {"user", "mode", "since"},
    "User": {"id", "name"},
}
"""What is the same for all who see a ticket; an e-mail, for one, is not."""


class OnlyWhoIsThere(ValidationRule):
    """Refuses a document that asks for anything else than who is at a ticket."""

    def enter_field(self, node: FieldNode, *_path: object) -> None:
        parent = self.context.get_parent_type()
        if parent is None or node.name.value == "__typename":
            return
        if node.name.value not in AT_A_TICKET.get(get_named_type(parent).name, ()):
            self.report_error(GraphQLError("not the same for all", node))


def sharing(schema: GraphQLSchema) -> Callable[[str], bool]:
    """Says of a document whether it may be run once for all who are equal."""

    @lru_cache(maxsize=DOCUMENTS)
    def may_share(document: str) -> bool:
        try:
            parsed = parse(document)
        except GraphQLError:
            return False
        operations = [
            each for each in parsed.definitions if isinstance(each, OperationDefinitionNode)
        ]
        return (
            len(operations) == 1
            and operations[0].operation is OperationType.SUBSCRIPTION
            and any(not validate(schema, parsed, [rule]) for rule in (OnlyForWalls, OnlyWhoIsThere))
        )

    return may_share
