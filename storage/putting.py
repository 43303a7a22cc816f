"""What an act leaves behind, put into PostgreSQL in one statement: what changed, and what is new.

All parts of one statement see the same moment and are checked when it ends, so who hangs on whom
does not matter inside it. Only where rows of one kind were both changed and made do the changes go
first: what a row gives up by its change, a new one may take.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Column, Dialect, Table, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm.state import InstanceState
from sqlalchemy.types import String
from sqlmodel import SQLModel

from storage.session import Session
from storage.worded import writing

Row = Mapping[str, Any]
FEW = 8
"""Changes of one kind that one statement tells."""


@dataclass(frozen=True)
class Part:
    """A table, and which of its columns are told; changed, where rows are known by their id."""

    table: Table
    columns: tuple[str, ...]
    changed: bool = False
    made: tuple[tuple[str, str], ...] = ()
    """Columns that the database fills in, and how."""


@dataclass
class Putting:
    """Statements for one transaction, each sent when it is whole."""

    session: Session
    _parts: list[tuple[Part, Sequence[Any]]] = field(default_factory=list)

    def add(self, part: Part, rows: Sequence[Row]) -> None:
        """New rows: one value for each column, which holds those of all rows."""
        columns = _columns(part, self.session.dialect)
        self._parts.append((part, [_each(rows, name, write) for name, write in columns]))

    async def change(self, things: Iterable[SQLModel]) -> None:
        """What is different of each from how it was read."""
        rows: dict[Table, list[tuple[Part, list[Any]]]] = {}
        for thing in sorted(things, key=lambda each: cast(Any, each).id):
            state: InstanceState[Any] = inspect(thing)
            told, was = vars(thing), state.committed_state
            names = sorted(name for name, value in was.items() if told[name] != value)
            if names:
                part = Part(cast(Table, state.mapper.local_table), (*names, "id"), changed=True)
                columns = _columns(part, self.session.dialect)
                values = [_one(told[name], write) for name, write in columns]
                rows.setdefault(part.table, []).append((part, values))
            # As after a flush: from here on it is as it is kept.
            state._commit_all(told, self.session.sync_session.identity_map)
        for table, some in sorted(rows.items(), key=lambda each: each[0].name):
            jealous = any(index.unique for index in table.indexes)
            if len(some) == 1 or (len(some) <= FEW and not jealous):
                self._parts += some
                continue
            # In the order of their ids: what one gives up by its change, the next may take.
            for part, alike in groupby(some, key=lambda each: each[0]):
                text = _text((part,), self.session.dialect)
                await self.session.each(text, [values for _, values in alike])

    async def send(self) -> None:
        """Everything that was added, in one statement."""
        parts, self._parts = self._parts, []
        changed = {part.table for part, _ in parts if part.changed}
        if any(part.table in changed for part, _ in parts if not part.changed):
            await self._send([each for each in parts if each[0].changed])
            parts = [each for each in parts if not each[0].changed]
        await self._send(parts)

    async def _send(self, parts: Sequence[tuple[Part, Sequence[Any]]]) -> None:
        if parts:
            text = _text(tuple(part for part, _ in parts), self.session.dialect)
            await self.session.fetch(text, [value for _, values in parts for value in values])


@cache
def _columns(part: Part, dialect: Dialect) -> list[tuple[str, Any]]:
    return [(name, writing(part.table.columns[name].type, dialect)) for name in part.columns]


def _each(rows: Sequence[Row], name: str, write: Any) -> list[Any]:
    if write is None:
        return [row.get(name) for row in rows]
    return [_one(row.get(name), write) for row in rows]


def _one(value: Any, write: Any) -> Any:
    return value if write is None else write(value)


@cache
def _text(parts: tuple[Part, ...], dialect: Dialect) -> str:
    texts, start = [], 1
    for part in parts:
        texts.append((_change if part.changed else _insert)(part, start, dialect))
        start += len(part.columns)
    *before, last = texts
    named = ", ".join(f"part_{place} AS ({text})" for place, text in enumerate(before))
    return f"WITH {named} {last}" if named else last


def _change(part: Part, start: int, dialect: Dialect) -> str:
    names = [dialect.identifier_preparer.quote(each) for each in part.columns[:-1]]
    told = ", ".join(f"{name} = ${start + place}" for place, name in enumerate(names))
    table = dialect.identifier_preparer.format_table(part.table)
    return f"UPDATE {table} SET {told} WHERE id = ${start + len(names)}"


def _insert(part: Part, start: int, dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    columns = [part.table.columns[each] for each in part.columns]
    names = [quote(each) for each in part.columns]
    given = [f"${start + place}::{_kind(each, dialect)}[]" for place, each in enumerate(columns)]
    taken = [
        f"n.{name}::jsonb" if _is_json(each, dialect) else f"n.{name}"
        for name, each in zip(names, columns, strict=True)
    ]
    into = ", ".join([*names, *(quote(name) for name, _ in part.made)])
    what = ", ".join([*taken, *(how for _, how in part.made)])
    return (
        f"INSERT INTO {dialect.identifier_preparer.format_table(part.table)} ({into})"
        f" SELECT {what} FROM unnest({', '.join(given)}) AS n({', '.join(names)})"
    )


def _kind(column: Column[Any], dialect: Dialect) -> str:
    """The type of its values on their way. Whoever says how long a text may be at most cuts it
    off there; the column itself refuses what is longer."""
    kind = column.type.dialect_impl(dialect)
    if _is_json(column, dialect) or isinstance(getattr(kind, "impl", kind), String):
        return "text"
    return dialect.type_compiler_instance.process(column.type)


def _is_json(column: Column[Any], dialect: Dialect) -> bool:
    return isinstance(column.type.dialect_impl(dialect), JSONB)
