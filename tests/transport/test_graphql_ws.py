"""graphql-transport-ws, message by message."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol

from tests.transport.house import (
    KEY,
    PATIENCE,
    PROTOCOL,
    Open,
    closing,
    hear,
    opened,
    say,
    subscribe,
    until,
)

FOREVER = "subscription { forever }"


def error_of(message: dict[str, Any]) -> tuple[str, str]:
    assert message["type"] == "error"
    return message["id"], message["payload"][0]["extensions"]["code"]


async def test_a_subscription_streams_and_completes(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "1", "subscription { count(to: 2) }")

        assert await hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"count": 1}}}
        assert await hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"count": 2}}}
        assert await hear(socket) == {"id": "1", "type": "complete"}
    await door.house.quiet()


async def test_a_query_and_a_mutation_run_on_a_socket_too(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(
            socket, "q", "query($n: String!) { hello(name: $n) }", variables={"n": "Zoë"}
        )
        assert (await hear(socket))["payload"]["data"] == {"hello": "hello Zoë"}
        assert await hear(socket) == {"id": "q", "type": "complete"}

        await subscribe(socket, "m", "mutation { bump }")
        assert (await hear(socket))["payload"]["data"] == {"bump": 1}


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["soap", "graphql-ws"]])
async def test_any_other_subprotocol_is_refused(door: Open, offered: list[str] | None) -> None:
    protocols = offered and [Subprotocol(each) for each in offered]
    async with door.socket(None, subprotocols=protocols) as socket:
        assert socket.subprotocol is None
        assert await closing(socket) == (4406, "Subprotocol not acceptable")


async def test_the_right_subprotocol_is_picked_among_several(door: Open) -> None:
    async with door.socket(subprotocols=[Subprotocol("graphql-ws"), PROTOCOL]) as socket:
        assert socket.subprotocol == PROTOCOL


async def test_a_page_of_a_stranger_may_not_open_a_socket(door: Open) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with door.socket(origin=Origin("https://evil.example")):
            pass


async def test_the_console_may_open_a_socket(door: Open) -> None:
    async with door.socket(origin=Origin("https://console.example")):
        pass


async def test_silence_instead_of_init_ends_the_socket() -> None:
    async with opened(init_timeout=0.05) as door, door.socket(None) as socket:
        assert await closing(socket) == (4408, "Connection initialisation timeout")


async def test_who_only_pings_has_not_signed_in() -> None:
    async with opened(init_timeout=0.3) as door, door.socket(None) as socket:
        async with asyncio.timeout(PATIENCE):
            while socket.state is State.OPEN:
                with suppress(ConnectionClosed):
                    await say(socket, type="ping")
                    await hear(socket)
        assert await closing(socket) == (4408, "Connection initialisation timeout")


async def test_a_sign_in_that_hangs_ends_the_socket() -> None:
    async with opened(init_timeout=0.05) as door, door.socket(None) as socket:
        await say(socket, type="connection_init", payload={"authorization": "Bearer slow"})
        assert await closing(socket) == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize(
    ("payload", "end"),
    [
        (None, (4401, "Sign in first.")),
        ({}, (4401, "Sign in first.")),
        ({"authorization": "Bearer old"}, (4403, "The session is over.")),
        ({"authorization": "Bearer broken"}, (1013, "Try again later")),
    ],
)
async def test_a_socket_that_cannot_sign_in_is_closed(
    door: Open, payload: dict[str, str] | None, end: tuple[int, str]
) -> None:
    async with door.socket(None) as socket:
        await say(socket, type="connection_init", payload=payload)
        assert await closing(socket) == end


async def test_a_second_init_ends_the_socket(door: Open) -> None:
    async with door.socket() as socket:
        await say(socket, type="connection_init", payload=KEY)
        assert await closing(socket) == (4429, "Too many initialisation requests")


async def test_subscribing_before_the_sign_in_ends_the_socket(door: Open) -> None:
    async with door.socket(None) as socket:
        await subscribe(socket, "1", FOREVER)
        assert await closing(socket) == (4401, "Unauthorized")


async def test_an_id_in_use_ends_the_socket_with_a_reason_that_fits(door: Open) -> None:
    long = "é" * 200
    async with door.socket() as socket:
        await subscribe(socket, long, FOREVER)
        assert (await hear(socket))["type"] == "next"
        await subscribe(socket, long, FOREVER)
        code, reason = await closing(socket)

    assert code == 4409
    assert reason == f"Subscriber for {'é' * 54}"
    await door.house.quiet()


async def test_an_id_may_be_used_again_once_it_was_completed(door: Open) -> None:
    async with door.socket() as socket:
        for number in range(5):
            await subscribe(socket, "1", FOREVER)
            assert (await hear(socket))["payload"]["data"] == {"forever": number}
            await say(socket, type="complete", id="1")
    await door.house.quiet()


async def test_completing_what_is_not_there_is_ignored(door: Open) -> None:
    async with door.socket() as socket:
        await say(socket, type="complete", id="nothing")
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}


async def test_a_completed_operation_is_heard_no_more_and_is_over(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "1", FOREVER)
        await hear(socket)

        await say(socket, type="complete", id="1")
        await door.house.quiet()

        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}


async def test_a_socket_runs_a_limited_number_of_operations(door: Open) -> None:
    async with door.socket() as socket:
        for number in range(20):
            await subscribe(socket, str(number), FOREVER)
            await hear(socket)

        await subscribe(socket, "one more", FOREVER)
        assert error_of(await hear(socket)) == ("one more", "TOO_MANY_OPERATIONS")

        await say(socket, type="complete", id="7")
        await subscribe(socket, "one more", FOREVER)
        assert (await hear(socket))["type"] == "next"
    await door.house.quiet()


@pytest.mark.parametrize(
    ("query", "more", "code"),
    [
        ("subscription {", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($t: Int!) { count(to: $t) }", {}, "BAD_USER_INPUT"),
        (
            "query($v: Int!) { double(value: $v) }",
            {"variables": {"v": "x"}},
            "BAD_USER_INPUT",
        ),
        ("query A { hello }", {"operationName": "B"}, "BAD_REQUEST"),
        ("query A { hello } query B { hello }", {}, "BAD_REQUEST"),
        ("fragment F on Query { hello }", {}, "BAD_REQUEST"),
    ],
)
async def test_an_operation_that_cannot_run_leaves_the_others_alone(
    door: Open, query: str, more: dict[str, object], code: str
) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "good", FOREVER)
        await hear(socket)

        await subscribe(socket, "bad", query, **more)
        assert error_of(await hear(socket)) == ("bad", code)

        await subscribe(socket, "bad", "{ hello }")
        assert (await hear(socket))["payload"]["data"] == {"hello": "hello world"}
        assert door.house.streams == 1


@pytest.mark.parametrize("after", [0, 1])
async def test_a_fault_in_a_stream_is_masked_and_ends_only_that(door: Open, after: int) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "good", FOREVER)
        await hear(socket)

        with capture_logs() as logs:
            await subscribe(socket, "bad", f"subscription {{ boom(after: {after}) }}")
            heard = [await hear(socket) for _ in range(after + 1)]

        assert [message["type"] for message in heard] == ["next"] * after + ["error"]
        assert error_of(heard[-1]) == ("bad", "INTERNAL")
        incident = heard[-1]["payload"][0]["extensions"]["incident"]
        assert [entry["incident"] for entry in logs] == [incident]
        assert "4242" not in str(heard) + str(logs)
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}


async def test_a_fault_in_a_field_is_masked(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "1", "{ hello boom }")
        payload = (await hear(socket))["payload"]

    assert payload["data"] == {"hello": "hello world", "boom": None}
    assert payload["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_operations_of_one_socket_share_no_context(door: Open) -> None:
    async with door.socket() as socket:
        seen = set()
        for number in range(3):
            await subscribe(socket, str(number), "{ errand }")
            seen.add((await hear(socket))["payload"]["data"]["errand"])
            assert (await hear(socket))["type"] == "complete"
    assert len(seen) == 3
    await door.house.quiet()


async def test_a_ping_is_answered_with_its_payload(door: Open) -> None:
    async with door.socket(None) as socket:
        await say(socket, type="pong")
        await say(socket, type="ping", payload={"a": [1]})
        assert await hear(socket) == {"type": "pong", "payload": {"a": [1]}}


async def test_a_client_that_answers_pings_stays_and_one_that_does_not_goes() -> None:
    async with opened(ping_interval=0.05) as door:
        async with door.socket() as socket:
            for _ in range(6):
                assert await hear(socket) == {"type": "ping"}
                await say(socket, type="pong")
        async with door.socket() as socket:
            assert await closing(socket) == (4408, "No answer to ping")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "7",
        "null",
        "[]",
        '"x"',
        "NaN",
        "[" * 60_000,
        "{}",
        '{"type": 7}',
        '{"type": null}',
        '{"type": "hello"}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "connection_ack"}',
        '{"type": "connection_init", "payload": []}',
        '{"type": "connection_init", "payload": "x"}',
        '{"type": "ping", "payload": 7}',
        '{"type": "pong", "payload": []}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 7, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "' + "x" * 256 + '", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 7}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 7}',
        b'{"type": "ping"}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("init", [None, KEY])
async def test_a_message_that_breaks_the_protocol_ends_the_socket(
    door: Open, message: str | bytes, init: dict[str, object] | None
) -> None:
    async with door.socket(init) as socket:
        await socket.send(message)
        code, reason = await closing(socket)

    assert code == 4400
    assert reason


async def test_a_text_frame_that_is_no_text_ends_the_socket(door: Open) -> None:
    async with door.socket() as socket:
        await socket.send(b'{"type": "\xff"}', text=True)
        assert (await closing(socket))[0] == 4400


async def test_a_frame_above_the_limit_ends_the_socket(door: Open) -> None:
    async with door.socket() as socket:
        await say(socket, type="ping", payload={"x": "x" * 66_000})
        assert (await closing(socket))[0] == 1009


async def test_the_app_keeps_the_frame_limit_even_where_the_server_does_not() -> None:
    async with opened(max_frame=100) as door, door.socket() as socket:
        await say(socket, type="ping", payload={"x": "é" * 40})
        assert await closing(socket) == (1009, "A message has at most 100 bytes")


async def test_the_end_of_the_session_ends_the_socket(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "1", FOREVER)
        await hear(socket)

        door.house.sessions[0].over.set_result((4403, "Signed out elsewhere"))

        assert await closing(socket) == (4403, "Signed out elsewhere")
    await door.house.quiet()


@pytest.mark.parametrize("politely", [True, False])
async def test_nothing_remains_of_a_socket_that_left(door: Open, politely: bool) -> None:
    before = asyncio.all_tasks()
    async with door.socket() as socket:
        for number in range(5):
            await subscribe(socket, str(number), FOREVER)
            await hear(socket)
        assert door.house.streams == 5
        if not politely:
            socket.transport.abort()

    await door.house.quiet()
    await until(lambda: not asyncio.all_tasks() - before and not door.app.switchboard.sockets)


async def test_leaving_does_not_interrupt_the_tidying_up_of_what_was_completed(door: Open) -> None:
    async with door.socket() as socket:
        await subscribe(socket, "stopped", FOREVER)
        await hear(socket)
        await subscribe(socket, "done", "{ hello }")
        await hear(socket)
        assert await hear(socket) == {"id": "done", "type": "complete"}
        await say(socket, type="complete", id="stopped")
        await say(socket, type="ping")
        await hear(socket)

    await door.house.quiet()


async def test_sockets_are_let_go_one_after_the_other() -> None:
    async with (
        opened() as door,
        door.socket() as one,
        door.socket() as two,
        door.socket() as three,
    ):
        await subscribe(one, "1", FOREVER)
        await hear(one)
        times: list[float] = []
        clock = asyncio.get_running_loop().time

        async def last_of(socket: Any) -> tuple[int | None, str | None]:
            end = await closing(socket)
            times.append(clock())
            return end

        ends = asyncio.gather(*(last_of(socket) for socket in (one, two, three)))
        await door.app.close_sockets(1012, within=0.3)

        assert door.house.streams == 0
        assert await ends == [(1012, "Service restart")] * 3
        assert max(times) - min(times) > 0.15

        async with door.socket(None) as late:
            assert (await closing(late))[0] == 1012


async def test_what_is_sent_is_json_in_text_frames(door: Open) -> None:
    async with door.socket(None) as socket:
        await say(socket, type="connection_init", payload=KEY)
        frame = await socket.recv()

    assert isinstance(frame, str)
    assert json.loads(frame) == {"type": "connection_ack"}
