"""Clients that send anything, or read nothing."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.transport.house import KEY, PATIENCE, Open, closing, hear, opened, say, subscribe, until

CODES = {4400, 4401, 4403, 4409, 4429}
FLOOD = "subscription { flood }"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
queries = st.sampled_from(
    [
        "{ hello }",
        "{",
        "",
        "subscription { forever }",
        "subscription { boom(after: 1) }",
        "mutation { bump }",
        "query($v: Int!) { double(value: $v) }",
        "query A { hello } query B { hello }",
    ]
)
payloads = (
    st.fixed_dictionaries(
        {"query": queries},
        optional={
            "variables": st.none() | st.dictionaries(st.just("v"), anything),
            "operationName": st.none() | st.text(max_size=3) | st.just("A"),
            "extensions": anything,
        },
    )
    | st.just(KEY)
    | anything
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["connection_init", "subscribe", "complete", "ping", "pong", "next", "connection_ack"]
        )
        | anything,
        "id": st.sampled_from(["1", "2", ""]) | anything,
        "payload": payloads,
    },
)
frames = (
    messages.map(json.dumps)
    | anything.map(json.dumps)
    | st.text(max_size=30)
    | st.binary(max_size=10)
)


@given(sent=st.lists(frames, min_size=1, max_size=8), signed_in=st.booleans())
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_whatever_is_sent_ends_with_a_code_of_the_protocol(
    door: Open, sent: list[str | bytes], signed_in: bool
) -> None:
    async with door.socket(KEY if signed_in else None) as socket:
        try:
            for frame in sent:
                await socket.send(frame)
            await socket.send("the end")
        except ConnectionClosed:
            pass
        async with asyncio.timeout(PATIENCE):
            async for _ in heard(socket):
                pass
        code, reason = await closing(socket)

    assert code in CODES
    assert reason
    await door.house.quiet()


async def heard(socket: Any) -> Any:
    try:
        while True:
            yield await socket.recv()
    except ConnectionClosed:
        return


async def test_a_client_that_never_reads_is_given_up_and_harms_nobody() -> None:
    async with (
        opened(send_deadline=0.2) as door,
        door.socket() as good,
        door.socket(max_queue=1) as bad,
    ):
        await subscribe(bad, "1", FLOOD)
        await subscribe(bad, "2", FLOOD)
        async with asyncio.timeout(PATIENCE):
            while len(door.app.switchboard.sockets) > 1:
                await say(good, type="ping")
                assert await hear(good) == {"type": "pong"}

        await door.house.quiet()
        await until(lambda: len(door.server.server_state.connections) == 1)
        bad.transport.abort()


async def test_a_client_that_reads_again_learns_that_it_was_too_slow() -> None:
    async with opened(send_deadline=0.2) as door, door.socket(max_queue=1) as slow:
        await subscribe(slow, "1", FLOOD)
        (served,) = door.app.switchboard.sockets
        await until(lambda: served.closed)

        async for _ in heard(slow):
            pass

        assert await closing(slow) == (1013, "The client does not read")
        await door.house.quiet()
