"""Rows that are messages, put together into conversations by whom they answer.

A parent may come later in the file, or not at all, so nothing is known before the last row. The
rows wait in a temporary database, and the threads are worked out there, one depth at a time: memory
stays the same for a file of any size.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from importing.composing import Composer, identifier
from importing.conversation import ImportedConversation, ImportedMessage, Refused, RefusedRow
from importing.ledger import temporary
from importing.mapping import Mapping
from importing.moments import EPOCH
from importing.rows import Row
from importing.template import Scope

SCHEMA: Final = """
CREATE TABLE row (seq INTEGER PRIMARY KEY, line INTEGER, cells TEXT);
CREATE TABLE message (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE, parent TEXT, inbound INTEGER, author TEXT, at INTEGER,
    root TEXT, consumer TEXT, depth INTEGER
);
"""
INDEXES: Final = """
CREATE INDEX message_parent ON message (parent);
CREATE INDEX message_depth ON message (depth);
"""
# A message that answers nothing starts a thread. So does one whose parent is not in the file, and
# then the thread is the absent parent's: two answers to it stay together.
ROOTS: Final = """
UPDATE message SET depth = 0, root = coalesce(parent, id), consumer = iif(inbound, author, NULL)
WHERE parent IS NULL OR NOT EXISTS (SELECT 1 FROM message p WHERE p.id = message.parent)
"""
# Downwards: a company's message goes to the consumer it answers, through other company messages.
ANSWERS: Final = """
UPDATE message SET depth = p.depth + 1, root = p.root,
    consumer = iif(message.inbound, message.author, p.consumer)
