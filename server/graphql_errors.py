"""How what went wrong is told to whoever asked, over HTTP and over sockets alike."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from traceback import extract_tb
from typing import Any, Protocol

import structlog
from graphql import GraphQLError
from starlette.responses import Response
from strawberry.types.execution import ExecutionResult

from domain.sentences import SENTENCES
from domain.words import Locale

log = structlog.get_logger(__name__)

Wire = dict[str, Any]


class OperationContext(Protocol):
    """What resolvers of one operation share; made for it, closed at its end."""

    response: Response | None
    refusals: list[str]
    """Codes of what was refused in the answer itself."""

    async def rest(self) -> None:
        """An answer is complete and goes out; what it was read with can be given back."""
        ...

    async def aclose(self) -> None: ...


Tell = Callable[[GraphQLError, OperationContext | None], Wire]


class Refused(Exception):
    """No operation was run, and this is what the caller is told instead."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 403,
        *,
        close: int = 4403,
        headers: Mapping[str, str] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.extensions = {"code": code, **({"retryable": True} if retryable else {})}
        self.code = code
        self.message = message
        self.status = status
        self.close = close
        self.headers = dict(headers or {})
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")


def unavailable(locale: Locale) -> Refused:
    """The database is away, and soon there again: nothing was done."""
    return Refused(
        "UNAVAILABLE",
        SENTENCES["unavailable"][locale],
        503,
        close=1013,
        headers={"Retry-After": "1"},
        retryable=True,
    )


def tell_plainly(error: GraphQLError, context: OperationContext | None = None) -> Wire:
    """The error as written when it is about the request, otherwise only an incident number."""
    fault = error.original_error
    if fault is None or isinstance(fault, GraphQLError):
        return {**error.formatted}

    incident = secrets.token_hex(6)
    # Where, but not what it says: an exception may quote variables or rows.
    log.error(
        "graphql.fault",
        incident=incident,
        fault=type(fault).__qualname__,
        path=error.path,
        where=[f"{at.filename}:{at.lineno} {at.name}" for at in extract_tb(fault.__traceback__)],
    )
    masked: Wire = {**error.formatted}
    masked["message"] = f"Something went wrong on our side. Incident {incident}."
    masked["extensions"] = {"code": "INTERNAL", "incident": incident}
    return masked


def fault(error: Exception) -> GraphQLError:
    """Any exception in the form that a `Tell` takes."""
    return GraphQLError("Something went wrong on our side.", original_error=error)


def never_ran(result: ExecutionResult) -> bool:
    """Whether the operation was refused before any field: an error of a field has a path."""
    return result.data is None and all(error.path is None for error in result.errors or ())


def told(
    errors: Sequence[GraphQLError], tell: Tell, context: OperationContext | None
) -> list[Wire]:
    """Errors in their wire form; without a field, a code or a fault they are about variables."""
    for error in errors:
        if error.path is None and isinstance(error.original_error, GraphQLError | None):
            error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return [tell(error, context) for error in errors]
