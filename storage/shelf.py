"""What every shelf has: a session, an actor, and rows found by id behind the wall."""

from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlmodel import SQLModel

from domain.errors import NotFound
from domain.rules.access import Actor
from storage.access import columns, within
from storage.prepared import prepared, values
from storage.session import Session

T = TypeVar("T", bound=SQLModel)


class Shelf(Generic[T]):
    """Rows of one kind. `thing` is what a person is told does not exist."""

    model: type[T]
    thing: str

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def wall(self) -> ColumnElement[bool] | None:
        """A condition beyond the workspace; most things are the whole workspace's."""
        return None

    def seen(self) -> Select[T]:
        wall = self.wall()
        asked = within(self.actor, self.model)
        return asked if wall is None else asked.where(wall)

    def missing(self) -> NotFound:
        return NotFound("not_found", thing=self.thing)

    @prepared
    def _one(self) -> Select[T]:
        return self.seen().where(columns(self.model).id == bindparam("id"))

    @prepared
    def _one_held(self) -> Select[T]:
        held = self.seen().where(columns(self.model).id == bindparam("id")).with_for_update()
        return held.execution_options(populate_existing=True)

    @prepared
    def _some(self) -> Select[T]:
        return self.seen().where(columns(self.model).id.in_(bindparam("ids", expanding=True)))

    async def get(self, row_id: UUID) -> T:
        row = await self.session.thing(self._one(), values(self.actor, id=row_id))
        if row is None:
            raise self.missing()
        return row

    async def take(self, row_id: UUID) -> T:
        """The row, held until the transaction ends."""
        row = await self.session.thing(self._one_held(), values(self.actor, id=row_id))
        if row is None:
            raise self.missing()
        return row

    async def find(self, row_ids: Collection[UUID]) -> Mapping[UUID, T]:
        """Those that exist and may be seen, by id."""
        if not row_ids:
            return {}
        asked = values(self.actor, ids=sorted(row_ids))
        rows = await self.session.things(self._some(), asked)
        return {columns(row).id: row for row in rows}

    def add(self, row: T) -> None:
        self.session.add(row)


class NamedShelf(Shelf[T]):
    """Rows that people tell apart by name."""

    @prepared
    def _every(self) -> Select[T]:
        return self.seen().order_by(columns(self.model).name, columns(self.model).id)

    async def all(self) -> list[T]:
        return list(await self.session.things(self._every(), values(self.actor)))

    async def named(self, name: str) -> T | None:
        return await self.session.scalar(self.seen().where(columns(self.model).name == name))


async def grouped(
    session: Session,
    owner: Any,
    entity: Any,
    *where: Any,
    order: Any,
    owners: Collection[UUID],
) -> dict[UUID, list[Any]]:
    """Rows of one kind by their owner, every owner present, in one statement."""
    found: dict[UUID, list[Any]] = {each: [] for each in owners}
    if owners:
        rows = await session.execute(select(owner, entity).where(*where).order_by(*order))
        for each, row in rows:
            found[each].append(row)
    return found


async def gathered(
    session: Session,
    asked: Select[UUID, Any],
    told: Mapping[str, Any],
    owners: Collection[UUID],
) -> dict[UUID, list[Any]]:
    """The same, of a statement that was built before: owners beside what is theirs."""
    found: dict[UUID, list[Any]] = {each: [] for each in owners}
    if owners:
        for each, row in await session.rows(asked, told):
            found[each].append(row)
    return found
