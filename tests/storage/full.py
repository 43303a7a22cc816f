"""A company with 200,000 tickets, copied in the database itself.

One ticket is opened by our own operations, and the rest are its copies: other numbers, publishers,
levels, priorities and times, three of five over, and one publisher with ten thousand of them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from domain.model.base import metadata
from domain.model.level import Level
from domain.model.ticket import NEVER, Ticket
from domain.words import Priority, SlaMetric
from storage.engine import Database
from storage.work import Storage
from tests.world import Person, World

TICKETS, PUBLISHERS, LEVELS = 200_000, 20_000, 10
AT_ONCE = 20_000
"""Copied by one statement; connections wait half a minute for each."""
BUSIEST = 10_000
"""Tickets of the first publisher."""
BIG = {"ticket", "history_entry", "sla_clock", "publisher", "profile"}


@dataclass(frozen=True)
class Full:
    """The company, somebody in two of its levels, and some of what there is."""

    world: World
    ana: Person
    level_ids: Sequence[UUID]
    tickets: Sequence[UUID]
    publishers: Sequence[UUID]
    protocol: str

    @property
    def storage(self) -> Storage:
        return self.world.storage

    @classmethod
    async def grown(cls, storage: Storage) -> "Full":
        world = await World.founded(storage)
        targets = [(each, SlaMetric.FIRST_RESPONSE, 3600) for each in Priority]
        others = [each for each in SlaMetric if each is not SlaMetric.FIRST_RESPONSE]
        levels = [
            await world.level(f"Nível {number}", sla_targets=targets, unmeasured=others)
            for number in range(LEVELS)
        ]
        ana = await world.person("Ana", level=levels[:2])
        pattern = await world.ticket(levels[0])
        async with storage.database.writer.begin() as connection:
            await connection.run_sync(_copy, _Spelling(world, ana, levels, pattern))
        await _take_stock(storage.database)
        numbers = range(TICKETS, TICKETS - 500, -10)
        return cls(
            world=world,
            ana=ana,
            level_ids=[level.id for level in levels],
            tickets=[_made(3, number) for number in numbers],
            publishers=[_made(1, 1 + number % PUBLISHERS) for number in (0, *numbers)],
            protocol=f"{TICKETS // 2:017d}",
        )


async def _take_stock(database: Database) -> None:
    """As either database keeps house: figures known, pages known to be seen by all."""
    if database.is_sqlite:
        async with database.writer.begin() as connection:
            await connection.execute(text("ANALYZE"))
        return
    engine = database.writer.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = 0"))
        for table in sorted(BIG):
            await connection.execute(text(f"VACUUM ANALYZE {table}"))


# ── copying ──────────────────────────────────────────────────────────────────────────────────────


def _made(kind: int, number: int) -> UUID:
    return UUID(hex=f"{kind:08x}{number:024x}")


class _Spelling:
    """The same thing said to either database."""

    def __init__(self, world: World, ana: Person, levels: Sequence[Level], pattern: Ticket) -> None:
        self.sqlite = world.storage.database.is_sqlite
        self.workspace, self.ana = self.uuid(world.workspace.id), self.uuid(ana.id)
        self.level_ids = [(self.uuid(each.id), self.uuid(each.terms_id)) for each in levels]
        self.pattern = pattern
        self.first = world.now - timedelta(seconds=10 * TICKETS)

    def uuid(self, value: UUID) -> str:
        return f"'{value.hex}'" if self.sqlite else f"CAST('{value}' AS uuid)"

    def made(self, kind: int, number: str = "n") -> str:
        if self.sqlite:
            return f"printf('{kind:08x}%024x', {number})"
        return f"CAST('{kind:08x}' || lpad(to_hex({number}), 24, '0') AS uuid)"

    def written(self, width: int) -> str:
        return f"printf('%0{width}d', n)" if self.sqlite else f"lpad(CAST(n AS text), {width}, '0')"

    def after(self, days: int) -> str:
        if self.sqlite:
            start = self.first.strftime("%Y-%m-%d %H:%M:%S")
            moved = f"'{start}', (n * 10) || ' seconds', '{days} days'"
            return f"strftime('%Y-%m-%d %H:%M:%S', {moved}) || '.000000'"
        start = f"timestamptz '{self.first.isoformat()}'"
        return f"({start} + n * interval '10 seconds' + interval '{days} days')"

    @property
    def never(self) -> str:
        return "'9999-01-01 00:00:00.000000'" if self.sqlite else f"timestamptz '{NEVER}'"

    def numbers(self, first: int, last: int) -> str:
        if not self.sqlite:
            return f"generate_series({first}, {last}) AS s(n)"
        counting = f"SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}"
        return f"(WITH RECURSIVE s(n) AS ({counting}) SELECT n FROM s) AS s"


def _copy(connection: Connection, say: _Spelling) -> None:
    if not say.sqlite:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Or the indexes could not be made anew in the same transaction.
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        with suppress(DBAPIError), connection.begin_nested():
            # Copies point where their pattern does; whoever may leave that unchecked saves time.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
    rows = " UNION ALL ".join(
        f"SELECT {place} AS k, {level} AS id, {terms} AS terms_id"
        for place, (level, terms) in enumerate(say.level_ids)
    )
    connection.execute(text(f"CREATE TEMP TABLE lane AS {rows}"))
    over, when = "n % 5 > 1", say.after
    owner = f"CASE WHEN n <= {BUSIEST} THEN 1 ELSE 1 + n % {PUBLISHERS} END"
    count = "1 + (n / 7) % 5"
    publisher = {
        "id": say.made(1),
        "name": f"'Maria ' || {say.written(6)}",
        "search": f"'maria ' || {say.written(6)}",
    }
    profile = {
        "id": say.made(2),
        "workspace_id": say.workspace,
        "publisher_id": say.made(1),
        "network": "'WEB'",
        "external_id": say.written(6),
        "handle": say.written(6),
    }
    ticket = {
        "id": say.made(3),
        "protocol": say.written(17),
        "level_id": "lane.id",
        "origin_level_id": "lane.id",
        "terms_id": "lane.terms_id",
        "publisher_id": say.made(1, owner),
        "status": f"CASE WHEN {over} THEN 'CLOSED' WHEN n % 5 = 1 THEN 'NEW'"
        " WHEN n % 2 = 0 THEN 'OPEN' ELSE 'PENDING' END",
        "close_reason": f"CASE WHEN {over} THEN 'ANSWERED' END",
        "closed_at": f"CASE WHEN {over} THEN {when(1)} END",
        "resolved_at": f"CASE WHEN {over} THEN {when(1)} END",
        "assignee_id": f"CASE WHEN n % 5 = 0 AND n % 3 = 0 THEN {say.ana} END",
        "priority": "CASE n % 4 WHEN 0 THEN 'URGENT' WHEN 1 THEN 'HIGH' WHEN 2 THEN 'MEDIUM'"
        " ELSE 'LOW' END",
        "priority_order": "n % 4",
        "risk": f"CASE WHEN {over} THEN 'DONE' WHEN n % 100 = 0 THEN 'AT_RISK' ELSE 'ON_TIME' END",
        "urgent_at": f"CASE WHEN {over} THEN {say.never} ELSE {when(60)} END",
        "occurred_at": when(0),
        "opened_at": when(0),
        "updated_at": when(1),
        "interactions_count": count,
        "search": f"'pedido atrasado ' || {say.written(17)} || ' maria'",
    }
    entry = {
        "id": say.made(4),
        "group_id": say.made(4),
        "ticket_id": say.made(3),
        "sequence": count,
        "at": when(0),
    }
    clock = {
        "id": say.made(5),
        "ticket_id": say.made(3),
        "level_id": "lane.id",
        "state": f"CASE WHEN {over} THEN 'MET' ELSE 'RUNNING' END",
        "started_at": when(0),
        "running_since": f"CASE WHEN NOT ({over}) THEN {when(0)} END",
        "due_at": when(60),
        "next_at": f"CASE WHEN NOT ({over}) THEN {when(60)} END",
        "met_at": f"CASE WHEN {over} THEN {when(1)} END",
    }
    first = say.uuid(say.pattern.id)
    _fill(
        connection,
        say,
        "publisher",
        PUBLISHERS,
        publisher,
        f"id = {say.uuid(say.pattern.publisher_id)}",
    )
    _fill(connection, say, "profile", PUBLISHERS, profile)
    _fill(connection, say, "ticket", TICKETS, ticket, f"id = {first}")
    _fill(connection, say, "history_entry", TICKETS, entry, f"ticket_id = {first} AND sequence = 1")
    _fill(connection, say, "sla_clock", TICKETS, clock, f"ticket_id = {first}")


def _fill(
    connection: Connection,
    say: _Spelling,
    name: str,
    count: int,
    other: Mapping[str, str],
    pattern: str | None = None,
) -> None:
    """So many rows, like the one of the pattern but for what is other; indexes are made anew."""
    table = metadata.tables[name]
    indexes = [each for each in table.indexes if not each.unique]
    for index in indexes:
        index.drop(connection)
    copied = [] if pattern is None else [each.name for each in table.columns]
    columns = [each for each in copied if each not in other and each != "position"]
    into = ", ".join([*other, *columns])
    shown = ", ".join([*other.values(), *(f"p.{each}" for each in columns)])
    alike = "" if pattern is None else f" CROSS JOIN (SELECT * FROM {name} WHERE {pattern}) AS p"
    for start in range(1, count, AT_ONCE):
        numbers = say.numbers(start, start + AT_ONCE - 1)
        source = f"{numbers} JOIN lane ON lane.k = (n / 10) % {LEVELS}{alike}"
        connection.execute(text(f"INSERT INTO {name} ({into}) SELECT {shown} FROM {source}"))
    for index in indexes:
        index.create(connection)
