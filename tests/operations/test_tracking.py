"""Whoever asks by a protocol is told where the ticket stands, and nothing of who handles it."""

from datetime import timedelta

import pytest

from domain.model.account import Account
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import correcting, handling, hearing, replying, tracking
from domain.operations.correcting import PublisherForm
from domain.operations.handling import TicketChange
from domain.operations.replying import ReplyForm
from domain.post import Deleted, Edited
from domain.rules import access
from domain.rules.access import Actor, Scope
from domain.sending import Sent
from domain.tracking import ProtocolStatus
from domain.words import (
    CloseReason,
    Network,
    OccurrenceKind,
    Priority,
    PublicStage,
    Role,
    SlaMetric,
    TicketStatus,
    Visibility,
)
from domain.work import Work
from server.opening import NOBODY
from tests.carrying import ANYTHING, carry
from tests.outbox import ended
from tests.world import Person, World

CPF, LAST, EMAIL = "529.982.247-25", "4725", "maria@example.com"
RECEIVED, IN_ANALYSIS, WAITING, ANSWERED, OVER = PublicStage
A_MINUTE = timedelta(minutes=1)
PUBLIC, PRIVATE, INTERNAL = Visibility


@pytest.fixture
async def account(world: World) -> Account:
    carry(world, {Network.SANDBOX: ANYTHING})
    account = await world.account()
    await world.watch(account, world.triage)
    await world.arrange(world.triage, account_ids=[account.id])
    return account


@pytest.fixture
async def ana(world: World) -> Person:
    return await world.person("Ana", level=world.triage)


