"""Files that lie at networks: fetched once each, and said to be lost where they are."""

from datetime import timedelta
from uuid import UUID

from domain.model.attachment import Attachment
from domain.model.media import ATTEMPTS_MOST, LONGEST_PAUSE
from domain.model.ticket import Ticket
from domain.operations import collecting, handling
from domain.operations.collecting import LEASE, Errand
from domain.post import Media
from tests.rules.test_files import PNG
from tests.world import World

PICTURE = Media("media/1", "foto.png", "image/png")
SECOND = timedelta(seconds=1)


async def waiting(world: World, *media: Media) -> Ticket:
    return await world.heard(await world.account(), media=media)


async def claimed(world: World, most: int = 10) -> list[Errand]:
    return list(await world.do(collecting.claim, most))


async def files(world: World, ticket: Ticket) -> list[Attachment]:
    async with world.storage.reading(world.system) as work:
        [said] = await work.occurrences.latest(ticket.id)
        return list((await work.attachments.of_occurrences([said.id]))[said.id])


async def test_a_file_becomes_an_attachment_of_its_message_and_the_history_tells_of_it(
    world: World,
) -> None:
    ticket = await waiting(world, PICTURE)
    assert await files(world, ticket) == []

    [errand] = await claimed(world)
    await world.do(collecting.kept, errand, PNG)

    [kept] = await files(world, ticket)
    assert (kept.file_name, kept.media_type, kept.ticket_id) == (
        "foto.png",
        "image/png",
        ticket.id,
    )
    last = (await world.history(ticket))[-1]
    assert (last.kind.value, last.became, last.became_id) == (
        "ATTACHMENT_KEPT",
        "foto.png",
        kept.id,
    )
    async with world.storage.reading(world.system) as work:
        assert await work.files.get(kept.storage_key) == PNG
    assert await claimed(world) == []


async def test_one_process_fetches_it_at_a_time_and_another_once_its_lease_is_over(
    world: World,
) -> None:
    ticket = await waiting(world, PICTURE)
    [first] = await claimed(world)
    assert await claimed(world) == []
    world.later(LEASE + SECOND)
    [second] = await claimed(world)

    await world.do(collecting.kept, second, PNG)
    await world.do(collecting.kept, first, PNG)

    assert len(await files(world, ticket)) == 1


async def test_what_it_is_decides_whatever_the_network_called_it(world: World) -> None:
    ticket = await waiting(world, Media("media/1", "foto.png", "image/png"))

    [errand] = await claimed(world)
    await world.do(collecting.kept, errand, b"MZ\x90\x00 a program")

    assert await files(world, ticket) == []
    last = (await world.history(ticket))[-1]
    assert (last.kind.value, last.became) == ("ATTACHMENT_LOST", "foto.png")
    assert last.comment


async def test_what_the_network_no_longer_has_is_said_to_be_lost(world: World) -> None:
    ticket = await waiting(world, PICTURE)

    [errand] = await claimed(world)
    await world.do(collecting.lost, errand, "media_gone")

    last = (await world.history(ticket))[-1]
    assert (last.kind.value, last.comment) == (
        "ATTACHMENT_LOST",
        "A rede não o tem mais, ou não o entrega a nós.",
    )
    assert await claimed(world) == []


async def test_it_is_asked_for_less_and_less_often_and_then_given_up(world: World) -> None:
    ticket = await waiting(world, PICTURE)

    for _ in range(ATTEMPTS_MOST):
        [errand] = await claimed(world)
        await world.do(collecting.later, errand)
        world.later(LONGEST_PAUSE)

    assert await claimed(world) == []
    assert (await world.story(ticket))[-1] == "ATTACHMENT_LOST"


async def test_a_message_that_was_merged_away_has_its_file_where_it_is_now(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await waiting(world, PICTURE)
    target = await world.heard(await world.account())
    [errand] = await claimed(world)

    await world.do(handling.merge, ticket.id, target.id, None, True, by=ana)
    await world.do(collecting.kept, errand, PNG)

    assert (await world.story(target))[-1] == "ATTACHMENT_KEPT"
    assert "ATTACHMENT_KEPT" not in await world.story(ticket)


async def test_a_repeat_of_the_message_asks_for_nothing_again(world: World) -> None:
    account = await world.account()
    post = world.post(account, external_id="m1", media=(PICTURE, PICTURE))

    await world.receive(post)
    await world.receive(post)

    errands = await claimed(world)
    assert len(errands) == 2
    assert all(isinstance(each.awaited_id, UUID) for each in errands)
