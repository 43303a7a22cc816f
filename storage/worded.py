"""Statements worded once for PostgreSQL's driver, and what makes things of the rows that it gives.

SQLAlchemy words them, from the same conditions as ever; it is only not asked again for each of
them. Things made of rows are the session's like any other: it knows each once, and what changes of
them is written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Dialect, Enum, Select, Uuid, inspect
from sqlalchemy.orm import Mapper, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import TypeEngine

from domain.model.base import UTCDateTime

Convert = Callable[[Any], Any]
PLACE = re.compile(r"(NOT )?IN \(__\[POSTCOMPILE_(\w+)\]\)|%\((\w+)\)s|%%")


class Worded:
    """A statement as the driver takes it: its text, its values in order, and how rows are read."""

    def __init__(self, asked: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        columns: list[Any] = []
        self._parts: list[_Thing | _Value] = []
        anew = bool(asked.get_execution_options().get("populate_existing"))
        for described in asked.column_descriptions:
            expr = described["expr"]
            if isinstance(expr, type):
                thing = _Thing(expr, len(columns), dialect, anew=anew)
                columns += [getattr(expr, key) for key in thing.keys]
                self._parts.append(thing)
            else:
                self._parts.append(_Value(len(columns), described["type"], dialect))
                columns.append(expr)
        self._binds: list[tuple[str | None, Any]] = []
        # Names in the places of values, which are numbered here: a list is one value.
        named = copy(dialect)
        named.paramstyle, named.positional = "pyformat", False
        compiled: Any = asked.with_only_columns(*columns).compile(dialect=named)
        bound = {name: bind for bind, name in compiled.bind_names.items()}
        places: dict[str, int] = {}

        def place(found: "re.Match[str]") -> str:
            negated, several, one = found.groups()
            name = several or one
            if name is None:
                return "%"
            if name not in places:
                self._binds.append(_bound(bound[name], dialect))
                places[name] = len(self._binds)
            number = f"${places[name]}"
            if several is None:
                return number
            return f"<> ALL ({number})" if negated else f"= ANY ({number})"

        self.text = PLACE.sub(place, str(compiled))
        assert "POSTCOMPILE" not in self.text, self.text

    def values(self, told: Mapping[str, Any]) -> list[Any]:
        return [
            write if name is None else told[name] if write is None else write(told[name])
            for name, write in self._binds
        ]

    def rows(self, session: Session, found: Sequence[Any]) -> list[tuple[Any, ...]]:
        parts = self._parts
        return [tuple([part.read(session, row) for part in parts]) for row in found]

    def firsts(self, session: Session, found: Sequence[Any]) -> list[Any]:
        """What comes first in each row."""
        read = self._parts[0].read
        return [read(session, row) for row in found]


def worded(asked: Select[*tuple[Any, ...]], dialect: Dialect) -> Worded:
    """The statement, worded when it is asked for the first time."""
    found = _known.get(asked)
    if found is None:
        found = _known[asked] = Worded(asked, dialect)
    return found


_known: WeakKeyDictionary[Any, Worded] = WeakKeyDictionary()


class _Value:
    """A column of a row."""

    def __init__(self, place: int, kind: TypeEngine[Any], dialect: Dialect) -> None:
        self._place = place
        self._convert = reading(kind, dialect)

    def read(self, _session: Session, row: Sequence[Any]) -> Any:
        value = row[self._place]
        return value if value is None or self._convert is None else self._convert(value)


class _Thing:
    """The columns of a row that are a thing of its own."""

    def __init__(self, kind: type, start: int, dialect: Dialect, *, anew: bool) -> None:
        mapper: Mapper[Any] = inspect(kind)
        self._anew = anew
        self.keys = [each.key for each in mapper.column_attrs]
        self._slice = slice(start, start + len(self.keys))
        self._converts = [
            (each.key, convert)
            for each in mapper.column_attrs
            if (convert := reading(each.columns[0].type, dialect)) is not None
        ]
        self._primary = [start + self.keys.index(each.key or "") for each in mapper.primary_key]
        self._identity = mapper.identity_key_from_primary_key
        self._new = mapper.class_manager.new_instance

    def read(self, session: Session, row: Sequence[Any]) -> Any:
        primary = tuple([row[place] for place in self._primary])
        if primary[0] is None:
            return None  # nothing was there to be joined
        known = session.identity_map.get(self._identity(primary))
        if known is not None and not self._anew:
            return known
        said = dict(zip(self.keys, row[self._slice], strict=True))
        for key, convert in self._converts:
            if said[key] is not None:
                said[key] = convert(said[key])
        if known is not None:
            for key, value in said.items():
                set_committed_value(known, key, value)
            return known
        thing = self._new()
        thing.__dict__.update(said)
        make_transient_to_detached(thing)
        session.add(thing)
        return thing


def _bound(bind: BindParameter[Any], dialect: Dialect) -> tuple[str | None, Any]:
    """The name of a value that whoever asks brings, and what the driver makes of it; or no name,
    and the value."""
    write = writing(bind.type, dialect)
    if bind.expanding and write is not None:
        one = write
        write = lambda some: [one(each) for each in some]  # noqa: E731
    if bind.required:
        return bind.key, write
    value = bind.effective_value
    return None, value if write is None else write(value)


def reading(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes a value of ours of what the driver gave; nothing where it is."""
    if isinstance(kind, Enum):
        return None if kind.enum_class is None else kind.enum_class
    if isinstance(kind, Uuid | UTCDateTime):
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def writing(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of a value of ours what the driver takes; nothing where it takes it as it is."""
    if isinstance(kind, Enum | Uuid):
        return None  # a word is its text
    return kind.dialect_impl(dialect).bind_processor(dialect)