FROM message p WHERE p.depth = ? AND message.parent = p.id
"""
# Upwards: a company's message that answers nobody goes to the first consumer who answers it.
ANSWERED: Final = """
UPDATE message SET consumer = (
    SELECT c.consumer FROM message c WHERE c.parent = message.id AND c.consumer IS NOT NULL
    ORDER BY c.at, c.seq LIMIT 1
) WHERE depth = ? AND consumer IS NULL
"""
# Downwards again: what the company went on to say before that consumer came.
CONTINUED: Final = """
UPDATE message SET consumer = p.consumer
FROM message p WHERE p.depth = ? AND message.parent = p.id AND message.consumer IS NULL
"""
GATHER: Final = """
CREATE TABLE conversation AS
SELECT root, consumer, min(seq) AS first FROM message WHERE consumer IS NOT NULL
GROUP BY root, consumer HAVING max(inbound);
CREATE UNIQUE INDEX conversation_key ON conversation (root, consumer);
"""
LEFT_OVER: Final = """
SELECT row.line, m.id, m.depth FROM message m JOIN row USING (seq)
LEFT JOIN conversation c ON c.root = m.root AND c.consumer = m.consumer
WHERE c.first IS NULL ORDER BY m.seq
"""
# The rows' texts stay out of the sort; each is fetched when its turn comes.
IN_ORDER: Final = """
SELECT c.first, m.root, m.seq FROM conversation c JOIN message m
ON m.root = c.root AND m.consumer = c.consumer ORDER BY c.first, m.at, m.seq
"""
# Who the consumer is when the file itself says which rows belong together.
ANYBODY: Final = ""
MICROSECOND: Final = timedelta(microseconds=1)


def conversations(
    rows: Iterator[Row | RefusedRow], mapping: Mapping
) -> Iterator[ImportedConversation | RefusedRow]:
    """A conversation for each consumer in each thread, in the order of their first rows."""
    with temporary() as database:
        database.executescript(SCHEMA)
        threads = _Threads(database, mapping)
        database.execute("BEGIN")
        for row in rows:
            if isinstance(row, RefusedRow):
                yield row
            elif refused := threads.keep(row):
                yield refused
        if mapping.conversation.id is None:
            _follow_parents(database)
        database.executescript(GATHER)
        yield from _left_over(database)
        yield from threads.gathered()


class _Threads:
    def __init__(self, database: sqlite3.Connection, mapping: Mapping) -> None:
        self._database = database
        self._map = mapping
        self._composer = Composer(mapping)

    def keep(self, row: Row) -> RefusedRow | None:
        """Put a row by, or say why it cannot be used."""
        try:
            root, message = self._message(row)
            self._composer.facts(self._scope(row))
            self._insert(row, root, message)
        except Refused as refused:
            return refused.at(row.line)
        return None

    def gathered(self) -> Iterator[ImportedConversation]:
        found = self._database.execute(IN_ORDER)
        for (_, root), group in groupby(found, key=lambda each: (each[0], each[1])):
            rows = [self._row(seq) for _, _, seq in group]
            yield self._conversation(root, rows)

    def _conversation(self, root: str, rows: list[Row]) -> ImportedConversation:
        messages = tuple(self._message(row)[1] for row in rows)
        company = next((one.author.external_id for one in messages if not one.inbound), "")
        scope = replace(self._scope(rows[0]), known={"@conversation": root, "@company": company})
        facts = self._composer.facts(scope)
        return ImportedConversation(
            external_id=root,
            account=facts.account,
            subject=facts.subject,
            messages=messages,
            status=facts.status,
            close_reason=facts.close_reason,
            ticket_type=facts.ticket_type,
            tags=facts.tags,
            closed_at=facts.closed_at,
            priority=facts.priority,
            line=min(row.line for row in rows),
        )

    def _scope(self, row: Row) -> Scope:
        return Scope(row.cells, whole_numbers=self._map.whole_numbers)

    def _message(self, row: Row) -> tuple[str | None, ImportedMessage]:
        assert self._map.message is not None  # the map is refused otherwise
        scope, root = self._scope(row), None
        if self._map.conversation.id:
            root = identifier(self._map.conversation.id, scope)
            scope = replace(scope, known={"@conversation": root})
        return root, self._composer.message(self._map.message, scope, row.line, "")

    def _insert(self, row: Row, root: str | None, message: ImportedMessage) -> None:
        together = root is not None
        added = self._database.execute(
            "INSERT OR IGNORE INTO message "
            "(id, parent, inbound, author, at, root, consumer, depth) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.external_id,
                message.parent_external_id,
                message.inbound,
                message.author.external_id,
                (message.at - EPOCH) // MICROSECOND,
                root,
                ANYBODY if together else None,
                0 if together else None,
            ),
        )
        if not added.rowcount:
            line = self._database.execute(
                "SELECT line FROM message JOIN row USING (seq) WHERE id = ?",
                (message.external_id,),
            ).fetchone()[0]
            reason = f"a message of line {line} has this id already"
            raise Refused(reason, value=message.external_id)
        self._database.execute(
            "INSERT INTO row VALUES (?, ?, ?)", (added.lastrowid, row.line, json.dumps(row.cells))
        )

    def _row(self, seq: int) -> Row:
        line, cells = self._database.execute(
            "SELECT line, cells FROM row WHERE seq = ?", (seq,)
        ).fetchone()
        return Row(line, json.loads(cells))


def _follow_parents(database: sqlite3.Connection) -> None:
    """Give every message its thread and its consumer; a circle of parents is never reached."""
    database.executescript(INDEXES)
    database.execute(ROOTS)
    deepest = 0
    while database.execute(ANSWERS, (deepest,)).rowcount:
        deepest += 1
    for depth in range(deepest, -1, -1):
        database.execute(ANSWERED, (depth,))
    for depth in range(deepest):
        database.execute(CONTINUED, (depth,))


def _left_over(database: sqlite3.Connection) -> Iterator[RefusedRow]:
    for line, name, depth in database.execute(LEFT_OVER):
        if depth is None:
            reason = "its parents run in a circle, so the thread has no start; clear one parent"
        else:
            reason = "only the company writes in this thread, so there is no consumer to answer"
        yield RefusedRow(line, None, reason, name)
