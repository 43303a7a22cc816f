"""/protocolo, as whoever waits for an answer sees it: without a script, in two languages."""

import logging
import re
from datetime import timedelta

import pytest

from domain.model.ticket import Ticket
from domain.operations import correcting, handling
from domain.operations.correcting import PublisherForm
from domain.operations.handling import TicketChange
from domain.words import CloseReason, Role, TicketStatus
from server.settings import Settings
from tests.flows.served import House, served
from tests.flows.visitor import Visitor, visitor
from tests.world import Person

CPF, LAST, EMAIL = "52998224725", "4725", "maria@example.com"


@pytest.fixture
async def ana(house: House) -> Person:
    return await house.world.person("Ana Souza", level=house.world.triage)


@pytest.fixture
async def ticket(house: House) -> Ticket:
    """Of Maria, who gave her CPF and her e-mail."""
    world = house.world
    account = await world.account()
    await world.watch(account, world.triage)
    ticket = await world.heard(account, text="Cadê <b>meu</b> pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, email=EMAIL)
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


@pytest.mark.parametrize("proof", [LAST, EMAIL])
async def test_whoever_shows_the_proof_sees_how_far_it_has_come(
    house: House, ticket: Ticket, ana: Person, proof: str
) -> None:
    await house.world.do(handling.note, ticket.id, "Entre nós", by=ana)
    change = TicketChange(status=TicketStatus.PENDING, comment="Sigiloso")
    await house.world.do(handling.update, ticket.id, change, by=ana)

    async with visitor(house) as maria:
        await maria.show(ticket.protocol, proof)

    assert maria.page.status_code == 200
    assert "Etapa: Aguardando sua resposta" in " ".join(maria.shown.split())
    assert "Cadê <b>meu</b> pedido?" in maria.shown
    assert "<b>" not in maria.page.text
    assert house.world.workspace.name in maria.shown
    words = ("Entre nós", "Sigiloso", "Ana", "Triagem", "Maria", LAST, CPF, EMAIL, "maria")
    assert not [each for each in words if each in maria.page.text]


async def test_the_page_speaks_english_to_whoever_asks_for_it_or_chooses_it(
    house: House, ticket: Ticket
) -> None:
    async with visitor(house, "en-GB,en;q=0.8") as john, visitor(house) as maria:
        await john.show(ticket.protocol, LAST)
        await maria.show(ticket.protocol, LAST)
        before = maria.page.text
        await maria.open("/protocolo?lang=en")
        chosen = maria.page.text
        await maria.open()

    assert '<html lang="en">' in john.page.text
    assert "Stage: Received" in " ".join(john.shown.split())
    assert '<html lang="pt-BR">' in before
    assert '<html lang="en">' in chosen
    assert '<html lang="en">' in maria.page.text


async def test_all_that_is_wrong_is_told_alike(house: House, ticket: Ticket) -> None:
    pages = []
    async with visitor(house) as somebody:
        for protocol, proof in (
            (ticket.protocol, "0000"),
            (ticket.protocol, "rui@example.com"),
            ("12345678901234567", LAST),
            (ticket.protocol[:-1], LAST),
            ("", ""),
        ):
            await somebody.show(protocol, proof)
            pages.append((somebody.page.status_code, plain(somebody, protocol)))

    assert pages == [pages[0]] * 5
    assert pages[0][0] == 404
    assert "Não encontramos" in pages[0][1]


def plain(of: Visitor, typed: str) -> str:
    """The page without what was typed."""
    return of.page.text.replace(f'value="{typed}" inputmode', 'value="" inputmode')


async def test_what_is_typed_is_shown_again_as_text(house: House) -> None:
    async with visitor(house) as somebody:
        await somebody.show('"><script>alert(1)</script>', "<x>")

    assert "<script>alert" not in somebody.page.text
    assert "<x>" not in somebody.page.text


async def test_guesses_end_and_a_page_says_when_to_come_back(chosen: Settings) -> None:
    async with (
        served(chosen.model_copy(update={"protocol_tries": 3})) as house,
        visitor(house) as somebody,
    ):
        ticket = await house.world.ticket(house.world.triage, customer_email=EMAIL)
        codes = []
        for number in range(4):
            await somebody.show(ticket.protocol, f"{number:04}")
            codes.append(somebody.page.status_code)
        # Whoever is right by now is not heard either.
        await somebody.show(ticket.protocol, EMAIL)

    assert codes == [404, 404, 404, 429]
    assert somebody.page.status_code == 429
    assert int(somebody.page.headers["retry-after"]) > 0
    assert "Consultas demais" in somebody.shown


async def test_a_visit_goes_on_without_the_proof_and_ends_when_one_leaves(
    house: House, ticket: Ticket
) -> None:
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        again = (await maria.open()).page
        kept = maria.client.cookies["guiche_protocolo"]
        await maria.submit("/protocolo/sair")
        after = (await maria.open()).page

    assert ticket.protocol in again.text
    assert LAST not in kept
    assert ticket.protocol not in kept
    assert ticket.protocol not in after.text


async def test_a_visit_is_over_after_a_while_or_when_the_proof_is_none(
    house: House, ticket: Ticket
) -> None:
    assert house.app is not None
    async with visitor(house) as maria, visitor(house) as other:
        await maria.show(ticket.protocol, LAST)
        await other.show(ticket.protocol, LAST)
        boss = await house.world.person("Direção", role=Role.ADMIN)
        form = PublisherForm(id=ticket.publisher_id, cpf="11144477735")
        await house.world.do(correcting.update, form, by=boss)
        corrected = (await maria.open()).page
        await house.world.do(
            correcting.update, PublisherForm(id=ticket.publisher_id, cpf=CPF), by=boss
        )
        within = (await other.open()).page
        storage = house.app.state.storage
        clock, storage.clock = storage.clock, lambda: clock() + timedelta(minutes=31)
        later = (await other.open()).page
        storage.clock = clock

    assert ticket.protocol not in corrected.text
    assert ticket.protocol in within.text
    assert ticket.protocol not in later.text


async def test_forms_of_other_pages_are_not_taken(house: House, ticket: Ticket) -> None:
    async with visitor(house) as maria, visitor(house) as mallory:
        await mallory.open()
        of_mallory = mallory.hidden("/protocolo")
        told = {"protocol": ticket.protocol, "proof": LAST}
        codes = [(await maria.post("/protocolo", **told)).page.status_code]
        codes.append((await maria.post("/protocolo", **told, **of_mallory)).page.status_code)
        await maria.show(ticket.protocol, LAST)
        codes.append((await maria.post("/protocolo/sair", **of_mallory)).page.status_code)
        await maria.open()

    assert codes == [403, 403, 403]
    assert ticket.protocol in maria.page.text


async def test_a_proof_leaves_no_trace(
    house: House,
    ticket: Ticket,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, EMAIL)
        where = maria.page.url

    logged = caplog.text + "".join(capsys.readouterr())
    assert EMAIL not in logged
    assert str(where) == f"{house.url}/protocolo"


async def test_pages_are_kept_by_nobody_and_run_nothing_of_others(
    house: House, ticket: Ticket
) -> None:
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        cookie = (await maria.client.get("/protocolo")).headers["set-cookie"]
        script = await maria.client.get("/protocolo/protocol.js")
        style = await maria.client.get("/protocolo/protocol.css")
        nothing = await maria.client.get("/protocolo/protocol.html")

    headers = maria.page.headers
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert not re.findall(
        r"(?i) (?:style|on\w+)=|<style|<script(?! src=\"/protocolo/)", maria.page.text
    )
    assert not re.findall(r"https?://", maria.page.text)
    assert all(each in cookie for each in ("HttpOnly", "SameSite=strict", "Path=/protocolo"))
    assert [script.status_code, style.status_code, nothing.status_code] == [200, 200, 404]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"x=" + b"9" * 100_000, "application/x-www-form-urlencoded", 413),
        (b"protocol=%ff%fe&proof=%00", "application/x-www-form-urlencoded", 403),
        (b"&".join(b"a%d=1" % n for n in range(100)), "application/x-www-form-urlencoded", 403),
        (b"{}", "application/json", 403),
        (b"--x--", "multipart/form-data; boundary=x", 403),
        (b"", "", 403),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    house: House, content: bytes, kind: str, code: int
) -> None:
    async with visitor(house) as somebody:
        for path in ("/protocolo", "/protocolo/sair"):
            response = await somebody.client.post(
                path, content=content, headers={"content-type": kind}
            )
            assert response.status_code in (code, 403), path


