"""Publishers by the API: covered on every path, searched by what is known, put right and united."""

from contextlib import aclosing

import pytest

from domain.model.ticket import Ticket
from domain.operations import correcting, defining
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.post import Author
from domain.words import FieldKind, Network, Role
from tests.api.desk import Desk, Json, gid, heard, plain
from tests.statements import statements_of
from tests.world import Person, World

CPF, EMAIL, PHONE, CARD = "52998224725", "fulano@example.com", "+5511987654321", "OURO9"
SECRETS = (CPF, "529.982.247-25", EMAIL, "fulano@", PHONE, "987654321", "98765-4321", CARD)
PANEL = """
query Panel($id: ID!, $ticket: ID) {
  publisher(id: $id) {
    name avatarUrl cpf email phone tags version
    fields { key label kind value masked }
    profiles { network handle url externalId followers }
    ticketCount
    current: tickets(scope: ACTIVE) { totalCount nodes { id protocol status } }
    beside: tickets(scope: SAME_LEVEL, excluding: $ticket) { nodes { id } }
    elsewhere: tickets(scope: OTHER_LEVELS, excluding: $ticket) { nodes { id } }
    stubs { protocol levelName status }
    occurrences { nodes { id text occurredAt } }
    history { totalCount nodes { sequence kind actorName reason field from to actor { id } } }
  }
}
"""
UPDATE = """
mutation($i: UpdatePublisherInput!) { updatePublisher(input: $i) {
  publisher { id name cpf email phone version }
  userErrors { __typename code field ... on PublisherConflict { current { version cpf } } }
} }
"""
REVEAL = """
mutation($i: RevealFieldInput!) { revealField(input: $i) { value userErrors { code field } } }
"""
MERGE = """
mutation($i: MergePublishersInput!) { mergePublishers(input: $i) {
  publisher { id name } userErrors { code field }
} }
"""
SEARCH = "query($s: String) { publishers(search: $s) { totalCount nodes { id } } }"


async def known(world: World) -> Ticket:
    """Fulano wrote, and everything there is to know of him is known."""
    for key, masked in (("cartao", True), ("loja", False)):
        form = DefinitionForm(key=key, label=key, kind=FieldKind.TEXT, masked=masked)
        await world.do(defining.save_definition, form)
    account = await world.account()
    await world.watch(account, world.triage)
    author = Author(
        external_id="fulano",
        name="Fulano",
        handle="fulano",
        url="https://x.example/fulano",
        avatar_url="https://x.example/fulano.png",
        tags=("physician",),
    )
    ticket = await world.heard(account, author=author)
    fields = [FieldForm(key="cartao", value=CARD), FieldForm(key="loja", value="Centro")]
    form_ = PublisherForm(id=ticket.publisher_id, cpf=CPF, email=EMAIL, phone=PHONE, fields=fields)
    await world.do(correcting.update, form_)
    return ticket


def publisher_id(ticket: Ticket) -> str:
    return gid(ticket.publisher_id, "Publisher")


async def test_the_panel_is_one_question_and_everything_personal_is_covered(desk: Desk) -> None:
    world = desk.world
    ticket = await known(world)
    ana = await world.person("Ana", level=world.triage)
    beside = await world.ticket(publisher_id=ticket.publisher_id)
    rh = await world.level("RH")
    await world.ticket(rh, publisher_id=ticket.publisher_id)

    told = await desk.ask(PANEL, ana, id=publisher_id(ticket), ticket=gid(ticket))

    assert (told["cpf"], told["email"], told["phone"]) == (
        "***.982.247-**",
        "f***@example.com",
        "+55 11 *****-4321",
    )
    assert [(each["key"], each["value"], each["masked"]) for each in told["fields"]] == [
        ("cartao", "***", True),
        ("loja", "Centro", False),
    ]
    assert told["tags"] == ["physician"]
    assert told["profiles"][0]["url"] == "https://x.example/fulano"
    assert told["ticketCount"] == 3
    assert told["current"]["totalCount"] == 2
    assert [each["id"] for each in told["beside"]["nodes"]] == [gid(beside)]
    assert told["elsewhere"]["nodes"] == []
    assert len(told["occurrences"]["nodes"]) == 1
    assert told["history"]["totalCount"] == 5
    assert [each for each in SECRETS if each in plain(told)] == []


