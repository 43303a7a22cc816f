"""A transaction's session, which hands statements of a known shape straight to the driver.

On PostgreSQL they go over the same connection as everything else in the transaction, without
SQLAlchemy's part, which costs four times what the driver's does. SQLite's driver is a thread, where
that part is little: there everything goes the usual way.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

import asyncpg
from sqlalchemy import Connection, Select
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session as SyncSession

from storage import writes
from storage.worded import worded

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


AdaptedError = AsyncAdapt_asyncpg_dbapi.Error
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, AdaptedError)
AWAY = "08006"
"""There was nobody to ask."""


class Failed(SQLAlchemyError):
    """What PostgreSQL said, by its own code; without the values that it may quote."""

    def __init__(self, state: str, said: str) -> None:
        super().__init__(f"{said} ({state})")
        self.state = state


class Line(NamedTuple):
    """The transaction's connection, as SQLAlchemy has it, and as the driver does."""

    connection: Connection
    driver: Any

    def tell(self, text: str, values: Sequence[Any]) -> None:
        """Whoever listens to what goes over it hears this, too."""
        for hear in self.connection.dispatch.before_cursor_execute:
            hear(self.connection, None, text, values, None, False)


class Session(AsyncSession):
    def __init__(self, bind: AsyncEngine | AsyncConnection) -> None:
        super().__init__(bind, expire_on_commit=False, autoflush=False)
        self.dialect = bind.dialect
        self.is_postgres = bind.dialect.name == "postgresql"
        self._line: Line | None = None

    async def rows(self, asked: Select[*Ts], told: Mapping[str, Any]) -> Sequence[tuple[*Ts]]:
        """What a statement that is kept finds, of a shape that does not hang on what is told."""
        if not self.is_postgres:
            return (await self.execute(asked, dict(told))).all()
        known = worded(asked, self.dialect)
        found = await self.fetch(known.text, known.values(told))
        return known.rows(self.sync_session, found)

    async def things(self, asked: Select[T], told: Mapping[str, Any]) -> Sequence[T]:
        """The same where rows are things, or only their first value is of interest."""
        if not self.is_postgres:
            return list(await self.scalars(asked, dict(told)))
        known = worded(asked, self.dialect)
        found = await self.fetch(known.text, known.values(told))
        return known.firsts(self.sync_session, found)

    async def thing(self, asked: Select[T], told: Mapping[str, Any]) -> T | None:
        """The first of them."""
        return next(iter(await self.things(asked, told)), None)

    async def fetch(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a text for PostgreSQL's driver."""
        with self._told():
            if self._line is None:
                self._line, found = await self.run_sync(_begun, text, values)
                return found
            self._line.tell(text, values)
            rows: Sequence[Any] = await self._line.driver.fetch(text, *values)
            return rows

    async def each(self, text: str, several: Sequence[Sequence[Any]]) -> None:
        """The same text with each of these values, in turn."""
        first, *others = several
        await self.fetch(text, first)
        if others and self._line is not None:
            with self._told():
                await self._line.driver.executemany(text, others)

    def written(self) -> Collection[str]:
        """The tables that were written to so far."""
        if self._line is None and not self.in_transaction():
            return ()
        return writes.to(self._line.connection if self._line else self.sync_session.connection())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the driver, or SQLAlchemy's part around it, says of something that failed."""
        try:
            yield
        except BROKEN as error:
            state = getattr(error, "sqlstate", None) or AWAY
            raise Failed(state, str(error.args[0] if error.args else error)) from None

    async def commit(self) -> None:
        self._line = None
        await super().commit()

    async def rollback(self) -> None:
        self._line = None
        await super().rollback()

    async def close(self) -> None:
        self._line = None
        await super().close()


def _begun(session: SyncSession, text: str, values: Sequence[Any]) -> tuple[Line, Sequence[Any]]:
    """The driver's connection, in the session's transaction, which the first statement begins."""
    connection = session.connection()
    pooled: Any = connection.connection
    line = Line(connection, pooled.driver_connection)
    line.tell(text, values)
    cursor = pooled.cursor()
    try:
        cursor.execute(text, tuple(values))
        return line, cursor.fetchall()
    finally:
        cursor.close()