@pytest.mark.parametrize("cookie", ["x", "", "A" * 5_000, "gAAA", "%00"])
async def test_a_cookie_that_is_none_begins_a_new_visit(house: House, cookie: str) -> None:
    async with visitor(house) as somebody:
        response = await somebody.client.get(
            "/protocolo", headers={"cookie": f"guiche_protocolo={cookie}"}
        )

    assert response.status_code == 200


# ── answering ────────────────────────────────────────────────────────────────────────────────


async def test_what_is_written_on_the_page_is_in_the_ticket_and_on_the_page(
    house: House, ticket: Ticket, ana: Person
) -> None:
    world = house.world
    change = TicketChange(status=TicketStatus.PENDING, comment="Falta o comprovante")
    await world.do(handling.update, ticket.id, change, by=ana)
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        asked = maria.shown
        await maria.submit("/protocolo/resposta", text="Segue <i>aqui</i>")
        told = maria.shown
        again = (await maria.open()).shown

    assert "Escreva aqui o que a empresa pediu." in asked
    assert maria.page.status_code == 200
    assert "Recebemos sua mensagem." in told
    assert "Recebemos sua mensagem." not in again
    assert "Segue <i>aqui</i>" in again
    assert "Em análise" in again
    assert (await world.see(ticket)).status is TicketStatus.OPEN


