"""Subscriptions that last: resumed, revoked, crowded, and gone without a trace."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from domain.operations import handling, levelling, organizing, signing
from domain.operations.handling import TicketChange
from domain.position import Cursors, Position
from domain.words import Priority, TicketStatus
from feed import tail
from server.access_tokens import AccessTokens
from server.secrets import Keyring
from tests.api.desk import gid, plain, signed_in
from tests.flows.served import PATIENCE, SECRET, Caller, House
from tests.transport.house import until
from tests.world import Person

FOLLOW = (
    "subscription($f: TicketFilter, $a: String) { queueChanges(filter: $f, after: $a) {"
    " cursor resync changes { kind ticketId ticket { id version subject assignee { name }"
    " level { name } history(last: 1) { nodes { sequence } } } entry { sequence kind } } } }"
)
LIST = "{ tickets(first: 100) { feedCursor nodes { id version subject } } }"
WITHIN_FIVE_SECONDS = 5.0


def sequences(messages: list[Any]) -> list[tuple[str, int]]:
    return [
        (change["ticketId"], change["entry"]["sequence"])
        for each in messages
        for change in each["changes"]
    ]


async def test_one_who_was_away_gets_what_happened_meanwhile_and_nothing_else(
    house: House,
) -> None:
    world = house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))
    tickets = [await world.ticket(status=TicketStatus.OPEN) for _ in range(40)]
    async with ana.follow(FOLLOW) as watcher:
        await world.do(handling.note, tickets[0].id, "Antes")
        await watcher.until(lambda it: bool(it.changes))
        cursor = watcher.cursor

    for ticket in tickets:
        await world.do(handling.note, ticket.id, "Enquanto isso")

    async with ana.follow(FOLLOW, a=cursor) as watcher:
        await watcher.until(lambda it: len(it.changes) >= 40)
        told = sequences(watcher.messages)

    assert told == [(gid(each), 3 if each is tickets[0] else 2) for each in tickets]
    assert not any(each["resync"] for each in watcher.messages)


async def test_the_list_says_where_the_live_one_goes_on(house: House) -> None:
    world = house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))
    ticket = await world.ticket(status=TicketStatus.OPEN)
    page = await ana.ask(LIST)
    await world.do(handling.note, ticket.id, "Nota")

    async with ana.follow(FOLLOW, a=page["feedCursor"]) as watcher:
        await watcher.until(lambda it: bool(it.changes))

    assert sequences(watcher.messages)[0] == (gid(ticket), 2)


async def bad_cursors(house: House) -> dict[str, str]:
    world = house.world
    cursors = world.storage.cursors
    async with world.storage.feed() as feed:
        here = await feed.position()
    now = datetime.now(UTC)
    far = 10**12
    ahead = Position.of(f"{far}:{far}:" if here.is_snapshot else str(far))
    kind = Position.of("7" if here.is_snapshot else "7:7:")
    return {
        "too old": cursors.write(world.workspace.id, here, now - timedelta(hours=73)),
        "of another company": cursors.write(world.triage.id, here, now),
        "of another life of the database": Cursors(world.workspace.id).write(
            world.workspace.id, here, now
        ),
        "from the future": cursors.write(world.workspace.id, ahead, now),
        "of another kind of store": cursors.write(world.workspace.id, kind, now),
        "garbled": "não é um cursor",
        "nothing": "",
        "huge": "A" * 5_000,
    }


async def test_a_cursor_that_cannot_be_continued_says_so_and_goes_on_from_here(
    house: House,
) -> None:
    world = house.world
    ana = await house.caller(await world.person("Ana", level=world.triage))
    ticket = await world.ticket(status=TicketStatus.OPEN)

    for name, cursor in (await bad_cursors(house)).items():
        async with ana.follow(FOLLOW, a=cursor) as watcher:
            assert watcher.messages[0]["resync"], name
            assert watcher.messages[0]["changes"] == []
            await world.do(handling.note, ticket.id, "Agora")
            await watcher.until(lambda it: bool(it.changes))
            assert [each["resync"] for each in watcher.messages[1:]] == [False], name


# ── rights ─────────────────────────────────────────────────────────────────────────────────────


async def test_who_is_taken_out_of_a_level_hears_nothing_of_it_any_more(house: House) -> None:
    world = house.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=[rh, world.triage])
    rita = await world.person("Rita", level=rh)
    held = await world.ticket(rh)
    await world.do(handling.start, held.id, by=ana)
    own = await world.ticket(world.triage, status=TicketStatus.OPEN)
    caller = await house.caller(ana)
    async with caller.follow(FOLLOW) as watcher:
        members = [levelling.MemberForm(user_id=rita.id)]
        await world.do(
            levelling.save_level, levelling.LevelForm(id=rh.id, name="RH", members=members)
        )
        before = len(watcher.messages)

        secret = TicketChange(subject="canário", comment="canário")
        await world.do(handling.update, held.id, secret, by=rita)
        await world.ticket(rh, subject="canário")
        await world.do(handling.note, own.id, "Visível", by=ana)
        await watcher.until(lambda it: gid(own) in plain(it.messages))
        told = watcher.messages

    assert "canário" not in plain(told)
    assert (await world.see(held)).assignee_id is None
    # Her list is another one now, and she is told to read it again.
    assert any(each["resync"] for each in told[1:])
    assert [each["ticketId"] for each in told[-1]["changes"]] == [gid(own)]
    shown = [change for each in told[before:] for change in each["changes"] if change["ticket"]]
    assert {each["ticketId"] for each in shown} == {gid(own)}


async def test_who_comes_into_a_level_is_told_to_read_the_list_again(house: House) -> None:
    world = house.world
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    caller = await house.caller(ana)
    async with caller.follow(FOLLOW) as watcher:
        await world.join(ana, rh)
        await watcher.until(lambda it: it.messages[-1]["resync"])

        ticket = await world.ticket(rh)
        await watcher.until(lambda it: gid(ticket) in plain(it.changes))


async def test_the_end_of_a_session_closes_its_sockets_within_seconds(house: House) -> None:
    world = house.world
    ana = await world.person("Ana", level=world.triage)
    bia = await world.person("Bia", level=world.triage)
    leaving, switched_off = await house.caller(ana), await house.caller(bia)
    made = await world.do(signing.make_key, "CRM", ["read"])
    program = house.bearer(made.secret or "")
    staying = await house.caller(ana)
    callers = [leaving, switched_off, program]
    short = AccessTokens(Keyring(SECRET), timedelta(seconds=3), secure=False)

    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(each.follow(FOLLOW)) for each in callers]
        still = await stack.enter_async_context(staying.follow(FOLLOW))
        expiring = house.bearer((await signed_in(world, short, ana))[0])
        watchers.append(await stack.enter_async_context(expiring.follow(FOLLOW)))
        await leaving.ask("mutation { signOut { userErrors { code } } }")
        await world.do(organizing.save_user, switched(bia))
        await world.do(signing.revoke_key, made.api_key.id)

        for watcher in watchers:
            await watcher.until(lambda it: it.closed is not None, WITHIN_FIVE_SECONDS)

        ticket = await world.ticket()
        await still.until(lambda it: gid(ticket) in plain(it.changes))
        assert still.closed is None

    assert [each.closed for each in watchers] == [4403] * 4


def switched(person: Person) -> organizing.UserForm:
    user = person.user
    return organizing.UserForm(
        id=user.id, name=user.name, email=user.email, role=user.role, active=False
    )


# ── for long, for many, for the slow ───────────────────────────────────────────────────────────


async def test_a_thousand_tickets_through_one_subscription_and_nothing_is_left_of_it(
    house: House,
) -> None:
    world = house.world
    ana = await world.person("Ana", level=world.triage)
    rui = await world.person("Rui", level=world.triage)
    account = await world.account()
    await world.watch(account, world.triage)
    caller = await house.caller(ana)
    await caller.ask(LIST)
    before = tasks()
    async with caller.follow(FOLLOW) as watcher:
        ids: set[str] = set()
        for batch in range(10):
            posts = [
                world.post(account, author=f"p{number}", thread=f"{batch}.{number}")
                for number in range(100)
            ]
            received = await world.receive(*posts)
            ids |= {gid(each.ticket) for each in received if each.ticket}
        await watcher.until(lambda it: len(it.changes) >= 1000)
        assert {each["ticketId"] for each in watcher.changes} == ids

        # Each event is told with the rows of its own moment.
        [ticket] = (await world.receive(world.post(account, thread="0.0", author="p0")))[:1]
        assert ticket.ticket is not None
        for number in range(10):
            holder = (ana, rui)[number % 2]
            change = TicketChange(assignee_id=holder.id, subject=f"Assunto {number}")
            done = await world.do(handling.update, ticket.ticket.id, change)
            await watcher.until(lambda it: shown(it, done.version))  # noqa: B023
            last, entry = watcher.changes[-1]["ticket"], watcher.changes[-1]["entry"]
            assert last["history"]["nodes"] == [{"sequence": entry["sequence"]}]
            assert last["subject"] == f"Assunto {number}"
            assert last["assignee"] == {"name": holder.name}

    await gone(house, before)


def shown(watcher: Any, version: int) -> bool:
    ticket = watcher.changes[-1]["ticket"] if watcher.changes else None
    return ticket is not None and ticket["version"] == version


def tasks() -> set[str]:
    """What runs, by name of its code, but for the tests' own."""
    return {
        str(each.get_coro()).split(" at ")[0]
        for each in asyncio.all_tasks()
        if each is not asyncio.current_task()
    }


