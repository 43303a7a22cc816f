"""The graph put together."""

from collections.abc import Iterator
from functools import cache

import strawberry
from graphql import NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension
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
    WebhookEndpointConflict,
)
from graph.mutation import Mutation
from graph.query import Query
from graph.reply import Reply
from graph.scalars import SCALARS
from graph.subscription import Subscription
from graph.telling import Teller
from graph.ticket import HistoryEntry, Occurrence
from graph.workspace import Workspace


class ForStaffOnly(SchemaExtension):
    """Strangers may sign in, but not look the graph over."""

    def on_operation(self) -> Iterator[None]:
        if getattr(self.execution_context.context, "actor", None) is None:
            self.execution_context.validation_rules = (
                *self.execution_context.validation_rules,
                NoSchemaIntrospectionCustomRule,
            )
        yield


@cache
def build(*, open_to_strangers: bool = True) -> strawberry.Schema:
    """The schema, put together once; in production strangers cannot introspect it."""
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
            WebhookEndpointConflict,
            Occurrence,
            Refused,
            Reply,
            StaleReplyError,
            VersionConflictError,
            Workspace,
        ],
        extensions=[
            ForDisplays,
            ForApprovers,
            *([] if open_to_strangers else [ForStaffOnly]),
        ],
        execution_context_class=Teller,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
