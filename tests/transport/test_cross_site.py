"""Pages of others cannot act with somebody's cookie, and no body, however made, breaks anything."""

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.graphql import GraphQLApp
from tests.transport.house import PATIENCE, SCHEMA, House, Open

BUMP = {"query": "mutation { bump }"}
HELLO = {"query": "{ hello }"}
COOKIE = {"Cookie": "guiche_session=gs_secret"}
JSON = {"Content-Type": "application/json"}
URL = "http://guiche.example/graphql"
Bytes = bytes | str


# ── pages of others ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "bumps"),
    [
        ({"Origin": "https://evil.example"}, 0),
        ({"Origin": "null"}, 0),
        ({"Origin": ""}, 0),
        ({"Origin": "https://console.example.evil.example"}, 0),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 0),
        ({"Origin": "https://evil.example", "X-Requested-With": "x"}, 0),
        ({"Origin": "https://console.example"}, 1),
        ({"Origin": "HTTPS://Console.example:443"}, 1),
        ({"Origin": "own"}, 1),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 1),
        ({}, 1),
    ],
)
async def test_a_page_of_others_does_nothing_with_somebodys_cookie(
    door: Open, headers: dict[str, str], bumps: int
) -> None:
    if headers.get("Origin") == "own":
        headers = {"Origin": f"http://127.0.0.1:{door.port}"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(door.url, json=BUMP, headers={**COOKIE, **headers})

    assert door.house.bumps == bumps
    assert answer.status_code == (200 if bumps else 403)
    if not bumps:
        assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_files_of_a_page_of_others_are_not_read_either(door: Open) -> None:
    parts = [("operations", (None, json.dumps(BUMP))), ("map", (None, "{}"))]
    headers = {**COOKIE, "GraphQL-Require-Preflight": "1", "Origin": "https://evil.example"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(door.url, files=parts, headers=headers)

    assert (answer.status_code, door.house.bumps) == (403, 0)


async def test_who_is_refused_reads_it_in_their_language(door: Open) -> None:
    headers = {**COOKIE, "Origin": "https://evil.example", "Accept-Language": "pt-BR"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(door.url, json=BUMP, headers=headers)

    assert "Esta página não pode" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"Content-Type": "text/plain"}, "content": json.dumps(BUMP)},
        {"data": BUMP},
        {"content": json.dumps(BUMP)},
    ],
    ids=["text", "form", "nothing"],
)
async def test_what_a_form_can_send_is_no_mutation(door: Open, sent: dict[str, Any]) -> None:
    sent["headers"] = {**sent.get("headers", {}), **COOKIE}
    async with httpx.AsyncClient() as client:
        answer = await client.post(door.url, **sent)
        got = await client.get(door.url, params=BUMP, headers=COOKIE)

    assert answer.status_code == 415
    assert got.status_code == 405
    assert door.house.bumps == 0


async def test_a_form_with_files_is_no_mutation_without_a_header_that_no_form_can_set() -> None:
    house = House()
    sent = parts(("operations", json.dumps(WITH_FILE)), ("map", '{"0": ["variables.f"]}'), FILE)
    form = {"Content-Type": WITH_FILES["Content-Type"]}

    by_form = await posted(sent, form | COOKIE, house)
    by_script = await posted(sent, WITH_FILES | COOKIE, house)

    assert (told(by_form), told(by_script), house.bumps) == (400, 200, 1)


# ── bodies of any kind ───────────────────────────────────────────────────────────────────────


async def posted(
    body: bytes, headers: dict[str, str], house: House | None = None
) -> httpx.Response:
    """What is answered, without a network between."""
    app = GraphQLApp(
        SCHEMA,
        house or House(),
        allowed_origins=(),
        graphiql=False,
        may_upload=lambda context: True,
    )
    transport = httpx.ASGITransport(app)
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(transport=transport) as client:
        return await client.post(URL, content=body, headers=headers)


def told(answer: httpx.Response) -> int:
    """Its status, once it has been looked at whether it is a refusal in GraphQL's words."""
    errors = answer.json().get("errors")
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500, answer.text
        assert errors[0]["message"]
        assert errors[0]["extensions"]["code"] not in ("INTERNAL", None)
    return answer.status_code


def parts(*each: tuple[str, Bytes], end: bool = True) -> bytes:
    body = b""
    for name, data in each:
        file = '; filename="f"' if name not in ("operations", "map") else ""
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
        body += (data.encode() if isinstance(data, str) else data) + b"\r\n"
    return body + (b"--x--\r\n" if end else b"")


