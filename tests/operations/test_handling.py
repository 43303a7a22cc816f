"""What attendants do with tickets, and what is refused."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.errors import (
    CommentRequired,
    Forbidden,
    Invalid,
    LevelDisabled,
    NotFound,
    ReasonRequired,
    Refusal,
    TooLong,
    VersionConflict,
    WrongState,
)
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.words import CloseReason, LevelRole, Priority, Role, TicketOrigin, TicketStatus
from tests.world import World

NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
ONE_HOUR = timedelta(hours=1)
ANSWERED = CloseReason.ANSWERED


def to(status: TicketStatus, **more: Any) -> TicketChange:
    reason = ANSWERED if status is CLOSED else None
    return TicketChange(status=status, close_reason=reason, **more)


async def in_status(world: World, status: TicketStatus) -> Ticket:
    """A ticket that got there by ways that exist; nothing leads to approval yet."""
    if status is CLOSED:
        return await world.do(handling.update, (await world.ticket()).id, to(CLOSED))
    ticket = await world.ticket(status=NEW if status is AWAITING else status)
    if status is AWAITING:
        async with world.storage.work(world.system) as work:
            held = await work.tickets.take(ticket.id)
            held._become(AWAITING)
    return await world.see(ticket)


@pytest.mark.parametrize("status", [NEW, OPEN, ESCALATED, PENDING, RESOLVED])
async def test_a_ticket_is_opened_by_hand_in_any_living_status(
    world: World, status: TicketStatus
) -> None:
    ana = await world.person("Ana", level=world.triage)

    ticket = await world.ticket(status=status, by=ana, comment="Veio à loja")

    assert (ticket.status, ticket.origin) == (status, TicketOrigin.MANUAL)
    [entry] = await world.history(ticket)
    assert (entry.became, entry.comment, entry.actor_name) == (status.value, "Veio à loja", "Ana")


@pytest.mark.parametrize("status", [AWAITING, CLOSED])
async def test_a_ticket_is_not_opened_closed_or_awaiting_approval(
    world: World, status: TicketStatus
) -> None:
    with pytest.raises(Invalid) as refused:
        await world.ticket(status=status)

    assert refused.value.sentence == "opening_status"


async def test_opening_by_hand_says_why(world: World) -> None:
    with pytest.raises(CommentRequired):
        await world.ticket(comment="  ")


async def test_nobody_is_turned_away_for_not_giving_data(world: World) -> None:
    one, other = await world.ticket(), await world.ticket()

    assert one.publisher_id != other.publisher_id
    assert one.grouping_key is None


async def test_a_customer_with_an_address_is_the_same_person_next_time(world: World) -> None:
    one = await world.ticket(customer_email="Maria@Example.com", customer_name="Maria")
    other = await world.ticket(customer_email="maria@example.com")

    assert one.id != other.id
    assert one.publisher_id == other.publisher_id


async def test_a_disabled_level_and_a_stranger_open_nothing(world: World) -> None:
    finance = await world.level("Financeiro")
    bia = await world.person("Bia", level=finance)
    with pytest.raises(Forbidden):
        await world.ticket(by=bia)

    await world.arrange(finance, enabled=False)

    with pytest.raises(LevelDisabled):
        await world.ticket(finance, by=bia)


async def test_starting_a_new_ticket_opens_it_and_makes_it_ones_own(world: World) -> None:
    ticket = await world.ticket()
    ana = await world.person("Ana", level=world.triage)

    started = await world.do(handling.start, ticket.id, by=ana)
    again = await world.do(handling.start, ticket.id, by=ana)

    assert (started.status, started.assignee_id) == (OPEN, ana.id)
    assert again.version == started.version
    story = await world.story(ticket)
    assert story == ["TICKET_OPENED", "ASSIGNEE_CHANGED", "STATUS_CHANGED"]


async def test_whoever_takes_an_escalated_ticket_ends_the_escalation(world: World) -> None:
    finance = await world.level("Financeiro")
    bia = await world.person("Bia", level=finance)
    ticket = await world.ticket()
    await world.do(handling.escalate, ticket.id, finance.id, "É cobrança")

    taken = await world.do(handling.start, ticket.id, by=bia)

    assert (taken.status, taken.assignee_id) == (OPEN, bia.id)


@pytest.mark.parametrize("current", TicketStatus)
@pytest.mark.parametrize("target", TicketStatus)
async def test_the_status_changes_by_hand_as_the_table_says_or_nothing_happens(
    world: World, current: TicketStatus, target: TicketStatus
) -> None:
    ticket = await in_status(world, current)
    allowed = {
        NEW: {OPEN, PENDING, RESOLVED, CLOSED},
        OPEN: {PENDING, RESOLVED, CLOSED},
        ESCALATED: {OPEN, PENDING, RESOLVED, CLOSED},
        PENDING: {OPEN, RESOLVED, CLOSED},
        RESOLVED: {OPEN, CLOSED},
    }.get(current, set())
    before = await world.see(ticket)

    if target in allowed:
        said = "Ficou faltando algo" if current is RESOLVED else None
        changed = await world.do(handling.update, ticket.id, to(target, comment=said))

        assert changed.status is target
        entry = (await world.history(ticket))[-1]
        assert (entry.was, entry.became) == (current.value, target.value)
        return

    if target is not current:
        with pytest.raises(WrongState):
            await world.do(handling.update, ticket.id, to(target))
    assert (await world.see(ticket)).model_dump() == before.model_dump()


async def test_reopening_by_hand_says_why(world: World) -> None:
    ticket = await in_status(world, RESOLVED)

    with pytest.raises(CommentRequired):
        await world.do(handling.update, ticket.id, to(OPEN))

    assert (await world.see(ticket)).status is RESOLVED


@pytest.mark.parametrize("status", [NEW, OPEN, PENDING])
async def test_escalating_clears_who_has_it_and_says_why(
    world: World, status: TicketStatus
) -> None:
    finance = await world.level("Financeiro")
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket(status=status, assignee_id=ana.id)

    escalated = await world.do(handling.escalate, ticket.id, finance.id, "É cobrança", by=ana)

    assert (escalated.status, escalated.level_id) == (ESCALATED, finance.id)
    assert escalated.origin_level_id == world.triage.id
    assert escalated.assignee_id is None
    assert escalated.transfer_count == 1
    [moved, let_go, changed] = (await world.history(ticket))[-3:]
    assert (moved.was, moved.became, moved.comment) == ("Triagem", "Financeiro", "É cobrança")
    assert (let_go.field, let_go.was, let_go.became) == ("assignee", "Ana", None)
    assert moved.group_id == let_go.group_id == changed.group_id


@pytest.mark.parametrize("status", [ESCALATED, AWAITING, RESOLVED, CLOSED])
async def test_nothing_else_is_escalated(world: World, status: TicketStatus) -> None:
    finance = await world.level("Financeiro")
    ticket = await in_status(world, status)

    with pytest.raises(WrongState):
        await world.do(handling.escalate, ticket.id, finance.id, "É cobrança")


async def test_a_ticket_goes_only_to_another_level_that_takes_tickets(world: World) -> None:
    off = await world.level("Desligado")
    await world.arrange(off, enabled=False)
    ticket = await world.ticket()

    for level_id, refusal in (
        (world.triage.id, Invalid),
        (off.id, LevelDisabled),
        (world.workspace.id, NotFound),
    ):
        with pytest.raises(refusal):
            await world.do(handling.escalate, ticket.id, level_id, "É cobrança")


@pytest.mark.parametrize("status", [NEW, OPEN, ESCALATED, PENDING, RESOLVED])
async def test_finishing_closes_with_a_reason_and_a_comment(
    world: World, status: TicketStatus
) -> None:
    ticket = await in_status(world, status)

    closed = await world.do(handling.finish, ticket.id, CloseReason.SPAM, "Propaganda")

    assert (closed.status, closed.close_reason) == (CLOSED, CloseReason.SPAM)
    assert closed.closed_at == world.now
    assert (await world.history(ticket))[-1].comment == "Propaganda"


@pytest.mark.parametrize("status", [AWAITING, CLOSED])
async def test_nothing_else_is_finished(world: World, status: TicketStatus) -> None:
    ticket = await in_status(world, status)

    with pytest.raises(WrongState):
        await world.do(handling.finish, ticket.id, CloseReason.SPAM, "Propaganda")


async def test_reopening_by_hand_counts(world: World) -> None:
    ticket = await in_status(world, RESOLVED)

    reopened = await world.do(handling.update, ticket.id, to(OPEN, comment="Ainda não chegou"))

    assert (reopened.reopen_count, reopened.resolved_at) == (1, None)
    assert (await world.story(ticket))[-1] == "REOPENED"


CHANGES = {
    "priority": TicketChange(priority=Priority.URGENT),
    "tags": TicketChange(add_tags=("vip",)),
    "subject": TicketChange(subject="Outro assunto"),
    "status": TicketChange(status=OPEN),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_nothing_changes_on_a_closed_ticket(world: World, change: str) -> None:
    ticket = await in_status(world, CLOSED)
    before = (await world.see(ticket)).model_dump()

    with pytest.raises(WrongState) as refused:
        await world.do(handling.update, ticket.id, CHANGES[change])

    assert refused.value.sentence == "ticket_closed"
    assert (await world.see(ticket)).model_dump() == before


async def test_a_closed_ticket_is_not_started(world: World) -> None:
    ticket = await in_status(world, CLOSED)
    ana = await world.person("Ana", level=world.triage)

    with pytest.raises(WrongState):
        await world.do(handling.start, ticket.id, by=ana)


async def test_what_changes_at_once_is_one_group_and_one_version(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()
    change = TicketChange(
        comment="Cliente VIP",
        priority=Priority.URGENT,
        add_tags=("vip", "troca"),
        subject="Pedido 42",
        assignee_id=ana.id,
        status=PENDING,
    )

    changed = await world.do(handling.update, ticket.id, change, by=ana)

    entries = (await world.history(ticket))[1:]
    assert [entry.kind.value for entry in entries] == [
        "PRIORITY_CHANGED",
        "TAGS_CHANGED",
        "SUBJECT_CHANGED",
        "ASSIGNEE_CHANGED",
        "STATUS_CHANGED",
    ]
    assert len({entry.group_id for entry in entries}) == 1
    assert {entry.version for entry in entries} == {changed.version} == {ticket.version + 1}
    assert [entry.comment for entry in entries] == ["Cliente VIP", None, None, None, None]
    assert {entry.actor_name for entry in entries} == {"Ana"}


async def test_where_a_comment_is_required_nothing_changes_without_one(world: World) -> None:
    await world.arrange(world.triage, comment_required=True)
    ticket = await world.ticket()
    before = (await world.see(ticket)).model_dump()

    with pytest.raises(CommentRequired):
        await world.do(handling.update, ticket.id, TicketChange(priority=Priority.LOW))

    assert (await world.see(ticket)).model_dump() == before
    await world.do(
        handling.update, ticket.id, TicketChange(priority=Priority.LOW, comment="Não urge")
    )


async def test_escalating_finishing_and_removing_always_say_why(world: World) -> None:
    finance = await world.level("Financeiro")
    ticket = await world.ticket()

    with pytest.raises(CommentRequired):
        await world.do(handling.escalate, ticket.id, finance.id, " ")
    with pytest.raises(CommentRequired):
        await world.do(handling.finish, ticket.id, ANSWERED, "")
    with pytest.raises(ReasonRequired):
        await world.do(handling.remove, ticket.id, "\n")
    assert await world.story(ticket) == ["TICKET_OPENED"]


async def test_of_two_who_looked_at_one_version_the_second_is_told_what_moved(
    world: World,
) -> None:
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    ticket = await world.ticket(status=OPEN)
    change = TicketChange(priority=Priority.URGENT)

    answers = await asyncio.gather(
        *(
            world.do(handling.update, ticket.id, change, ticket.version, by=who)
            for who in (ana, bia)
        ),
        return_exceptions=True,
    )

    [conflict] = [each for each in answers if isinstance(each, VersionConflict)]
    [changed] = [each for each in answers if isinstance(each, Ticket)]
    assert conflict.changed_fields == ["priority"]
    assert conflict.current.version == changed.version == ticket.version + 1


async def test_asking_for_what_is_so_already_changes_nothing(world: World) -> None:
    ticket = await world.ticket(status=OPEN)
    change = TicketChange(status=OPEN, priority=ticket.priority, remove_tags=("vip",))

    same = await world.do(handling.update, ticket.id, change)

    assert same.version == ticket.version
    with pytest.raises(Invalid):
        await world.do(handling.update, ticket.id, TicketChange())


@pytest.mark.parametrize(
    "change",
    [
        TicketChange(close_reason=ANSWERED),
        TicketChange(status=CLOSED),
        TicketChange(status=CLOSED, close_reason=CloseReason.MERGED),
        TicketChange(unassign=True, assignee_id=UUID(int=1)),
        TicketChange(subject=" "),
        TicketChange(add_tags=("x" * 61,)),
        TicketChange(comment="x" * 50_000),
        TicketChange(comment="a\x00b"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    world: World, change: TicketChange
) -> None:
    ticket = await world.ticket(status=OPEN)

    with pytest.raises(Refusal):
        await world.do(handling.update, ticket.id, change)

    assert await world.story(ticket) == ["TICKET_OPENED"]


async def test_waiting_ends_at_a_moment_to_come(world: World) -> None:
    ticket = await world.ticket(status=OPEN)

    for change in (
        TicketChange(status=PENDING, pending_until=world.now),
        TicketChange(status=RESOLVED, pending_until=world.now + ONE_HOUR),
        TicketChange(pending_until=world.now + ONE_HOUR),
    ):
        with pytest.raises(Invalid) as refused:
            await world.do(handling.update, ticket.id, change)
        assert refused.value.field == ("pendingUntil",)


async def test_a_waiting_ticket_can_wait_longer(world: World) -> None:
    ticket = await world.ticket(status=OPEN)
    until = world.now + ONE_HOUR
    await world.do(handling.update, ticket.id, to(PENDING, pending_until=until))

    longer = to(PENDING, pending_until=until + ONE_HOUR)
    changed = await world.do(handling.update, ticket.id, longer)

    assert changed.pending_until == until + ONE_HOUR


async def test_many_tags_are_kept_and_too_many_refused(world: World) -> None:
    ticket = await world.ticket()
    many = tuple(f"{number} " + "x" * 55 for number in range(100))

    with pytest.raises(Invalid) as refused:
        await world.do(handling.update, ticket.id, TicketChange(add_tags=many))
    kept = await world.do(handling.update, ticket.id, TicketChange(add_tags=many[:30]))

    assert refused.value.sentence == "too_many"
    assert len(kept.tags) == 30


async def test_only_an_active_member_is_given_a_ticket(world: World) -> None:
    ticket = await world.ticket()
    stranger = await world.person("Caio")

    with pytest.raises(Invalid) as refused:
        await world.do(handling.update, ticket.id, TicketChange(assignee_id=stranger.id))

    assert refused.value.sentence == "assignee_not_member"


async def test_a_note_opens_a_new_ticket_and_may_move_it_on(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket()

    noted = await world.do(handling.note, ticket.id, "Liguei de volta", by=ana)
    closed = await world.do(
        handling.note, ticket.id, "Resolvido", send_as=CLOSED, close_reason=ANSWERED, by=ana
    )

    assert noted.ticket.status is OPEN
    assert closed.ticket.status is CLOSED
    assert await world.story(ticket) == [
        "TICKET_OPENED",
        "NOTE_ADDED",
        "STATUS_CHANGED",
        "NOTE_ADDED",
        "STATUS_CHANGED",
    ]


@pytest.mark.parametrize(("text", "refusal"), [("  ", Invalid), ("x" * 50_000, TooLong)])
async def test_a_note_says_something_and_comes_to_an_end(
    world: World, text: str, refusal: type[Refusal]
) -> None:
    ticket = await world.ticket()

    with pytest.raises(refusal):
        await world.do(handling.note, ticket.id, text)


async def test_only_a_manager_removes_and_then_it_is_nowhere(world: World) -> None:
    ana = await world.person("Ana", level=world.triage)
    boss = await world.person("Bia", level=world.triage, level_role=LevelRole.MANAGER)
    ticket = await world.ticket()
    with pytest.raises(Forbidden):
        await world.do(handling.remove, ticket.id, "Duplicado", by=ana)

    removed = await world.do(handling.remove, ticket.id, "Duplicado", by=boss)

    assert removed.removed_id == ticket.id
    with pytest.raises(NotFound):
        await world.see(ticket)
    with pytest.raises(NotFound):
        await world.do(handling.remove, ticket.id, "De novo", by=boss)


async def test_after_removing_a_message_opens_a_new_ticket(world: World) -> None:
    account = await world.account()
    ticket = await world.heard(account, thread="P1")
    await world.do(handling.remove, ticket.id, "Engano")

    new = await world.heard(account, thread="P1")

    assert new.id != ticket.id


async def test_one_who_may_only_look_changes_nothing(world: World) -> None:
    vera = await world.person("Vera", level=world.triage, role=Role.VIEWER)
    ticket = await world.ticket()

    with pytest.raises(Forbidden):
        await world.do(handling.update, ticket.id, CHANGES["priority"], by=vera)
    with pytest.raises(Forbidden):
        await world.do(handling.note, ticket.id, "Olá", by=vera)
