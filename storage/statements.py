"""How many statements were sent: counted for whoever asked to know, in the work that they do."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


class Tally:
    """Statements sent so far."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted() -> Iterator[Tally]:
    """A tally of everything that this task, and what it starts, asks the database."""
    tally = Tally()
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


def sent(count: int = 1) -> None:
    """Statements went to the database."""
    tally = _tally.get()
    if tally is not None:
        tally.count += count


def count(engine: AsyncEngine) -> None:
    """Count what the engine sends, its engines of other options included."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent()
