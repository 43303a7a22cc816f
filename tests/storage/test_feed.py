"""The feed: every committed entry once, a ticket's entries in their order, whoever resumes when."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select, text

from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.model.user import Session
from domain.operations import handling, signing
from domain.position import Position
from domain.words import HistoryKind
from domain.work import Work
from server.opening import NOBODY
from storage.access import columns
from tests.world import World

H_ = columns(HistoryEntry)
WRITERS, NOTES = 20, 8
Read = Callable[[], Awaitable[list[HistoryEntry]]]


def reader(world: World) -> Read:
    """One who resumes at every step from the cursor of the step before."""
    cursor: list[str] = []

    async def read() -> list[HistoryEntry]:
        async with world.storage.feed() as feed:
            if not cursor:
                cursor.append(tell(world, await feed.position()))
            seen = world.storage.cursors.read(world.workspace.id, cursor[0], world.now)
            stretch = await feed.since(world.workspace.id, seen)
            cursor[0] = tell(world, stretch.until)
            return list(stretch.entries)

    return read


def naive_reader(world: World) -> Read:
    """What nearly everybody does: the highest number so far, and what is above it."""
    last: list[int] = []

    async def read() -> list[HistoryEntry]:
        async with world.storage.reading(world.system) as work:
            rows = await work.session.scalars(
                select(HistoryEntry)
                .where(H_.workspace_id == world.workspace.id, H_.position > (last or [0])[0])
                .order_by(H_.position)
            )
            entries = list(rows)
        last[:] = [max([*last, *(entry.position or 0 for entry in entries)], default=0)]
        return entries

    return read


def tell(world: World, position: Position) -> str:
    return world.storage.cursors.write(world.workspace.id, position, world.now)


async def test_among_writers_who_dawdle_and_give_up_a_reader_loses_and_repeats_nothing(
    world: World,
) -> None:
    random = Random(4)
    tickets = [await world.ticket() for _ in range(WRITERS // 2)]
    kept: list[int] = [0]
    read = reader(world)
    await read()
    heard: list[HistoryEntry] = []
    writing = True

    async def dawdle(work: Work, ticket: Ticket, number: int) -> None:
        await handling.note(work, ticket.id, f"nota {number}")
        await work.tickets.waiting([])  # flushes, so that the row is held from here on
        if random.random() < 0.3:
            await asyncio.sleep(random.random() / 50)
        if random.random() < 0.3:
            raise LookupError

    async def write(ticket: Ticket) -> None:
        for number in range(NOTES):
            try:
                await world.do(dawdle, ticket, number)
                kept[0] += 1
            except LookupError:
                continue

    async def follow() -> None:
        while writing:
            heard.extend(await read())
            await asyncio.sleep(random.random() / 100)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(ticket) for ticket in tickets * 2))
    writing = False
    await following
    heard.extend(await read())

    told = {entry.id for ticket in tickets for entry in (await world.history(ticket))[1:]}
    assert len(heard) == len({entry.id for entry in heard})
    assert {entry.id for entry in heard} == told
    assert len([entry for entry in heard if entry.kind.value == "NOTE_ADDED"]) == kept[0]
    for ticket in tickets:
        sequence = [entry.sequence for entry in heard if entry.ticket_id == ticket.id]
        assert sequence == sorted(sequence)


@pytest.mark.postgres
@pytest.mark.parametrize(("of", "finds"), [(reader, True), (naive_reader, False)])
async def test_what_commits_late_is_found_by_what_was_seen_and_missed_by_a_number(
    world: World, of: Callable[[World], Read], finds: bool
) -> None:
    slow, quick = await world.ticket(), await world.ticket()
    read = of(world)
    await read()
    heard: list[HistoryEntry] = []

    async with world.storage.work(world.system) as late:
        await handling.note(late, slow.id, "a ligação demorada")
        await late.settle()  # its number is taken here, before the other's
        late._entries.clear()
        await world.do(handling.note, quick.id, "a ligação rápida")
        heard += await read()
        assert {entry.ticket_id for entry in heard} == {quick.id}
    heard += await read()

    assert (slow.id in {entry.ticket_id for entry in heard}) is finds


async def test_a_reader_who_was_away_gets_exactly_what_happened_meanwhile(world: World) -> None:
    ticket = await world.ticket()
    async with world.storage.reading(world.system) as work:
        cursor = await work.position()
    for number in range(40):
        await world.do(handling.note, ticket.id, f"nota {number}")

    seen = world.storage.cursors.read(world.workspace.id, cursor, world.now)
    async with world.storage.feed() as feed:
        stretch = await feed.since(world.workspace.id, seen)
        again = await feed.since(world.workspace.id, stretch.until)

    assert [entry.id for entry in stretch.entries] == [
        entry.id for entry in (await world.history(ticket))[1:]
    ]
    assert again.entries == []
    assert all(stretch.until.has_seen(entry) for entry in stretch.entries)
    assert not any(seen.has_seen(entry) for entry in stretch.entries)


async def test_a_stretch_may_end_where_one_says(world: World) -> None:
    ticket = await world.ticket()
    positions = []
    for number in range(3):
        async with world.storage.feed() as feed:
            positions.append(await feed.position())
        await world.do(handling.note, ticket.id, f"nota {number}")

    async with world.storage.feed() as feed:
        middle = await feed.since(world.workspace.id, positions[0], positions[2])

    kinds = [entry.kind.value for entry in middle.entries]
    assert kinds == ["NOTE_ADDED", "STATUS_CHANGED", "NOTE_ADDED"]


async def test_the_feed_of_one_company_is_not_the_other_s(world: World) -> None:
    other = await World.founded(world.storage)
    read = reader(other)
    await read()

    await world.ticket()

    assert await read() == []


async def test_what_was_read_with_a_list_and_what_follows_make_the_next_list(
    world: World,
) -> None:
    """Rows and cursor come from one snapshot, so no change falls between them."""
    ticket = await world.ticket()
    async with world.storage.reading(world.system) as work:
        before = await work.tickets.get(ticket.id)
        await world.do(handling.note, ticket.id, "no meio")
        cursor = await work.position()

    seen = world.storage.cursors.read(world.workspace.id, cursor, world.now)
    async with world.storage.feed() as feed:
        stretch = await feed.since(world.workspace.id, seen)

    assert before.version == 1
    assert [entry.version for entry in stretch.entries] == [2, 2]


async def give_up(work: Work, ticket: Ticket) -> None:
    await handling.note(work, ticket.id, "Liguei")
    raise LookupError


async def test_the_bell_rings_after_what_changed_and_not_after_what_failed(world: World) -> None:
    rings: list[UUID] = []
    world.storage.ring = rings.append
    ticket = await world.ticket()

    await world.do(handling.note, ticket.id, "Liguei")
    with pytest.raises(LookupError):
        await world.do(give_up, ticket)
    async with world.storage.work(world.system) as work:
        await work.tickets.get(ticket.id)

    assert rings == [world.workspace.id] * 2


async def test_the_bell_rings_where_a_session_ended_whoever_it_was_that_ended_it(
    world: World,
) -> None:
    """Signing out is done as nobody, who is in no workspace: the session's own hears of it."""
    rings: list[UUID] = []
    ana = await world.person("Ana")
    session = Session(
        workspace_id=world.workspace.id,
        user_id=ana.id,
        secret_hash="of-ana",
        created_at=world.now,
        rotated_at=world.now,
        expires_at=world.now + timedelta(days=1),
    )
    async with world.storage.work(world.system) as work:
        work.identities.add_session(session)

    world.storage.ring = rings.append
    async with world.storage.work(NOBODY) as work:
        await signing.sign_out(work, session.id, None)

    assert rings == [world.workspace.id]


