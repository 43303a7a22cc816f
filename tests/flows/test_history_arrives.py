"""A history that was asked for arrives: by mail, on the network, and on the consumer's own page."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from pypdf import PdfReader

from channels import registry
from domain.model.ticket import Ticket
from domain.operations import correcting, handling
from domain.operations.correcting import PublisherForm
from domain.words import Role
from server.settings import Settings
from tests.channels.mails import mail
from tests.flows.served import House, served
from tests.flows.test_email import Town, a_room, town  # noqa: F401 - fixtures
from tests.flows.visitor import visitor
from tests.world import Person
from workers.delivery import Delivery, Patience

CPF, LAST = "52998224725", "4725"
ASK = "historyRequest { dueAt documentHash state }"
SEEN = (
    "query($id: ID!) { ticket(id: $id) { replies(first: 5) { nodes { state } }"
    " history(last: 1) { nodes { kind to } } sla { metric state } } }"
)


async def test_it_arrives_by_mail_as_the_document_whose_hash_is_kept(town: Town) -> None:  # noqa: F811
    await town.comes(mail(text="Veio sem cobertura."))
    [opened] = await town.tickets(1)
    await town.answers(opened["id"], "Mandamos outro.")
    await town.ana.do(
        "reply",
        "ReplyInput",
        "reply { id }",
        ticketId=opened["id"],
        text="canário entre nós",
        visibility="INTERNAL",
    )

    told = await town.ana.do(
        "requestHistory", "RequestHistoryInput", ASK, ticketId=opened["id"], means="EMAIL"
    )
    assert told["userErrors"] == []

    async def look() -> dict[str, object]:
        found: dict[str, object] = await town.ana.ask(SEEN, id=opened["id"])
        return found

    seen = await town.until(look, lambda it: it["history"]["nodes"][-1]["kind"] == "HISTORY_SENT")
    [part] = list(town.office.taken[-1][1].iter_attachments())
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert part.get_filename() == f"historico-{opened['protocol']}.pdf"
    assert part.get_content_type() == "application/pdf"
    assert sha256(data).hexdigest() == told["historyRequest"]["documentHash"]
    assert seen["history"]["nodes"][-1]["to"] == told["historyRequest"]["documentHash"]
    assert {"metric": "HISTORY", "state": "MET"} in seen["sla"]
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
    assert "Veio sem cobertura." in text
    assert "Mandamos outro." in text
    assert not [each for each in ("canário", "Ana", "lucia@example.com") if each in text]


# ── on the page ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def ana(house: House) -> Person:
    return await house.world.person("Ana Souza", level=house.world.triage)


@pytest.fixture
async def ticket(house: House) -> Ticket:
    """Of Maria, who gave her CPF."""
    world = house.world
    account = await world.account()
    await world.watch(account, world.triage)
    await world.arrange(world.triage, account_ids=[account.id])
    ticket = await world.heard(account, text="Cadê <b>meu</b> pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF)
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


async def test_the_consumer_reads_it_there_and_nothing_else(
    house: House, ticket: Ticket, ana: Person
) -> None:
    await house.world.do(handling.note, ticket.id, "canário entre nós", by=ana)

    async with visitor(house) as maria, visitor(house) as stranger:
        await maria.show(ticket.protocol, LAST)
        await maria.open("/protocolo/historico")
        await stranger.open("/protocolo/historico")

    assert maria.page.status_code == 200
    assert f"Histórico do protocolo {ticket.protocol}" in maria.shown
    assert "Cadê <b>meu</b> pedido?" in maria.shown
    assert maria.page.headers["cache-control"] == "no-store"
    assert "<b>" not in maria.page.text
    for hidden in ("canário", "Ana", "Triagem", "Maria", CPF, "***"):
        assert hidden not in maria.page.text
    assert "Cadê" not in stranger.page.text


async def test_the_consumer_has_it_sent_where_they_talked(house: House, ticket: Ticket) -> None:
    registry.SANDBOX.url = f"{house.url}/sandbox"
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        await maria.submit("/protocolo/historico", means="CHANNEL")
        answer = " ".join(maria.shown.split())
        await maria.submit("/protocolo/historico", means="EMAIL")
    delivery = Delivery(house.world.storage, Patience())
    await delivery.turn()
    await delivery.settled()

    assert "O histórico está a caminho" in answer
    entries = await house.world.history(ticket)
    wanted = [each for each in entries if each.kind.value == "HISTORY_REQUESTED"]
    assert [each.actor_name for each in wanted] == ["Maria"]
    assert entries[-1].kind.value == "HISTORY_SENT"


async def test_what_cannot_be_sent_or_was_not_asked_for_there_is_refused(
    house: House, ticket: Ticket
) -> None:
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        await maria.submit("/protocolo/historico", means="EMAIL")
        by_mail = (maria.page.status_code, " ".join(maria.shown.split()))
        await maria.submit("/protocolo/historico", means="PIGEON")
        odd = maria.page.status_code
        await maria.post("/protocolo/historico", form="forged", means="CHANNEL")
        forged = maria.page.status_code

    assert by_mail[0] == 422
    assert "Não conseguimos enviar o histórico por e-mail" in by_mail[1]
    assert (odd, forged) == (403, 403)
    assert "HISTORY_REQUESTED" not in await house.world.story(ticket)


async def test_it_is_asked_for_so_often_and_no_more(chosen: Settings) -> None:
    async with served(chosen.model_copy(update={"protocol_answers": 1})) as house:
        account = await house.world.account()
        await house.world.watch(account, house.world.triage)
        one = await house.world.heard(account)
        form = PublisherForm(id=one.publisher_id, cpf=CPF)
        boss = await house.world.person("Chefe", role=Role.ADMIN)
        await house.world.do(correcting.update, form, by=boss)
        async with visitor(house) as maria:
            await maria.show(one.protocol, LAST)
            await maria.submit("/protocolo/historico", means="EMAIL")
            await maria.submit("/protocolo/historico", means="EMAIL")

    assert maria.page.status_code == 429
    assert int(maria.page.headers["retry-after"]) <= timedelta(days=1).total_seconds()
