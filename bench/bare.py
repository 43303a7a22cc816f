"""The same work without us: the SQL alone, and a bare socket."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import websockets

TABLES = """
CREATE TABLE bare_publisher (id uuid PRIMARY KEY, name text);
CREATE TABLE bare_ticket (id uuid PRIMARY KEY, protocol text UNIQUE, status text, priority int,
  subject text, publisher_id uuid, assignee_id uuid, version int, opened_at timestamptz);
CREATE INDEX ON bare_ticket (status, priority, opened_at, id);
CREATE TABLE bare_occurrence (id uuid PRIMARY KEY, external_id text UNIQUE, ticket_id uuid,
  publisher_id uuid, text text, occurred_at timestamptz);
CREATE TABLE bare_entry (id bigserial PRIMARY KEY, ticket_id uuid, sequence int, kind text,
  at timestamptz, before jsonb, after jsonb);
CREATE INDEX ON bare_entry (ticket_id, sequence);
"""
FACE = json.dumps({"status": "NEW", "level": uuid.uuid4().hex, "priority": "MEDIUM", "tags": []})
Rows = Sequence[tuple[Any, ...]]


async def take_in(connection: "asyncpg.Connection[Any]", count: int) -> None:
    """So many messages as rows, in one transaction: publisher, ticket, message, two entries."""
    now = datetime.now(UTC)
    people = [(uuid.uuid4(), "Maria") for _ in range(count)]
    tickets = [
        (uuid.uuid4(), uuid.uuid4().hex, "NEW", 1, "Subject", person[0], None, 1, now)
        for person in people
    ]
    said = [
        (uuid.uuid4(), uuid.uuid4().hex, ticket[0], ticket[5], "Where is my order?", now)
        for ticket in tickets
    ]
    entries = [
        (ticket[0], sequence, kind, now, FACE, FACE)
        for ticket in tickets
        for sequence, kind in ((1, "TICKET_OPENED"), (2, "OCCURRENCE_RECEIVED"))
    ]
    async with connection.transaction():
        await _insert(connection, "bare_publisher (id, name)", people)
        await _insert(
            connection,
            "bare_ticket (id, protocol, status, priority, subject, publisher_id, assignee_id,"
            " version, opened_at)",
            tickets,
        )
        await _insert(
            connection,
            "bare_occurrence (id, external_id, ticket_id, publisher_id, text, occurred_at)",
            said,
        )
        await _insert(
            connection, "bare_entry (ticket_id, sequence, kind, at, before, after)", entries
        )


async def _insert(connection: "asyncpg.Connection[Any]", into: str, rows: Rows) -> None:
    marks = ", ".join(f"${place + 1}" for place in range(len(rows[0])))
    await connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)


PULL = """
UPDATE bare_ticket SET assignee_id = $1, version = version + 1 WHERE id IN (
  SELECT id FROM bare_ticket WHERE assignee_id IS NULL AND status = 'NEW'
  ORDER BY priority, opened_at, id LIMIT 10 FOR UPDATE SKIP LOCKED) RETURNING id
"""


async def pull(connection: "asyncpg.Connection[Any]", who: uuid.UUID) -> int:
    """The next ten, with an entry each; how many there were."""
    async with connection.transaction():
        rows = await connection.fetch(PULL, who)
        if rows:
            now = datetime.now(UTC)
            await _insert(
                connection,
                "bare_entry (ticket_id, sequence, kind, at, before, after)",
                [(row["id"], 3, "CLAIMED", now, FACE, FACE) for row in rows],
            )
    return len(rows)


PAGE = """
SELECT t.id, t.protocol, t.subject, t.status, t.priority, t.version, t.opened_at,
  t.interactions_count, p.name, f.handle, f.network, l.name, u.name,
  (SELECT count(*) FROM ticket o WHERE o.publisher_id = t.publisher_id AND o.removed_at IS NULL),
  (SELECT array_agg((h.kind, h.actor_name, h.at, h.comment) ORDER BY h.sequence)
    FROM history_entry h WHERE h.ticket_id = t.id AND h.sequence > t.interactions_count - 3)
FROM ticket t JOIN publisher p ON p.id = t.publisher_id JOIN level l ON l.id = t.level_id
LEFT JOIN "user" u ON u.id = t.assignee_id
LEFT JOIN LATERAL (SELECT handle, network FROM profile WHERE publisher_id = p.id LIMIT 1) f ON true
WHERE t.level_id = (SELECT id FROM level WHERE name = 'Bench') AND t.removed_at IS NULL
  AND t.status IN ('NEW', 'OPEN')
ORDER BY t.priority_order, t.opened_at, t.id LIMIT 50
"""


class Megaphone:
    """A websocket server that says the same bytes to everybody, and knows nothing."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.sockets: set[websockets.ServerConnection] = set()

    async def hold(self, socket: websockets.ServerConnection) -> None:
        self.sockets.add(socket)
        await socket.wait_closed()

    async def shout(self) -> float:
        started = asyncio.get_running_loop().time()
        text = self.payload.decode()
        for socket in self.sockets:
            await socket.send(text)
        return started
