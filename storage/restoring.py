"""A database that came out of a backup, told apart from the one it was made of.

PostgreSQL numbers its transactions by cluster, and history keeps the number of the one that wrote
it. Brought into another cluster by `pg_dump`, history may bear numbers that are still to come
there: to every reader it would stand ahead, new for ever, and nothing new would be told.
"""

from uuid import uuid4

from sqlalchemy import text

from storage.engine import Database

FROM_AHEAD = text(
    "SELECT EXISTS (SELECT FROM workspace, LATERAL (SELECT FROM history_entry"
    " WHERE workspace_id = workspace.id AND xid >= pg_snapshot_xmax(pg_current_snapshot())"
    " LIMIT 1) AS entry)"
)
"""Whoever reads sees no transaction that is not numbered yet, save one of another cluster."""
LONG_AGO = (
    "SET LOCAL statement_timeout = 0",
    "ALTER TABLE history_entry DISABLE TRIGGER history_entry_append_only",
    "UPDATE history_entry SET xid = '1' WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())",
    "ALTER TABLE history_entry ENABLE TRIGGER history_entry_append_only",
)


class Restored(Exception):
    """History is of another cluster, and nobody has said that it was brought here."""


async def is_foreign(database: Database) -> bool:
    """Whether there is history of transactions that this cluster has not had yet."""
    if database.is_sqlite:
        return False
    async with database.reader.connect() as connection:
        return bool(await connection.scalar(FROM_AHEAD))


async def require_own(database: Database) -> None:
    """Restored, in words for whoever runs this, where history would never be told."""
    if await is_foreign(database):
        raise Restored("The database was restored from a backup. Run: guiche restored")


async def begin_anew(database: Database) -> None:
    """All history there is counts as told, and no cursor given out before is continued."""
    async with database.writer.begin() as connection:
        for statement in () if database.is_sqlite else LONG_AGO:
            await connection.execute(text(statement))
        await connection.execute(text("UPDATE epoch SET epoch = :epoch"), {"epoch": uuid4().hex})
