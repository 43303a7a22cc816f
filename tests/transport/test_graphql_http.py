"""GraphQL over HTTP, as the draft and its clients expect it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.transport.house import PATIENCE, Open, opened

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HELLO = {"query": "{ hello }"}
MEBIBYTE = 1024 * 1024


@pytest.fixture
async def client(door: Open) -> AsyncIterator[httpx.AsyncClient]:
    # Over plain HTTP nobody vouches for anybody, and the list of who may takes long to read.
    async with httpx.AsyncClient(base_url=door.url, timeout=PATIENCE, verify=False) as client:
        yield client


async def ask(client: httpx.AsyncClient, body: object, accept: str = GRAPHQL) -> httpx.Response:
    return await client.post("", json=body, headers={"Accept": accept})


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which is always JSON and has no data."""
    assert response.headers["content-type"] in (
        f"{JSON}; charset=utf-8",
        f"{GRAPHQL}; charset=utf-8",
    )
    body = response.json()
    assert "data" not in body
    assert body["errors"][0]["message"]
    return response.status_code, body["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}; charset=utf-8, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON}, */*;q=0.1", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("", JSON),
    ],
)
async def test_the_answer_has_the_media_type_the_client_prefers(
    client: httpx.AsyncClient, accept: str, media: str
) -> None:
    response = await ask(client, HELLO, accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert response.json()["data"] == {"hello": "hello world"}


@pytest.mark.parametrize("accept", ["text/plain", f"{JSON};q=0", f"{JSON};charset=latin-1"])
async def test_a_client_that_takes_neither_type_is_told_so(
    client: httpx.AsyncClient, accept: str
) -> None:
    assert refusal(await ask(client, HELLO, accept)) == (406, "NOT_ACCEPTABLE")


async def test_a_request_may_carry_variables_a_name_and_what_is_null(
    client: httpx.AsyncClient,
) -> None:
    response = await ask(
        client,
        {
            "query": "query A { hello } query B($n: String!) { hello(name: $n) }",
            "operationName": "B",
            "variables": {"n": "Zoë"},
            "extensions": None,
            "unknown": True,
        },
    )

    assert response.json()["data"] == {"hello": "hello Zoë"}


@pytest.mark.parametrize(
    "body", [7, None, "x", True, [], [HELLO], {}, {"query": None}, {"qeury": "{ hello }"}]
)
async def test_json_that_is_no_graphql_request_is_refused(
    client: httpx.AsyncClient, body: object
) -> None:
    response = await client.post(
        "", content=json.dumps(body), headers={"Content-Type": JSON, "Accept": GRAPHQL}
    )

    assert refusal(response) == (422, "BAD_REQUEST")


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": 7},
        {"query": ["{ hello }"]},
        {"variables": [7]},
        {"variables": "{}"},
        {"extensions": 1},
        {"operationName": {}},
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_parameter_of_the_wrong_type_is_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any], accept: str
) -> None:
    assert refusal(await ask(client, {**HELLO, **wrong}, accept)) == (422, "BAD_REQUEST")


async def test_a_batch_is_refused_in_words(client: httpx.AsyncClient) -> None:
    response = await ask(client, [HELLO, HELLO])

    assert "Batching is off" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "content",
    [b"", b"NONSENSE", b'{"query":', b'{"query": "\xff"}', b'{"query": NaN}', b"[" * 100_000],
)
async def test_a_body_that_is_not_json_is_refused(
    client: httpx.AsyncClient, content: bytes
) -> None:
    response = await client.post("", content=content, headers={"Content-Type": JSON})

    assert refusal(response) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/mixed; boundary=x"},
        {"Content-Type": f"{JSON}; charset=latin-1"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
    ],
)
async def test_a_body_in_another_form_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    response = await client.post("", content=json.dumps(HELLO).encode(), headers=headers)

    assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", [f"{JSON};charset=UTF-8", 'Application/JSON; charset="utf-8"'])
async def test_utf8_may_be_named(client: httpx.AsyncClient, kind: str) -> None:
    response = await client.post("", content=json.dumps(HELLO), headers={"Content-Type": kind})

    assert response.status_code == 200


async def test_a_body_of_exactly_the_limit_is_read(client: httpx.AsyncClient) -> None:
    body = json.dumps(HELLO).ljust(MEBIBYTE)

    response = await client.post("", content=body, headers={"Content-Type": JSON})

    assert response.status_code == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_above_the_limit_is_refused(client: httpx.AsyncClient, declared: bool) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65536

    content = b" " * (MEBIBYTE + 1) if declared else drip()
    response = await client.post("", content=content, headers={"Content-Type": JSON})

    assert refusal(response) == (413, "TOO_LARGE")


async def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_trace(door: Open) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'Content-Length: 99\r\n\r\n{"query"'
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    async with httpx.AsyncClient() as client:
        assert (await client.post(door.url, json=HELLO)).status_code == 200
    assert len(door.house.errands) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