async def test_a_publisher_is_found_by_all_of_what_is_known_and_by_no_part_of_it(
    desk: Desk,
) -> None:
    world = desk.world
    ticket = await known(world)
    ana = await world.person("Ana", level=world.triage)
    whole = [CPF, "529.982.247-25", " FULANO@example.com", "(11) 98765-4321", PHONE]
    parts = [CPF[:10], "example.com", "98765-4321", CARD, "529.982.247-26"]

    found = [await desk.ask(SEARCH, ana, s=each) for each in whole]
    missed = [await desk.ask(SEARCH, ana, s=each) for each in parts]

    assert found == [{"totalCount": 1, "nodes": [{"id": publisher_id(ticket)}]}] * len(whole)
    assert missed == [{"totalCount": 0, "nodes": []}] * len(parts)


async def test_a_field_that_holds_a_cpf_is_found_by_it_too(desk: Desk) -> None:
    world = desk.world
    ticket = await known(world)
    form = DefinitionForm(key="conjuge", label="Cônjuge", kind=FieldKind.CPF)
    await world.do(defining.save_definition, form)
    values = [FieldForm(key="conjuge", value="111.444.777-35")]
    await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, fields=values))
    ana = await world.person("Ana", level=world.triage)

    assert (await desk.ask(SEARCH, ana, s="11144477735"))["totalCount"] == 1


async def test_only_who_handles_tickets_searches_so_and_only_among_whom_they_see(
    desk: Desk,
) -> None:
    world = desk.world
    await known(world)
    viewer = await world.person("Vera", level=world.triage, role=Role.VIEWER)
    outsider = await world.person("Rita", level=await world.level("RH"))
    key = await desk.key("read")

    for who in (viewer, outsider, key):
        for each in (CPF, EMAIL, PHONE):
            assert await desk.ask(SEARCH, who, s=each) == {"totalCount": 0, "nodes": []}


async def test_what_was_changed_meanwhile_is_shown_to_who_comes_late(desk: Desk) -> None:
    ticket = await known(desk.world)
    ana = await desk.world.person("Ana", level=desk.world.triage)
    late = {"publisherId": publisher_id(ticket), "expectedVersion": 1, "cpf": "111.444.777-35"}

    told = await desk.ask(UPDATE, ana, i=late)

    assert told == {
        "publisher": None,
        "userErrors": [
            {
                "__typename": "PublisherConflict",
                "code": "VERSION_CONFLICT",
                "field": ["expectedVersion"],
                "current": {"version": 2, "cpf": "***.982.247-**"},
            }
        ],
    }


async def supervisor(world: World) -> Person:
    return await world.person("Sônia", level=world.triage, role=Role.SUPERVISOR)


@pytest.mark.parametrize(
    ("key", "value"), [("cpf", CPF), ("email", EMAIL), ("phone", PHONE), ("cartao", CARD)]
)
async def test_what_is_revealed_is_told_once_even_to_a_retry(
    desk: Desk, key: str, value: str
) -> None:
    ticket = await known(desk.world)
    sonia = await supervisor(desk.world)
    asked = {"publisherId": publisher_id(ticket), "key": key, "reason": "r", "idempotencyKey": "k"}

    first = await desk.ask(REVEAL, sonia, i=asked)
    again = await desk.ask(REVEAL, sonia, i=asked)

    assert first == {"value": value, "userErrors": []}
    assert again == {"value": None, "userErrors": []}
    story = await desk.world.story(ticket)
    assert story.count("REVEALED") == 1


async def test_an_attendant_reveals_nothing_and_leaves_no_trace(desk: Desk) -> None:
    ticket = await known(desk.world)
    ana = await desk.world.person("Ana", level=desk.world.triage)
    asked = {"publisherId": publisher_id(ticket), "key": "cpf", "reason": "curiosidade"}

    assert (await desk.error(REVEAL, ana, i=asked))["extensions"]["code"] == "FORBIDDEN"
    assert "REVEALED" not in await desk.world.story(ticket)


