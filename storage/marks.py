"""Statements written once for a shape, with marks where each question's values will stand.

SQLAlchemy builds and compiles them from the same conditions as every other statement, the wall
among them; what is left for each question is to put its values in and hand the text to the driver.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Dialect, Enum, Select, Uuid, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from domain.model.base import UTCDateTime
from domain.rules.access import Actor
from domain.rules.membership import TicketFilter
from domain.words import LevelRole

Convert = Callable[[Any], Any]
SETS = (
    "priorities",
    "type_ids",
    "networks",
    "assignee_ids",
    "origins",
    "risks",
)
SINGLES = ("publisher_id", "protocol", "opened_from", "opened_to")


class Mark:
    """Stands in a statement for a value that is not known yet."""

    __slots__ = ("key",)

    def __init__(self, *key: Any) -> None:
        self.key = key

    def __lt__(self, other: "Mark") -> bool:
        return self.key < other.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class AllLevels(frozenset[Any]):
    """All levels that somebody sees, for PostgreSQL: there one value, and not put together again
    for every row that they are compared with, as in a plan that is kept a list is."""

    def hold(self, level_id: Any) -> ColumnElement[bool]:
        levels = literal(Mark("levels"), ARRAY(Uuid()))
        among: ColumnElement[bool] = level_id.bool_op("=")(func.any(levels))
        return among


@dataclass(frozen=True)
class WithAllLevels(Actor):
    @property
    def readable(self) -> frozenset[UUID] | None:
        levels = super().readable
        return None if levels is None else AllLevels(levels)


Values = dict[tuple[Any, ...], Any]


def marked_actor(actor: Actor) -> Actor:
    """Somebody with the same kind of sight, whoever they are and whatever levels they see."""
    seen: Any = {} if actor.readable is None else _each("readable", len(actor.readable))
    marks: Any = Mark("workspace"), Mark("actor"), Mark("session")
    workspace, who, session = marks
    return replace(
        actor,
        workspace_id=workspace,
        id=who,
        session_id=session if actor.session_id else None,
        memberships=dict.fromkeys(seen, LevelRole.ATTENDANT),
        open_levels=frozenset(),
    )


def with_all_levels(actor: Actor) -> Actor:
    """The same, with levels that are one value wherever all of them are meant."""
    return WithAllLevels(**{each.name: getattr(actor, each.name) for each in fields(actor)})


def sight(actor: Actor) -> tuple[Any, ...]:
    """What decides how the wall is written down for somebody."""
    readable = actor.readable
    return (
        actor.kind,
        actor.role,
        None if readable is None else len(readable),
        actor.session_id is None,
    )


def values_of_actor(actor: Actor) -> Values:
    values: Values = {
        ("workspace",): actor.workspace_id,
        ("actor",): actor.id,
        ("session",): actor.session_id,
        ("levels",): sorted(actor.readable or ()),
    }
    _put(values, "readable", sorted(actor.readable or ()))
    return values


def marked_filter(actor: Actor, asked: TicketFilter) -> TicketFilter | None:
    """The same questions of other values; None where a value shapes the question itself.

    Statuses stay as they are: which of them are asked for decides which index holds the answer.
    """
    if asked.search is not None:
        return None
    marks: dict[str, Any] = {}
    if asked.tags is not None:
        marks["tags"] = tuple(_each("tags", len(asked.tags)))
    levels = _levels(actor, asked)
    if isinstance(levels, int):
        marks["level_ids"] = frozenset(_each("level_ids", levels))
    elif levels is not None:
        marks["level_ids"] = frozenset(Mark("readable", place) for place in levels)
    for name in SETS:
        if (chosen := getattr(asked, name)) is not None:
            marks[name] = frozenset(_each(name, len(chosen)))
    for name in SINGLES:
        if getattr(asked, name) is not None:
            marks[name] = Mark(name)
    return replace(asked, **marks)


def _levels(actor: Actor, asked: TicketFilter) -> int | tuple[int, ...] | None:
    """How many levels are asked for, or which of those that are seen."""
    if asked.level_ids is None:
        return None
    if actor.readable is None:
        return len(asked.level_ids)
    return tuple(
        place for place, each in enumerate(sorted(actor.readable)) if each in asked.level_ids
    )


def shape(actor: Actor, asked: TicketFilter) -> tuple[Any, ...]:
    sets = (getattr(asked, name) for name in SETS)
    return (
        _levels(actor, asked),
        asked.statuses,
        None if asked.tags is None else len(asked.tags),
        *(None if each is None else len(each) for each in sets),
        *(getattr(asked, name) is None for name in SINGLES),
        asked.unassigned,
    )


def values_of_filter(asked: TicketFilter, values: Values) -> None:
    _put(values, "tags", asked.tags or ())
    for name in ("level_ids", *SETS):
        if (chosen := getattr(asked, name)) is not None:
            _put(values, name, sorted(chosen))
    for name in SINGLES:
        values[(name,)] = getattr(asked, name)


def _each(name: str, count: int) -> list[Mark]:
    return [Mark(name, place) for place in range(count)]


def _put(values: Values, name: str, chosen: Iterable[Any]) -> None:
    for place, value in enumerate(chosen):
        values[(name, place)] = value


@dataclass(frozen=True)
class Nested:
    """How the rows of a value that is a list of rows are read."""

    types: "Sequence[TypeEngine[Any] | Nested]"


@dataclass(frozen=True)
class Written:
    """A statement as a driver takes it: its text, its values in order, and how rows are read."""

    text: str
    _binds: tuple[tuple[Any, Convert | None], ...]
    _reads: Convert | None

    @classmethod
    def of(
        cls,
        statement: Select[Any],
        types: Sequence[TypeEngine[Any] | Nested],
        dialect: Dialect,
    ) -> "Written":
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        found: Mapping[str, Any] = compiled.params
        binds: list[tuple[Any, Convert | None]] = []
        for name in compiled.positiontup or ():
            # One of a list is called after the list, and numbered.
            named = name if name in compiled.binds else name.rpartition("_")[0]
            bound = compiled.binds[named]
            write = bound.type.dialect_impl(dialect).bind_processor(dialect)
            value = found[name]
            if isinstance(value, Mark):
                binds.append((value.key, write))
            else:
                binds.append((None, _always(write(value) if write else value)))
        return cls(str(compiled), tuple(binds), _row(types, dialect))

    def values(self, values: Values) -> list[Any]:
        told = []
        for key, write in self._binds:
            value = None if key is None else values[key]
            told.append(value if write is None else write(value))
        return told

    def read(self, rows: Sequence[Any]) -> Sequence[Any]:
        return rows if self._reads is None else [self._reads(row) for row in rows]


def _always(value: Any) -> Convert:
    return lambda _nothing: value


def _row(
    types: Sequence[TypeEngine[Any] | Nested], dialect: Dialect, *, inside: bool = False
) -> Convert | None:
    """What makes values of the domain of what the driver gave; nothing where they are."""
    converts = [
        (place, convert)
        for place, each in enumerate(types)
        if (convert := _convert(each, dialect, inside=inside)) is not None
    ]
    if not converts:
        return None

    def read(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, convert in converts:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values

    return read


def _convert(
    kind: TypeEngine[Any] | Nested, dialect: Dialect, *, inside: bool = False
) -> Convert | None:
    postgres = dialect.name == "postgresql"
    if isinstance(kind, Nested):
        read = _row(kind.types, dialect, inside=True)
        # PostgreSQL's driver reads arrays of rows by itself; SQLite has only text, of all of it.
        if postgres or inside:
            return None if read is None else lambda rows: [read(row) for row in rows]
        if read is None:
            return orjson.loads
        return lambda text: [read(row) for row in orjson.loads(text)]
    if isinstance(kind, Enum):
        return None  # a word is its text
    if postgres and isinstance(kind, Uuid | UTCDateTime):
        return None  # the driver gives both as they are
    return kind.dialect_impl(dialect).result_processor(dialect, None)
