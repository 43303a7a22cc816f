"""Partners' endpoints, set up and watched by administrators; and what a partner never hears."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from domain.model.webhook import WebhookEndpoint
from domain.operations import handling, signing
from domain.page import Window
from domain.words import Role, WebhookEventKind
from domain.work import Work
from storage.access import columns
from tests.api.desk import Desk, Json, gid, unknown
from tests.api.test_canary import CANARY, UNCOVERED, Walled, silent
from tests.partner import Partner, endpoint, key_of, on_this_machine, partner, telling
from tests.world import Person

SAVE = """
mutation($i: SaveWebhookEndpointInput!) {
  saveWebhookEndpoint(input: $i) {
    endpoint {
      id name url kinds enabled version waiting dead failures apiKey { id } changedBy { id }
    }
    secret
    userErrors { code message field ... on WebhookEndpointConflict { current { version } } }
  }
}
"""
ENDPOINTS = "{ webhookEndpoints { id name kinds enabled waiting dead failures } }"
DELIVERIES = """
query($f: WebhookDeliveryFilter, $n: Int, $a: String) {
  webhookDeliveries(filter: $f, first: $n, after: $a) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id kind state attempts statusCode failure idempotencyKey
            endpoint { name } ticket { protocol } }
  }
}
"""
REPLAY = """
mutation($i: ReplayWebhookDeliveriesInput!) {
  replayWebhookDeliveries(input: $i) {
    replayed endpoint { dead waiting } userErrors { code message field }
  }
}
"""
ABOUT_ONE = (
    "mutation($i: WebhookEndpointInput!) {{ {0}(input: $i) {{ {1} userErrors {{ code }} }} }}"
)


@pytest.fixture
async def boss(desk: Desk) -> Person:
    return await desk.world.person("Chefe", level=desk.world.triage, role=Role.ADMIN)


async def form(desk: Desk, **more: object) -> Json:
    key = await key_of(desk.world)
    return {
        "name": "ERP",
        "url": "https://parceiro.example/avisos?de=guiche",
        "apiKeyId": gid(key),
        **more,
    }


async def test_an_endpoint_is_made_with_a_secret_that_is_told_once(
    desk: Desk, boss: Person
) -> None:
    asked = await form(desk)

    made = await desk.ask(SAVE, boss, i=asked)
    again = await desk.ask(SAVE, boss, i={**asked, "id": made["endpoint"]["id"], "enabled": False})
    listed = await desk.ask(ENDPOINTS, boss)

    assert made["userErrors"] == []
    assert made["secret"].startswith("whsec_")
    assert made["endpoint"]["url"] == asked["url"]
    assert made["endpoint"]["changedBy"] == {"id": gid(boss.user)}
    assert made["endpoint"]["kinds"] == [each for each in WebhookEventKind if each != "TEST"]
    assert (again["secret"], again["endpoint"]["version"]) == (None, 2)
    assert [(each["name"], each["enabled"]) for each in listed] == [("ERP", False)]


@pytest.mark.parametrize(
    "url",
    [
        "http://parceiro.example/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://10.0.0.7/",
        "https://100.64.0.1/",
        "https://servico.internal/",
        "https://ana:segredo@parceiro.example/",
        "https://parceiro.example/#parte",
        "ftp://parceiro.example/",
        "https://parceiro.example:99999/",
        "https://parceiro.exa mple/",
        "https://",
        "",
    ],
)
async def test_an_address_that_is_not_on_the_public_internet_is_refused(
    desk: Desk, boss: Person, url: str
) -> None:
    asked = await form(desk, url=url)

    refused = await desk.ask(SAVE, boss, i=asked)
    listed = await desk.ask(ENDPOINTS, boss)

    assert refused["endpoint"] is None
    [error] = refused["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["url"])
    assert "segredo" not in error["message"] or "@" in url
    assert listed == []


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"name": " "}, "INVALID", ["name"]),
        ({"kinds": []}, "INVALID", ["kinds"]),
        ({"kinds": ["TEST"]}, "INVALID", ["kinds"]),
        ({"apiKeyId": None}, "INVALID", ["apiKeyId"]),
        ({"apiKeyId": unknown("ApiKey")}, "NOT_FOUND", ["apiKeyId"]),
        ({"id": unknown("WebhookEndpoint")}, "NOT_FOUND", None),
        ({"url": "https://parceiro.example/" + "a" * 3000}, "TOO_LONG", ["url"]),
    ],
)
async def test_what_cannot_be_is_refused_with_where_and_why(
    desk: Desk, boss: Person, wrong: Json, code: str, field: list[str] | None
) -> None:
    refused = await desk.ask(SAVE, boss, i=await form(desk, **wrong))

    [error] = refused["userErrors"]
    assert (error["code"], error["field"]) == (code, field)
    assert await desk.ask(ENDPOINTS, boss) == []


async def test_only_a_good_key_of_a_partner_has_endpoints_and_one_name_is_one_endpoint(
    desk: Desk, boss: Person
) -> None:
    reader = await key_of(desk.world, "leitor", "read")
    ended = await key_of(desk.world, "encerrada")
    await desk.world.do(signing.revoke_key, ended.id)
    made = await desk.ask(SAVE, boss, i=await form(desk))

    told = [
        (await desk.ask(SAVE, boss, i={"name": "x", "url": "https://p.example/", **more}))[
            "userErrors"
        ][0]["code"]
        for more in (
            {"apiKeyId": gid(reader)},
            {"apiKeyId": gid(ended)},
            {"apiKeyId": made["endpoint"]["apiKey"]["id"], "name": "ERP"},
            {"apiKeyId": gid(reader), "id": made["endpoint"]["id"]},
        )
    ]

    assert told == ["WRONG_STATE", "WRONG_STATE", "DUPLICATE", "INVALID"]


async def test_two_who_change_an_endpoint_do_not_overwrite_each_other(
    desk: Desk, boss: Person
) -> None:
    asked = await form(desk)
    made = (await desk.ask(SAVE, boss, i=asked))["endpoint"]
    change = {**asked, "id": made["id"], "expectedVersion": 1}
    await desk.ask(SAVE, boss, i=change)

    late = await desk.ask(SAVE, boss, i=change)

    [error] = late["userErrors"]
    assert (error["code"], error["current"]) == ("VERSION_CONFLICT", {"version": 2})


@pytest.fixture
async def there(desk: Desk) -> AsyncIterator[Partner]:
    on_this_machine(desk.world)
    async with partner() as opened:
        yield opened


async def test_dead_letters_are_listed_by_page_and_replayed_one_or_all(
    desk: Desk, boss: Person, there: Partner
) -> None:
    world = desk.world
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    opened = [await world.ticket() for _ in range(5)]
    of = gid(saved.endpoint)

    async def die(work: Work) -> None:
        page = await work.webhook_deliveries.page(Window(100))
        for each in page.nodes:
            (await work.webhook_deliveries.take(each.id)).die(
                world.now, "webhook_declined", None, 410
            )

    there.always = 500
    async with telling(world) as turns:
        await turns()
        await world.do(die)
        there.always = 204
        dead = {"endpointId": of, "states": ["DEAD"]}
        first = await desk.ask(DELIVERIES, boss, f=dead, n=3)
        rest = await desk.ask(DELIVERIES, boss, f=dead, n=3, a=first["pageInfo"]["endCursor"])
        one = await desk.ask(DELIVERIES, boss, f={**dead, "protocol": opened[0].protocol})
        none = await desk.ask(DELIVERIES, boss, f={"endpointId": unknown("WebhookEndpoint")})
        other = await desk.ask(DELIVERIES, boss, f={"endpointId": unknown("Ticket")})
        again = {"endpointId": of, "deliveryId": one["nodes"][0]["id"]}
        single = await desk.ask(REPLAY, boss, i=again)
        twice = await desk.ask(REPLAY, boss, i=again)
        every = await desk.ask(REPLAY, boss, i={"endpointId": of})
        await turns(2)
    done = await desk.ask(DELIVERIES, boss, f={"states": ["DELIVERED"]})

    assert (first["totalCount"], len(first["nodes"]), len(rest["nodes"])) == (5, 3, 2)
    assert {each["failure"] for each in first["nodes"]} == {
        "The endpoint did not answer with a 2xx status."
    }
    assert [each["ticket"]["protocol"] for each in one["nodes"]] == [opened[0].protocol]
    assert (none["totalCount"], other["totalCount"]) == (0, 0)
    assert (single["replayed"], every["replayed"]) == (1, 4)
    assert [each["code"] for each in twice["userErrors"]] == ["WRONG_STATE"]
    assert done["totalCount"] == 5
    assert {each["idempotencyKey"] for each in done["nodes"]} == {each.key for each in there.taken}


async def test_a_test_event_arrives_and_a_rotated_secret_signs_beside_the_old_one(
    desk: Desk, boss: Person, there: Partner
) -> None:
    saved = await endpoint(desk.world, there.url)
    asked = {"endpointId": gid(saved.endpoint)}
    test = ABOUT_ONE.format("testWebhookEndpoint", "delivery { kind state }")
    rotate = ABOUT_ONE.format("rotateWebhookSecret", "secret endpoint { previousUntil }")

    told = await desk.ask(test, boss, i=asked)
    rotated = await desk.ask(rotate, boss, i=asked)
    async with telling(desk.world) as turns:
        await turns()

    assert told["delivery"] == {"kind": "TEST", "state": "QUEUED"}
    [letter] = there.taken
    assert letter.kind == "TEST"
    assert letter.signature.count("v1=") == 2
    assert rotated["endpoint"]["previousUntil"] is not None
    assert rotated["secret"] != saved.secret


async def test_what_is_deleted_is_gone_with_all_that_waited(
    desk: Desk, boss: Person, there: Partner
) -> None:
    saved = await endpoint(desk.world, there.url)
    await desk.world.ticket()
    delete = (
        "mutation($i: DeleteInput!) { deleteWebhookEndpoint(input: $i) {"
        " deletedId userErrors { code } } }"
    )
    asked = {"id": gid(saved.endpoint)}

    gone = await desk.ask(delete, boss, i=asked)
    again = await desk.ask(delete, boss, i=asked)
    async with telling(desk.world) as turns:
        await turns()

    assert gone == {"deletedId": asked["id"], "userErrors": []}
    assert [each["code"] for each in again["userErrors"]] == ["NOT_FOUND"]
    assert (await desk.ask(DELIVERIES, boss))["totalCount"] == 0
    assert there.letters == []


# ── the wall ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("walled_off", [True, False])
async def test_no_partner_hears_of_what_is_behind_their_wall_nor_of_anybody(
    desk: Desk, there: Partner, walled_off: bool
) -> None:
    walled = await Walled.built(desk.world)
    world = on_this_machine(desk.world)
    await world.do(handling.note, walled.own.id, f"{CANARY} entre nós", by=walled.ana)
    levels = [walled.mine.id] if walled_off else None
    key = (await world.do(signing.make_key, "parceiro", ["protocol"], levels)).api_key
    saved = await endpoint(world, there.url, key=key)

    async def from_the_beginning(work: Work) -> None:
        here = columns(WebhookEndpoint).id == saved.endpoint.id
        first = "0" if world.storage.database.is_sqlite else "1:1:"
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        everything = update(WebhookEndpoint).where(here).values(position=first, since=long_ago)
        await work.session.execute(everything)  # type: ignore[attr-defined]

    await world.do(from_the_beginning)
    async with telling(world) as turns:
        await turns(12)

    said = "\n".join(each.body.decode() for each in there.taken)
    protocols = {each.told["protocol"] for each in there.taken}
    hidden = {each.protocol for each in walled.tickets}
    assert walled.own.protocol in protocols
    assert silent(said) is walled_off
    assert (hidden & protocols == set()) is walled_off
    inside = ("entre nós", "de Tal", "por quê", "original", "à espera", "motivo")
    assert not [each for each in (*inside, *UNCOVERED, "Ana", "Rita", "Mora") if each in said]
