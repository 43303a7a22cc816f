"""Files that lie at networks: what is still to be fetched, taken by one process at a time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.model.media import AwaitedFile
from storage.access import columns
from storage.shelf import Shelf

W_ = columns(AwaitedFile)


class AwaitedShelf(Shelf[AwaitedFile]):
    model = AwaitedFile
    thing = "awaited file"

    async def put(self, awaited: Sequence[AwaitedFile]) -> None:
        self.session.add_all(awaited)

    async def take_due(self, now: datetime, most: int) -> Sequence[AwaitedFile]:
        """Those to be fetched now, held; what somebody else holds is passed over."""
        rows = await self.session.scalars(
            self.seen()
            .where(W_.look_at <= now)
            .order_by(W_.look_at, W_.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return list(rows)

    async def take_leased(self, awaited_id: UUID, lease_id: UUID) -> AwaitedFile | None:
        """It, held, while that lease still counts."""
        return await self.session.scalar(
            self.seen()
            .where(W_.id == awaited_id, W_.lease_id == lease_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    async def drop(self, awaited: AwaitedFile) -> None:
        await self.session.delete(awaited)
