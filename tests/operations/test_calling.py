"""Telephone calls: recorded with what the ticket becomes, by whoever handles it."""

from datetime import timedelta
from typing import Any

import pytest

from domain.answers import Called
from domain.errors import Forbidden, Invalid, NotFound, Refusal, VersionConflict
from domain.model.ticket import Ticket
from domain.operations import calling, sealing
from domain.operations.calling import LONGEST, CallForm
from domain.words import (
    CallDirection,
    CallOutcome,
    CloseReason,
    FieldKind,
    OutsideView,
    TicketStatus,
)
from tests.world import Person, World

NUMBER = "(11) 98765-4321"


@pytest.fixture
async def ana(world: World) -> Person:
    return await world.person("Ana", level=world.triage)


@pytest.fixture
async def ticket(world: World) -> Ticket:
    return await world.heard(await world.account(), text="Não consigo entrar")


async def called(world: World, ticket: Ticket, by: Person, **more: Any) -> Called:
    asked = {
        "ticket_id": ticket.id,
        "direction": CallDirection.OUTBOUND,
        "outcome": CallOutcome.ANSWERED,
        "seconds": 125,
        "text": "Expliquei como trocar a senha.",
        **more,
    }
    done: Called = await world.do(calling.record, CallForm(**asked), by=by)
    return done


async def test_a_case_from_anywhere_is_solved_by_telephone_and_its_history_says_so(
    world: World, ana: Person, ticket: Ticket
) -> None:
    done = await called(world, ticket, ana, status=TicketStatus.RESOLVED, number=NUMBER)

    assert (done.ticket.status, done.ticket.network) == (TicketStatus.RESOLVED, ticket.network)
    recorded, moved = (await world.history(ticket))[-2:]
    assert (recorded.kind.value, recorded.became) == ("CALL_RECORDED", "OUTBOUND ANSWERED 125s")
    assert (recorded.comment, recorded.became_id) == (
        "Expliquei como trocar a senha.",
        done.call.id,
    )
    assert (recorded.actor_name, recorded.group_id) == ("Ana", moved.group_id)
    assert moved.kind.value == "STATUS_CHANGED"
    assert done.call.started_at == world.now - timedelta(seconds=125)


async def test_the_number_is_kept_covered_and_whole_with_whom_nobody_had_one_of(
    world: World, ana: Person, ticket: Ticket
) -> None:
    first = await called(world, ticket, ana, number=NUMBER)
    await called(world, ticket, ana, number="(21) 99876-5432")

    assert first.call.number is not None
    assert "98765" not in first.call.number
    assert first.call.number.endswith("4321")
    async with world.storage.reading(world.system) as work:
        publisher = await work.publishers.get(ticket.publisher_id)
        known = sealing.told(work.secrets, publisher, FieldKind.PHONE)
    assert known == "+5511987654321"


async def test_a_new_ticket_is_open_once_somebody_called_about_it(
    world: World, ana: Person, ticket: Ticket
) -> None:
    done = await called(world, ticket, ana, outcome=CallOutcome.NO_ANSWER, seconds=0)

    assert done.ticket.status is TicketStatus.OPEN


@pytest.mark.parametrize(
    ("form", "refusal", "field"),
    [
        ({"text": "  "}, Invalid, "text"),
        ({"seconds": -1}, Invalid, "seconds"),
        ({"seconds": LONGEST + 1}, Invalid, "seconds"),
        ({"outcome": CallOutcome.BUSY}, Invalid, "seconds"),
        ({"number": "123"}, Invalid, "number"),
        ({"close_reason": CloseReason.ANSWERED}, Invalid, "closeReason"),
        ({"started_at": "tomorrow"}, Invalid, "startedAt"),
        ({"expected_version": 99}, VersionConflict, None),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    world: World,
    ana: Person,
    ticket: Ticket,
    form: dict[str, Any],
    refusal: type[Refusal],
    field: str | None,
) -> None:
    before = await world.story(ticket)
    if form.get("started_at"):
        form = {"started_at": world.now + timedelta(days=1)}

    with pytest.raises(refusal) as refused:
        await called(world, ticket, ana, **form)

    assert field is None or refused.value.field == (field,)
    assert await world.story(ticket) == before


async def test_only_whoever_handles_the_ticket_records_and_nobody_behind_the_wall_sees(
    world: World, ana: Person
) -> None:
    account = await world.account()
    walled = await world.level("Jurídico", account_ids=[account.id], outside_view=OutsideView.NONE)
    await world.watch(account, walled)
    bia = await world.person("Bia", level=walled)
    ticket = await world.heard(account)
    done = await called(world, ticket, bia)

    with pytest.raises((Forbidden, NotFound)):
        await called(world, ticket, ana)
    async with world.storage.reading(await world.actor(ana)) as work:
        assert await work.calls.find([done.call.id]) == {}
    async with world.storage.reading(await world.actor(bia)) as work:
        assert done.call.id in await work.calls.find([done.call.id])
