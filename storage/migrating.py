"""The schema, brought to where this code needs it: once, whoever asks at the same time."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError

import domain.model  # noqa: F401 - every table
from domain.model.base import metadata
from domain.model.entry import PgXid8
from storage.engine import Database

# SQLAlchemy reads tables back with the types it knows; this one it does not know.
ischema_names.setdefault("xid8", PgXid8)
FOLDER = Path(__file__).parent / "migrations"
# Any number will do, as long as everybody who migrates this database takes the same.
LOCK = 4_711_2026
TABLE_SECONDS = 3
"""How long a table is waited for. Whoever needs it meanwhile waits behind, and waits for 8."""
LOCK_NOT_AVAILABLE = "55P03"


class WrongSchema(Exception):
    """The database is older or newer than this code."""


class TableHeld(Exception):
    """Something else would not let go of a table; nothing was changed."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


@cache
def _head() -> str:
    """Found out once: to learn where a migration stands, Alembic runs every one as a module."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known(revision: str) -> bool:
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {script.revision for script in scripts}


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Held to the end of the transaction: whoever comes second finds nothing left to do.
        # However long the first one takes, on a busy machine too.
        connection.execute(text("SET LOCAL lock_timeout = '10min'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{TABLE_SECONDS}s'"))
    current = _current(connection)
    if current is not None and not _known(current):
        raise WrongSchema(newer(current))
    command.upgrade(_config(connection), "head")
    connection.execute(
        text("INSERT INTO epoch (id, epoch) VALUES (1, :epoch) ON CONFLICT (id) DO NOTHING"),
        {"epoch": uuid4().hex},
    )


def newer(revision: str) -> str:
    return (
        f"The database has schema {revision}, which this version of Guichê does not know: it was "
        "migrated by a newer one. Install that version, or restore a backup."
    )


async def migrate(database: Database) -> str:
    """The revision the database is at now. Asked by many at once, it happens once."""
    try:
        async with database.writer.begin() as connection:
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise TableHeld(
                "Nothing was changed: something has held a table for too long. Run guiche migrate "
                "again when fewer people work, or end what holds it: a long report, a backup."
            ) from error
        raise
    return _head()


async def require_current(database: Database) -> None:
    """WrongSchema, in words for whoever runs this, unless the schema is the one we need."""
    async with database.reader.connect() as connection:
        current = await connection.run_sync(_current)
    if current == _head():
        return
    if current is not None and not _known(current):
        raise WrongSchema(newer(current))
    raise WrongSchema("The database is older than this version. Run: guiche migrate")


async def differences(database: Database) -> Sequence[Any]:
    """Where the database is not what the models say; nothing, when all is well."""

    def compare(connection: Connection) -> Sequence[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [*compare_metadata(context, metadata), *_checks(connection)]

    async with database.reader.connect() as connection:
        return await connection.run_sync(compare)


def _checks(connection: Connection) -> list[Any]:
    """CHECKs whose words differ: Alembic does not compare them, and every enum is one."""
    seen = inspect(connection)
    found = []
    for table in metadata.sorted_tables:
        stored = {
            str(check["name"]): check["sqltext"] for check in seen.get_check_constraints(table.name)
        }
        wanted = {
            str(check.name): str(check.sqltext.compile(compile_kwargs={"literal_binds": True}))
            for check in table.constraints
            if isinstance(check, CheckConstraint) and check.name
        }
        for name in sorted(stored.keys() | wanted.keys()):
            words = [set(re.findall(r"'([^']*)'", each.get(name, ""))) for each in (stored, wanted)]
            if name not in stored or name not in wanted or words[0] != words[1]:
                found.append(("check", table.name, name))
    return found
