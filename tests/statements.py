"""What is asked of the database while something happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


@contextmanager
def statements_of(*engines: AsyncEngine) -> Iterator[list[str]]:
    """The statements that go through these meanwhile, but for what only begins a transaction."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    heard = {each.sync_engine for each in engines}
    for engine in heard:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in heard:
            event.remove(engine, "before_cursor_execute", note)
