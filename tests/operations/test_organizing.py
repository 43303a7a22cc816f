"""Levels, people and what they are made of: saved whole or not at all."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refusal, VersionConflict
from domain.model.user import User
from domain.operations import handling, levelling, organizing
from domain.operations.levelling import LevelForm, MemberForm
from domain.operations.organizing import MonitoringForm, TypeForm, UserForm
from domain.words import CloseReason, GroupingMode, LevelRole, Priority, Role, TicketStatus
from tests.world import Person, World

NOBODY = UUID(int=1)


def form(person: Person, **changes: Any) -> UserForm:
    user = person.user
    usual = {"name": user.name, "email": user.email, "role": user.role}
    return UserForm(id=user.id, **{**usual, **changes})


async def test_a_level_is_saved_whole(world: World) -> None:
    ana, account = await world.person("Ana"), await world.account()

    level = await world.level(
        "Financeiro",
        grouping=GroupingMode.PUBLISHER,
        default_priority=Priority.HIGH,
        batch_size=3,
        account_ids=[account.id],
        members=[MemberForm(user_id=ana.id, role=LevelRole.MANAGER, capacity=5)],
    )

    async with world.storage.reading(world.system) as work:
        saved = await work.levels.get(level.id)
        [member] = (await work.levels.members([level.id]))[level.id]
        [used] = (await work.levels.accounts([level.id]))[level.id]
    assert (saved.grouping, saved.default_priority) == (GroupingMode.PUBLISHER, Priority.HIGH)
    assert (member.user_id, member.role, member.capacity) == (ana.id, LevelRole.MANAGER, 5)
    assert used.id == account.id


async def refused_members(world: World) -> dict[str, dict[str, Any]]:
    ana = await world.person("Ana")
    return {
        "a stranger": {"members": [MemberForm(user_id=ana.id), MemberForm(user_id=NOBODY)]},
        "somebody twice": {"members": [MemberForm(user_id=ana.id), MemberForm(user_id=ana.id)]},
        "an unknown account": {"account_ids": [NOBODY]},
        "a negative capacity": {"members": [MemberForm(user_id=ana.id, capacity=-1)]},
        "an endless batch": {"batch_size": 101},
        "a moment's lease": {"claim_lease_seconds": 9},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "a stranger",
        "somebody twice",
        "an unknown account",
        "a negative capacity",
        "an endless batch",
        "a moment's lease",
    ],
)
async def test_one_wrong_part_leaves_nothing_saved(world: World, wrong: str) -> None:
    parts = (await refused_members(world))[wrong]
    kept = await world.level("Financeiro")

    with pytest.raises(Refusal):
        await world.level("Novo", default_priority=Priority.URGENT, **parts)
    with pytest.raises(Refusal):
        await world.arrange(kept, default_priority=Priority.URGENT, **parts)

    async with world.storage.reading(world.system) as work:
        assert await work.levels.named("Novo") is None
        same = await work.levels.get(kept.id)
        assert (same.default_priority, same.version) == (Priority.MEDIUM, 1)
        assert (await work.levels.members([kept.id]))[kept.id] == []


async def test_two_levels_do_not_share_a_name_even_when_saved_at_once(world: World) -> None:
    answers = await asyncio.gather(
        *(world.level("Financeiro") for _ in range(2)), return_exceptions=True
    )

    [refusal] = [each for each in answers if isinstance(each, BaseException)]
    assert isinstance(refusal, Duplicate)


async def test_an_older_version_is_refused(world: World) -> None:
    level = await world.level("Financeiro")
    await world.arrange(level, batch_size=3)

    with pytest.raises(VersionConflict):
        await world.arrange(level, batch_size=4, expected_version=1)


async def test_the_level_that_takes_what_is_left_over_is_not_switched_off(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await world.arrange(world.triage, enabled=False)

    assert refused.value.sentence == "fallback_disabled"


async def test_who_leaves_a_level_leaves_its_open_tickets_in_the_queue(world: World) -> None:
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    hers = [await world.ticket(assignee_id=ana.id, status=status) for status in OPEN]
    others = await world.ticket(assignee_id=bia.id)
    done = await world.ticket(assignee_id=ana.id, status=TicketStatus.OPEN)
    closing = handling.TicketChange(status=TicketStatus.CLOSED, close_reason=CloseReason.ANSWERED)
    await world.do(handling.update, done.id, closing)

    await world.arrange(world.triage, members=[MemberForm(user_id=bia.id)])

    for ticket in hers:
        assert (await world.see(ticket)).assignee_id is None
        assert (await world.story(ticket))[-1] == "ASSIGNEE_CHANGED"
    assert (await world.see(others)).assignee_id == bia.id
    assert (await world.see(done)).assignee_id == ana.id
    with pytest.raises(NotFound):
        await world.see(hers[0], by=ana)


OPEN = [TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.RESOLVED]


async def test_every_change_of_rights_is_counted_also_two_at_once(world: World) -> None:
    level = await world.level("Financeiro")
    before = await access_version(world)

    await asyncio.gather(*(world.arrange(level, batch_size=size) for size in (2, 3)))

    assert await access_version(world) == before + 2


async def access_version(world: World) -> int:
    async with world.storage.reading(world.system) as work:
        return (await work.workspace()).access_version


async def test_a_supervisor_saves_their_own_levels_and_no_others(world: World) -> None:
    finance = await world.level("Financeiro")
    sara = await world.person("Sara", level=world.triage, role=Role.SUPERVISOR)
    mine = LevelForm(id=world.triage.id, name="Triagem", batch_size=3)

    await world.do(levelling.save_level, mine, by=sara)

    for other in (LevelForm(id=finance.id, name="Financeiro"), LevelForm(name="Novo")):
        with pytest.raises(Forbidden):
            await world.do(levelling.save_level, other, by=sara)


async def test_the_last_administrator_stays_one(world: World) -> None:
    bia = await world.person("Bia", role=Role.ADMIN)

    steps: list[dict[str, Any]] = [{"role": Role.SUPERVISOR}, {"active": False}]
    for changes in steps:
        with pytest.raises(Invalid) as refused:
            await world.do(organizing.save_user, form(bia, **changes))
        assert refused.value.sentence == "last_admin"


async def test_of_two_administrators_who_dismiss_each_other_at_once_one_stays(
    world: World,
) -> None:
    pair = [await world.person(name, role=Role.ADMIN) for name in ("Bia", "Caio")]

    answers = await asyncio.gather(
        *(world.do(organizing.save_user, form(each, role=Role.VIEWER)) for each in pair),
        return_exceptions=True,
    )

    assert sorted(isinstance(each, User) for each in answers) == [False, True]
    assert [each.sentence for each in answers if isinstance(each, Invalid)] == ["last_admin"]


async def test_one_address_signs_in_one_person(world: World) -> None:
    ana = await world.person("Ana")
    twin = UserForm(
        name="Ana", email=ana.user.email.upper(), role=Role.VIEWER, password="longa o bastante"
    )

    with pytest.raises(Duplicate):
        await world.do(organizing.save_user, twin)


async def test_a_new_person_needs_an_address_and_a_password(world: World) -> None:
    usual = {"name": "Ana", "email": "ana@padaria.com.br", "password": "longa o bastante"}
    wrongs: list[dict[str, Any]] = [
        {"email": "ana"},
        {"password": None},
        {"password": "curta"},
        {"password": "x" * 201},
        {"name": "  "},
    ]

    for wrong in wrongs:
        given: dict[str, Any] = {"role": Role.VIEWER, **usual, **wrong}
        with pytest.raises(Invalid):
            await world.do(organizing.save_user, UserForm(**given))


async def test_a_monitoring_watches_accounts_that_exist_for_a_level_that_exists(
    world: World,
) -> None:
    account = await world.account()
    usual = {"name": "Tudo", "level_id": world.triage.id, "account_ids": [account.id]}
    wrongs: list[dict[str, Any]] = [
        {"level_id": NOBODY},
        {"account_ids": []},
        {"account_ids": [NOBODY]},
    ]

    for wrong in wrongs:
        given: dict[str, Any] = {**usual, **wrong}
        with pytest.raises(Refusal):
            await world.do(organizing.save_monitoring, MonitoringForm(**given))


async def test_a_ticket_type_may_decide_the_priority(world: World) -> None:
    typed = await world.do(
        organizing.save_ticket_type, TypeForm(name="Cobrança indevida", priority=Priority.URGENT)
    )

    ticket = await world.ticket(type_id=typed.id)
    spoken = await world.ticket(type_id=typed.id, priority=Priority.LOW)

    assert (ticket.priority, spoken.priority) == (Priority.URGENT, Priority.LOW)
