"""Subscriptions whose answer is the same for everybody with the same rights.

What a display may show depends on nobody: whoever sees the same levels is told the same. So those
documents are run once for all who sent the same one; any other is run for each.
"""

from collections.abc import Callable
from functools import lru_cache

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from graph.display import OnlyForWalls

DOCUMENTS = 500


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
            and not validate(schema, parsed, [OnlyForWalls])
        )

    return may_share
