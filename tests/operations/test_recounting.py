"""The history of a case, sent to its consumer: who may ask, where it goes, and what proves it."""

from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from domain.answers import HistoryAsked
from domain.errors import (
    Forbidden,
    Invalid,
    NotFound,
    NotSupportedByNetwork,
    Refusal,
    VersionConflict,
)
from domain.histories import Asking, History, Printed
from domain.model.account import Account
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import (
    correcting,
    deadlines,
    delivering,
    handling,
    recounting,
    replying,
)
from domain.operations.correcting import PublisherForm
from domain.operations.handling import TicketChange
from domain.operations.replying import ReplyForm
from domain.rules import access
from domain.rules.access import Actor, Scope
from domain.rules.capability import Capability
from domain.rules.clocks import Clock
from domain.rules.histories import MESSAGES_MOST
from domain.sending import Declined, Doubtful, Sent
from domain.words import (
    CloseReason,
    DeliveryState,
    HistoryMeans,
    Locale,
    Network,
    OccurrenceKind,
    RetryDecision,
    Role,
    SlaMetric,
    SlaState,
    TicketStatus,
    Visibility,
)
from server import press
from tests.carrying import ANYTHING, BOTH, carry
from tests.operations.test_deadlines import agrees
from tests.outbox import ended
from tests.world import Person, World

CPF, EMAIL = "529.982.247-25", "maria@example.com"
BY_EMAIL, IN_CHANNEL = HistoryMeans
FILES = Capability(sends=BOTH, files_most=1)
ARRIVED = Sent("net-1")
REFUSED = Declined("network_declined")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def account(world: World) -> Account:
    carry(world, {Network.SANDBOX: FILES, Network.EMAIL: FILES})
    account = await world.account()
    mailbox = await world.account("SAC", Network.EMAIL)
    await world.watch(account, world.triage)
    await world.arrange(world.triage, account_ids=[account.id, mailbox.id])
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


async def read(world: World, ticket: Ticket, by: Person | Actor | None = None) -> History | None:
    async with world.storage.reading(await world.actor(by)) as work:
        found = await recounting.to_print(work, ticket.id)
    return found[1] if found else None


async def ask(
    world: World,
    ticket: Ticket,
    means: HistoryMeans = IN_CHANNEL,
    *,
    by: Person | Actor | None = None,
    version: int | None = None,
    consumer: bool = False,
) -> HistoryAsked:
    """As it is asked for over the API: read, printed, sent."""
    async with world.storage.reading(await world.actor(by)) as work:
        found = await recounting.to_print(work, ticket.id)
    printed = None
    if found is not None:
        publisher_id, history, locale = found
        data = press.pdf(history, locale)
        printed = Printed(ticket.id, publisher_id, locale, data, sha256(data).hexdigest())
    asked = Asking(ticket_id=ticket.id, means=means, expected_version=version, by_consumer=consumer)
    return await world.do(recounting.request, asked, printed, by=by)


async def sent(world: World, count: int = 1) -> None:
    await ended(world, ARRIVED, count)


async def says(
    world: World, ticket: Ticket, text: str, by: Person, visibility: Visibility = Visibility.PUBLIC
) -> None:
    form = ReplyForm(ticket_id=ticket.id, text=text, visibility=visibility)
    await world.do(replying.reply, form, by=by)


async def clock(world: World, ticket: Ticket) -> list[Clock]:
    async with world.storage.reading(world.system) as work:
        rows = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
    return [each.clock for each in rows if each.metric is SlaMetric.HISTORY]


async def document(world: World, asked: HistoryAsked) -> bytes:
    async with world.storage.reading(world.system) as work:
        [file] = (await work.attachments.of_replies([asked.reply.id]))[asked.reply.id]
        data = await work.files.get(file.storage_key)
    assert data is not None
    return data


def words(data: bytes) -> str:
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split()
    )


# ── what it says ─────────────────────────────────────────────────────────────────────────────


