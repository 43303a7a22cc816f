"""Files that go out with replies, and those that stay because their reply did not."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.errors import (
    Invalid,
    NotFound,
    NotSupportedByNetwork,
    Refusal,
    TooLarge,
    TypeNotAllowed,
)
from domain.model.account import Account
from domain.model.attachment import Attachment
from domain.model.base import new_id
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.rules.capability import Capability
from domain.words import DeliveryState, Network, Visibility
from tests.carrying import BOTH, carry
from tests.operations.test_attachments import uploaded
from tests.operations.test_replying import reply, team, written
from tests.rules.test_files import PNG
from tests.world import Person, World

PUBLIC, PRIVATE, INTERNAL = Visibility
WITH_FILES = Capability(sends=BOTH, files_most=2)


@pytest.fixture(autouse=True)
def networks(world: World) -> None:
    carry(world, {Network.SANDBOX: WITH_FILES})


async def case(world: World, **settings: Any) -> tuple[Level, Account, Ticket, Person]:
    level, account = await team(world, **settings)
    ana = await world.person("Ana", level=level)
    return level, account, await world.heard(account), ana


async def of_reply(world: World, reply_id: Any) -> Sequence[Attachment]:
    async with world.storage.reading(world.system) as work:
        return (await work.attachments.of_replies([reply_id]))[reply_id]


@pytest.mark.parametrize("moderated", [False, True])
async def test_what_was_uploaded_goes_with_the_reply(world: World, moderated: bool) -> None:
    *_, ticket, ana = await case(world, moderated=moderated)
    one, two = await uploaded(world, ticket, ana), await uploaded(world, ticket, ana)

    said = await reply(world, ticket, by=ana, attachment_ids=[two.id, one.id, two.id])

    state = DeliveryState.HELD if moderated else DeliveryState.QUEUED
    assert said.reply.state is state
    assert {each.id for each in await of_reply(world, said.reply.id)} == {one.id, two.id}


async def test_a_note_may_have_files_whatever_the_network_carries(world: World) -> None:
    *_, ticket, ana = await case(world)
    carry(world, {})
    files = [await uploaded(world, ticket, ana) for _ in range(3)]

    said = await reply(
        world, ticket, visibility=INTERNAL, by=ana, attachment_ids=[each.id for each in files]
    )

    assert len(await of_reply(world, said.reply.id)) == 3


async def test_no_more_than_ten_go_with_a_note(world: World) -> None:
    *_, ticket, ana = await case(world)
    files = [await uploaded(world, ticket, ana) for _ in range(11)]

    with pytest.raises(Invalid) as refused:
        await reply(
            world, ticket, visibility=INTERNAL, by=ana, attachment_ids=[each.id for each in files]
        )

    assert refused.value.field == ("attachmentIds",)


@pytest.mark.parametrize(
    ("carried", "kind"),
    [
        (Capability(sends=BOTH), NotSupportedByNetwork),
        (Capability(sends=BOTH, files_most=1), Invalid),
        (Capability(sends=BOTH, files_most=2, file_size_most=len(PNG) - 1), TooLarge),
        (
            Capability(sends=BOTH, files_most=2, media_types=frozenset({"image/jpeg"})),
            TypeNotAllowed,
        ),
    ],
)
async def test_what_the_network_does_not_carry_is_refused_and_can_still_be_sent_otherwise(
    world: World, carried: Capability, kind: type[Refusal]
) -> None:
    *_, ticket, ana = await case(world)
    files = [(await uploaded(world, ticket, ana)).id for _ in range(2)]
    carry(world, {Network.SANDBOX: carried})

    with pytest.raises(kind) as refused:
        await reply(world, ticket, by=ana, attachment_ids=files)

    assert refused.value.field == ("attachmentIds",)
    assert await written(world, ticket) == []
    carry(world, {Network.SANDBOX: WITH_FILES})
    said = await reply(world, ticket, by=ana, attachment_ids=files)
    assert len(await of_reply(world, said.reply.id)) == 2


async def test_files_of_others_of_other_tickets_and_those_that_were_sent_are_not_there(
    world: World,
) -> None:
    level, account, ticket, ana = await case(world)
    bia = await world.person("Bia", level=level)
    other = await world.heard(account, author="jose")
    sent, own = await uploaded(world, ticket, ana), await uploaded(world, ticket, ana)
    await reply(world, ticket, by=ana, attachment_ids=[sent.id])
    wrong = [
        (await uploaded(world, ticket, bia)).id,
        (await uploaded(world, other, ana)).id,
        sent.id,
        new_id(),
    ]

    for each in wrong:
        with pytest.raises(NotFound) as refused:
            await reply(world, ticket, by=ana, attachment_ids=[own.id, each])

        assert refused.value.field == ("attachmentIds",)
    assert len(await written(world, ticket)) == 1