async def gone(house: House, before: set[str]) -> None:
    """No task, generator, follower or connection of a subscription is left."""
    assert house.app is not None
    database = house.world.storage.database
    services = house.app.state.door.door._services

    def nothing_left() -> bool:
        gc.collect()
        pools = {database.reader.pool, database.writer.pool}
        return (
            tasks() <= before
            and not services.tails._tails
            and not sum(each.checkedout() for each in pools)  # type: ignore[attr-defined]
        )

    try:
        await until(nothing_left, 30.0)  # a broken-off query takes its connection along
    except TimeoutError:
        pools = {database.reader.pool, database.writer.pool}
        held = [each.checkedout() for each in pools]  # type: ignore[attr-defined]
        left = f"{tasks() - before}, {services.tails._tails}, {held} connections"
        raise AssertionError(f"left behind: {left}") from None


async def test_clients_that_vanish_in_the_middle_of_an_answer_leave_nothing_behind(
    house: House,
) -> None:
    world = house.world
    ana = await world.person("Ana", level=world.triage)
    tickets = [await world.ticket(status=TicketStatus.OPEN) for _ in range(30)]
    caller = await house.caller(ana)
    page = await caller.ask(LIST)
    before = tasks()
    for ticket in tickets:
        await world.do(handling.note, ticket.id, "Nota")
    members = "members { user { name levels { role } } }"
    wide = FOLLOW.replace("level { name }", f"level {{ name {members} }}")

    for number in range(15):
        async with caller.socket() as socket:
            payload = {"query": wide, "variables": {"a": page["feedCursor"]}}
            await socket.send(plain({"id": "1", "type": "subscribe", "payload": payload}))
            await asyncio.sleep(number * 0.003)
            socket.transport.abort()

    await gone(house, before)