async def test_why_somebody_looked_is_told_to_them_and_to_administrators(desk: Desk) -> None:
    world = desk.world
    ticket = await known(world)
    sonia, ana = await supervisor(world), await world.person("Ana", level=world.triage)
    boss = await world.person("Chefe", role=Role.ADMIN)
    asked = {"publisherId": publisher_id(ticket), "key": "cpf", "reason": "sobre o salário"}
    await desk.ask(REVEAL, sonia, i=asked)
    document = (
        "query($id: ID!) { publisher(id: $id) { history(last: 1) { nodes { kind reason } } } }"
    )

    told = {
        who.name: (await desk.ask(document, who, id=publisher_id(ticket)))["history"]["nodes"][0]
        for who in (sonia, ana, boss)
    }

    assert {each["kind"] for each in told.values()} == {"REVEALED"}
    assert {name: each["reason"] for name, each in told.items()} == {
        "Sônia": "sobre o salário",
        "Ana": None,
        "Chefe": "sobre o salário",
    }


async def test_the_id_of_who_was_merged_leads_to_who_stayed(desk: Desk) -> None:
    world = desk.world
    ticket = await known(world)
    other = await world.ticket(customer_name="Outro Fulano")
    ana = await world.person("Ana", level=world.triage)
    asked = {"sourceId": publisher_id(other), "targetId": publisher_id(ticket)}
    document = "query($id: ID!) { publisher(id: $id) { id name } node(id: $id) { id } }"

    await desk.ask(MERGE, ana, i=asked)
    told = await desk.ask(document, ana, id=publisher_id(other))

    assert told["publisher"] == {"id": publisher_id(ticket), "name": "Fulano"}
    assert told["node"] == {"id": publisher_id(ticket)}


async def test_a_live_list_hears_that_a_ticket_went_over(desk: Desk) -> None:
    world = desk.world
    ticket = await known(world)
    other = await world.ticket(customer_name="Outro Fulano")
    ana = await world.person("Ana", level=world.triage)
    document = (
        "subscription($f: TicketFilter) { queueChanges(filter: $f) { changes {"
        " kind ticket { id publisher { name } } entry { kind from to } } } }"
    )
    async with aclosing(
        desk.follow(document, ana, f={"publisherId": publisher_id(ticket)})
    ) as live:
        await heard(live)

        asked = {"sourceId": publisher_id(other), "targetId": publisher_id(ticket)}
        await desk.ask(MERGE, ana, i=asked)
        [change] = (await heard(live))["changes"]

    assert change == {
        "kind": "ENTERED",
        "ticket": {"id": gid(other), "publisher": {"name": "Fulano"}},
        "entry": {"kind": "PUBLISHER_CHANGED", "from": "Outro Fulano", "to": "Fulano"},
    }


async def test_an_address_is_covered_in_the_profile_as_well(desk: Desk) -> None:
    world = desk.world
    account = await world.account(network=Network.EMAIL)
    await world.watch(account, world.triage)
    author = Author(external_id=EMAIL, name="Fulano", handle=EMAIL, email=EMAIL)
    ticket = await world.heard(account, author=author)
    ana = await world.person("Ana", level=world.triage)

    told = await desk.ask(PANEL, ana, id=publisher_id(ticket))
    tickets = await desk.ask(
        "query($s: String) { tickets(filter: {search: $s}) { totalCount } }", ana, s=EMAIL
    )

    [profile] = told["profiles"]
    assert (profile["handle"], profile["externalId"]) == ("f***@example.com",) * 2
    assert tickets == {"totalCount": 0}


async def test_a_page_of_publishers_costs_as_much_with_ten_as_with_two(desk: Desk) -> None:
    world = desk.world
    await known(world)
    ana = await world.person("Ana", level=world.triage)
    document = (
        "query { publishers(first: 50) { nodes { cpf fields { value }"
        " history(first: 3) { nodes { kind } } } } }"
    )

    few = await counted(desk, document, ana)
    for number in range(10):
        ticket = await world.ticket(customer_name=f"N{number}")
        values = [FieldForm(key="loja", value="x")]
        await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, fields=values))
    many = await counted(desk, document, ana)

    assert few == many


async def counted(desk: Desk, document: str, by: Person) -> int:
    """How many statements the answer took."""
    await desk.met(by)
    with statements_of(desk.world.storage.database.reader) as statements:
        answer: Json = await desk.answer(document, by)
    assert "errors" not in answer
    return len(statements)
