"""A database of Guichê's own with the harness's data, and what its numbers are called there.

    python -m bench.contestant.prepare --from DSN --port PORT --level 3 --ids FILE
    python -m bench.contestant.prepare --reset --port PORT

It is loaded once, under another name, and served from a copy; `--reset` copies it anew. The secret
that tokens are signed with is SECRET_KEY, the same as the server's.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bench.contestant import rows
from bench.contestant.furnishing import Furnished, furnish
from domain.rules import protocols
from resolvers import ids

LOADED, SERVED = "guiche_bench_loaded", "guiche_bench"
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
TRIED = 400
"""Places kept in the day's numbers for each ticket: more than ever have no check digit in a row."""
LIVE_TICKETS = 20
COPIES = 20
"""How often it is tried to copy, five seconds each, while PostgreSQL is at work in it by itself."""
AGENTS = "SELECT id, name FROM agent ORDER BY id"


def at(port: int, name: str) -> str:
    return f"postgresql://bench@127.0.0.1:{port}/{name}"


def address(agent: int) -> str:
    """Under a name that mail may go to; the harness's own is none."""
    return f"agent{agent}@example.com"


async def load(source: str, port: int, level: int) -> dict[str, Any]:
    """The loaded database, made from nothing; what is called how there."""
    await _again(port, LOADED)
    given = await asyncpg.connect(source)
    levels = [(row["id"], row["name"]) for row in await given.fetch("SELECT * FROM level")]
    agents = [(row["id"], row["name"], address(row["id"])) for row in await given.fetch(AGENTS)]
    tickets = await given.fetchval("SELECT max(id) FROM ticket")
    publishers = await given.fetchval("SELECT max(id) FROM publisher")
    await given.close()

    company = await furnish(at(port, LOADED), os.environ["SECRET_KEY"], levels, agents)
    numbers = list(_protocols(tickets))
    connection = await asyncpg.connect(at(port, LOADED), command_timeout=600)
    try:
        await _fill(connection, source, company, numbers)
        named = {
            "level": {n: ids.write("Level", one.id) for n, one in company.levels.items()},
            "agent": {
                n: {"id": ids.write("User", user_id), "token": company.tokens[n]}
                for n, (user_id, _) in company.agents.items()
            },
            "publisher": await _publishers(connection, publishers),
            "token": company.token,
            "tickets": await _live(connection, company.levels[level].id),
            "protocol": {f"P{n:09d}": protocol for n, protocol in numbers},
        }
    finally:
        await connection.close()
    await copy(port)
    return named


async def _fill(
    connection: "asyncpg.Connection[Any]",
    source: str,
    company: Furnished,
    numbers: list[tuple[int, str]],
) -> None:
    where = urlsplit(source)
    await connection.execute(
        rows.SOURCE.format(
            host=where.hostname, port=where.port, name=where.path[1:], user=where.username
        )
    )
    await connection.execute(rows.MAKING)
    for table, records in (
        ("level_of", [(n, one.id, one.terms_id) for n, one in company.levels.items()]),
        ("agent_of", [(n, *agent) for n, agent in company.agents.items()]),
        ("type_of", list(company.types.items())),
        ("protocol_of", numbers),
    ):
        await connection.copy_records_to_table(table, records=records)
    await connection.execute("ANALYZE")
    await connection.execute(rows.UNCHECKED)
    for statement in rows.FILLING:
        given = [company.workspace_id] if "$1" in statement else []
        begun = time.monotonic()
        await connection.execute(statement, *given)
        await connection.execute("ANALYZE")
        print(f"{statement.split()[2]}: {time.monotonic() - begun:.1f} s", flush=True)
    await connection.execute(rows.CHECKED)
    await connection.execute(rows.AWAY)
    await connection.execute("VACUUM ANALYZE")


def _protocols(tickets: int) -> Iterator[tuple[int, str]]:
    """A number of the ticket's own day for each; the same ones every time."""
    for number in range(1, tickets + 1):
        day = FIRST_DAY + timedelta(minutes=number)
        for tried in range(number * TRIED, (number + 1) * TRIED):
            digits = f"{day:%Y%m%d}{tried:08d}"
            check = protocols.check_digit(digits)
            if check < 10:
                yield number, f"{digits}{check}"
                break


async def _publishers(connection: "asyncpg.Connection[Any]", count: int) -> dict[int, str]:
    found = await connection.fetch(
        "SELECT pg_temp.publisher(n) FROM generate_series(1, $1) n", count
    )
    return {n: ids.write("Publisher", row[0]) for n, row in enumerate(found, 1)}


async def _live(connection: "asyncpg.Connection[Any]", level: Any) -> list[str]:
    found = await connection.fetch(
        "SELECT id FROM ticket WHERE level_id = $1 AND status = 'OPEN' ORDER BY id LIMIT $2",
        level,
        LIVE_TICKETS,
    )
    return [ids.write("Ticket", row["id"]) for row in found]


async def copy(port: int) -> None:
    """The served database as it was loaded."""
    await _again(port, SERVED, f"TEMPLATE {LOADED} STRATEGY FILE_COPY")


async def _again(port: int, name: str, like: str = "") -> None:
    admin = await asyncpg.connect(at(port, "postgres"), command_timeout=600)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for left in reversed(range(COPIES)):
            try:
                await admin.execute(f"CREATE DATABASE {name} {like}")
                break
            except asyncpg.ObjectInUseError:
                # The database looks after what was loaded, and will be done with it.
                if not left:
                    raise
    finally:
        await admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--from", dest="source", help="the harness's database")
    parser.add_argument("--port", type=int, required=True, help="the cluster's port")
    parser.add_argument("--level", type=int, default=3, help="whose queue is followed")
    parser.add_argument("--ids", type=Path, help="the file to write")
    parser.add_argument("--reset", action="store_true", help="only copy what was loaded before")
    asked = parser.parse_args()
    if asked.reset:
        asyncio.run(copy(asked.port))
    else:
        named = asyncio.run(load(asked.source, asked.port, asked.level))
        # Tokens are in it.
        asked.ids.touch(mode=0o600)
        asked.ids.write_text(json.dumps(named))


if __name__ == "__main__":
    main()
