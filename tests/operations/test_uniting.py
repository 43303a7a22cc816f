"""Two publishers who are one person, made one."""

import asyncio
from contextlib import suppress

import pytest

from domain.errors import Forbidden, Invalid, NotFound, Refusal, VersionConflict, WrongState
from domain.model.account import Account
from domain.model.publisher import Publisher
from domain.model.ticket import Ticket
from domain.operations import correcting, defining, handling, sealing
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.operations.uniting import merge
from domain.words import (
    CloseReason,
    FieldKind,
    GroupingMode,
    HistoryKind,
    Role,
    TicketScope,
    TicketStatus,
)
from tests.operations.test_publishers import CPF, EMAIL, PHONE, audit, known, told
from tests.world import FIRST_HUNDRED, World

OTHER_CPF = "11144477735"


async def two(
    world: World, mode: GroupingMode = GroupingMode.HIERARCHY
) -> tuple[Account, Ticket, Ticket]:
    """Maria wrote first, José later; under the same post."""
    await world.arrange(world.triage, grouping=mode)
    account = await world.account()
    await world.watch(account, world.triage)
    first = await world.heard(account, author="maria", thread="P")
    world.later(world.triage.lease)
    return account, first, await world.heard(account, author="jose", thread="P")


async def test_everything_of_the_one_is_the_others(world: World) -> None:
    account, first, second = await two(world)
    await world.receive(world.post(account, author="jose", historical=True, thread="antes"))

    target = await world.do(merge, second.publisher_id, first.publisher_id)

    async with world.storage.reading(world.system) as work:
        profiles = (await work.publishers.profiles([target.id]))[target.id]
        pages = await work.tickets.pages_of_publishers(
            [target.id], TicketScope.ALL, None, FIRST_HUNDRED
        )
        said = await work.occurrences.pages_of_publishers([target.id], FIRST_HUNDRED)
        assert (await work.publishers.get(second.publisher_id)).id == target.id
        assert {each.id for each in (await work.publishers.page(None, FIRST_HUNDRED)).nodes} == {
            target.id
        }
    assert target.id == first.publisher_id
    assert {each.handle for each in profiles} == {"maria", "jose"}
    assert {each.id for each in pages[target.id].nodes} == {first.id, second.id}
    assert len(said[target.id].nodes) == 3
    assert "jose" in target.search


async def test_what_is_known_of_the_one_who_stays_wins(world: World) -> None:
    _, first, second = await two(world)
    for key in ("fidelidade", "loja"):
        form = DefinitionForm(key=key, label=key, kind=FieldKind.TEXT)
        await world.do(defining.save_definition, form)
    target = PublisherForm(
        id=first.publisher_id,
        cpf=CPF,
        tags=["vip"],
        fields=[FieldForm(key="fidelidade", value="A")],
    )
    source = PublisherForm(
        id=second.publisher_id,
        cpf=OTHER_CPF,
        email=EMAIL,
        phone=PHONE,
        tags=["physician", "vip"],
        fields=[FieldForm(key="fidelidade", value="B"), FieldForm(key="loja", value="C")],
    )
    for form_ in (target, source):
        await world.do(correcting.update, form_)

    united = await world.do(merge, second.publisher_id, first.publisher_id)

    assert await told(world, united) == {
        FieldKind.CPF: CPF,
        FieldKind.EMAIL: EMAIL,
        FieldKind.PHONE: PHONE,
    }
    assert united.tags == ("vip", "physician")
    secrets = world.storage.secrets
    async with world.storage.reading(world.system) as work:
        found = await work.publisher_fields.of_publishers([united.id, second.publisher_id])
        before = await work.session.get(Publisher, second.publisher_id)
    values = {sealing.value_of(secrets, united, each) for each in found[united.id]}
    assert values == {"A", "C"}
    assert found[second.publisher_id] == []
    assert before is not None
    assert [before.sealed_key, before.sealed_cpf, before.cpf_hash, before.email_hash] == [None] * 4


