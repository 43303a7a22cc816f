"""Which ticket a message belongs to by what it answers and by the number it names."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.events import ReplySent
from domain.model.account import Account
from domain.model.attachment import Attachment
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.post import IncomingFile, Post
from domain.words import (
    CloseReason,
    DeliveryState,
    GroupingMode,
    Network,
    OccurrenceKind,
    SlaMetric,
    TicketStatus,
    Visibility,
)
from domain.work import Work
from tests.channels.mails import PDF
from tests.statements import statements_of
from tests.world import FIRST_HUNDRED, World

SENT_ID = "reply-1@padaria.example"


@pytest.fixture
async def inbox(world: World) -> Account:
    return await world.account("SAC", network=Network.EMAIL)


def letter(world: World, inbox: Account, **more: Any) -> Post:
    usual = {"author": "lucia@example.com", "kind": OccurrenceKind.EMAIL, "own_clock": True}
    return world.post(inbox, **{**usual, **more})


async def arrived(world: World, inbox: Account, **more: Any) -> tuple[Occurrence, Ticket | None]:
    [received] = await world.receive(letter(world, inbox, **more))
    assert received.occurrence is not None, received.refusal
    return received.occurrence, received.ticket


async def opened(world: World, inbox: Account, **more: Any) -> Ticket:
    _, ticket = await arrived(world, inbox, **more)
    assert ticket is not None
    return ticket


async def answered(
    world: World, ticket: Ticket, inbox: Account, answers: UUID | None, name: str = SENT_ID
) -> UUID:
    """A reply that went out, as the network knows it."""
    reply = Reply(
        workspace_id=world.workspace.id,
        ticket_id=ticket.id,
        account_id=inbox.id,
        external_id=name,
        answers_id=answers,
        visibility=Visibility.PRIVATE,
        text="Qual é o número?",
        state=DeliveryState.SENT,
        written_at=world.now,
        sent_at=world.now,
    )

    async def send(work: Work) -> None:
        await work.replies.put([reply])

    await world.do(send)
    return reply.id


async def closed(world: World, ticket: Ticket) -> None:
    await world.do(handling.finish, ticket.id, CloseReason.ANSWERED, "Respondido")


# ── by what it answers ─────────────────────────────────────────────────────────────────────────


async def test_an_answer_to_our_reply_joins_its_ticket(world: World, inbox: Account) -> None:
    first, ticket = await arrived(world, inbox, external_id="m1@example.com")
    assert ticket is not None
    await answered(world, ticket, inbox, first.id)

    again, same = await arrived(
        world, inbox, external_id="m2@example.com", references=(SENT_ID, "m1@example.com")
    )

    assert same is not None
    assert same.id == ticket.id
    assert again.thread_root == first.thread_root


async def test_an_answer_to_a_case_opened_by_hand_joins_it(world: World, inbox: Account) -> None:
    publisher = (await opened(world, inbox)).publisher_id
    by_hand = await world.ticket(publisher_id=publisher)
    await answered(world, by_hand, inbox, None)

    joined = await opened(world, inbox, references=(SENT_ID,))

    assert joined.id == by_hand.id


async def test_what_it_answers_stays_found_over_messages_that_never_came_here(
    world: World, inbox: Account
) -> None:
    ticket = await opened(world, inbox, external_id="m1@example.com")

    joined = await opened(
        world, inbox, references=("unknown@example.com", "other@example.com", "m1@example.com")
    )

    assert joined.id == ticket.id


async def test_two_answers_to_something_unknown_are_one_conversation(
    world: World, inbox: Account
) -> None:
    one = await opened(world, inbox, references=("x@example.com",))

    other = await opened(world, inbox, references=("y@example.com", "x@example.com"))

    assert other.id == one.id


async def test_messages_of_one_batch_find_each_other(world: World, inbox: Account) -> None:
    posts = [
        letter(world, inbox, external_id="m1@example.com"),
        letter(world, inbox, external_id="m2@example.com", references=("m1@example.com",)),
        letter(world, inbox, external_id="m3@example.com", references=("m2@example.com",)),
    ]

    received = await world.receive(*posts)

    assert len({each.ticket.id for each in received if each.ticket}) == 1


async def test_an_answer_to_a_closed_ticket_opens_its_successor(
    world: World, inbox: Account
) -> None:
    ticket = await opened(world, inbox, external_id="m1@example.com")
    await closed(world, ticket)

    successor = await opened(world, inbox, references=("m1@example.com",))

    assert successor.id != ticket.id
    assert successor.previous_ticket_id == ticket.id


async def test_an_answer_follows_a_merge(world: World, inbox: Account) -> None:
    source = await opened(world, inbox, external_id="m1@example.com")
    target = await opened(world, inbox)
    await world.do(handling.merge, source.id, target.id, "O mesmo caso")

    joined = await opened(world, inbox, references=("m1@example.com",))

    assert joined.id == target.id


async def test_somebody_else_in_the_same_thread_has_a_ticket_of_their_own(
    world: World, inbox: Account
) -> None:
    ticket = await opened(world, inbox, external_id="m1@example.com")

    other = await opened(world, inbox, author="bia@example.com", references=("m1@example.com",))

    assert other.id != ticket.id
    assert other.previous_ticket_id is None


async def test_ids_of_another_account_mean_nothing(world: World, inbox: Account) -> None:
    ticket = await opened(world, inbox, external_id="m1@example.com")
    other = await world.account("Outra", network=Network.EMAIL)

    elsewhere = await opened(world, other, references=("m1@example.com",))

    assert elsewhere.id != ticket.id


# ── by its number ──────────────────────────────────────────────────────────────────────────────


async def test_a_number_joins_its_ticket(world: World, inbox: Account) -> None:
    ticket = await opened(world, inbox)

    joined = await opened(world, inbox, protocol=ticket.protocol)

    assert joined.id == ticket.id


async def test_a_number_finds_the_case_beside_the_conversation(world: World) -> None:
    level = await world.level("SAC", grouping=GroupingMode.PUBLISHER)
    inbox = await world.account("SAC", network=Network.EMAIL)
    await world.watch(inbox, level)
    conversation = await opened(world, inbox)
    by_hand = await world.ticket(publisher_id=conversation.publisher_id)

    joined = await opened(world, inbox, protocol=by_hand.protocol)

    assert joined.id == by_hand.id


async def test_the_number_of_somebody_else_changes_nothing(world: World, inbox: Account) -> None:
    theirs = await opened(world, inbox, author="bia@example.com")

    mine = await opened(world, inbox, protocol=theirs.protocol)

    assert mine.id != theirs.id
    assert mine.previous_ticket_id is None
    assert len(await world.story(theirs)) == 2


async def test_the_number_of_a_closed_ticket_opens_its_successor(
    world: World, inbox: Account
) -> None:
    ticket = await opened(world, inbox)
    await closed(world, ticket)

    successor = await opened(world, inbox, protocol=ticket.protocol)

    assert successor.id != ticket.id
    assert successor.previous_ticket_id == ticket.id


# ── machines ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "status", [TicketStatus.NEW, TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.OPEN]
)
async def test_a_machine_moves_nothing(world: World, inbox: Account, status: TicketStatus) -> None:
    ticket = await opened(world, inbox, external_id="m1@example.com")
    if status is not TicketStatus.NEW:
        await world.do(handling.update, ticket.id, TicketChange(status=status))
    before = await world.see(ticket)

    occurrence, joined = await arrived(
        world, inbox, references=("m1@example.com",), automated=True, text="Estou de férias"
    )

    after = await world.see(ticket)
    assert joined is not None
    assert joined.id == occurrence.ticket_id == ticket.id
    assert occurrence.automated
    assert (after.status, after.reopen_count) == (status, 0)
    assert (after.snippet, after.closes_at) == (before.snippet, before.closes_at)
    assert (await world.history(ticket))[-1].automated


async def test_a_machine_asks_nothing(world: World) -> None:
    level = await world.level("SAC", unmeasured=[], sla_targets=[])
    inbox = await world.account("SAC", network=Network.EMAIL)
    await world.watch(inbox, level)
    ticket = await opened(world, inbox, external_id="m1@example.com")
    await world.do(answer_it, ticket.id)

    await arrived(world, inbox, references=("m1@example.com",), automated=True)
    after_a_machine = await measured(world, ticket)
    await arrived(world, inbox, references=("m1@example.com",))
    after_a_person = await measured(world, ticket)

    assert SlaMetric.FIRST_RESPONSE in after_a_machine
    assert SlaMetric.NEXT_RESPONSE not in after_a_machine
    assert SlaMetric.NEXT_RESPONSE in after_a_person


async def answer_it(work: Work, ticket_id: UUID) -> None:
    ticket = await work.tickets.take(ticket_id)
    work.record(ticket, *ticket.touch(), ReplySent())


async def measured(world: World, ticket: Ticket) -> set[SlaMetric]:
    async with world.storage.reading(world.system) as work:
        return {each.metric for each in (await work.clocks.of_tickets([ticket.id]))[ticket.id]}


async def test_a_machine_that_belongs_to_nothing_is_kept_and_opens_nothing(
    world: World, inbox: Account
) -> None:
    occurrence, ticket = await arrived(world, inbox, automated=True, text="Ofertas da semana")

    assert ticket is None
    async with world.storage.reading(world.system) as work:
        page = await work.occurrences.pages_of_publishers([occurrence.publisher_id], FIRST_HUNDRED)
    assert [each.text for each in page[occurrence.publisher_id].nodes] == ["Ofertas da semana"]


async def test_our_own_message_that_came_back_is_told_so(world: World) -> None:
    inbox = await world.account("SAC", network=Network.EMAIL)

    async def named(work: Work) -> None:
        account = await work.accounts.take(inbox.id)
        account.describe(account.name, None, "SAC@padaria.example")

    await world.do(named)

    [received] = await world.receive(letter(world, inbox, author="sac@padaria.example"))

    assert received.refusal is not None
    assert received.refusal.sentence == "own_message"


# ── what it is kept with ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("years", [-100, None, 100])
async def test_a_date_that_cannot_be_is_now(
    world: World, inbox: Account, years: int | None
) -> None:
    moment = None if years is None else world.now + timedelta(days=365 * years)
    post = letter(world, inbox)

    [received] = await world.receive(*[Post(**{**fields(post), "occurred_at": moment})])

    assert received.occurrence is not None
    assert received.occurrence.occurred_at == world.now


def fields(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in Post.__dataclass_fields__}


async def test_its_subject_and_its_looks_are_kept_and_name_the_ticket(
    world: World, inbox: Account
) -> None:
    occurrence, ticket = await arrived(
        world, inbox, subject="Bolo sem cobertura", html="<p>Oi</p>", text="Oi"
    )

    assert ticket is not None
    assert ticket.subject == "Bolo sem cobertura"
    assert (occurrence.subject, occurrence.html) == ("Bolo sem cobertura", "<p>Oi</p>")


async def test_files_are_kept_and_what_may_not_be_is_named(world: World, inbox: Account) -> None:
    files = (
        IncomingFile("nota.pdf", "application/pdf", PDF),
        IncomingFile("foto.jpg", "image/jpeg", b"MZ\x90\x00\x03" + b"\x00" * 100),
        IncomingFile("enorme.pdf", "application/pdf", PDF + b"x" * (10 * 1024 * 1024)),
        IncomingFile("vazio.txt", "text/plain", b""),
    )

    occurrence, ticket = await arrived(world, inbox, text="Segue", files=files)

    assert ticket is not None
    [kept] = await attachments(world, occurrence.id)
    assert (kept.file_name, kept.media_type, kept.size) == ("nota.pdf", "application/pdf", len(PDF))
    assert kept.ticket_id == ticket.id
    assert await world.storage.files.get(kept.storage_key) == PDF
    assert occurrence.text == (
        "Segue\n\n"
        "[Anexo não guardado: foto.jpg (tipo não aceito)]\n"
        "[Anexo não guardado: enorme.pdf (grande demais)]\n"
        "[Anexo não guardado: vazio.txt (tipo não aceito)]"
    )


async def test_a_hundred_files_are_too_many(world: World, inbox: Account) -> None:
    files = tuple(IncomingFile(f"{number}.pdf", "application/pdf", PDF) for number in range(100))

    occurrence, _ = await arrived(world, inbox, text="é" * 40_000, files=files)

    assert len(await attachments(world, occurrence.id)) == 20
    assert len(occurrence.text) <= 40_000
    assert occurrence.text.endswith("[Mais 50]")


async def test_a_mail_that_comes_twice_keeps_its_files_once(world: World, inbox: Account) -> None:
    post = letter(world, inbox, files=(IncomingFile("nota.pdf", "application/pdf", PDF),))

    [first] = await world.receive(post)
    [again] = await world.receive(post)

    assert again.duplicate
    assert first.occurrence is not None
    assert len(await attachments(world, first.occurrence.id)) == 1


async def attachments(world: World, occurrence_id: UUID) -> list[Attachment]:
    async with world.storage.reading(world.system) as work:
        return list((await work.attachments.of_occurrences([occurrence_id]))[occurrence_id])


async def test_the_keywords_of_a_monitoring_stand_in_the_subject_too(
    world: World, inbox: Account
) -> None:
    billing = await world.level("Financeiro")
    await world.watch(inbox, billing, keywords=["boleto"])

    ticket = await opened(world, inbox, subject="Segunda via do boleto", text="Preciso.")

    assert ticket.level_id == billing.id


# ── cost ───────────────────────────────────────────────────────────────────────────────────────


async def test_many_answers_cost_as_many_statements_as_few(world: World, inbox: Account) -> None:
    tickets = [
        await opened(world, inbox, author=f"p{n}@example.com", external_id=f"m{n}@example.com")
        for n in range(12)
    ]

    def answers(numbers: range) -> list[Post]:
        return [
            letter(
                world,
                inbox,
                author=f"p{n}@example.com",
                references=(f"m{n}@example.com", SENT_ID),
                protocol=tickets[n].protocol,
            )
            for n in numbers
        ]

    with statements_of(world.storage.database.writer) as few:
        await world.receive(*answers(range(2)))
    with statements_of(world.storage.database.writer) as many:
        received = await world.receive(*answers(range(2, 12)))

    assert len(many) == len(few)
    assert [each.ticket.id for each in received if each.ticket] == [t.id for t in tickets[2:]]
