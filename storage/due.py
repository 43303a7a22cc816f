"""What has become due, in all workspaces: leases that end, tickets that wake.

Says only where and when; the tickets themselves are taken by a worker, inside their workspace.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import T_

MOMENTS = (T_.lease_expires_at, T_.pending_until)


class DueReader:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def workspaces(self, now: datetime) -> Sequence[UUID]:
        """Those in which something waits to be done."""
        late = (
            select(T_.workspace_id).where(
                moment.is_not(None), moment <= now, T_.removed_at.is_(None)
            )
            for moment in MOMENTS
        )
        return sorted(await self.session.scalars(union(*late)))

    async def next(self, now: datetime) -> datetime | None:
        """When something will become due next, as far as is known now."""
        nearest: list[datetime] = []
        for moment in MOMENTS:
            # The first row of the column's own index, however many are to come.
            found = await self.session.scalar(
                select(moment)
                .where(moment.is_not(None), moment > now, T_.removed_at.is_(None))
                .order_by(moment)
                .limit(1)
            )
            if found is not None:
                nearest.append(found)
        return min(nearest, default=None)
