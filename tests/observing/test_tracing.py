"""Traces: one span for each operation and delivery, in the trace that the caller began."""

import subprocess
import sys
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from channels.base import CARRIED
from domain.sending import Doubtful, Outcome, Outgoing, Sent
from domain.words import Network, Visibility
from server.commands.telling import tracing
from server.metrics import Metrics
from server.tracing import Tracing
from server.witness import Witness
from tests.flows.served import settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
OUTGOING = Outgoing(
    reply_id=uuid4(),
    account_id=uuid4(),
    account_name="Loja",
    account_handle=None,
    account_external_id=None,
    connection={},
    visibility=Visibility.PUBLIC,
    text="em segredo",
    to_external_id="ze",
    to_handle=None,
    to_name="Zé",
    protocol="20261130000000001",
)


@pytest.fixture
def told() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(told: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(told))
    return Tracing(provider)


def test_an_operation_is_one_span_of_the_callers_trace(
    traces: Tracing, told: InMemorySpanExporter
) -> None:
    witness = Witness(Metrics(), traces)

    with witness.operation("http", "query Olhar { me }", None, PARENT) as seen:
        seen.answered([{"extensions": {"code": "INTERNAL"}}])

    [span] = told.get_finished_spans()
    assert span.name == "query Olhar"
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.attributes is not None
    assert span.attributes["guiche.codes"] == ("INTERNAL",)
    assert not span.status.is_ok


@pytest.mark.parametrize("outcome", [Sent("1", None), Doubtful("network_no_answer", "?")])
async def test_what_is_sent_carries_its_trace_along_and_nothing_of_what_it_says(
    traces: Tracing, told: InMemorySpanExporter, outcome: Outcome
) -> None:
    carried: list[str] = []

    async def send(network: Network, outgoing: Outgoing) -> Outcome:
        carried.append(CARRIED.get()["traceparent"])
        return outcome

    ended = await traces.sending(send)(Network.SANDBOX, OUTGOING)

    [span] = told.get_finished_spans()
    assert ended is outcome
    assert carried[0].split("-")[1] == f"{span.context.trace_id:032x}"
    assert OUTGOING.text not in span.to_json()
    assert span.status.is_ok is isinstance(outcome, Sent)
    assert not CARRIED.get()


def test_nothing_of_it_is_loaded_where_nobody_traces() -> None:
    looked = "import sys, server.asgi, server.commands.serving, server.commands.working\n"
    # Others of our libraries look for OpenTelemetry itself, where it is installed.
    looked += (
        "sys.exit(any(m in sys.modules for m in ('server.tracing', 'opentelemetry.exporter')))"
    )

    assert subprocess.run([sys.executable, "-c", looked]).returncode == 0


def test_where_it_is_wanted_and_not_installed_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "server.tracing", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(SystemExit):
        tracing(settings("sqlite:///./nowhere.db", "memory://", tracing=True))

    assert "pip install 'guiche[otel]'" in capfd.readouterr().err
