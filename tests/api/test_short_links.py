"""Links made short, and followed."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from domain.addresses import Addresses
from domain.rules import links
from server.secrets import Keyring
from tests.api.desk import HERE, Desk, Json
from tests.world import Person, World

SHORTEN = (
    "mutation($i: ShortenLinksInput!) { shortenLinks(input: $i) {"
    " text links { id slug shortUrl targetUrl clicks } userErrors { code field message } } }"
)
NODE = "query($id: ID!) { node(id: $id) { ... on ShortLink { targetUrl clicks } } }"


@pytest.fixture
async def ana(desk: Desk) -> Person:
    return await desk.world.person("Ana", level=desk.world.triage)


async def shortened(desk: Desk, by: Person, text: str, **more: Any) -> Json:
    told: Json = await desk.ask(SHORTEN, by, i={"text": text, **more})
    return told


async def follow(desk: Desk, url: str, method: str = "GET") -> httpx.Response:
    return await desk.client.request(method, url)


async def test_each_link_of_a_text_is_made_short(desk: Desk, ana: Person) -> None:
    text = "Olá 🙂, veja (https://loja.example/pedido?id=42), ou http://loja.example/ção. Até! https://loja.example/pedido?id=42"

    told = await shortened(desk, ana, text)

    order, other = told["links"]
    assert told["text"] == (
        f"Olá 🙂, veja ({order['shortUrl']}), ou {other['shortUrl']}. Até! {order['shortUrl']}"
    )
    assert order["shortUrl"] == f"{HERE}/s/{order['slug']}"
    assert links.SLUG.fullmatch(order["slug"])
    assert order["targetUrl"] == "https://loja.example/pedido?id=42"
    assert other["targetUrl"] == "http://loja.example/%C3%A7%C3%A3o"


async def test_a_short_link_leads_there_and_is_counted(desk: Desk, ana: Person) -> None:
    [made] = (await shortened(desk, ana, "https://loja.example/a"))["links"]

    answers = [await follow(desk, made["shortUrl"], method) for method in ("GET", "HEAD")]
    answers += await asyncio.gather(*(follow(desk, made["shortUrl"]) for _ in range(5)))

    assert {each.status_code for each in answers} == {302}
    assert {each.headers["location"] for each in answers} == {"https://loja.example/a"}
    assert answers[0].headers["referrer-policy"] == "no-referrer"
    assert answers[0].headers["cache-control"] == "no-store"
    assert "noindex" in answers[0].headers["x-robots-tag"]
    assert (await desk.ask(NODE, ana, id=made["id"]))["clicks"] == 6


@pytest.mark.parametrize(
    "slug", ["22222222", "x", "a" * 40, "..", "%00", "%0d%0aset-cookie", "https:%2f%2fmau.example"]
)
async def test_what_was_never_made_leads_nowhere(desk: Desk, slug: str) -> None:
    answer = await follow(desk, f"{HERE}/s/{slug}?url=https://mau.example")

    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_what_is_short_stays_and_what_is_no_link_too(desk: Desk, ana: Person) -> None:
    [made] = (await shortened(desk, ana, "https://loja.example/a"))["links"]
    text = f"{made['shortUrl']} e javascript:alert(1) e data:text/html,x e www.loja.example 🙂\r\n"

    told = await shortened(desk, ana, text)

    assert (told["text"], told["links"]) == (text, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("veja http://127.0.0.1/admin", "INVALID"),
        ("http://0x7f000001/", "INVALID"),
        ("http://bom.example@mau.example/", "INVALID"),
        ("http://intranet/", "INVALID"),
        ("https://a.example/ http://[::ffff:10.0.0.1]/", "INVALID"),
        ("https://a.example/" + "x" * 10_000, "TOO_LONG"),
        (" ".join(f"https://a.example/{n}" for n in range(21)), "INVALID"),
        ("x" * 50_000, "TOO_LONG"),
        ("a\x00", "INVALID"),
    ],
)
async def test_a_link_that_may_not_be_made_refuses_the_text(
    desk: Desk, ana: Person, text: str, code: str
) -> None:
    told = await shortened(desk, ana, text)

    assert (told["text"], told["links"]) == (text, [])
    assert [(each["code"], each["field"]) for each in told["userErrors"]] == [(code, ["text"])]


async def test_only_who_handles_tickets_sees_where_links_lead(desk: Desk, ana: Person) -> None:
    world = desk.world
    [made] = (await shortened(desk, ana, "https://loja.example/segredo"))["links"]
    bia = await world.person("Bia", level=world.triage)
    other = await World.founded(world.storage)
    boss = await other.person("Chefe", level=other.triage)
    elsewhere = replace(desk, world=other)

    assert (await desk.ask(NODE, bia, id=made["id"]))["targetUrl"] == "https://loja.example/segredo"
    assert await desk.ask(NODE, await desk.key("read"), id=made["id"]) is None
    assert await elsewhere.ask(NODE, boss, id=made["id"]) is None
    assert (await desk.error(SHORTEN, await desk.key("read"), i={"text": "x"}))["extensions"][
        "code"
    ] == "FORBIDDEN"


async def test_a_retry_makes_no_other_links(desk: Desk, ana: Person) -> None:
    text = "https://loja.example/a e https://loja.example/b"

    told = [await shortened(desk, ana, text, idempotencyKey="uma") for _ in range(2)]

    assert told[0] == told[1]
    assert len(told[0]["links"]) == 2


async def test_without_an_address_nothing_is_made_short(
    desk: Desk, ana: Person, world: World, keyring: Keyring
) -> None:
    async with Desk.opened(world, keyring, Addresses()) as bare:
        told = await bare.ask(SHORTEN, ana, i={"text": "https://loja.example/a"})

    [error] = told["userErrors"]
    assert error["code"] == "INVALID"
    assert "PUBLIC_URL" in error["message"]
