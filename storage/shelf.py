"""What every shelf has: a session, an actor, and rows found by id behind the wall."""

from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from domain.errors import NotFound
from domain.rules.access import Actor
from storage.access import columns, within

T = TypeVar("T", bound=SQLModel)


class Shelf(Generic[T]):
    """Rows of one kind. `thing` is what a person is told does not exist."""

    model: type[T]
    thing: str

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
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

    async def get(self, row_id: UUID) -> T:
        row = await self.session.scalar(self.seen().where(columns(self.model).id == row_id))
        if row is None:
            raise self.missing()
        return row

    async def take(self, row_id: UUID) -> T:
        """The row, held until the transaction ends."""
        statement = (
            self.seen()
            .where(columns(self.model).id == row_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        row = await self.session.scalar(statement)
        if row is None:
            raise self.missing()
        return row

    async def find(self, row_ids: Collection[UUID]) -> Mapping[UUID, T]:
        """Those that exist and may be seen, by id."""
        if not row_ids:
            return {}
        rows = await self.session.scalars(
            self.seen().where(columns(self.model).id.in_(sorted(row_ids)))
        )
        return {columns(row).id: row for row in rows}

    def add(self, row: T) -> None:
        self.session.add(row)


class NamedShelf(Shelf[T]):
    """Rows that people tell apart by name."""

    async def all(self) -> list[T]:
        model = columns(self.model)
        return list(await self.session.scalars(self.seen().order_by(model.name, model.id)))

    async def named(self, name: str) -> T | None:
        return await self.session.scalar(self.seen().where(columns(self.model).name == name))


async def grouped(
    session: AsyncSession,
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
