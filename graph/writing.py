"""Rows written as answers: functions made once for a document, from a row to what JSON says of it.

A row is a sequence of values, and so is what stands under the keys of an object; most values go
from one to the other as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, TypeAlias, get_args

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLType,
)

from domain.model.sla import SlaClock
from domain.page import PageInfo, Window
from domain.reading import read
from domain.wanted import Row, Unplanned
from graph.scope import Scope
from resolvers import ids

Fix: TypeAlias = Callable[[Any], Any]
AS_THEY_ARE = {"String", "Int", "Boolean", "DateTime"}
"""Scalars whose values the writer of JSON takes as the row has them; instants end in Z."""


Write: TypeAlias = Callable[[Row, Scope], Any]


@dataclass(slots=True)
class PageSeen:
    """A page in rows, whichever list it is of."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool
    cursor: Callable[[Row], str] | None
    count: int
    position: str = ""

    @property
    def bare(self) -> PageInfo:
        """Without the cursors, which cost something to make."""
        return PageInfo(self.has_next, self.has_previous, None, None)

    @property
    def info(self) -> PageInfo:
        return PageInfo(
            self.has_next,
            self.has_previous,
            self.mark(self.rows[0]) if self.rows else None,
            self.mark(self.rows[-1]) if self.rows else None,
        )

    def mark(self, row: Row) -> str:
        assert self.cursor is not None
        return self.cursor(row)


WritePage: TypeAlias = Callable[[PageSeen, Scope], Any]


# ── objects ────────────────────────────────────────────────────────────────────────────────────


def thing(
    keys: Sequence[str],
    places: Sequence[int],
    fixes: Sequence[tuple[int, Fix]],
    writes: Sequence[tuple[int, Write]],
) -> Write:
    """An object: each key with the value at its place, fixed, or written from the whole row."""
    if not places:
        return lambda row, scope: {keys[at]: make(row, scope) for at, make in writes}
    # The getter gives a tuple only for two and more; what is over is not looked at.
    pick: Callable[[Row], tuple[Any, ...]] = itemgetter(*places, places[0])
    if not fixes and not writes:
        return lambda row, _scope: dict(zip(keys, pick(row), strict=False))

    def write(row: Row, scope: Scope) -> dict[str, Any]:
        told = dict(zip(keys, pick(row), strict=False))
        for key, fix in fixed:
            if told[key] is not None:
                told[key] = fix(told[key])
        for key, make in made:
            told[key] = make(row, scope)
        return told

    fixed = [(keys[at], fix) for at, fix in fixes]
    made = [(keys[at], make) for at, make in writes]
    return write


def constant(value: Any) -> Write:
    return lambda _row, _scope: value


def lead(at: int, write: Write, *, required: bool) -> Write:
    """The one that a key leads to, its presence at that place; nothing where it is not seen."""

    place = object()

    def one(row: Row, scope: Scope) -> Any:
        found = row[at]
        if found is None:
            if required:
                raise Unplanned  # an error, which the usual way knows how to tell
            return None
        told = scope.told[place]
        if found not in told:
            told[found] = write(row, scope)
        return told[found]

    return one


def each(at: int, write: Write) -> Write:
    return lambda row, scope: [write(one, scope) for one in row[at] or ()]


def first(at: int, write: Write) -> Write:
    return lambda row, scope: write(row[at][0], scope) if row[at] else None


def plain(at: int) -> Write:
    return lambda row, _scope: row[at]


def decided(
    model: type[Any], reads: Mapping[str, int], decide: Callable[[Any, Scope], Any], fix: Fix | None
) -> Write:
    """What a field's own resolver, or property, makes of these attributes."""
    words = {
        name: {each.value: each for each in word}
        for name in reads
        if (word := _word(model, name)) is not None
    }
    names, places = tuple(reads), tuple(reads.values())

    def write(row: Row, scope: Scope) -> Any:
        it = SimpleNamespace()
        for name, at in zip(names, places, strict=True):
            setattr(it, name, row[at])
        for name, word in words.items():
            value = getattr(it, name)
            if value is not None:
                setattr(it, name, word[value])
        value = decide(it, scope)
        return value if fix is None or value is None else fix(value)

    return write


def _word(model: type[Any], name: str) -> type[StrEnum] | None:
    """The closed list that an attribute's values are of."""
    known = model.model_fields.get(name)
    annotation = known.annotation if known else None
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind
    return None


def read_now(model: type[Any], reads: Mapping[str, int], name: str, fix: Fix | None) -> Write:
    """How a clock stands at this moment."""
    rules: Any = vars(SlaClock)["clock"].fget

    def decide(row: Any, scope: Scope) -> Any:
        row.clock = rules(row)
        return getattr(read(row, scope.going_by(row.terms_id), scope.context.now), name)

    return decided(model, reads, decide, fix)


# ── pages ──────────────────────────────────────────────────────────────────────────────────────


def page(parts: Sequence[tuple[str, WritePage]]) -> WritePage:
    return lambda seen, scope: {key: write(seen, scope) for key, write in parts}


def nodes(write: Write) -> WritePage:
    return lambda seen, scope: [write(row, scope) for row in seen.rows]


def edges(parts: Sequence[tuple[str, Write | None]]) -> WritePage:
    """An edge's parts; its cursor is the one without a way to write it."""

    def write(seen: PageSeen, scope: Scope) -> Any:
        return [
            {key: seen.mark(row) if part is None else part(row, scope) for key, part in parts}
            for row in seen.rows
        ]

    return write


def history(at: int, count: int, sequence: int, write: WritePage) -> Write:
    """A page of a history, whose places are numbers without gaps."""

    def make(row: Row, scope: Scope) -> Any:
        rows: Sequence[Row] = row[at] or []
        last = bool(rows) and rows[-1][sequence] < row[count]
        before = bool(rows) and rows[0][sequence] > 1
        seen = PageSeen(rows, last, before, lambda each: f"h{each[sequence]}", row[count])
        return write(seen, scope)

    return make


def paged(
    at: int, count: int | None, window: Window, mark: Callable[[Row, Scope], str], write: WritePage
) -> Write:
    """A page of a sorted list, one row longer where there is more."""

    def make(row: Row, scope: Scope) -> Any:
        rows, has_next, has_previous = window.cut(row[at] or [])
        size = 0 if count is None else row[count]
        return write(
            PageSeen(rows, has_next, has_previous, lambda each: mark(each, scope), size), scope
        )

    return make


# ── values ─────────────────────────────────────────────────────────────────────────────────────


def global_id(kind: str) -> Fix:
    return partial(ids.write, kind)


def is_list(kind: GraphQLType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def leaf(kind: GraphQLType) -> Fix | None:
    """What makes of a value what JSON says; nothing where it is that already."""
    if isinstance(kind, GraphQLNonNull):
        return leaf(kind.of_type)
    if isinstance(kind, GraphQLList):
        fix = leaf(kind.of_type)
        return None if fix is None else lambda values: [fix(value) for value in values]
    if isinstance(kind, GraphQLEnumType):
        names = {str(each.value): name for name, each in kind.values.items()}
        return None if all(a == b for a, b in names.items()) else names.__getitem__
    if isinstance(kind, GraphQLScalarType):
        if kind.name in AS_THEY_ARE:
            return None
        if kind.name == "ID":
            return str
        if kind.name == "Float":
            return float
    raise Unplanned
