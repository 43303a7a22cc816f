"""Each person is told what concerns them, once, and goes on where they stopped."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from domain.model.approval import Approval
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import approving, assigning, handling, levelling, pulling
from domain.operations.approving import Verdict
from domain.operations.handling import TicketChange
from domain.operations.levelling import LevelForm
from domain.rules.access import Actor
from domain.sending import Declined, Doubtful
from domain.words import (
    ApprovalDecision,
    AssignmentStrategy,
    Priority,
    Role,
    TicketStatus,
    Visibility,
)
from feed import tail
from subscriptions import following, notifications
from tests.api.boards import HOUR, measured, noticed
from tests.api.desk import Desk, Json, gid, heard, plain
from tests.outbox import answered, ended
from tests.statements import statements_of
from tests.world import Person, World

FOLLOW = (
    "subscription($a: String) { notifications(after: $a) {"
    " cursor at kind text ticket { id subject } } }"
)
A_WHILE = 0.3


@asynccontextmanager
async def listening(
    desk: Desk, who: Person | str, after: str | None = None
) -> AsyncIterator[AsyncGenerator[Json, None]]:
    """What somebody is told from now on, or since then; the first message has been read."""
    async with aclosing(desk.follow(FOLLOW, who, a=after)) as stream:
        if after is None:
            first = await heard(stream)
            assert (first["kind"], first["ticket"]) == ("HERE", None)
        yield stream


async def news(stream: AsyncGenerator[Json, None]) -> Json:
    """The next message that tells of something."""
    while (message := await heard(stream))["kind"] == "HERE":
        pass
    return message


async def told(stream: AsyncGenerator[Json, None], count: int) -> list[tuple[str, str]]:
    """The next notifications, each with its ticket."""
    found = [await news(stream) for _ in range(count)]
    return [(each["kind"], each["ticket"]["id"]) for each in found]


async def test_one_is_told_of_tickets_that_others_give_and_not_of_those_one_takes(
    desk: Desk,
) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    tickets = [await world.ticket() for _ in range(4)]

    async with listening(desk, ana) as stream:
        await world.do(handling.start, tickets[0].id, by=ana)
        await world.do(pulling.get_tickets, None, 1, by=ana)
        to_herself = TicketChange(assignee_id=ana.id)
        await world.do(handling.update, tickets[2].id, to_herself, by=ana)
        await world.do(handling.update, tickets[3].id, to_herself, by=bia)
        opened = await world.ticket(assignee_id=ana.id, by=bia)
        found = await told(stream, 2)

    assert found == [("ASSIGNED", gid(tickets[3])), ("ASSIGNED", gid(opened))]


async def test_what_the_software_hands_out_is_news(desk: Desk) -> None:
    world = desk.world
    level = await world.level("Vendas", assignment=AssignmentStrategy.ROUND_ROBIN)
    ana = await world.person("Ana", level=level)

    async with listening(desk, ana) as stream:
        ticket = await world.ticket(level)
        await world.do(assigning.distribute, 10)
        from_the_queue = await heard(stream)

    assert from_the_queue["ticket"]["id"] == gid(ticket)
    assert from_the_queue["text"] == f"Guichê gave you ticket {ticket.protocol}."


async def test_a_note_that_names_somebody_reaches_them_alone(desk: Desk) -> None:
    world = desk.world
    ana, bia, caio = [
        await world.person(name, level=world.triage) for name in ("Ana", "Bia", "Caio")
    ]
    outsider = await world.person("Zoé", level=await world.level("RH"))
    ticket = await world.ticket()

    async with listening(desk, bia) as stream, listening(desk, caio) as other:
        text = "@Bia, pode ver? @Ana e @Zoé já sabem. canário"
        await world.do(handling.note, ticket.id, text, by=ana)
        to_bia = await heard(stream)
        await world.do(handling.note, ticket.id, "@Caio também", by=ana)
        to_caio = await heard(other)
    document = "query($id: ID!) { ticket(id: $id) { replies { nodes { mentions { name } } } } }"
    shown = await desk.ask(document, bia, id=gid(ticket))

    assert (to_bia["kind"], to_caio["kind"]) == ("MENTIONED", "MENTIONED")
    assert to_bia["text"] == f"Ana mentioned you in a note on ticket {ticket.protocol}."
    assert "canário" not in plain(to_bia)
    named = [[each["name"] for each in note["mentions"]] for note in shown["replies"]["nodes"]]
    assert named == [["Bia", "Ana"], ["Caio"]]
    assert outsider.name not in plain(shown)


async def held(world: World, ticket: Ticket, by: Person) -> Approval:
    """A reply before the moderators."""
    async with world.storage.work(await world.actor(by)) as work:
        taken = await work.tickets.take(ticket.id)
        written = Reply.of(
            workspace_id=taken.workspace_id,
            ticket_id=taken.id,
            author_id=by.id,
            account_id=None,
            answers_id=None,
            visibility=Visibility.PUBLIC,
            text="Já vai",
            now=work.now,
        )
        approval = Approval.submit(
            written,
            ticket_id=taken.id,
            author_id=by.id,
            intended=TicketStatus.OPEN,
            previous=taken.status,
            now=work.now,
        )
        await work.replies.put([written])
        await work.approvals.put([approval])
        work.record(taken, taken.hold(reply_id=written.id, approval_id=approval.id))
    return approval


async def test_an_author_hears_what_was_decided_and_not_what_they_withdrew(desk: Desk) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage, role=Role.SUPERVISOR)
    ticket = await world.ticket(status=TicketStatus.OPEN)
    back = Verdict(decision=ApprovalDecision.WITHDRAW)
    no = Verdict(decision=ApprovalDecision.REJECT, reason="Seco demais, canário")

    async with listening(desk, ana) as stream:
        for verdict, by in ((back, ana), (no, bia)):
            approval = await held(world, ticket, by=ana)
            await world.do(approving.decide, approval.id, verdict, by=by)
        message = await news(stream)

    assert message["kind"] == "DECIDED"
    assert message["text"] == f"Bia rejected your reply on ticket {ticket.protocol}."
    assert "canário" not in plain(message)


@pytest.mark.parametrize(
    ("outcome", "kinds"),
    [
        (Declined("network_declined", "canário"), ["REPLY_FAILED", "ALERT"]),
        (Doubtful("network_no_answer"), ["REPLY_UNKNOWN"]),
    ],
)
async def test_an_author_hears_that_a_reply_did_not_arrive_and_an_assignee_that_it_matters(
    desk: Desk, outcome: Declined | Doubtful, kinds: list[str]
) -> None:
    world = desk.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = await world.heard(await world.account())
    await world.do(handling.update, ticket.id, TicketChange(assignee_id=bia.id))

    async with listening(desk, ana) as stream, listening(desk, bia) as other:
        await answered(world, ticket, by=ana, send_as=TicketStatus.RESOLVED)
        await ended(world, outcome)
        found = [await news(each) for each in (stream, other)[: len(kinds)]]

    assert [each["kind"] for each in found] == kinds
    assert {each["ticket"]["id"] for each in found} == {gid(ticket)}
    assert "canário" not in plain(found)


async def test_deadlines_are_told_to_who_has_the_ticket(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana, bia = [await world.person(name, level=level) for name in ("Ana", "Bia")]
    ticket = await world.ticket(level, assignee_id=ana.id, priority=Priority.URGENT)

    async with listening(desk, ana) as stream, listening(desk, bia) as other:
        await noticed(world, HOUR)
        found = await told(stream, 1)
        while found[-1][0] != "BREACHED":
            found += await told(stream, 1)
        await world.do(handling.note, ticket.id, "@Bia", by=ana)
        next_of_bia = await news(other)

    assert set(found[:-1]) == {("AT_RISK", gid(ticket))}
    assert found[-1] == ("BREACHED", gid(ticket))
    assert next_of_bia["kind"] == "MENTIONED"


# ── once, and in order ─────────────────────────────────────────────────────────────────────────


async def notes(world: World, ticket: Ticket, by: Person | Actor, names: Sequence[str]) -> None:
    for name in names:
        await world.do(handling.note, ticket.id, f"@{name}", by=by)


async def test_who_comes_back_is_told_what_they_missed_and_nothing_twice(desk: Desk) -> None:
    world = desk.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    tickets = [await world.ticket() for _ in range(6)]
    async with aclosing(desk.follow(FOLLOW, bia)) as stream:
        cursor = (await heard(stream))["cursor"]
    for ticket in tickets:
        await notes(world, ticket, ana, ["Bia", "Ana"])

    # She leaves after each message, in the middle of what was read at once.
    found = []
    for _ in tickets:
        async with aclosing(desk.follow(FOLLOW, bia, a=cursor)) as stream:
            message = await heard(stream)
            while message["kind"] == "HERE":
                message = await heard(stream)
            cursor = message["cursor"]
            found.append(message["ticket"]["id"])
    async with aclosing(desk.follow(FOLLOW, bia, a=cursor)) as stream:
        nothing = await heard(stream)

    assert found == [gid(each) for each in tickets]
    assert nothing["kind"] == "HERE"


async def test_what_commits_late_is_neither_lost_nor_told_twice_to_who_left_in_between(
    desk: Desk,
) -> None:
    world = desk.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    early, late = await world.ticket(), await world.ticket()
    async with aclosing(desk.follow(FOLLOW, bia)) as stream:
        cursor = (await heard(stream))["cursor"]

    if world.storage.database.is_sqlite:
        await notes(world, late, ana, ["Bia"])
    else:
        # Its number is given out first, and it is committed last.
        async with world.storage.work(await world.actor(ana)) as work:
            await handling.note(work, late.id, "@Bia")
            await work.settle()
            work._entries.clear()
            await notes(world, early, ana, ["Bia", "Bia"])
            cursor, first = await one_of(desk, bia, cursor)
            assert first["ticket"]["id"] == gid(early)
    found = [await one_of(desk, bia, cursor)]
    while found[-1][1] is not None:
        found.append(await one_of(desk, bia, found[-1][0]))

    expected = [late] if world.storage.database.is_sqlite else [early, late]
    assert [each["ticket"]["id"] for _, each in found if each] == [gid(each) for each in expected]


async def one_of(desk: Desk, who: Person, cursor: str) -> tuple[str, Any]:
    """Whoever comes, takes one message and leaves: their cursor, and what it was, if anything."""
    async with aclosing(desk.follow(FOLLOW, who, a=cursor)) as stream:
        message = await heard(stream)
        try:
            while message["kind"] == "HERE":
                async with asyncio.timeout(A_WHILE):
                    message = await anext(stream)
        except TimeoutError:
            return message["cursor"], None
        return message["cursor"], message


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", ".", "a.b.c", "a.b.3", "..", "x.y.99999999999999999999", "é.é.1"]
)
async def test_a_torn_cursor_says_so_and_goes_on_from_here(desk: Desk, cursor: str) -> None:
    world = desk.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = await world.ticket()

    async with listening(desk, bia, after=cursor) as stream:
        first = await heard(stream)
        await notes(world, ticket, ana, ["Bia"])
        second = await heard(stream)

    assert (first["kind"], first["ticket"]) == ("RESYNC", None)
    assert second["kind"] == "MENTIONED"


async def test_who_is_too_slow_is_told_that_something_was_missed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = desk.world
    monkeypatch.setattr(tail, "BACKLOG", 3)
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    ticket = await world.ticket()

    async with listening(desk, bia) as stream:
        for _ in range(6):
            await notes(world, ticket, ana, ["Bia"])
            await asyncio.sleep(0.05)
        kinds = [(await heard(stream))["kind"]]
        while kinds[-1] != "RESYNC":
            kinds.append((await heard(stream))["kind"])

    assert kinds.count("MENTIONED") < 6


async def test_silence_is_broken_by_a_fresh_cursor(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = desk.world
    ana = await world.person("Ana", level=world.triage)
    for module in (following, notifications):
        monkeypatch.setattr(module, "HEARTBEAT", 0.2)

    async with listening(desk, ana) as stream:
        alive = await heard(stream)
        # In a workspace where much happens to others there is no silence.
        world.later(timedelta(seconds=1))
        await world.ticket()
        still = await heard(stream)

    assert [alive["kind"], still["kind"]] == ["HERE", "HERE"]


# ── the wall ───────────────────────────────────────────────────────────────────────────────────


async def test_what_is_out_of_sight_is_not_told(desk: Desk) -> None:
    world = desk.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    rita = await world.person("Rita", level=rh)
    hidden, own = await world.ticket(rh), await world.ticket()

    async with listening(desk, ana) as stream:
        await notes(world, hidden, rita, ["Ana"])
        before = await told(stream, 1)
        async with aclosing(desk.follow(FOLLOW, ana)) as other:
            cursor = (await heard(other))["cursor"]
        await notes(world, hidden, rita, ["Ana"])
        await told(stream, 1)
        members = [levelling.MemberForm(user_id=rita.id)]
        await world.do(levelling.save_level, LevelForm(id=rh.id, name="RH", members=members))
        await world.do(handling.update, own.id, TicketChange(assignee_id=ana.id))
        after = await told(stream, 1)
    async with listening(desk, ana, after=cursor) as stream:
        again = [await heard(stream), await heard(stream)]

    assert before == [("MENTIONED", gid(hidden))]
    assert after == [("ASSIGNED", gid(own))]
    assert [each["kind"] for each in again] == ["HERE", "ASSIGNED"]


async def test_a_key_is_nobody_that_could_be_told_anything(desk: Desk) -> None:
    context = await desk.context(await desk.key("read"))
    result: Any = await desk.schema.subscribe(FOLLOW, context_value=context)
    if not hasattr(result, "errors"):
        result = await anext(result)
    await context.aclose()

    refused = result.errors[0].original_error
    assert (refused.code, refused.sentence) == ("FORBIDDEN", "people_only")


# ── cost ───────────────────────────────────────────────────────────────────────────────────────


async def test_what_concerns_nobody_who_listens_is_not_asked_for(desk: Desk) -> None:
    world = desk.world
    ana, bia = [await world.person(name, level=world.triage) for name in ("Ana", "Bia")]
    crowd = [await world.person(f"Pessoa{number}", level=world.triage) for number in range(20)]
    ticket = await world.ticket()

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(desk, who)) for who in crowd]
        waiting = [asyncio.create_task(anext(stream)) for stream in streams]
        # The first thing that happens after they came makes each look who they are.
        await notes(world, ticket, ana, ["Bia"])
        await asyncio.sleep(A_WHILE)
        acting = await world.actor(ana)
        straight = world.storage.database.straight
        asked = straight.asked
        with statements_of(world.storage.database.reader) as sent:
            await notes(world, ticket, acting, ["Bia"] * 5)
            to_bia = TicketChange(assignee_id=bia.id)
            await world.do(handling.update, ticket.id, to_bia, by=acting)
            await asyncio.sleep(A_WHILE)
        of_the_tail = [each for each in sent if is_of_the_tail(each)]
        idle = [task.done() for task in waiting]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert not any(idle)
    # The tail did look: as any other reader, or straight at the driver.
    assert of_the_tail or straight.asked > asked
    assert [each for each in sent if not is_of_the_tail(each)] == []


def is_of_the_tail(statement: str) -> bool:
    """What is read once for all who follow a feed in this process."""
    return any(
        each in statement for each in ("history_entry", "access_version", "pg_current_snapshot")
    )
