"""The feed: the history of a whole workspace, read onwards from what somebody has seen."""

from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.model.entry import HistoryEntry
from domain.model.workspace import Epoch, Workspace
from domain.position import BadCursor, Position, Stretch
from storage.access import columns

H_ = columns(HistoryEntry)
W_ = columns(Workspace)
MOST = 5_000
"""Further behind than this, reading the list again is cheaper than the changes."""


def unseen(seen: Position) -> ColumnElement[bool] | TextClause:
    """What whoever is there has not seen yet."""
    if not seen.is_snapshot:
        after: ColumnElement[bool] = H_.position > seen.lowest
        return after
    return text(
        "xid >= CAST(:lowest AS text)::xid8"
        " AND NOT pg_visible_in_snapshot(xid, CAST(:seen AS text)::pg_snapshot)"
    ).bindparams(lowest=str(seen.lowest), seen=seen.text)


def shown(until: Position) -> ColumnElement[bool] | TextClause:
    """What whoever is there has seen."""
    if not until.is_snapshot:
        before: ColumnElement[bool] = H_.position <= until.lowest
        return before
    return text("pg_visible_in_snapshot(xid, CAST(:until AS text)::pg_snapshot)").bindparams(
        until=until.text
    )


class FeedReader:
    """One workspace's feed, read in a transaction of one snapshot."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.postgres = session.get_bind().dialect.name == "postgresql"

    async def epoch(self) -> UUID:
        return (await self.session.scalars(select(Epoch))).one().epoch

    async def position(self) -> Position:
        if self.postgres:
            return Position.of(
                (await self.session.scalar(text("SELECT pg_current_snapshot()::text"))) or ""
            )
        highest = await self.session.scalar(select(func.max(H_.position)))
        return Position.of(str(highest or 0))

    async def since(
        self, workspace_id: UUID, seen: Position, until: Position | None = None
    ) -> Stretch:
        """What was committed after `seen`, as far as `until` (else to this moment), in order."""
        if seen.is_snapshot is not self.postgres:
            raise BadCursor
        now = await self.position()
        version = await self.session.scalar(select(W_.access_version).where(W_.id == workspace_id))
        asked = (
            select(HistoryEntry)
            .where(H_.workspace_id == workspace_id)
            .order_by(H_.position)
            .limit(literal_column(str(MOST + 1)))
        )
        asked = asked.where(unseen(seen))
        if until is not None:
            asked = asked.where(shown(until))
        rows = (await self.session.scalars(asked)).all()
        return Stretch(rows[:MOST], until or now, version or 0, truncated=len(rows) > MOST)
