"""Spans of OpenTelemetry: one for each operation, delivery and webhook, never one for a field.

Only loaded where `TRACING` is set. Where spans go is said in OpenTelemetry's own variables, such as
`OTEL_EXPORTER_OTLP_ENDPOINT`. A trace that a caller began is gone on with, and goes along with what
is sent to networks (W3C Trace Context).
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from channels.base import CARRIED
from domain.sending import Outcome, Outgoing, Sent
from domain.words import Network
from workers.delivery import Send

FLUSHED_WITHIN = 2000
"""Milliseconds that are given to what is not told yet at the end."""
_W3C = TraceContextTextMapPropagator()


class Spanned:
    """A span that runs."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, outcome: str, told: Mapping[str, Any]) -> None:
        for name, value in told.items():
            if value is not None:
                self._span.set_attribute(f"guiche.{name}", value)
        if outcome in ("failed", "unavailable"):
            self._span.set_status(StatusCode.ERROR, outcome)


class Tracing:
    """Begins spans; the process has one."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("guiche", version("guiche"))

    @contextmanager
    def span(
        self, name: str, carried: Mapping[str, str], kind: SpanKind = SpanKind.SERVER
    ) -> Iterator[Spanned]:
        """Of the trace that the caller told of, if any."""
        context = _W3C.extract(carried)
        with self._tracer.start_as_current_span(
            name, context if carried else None, kind, record_exception=False
        ) as span:
            yield Spanned(span)

    def operation(self, kind: str, name: str | None, carried: Mapping[str, str]) -> Any:
        return self.span(f"{kind} {name}" if name else kind, carried)

    def sending(self, send: Send) -> Send:
        """Sends as before, with the trace along."""

        async def traced(network: Network, outgoing: Outgoing) -> Outcome:
            with self.span("delivery", {}, SpanKind.CLIENT) as span:
                headers: dict[str, str] = {}
                _W3C.inject(headers)
                token = CARRIED.set(headers)
                try:
                    outcome = await send(network, outgoing)
                finally:
                    CARRIED.reset(token)
                ended = "ok" if isinstance(outcome, Sent) else "failed"
                span.ended(
                    ended,
                    {
                        "network": network.value,
                        "outcome": type(outcome).__name__,
                        "reply": str(outgoing.reply_id),
                    },
                )
                return outcome

        return traced

    async def flush(self) -> None:
        """What is not told yet is told now, if whoever collects is there."""
        await asyncio.to_thread(self._provider.force_flush, FLUSHED_WITHIN)


def begin() -> Tracing:
    """Spans are sent from a thread of their own, many at once."""
    resource = Resource.create({"service.name": "guiche", "service.version": version("guiche")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