@pytest.fixture
async def ticket(world: World, account: Account) -> Ticket:
    """Of Maria, who gave her CPF and her e-mail."""
    ticket = await world.heard(account, text="Cadê meu pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, email=EMAIL)
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


def partner(world: World, *levels: Level) -> Actor:
    return access.api_key(
        key_id=world.workspace.id,
        workspace_id=world.workspace.id,
        name="Parceiro",
        scopes=frozenset({Scope.PROTOCOL}),
        levels=frozenset(each.id for each in levels),
    )


async def told(world: World, protocol: str, proof: str | None) -> ProtocolStatus | None:
    async with world.storage.reading(NOBODY) as work:
        return await tracking.of_anyone(work, protocol, proof)


async def shown(world: World, ticket: Ticket) -> ProtocolStatus:
    status = await told(world, ticket.protocol, LAST)
    assert status is not None
    return status


async def asked_by(world: World, who: Actor, protocol: str) -> ProtocolStatus | None:
    async with world.storage.reading(who) as work:
        return await tracking.of_partner(work, protocol)


async def says(world: World, ticket: Ticket, text: str, by: Person, **more: object) -> None:
    form = ReplyForm(ticket_id=ticket.id, text=text, **{"visibility": PUBLIC, **more})  # type: ignore[arg-type]
    await world.do(replying.reply, form, by=by)


async def change(world: World, ticket: Ticket, by: Person, status: TicketStatus) -> None:
    await world.do(handling.update, ticket.id, TicketChange(status=status, comment="x"), by=by)


@pytest.mark.parametrize("proof", [LAST, "47-25", EMAIL, " MARIA@example.com"])
async def test_whoever_shows_the_proof_is_told(world: World, ticket: Ticket, proof: str) -> None:
    status = await told(world, ticket.protocol, proof)

    assert status is not None
    assert (status.protocol, status.stage) == (ticket.protocol, RECEIVED)
    assert [each.text for each in status.messages] == ["Cadê meu pedido?"]


@pytest.mark.parametrize(
    "proof", [None, "", "4724", CPF, "529", "rui@example.com", "x" * 100_000, "\ud800", "0000"]
)
async def test_a_wrong_proof_is_told_nothing(
    world: World, ticket: Ticket, proof: str | None
) -> None:
    assert await told(world, ticket.protocol, proof) is None


@pytest.mark.parametrize("proof", ["0000", "", "25", EMAIL, None])
async def test_of_somebody_of_whom_nothing_is_known_nobody_has_a_proof(
    world: World, account: Account, proof: str | None
) -> None:
    ticket = await world.heard(account)

    assert await told(world, ticket.protocol, proof) is None


@pytest.mark.parametrize("spoilt", ["", "1", "abc", "\x00", "9" * 10_000, "wrong digit"])
async def test_what_is_no_protocol_is_no_ticket(world: World, ticket: Ticket, spoilt: str) -> None:
    other = str((int(ticket.protocol[-1]) + 1) % 10)
    number = ticket.protocol[:-1] + other if spoilt == "wrong digit" else spoilt

    assert await told(world, number, LAST) is None
    assert await asked_by(world, partner(world), number) is None


async def test_a_number_may_be_typed_with_spaces(world: World, ticket: Ticket) -> None:
    typed = f" {ticket.protocol[:8]} {ticket.protocol[8:]}"

    assert await told(world, typed, LAST) is not None


async def test_the_stages_come_with_their_dates_and_nothing_of_the_house(
    world: World, ticket: Ticket, ana: Person
) -> None:
    opened = world.now
    rh = await world.level("RH")
    started = world.later(A_MINUTE)
    await world.do(handling.start, ticket.id, by=ana)
    world.later(A_MINUTE)
    await world.do(handling.escalate, ticket.id, rh.id, "Para o RH", by=ana)
    world.later(A_MINUTE)
    rita = await world.person("Rita", level=rh)
    pending = world.later(A_MINUTE)
    await change(world, ticket, rita, TicketStatus.PENDING)
    world.later(A_MINUTE)
    await world.do(handling.note, ticket.id, "Entre nós", by=rita)

    status = await shown(world, ticket)

    assert [(each.stage, each.at) for each in status.stages] == [
        (RECEIVED, opened),
        (IN_ANALYSIS, started),
        (WAITING, pending),
    ]
    assert (status.stage, status.needs_answer) == (WAITING, True)
    assert status.updated_at == pending
    assert not [word for word in ("Entre nós", "Ana", "Rita", "RH") if word in str(status)]


async def test_only_what_reached_the_publisher_was_said(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    world.later(A_MINUTE)
    await says(world, ticket, "Já vimos", ana)
    world.later(A_MINUTE)
    await ended(world, Sent("net-1", None))
    sent = world.now
    world.later(A_MINUTE)
    await says(world, ticket, "Ainda na fila", ana)
    await says(world, ticket, "Entre nós", ana, visibility=INTERNAL)
    await world.receive(world.post(account, text="Fora do escritório", automated=True))

    status = await shown(world, ticket)

    assert [(each.from_company, each.text) for each in status.messages] == [
        (False, "Cadê meu pedido?"),
        (True, "Já vimos"),
    ]
    assert status.messages[-1].at == status.updated_at == sent


async def test_what_they_took_back_is_not_shown_and_what_they_changed_as_it_is(
    world: World, ticket: Ticket, account: Account
) -> None:
    world.later(A_MINUTE)
    await world.receive(
        world.post(account, text="Meu CPF é", external_id="a", protocol=ticket.protocol),
        world.post(account, text="Errei", external_id="b", protocol=ticket.protocol),
    )
    await world.do(hearing.hear, [Deleted(account_id=account.id, external_id="a", at=world.now)])
    changed = Edited(account_id=account.id, external_id="b", text="Corrigi", at=world.now)
    await world.do(hearing.hear, [changed])

    status = await shown(world, ticket)

    assert [each.text for each in status.messages] == ["Cadê meu pedido?", "Corrigi"]


async def test_what_waits_for_approval_is_being_looked_at(
    world: World, ticket: Ticket, ana: Person
) -> None:
    await world.arrange(world.triage, moderated=True)
    await says(world, ticket, "Segredo do rascunho", ana)

    status = await shown(world, ticket)

    assert [each.stage for each in status.stages] == [RECEIVED, IN_ANALYSIS]
    assert "Segredo" not in str(status)


async def test_a_partner_reads_what_anybody_could_read(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    for text, visibility in (("À vista", PUBLIC), ("Só para você", PRIVATE)):
        world.later(A_MINUTE)
        await says(world, ticket, text, ana, visibility=visibility)
        await ended(world, Sent(None, None))
    dm = OccurrenceKind.DIRECT_MESSAGE
    world.later(A_MINUTE)
    await world.receive(world.post(account, text="Em segredo", kind=dm, protocol=ticket.protocol))

    hers, theirs = (
        await shown(world, ticket),
        await asked_by(world, partner(world), ticket.protocol),
    )

    assert theirs is not None
    assert [each.text for each in theirs.messages] == ["Cadê meu pedido?", "À vista"]
    assert [each.text for each in hers.messages] == [
        "Cadê meu pedido?",
        "À vista",
        "Só para você",
        "Em segredo",
    ]


async def test_an_answer_is_expected_while_somebody_waits_for_it(world: World, ana: Person) -> None:
    measured = await world.level("Medido", unmeasured=[])
    bia = await world.person("Bia", level=measured)
    ticket = await world.ticket(measured, priority=Priority.URGENT, customer_email=EMAIL)
    async with world.storage.reading(world.system) as work:
        clocks = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
    due = {each.metric: each.due_at for each in clocks}

    waiting = await told(world, ticket.protocol, EMAIL)
    await change(world, ticket, bia, TicketStatus.RESOLVED)
    answered = await told(world, ticket.protocol, EMAIL)

    assert waiting is not None
    assert waiting.expected_by == due[SlaMetric.RESOLUTION]
    assert answered is not None
    assert (answered.stage, answered.expected_by) == (ANSWERED, None)


async def test_what_was_closed_goes_on_under_its_successor(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
    before = await shown(world, ticket)
    following = await world.heard(account, protocol=ticket.protocol, text="De novo")

    after = await shown(world, ticket)

    assert (before.stage, before.successor) == (OVER, None)
    assert (after.stage, after.successor) == (OVER, following.protocol)
    assert (await shown(world, following)).stage is RECEIVED


async def test_merged_it_goes_on_in_the_other_if_that_is_of_the_same_person(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    other = await world.heard(account, thread="outro")
    await world.do(handling.merge, other.id, ticket.id, "É o mesmo", False, by=ana)
    of_rui = await world.heard(account, author="rui", thread="rui")
    third = await world.heard(account, thread="terceiro")
    await world.do(handling.merge, third.id, of_rui.id, "Engano", True, by=ana)

    assert (await shown(world, other)).successor == ticket.protocol
    assert (await shown(world, third)).successor is None


async def test_merged_with_somebody_elses_each_is_told_what_was_said_with_them(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    of_rui = await world.heard(account, author="rui", text="Sou o Rui", thread="rui")
    await says(world, of_rui, "Rui, já vimos", ana, visibility=PRIVATE)
    await ended(world, Sent("net-1", None))
    await world.do(handling.merge, of_rui.id, ticket.id, "Engano", True, by=ana)
    await says(world, ticket, "Maria, já vimos", ana)
    await ended(world, Sent("net-2", None))

    status = await shown(world, ticket)

    assert "Rui" not in str(status)
    assert status.messages[0].text == "Cadê meu pedido?"


async def test_a_removed_ticket_is_told_as_removed_and_no_more(
    world: World, ticket: Ticket, ana: Person
) -> None:
    removed = world.later(A_MINUTE)
    boss = await world.person("Chefe", role=Role.ADMIN)
    await world.do(handling.remove, ticket.id, "Engano", by=boss)

    status = await shown(world, ticket)

    assert (status.removed, status.stage, status.messages) == (True, OVER, [])
    assert [(each.stage, each.at) for each in status.stages][1:] == [(OVER, removed)]
    assert await told(world, ticket.protocol, "0000") is None


async def test_a_partner_is_told_of_the_levels_that_the_key_is_for(
    world: World, ticket: Ticket
) -> None:
    elsewhere = await world.level("Outro parceiro")
    other = await World.founded(world.storage)

    assert await asked_by(world, partner(world), ticket.protocol) is not None
    assert await asked_by(world, partner(world, world.triage), ticket.protocol) is not None
    assert await asked_by(world, partner(world, elsewhere), ticket.protocol) is None
    assert await asked_by(world, partner(other), ticket.protocol) is None


async def test_a_successor_behind_the_wall_is_none_to_a_partner(
    world: World, ticket: Ticket, ana: Person, account: Account
) -> None:
    rh = await world.level("RH")
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Feito", by=ana)
    following = await world.heard(account, protocol=ticket.protocol)
    await world.do(handling.escalate, following.id, rh.id, "Para o RH", by=ana)

    status = await asked_by(world, partner(world, world.triage), ticket.protocol)

    assert status is not None
    assert status.successor is None


async def test_whatever_is_wrong_the_same_is_asked_and_opened(world: World, ticket: Ticket) -> None:
    """Time tells nothing where the work is the same."""
    bare = await world.ticket(world.triage)

    works = [
        await work_done(world, number, proof)
        for number, proof in (
            (ticket.protocol, "0000"),
            (ticket.protocol, "rui@example.com"),
            (bare.protocol, LAST),
            (ticket.protocol[:-1] + "x", LAST),
            ("20260101000000000", LAST),
            ("", None),
        )
    ]

    assert works == [works[0]] * len(works)


async def work_done(world: World, protocol: str, proof: str | None) -> list[str]:
    """What was asked of the store and of the keys, in order."""
    done: list[str] = []

    class Counted:
        def __init__(self, inner: object) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> object:
            done.append(name)
            return getattr(self._inner, name)

    async with world.storage.reading(NOBODY) as work:
        seen: Work = work
        work.secrets = Counted(work.secrets)  # type: ignore[assignment]
        work.protocols = Counted(work.protocols)  # type: ignore[assignment]
        assert await tracking.of_anyone(seen, protocol, proof) is None
    return done
