"""A subscription, run: its results as payloads, once for all where they are equal."""

import json
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

import orjson
from graphql import GraphQLError
from strawberry.schema import BaseSchema
from strawberry.types.execution import ExecutionResult, PreExecutionError

from server.graphql_errors import (
    OperationContext,
    Refused,
    Tell,
    fault,
    never_ran,
    told,
)
from server.graphql_members import Asked


async def for_all(
    schema: BaseSchema,
    tell: Tell,
    prepare: Callable[[Asked, OperationContext], None],
    asked: Asked,
    context: OperationContext,
    hand: Callable[[bytes], None],
) -> list[Any] | None:
    """Run it once, handing each payload out; what was wrong with it, if it was refused."""
    try:
        prepare(asked, context)
        results = await schema.stream(
            asked.query,
            variable_values=cast("dict[str, Any] | None", asked.variables),
            context_value=context,
            operation_name=asked.operation_name,
            operation_extensions=cast("dict[str, Any] | None", asked.extensions),
        )
        async with aclosing(results):
            async for result in results:
                if not isinstance(result, ExecutionResult):
                    raise NotImplementedError("incremental delivery")
                if isinstance(result, PreExecutionError) or never_ran(result):
                    return legible(result.errors or [], tell, context)
                hand(orjson.dumps(payload(result, tell, context)))
                await context.rest()
    except Refused as refused:
        error = GraphQLError(refused.message, extensions=refused.extensions)
        return legible([error], tell, context)
    except Exception as error:
        return legible([fault(error)], tell, context)
    finally:
        await context.aclose()
    return None


def payload(result: ExecutionResult, tell: Tell, context: OperationContext) -> dict[str, Any]:
    """What a `next` message carries."""
    shown: dict[str, Any] = {"data": result.data}
    if result.errors:
        shown["errors"] = told(result.errors, tell, context)
        for error in shown["errors"]:
            if (error.get("extensions") or {}).get("code") == "UNAVAILABLE":
                # Half of a change would be taken for all of it, and the cursor is past it: whoever
                # asks again from the last one misses nothing.
                raise Refused("UNAVAILABLE", error["message"], 503, retryable=True)
    if result.extensions:
        shown["extensions"] = result.extensions
    return shown


def legible(errors: list[GraphQLError], tell: Tell, context: OperationContext | None) -> list[Any]:
    """What an `error` message carries."""
    return told(errors, tell, context)


def plain(given: Mapping[str, Any] | None) -> str | None:
    """Variables, or extensions, as one text, equal where they are; None where nested too deep."""
    # Not orjson, which reads what is nested deeper than it writes.
    try:
        return json.dumps(given or {}, sort_keys=True)
    except RecursionError:
        return None
