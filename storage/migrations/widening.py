"""Closed lists of words that get more words."""

import sqlalchemy as sa
from alembic import op


def widen(table: str, check: str, last: str, more: tuple[str, ...], *, postgres: bool) -> None:
    """Let a closed list have more words; `last` is the one it ended with."""
    bind = op.get_bind()
    added = ", ".join(f"'{each}'" for each in more)
    if postgres:
        told = bind.scalar(
            sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
            {"name": check},
        )
        column = check.removeprefix(f"ck_{table}_")
        every = ", ".join(f"'{word}'" for word in [*str(told).split("'")[1::2], *more])
        op.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT {check}')
        op.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT {check} CHECK ({column} IN ({every}))')
        return

    # SQLite changes no CHECK, and a table that others point at cannot be written anew inside a
    # transaction. A wider CHECK leaves every row as it is, so the words are changed where SQLite
    # keeps them, as its documentation has it (lang_altertable, "making other kinds of changes").
    version = int(bind.exec_driver_sql("PRAGMA schema_version").scalar_one())
    sql = bind.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).scalar_one()
    wider = sql.replace(f"'{last}')", f"'{last}', {added})", 1)
    assert wider != sql
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (wider, table)
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