async def test_it_says_what_was_said_and_when_and_nothing_of_what_goes_on_inside(
    world: World, ticket: Ticket, ana: Person
) -> None:
    await says(world, ticket, "Já saiu para entrega", ana)
    await sent(world)
    await world.do(handling.note, ticket.id, "canário entre nós", by=ana)
    await says(world, ticket, "canário que não chegou", ana)
    change = TicketChange(status=TicketStatus.PENDING, comment="canário do comentário")
    await world.do(handling.update, ticket.id, change, by=ana)

    asked = await ask(world, ticket, by=ana)

    text = words(await document(world, asked))
    for each in (
        f"Histórico do protocolo {ticket.protocol}",
        world.workspace.name,
        "Cadê meu pedido?",
        "Já saiu para entrega",
        "14/09/2026 às 09:00: Recebido",
        "Aguardando sua resposta",
        "***.982.247-**",
        "m***@example.com",
    ):
        assert each in text, each
    for hidden in ("canário", "Ana", "Triagem", CPF, "52998224725", EMAIL, "Pendente"):
        assert hidden not in text, hidden


async def test_it_names_files_and_leaves_out_what_others_wrote(
    world: World, account: Account, ticket: Ticket, ana: Person
) -> None:
    """Rui's case was merged into Maria's: what he wrote, and was answered, is between those two."""
    theirs = await world.heard(account, author="rui", text="canário de Rui", thread="rui")
    await says(world, theirs, "canário para Rui", ana, Visibility.PRIVATE)
    await sent(world)
    boss = await world.person("Chefia", role=Role.ADMIN)
    await world.do(handling.merge, theirs.id, ticket.id, None, True, by=boss)
    first = await ask(world, ticket, by=ana)
    await sent(world)

    history = await read(world, ticket, ana)

    assert history is not None
    assert [(each.from_company, each.files) for each in history.lines] == [
        (False, ()),
        (True, (f"historico-{ticket.protocol}.pdf",)),
    ]
    assert "canário" not in words(await document(world, first))
    async with world.storage.reading(world.system) as work:
        answered = await work.outbox.answered(first.reply)
    assert answered is not None
    assert answered.publisher_id == ticket.publisher_id


async def test_long_ones_hold_the_latest_and_say_so(world: World, account: Account) -> None:
    ticket = await world.heard(
        account, text="antes de tudo", thread="t", occurred_at=world.now - 2 * DAY
    )
    posts = [
        world.post(
            account,
            text=f"recado {number}",
            thread="t",
            occurred_at=world.now - DAY + number * HOUR / 99,
        )
        for number in range(MESSAGES_MOST + 5)
    ]
    for start in range(0, len(posts), 500):
        await world.receive(*posts[start : start + 500])

    history = await read(world, ticket)

    assert history is not None
    assert (len(history.lines), history.left_out) == (MESSAGES_MOST, True)
    assert history.lines[0].text == "recado 5"
    assert "no máximo 2000" in words(press.pdf(history, Locale.PT_BR))


async def test_the_same_history_gives_the_same_bytes_whatever_is_written_in_it(
    world: World, account: Account
) -> None:
    odd = "emoji 🐤, русский, 漢字, \x07, aspas “”, <b>, {{x}}, %s\r\nlinha\t2 " + "x" * 3_000
    ticket = await world.heard(account, text=odd.replace("\x07", ""))
    history = await read(world, ticket)
    assert history is not None

    pages = [press.pdf(history, each) for each in (Locale.PT_BR, Locale.PT_BR, Locale.EN)]

    assert pages[0] == pages[1] != pages[2]
    text = words(pages[0])
    assert "emoji □, русский, □□" in text
    assert "{{x}}, %s linha 2" in text
    assert text.count("x") > 3_000
    assert "History of protocol" in words(pages[2])


# ── on its way ───────────────────────────────────────────────────────────────────────────────


async def test_it_leaves_in_private_as_a_reply_that_moves_nothing(
    world: World, ticket: Ticket, ana: Person
) -> None:
    before = await world.see(ticket)

    asked = await ask(world, ticket, by=ana)

    after = await world.see(ticket)
    assert (after.status, after.assignee_id) == (before.status, before.assignee_id)
    reply = asked.reply
    assert (reply.visibility, reply.automated, reply.state) == (
        Visibility.PRIVATE,
        True,
        DeliveryState.QUEUED,
    )
    assert (await world.story(ticket))[-2:] == ["HISTORY_REQUESTED", "REPLY_WRITTEN"]
    assert asked.due_at == local("2026-09-19T23:59:59")


