"""Statements handed straight to the driver: one that is written already needs no more.

A statement alone is a snapshot alone, so there is no transaction around it on PostgreSQL; those
that belong together have one. Its connections are a small pool of their own. Whatever goes wrong is
left to whoever reads the usual way, which knows what to tell of it; only who has waited for long is
not made to wait again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.wanted import Unplanned
from storage import statements
from storage.connections import BROKEN, Connection, Connections

FEW = 4
WAIT = 8.0
"""Seconds that one statement may take, waiting for a connection included."""


class Asks(Protocol):
    @property
    def dialect(self) -> Dialect: ...
    async def rows(
        self, statement: str, values: Sequence[Any], *, anew: bool = False
    ) -> Sequence[Any]:
        """What the statement finds; `anew` where how to find it depends on the values."""
        ...


class Straight(Asks, Protocol):
    asked: int
    """How many statements were handed over."""

    def together(self) -> AbstractAsyncContextManager[Asks]:
        """Whatever is asked inside is of one snapshot."""
        ...

    async def close(self) -> None: ...


class OnEngine:
    """Through the engine's own connections: SQLite, where each has a thread anyway."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.dialect = engine.dialect
        self.asked = 0

    async def rows(
        self, statement: str, values: Sequence[Any], *, anew: bool = False
    ) -> Sequence[Any]:
        async with self.together() as one:
            return await one.rows(statement, values)

    @asynccontextmanager
    async def together(self) -> AsyncIterator["Together"]:
        try:
            # Its transaction begins by itself, and is one snapshot.
            async with self._engine.connect() as connection:

                async def rows(statement: str, values: Sequence[Any]) -> Sequence[Any]:
                    self.asked += 1
                    return (await connection.exec_driver_sql(statement, tuple(values))).all()

                yield Together(self.dialect, rows)
        except (DBAPIError, SQLAlchemyError, OSError) as error:
            raise Unplanned from error

    async def close(self) -> None:
        return None


class Together:
    """What asks over one connection, inside one transaction."""

    def __init__(
        self,
        dialect: Dialect,
        rows: Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]],
    ) -> None:
        self.dialect = dialect
        self._rows = rows

    async def rows(
        self, statement: str, values: Sequence[Any], *, anew: bool = False
    ) -> Sequence[Any]:
        return await self._rows(statement, values)


class OnPostgres:
    """A pool of connections that only read, each statement in a snapshot of its own."""

    def __init__(
        self, dialect: Dialect, size: int, connect: Callable[[bool], Awaitable[Connection]]
    ) -> None:
        self.dialect = dialect
        self.asked = 0
        self._once = Connections(size, lambda: connect(False))
        self._anew = Connections(FEW, lambda: connect(True))

    @classmethod
    def of(cls, engine: AsyncEngine, size: int, options: Mapping[str, Any]) -> "OnPostgres":
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        settings = {
            **options["server_settings"],
            "default_transaction_read_only": "on",
        }
        # How a page is found is the same for all values, and planning it anew takes as long as
        # answering it: PostgreSQL would, for it guesses that a plan of its own is better. How the
        # news of a feed are found is not: what is behind a cursor is little, or everything.
        modes = {True: "force_custom_plan", False: "force_generic_plan"}

        async def connect(anew: bool) -> Connection:
            connection: Connection = await asyncpg.connect(
                url,
                statement_cache_size=500,
                max_cached_statement_lifetime=0,
                **{
                    **options,
                    "server_settings": {**settings, "plan_cache_mode": modes[anew]},
                },
            )
            return connection

        return cls(engine.dialect, size, connect)

    async def rows(
        self, statement: str, values: Sequence[Any], *, anew: bool = False
    ) -> Sequence[Any]:
        self._sent()
        connections = self._anew if anew else self._once
        with _told():
            return await connections.rows(statement, values, WAIT)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Together]:
        with _told():
            async with self._once.together(WAIT) as connection:

                async def rows(statement: str, values: Sequence[Any]) -> Sequence[Any]:
                    self._sent()
                    return await connection.fetch(statement, *values)

                yield Together(self.dialect, rows)

    def _sent(self) -> None:
        self.asked += 1
        statements.sent()

    async def close(self) -> None:
        await self._once.close(WAIT)
        await self._anew.close(WAIT)


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with PostgreSQL meanwhile, in our words."""
    try:
        yield
    except (TimeoutError, asyncpg.QueryCanceledError) as error:
        raise Unavailable from error
    except BROKEN as error:
        raise Unplanned from error