async def test_another_method_is_refused_with_those_that_serve(door: Open, method: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"{method} /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()

    assert answer.startswith("HTTP/1.1 405 ")
    assert "allow: GET, HEAD, POST, OPTIONS\r\n" in answer
    assert '"code":"METHOD_NOT_ALLOWED"' in answer


async def test_options_and_head_are_answered_without_a_body(client: httpx.AsyncClient) -> None:
    options = await client.options("")
    head = await client.head("", params=HELLO)

    assert (options.status_code, options.content) == (204, b"")
    assert options.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert (head.status_code, head.content) == (200, b"")


async def test_a_query_may_be_asked_by_get(client: httpx.AsyncClient) -> None:
    response = await client.get(
        "",
        params={
            "query": "query($n: String!) { hello(name: $n) }",
            "variables": '{"n": "Zoë"}',
            "operationName": "",
            "extensions": "",
        },
    )

    assert response.json()["data"] == {"hello": "hello Zoë"}


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"query": ""}, 422),
        ({"query": "{ hello }", "variables": "{"}, 400),
        ({"query": "{ hello }", "variables": "[]"}, 422),
        ({"query": "{ hello }", "extensions": "nope"}, 400),
    ],
)
async def test_a_malformed_get_is_refused(
    client: httpx.AsyncClient, params: dict[str, str], status: int
) -> None:
    assert refusal(await client.get("", params=params)) == (status, "BAD_REQUEST")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_mutation_by_get_is_refused_and_changes_nothing(
    door: Open, client: httpx.AsyncClient, accept: str
) -> None:
    response = await client.get(
        "", params={"query": "mutation { bump }"}, headers={"Accept": accept}
    )

    assert refusal(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"
    assert door.house.bumps == 0


async def test_a_mutation_by_post_is_run(door: Open, client: httpx.AsyncClient) -> None:
    assert (await ask(client, {"query": "mutation { bump }"})).json()["data"] == {"bump": 1}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_by_http_is_sent_to_the_websocket(
    client: httpx.AsyncClient, method: str
) -> None:
    asked = {"query": "subscription { count(to: 1) }"}
    response = await (ask(client, asked) if method == "POST" else client.get("", params=asked))

    assert refusal(response) == (400, "BAD_REQUEST")
    assert "websocket" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ a " * 2000}, "TOO_COMPLEX"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($v: Int!) { double(value: $v) }"}, "BAD_USER_INPUT"),
        (
            {"query": "query($v: Int!) { double(value: $v) }", "variables": {"v": "x"}},
            "BAD_USER_INPUT",
        ),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_an_operation_that_cannot_run_says_why(
    client: httpx.AsyncClient, asked: dict[str, Any], code: str, accept: str, status: int
) -> None:
    assert refusal(await ask(client, asked, accept)) == (status, code)


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "query A { hello }", "operationName": "B"},
        {"query": "query A { hello }", "operationName": ""},
        {"query": "fragment F on Query { hello }"},
        {"query": "query A { hello } query B { hello }"},
    ],
)
async def test_an_operation_that_cannot_be_told_apart_is_refused(
    client: httpx.AsyncClient, asked: dict[str, Any]
) -> None:
    assert refusal(await ask(client, asked)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_what_the_doorkeeper_refuses_is_refused_in_json(
    client: httpx.AsyncClient, accept: str
) -> None:
    async def as_(key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", "Accept": accept}
        return await client.post("", json=HELLO, headers=headers)

    assert refusal(await as_("stranger")) == (401, "UNAUTHENTICATED")
    assert (await as_("stranger")).headers["www-authenticate"] == "Bearer"
    assert refusal(await as_("barred")) == (403, "FORBIDDEN")
    assert refusal(await as_("broken")) == (500, "INTERNAL")
    assert "4242" not in (await as_("broken")).text


async def test_a_fault_of_ours_is_masked_and_logged_by_its_incident(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        response = await ask(client, {"query": "{ hello boom }"})

    (error,) = response.json()["errors"]
    incident = error["extensions"]["incident"]
    assert response.status_code == 200
    assert response.json()["data"] == {"hello": "hello world", "boom": None}
    assert error["message"] == f"Something went wrong on our side. Incident {incident}."
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["path"] == ["boom"]
    assert [entry["incident"] for entry in logs if "incident" in entry] == [incident]
    assert "4242" not in response.text + str(logs)


async def test_an_executed_operation_without_data_is_no_broken_request(
    client: httpx.AsyncClient,
) -> None:
    response = await ask(client, {"query": "{ boomAtRoot }"})

    assert response.status_code == 200
    assert response.json()["data"] is None


async def test_an_error_meant_for_the_caller_is_told(client: httpx.AsyncClient) -> None:
    (error,) = (await ask(client, {"query": "{ declined }"})).json()["errors"]

    assert error["message"] == "Not on Sundays."
    assert error["extensions"] == {"code": "CLOSED"}


async def test_resolvers_may_set_cookies(client: httpx.AsyncClient) -> None:
    response = await ask(client, {"query": "{ visit }"})

    assert response.cookies["seen"] == "yes"
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept"


async def test_every_operation_has_its_context_and_it_is_closed(
    door: Open, client: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(ask(client, {"query": "{ errand boom }"}) for _ in range(10)))

    assert {answer.json()["data"]["errand"] for answer in answers} == set(range(10))
    assert all(errand.closed for errand in door.house.errands)


async def test_the_page_for_browsers_is_there_only_when_asked_for(door: Open) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    async with opened(graphiql=True) as other, httpx.AsyncClient(headers=browser) as client:
        page = await client.get(other.url)
        answer = await client.get(other.url, params=HELLO)
        without = await client.get(door.url)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.json()["data"] == {"hello": "hello world"}
    assert refusal(without) == (422, "BAD_REQUEST")