async def test_the_tickets_that_moved_and_both_publishers_tell_of_it(world: World) -> None:
    _, first, second = await two(world)
    await world.do(handling.finish, second.id, CloseReason.SPAM, "fim")

    target = await world.do(merge, second.publisher_id, first.publisher_id)

    last = (await world.history(second))[-1]
    assert (last.kind, last.was, last.became) == (HistoryKind.PUBLISHER_CHANGED, "Jose", "Maria")
    assert (last.was_id, last.became_id) == (second.publisher_id, first.publisher_id)
    assert (await world.see(second)).face.publisher_id == target.id
    assert "maria" in (await world.see(second)).search
    assert "PUBLISHER_CHANGED" not in await world.story(first)
    entries = await audit(world, target)
    assert [each.kind for each in entries] == [HistoryKind.MERGED, HistoryKind.MERGED]
    assert {each.publisher_id for each in entries} == {first.publisher_id, second.publisher_id}


@pytest.mark.parametrize("mode", GroupingMode)
async def test_of_two_open_conversations_the_newer_ticket_takes_what_comes_and_both_stay(
    world: World, mode: GroupingMode
) -> None:
    account, first, second = await two(world, mode)

    await world.do(merge, second.publisher_id, first.publisher_id)

    for author in ("maria", "jose"):
        assert (await world.heard(account, author=author, thread="P")).id == second.id
    assert (await world.see(first)).status is not TicketStatus.CLOSED
    assert (await world.see(first)).grouping_key is None


@pytest.mark.parametrize("mode", GroupingMode)
async def test_the_other_way_round_too(world: World, mode: GroupingMode) -> None:
    account, first, second = await two(world, mode)

    await world.do(merge, first.publisher_id, second.publisher_id)

    for author in ("maria", "jose"):
        assert (await world.heard(account, author=author, thread="P")).id == second.id


async def test_a_closed_ticket_gives_way_and_is_what_the_next_one_follows(world: World) -> None:
    account, first, second = await two(world)
    await world.do(handling.finish, second.id, CloseReason.SPAM, "fim")

    await world.do(merge, second.publisher_id, first.publisher_id)

    assert (await world.heard(account, author="jose", thread="P")).id == first.id
    await world.do(handling.finish, first.id, CloseReason.SPAM, "fim")
    world.later(world.triage.lease)
    assert (await world.heard(account, author="maria", thread="P")).previous_ticket_id == second.id


async def test_conversations_under_other_posts_go_on_as_they_were(world: World) -> None:
    account, first, _ = await two(world)
    apart = await world.heard(account, author="jose", thread="Q")

    await world.do(merge, apart.publisher_id, first.publisher_id)

    assert (await world.heard(account, author="maria", thread="Q")).id == apart.id


async def test_a_removed_ticket_and_one_behind_the_wall_move_as_well(world: World) -> None:
    _, first, second = await two(world)
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    walled = await world.ticket(rh, publisher_id=second.publisher_id)
    removed = await world.ticket(publisher_id=second.publisher_id)
    await world.do(handling.remove, removed.id, "teste")

    target = await world.do(merge, second.publisher_id, first.publisher_id, by=ana)

    assert (await world.see(walled)).publisher_id == target.id
    async with world.storage.reading(world.system) as work:
        row = await work.session.get(Ticket, removed.id)
    assert row is not None
    assert row.publisher_id == target.id


async def test_along_a_chain_every_id_leads_to_the_last(world: World) -> None:
    account, first, second = await two(world)
    third = await world.heard(account, author="rui", thread="R")
    await world.do(merge, first.publisher_id, second.publisher_id)

    last = await world.do(merge, second.publisher_id, third.publisher_id)

    async with world.storage.reading(world.system) as work:
        ids = [each.publisher_id for each in (first, second, third)]
        found = await work.publishers.find(ids)
    assert {each: row.id for each, row in found.items()} == dict.fromkeys(ids, last.id)
    assert (await world.heard(account, author="maria", thread="Z")).publisher_id == last.id