async def test_what_proves_it_is_kept_the_document_its_hash_when_and_where(
    world: World, ticket: Ticket, ana: Person
) -> None:
    asked = await ask(world, ticket, BY_EMAIL, by=ana)
    world.later(HOUR)
    await sent(world)

    digest = sha256(await document(world, asked)).hexdigest()
    entry = (await world.history(ticket))[-1]
    assert (entry.kind.value, entry.became, entry.reply_id, entry.at) == (
        "HISTORY_SENT",
        digest,
        asked.reply.id,
        world.now,
    )
    wanted = next(e for e in await world.history(ticket) if e.kind.value == "HISTORY_REQUESTED")
    assert (wanted.became or "").startswith("EMAIL ")
    async with world.storage.reading(world.system) as work:
        account = await work.accounts.get(asked.reply.account_id)  # type: ignore[arg-type]
    assert account.network is Network.EMAIL


async def test_its_clock_ends_when_the_network_has_it(
    world: World, ticket: Ticket, ana: Person
) -> None:
    await ask(world, ticket, by=ana)
    await agrees(world, ticket)
    [running] = await clock(world, ticket)
    assert (running.state, running.due_at) == (SlaState.RUNNING, local("2026-09-19T23:59:59"))

    await sent(world)

    [met] = await clock(world, ticket)
    assert met.state is SlaState.MET
    await agrees(world, ticket)


async def test_a_closed_ticket_s_is_owed_told_of_and_late(
    world: World, ticket: Ticket, ana: Person
) -> None:
    await world.do(handling.finish, ticket.id, CloseReason.NO_REPLY_NEEDED, "fim", by=ana)
    await ask(world, ticket, by=ana)
    await ended(world, REFUSED)

    told = []
    for days in (4, 2):
        world.later(days * DAY)
        await world.do(deadlines.notice)
        told.append(await world.story(ticket))

    assert told[0][-1] == "SLA_WARNING"
    assert told[1][-1] == "SLA_BREACHED"
    assert (await world.see(ticket)).status is TicketStatus.CLOSED
    await agrees(world, ticket)


async def test_what_was_taken_over_from_elsewhere_is_owed_as_well(
    world: World, ticket: Ticket, ana: Person
) -> None:
    async with world.storage.work(world.system) as work:
        (await work.tickets.take(ticket.id)).come_under(None)

    await ask(world, ticket, by=ana)

    [running] = await clock(world, ticket)
    assert running.state is SlaState.RUNNING


async def test_asked_twice_it_is_one_request_until_it_was_sent(
    world: World, ticket: Ticket, ana: Person
) -> None:
    first = await ask(world, ticket, by=ana)
    world.later(DAY)
    again = await ask(world, ticket, BY_EMAIL, by=ana)
    await sent(world)
    world.later(DAY)
    anew = await ask(world, ticket, by=ana)

    assert (again.reply.id, again.due_at) == (first.reply.id, first.due_at)
    assert anew.reply.id != first.reply.id
    assert anew.due_at == local("2026-09-21T23:59:59")
    assert (await world.story(ticket)).count("HISTORY_REQUESTED") == 2


async def test_what_is_in_doubt_is_not_sent_twice_and_counts_once_somebody_says_it_arrived(
    world: World, ticket: Ticket, ana: Person
) -> None:
    first = await ask(world, ticket, by=ana)
    await ended(world, Doubtful("network_no_answer"))

    again = await ask(world, ticket, by=ana)
    await world.do(delivering.retry, first.reply.id, RetryDecision.ARRIVED, by=ana)

    assert (again.reply.id, again.state) == (first.reply.id, DeliveryState.UNKNOWN)
    assert (await clock(world, ticket))[0].state is SlaState.MET
    assert "HISTORY_SENT" in await world.story(ticket)


async def test_what_could_not_be_sent_goes_out_anew_and_is_owed_by_the_same_day(
    world: World, ticket: Ticket, ana: Person
) -> None:
    first = await ask(world, ticket, by=ana)
    await ended(world, REFUSED)
    world.later(2 * DAY)

    again = await ask(world, ticket, BY_EMAIL, by=ana)

    assert (again.reply.id != first.reply.id, again.due_at) == (True, first.due_at)
    assert [each.due_at for each in await clock(world, ticket)] == [first.due_at]
    await sent(world)
    await agrees(world, ticket)


