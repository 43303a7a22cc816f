"""The database, opened the way each kind wants to be.

SQLite: WAL, one writer that begins IMMEDIATE, readers beside it, one process held by a lock file.
SQLAlchemy's own default begins DEFERRED and upgrades, which silently lost two of three concurrent
updates in a trial. PostgreSQL: READ COMMITTED for writers, who hold rows, and REPEATABLE READ for
readers, so that a page and its feed cursor come from one snapshot.
"""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.pool.base import ConnectionPoolEntry

from storage import statements, writes
from storage.straight import OnEngine, OnPostgres, Straight

BUSY_SECONDS = 15
QUIET_SECONDS = 1.0
"""After which a connection is asked whether it is still there before it is used again."""


class DatabaseInUse(Exception):
    """Another process already has this SQLite file."""


class Pool(AsyncAdaptedQueuePool):
    """SQLAlchemy's, which also knows how many wait for one of its connections."""

    waiting = 0

    def _do_get(self) -> ConnectionPoolEntry:
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1


@dataclass(frozen=True)
class Pooled:
    """How connections stand at the moment."""

    in_use: int
    idle: int
    waiting: int
    limit: int


@dataclass(frozen=True)
class Database:
    """Where writers and readers get their connections."""

    url: URL
    writer: AsyncEngine
    reader: AsyncEngine
    straight: Straight
    """For statements that are written already, and only read."""

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def pooled(self) -> Pooled:
        """Of writers and readers together."""
        pools = {engine.pool for engine in (self.writer, self.reader)}
        known = [each for each in pools if isinstance(each, Pool)]
        return Pooled(
            in_use=sum(each.checkedout() for each in known),
            idle=sum(each.checkedin() for each in known),
            waiting=sum(each.waiting for each in known),
            limit=sum(each.size() + each._max_overflow for each in known),
        )


def parse(url: str) -> URL:
    """The address with the driver that we use; ValueError when it is no address of ours."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    backend = {"postgres": "postgresql"}.get(parsed.drivername, parsed.get_backend_name())
    if backend not in drivers:
        raise ValueError(f"{backend} is not a database that Guichê runs on")
    return parsed.set(drivername=drivers[backend])


def lock_file(path: Path) -> IO[str]:
    """Hold the file's lock for as long as the returned handle is open."""
    handle = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise DatabaseInUse(
            f"{path} is already in use by another Guichê process. Stop that one first, or use "
            "PostgreSQL (DATABASE_URL) for more than one process."
        ) from None
    return handle


@asynccontextmanager
async def open_database(url: str, *, pool_size: int = 10) -> AsyncIterator[Database]:
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        database = _postgres(parsed, pool_size)
        try:
            yield database
        finally:
            await database.straight.close()
            await database.writer.dispose()
        return

    path = Path(parsed.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    held = lock_file(path)
    database = _sqlite(parsed, pool_size)
    try:
        yield database
    finally:
        await database.reader.dispose()
        await database.writer.dispose()
        held.close()


def _sqlite(url: URL, pool_size: int) -> Database:
    def connect(engine: AsyncEngine, begin: str, *, read_only: bool) -> None:
        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # BEGIN is ours to say
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout={BUSY_SECONDS * 1000}",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "cache_size=-65536",
                f"query_only={'ON' if read_only else 'OFF'}",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def start(connection: Any) -> None:
            connection.exec_driver_sql(begin)

    options: dict[str, Any] = {
        "poolclass": Pool,
        "pool_timeout": BUSY_SECONDS,
        "hide_parameters": True,
    }
    writer = create_async_engine(url, pool_size=1, max_overflow=0, **options)
    reader = create_async_engine(url, pool_size=pool_size, max_overflow=0, **options)
    connect(writer, "BEGIN IMMEDIATE", read_only=False)
    connect(reader, "BEGIN", read_only=True)
    statements.count(writer)
    writes.note(writer)
    statements.count(reader)
    return Database(url, writer, reader, OnEngine(reader))


def _postgres(url: URL, pool_size: int) -> Database:
    options = {
        "timeout": 5,
        "command_timeout": 30,
        "server_settings": {
            "application_name": "guiche",
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": "20000",
            "lock_timeout": "8000",
            "idle_in_transaction_session_timeout": "60000",
        },
    }
    engine = create_async_engine(
        url,
        poolclass=Pool,
        hide_parameters=True,  # a failing statement tells of itself, not of what people wrote
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=8,
        connect_args=options,
    )
    statements.count(engine)
    writes.note(engine)
    _look_before_use(engine)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(url, engine, reader, OnPostgres.of(engine, pool_size, options))


def _look_before_use(engine: AsyncEngine) -> None:
    """Give out no connection that is known to be gone, and ask one that was quiet for a while.

    `pool_pre_ping` asks before every transaction, three times there and back. A connection that
    was used a moment ago is there, or has heard that it was closed.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def leave(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def look(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        used = record.info.get("used")
        if used is None:
            return
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError("the connection was closed")
        if monotonic() - used > QUIET_SECONDS:
            try:
                engine.sync_engine.dialect.do_ping(connection)
            except Exception as error:
                raise InvalidatePoolError("the connection does not answer") from error