async def test_one_cannot_be_merged_into_themselves_or_twice(world: World) -> None:
    account, first, second = await two(world)
    third = await world.heard(account, author="rui", thread="R")

    with pytest.raises(Invalid):
        await world.do(merge, first.publisher_id, first.publisher_id)
    await world.do(merge, first.publisher_id, second.publisher_id)
    for source, target, field in (
        (first, second, "sourceId"),
        (second, first, "targetId"),
        (third, first, "targetId"),
    ):
        with pytest.raises(WrongState) as refused:
            await world.do(merge, source.publisher_id, target.publisher_id)
        assert refused.value.field == (field,)


async def test_one_who_stays_as_another_version_is_not_merged_into(world: World) -> None:
    _, first, second = await two(world)

    with pytest.raises(VersionConflict):
        await world.do(merge, first.publisher_id, second.publisher_id, 7)


async def test_who_handles_tickets_of_both_may_and_nobody_else(world: World) -> None:
    _, first, second = await two(world)
    rh = await world.level("RH")
    alone = await world.ticket(rh, customer_name="Só do RH")
    ana = await world.person("Ana", level=world.triage)
    vera = await world.person("Vera", level=world.triage, role=Role.VIEWER)
    other = await World.founded(world.storage)
    elsewhere = await other.ticket(customer_name="De outra empresa")

    for target in (alone, elsewhere):
        with pytest.raises(NotFound):
            await world.do(merge, first.publisher_id, target.publisher_id, by=ana)
    with pytest.raises(Forbidden):
        await world.do(merge, first.publisher_id, second.publisher_id, by=vera)
    assert (await world.do(merge, first.publisher_id, second.publisher_id, by=ana)).version > 1
    assert (await known(other, elsewhere)).name == "De outra empresa"


async def test_at_once_and_crosswise_one_wins(world: World) -> None:
    for number in range(5):
        account = await world.account()
        one = await world.heard(account, author=f"a{number}")
        other = await world.heard(account, author=f"b{number}")

        answers = await asyncio.gather(
            world.do(merge, one.publisher_id, other.publisher_id),
            world.do(merge, other.publisher_id, one.publisher_id),
            return_exceptions=True,
        )

        [survivor] = [each for each in answers if isinstance(each, Publisher)]
        [refused] = [each for each in answers if not isinstance(each, Publisher)]
        assert isinstance(refused, WrongState)
        async with world.storage.reading(world.system) as work:
            found = await work.publishers.find([one.publisher_id, other.publisher_id])
        assert {each.id for each in found.values()} == {survivor.id}


async def test_whatever_comes_in_meanwhile_belongs_to_who_stays(world: World) -> None:
    account, first, second = await two(world, GroupingMode.PUBLISHER)
    third = await world.heard(account, author="rui")

    async def attempt(one: Ticket, other: Ticket) -> None:
        with suppress(Refusal):
            await world.do(merge, one.publisher_id, other.publisher_id)

    people = ("maria", "jose", "rui")
    await asyncio.gather(
        attempt(first, second),
        *(world.receive(world.post(account, author=each)) for each in people * 4),
        attempt(second, third),
        attempt(third, first),
        *(world.ticket(publisher_id=each.publisher_id) for each in (first, second, third)),
        *(
            world.do(correcting.update, PublisherForm(id=each.publisher_id, cpf=CPF))
            for each in (first, second, third)
        ),
    )

    async with world.storage.reading(world.system) as work:
        ids = [each.publisher_id for each in (first, second, third)]
        found = await work.publishers.find(ids)
        everyone = {each.id: each for each in found.values()}
        tickets = await work.tickets.pages_of_publishers(ids, TicketScope.ALL, None, FIRST_HUNDRED)
        profiles = await work.publishers.profiles(ids)
        said = await work.occurrences.pages_of_publishers(ids, FIRST_HUNDRED)
    merged = set(ids) - set(everyone)
    assert len(merged) == 2
    for gone in merged:
        assert (tickets[gone].nodes, profiles[gone], said[gone].nodes) == ([], [], [])
    [survivor] = everyone
    assert len(tickets[survivor].nodes) == 6
    assert len(said[survivor].nodes) == 15
