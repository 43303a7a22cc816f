"""What was done to publishers, and who looked at what: found by publisher, newest last."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from domain.model.publisher import Publisher, PublisherEntry
from domain.page import Page, Window
from storage import access, keyset
from storage.access import P_, columns
from storage.keyset import Order
from storage.shelf import Shelf

E_ = columns(PublisherEntry)
AS_TOLD = Order("told", ("at", "id"))


class PublisherEntryShelf(Shelf[PublisherEntry]):
    """An entry is seen where its publisher is; of one that was merged, where the other is."""

    model = PublisherEntry
    thing = "publisher entry"

    def wall(self) -> ColumnElement[bool]:
        found: ColumnElement[bool] = (
            select(P_.id).where(P_.id == _owner(), access.publishers(self.actor)).exists()
        )
        return found

    async def pages(
        self, publisher_ids: Collection[UUID], window: Window
    ) -> Mapping[UUID, Page[PublisherEntry]]:
        return await keyset.pages(
            self.session, PublisherEntry, self.seen(), _owner(), publisher_ids, AS_TOLD, window
        )

    async def count(self, publisher_id: UUID) -> int:
        """How many there are; the number of the last one, for they have no gaps."""
        statement = select(func.count()).where(E_.publisher_id == publisher_id)
        return await self.session.scalar(statement) or 0

    async def put(self, entries: Sequence[PublisherEntry]) -> None:
        self.session.add_all(entries)
        await self.session.flush()


def _owner() -> ColumnElement[UUID]:
    """Whose entry it is now."""
    told_of = columns(Publisher).__table__.alias("told_of")
    found: ColumnElement[UUID] = (
        select(func.coalesce(told_of.c.merged_into_id, told_of.c.id))
        .where(told_of.c.id == E_.publisher_id)
        .correlate(columns(PublisherEntry).__table__)
        .scalar_subquery()
    )
    return found
