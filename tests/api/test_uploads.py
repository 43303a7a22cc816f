"""Files come in with a mutation, and no other way than the specification says."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.words import CloseReason, Role
from resolvers import ids
from resolvers.attachments import Upload
from server.door import receiving
from server.throttle import Holding
from tests.api.desk import PREFLIGHT, Desk, Json, gid, unknown
from tests.rules.test_files import PNG, office
from tests.transport.house import until
from tests.world import Person

MEBIBYTE = 1024 * 1024
UPLOAD = (
    "mutation($i: UploadAttachmentInput!) { uploadAttachment(input: $i) {"
    " attachment { id fileName mediaType size url } userErrors { code field message } } }"
)
NULL = {"query": UPLOAD, "variables": {"i": {"ticketId": "$", "file": None}}}
PATH = "variables.i.file"
FILE = ("foto.png", PNG)
Part = tuple[str, Any]


async def uploaded(
    desk: Desk, by: Person | str, ticket: Ticket | str, name: str, data: bytes, **more: Any
) -> Json:
    ticket_id = ticket if isinstance(ticket, str) else gid(ticket)
    told: Json = await desk.ask(
        UPLOAD, by, i={"ticketId": ticket_id, "file": Upload(name, data), **more}
    )
    return told


async def refused(desk: Desk, by: Person | str, *asked: Any) -> tuple[str, list[str]]:
    told = await uploaded(desk, by, *asked)
    assert told["attachment"] is None
    [error] = told["userErrors"]
    return error["code"], error["field"]


@pytest.fixture
async def ana(desk: Desk) -> Person:
    return await desk.world.person("Ana", level=desk.world.triage)


@pytest.fixture
async def ticket(desk: Desk) -> Ticket:
    return await desk.world.ticket()


# ── what is uploaded ───────────────────────────────────────────────────────────────────────────


async def test_a_file_is_kept_as_what_it_is(desk: Desk, ana: Person, ticket: Ticket) -> None:
    told = await uploaded(desk, ana, ticket, "../férias.exe", PNG)

    shown = told["attachment"]
    assert (shown["fileName"], shown["mediaType"], shown["size"]) == (
        "férias.png",
        "image/png",
        len(PNG),
    )
    found = await desk.ask(
        "query($id: ID!) { node(id: $id) { ... on Attachment { fileName } } }", ana, id=shown["id"]
    )
    assert found == {"fileName": "férias.png"}
    assert await desk.world.see(ticket) == ticket


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("foto.png", b"MZ\x90\x00" + bytes(200), "TYPE_NOT_ALLOWED"),
        ("foto.svg", b"<svg xmlns='x'><script>alert(1)</script></svg>", "TYPE_NOT_ALLOWED"),
        ("foto.png", b"", "INVALID"),
        ("foto.png", PNG + bytes(10 * MEBIBYTE), "TOO_LARGE"),
        ("foto.png", PNG + bytes(30 * MEBIBYTE), "TOO_LARGE"),
        ("a.docx", office("word/document.xml", **{"word/vbaProject.bin": b""}), "TYPE_NOT_ALLOWED"),
    ],
    ids=["program", "svg", "empty", "a byte more", "30 MiB", "macros"],
)
async def test_what_may_not_be_sent_is_refused(
    desk: Desk, ana: Person, ticket: Ticket, name: str, data: bytes, code: str
) -> None:
    assert await refused(desk, ana, ticket, name, data) == (code, ["file"])


async def test_a_ticket_that_one_does_not_handle_takes_no_file(desk: Desk, ana: Person) -> None:
    world = desk.world
    rh: Level = await world.level("RH")
    boss = await world.person("Chefe", role=Role.ADMIN)
    viewer = await world.person("Vera", level=world.triage, role=Role.VIEWER)
    hidden, removed, closed = [await world.ticket(each) for each in (rh, None, None)]
    await world.do(handling.remove, removed.id, "Engano", by=boss)
    await world.do(handling.finish, closed.id, CloseReason.SPAM, "Spam")

    nothing = await desk.answer(
        UPLOAD, ana, i={"ticketId": unknown("Ticket"), "file": Upload(*FILE)}
    )
    for each in (hidden, removed):
        told = await desk.answer(UPLOAD, ana, i={"ticketId": gid(each), "file": Upload(*FILE)})
        assert told == nothing
    error = await desk.error(UPLOAD, viewer, i={"ticketId": gid(closed), "file": Upload(*FILE)})

    assert nothing["data"]["uploadAttachment"]["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await refused(desk, ana, closed, *FILE))[0] == "WRONG_STATE"
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_retry_keeps_one_file(desk: Desk, ana: Person, ticket: Ticket) -> None:
    once = await uploaded(desk, ana, ticket, *FILE, idempotencyKey="a")
    again = await uploaded(desk, ana, ticket, *FILE, idempotencyKey="a")
    other = await uploaded(desk, ana, ticket, "foto.png", PNG + b"x", idempotencyKey="a")

    assert again == once
    assert [each["code"] for each in other["userErrors"]] == ["INVALID"]


async def test_a_colleague_sees_no_draft(desk: Desk, ana: Person, ticket: Ticket) -> None:
    bia = await desk.world.person("Bia", level=desk.world.triage)
    shown = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    node = "query($id: ID!) { node(id: $id) { id } }"

    assert await desk.ask(node, bia, id=shown["id"]) is None
    assert await desk.ask(node, ana, id=shown["id"]) == {"id": shown["id"]}


# ── how it is sent ─────────────────────────────────────────────────────────────────────────────


def body(operations: object, told: object, *files: Part) -> list[Part]:
    return [
        ("operations", (None, json.dumps(operations))),
        ("map", (None, json.dumps(told))),
        *files,
    ]


async def post(
    desk: Desk, by: Person | None, parts: list[Part] | None, headers: Mapping[str, str] = PREFLIGHT
) -> httpx.Response:
    signed = {"authorization": f"Bearer {await desk.token(by)}"} if by else {}
    return await desk.client.post("/graphql", files=parts, headers={**headers, **signed})


def about(ticket: Ticket) -> Json:
    return {"query": UPLOAD, "variables": {"i": {"ticketId": gid(ticket), "file": None}}}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"0": [PATH]}, []),
        ({"0": [PATH]}, ["1"]),
        ({"0": [PATH]}, ["0", "0"]),
        ({"0": [PATH]}, ["0", "1"]),
        ({"0": [PATH], "1": [PATH]}, ["0", "1"]),
        ({"0": [PATH, PATH]}, ["0"]),
        ({"0": ["variables.list.0"], "1": ["variables.list.00"]}, ["0", "1"]),
        ({"0": ["variables.i.nothing"]}, ["0"]),
        ({"0": ["variables.i.ticketId"]}, ["0"]),
        ({"0": ["variables.i"]}, ["0"]),
        ({"0": ["variables"]}, ["0"]),
        ({"0": ["query"]}, ["0"]),
        ({"0": [""]}, ["0"]),
        ({"0": ["variables.__proto__.file"]}, ["0"]),
        ({"0": ["__proto__"]}, ["0"]),
        ({"0": ["variables.list.11"]}, ["0"]),
        ({"0": ["variables.list.-1"]}, ["0"]),
        ({"0": ["variables.list.٠"]}, ["0"]),
        ({"0": ["variables.list.99999999999999999999"]}, ["0"]),
        ({"0": ["variables.list.0.0"]}, ["0"]),
        ({"0": ["." * 10_000]}, ["0"]),
        ({"0": PATH}, ["0"]),
        ({"0": []}, ["0"]),
        ({"0": [1]}, ["0"]),
        ({"0": None}, ["0"]),
        ({}, ["0"]),
        ([], ["0"]),
        (None, ["0"]),
        (1, ["0"]),
        ({str(n): [f"variables.list.{n}"] for n in range(11)}, [str(n) for n in range(11)]),
    ],
)
async def test_a_map_that_is_not_right_is_refused_whole(
    desk: Desk, ana: Person, ticket: Ticket, told: object, names: list[str]
) -> None:
    operations = about(ticket)
    operations["variables"]["list"] = [None] * 11

    answer = await post(desk, ana, body(operations, told, *((name, FILE) for name in names)))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("operations", [None, 1, "x", [], {}, {"query": 1}, [NULL]])
async def test_operations_that_are_none_are_refused(
    desk: Desk, ana: Person, operations: object
) -> None:
    answer = await post(desk, ana, body(operations, {"0": [PATH]}, ("0", FILE)))

    assert 400 <= answer.status_code < 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_parts_come_in_their_order_and_end(desk: Desk, ana: Person, ticket: Ticket) -> None:
    operations, told, file = body(about(ticket), {"0": [PATH]}, ("0", FILE))
    whole = body(about(ticket), {"0": [PATH]}, ("0", FILE))
    token = await desk.token(ana)
    multipart = httpx.Request("POST", "http://desk/graphql", files=whole)
    cut = multipart.read()[:-30]
    headers = {
        **PREFLIGHT,
        "authorization": f"Bearer {token}",
        "content-type": multipart.headers["content-type"],
    }

    refused = [
        await post(desk, ana, [told, operations, file]),
        await post(desk, ana, [file, operations, told]),
        await post(desk, ana, [operations, file, told]),
        await post(desk, ana, [operations]),
        await post(desk, ana, [operations, told]),
        await post(desk, ana, [("operations", (None, "{")), told, file]),
        await post(desk, ana, [operations, ("map", (None, "{")), file]),
        await desk.client.post("/graphql", content=cut, headers=headers),
        await desk.client.post("/graphql", content=b"", headers=headers),
        await desk.client.post("/graphql", content=b"x" * 9_999, headers=headers),
        await desk.client.post(
            "/graphql", content=cut, headers={**headers, "content-type": "multipart/form-data"}
        ),
    ]

    assert [each.status_code for each in refused] == [400] * len(refused)
    assert all("data" not in each.json() for each in refused)


async def test_files_come_as_they_are_and_not_compressed(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    whole = body(about(ticket), {"0": [PATH]}, ("0", FILE))

    refused = await post(desk, ana, whole, {**PREFLIGHT, "content-encoding": "gzip"})
    plain = await post(desk, ana, whole, {**PREFLIGHT, "content-encoding": "identity"})

    assert refused.status_code == 415
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert plain.json()["data"]["uploadAttachment"]["userErrors"] == []


async def test_a_map_that_names_no_file_is_told_how_to_ask_without_one(
    desk: Desk, ana: Person
) -> None:
    answer = await post(desk, ana, body({"query": "{ me { serverTime } }"}, {}))

    assert answer.status_code == 400
    assert "application/json" in answer.json()["errors"][0]["message"]


async def test_operations_and_map_are_as_small_as_any_request(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    big = " " * (MEBIBYTE + 1)
    operations, told, file = body(about(ticket), {"0": [PATH]}, ("0", FILE))

    answers = [
        await post(desk, ana, [("operations", (None, big)), told, file]),
        await post(desk, ana, [operations, ("map", (None, big)), file]),
        await post(desk, ana, [operations, told, ("0", ("x" * 9_000, PNG))]),
    ]

    assert [each.status_code for each in answers] == [413, 413, 400]


async def test_no_form_of_another_page_and_no_stranger_can_send_files(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    whole = body(about(ticket), {"0": [PATH]}, ("0", FILE))

    simple = await post(desk, ana, whole, {})
    empty = await post(desk, ana, whole, {"x-requested-with": ""})
    stranger = await post(desk, None, whole)
    others = [
        await post(desk, ana, whole, {name: "1"})
        for name in ("apollo-require-preflight", "x-requested-with")
    ]

    assert (simple.status_code, empty.status_code) == (400, 400)
    assert "GraphQL-Require-Preflight" in simple.json()["errors"][0]["message"]
    assert stranger.status_code == 401
    assert [each.json()["data"]["uploadAttachment"]["userErrors"] for each in others] == [[], []]


async def test_nothing_is_read_of_the_files_of_who_may_send_none(
    desk: Desk, ticket: Ticket
) -> None:
    world = desk.world
    roles = (Role.VIEWER, Role.APPROVER)
    people = [await world.person(each.value, level=world.triage, role=each) for each in roles]
    tokens = [await desk.token(each) for each in people]
    tokens += [await desk.key("read"), await desk.key("ingest")]
    # Whoever reads on finds that it is no upload.
    unread = {**PREFLIGHT, "content-type": "multipart/form-data"}

    answers = [
        await desk.client.post(
            "/graphql", content=b"x", headers={**unread, "authorization": f"Bearer {each}"}
        )
        for each in tokens
    ]

    assert {each.status_code for each in answers} == {403}
    assert {each.json()["errors"][0]["extensions"]["code"] for each in answers} == {"FORBIDDEN"}


async def test_a_file_is_no_text(desk: Desk, ana: Person, ticket: Ticket) -> None:
    as_json = await desk.error(UPLOAD, ana, i={"ticketId": gid(ticket), "file": "foto.png"})
    written = (
        f'mutation {{ uploadAttachment(input: {{ticketId: "{gid(ticket)}", file: "x"}})'
        " { attachment { id } } }"
    )

    assert as_json["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await desk.answer(written, ana))["errors"]


async def test_one_request_may_bring_several_files(desk: Desk, ana: Person, ticket: Ticket) -> None:
    document = (
        "mutation($a: UploadAttachmentInput!, $b: UploadAttachmentInput!) {"
        " a: uploadAttachment(input: $a) { attachment { fileName } }"
        " b: uploadAttachment(input: $b) { attachment { fileName } } }"
    )
    one = {"ticketId": gid(ticket), "file": Upload("um.png", PNG)}
    two = {"ticketId": gid(ticket), "file": Upload("dois.txt", "olá".encode())}

    told = await desk.ask(document, ana, a=one, b=two)

    names = {each: told[each]["attachment"]["fileName"] for each in "ab"}
    assert names == {"a": "um.png", "b": "dois.txt"}


# ── how many at a time ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("of_each", "code", "status"),
    [(1_000, "RATE_LIMITED", 429), (2_000, "UNAVAILABLE", 503)],
)
async def test_so_many_files_arrive_at_a_time_and_no_more(
    desk: Desk, ana: Person, ticket: Ticket, of_each: int, code: str, status: int
) -> None:
    bia = await desk.world.person("Bia", level=desk.world.triage)
    of_all = 10_000 if code == "RATE_LIMITED" else 1_000
    holding = Holding(of_all, of_each)
    desk.graphql.desk = replace(desk.both.plain(), receive=receiving(holding))
    whole = body(about(ticket), {"0": [PATH]}, ("0", FILE))
    made = httpx.Request("POST", "http://desk/graphql", files=whole)
    sent, go_on = made.read(), asyncio.Event()
    assert len(sent) < 1_000 < 2 * len(sent)

    async def slowly() -> AsyncIterator[bytes]:
        yield sent[:100]
        await go_on.wait()
        yield sent[100:]

    headers = {**PREFLIGHT, **made.headers, "authorization": f"Bearer {await desk.token(ana)}"}
    first = asyncio.create_task(desk.client.post("/graphql", content=slowly(), headers=headers))
    await until(lambda: holding.of_all > 0)
    too_many = await post(desk, ana, whole)
    other = await post(desk, bia, whole)
    go_on.set()

    assert (await first).json()["data"]["uploadAttachment"]["userErrors"] == []
    assert (too_many.status_code, too_many.headers["retry-after"]) == (status, "5")
    assert "connection" not in too_many.headers
    [error] = too_many.json()["errors"]
    assert error["extensions"] == {"code": code, "retryable": True}
    assert "arquivos" in error["message"]
    assert other.status_code == (200 if code == "RATE_LIMITED" else 503)
    assert (await post(desk, ana, whole)).status_code == 200
    assert holding.of_all == 0


A_MINUTE = timedelta(minutes=1)


async def download(
    desk: Desk, url: str, by: Person | str | None = None, method: str = "GET"
) -> httpx.Response:
    token = by if isinstance(by, str) or by is None else await desk.token(by)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await desk.client.request(method, url, headers=headers)


async def test_a_link_brings_the_bytes_to_be_saved(desk: Desk, ana: Person, ticket: Ticket) -> None:
    shown = (await uploaded(desk, ana, ticket, "férias.png", PNG))["attachment"]

    answer = await download(desk, shown["url"])
    head = await download(desk, shown["url"], method="HEAD")
    signed_in = await download(desk, f"/files/{shown['id']}", ana)

    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"f_rias.png\"; filename*=UTF-8''f%C3%A9rias.png"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "private, no-store"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == answer.headers
    assert signed_in.content == PNG


async def test_a_link_that_is_not_ones_own_right_or_young_opens_nothing(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    world = desk.world
    bia = await world.person("Bia", level=world.triage)
    shown = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    other = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    url, bare = shown["url"], shown["url"].partition("?")[0]
    query = dict(httpx.URL(url).params)

    wrong = [
        await download(desk, bare),
        await download(desk, bare, bia),
        await download(desk, url, bia),
        await download(desk, url, "nonsense"),
        await download(desk, url.replace(shown["id"], other["id"])),
        await download(desk, url.replace(shown["id"], unknown("Attachment"))),
        await download(desk, url.replace(shown["id"], gid(ticket))),
        await download(desk, "/files/é"),
        *[
            await desk.client.get(bare, params={**query, name: value})
            for name, value in (("e", "9999999999"), ("u", "0" * 32), ("s", "x"), ("e", "é"))
        ],
    ]
    world.later(11 * A_MINUTE)
    wrong.append(await download(desk, url))

    assert {(each.status_code, each.content) for each in wrong} == {(404, b"Not found.")}
    assert len({str(sorted(each.headers.items())) for each in wrong}) == 1


async def test_a_right_that_was_taken_away_takes_the_link_along(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    world = desk.world
    boss = await world.person("Chefe", role=Role.ADMIN)
    shown = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    rh = await world.level("RH")

    before = await download(desk, shown["url"])
    await world.do(handling.escalate, ticket.id, rh.id, "Para o RH", by=boss)
    moved = await download(desk, shown["url"])
    await world.join(ana, rh)
    again = await download(desk, shown["url"])
    await desk.ask("mutation { signOut { userErrors { code } } }", ana)
    signed_out = await download(desk, shown["url"])

    assert [each.status_code for each in (before, moved, again, signed_out)] == [200, 404, 200, 404]


async def test_a_program_downloads_with_its_key_and_a_display_nothing(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    shown = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    keys = [await desk.key("read"), await desk.key("ingest")]
    keys.append(await desk.key("display", levels=[desk.world.triage]))

    answers = [await download(desk, f"/files/{shown['id']}", each) for each in keys]

    # It is a draft: not even the key that reads everything sees it.
    assert [each.status_code for each in answers] == [404, 404, 404]


async def test_bytes_that_are_gone_are_a_file_that_is_not_there(
    desk: Desk, ana: Person, ticket: Ticket
) -> None:
    shown = (await uploaded(desk, ana, ticket, *FILE))["attachment"]
    async with desk.world.storage.reading(await desk.world.actor(ana)) as work:
        row = await work.attachments.get(ids.read(shown["id"]).uuid)

    await desk.world.storage.files.drop(row.storage_key)

    assert (await download(desk, shown["url"])).status_code == 404