async def test_merged_away_it_is_owed_where_the_case_goes_on(
    world: World, account: Account, ticket: Ticket, ana: Person
) -> None:
    target = await world.heard(account, text="De novo", thread="outro", author="maria")
    other = (
        target if target.id != ticket.id else await world.ticket(publisher_id=ticket.publisher_id)
    )
    asked = await ask(world, ticket, by=ana)

    await world.do(handling.merge, ticket.id, other.id, by=ana)

    [running] = await clock(world, other)
    assert running.due_at == asked.due_at
    await sent(world)
    [met] = await clock(world, other)
    assert met.state is SlaState.MET
    for each in (ticket, other):
        await agrees(world, each)


# ── who may, and what stands in the way ──────────────────────────────────────────────────────


async def test_it_is_asked_for_by_who_handles_it_partners_and_the_consumer(
    world: World, ticket: Ticket, ana: Person
) -> None:
    names = []
    for who, consumer in ((ana, False), (partner(world), False), (None, True)):
        await ask(world, ticket, by=who, consumer=consumer)
        await sent(world)
        wanted = [e for e in await world.history(ticket) if e.kind.value == "HISTORY_REQUESTED"]
        names.append(wanted[-1].actor_name)

    assert names == ["Ana", "Parceiro", "Maria"]


async def test_others_may_not_and_what_is_not_seen_is_not_there(
    world: World, ticket: Ticket
) -> None:
    rh = await world.level("RH")
    watcher = await world.person("Olho", level=world.triage, role=Role.VIEWER)
    stranger = await world.person("Rita", level=rh)

    for who, refusal in (
        (watcher, Forbidden),
        (stranger, NotFound),
        (partner(world, rh), NotFound),
    ):
        with pytest.raises(refusal):
            await ask(world, ticket, by=who)
        assert "HISTORY_REQUESTED" not in await world.story(ticket)


async def test_a_protocol_that_is_none_is_refused(world: World, ticket: Ticket) -> None:
    async with world.storage.reading(partner(world)) as work:
        assert await recounting.find(work, ticket.protocol) == ticket.id
        for wrong in ("", "12345678901234567", ticket.protocol[:-1], "x" * 10_000):
            with pytest.raises(NotFound) as refused:
                await recounting.find(work, wrong)
            assert refused.value.field == ("protocol",)


async def test_what_was_looked_at_has_to_be_the_ticket_of_now(
    world: World, ticket: Ticket, ana: Person
) -> None:
    with pytest.raises(VersionConflict):
        await ask(world, ticket, by=ana, version=(await world.see(ticket)).version - 1)


@pytest.mark.parametrize(
    ("carries", "sentence"),
    [
        (ANYTHING, "no_files_on_network"),
        (Capability(), "reply_not_connected"),
        (Capability(sends=frozenset({Visibility.PUBLIC})), "visibility_not_on_network"),
        (
            Capability(sends=BOTH, files_most=1, private_within=HOUR),
            "window_over",
        ),
    ],
)
async def test_what_the_channel_cannot_carry_is_refused_and_nothing_is_kept(
    world: World, account: Account, ana: Person, carries: Capability, sentence: str
) -> None:
    ticket = await world.heard(account, kind=OccurrenceKind.DIRECT_MESSAGE)
    carry(world, {Network.SANDBOX: carries})
    world.later(DAY)

    with pytest.raises(Refusal) as refused:
        await ask(world, ticket, by=ana)

    assert (refused.value.sentence, refused.value.field) == (sentence, ("means",))
    assert "HISTORY_REQUESTED" not in await world.story(ticket)


async def test_without_a_mailbox_or_an_address_there_is_no_e_mail(
    world: World, account: Account, ana: Person
) -> None:
    unknown = await world.heard(account, author="rui", text="Oi", thread="rui")
    with pytest.raises(NotSupportedByNetwork) as no_address:
        await ask(world, unknown, BY_EMAIL, by=ana)
    await world.arrange(world.triage, account_ids=[account.id])
    with pytest.raises(Invalid) as no_mailbox:
        await ask(world, unknown, BY_EMAIL, by=ana)

    assert (no_address.value.sentence, no_mailbox.value.sentence) == (
        "history_no_email",
        "history_no_mailbox",
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
