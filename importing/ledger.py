"""What was seen in a file already, kept on the disk so that a file of any size can be read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

# An empty name is SQLite's own temporary database: it spills to the disk when it must, and is gone
# when it is closed, also after a crash.
TEMPORARY: Final = ""
CACHE_KIB: Final = 16_384


@contextmanager
def temporary() -> Iterator[sqlite3.Connection]:
    """A database that lasts as long as the reading."""
    with closing(sqlite3.connect(TEMPORARY, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        yield database


class Ledger:
    """Ids and where they were first used."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER, times INTEGER) WITHOUT ROWID"
        )
        # One transaction for the whole file: nothing here outlives the reading.
        database.execute("BEGIN")

    def first_line(self, kind: str, name: str, line: int) -> int | None:
        """The line that used this id before; None, and it is remembered, when nobody did."""
        key = f"{kind} {name}"
        added = self._database.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, 1)", (key, line)
        ).rowcount
        if added:
            return None
        found = self._database.execute("SELECT line FROM seen WHERE id = ?", (key,)).fetchone()
        return int(found[0])

    def times(self, name: str) -> int:
        """How often this was seen, now included."""
        row = self._database.execute(
            "INSERT INTO seen VALUES (?, 0, 1) ON CONFLICT DO UPDATE SET times = times + 1 "
            "RETURNING times",
            (f"times {name}",),
        ).fetchone()
        return int(row[0])
