"""What a server that is run tells of itself: lines in its log, and figures for Prometheus."""

import json
import socket
from typing import Any

import pytest
from prometheus_client import generate_latest

from server.commands.telling import measured
from server.metrics import Metrics
from tests.api.desk import gid
from tests.faults.test_delivery_faults import Shop
from tests.flows.served import settings
from tests.observing.conftest import Watched
from tests.transport.house import until

SECRET_WORDS = "o número do meu cartão"
FOLLOW = "subscription Fila { queueChanges { cursor resync changes { ticketId } } }"


@pytest.mark.postgres
@pytest.mark.redis
async def test_every_operation_and_delivery_is_one_line_and_one_figure_with_the_same_ids(
    watched: Watched,
) -> None:
    shop = await Shop.opened(watched.house.world)
    ana = await watched.house.caller(shop.ana)
    ticket = gid(shop.tickets[0])
    writing = (
        "mutation Responder($i: ReplyInput!) { reply(input: $i) { reply { id } "
        "userErrors { code } } }"
    )

    async def post(request_id: str, document: str, **variables: Any) -> Any:
        headers = {"authorization": f"Bearer {ana.token}", "x-request-id": request_id}
        body = {"query": document, "variables": variables}
        return (await ana.client.post("/graphql", json=body, headers=headers)).json()

    given = {"ticketId": ticket, "text": SECRET_WORDS, "visibility": "PUBLIC"}
    async with ana.follow(FOLLOW) as watcher:
        await post("a-request-1", writing, i=given)
        await post("a-request-2", writing, i={**given, "text": ""})
        await post("a-request-3", "query Olhar { me { naoExiste } }")
        await until(lambda: watched.says("delivery"), 20)
        heard, meanwhile = len(watcher.messages), await watched.figures()
    await until(lambda: watched.says("socket"), 20)
    lines, figures = watched.lines(), await watched.figures()

    def of(event: str, **known: Any) -> dict[str, Any]:
        [line] = [
            each for each in lines if each["event"] == event and known.items() <= each.items()
        ]
        return line

    written = of("operation", request_id="a-request-1")
    assert (written["kind"], written["operation"], written["outcome"]) == (
        "mutation",
        "Responder",
        "ok",
    )
    assert written["statements"] > 5
    refused = of("operation", request_id="a-request-2")
    assert (refused["outcome"], refused["codes"]) == ("refused", ["INVALID"])
    unread = of("operation", request_id="a-request-3")
    assert unread["codes"] == ["GRAPHQL_VALIDATION_FAILED"]
    assert of("request", request_id="a-request-1")["path"] == "/graphql"
    reply = of("reply", request_id="a-request-1", operation_id=written["operation_id"])
    delivery = of("delivery", reply=reply["reply"])
    assert delivery["delivery_id"].startswith(reply["reply"])
    assert delivery["outcome"] == "Sent"
    followed = of("operation", kind="subscription")
    assert (followed["operation"], followed["over"]) == ("Fila", "socket")
    assert followed["messages"] >= heard > 0
    assert followed["request_id"] == of("socket")["request_id"]
    for secret in (SECRET_WORDS, ana.token, "naoExiste", "queueChanges"):
        assert secret not in json.dumps(lines, ensure_ascii=False)

    assert meanwhile['guiche_sockets{state="open"}'] == 1
    assert meanwhile["guiche_subscriptions"] == 1
    assert meanwhile["guiche_feed_tails"] == 1
    assert figures['guiche_operations_total{kind="mutation",outcome="ok",over="http"}'] == 1
    assert figures['guiche_operations_total{kind="subscription",outcome="ok",over="socket"}'] == 1
    assert figures["guiche_subscription_messages_total"] == followed["messages"]
    assert figures['guiche_refusals_total{code="INVALID"}'] == 1
    assert figures['guiche_refusals_total{code="GRAPHQL_VALIDATION_FAILED"}'] == 1
    assert figures['guiche_requests_total{route="graphql",status="200"}'] >= 2
    assert figures['guiche_operation_statements_sum{kind="mutation"}'] > 5
    assert figures['guiche_deliveries_total{network="SANDBOX",outcome="Sent"}'] == 1
    assert figures['guiche_delivery_lag_seconds_count{network="SANDBOX"}'] == 1
    assert figures["guiche_feed_entries_total"] >= 1
    assert 0 <= figures["guiche_feed_lag_seconds_sum"] < 60
    assert figures["guiche_bell_connected"] == 1
    assert figures['guiche_bell_events_total{event="linked"}'] == 1
    assert figures['guiche_worker_turns_total{loop="deadlines",outcome="ok"}'] >= 1
    assert figures['guiche_sockets_closed_total{by="client",code="1000"}'] == 1
    assert figures['guiche_sockets{state="open"}'] == 0
    assert figures["guiche_pool_limit"] == 20
    assert figures["guiche_loop_lag_seconds_count"] > 1
    assert figures["process_resident_memory_bytes"] > 1e7


def test_a_metrics_port_that_is_taken_is_told_in_a_sentence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = settings("sqlite:///./nowhere.db", "memory://", metrics_port=port)
        with pytest.raises(SystemExit), measured(Metrics(), chosen):
            pass

    assert f"METRICS_PORT: cannot listen on port {port} of 127.0.0.1" in capfd.readouterr().err


def test_figures_that_cannot_be_kept_harm_nobody() -> None:
    metrics = Metrics()
    metrics._messages = None  # type: ignore[assignment]

    metrics.message()
    metrics.closed(1000, "client")

    assert metrics.registry.get_sample_value(
        "guiche_sockets_closed_total", {"code": "1000", "by": "client"}
    )


def test_no_caller_makes_a_series_of_his_own() -> None:
    metrics = Metrics()

    for number in range(300):
        metrics.closed(3000 + number, "client")
        metrics.refused(f"MADE_UP_{number}")

    told = generate_latest(metrics.registry).decode()
    assert told.count("guiche_sockets_closed_total{") == 1
    assert told.count("guiche_refusals_total{") == 65
