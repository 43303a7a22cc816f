"""Pages by key: continue after a row, never after a number of rows.

The cursor carries the sort values of a row and the name of the order, so that a cursor of one list
is refused by another. LIMIT is written into the statement: as a parameter it doubles the cost.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel

from domain.errors import Invalid
from domain.page import Edge, Page, Window
from storage.session import Session

T = TypeVar("T", bound=SQLModel)


@dataclass(frozen=True)
class Order:
    """What a list is sorted by: a name, attributes of the model, and the way round."""

    name: str
    attributes: tuple[str, ...]
    descending: bool = False

    def columns(self, model: Any) -> list[ColumnElement[Any]]:
        return [getattr(model, attribute) for attribute in self.attributes]

    def cursor(self, row: Any) -> str:
        return self.place([getattr(row, attribute) for attribute in self.attributes])

    def place(self, values: Sequence[Any]) -> str:
        """The cursor of a row with these values."""
        told = orjson.dumps([self.name, *values], default=str)
        return urlsafe_b64encode(told).rstrip(b"=").decode()

    def past(self, model: Any, window: Window) -> ColumnElement[bool] | None:
        if window.past is None:
            return None
        return self.behind(model, window, self.values(model, window))

    def behind(self, model: Any, window: Window, values: Sequence[Any]) -> ColumnElement[bool]:
        """What comes after a row with these values, read the window's way round."""
        columns = self.columns(model)
        place = [literal(value, column.type) for value, column in zip(values, columns, strict=True)]
        left, right = tuple_(*columns), tuple_(*place)
        return left < right if self.descending != window.backward else left > right

    def sorting(self, model: Any, window: Window) -> list[ColumnElement[Any]]:
        down = self.descending != window.backward
        return [column.desc() if down else column.asc() for column in self.columns(model)]

    def values(self, model: Any, window: Window) -> list[Any]:
        """What the window's cursor says; INVALID where it is none of this list."""
        columns, cursor = self.columns(model), window.past or ""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            name, *raw = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
            if name != self.name or len(raw) != len(columns):
                raise ValueError("a cursor of another list")
            return [
                _read(value, column.type.python_type)
                for value, column in zip(raw, columns, strict=True)
            ]
        except (ValueError, TypeError, OverflowError):
            field = "before" if window.backward else "after"
            raise Invalid("cursor_invalid", field=[field]) from None


def _read(value: Any, kind: type) -> Any:
    if kind is UUID and isinstance(value, str):
        return UUID(value)
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind is int and isinstance(value, int) and abs(value) < 2**31:
        return value
    if kind is str and isinstance(value, str) and "\x00" not in value:
        return value
    raise ValueError("a value of another kind")


Counter = Callable[[], Awaitable[int]]


def _page(rows: Sequence[Any], order: Order, window: Window, counter: Counter) -> Page[Any]:
    kept, has_next, has_previous = window.cut(rows)
    return Page(
        edges=[Edge(order.cursor(row), row) for row in kept],
        has_next=has_next,
        has_previous=has_previous,
        counter=counter,
    )


async def page(
    session: Session, model: type[T], asked: Select[T], order: Order, window: Window
) -> Page[T]:
    """One page of a statement that selects whole rows of one model."""

    async def count() -> int:
        return await session.scalar(asked.with_only_columns(func.count()).order_by(None)) or 0

    past = order.past(model, window)
    statement = (asked if past is None else asked.where(past)).order_by(
        *order.sorting(model, window)
    )
    limited = statement.limit(literal_column(str(window.size + 1)))
    rows = (await session.scalars(limited)).all()
    return _page(rows, order, window, count)


async def pages(
    session: Session,
    model: type[T],
    asked: Select[Any],
    group: ColumnElement[Any],
    groups: Collection[UUID],
    order: Order,
    window: Window,
) -> Mapping[UUID, Page[T]]:
    """The same page for each of many owners, in one statement; `asked` is of all owners.

    PostgreSQL looks each owner's page up in the order of an index and reads no further. SQLite,
    which cannot, numbers the rows of these owners.
    """
    counts: dict[UUID, int] = {}
    theirs = group.in_(sorted(groups))

    def counter(owner: UUID) -> Counter:
        async def count() -> int:
            if not counts:
                counted = asked.where(theirs).with_only_columns(group, func.count())
                totals = counted.group_by(group).order_by(None)
                counts.update(dict.fromkeys(groups, 0))
                counts.update((await session.execute(totals)).all())
            return counts[owner]

        return count

    past = order.past(model, window)
    within = asked if past is None else asked.where(past)
    if session.get_bind().dialect.name == "postgresql":
        statement = _looked_up(model, within, group, groups, order, window)
    else:
        statement = _numbered(model, within.where(theirs), group, order, window)
    found: dict[UUID, list[T]] = {owner: [] for owner in groups}
    for owner, row in await session.execute(statement):
        found[owner].append(row)
    return {owner: _page(rows, order, window, counter(owner)) for owner, rows in found.items()}


def _looked_up(
    model: type[T],
    asked: Select[Any],
    group: ColumnElement[Any],
    groups: Collection[UUID],
    order: Order,
    window: Window,
) -> Select[Any]:
    given = literal(sorted(groups), ARRAY(Uuid()))
    owners = func.unnest(given).table_valued(column("id", Uuid())).render_derived(name="owner")
    rows = (
        asked.where(group == owners.c.id)
        .order_by(*order.sorting(model, window))
        .limit(literal_column(str(window.size + 1)))
        .lateral()
    )
    entity = aliased(model, rows)
    return (
        select(owners.c.id, entity)
        .select_from(owners.join(rows, true()))
        .order_by(owners.c.id, *order.sorting(entity, window))
    )


def _numbered(
    model: type[T],
    asked: Select[Any],
    group: ColumnElement[Any],
    order: Order,
    window: Window,
) -> Select[Any]:
    place = func.row_number().over(partition_by=group, order_by=order.sorting(model, window))
    inner = asked.with_only_columns(model, group.label("owner_id"), place.label("place"))
    rows = inner.subquery()
    entity = aliased(model, rows)
    return (
        select(rows.c.owner_id, entity)
        .where(rows.c.place <= literal_column(str(window.size + 1)))
        .order_by(rows.c.owner_id, rows.c.place)
    )
