"""Files on tickets: who sees them, who may send them, and where they go when tickets are merged."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.errors import NotFound
from domain.model.attachment import Attachment
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.rules import files
from domain.words import DeliveryState, Visibility
from domain.work import Work
from tests.rules.test_files import PNG
from tests.world import Person, World

DAY = timedelta(days=1)


async def uploaded(world: World, ticket: Ticket, by: Person | None = None) -> Attachment:
    row = Attachment.of(
        files.examine("foto.png", PNG),
        workspace_id=world.workspace.id,
        now=world.now,
        ticket_id=ticket.id,
        uploaded_by_id=by.id if by else None,
    )
    await world.do(put, row)
    return row


async def put(work: Work, *rows: Attachment) -> None:
    await work.attachments.put(rows)


async def take(work: Work, ids: Sequence[UUID], ticket_id: UUID) -> Sequence[Attachment]:
    return await work.attachments.take_uploaded(ids, ticket_id)


async def send(work: Work, ids: Sequence[UUID], ticket_id: UUID) -> Reply:
    """A reply that takes them along."""
    reply = Reply(
        workspace_id=work.actor.workspace_id,
        ticket_id=ticket_id,
        visibility=Visibility.PUBLIC,
        text="Segue a foto",
        state=DeliveryState.QUEUED,
        written_at=work.now,
    )
    for each in await work.attachments.take_uploaded(ids, ticket_id):
        each.go_with(reply.id)
    await work.replies.put([reply])
    return reply


async def seen(world: World, row: Attachment, by: Person | None = None) -> bool:
    async with world.storage.reading(await world.actor(by)) as work:
        return row.id in await work.attachments.find([row.id])


async def test_what_was_uploaded_is_taken_once_in_the_order_given(world: World) -> None:
    ticket = await world.ticket()
    one, two = await uploaded(world, ticket), await uploaded(world, ticket)

    reply = await world.do(send, [two.id, one.id, two.id], ticket.id)

    async with world.storage.reading(world.system) as work:
        sent = (await work.attachments.of_replies([reply.id]))[reply.id]
    assert [each.id for each in sent] == [one.id, two.id]
    with pytest.raises(NotFound):
        await world.do(take, [one.id], ticket.id)


async def test_nobody_sends_what_is_elsewhere_or_another_persons(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket, other = await world.ticket(), await world.ticket()
    row = await uploaded(world, ticket, ana)

    for ids, of, by in (
        ([row.id], other.id, ana),
        ([row.id], ticket.id, bia),
        ([row.id, uuid4()], ticket.id, ana),
    ):
        with pytest.raises(NotFound):
            await world.do(take, ids, of, by=by)
    assert [each.id for each in await world.do(take, [row.id], ticket.id, by=ana)] == [row.id]


async def test_a_draft_is_its_authors_and_a_sent_file_is_seen_with_its_ticket(world: World) -> None:
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    rita = await world.person("Rita", level=rh)
    ticket = await world.ticket()
    row = await uploaded(world, ticket, ana)
    before = [await seen(world, row, each) for each in (ana, bia, rita)]

    await world.do(send, [row.id], ticket.id, by=ana)

    assert before == [True, False, False]
    assert [await seen(world, row, each) for each in (ana, bia, rita)] == [True, True, False]


async def test_a_file_of_a_message_is_seen_where_the_message_is(world: World) -> None:
    rh = await world.level("RH")
    account = await world.account()
    await world.watch(account, rh)
    rita, ana = await world.person("Rita", level=rh), await world.person("Ana", level=world.triage)
    posts = [world.post(account), world.post(account, historical=True, author="rui")]
    rows = []
    for received in await world.receive(*posts):
        assert received.occurrence is not None
        file = files.examine("foto.png", PNG)
        rows.append(
            Attachment.of(
                file,
                workspace_id=world.workspace.id,
                now=world.now,
                ticket_id=received.occurrence.ticket_id,
                occurrence_id=received.occurrence.id,
            )
        )

    await world.do(put, *rows)

    assert [await seen(world, each, rita) for each in rows] == [True, True]
    assert [await seen(world, each, ana) for each in rows] == [False, False]
    async with world.storage.reading(world.system) as work:
        owners = [each.occurrence_id for each in rows if each.occurrence_id]
        found = await work.attachments.of_occurrences(owners)
    assert [len(found[each]) for each in owners] == [1, 1]


async def test_files_move_with_a_merged_ticket_sent_or_not(world: World) -> None:
    source, target = await world.ticket(), await world.ticket()
    sent, draft = await uploaded(world, source), await uploaded(world, source)
    await world.do(send, [sent.id], source.id)

    await world.do(handling.merge, source.id, target.id, "É o mesmo", True)

    async with world.storage.reading(world.system) as work:
        rows = await work.attachments.find([sent.id, draft.id])
    assert {each.ticket_id for each in rows.values()} == {target.id}
    with pytest.raises(NotFound):
        await world.do(take, [draft.id], source.id)
    assert await world.do(take, [draft.id], target.id)
