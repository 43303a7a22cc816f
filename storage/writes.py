"""Which tables a transaction has written to: noted as statements go out, whoever sends them."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

WRITTEN = "written"
WRITING = re.compile(r'(?:^\s*|\sAS \(|\) )(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.I)
"""At the beginning, and where several parts are one statement, of each of them."""


def note(engine: AsyncEngine) -> None:
    """Note what the engine's transactions write to."""

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.info[WRITTEN] = set()

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def sent(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        tables = _written_to(statement)
        if tables:
            connection.info.setdefault(WRITTEN, set()).update(tables)


def to(connection: Connection) -> Collection[str]:
    """What the connection's transaction has written to so far."""
    written: Collection[str] = connection.info.get(WRITTEN, ())
    return written


@lru_cache(2_000)
def _written_to(statement: str) -> frozenset[str]:
    return frozenset(WRITING.findall(statement))
