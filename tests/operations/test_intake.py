"""Messages that come in: what they join, what they open, and that none is lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import Invalid, NotFound, TooLong
from domain.model.base import new_id
from domain.operations import handling, intake, organizing, signing
from domain.operations.handling import TicketChange
from domain.operations.organizing import AccountForm
from domain.post import Author, Post
from domain.rules import access, protocols
from domain.rules.access import Scope
from domain.words import CloseReason, GroupingMode, Network, Role, TicketOrigin, TicketStatus
from domain.work import Work
from tests.world import FIRST_HUNDRED, World

ONE_HOUR = timedelta(hours=1)
RESOLVED = TicketChange(status=TicketStatus.RESOLVED)


async def closed(world: World, ticket_id: UUID) -> None:
    await world.do(handling.finish, ticket_id, CloseReason.ANSWERED, "Respondido por telefone")


async def messages(world: World, ticket_id: UUID) -> list[str]:
    async with world.storage.reading(world.system) as work:
        page = (await work.occurrences.pages_of_tickets([ticket_id], FIRST_HUNDRED))[ticket_id]
        return [each.text for each in page.nodes]


async def test_a_first_message_opens_a_ticket_with_a_protocol(world: World) -> None:
    account = await world.account()

    [received] = await world.receive(world.post(account, text="Meu pedido não chegou"))

    ticket = received.ticket
    assert ticket is not None
    assert ticket.status is TicketStatus.NEW
    assert ticket.level_id == world.triage.id
    assert ticket.origin is TicketOrigin.INBOUND
    assert ticket.subject == "Meu pedido não chegou"
    assert protocols.is_valid(ticket.protocol)
    assert await world.story(ticket) == ["TICKET_OPENED", "OCCURRENCE_RECEIVED"]


async def test_under_two_posts_one_person_has_two_tickets_and_comes_back_to_the_first(
    world: World,
) -> None:
    account = await world.account()
    first = await world.heard(account, thread="P1")
    second = await world.heard(account, thread="P2")

    again = await world.heard(account, thread="P1")

    assert first.id != second.id
    assert again.id == first.id


async def test_an_answer_to_a_known_message_belongs_to_the_thread_of_that_message(
    world: World,
) -> None:
    account = await world.account()
    first = await world.heard(account, thread="P1", external_id="c1")

    answer = await world.heard(account, parent_external_id="c1")

    assert answer.id == first.id


async def test_by_publisher_a_comment_a_copy_and_a_direct_message_are_one_ticket(
    world: World,
) -> None:
    page = await world.account("página", Network.FACEBOOK)
    box = await world.account("caixa", Network.FACEBOOK)
    await world.arrange(world.triage, grouping=GroupingMode.PUBLISHER)

    tickets = [
        await world.heard(page, thread="P1"),
        await world.heard(page, thread="P2"),
        await world.heard(box),
    ]

    assert len({ticket.id for ticket in tickets}) == 1
    ticket = await world.see(tickets[0])
    assert ticket.status is TicketStatus.OPEN
    assert ticket.interactions_count == 4
    assert (await world.story(ticket)).count("OCCURRENCE_RECEIVED") == 3


async def test_two_messages_of_one_album_at_once_make_one_ticket_with_both(world: World) -> None:
    account = await world.account()
    album = [world.post(account, thread="album", text=f"foto {number}") for number in (1, 2)]

    for _ in range(5):
        answers = await asyncio.gather(*(world.receive(each) for each in album))

    tickets = {received.ticket.id for [received] in answers if received.ticket}
    assert len(tickets) == 1
    assert all(received.duplicate for [received] in answers)
    assert sorted(await messages(world, tickets.pop())) == ["foto 1", "foto 2"]
    assert world.collisions == 0


async def test_messages_of_one_who_is_known_wait_in_line(world: World) -> None:
    account = await world.account()
    await world.receive(world.post(account, thread="P1"))

    answers = await asyncio.gather(
        *(world.receive(world.post(account, thread="P2")) for _ in range(6))
    )

    assert len({received.ticket.id for [received] in answers if received.ticket}) == 1
    assert world.collisions == 0


async def test_whoever_comes_second_with_somebody_new_waits_for_the_first(world: World) -> None:
    account = await world.account()
    async with world.storage.work(world.system) as first:
        [one] = await intake.take_in(first, [world.post(account, thread="P1")])
        second = asyncio.create_task(world.heard(account, thread="P1"))
        done, _ = await asyncio.wait([second], timeout=0.2)
        assert not done

    assert one.ticket is not None
    assert (await second).id == one.ticket.id
    assert world.collisions == 0


async def test_twelve_first_messages_of_new_people_at_once_make_one_ticket_and_one_publisher_each(
    world: World,
) -> None:
    account = await world.account()
    posts = [
        world.post(account, author=author, thread="P1", text=f"{author} {number}")
        for number in range(4)
        for author in ("ana", "bia", "caio")
    ]

    answers = await asyncio.gather(*(world.receive(post) for post in posts))

    by_author: dict[str, set[object]] = {}
    for post, [received] in zip(posts, answers, strict=True):
        assert received.ticket is not None
        by_author.setdefault(post.author.external_id, set()).add(received.ticket.id)
    assert [len(tickets) for tickets in by_author.values()] == [1, 1, 1]
    async with world.storage.reading(world.system) as work:
        people = await work.publishers.page(None, FIRST_HUNDRED)
    assert sorted(each.name for each in people.nodes) == ["Ana", "Bia", "Caio"]
    assert world.collisions == 0


async def test_batches_that_share_people_in_other_orders_do_not_wait_in_a_circle(
    world: World,
) -> None:
    account = await world.account()
    authors = [f"pessoa{number}" for number in range(8)]
    batches = [
        [world.post(account, author=author, thread="P") for author in (authors, authors[::-1])[n]]
        for n in (0, 1)
    ]

    answers = await asyncio.gather(*(world.receive(*batch) for batch in batches))

    assert len({each.ticket.id for batch in answers for each in batch if each.ticket}) == 8
    assert world.collisions == 0


async def test_a_redelivery_adds_nothing_and_answers_what_it_became(world: World) -> None:
    account = await world.account()
    post = world.post(account)
    [first] = await world.receive(post)

    [again, and_again] = await world.receive(post, post)

    assert first.ticket is not None
    for each in (again, and_again):
        assert each.duplicate
        assert each.ticket is not None
        assert each.ticket.id == first.ticket.id
    assert (await world.see(first.ticket)).interactions_count == 2


async def test_one_message_twice_in_a_batch_is_taken_once(world: World) -> None:
    account = await world.account()
    post = world.post(account)

    first, second = await world.receive(post, post)

    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.ticket is not None
    assert (await world.see(first.ticket)).interactions_count == 2


async def test_after_closing_a_message_opens_a_new_ticket_and_the_old_one_stays_as_it_was(
    world: World,
) -> None:
    account = await world.account()
    ana = await world.person("Ana", level=world.triage)
    old = await world.heard(account, thread="P1")
    await world.do(handling.start, old.id, by=ana)
    await closed(world, old.id)
    before = (await world.see(old)).model_dump()
    world.later(ONE_HOUR)

    new = await world.heard(account, thread="P1")

    assert new.id != old.id
    assert new.protocol != old.protocol
    assert new.previous_ticket_id == old.id
    assert new.assignee_id is None
    assert new.status is TicketStatus.NEW
    assert (await world.see(old)).model_dump() == before


async def test_a_closing_and_a_message_at_once_leave_one_open_ticket_at_most(world: World) -> None:
    account = await world.account()
    old = await world.heard(account, thread="P1")

    _, new = await asyncio.gather(closed(world, old.id), world.heard(account, thread="P1"))

    seen = await world.see(old)
    assert seen.status is TicketStatus.CLOSED
    joined = new.id == old.id
    assert joined or new.previous_ticket_id == old.id


async def test_a_message_reopens_a_resolved_ticket(world: World) -> None:
    account = await world.account()
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.update, ticket.id, RESOLVED)

    reopened = await world.heard(account, thread="P1")

    assert reopened.id == ticket.id
    assert (reopened.status, reopened.reopen_count) == (TicketStatus.OPEN, 1)
    assert reopened.resolved_at is None
    assert (await world.story(ticket))[-2:] == ["OCCURRENCE_RECEIVED", "REOPENED"]


async def test_a_thank_you_was_never_a_reopening(world: World) -> None:
    account = await world.account()
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.update, ticket.id, RESOLVED)
    resolved_at = (await world.see(ticket)).resolved_at
    world.later(ONE_HOUR)
    [thanks] = await world.receive(world.post(account, thread="P1", text="obrigado"))
    assert thanks.occurrence is not None

    acknowledged = await world.do(handling.acknowledge, ticket.id, thanks.occurrence.id)

    assert (acknowledged.status, acknowledged.reopen_count) == (TicketStatus.RESOLVED, 0)
    assert acknowledged.resolved_at == resolved_at
    assert (await world.story(ticket))[-1] == "ACKNOWLEDGED"


async def test_an_open_ticket_keeps_its_conversation_when_its_level_groups_otherwise(
    world: World,
) -> None:
    account = await world.account()
    ticket = await world.heard(account, thread="P1")
    await world.arrange(world.triage, grouping=GroupingMode.PUBLISHER)

    same = await world.heard(account, thread="P1")
    other = await world.heard(account, thread="P2")
    another = await world.heard(account, thread="P3")

    assert same.id == ticket.id
    assert other.id != ticket.id
    assert another.id == other.id


async def test_a_conversation_follows_its_ticket_to_another_level(world: World) -> None:
    account, finance = await world.account(), await world.level("Financeiro")
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.escalate, ticket.id, finance.id, "É cobrança")

    again = await world.heard(account, thread="P1")

    assert again.id == ticket.id
    assert again.level_id == finance.id
    assert again.status is TicketStatus.ESCALATED


async def test_what_a_disabled_level_would_get_falls_back_and_is_counted(world: World) -> None:
    account = await world.account()
    finance = await world.level("Financeiro")
    await world.watch(account, finance)
    await world.arrange(finance, enabled=False)

    ticket = await world.heard(account)

    assert ticket.level_id == world.triage.id
    async with world.storage.reading(world.system) as work:
        assert await work.occurrences.diverted([finance.id]) == {finance.id: 1}


async def test_a_monitoring_that_is_named_decides_the_level(world: World) -> None:
    account = await world.account()
    finance = await world.level("Financeiro")
    await world.watch(account, world.triage)
    named = await world.watch(account, finance, ["boleto"])

    ticket = await world.heard(account, monitoring_id=named.id)

    assert ticket.level_id == finance.id


async def test_a_level_that_groups_old_messages_shows_them_before_and_counts_none(
    world: World,
) -> None:
    account = await world.account()
    await world.arrange(world.triage, group_old_occurrences=True)
    yesterday = world.now - timedelta(days=1)
    await world.receive(world.post(account, text="antiga", historical=True, occurred_at=yesterday))

    ticket = await world.heard(account, text="nova")

    async with world.storage.reading(world.system) as work:
        page = (await work.occurrences.pages_of_tickets([ticket.id], FIRST_HUNDRED))[ticket.id]
    assert [(edge.node.text, edge.earlier) for edge in page.edges] == [
        ("antiga", True),
        ("nova", False),
    ]
    assert ticket.interactions_count == len(await world.story(ticket)) == 2


async def test_a_historical_message_is_kept_and_opens_nothing(world: World) -> None:
    account = await world.account()
    post = world.post(account, historical=True)

    [received] = await world.receive(post)
    [again] = await world.receive(post)

    assert received.occurrence is not None
    assert received.occurrence.historical
    assert received.ticket is None
    assert again.duplicate


async def test_when_it_happened_and_when_it_came_are_both_kept(world: World) -> None:
    account = await world.account()
    happened = world.now - ONE_HOUR

    [received] = await world.receive(world.post(account, occurred_at=happened))

    assert received.occurrence is not None
    assert received.ticket is not None
    assert (received.occurrence.occurred_at, received.occurrence.received_at) == (
        happened,
        world.now,
    )
    assert (received.ticket.occurred_at, received.ticket.opened_at) == (happened, world.now)


async def test_a_batch_of_500_answers_each_and_refusals_keep_nobody_out(world: World) -> None:
    account = await world.account()
    off = await world.account()
    form = AccountForm(id=off.id, network=off.network, name=off.name, enabled=False)
    await world.do(organizing.save_account, form)
    posts = [
        world.post(account, author=f"p{number % 50}", thread=f"t{number % 7}")
        for number in range(500)
    ]
    posts[7] = replace(posts[7], text="   ")
    posts[100] = replace(posts[100], text="x" * 50_000)
    posts[200] = replace(posts[200], text="a\x00b")
    posts[201] = replace(posts[201], occurred_at=world.now + ONE_HOUR)
    posts[300] = replace(posts[300], account_id=off.id)
    posts[301] = replace(posts[301], account_id=world.workspace.id)
    posts[302] = replace(posts[302], monitoring_id=world.workspace.id)

    answers = await world.receive(*posts)

    assert len(answers) == 500
    refused = {place: each.refusal for place, each in enumerate(answers) if each.refusal}
    assert {place: type(refusal) for place, refusal in refused.items()} == {
        7: Invalid,
        100: TooLong,
        200: Invalid,
        201: Invalid,
        300: Invalid,
        301: NotFound,
        302: NotFound,
    }
    assert refused[201].field == ("occurredAt",)
    kept = [each for each in answers if not each.refusal]
    assert all(each.ticket and each.occurrence for each in kept)
    threads = {(post.author, post.thread_id) for post in posts if post.text[0] == "M"}
    assert len({each.ticket.id for each in kept if each.ticket}) == len(threads) - 4


@pytest.mark.parametrize(
    "author",
    [
        Author(external_id="m1", name="Maria", email="\ud800@a.example"),
        Author(external_id="m1", name="Maria", phone="\ud800"),
        Author(external_id="m1", name="Maria", followers=2**40),
        Author(external_id="m1", name="Maria", followers=-(2**40)),
        Author(external_id="m1", name="x" * 500),
        Author(external_id="", name="Maria"),
        Author(external_id="m1", name="Maria", url="javascript:alert(1)"),
        Author(external_id="m1", name="Maria", tags=("x" * 100,)),
        Author(external_id="m1", name="Maria", tags=tuple(f"tag {n}" for n in range(500))),
    ],
)
async def test_an_author_who_cannot_be_kept_does_not_keep_the_others_out(
    world: World, author: Author
) -> None:
    account = await world.account()

    _, good = await world.receive(world.post(account, author=author), world.post(account))

    assert good.ticket is not None


async def test_a_key_that_may_only_bring_messages_in_finds_the_conversations_too(
    world: World,
) -> None:
    account = await world.account()
    made = await world.do(signing.make_key, "robô", [Scope.INGEST.value])
    key = access.api_key(
        key_id=made.api_key.id,
        workspace_id=world.workspace.id,
        name="robô",
        scopes=frozenset({Scope.INGEST}),
    )

    for number in range(3):
        await world.receive(world.post(account, thread="P1", text=str(number)), by=key)

    [again] = await world.receive(world.post(account, thread="P1", text="3"))
    assert again.ticket is not None
    assert await messages(world, again.ticket.id) == ["0", "1", "2", "3"]


async def test_a_message_for_somebody_who_is_away_goes_back_to_the_queue(world: World) -> None:
    account = await world.account()
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.start, ticket.id, by=ana)
    pending = TicketChange(status=TicketStatus.PENDING)
    await world.do(handling.update, ticket.id, pending, by=ana)
    await world.do(signing.set_availability, False, by=ana)

    woken = await world.heard(account, thread="P1")

    assert (woken.status, woken.assignee_id) == (TicketStatus.OPEN, None)
    assert (await world.story(ticket))[-2:] == ["OCCURRENCE_RECEIVED", "ASSIGNEE_CHANGED"]


async def test_by_publisher_a_message_joins_the_case_opened_by_hand(world: World) -> None:
    account = await world.account()
    await world.arrange(world.triage, grouping=GroupingMode.PUBLISHER)
    first = await world.heard(account)
    await closed(world, first.id)
    by_hand = await world.ticket(publisher_id=first.publisher_id)

    ticket = await world.heard(account)

    assert ticket.id == by_hand.id


async def test_200_tickets_at_once_have_200_valid_protocols(world: World) -> None:
    account = await world.account()

    async def open_ten(worker: int) -> list[str]:
        posts = [world.post(account, author=f"w{worker}p{number}") for number in range(10)]
        return [each.ticket.protocol for each in await world.receive(*posts) if each.ticket]

    issued = [
        protocol
        for batch in await asyncio.gather(*(open_ten(worker) for worker in range(20)))
        for protocol in batch
    ]

    assert len(set(issued)) == 200
    assert all(protocols.is_valid(protocol) for protocol in issued)


async def test_what_is_rolled_back_leaves_no_ticket(world: World) -> None:
    account = await world.account()

    async def fail(work: Work, post: Post) -> None:
        await intake.take_in(work, [post])
        raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        await world.do(fail, world.post(account))

    async with world.storage.reading(world.system) as work:
        assert (await work.publishers.page(None, FIRST_HUNDRED)).nodes == []
        assert await work.tickets.open_in(world.triage.id) == 0


async def test_nothing_personal_is_in_the_number(world: World) -> None:
    cpf = "52998224725"
    ticket = await world.heard(await world.account(), author=cpf, text=f"Meu CPF é {cpf}")

    assert ticket.protocol[:8] == world.now.strftime("%Y%m%d")
    assert cpf not in ticket.protocol


async def test_history_names_who_wrote_and_not_who_brought_it_in(world: World) -> None:
    admin = await world.person("Bia", role=Role.ADMIN)
    account = await world.account()

    [received] = await world.receive(world.post(account, author="maria"), by=admin)

    assert received.ticket is not None
    history = await world.history(received.ticket)
    assert {entry.actor_name for entry in history} == {"Maria"}
    assert {entry.actor_id for entry in history} == {None}


async def test_a_program_that_only_hands_in_learns_of_a_repeat_but_nothing_it_did_not_bring(
    world: World,
) -> None:
    account = await world.account()
    robot = access.api_key(
        key_id=new_id(),
        workspace_id=world.workspace.id,
        name="Robô",
        scopes=frozenset({Scope.INGEST}),
    )
    post = world.post(account, text="Meu pedido não chegou")
    first = await world.do(intake.take_one, post, by=robot)

    again = await world.do(intake.take_one, post, by=robot)
    guessed = await world.do(intake.take_one, replace(post, text="O que havia?"), by=robot)

    assert first.ticket is not None
    assert again.ticket is not None
    assert again.duplicate
    assert again.ticket.protocol == first.ticket.protocol
    assert guessed.duplicate
    assert (guessed.occurrence, guessed.ticket) == (None, None)
