"""The graph put together."""

from collections.abc import Iterator
from contextlib import suppress

import strawberry
from graphql import GraphQLError, NoSchemaIntrospectionCustomRule
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig

import graph.enums  # noqa: F401  (lends the domain's words, each with what it means)
from graph.approver import ForApprovers
from graph.display import ForDisplays
from graph.errors import (
    ApprovalConflict,
    CalendarConflict,
    FieldDefinitionConflict,
    InvalidInput,
    LevelConflict,
    PublisherConflict,
    Refused,
    StaleReplyError,
    VersionConflictError,
)
from graph.mutation import Mutation
from graph.query import Query
from graph.reply import Reply
from graph.scalars import SCALARS
from graph.subscription import Subscription
from graph.ticket import HistoryEntry, Occurrence
from graph.workspace import Workspace

DOCUMENTS = 500
"""Documents whose parsing and validation are remembered; a client sends the same few."""


class KnownDocuments(ParserCache):
    """Parses a document once; one that cannot be parsed is told as if it were not remembered."""

    def on_parse(self) -> Iterator[None]:
        # Raised here, the error would pass by whoever puts its code on it.
        with suppress(GraphQLError):
            next(super().on_parse())
        yield


class ValidDocuments(ValidationCache):
    """Validates a document once, unless somebody has refused it already."""

    def on_validate(self) -> Iterator[None]:
        if self.execution_context.pre_execution_errors:
            yield
        else:
            yield from super().on_validate()


class ForStaffOnly(SchemaExtension):
    """Strangers may sign in, but not look the graph over."""

    def on_operation(self) -> Iterator[None]:
        if getattr(self.execution_context.context, "actor", None) is None:
            self.execution_context.validation_rules = (
                *self.execution_context.validation_rules,
                NoSchemaIntrospectionCustomRule,
            )
        yield


def build(*, open_to_strangers: bool = True) -> strawberry.Schema:
    """The schema; in production strangers cannot introspect it."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            ApprovalConflict,
            CalendarConflict,
            HistoryEntry,
            InvalidInput,
            LevelConflict,
            PublisherConflict,
            FieldDefinitionConflict,
            Occurrence,
            Refused,
            Reply,
            StaleReplyError,
            VersionConflictError,
            Workspace,
        ],
        extensions=[
            lambda: KnownDocuments(maxsize=DOCUMENTS),
            lambda: ValidDocuments(maxsize=DOCUMENTS),
            ForDisplays,
            ForApprovers,
            *([] if open_to_strangers else [ForStaffOnly]),
        ],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


schema = build()