@dataclass
class Reader:
    """Somebody on a socket who reads when he likes."""

    socket: ClientConnection
    told: list[Any] = field(default_factory=list)

    async def read_on(self) -> Any:
        """The next thing that is told."""
        async with asyncio.timeout(PATIENCE):
            while (message := json.loads(await self.socket.recv()))["type"] == "ping":
                await self.socket.send(plain({"type": "pong"}))
        self.told.append(message["payload"]["data"]["queueChanges"])
        return self.told[-1]


@asynccontextmanager
async def reader(caller: Caller) -> AsyncIterator[Reader]:
    async with caller.socket(max_queue=1) as socket:
        payload = {"query": LONG}
        await socket.send(plain({"id": "1", "type": "subscribe", "payload": payload}))
        found = Reader(socket)
        await found.read_on()
        yield found


LONG = (
    "subscription { queueChanges { cursor resync changes {"
    " ticket { version history(last: 20) { nodes { comment } } } entry { sequence } } } }"
)


@pytest.mark.parametrize("much", [True, False])
async def test_one_who_does_not_read_is_told_later_and_nobody_waits_for_him(
    house: House, much: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = house.world
    if much:
        monkeypatch.setattr(tail, "BACKLOG", 20)
    ana = await house.caller(await world.person("Ana", level=world.triage))
    bia = await house.caller(await world.person("Bia", level=world.triage))
    ticket = await world.ticket(status=TicketStatus.OPEN)
    async with reader(ana) as slow, reader(bia) as quick:
        slow.socket.transport.pause_reading()
        for number in range(160):
            priority = (Priority.HIGH, Priority.LOW)[number % 2]
            change = TicketChange(priority=priority, comment="x" * 2_000)
            await world.do(handling.update, ticket.id, change)
            told = await quick.read_on()
            assert told["changes"][-1]["entry"]["sequence"] == number + 2
        slow.socket.transport.resume_reading()
        last = quick.told[-1]["changes"]
        while slow.told[-1]["changes"] != last and not slow.told[-1]["resync"]:
            await slow.read_on()
        await world.do(handling.note, ticket.id, "Depois")
        after = await slow.read_on()

    assert not any(each["resync"] for each in quick.told)
    assert len(slow.told) < len(quick.told)
    assert slow.told[-2]["resync"] is much
    assert [each["entry"]["sequence"] for each in after["changes"]] == [162]
