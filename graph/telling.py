"""Subscriptions told by plan: their messages written from what happened and from rows, not run.

The stream of a subscription is the same as ever: its arguments, its rights, the feed or the wall
that it follows. What a resolver yields ready (`Written`) goes out as it is, and only what has no
plan, or is out of the ordinary, is run field by field.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationType,
    get_named_type,
)
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from domain.errors import Refusal
from domain.model.ticket import Ticket
from domain.wanted import Look, Seen, Unplanned
from graph.blueprint import Blueprint
from graph.documents import Prepared
from graph.fields import PLAN
from graph.planned import Told
from graph.planning_values import Tell, Values
from graph.scope import terms_known
from graph.selection import Selection, name_of
from resolvers import tickets
from resolvers.context import Context, Written


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


def _telling(selection: Selection) -> Telling:
    root = selection.graph.subscription_type
    assert root is not None
    selected = selection.at_root(root)
    if len(selected) != 1:
        raise Unplanned
    [(key, details)] = selected.items()
    name = name_of(details)
    plan = selection.declared(root, name).metadata.get(PLAN)
    if not isinstance(plan, Told):
        raise Unplanned
    values = Values(selection, looked_at=Ticket if plan.of_rows else None)
    make = values.value(get_named_type(root.fields[name].type), details)
    wanted = values.rows.wanted
    return Telling(key, Look(wanted), make(wanted))


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
        if actor is None or actor.only_approves or document.errors:
            return
        blueprint = document.once(
            ("tellings", operation_name),
            lambda: Blueprint(
                self._schema,
                document,
                operation_name,
                OperationType.SUBSCRIPTION,
                _telling,
            ),
        )
        try:
            context.writes, _ = blueprint.plan(variables or {})
        except (Unplanned, GraphQLError):
            return
