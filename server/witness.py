"""Every operation, told of once when it ends: a line in the log, figures for the metrics, a span.

The line names the operation as its document does, how it ended and what it took: never its text,
its variables or its answer.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Any, Protocol

import structlog

from server.graphql_errors import Refused, Wire
from server.metrics import Metrics
from storage import statements
from storage.statements import Tally

log = structlog.get_logger("guiche.operation")

LONGEST_NAME = 64
KINDS = ("query", "mutation", "subscription")
FIRST = re.compile(r"(?:[\s,\ufeff]+|#[^\n\r]*)*+(?:(query|mutation|subscription)\b\s*+(\w*)|\{)")
LATER = re.compile(r"^[ \t]*+(query|mutation|subscription)\b[ \t]*+(\w*)", re.M)


class Span(Protocol):
    """What a tracer is told about an operation."""

    def ended(self, outcome: str, told: Mapping[str, Any]) -> None: ...


class Tracer(Protocol):
    """Begins a span; see `server.tracing`."""

    def operation(
        self, kind: str, name: str | None, carried: Mapping[str, str]
    ) -> AbstractContextManager[Span]: ...


class Operation:
    """One operation, from when it is asked to its end."""

    __slots__ = ("codes", "cost", "id", "kind", "name", "over", "sent", "tally")

    def __init__(self, over: str, kind: str, name: str | None, tally: Tally) -> None:
        self.id = secrets.token_hex(6)
        self.over = over
        self.kind = kind
        self.name = name
        self.tally = tally
        self.codes: list[str] = []
        self.cost: float | None = None
        self.sent = 0
        """Messages, of one that goes on."""

    def answered(
        self,
        errors: Sequence[Wire] | None,
        extensions: Mapping[str, Any] | None = None,
        refusals: Sequence[str] = (),
    ) -> None:
        """An answer, or a part of it, is complete."""
        for error in errors or ():
            self.codes.append(str((error.get("extensions") or {}).get("code", "UNKNOWN")))
        self.codes += refusals
        cost = extensions.get("cost") if extensions else None
        if isinstance(cost, Mapping):
            cost = cost.get("requested", cost.get("actual"))
        if isinstance(cost, int | float):
            self.cost = cost

    @property
    def outcome(self) -> str:
        if not self.codes:
            return "ok"
        if "INTERNAL" in self.codes:
            return "failed"
        return "unavailable" if "UNAVAILABLE" in self.codes else "refused"


class Witness:
    """Sees operations begin and end."""

    def __init__(self, metrics: Metrics, tracer: Tracer | None = None) -> None:
        self.metrics = metrics
        self._tracer = tracer

    @contextmanager
    def operation(
        self,
        over: str,
        document: str,
        name: str | None,
        carried: Mapping[str, str] | None = None,
    ) -> Iterator[Operation]:
        """What happens meanwhile bears the operation's id in the log."""
        kind, called = named(document, name)
        span = self._tracer.operation(kind, called, carried or {}) if self._tracer else _NO_SPAN
        began = perf_counter()
        with span as traced, statements.counted() as tally:
            seen = Operation(over, kind, called, tally)
            with structlog.contextvars.bound_contextvars(operation_id=seen.id):
                try:
                    yield seen
                except Refused as refused:
                    seen.codes.append(refused.code)
                    raise
                except Exception:
                    seen.codes.append("INTERNAL")
                    raise
                finally:
                    self._tell(seen, perf_counter() - began, traced)

    def member(
        self,
        document: str,
        name: str | None,
        sent: int,
        seconds: float,
        refused: Sequence[Wire] | None,
    ) -> None:
        """A subscription of one among many has ended; what all of them cost is told of none."""
        kind, called = named(document, name)
        seen = Operation("socket", kind, called, Tally())
        seen.sent = sent
        seen.answered(refused)
        with structlog.contextvars.bound_contextvars(operation_id=seen.id):
            self._tell(seen, seconds, None)

    def _tell(self, seen: Operation, seconds: float, traced: Span | None) -> None:
        self.metrics.operation(
            seen.kind,
            seen.over,
            seen.outcome,
            seconds,
            seen.tally.count,
            seen.cost,
            seen.codes,
        )
        told: dict[str, Any] = {
            "kind": seen.kind,
            "operation": seen.name,
            "over": seen.over,
            "outcome": seen.outcome,
            "ms": round(seconds * 1000, 1),
            "statements": seen.tally.count,
        }
        if seen.cost is not None:
            told["cost"] = seen.cost
        if seen.codes:
            told["codes"] = sorted(set(seen.codes))
        if seen.kind == "subscription":
            told["messages"] = seen.sent
            self.metrics.message(seen.sent)
        log.info("operation", **told)
        if traced is not None:
            traced.ended(seen.outcome, told)


_NO_SPAN: AbstractContextManager[None] = nullcontext()


def named(document: str, name: str | None) -> tuple[str, str | None]:
    """Kind and name of the operation that a document asks for, as far as a glance tells.

    A glance and no parsing: it is for the log, also where the document is refused unread.
    """
    if name:
        if len(name) <= LONGEST_NAME and name.isidentifier() and name.isascii():
            found = re.search(rf"\b(query|mutation|subscription)\s+{name}\b", document)
            return (found[1] if found else "unknown"), name
        return "unknown", None
    first = FIRST.match(document) or LATER.search(document)
    if first is None:
        return "unknown", None
    kind, called = first[1] or "query", first.group(2) if first.lastindex == 2 else None
    return kind, called[:LONGEST_NAME] if called else None
