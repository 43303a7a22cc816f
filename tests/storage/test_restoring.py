"""A database that came out of a backup tells what happens from then on, and nothing of before."""

import pytest
from sqlalchemy import text

from domain.operations import handling
from domain.words import HistoryKind
from storage import restoring
from storage.restoring import Restored
from tests.world import World

FROM_A_CLUSTER_THAT_WAS_OLDER = (
    "ALTER TABLE history_entry DISABLE TRIGGER history_entry_append_only",
    "UPDATE history_entry SET xid = '4000000000'",
    "ALTER TABLE history_entry ENABLE TRIGGER history_entry_append_only",
)


async def restore(world: World) -> None:
    """What `pg_dump` brings: the rows with the numbers that their transactions had elsewhere."""
    async with world.storage.database.writer.begin() as connection:
        for statement in FROM_A_CLUSTER_THAT_WAS_OLDER:
            await connection.execute(text(statement))


async def test_history_of_another_cluster_is_noticed_before_anybody_serves(
    world: World, store: str
) -> None:
    await world.ticket()
    await restoring.require_own(world.storage.database)
    if store == "sqlite":
        return  # its numbers come along with the file

    await restore(world)

    with pytest.raises(Restored, match="Run: guiche restored"):
        await restoring.require_own(world.storage.database)


async def test_what_happened_before_a_restore_is_told_to_nobody_and_what_comes_after_is(
    world: World, store: str
) -> None:
    ticket = await world.ticket()
    if store == "postgres":
        await restore(world)
    async with world.storage.feed() as feed:
        epoch = await feed.epoch()

    await restoring.begin_anew(world.storage.database)
    await restoring.require_own(world.storage.database)
    async with world.storage.feed() as feed:
        anew, here = await feed.epoch(), await feed.position()
        quiet = await feed.since(world.workspace.id, here)
    await world.do(handling.note, ticket.id, "Liguei")
    async with world.storage.feed() as feed:
        told = await feed.since(world.workspace.id, here)

    assert anew != epoch
    assert quiet.entries == []
    assert HistoryKind.NOTE_ADDED in {entry.kind for entry in told.entries}
    assert HistoryKind.TICKET_OPENED not in {entry.kind for entry in told.entries}


async def test_history_stays_unchangeable_once_that_is_done(world: World) -> None:
    await world.ticket()
    await restoring.begin_anew(world.storage.database)

    with pytest.raises(Exception, match="append-only"):
        async with world.storage.database.writer.begin() as connection:
            await connection.execute(text("UPDATE history_entry SET comment = 'nunca'"))
