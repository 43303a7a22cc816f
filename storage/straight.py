"""Statements handed straight to the driver: one that is written already needs no more.

A statement alone is a snapshot alone, so there is no transaction around it on PostgreSQL; its
connections are a small pool of their own. Whatever goes wrong is left to whoever reads the usual
way, which knows what to tell of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.wanted import Unplanned
from storage import statements

WAIT = 8
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Straight(Protocol):
    asked: int
    """How many statements were handed over."""

    @property
    def dialect(self) -> Dialect: ...
    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Any]: ...
    async def close(self) -> None: ...


class OnEngine:
    """Through the engine's own connections: SQLite, where each has a thread anyway."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.dialect = engine.dialect
        self.asked = 0

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        self.asked += 1
        try:
            async with self._engine.connect() as connection:
                return (await connection.exec_driver_sql(statement, tuple(values))).all()
        except (DBAPIError, SQLAlchemyError, OSError) as error:
            raise Unplanned from error

    async def close(self) -> None:
        return None


class _Plain(asyncpg.Connection):
    def get_reset_query(self) -> str:
        return ""  # nothing is ever set on it, so there is nothing to ask back


class OnPostgres:
    """A pool of connections that only read, each statement in a snapshot of its own."""

    def __init__(self, dialect: Dialect, make: Callable[[], Pool]) -> None:
        self.dialect = dialect
        self.asked = 0
        self._make = make
        self._pool: Pool | None = None

    @classmethod
    def of(cls, engine: AsyncEngine, size: int, options: Mapping[str, Any]) -> "OnPostgres":
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        settings = {**options["server_settings"], "default_transaction_read_only": "on"}

        def make() -> Pool:
            return asyncpg.create_pool(
                url,
                min_size=0,
                max_size=size,
                connection_class=_Plain,
                statement_cache_size=500,
                max_cached_statement_lifetime=0,
                **{**options, "server_settings": settings},
            )

        return cls(engine.dialect, make)

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        self.asked += 1
        statements.sent()
        try:
            if self._pool is None:
                self._pool = self._make()  # it belongs to the loop that asks
            pool = await self._pool
            async with pool.acquire(timeout=WAIT) as connection:
                found: Sequence[Any] = await connection.fetch(statement, *values)
                return found
        except (TimeoutError, asyncpg.QueryCanceledError) as error:
            raise Unavailable from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unplanned from error

    async def close(self) -> None:
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(WAIT):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