async def test_what_is_written_to_a_closed_case_has_a_protocol_of_its_own(
    house: House, ticket: Ticket, ana: Person
) -> None:
    await house.world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        await maria.submit("/protocolo/resposta", text="Ainda não chegou")
        told = " ".join(maria.shown.split())
        await maria.open()

    new = re.findall(r"Seu novo protocolo é (\d{17})", told)
    assert len(new) == 1
    assert new[0] != ticket.protocol
    assert f"Protocolo {new[0]}" in told
    assert "Ainda não chegou" in maria.shown


async def test_a_form_sent_twice_is_one_message(house: House, ticket: Ticket) -> None:
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        said = {**maria.hidden("/protocolo/resposta"), "text": "Uma vez só"}
        for _ in range(3):
            await maria.post("/protocolo/resposta", **said)

    assert maria.page.text.count("Uma vez só") == 1


async def test_nobody_writes_for_a_visitor_from_elsewhere(house: House, ticket: Ticket) -> None:
    async with visitor(house) as maria, visitor(house) as mallory:
        await maria.show(ticket.protocol, LAST)
        good = maria.hidden("/protocolo/resposta")
        codes = [
            (await maria.post("/protocolo/resposta", text="x", **told)).page.status_code
            for told in (
                {},
                {**good, "form": "0" * 64},
                {**good, "mark": "x"},
                {**good, "form": maria.hidden("/protocolo/sair")["form"]},
            )
        ]
        await mallory.open()
        codes.append((await mallory.post("/protocolo/resposta", text="x", **good)).page.status_code)

    assert codes == [403] * 5
    assert (await house.world.story(ticket)).count("OCCURRENCE_RECEIVED") == 1


async def test_what_cannot_be_taken_stays_written_and_says_why(
    house: House, ticket: Ticket
) -> None:
    async with visitor(house) as maria:
        await maria.show(ticket.protocol, LAST)
        await maria.submit("/protocolo/resposta", text="   ")
        empty = maria.page.status_code
        await maria.submit("/protocolo/resposta", text="ç" * 10_001)
        long = maria.page

    assert (empty, long.status_code) == (422, 422)
    assert "Não foi possível receber sua mensagem" in long.text
    assert "ç" * 10_000 in long.text


async def test_a_visitor_who_writes_without_end_is_told_to_wait(chosen: Settings) -> None:
    async with (
        served(chosen.model_copy(update={"protocol_answers": 2})) as house,
        visitor(house) as maria,
    ):
        ticket = await house.world.ticket(house.world.triage, customer_email=EMAIL)
        await maria.show(ticket.protocol, EMAIL)
        codes = []
        for number in range(3):
            await maria.submit("/protocolo/resposta", text=f"Mensagem {number}")
            codes.append(maria.page.status_code)
        story = await house.world.story(ticket)

    assert codes == [200, 200, 429]
    assert "Mensagem 2" in maria.shown
    assert story.count("OCCURRENCE_RECEIVED") == 2