async def test_the_bell_rings_behind_the_commit_and_never_before_it(world: World) -> None:
    """Rung before, it would send readers to look for what is not there yet."""
    ticket = await world.ticket()
    told: list[str] = []
    world.storage.ring = lambda _: told.append("rung")
    engine = world.storage.database.writer.sync_engine

    def commits(_: Connection) -> None:
        told.append("committed")

    event.listen(engine, "commit", commits)
    try:
        await world.do(handling.note, ticket.id, "Liguei")
    finally:
        event.remove(engine, "commit", commits)

    assert told == ["committed", "rung"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_entry SET comment = 'nunca'",
        "DELETE FROM history_entry",
        "TRUNCATE history_entry",
    ],
)
async def test_history_is_neither_changed_nor_deleted_not_even_by_hand(
    world: World, store: str, statement: str
) -> None:
    if store == "sqlite" and statement.startswith("TRUNCATE"):
        return  # SQLite has no such statement
    ticket = await world.ticket()

    with pytest.raises(Exception, match="append-only"):
        async with world.storage.database.writer.begin() as connection:
            await connection.execute(text(statement))

    assert len(await world.history(ticket)) == 1


def test_a_position_knows_what_it_has_seen() -> None:
    position = Position.of("100:110:103,105")

    def seen(xid: int) -> bool:
        entry: Any = SimpleNamespace(xid=xid)
        return position.has_seen(entry)

    assert [xid for xid in range(98, 112) if not seen(xid)] == [103, 105, 110, 111]


async def test_one_statement_reads_of_the_feed_what_a_transaction_reads(world: World) -> None:
    positions = []
    ticket = await world.ticket()
    for number in range(4):
        async with world.storage.feed() as feed:
            positions.append(await feed.position())
        await world.do(handling.note, ticket.id, f"Nota {number}")
    straight, workspace = world.storage.straight_feed, world.workspace.id

    for seen, until in ((0, None), (1, 3), (2, 2), (3, None)):
        bound = None if until is None else positions[until]
        async with world.storage.feed() as feed:
            usual = await feed.since(workspace, positions[seen], bound)
        stretch = await straight.since(workspace, positions[seen], bound)

        assert [each.model_dump() for each in stretch.entries] == [
            each.model_dump() for each in usual.entries
        ]
        assert {type(each.kind) for each in stretch.entries} <= {HistoryKind}
        assert stretch.access_version == usual.access_version
        assert stretch.until.not_before(usual.until)
