"""What stands ready beside the text: links made short before it is counted, and canned replies."""

import pytest
from sqlalchemy import func, select

from domain.addresses import Addresses
from domain.errors import Invalid, NotFound, TooLong
from domain.model.base import new_id
from domain.model.canned import CannedReply
from domain.model.shortlink import ShortLink
from domain.operations import canning
from domain.operations.canning import CannedForm
from domain.rules.capability import Capability
from domain.words import DeliveryState, Network, Visibility
from storage.access import columns
from tests.carrying import BOTH, carry
from tests.operations.test_replying import reply, team, written
from tests.world import Person, World

LONG_URL = "https://loja.example.com.br/pedidos/" + "acompanhar/" * 20
HERE = "https://g.example"
FITS = len(f"Veja {HERE}/s/12345678")


@pytest.fixture(autouse=True)
def networks(world: World) -> None:
    carry(world, {Network.SANDBOX: Capability(sends=BOTH, text_most=FITS)})
    world.storage.addresses = Addresses(HERE, HERE)


async def links(world: World) -> int:
    row = columns(ShortLink)
    asked = (
        select(func.count()).select_from(ShortLink).where(row.workspace_id == world.workspace.id)
    )
    async with world.storage.reading(world.system) as work:
        return await work.session.scalar(asked) or 0


async def uses(world: World, canned: CannedReply) -> int:
    row = columns(CannedReply)
    async with world.storage.reading(world.system) as work:
        found = await work.session.scalar(select(row.uses).where(row.id == canned.id))
    assert found is not None
    return int(found)


async def kept(world: World, by: Person) -> CannedReply:
    form = CannedForm(title="Prazo", text="A troca leva 5 dias.", personal=True)
    made: CannedReply = await world.do(canning.save, form, by=by)
    return made


async def test_a_text_is_counted_with_its_links_made_short(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)
    text = f"Veja {LONG_URL}"

    with pytest.raises(TooLong):
        await reply(world, ticket, text)
    said = await reply(world, ticket, text, shorten_links=True)

    assert said.reply.text.startswith(f"Veja {HERE}/s/")
    assert len(said.reply.text) == FITS
    assert await links(world) == 1


async def test_what_is_still_too_long_is_refused_and_leaves_no_link_behind(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    with pytest.raises(TooLong) as refused:
        await reply(world, ticket, f"Veja só {LONG_URL}", shorten_links=True)

    assert refused.value.field == ("text",)
    assert (await links(world), await written(world, ticket)) == (0, [])


async def test_what_a_moderator_gets_to_see_is_the_short_text(world: World) -> None:
    level, account = await team(world, moderated=True)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)

    said = await reply(world, ticket, f"Veja {LONG_URL}", shorten_links=True, by=ana)

    assert said.reply.state is DeliveryState.HELD
    assert len(said.reply.text) == FITS


async def test_a_link_that_may_not_be_made_refuses_the_reply(world: World) -> None:
    _, account = await team(world)
    ticket = await world.heard(account)

    with pytest.raises(Invalid) as refused:
        await reply(world, ticket, "http://10.0.0.1/", shorten_links=True)

    assert refused.value.field == ("text",)
    assert await written(world, ticket) == []


async def test_what_a_reply_was_made_from_is_counted_once_it_is_written(world: World) -> None:
    level, account = await team(world)
    ana = await world.person("Ana", level=level)
    ticket = await world.heard(account)
    canned = await kept(world, ana)

    with pytest.raises(TooLong):
        await reply(world, ticket, "a" * 99, canned_reply_id=canned.id, by=ana)
    before = await uses(world, canned)
    await reply(world, ticket, "A troca leva 5 dias.", canned_reply_id=canned.id, by=ana)

    assert (before, await uses(world, canned)) == (0, 1)


@pytest.mark.parametrize("visibility", Visibility)
async def test_a_canned_reply_of_somebody_else_is_as_good_as_none(
    world: World, visibility: Visibility
) -> None:
    level, account = await team(world)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    ticket = await world.heard(account)
    hers = await kept(world, bia)

    refusals = []
    for canned_id in (hers.id, new_id()):
        with pytest.raises(NotFound) as refused:
            await reply(world, ticket, canned_reply_id=canned_id, visibility=visibility, by=ana)
        refusals.append((str(refused.value), refused.value.field))

    assert refusals[0] == refusals[1]
    assert refusals[0][1] == ("cannedReplyId",)
    assert (await uses(world, hers), await written(world, ticket)) == (0, [])