NESTED = "[" * 100_000
QUERY = '{"query": "query($f: String) { __typename }", "variables": {"f": null, "l": [null]}}'
FILE = ("0", b"a file")
WITH_FILE = {"query": "mutation { bump }", "variables": {"f": None}}
BODIES: dict[str, Bytes] = {
    "seven": "7",
    "null": "null",
    "a string": '""',
    "a list": "[]",
    "nothing": "",
    "an object": "{}",
    "gzip": gzip.compress(json.dumps(HELLO).encode()),
    "UTF-16": json.dumps(HELLO).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(HELLO).encode(),
    "NUL": '{"query": "{ hello }\0"}',
    "NUL in the document": '{"query": "{ hello }\\u0000"}',
    "a lone surrogate": '{"query": "{ hello(name: \\"\\ud800\\") }"}',
    "no UTF-8": b'{"query": "\xff"}',
    "NaN": '{"query": "{ hello }", "variables": {"a": NaN}}',
    "something after it": '{"query": "{ hello }"} 7',
    "nested": NESTED,
    "nested in variables": '{"query": "{ hello }", "variables": {"a": ' + NESTED + "}}",
    "a key twice": '{"query": "{ hello }", "query": 7}',
    "a prototype": '{"__proto__": {"query": "{ hello }"}}',
    "an id of no string": '{"documentId": {"a": 1}}',
    "an id and no file": '{"documentId": "sha256:0"}',
}
UPLOADS = {
    "nowhere": parts(("operations", QUERY), ("map", '{"0": ["variables.g"]}'), FILE),
    "past the end": parts(("operations", QUERY), ("map", '{"0": ["variables.l.7"]}'), FILE),
    "a prototype": parts(("operations", QUERY), ("map", '{"0": ["variables.__proto__"]}'), FILE),
    "a class": parts(("operations", QUERY), ("map", '{"0": ["variables.f.__class__"]}'), FILE),
    "the document": parts(("operations", QUERY), ("map", '{"0": ["query"]}'), FILE),
    "two to one": parts(
        ("operations", QUERY),
        ("map", '{"0": ["variables.f"], "1": ["variables.f"]}'),
        FILE,
        ("1", "x"),
    ),
    "thousands": parts(
        ("operations", QUERY), ("map", json.dumps({str(n): ["variables.f"] for n in range(9_000)}))
    ),
    "thousands of paths": parts(
        ("operations", QUERY),
        ("map", json.dumps({"0": [f"variables.l.{n}" for n in range(9_000)]})),
    ),
    "a path without end": parts(
        ("operations", QUERY), ("map", json.dumps({"0": ["variables" + ".l" * 50_000]})), FILE
    ),
    "missing": parts(("operations", QUERY), ("map", '{"0": ["variables.f"]}')),
    "one more": parts(("operations", QUERY), ("map", '{"0": ["variables.f"]}'), FILE, ("1", "x")),
    "twice": parts(("operations", QUERY), ("map", '{"0": ["variables.f"]}'), FILE, FILE),
    "map first": parts(("map", '{"0": ["variables.f"]}'), ("operations", QUERY), FILE),
    "no map": parts(("operations", QUERY), FILE),
    "seven": parts(("operations", "7"), ("map", '{"0": ["variables.f"]}'), FILE),
    "map of seven": parts(("operations", QUERY), ("map", "7"), FILE),
    "map of numbers": parts(("operations", QUERY), ("map", '{"0": [7]}'), FILE),
    "nested": parts(("operations", NESTED), ("map", "{}")),
    "nested map": parts(("operations", QUERY), ("map", NESTED)),
    "cut off": parts(("operations", QUERY), end=False),
    "nothing": b"",
    "no parts": b"--x--\r\n",
    "noise": b"\0\xff" * 500,
}
WITH_FILES = {"Content-Type": "multipart/form-data; boundary=x", "X-Requested-With": "x"}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_what_is_no_request_is_refused_in_graphql(body: Bytes) -> None:
    sent = body.encode() if isinstance(body, str) else body

    assert told(await posted(sent, {**JSON, "Accept": "application/graphql-response+json"})) != 200


@pytest.mark.parametrize("body", UPLOADS.values(), ids=UPLOADS)
async def test_files_that_belong_nowhere_are_refused_in_graphql(body: bytes) -> None:
    assert told(await posted(body, WITH_FILES)) != 200


headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            [
                "application/json",
                "application/json; charset=utf-16",
                "application/json;;;=",
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=x",
                'multipart/form-data; boundary="',
                "multipart/form-data; boundary=" + "x" * 5_000,
                "text/plain",
                ";",
            ]
        ),
        "Content-Encoding": st.sampled_from(["gzip", "identity", "br, gzip", ""]),
        "Content-Length": st.sampled_from(["-1", "9" * 400, "1e3", "\u00b2".encode()]),
        "Accept": st.sampled_from(["", "*/*", ";q=", "application/json;q=nan", "a" * 9_000]),
        "Accept-Language": st.sampled_from(["pt-BR", ";q=x", ",,,", "*", "en;q=nan"]),
        "Authorization": st.sampled_from(["", "Bearer", "Bearer good", "Basic \xff".encode()]),
        "Cookie": st.sampled_from(["=", ";;", "guiche_session=", "a" * 9_000]),
        "Origin": st.sampled_from(["", "null", "http://[", "http://guiche.example:99999"]),
        "Host": st.sampled_from(["", "[", "guiche.example:x"]),
        "X-Requested-With": st.just("x"),
    },
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
KEYS = ("query", "variables", "operationName", "extensions", "documentId")
requests = st.fixed_dictionaries({}, optional={key: values for key in KEYS}).map(json.dumps)
places = st.sampled_from(["variables.f", "variables.l.0", "variables", "query", "", ".", "..0"])
maps = st.dictionaries(st.sampled_from(["0", "1", "map", ""]), st.lists(places) | values)
uploads = st.lists(
    st.tuples(st.just("operations"), requests | st.just(QUERY))
    | st.tuples(st.just("map"), maps.map(json.dumps))
    | st.tuples(st.sampled_from(["0", "1"]), st.binary(max_size=9)),
    max_size=4,
).map(lambda each: parts(*each))
bodies = (
    requests.map(str.encode)
    | uploads
    | st.binary(max_size=40)
    | st.sampled_from([b.encode() if isinstance(b, str) else b for b in BODIES.values()])
    | st.sampled_from(list(UPLOADS.values()))
)


@given(body=bodies, more=headers)
@example(body=b"{}", more={"Content-Type": "application/json", "Host": "["})
@settings(max_examples=300, deadline=None)
async def test_no_body_and_no_header_is_our_fault(body: bytes, more: dict[str, Any]) -> None:
    told(await posted(body, more))
