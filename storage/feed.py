"""The feed: the history of a whole workspace, read onwards from what somebody has seen.

On PostgreSQL a position is a snapshot, because numbers are handed out before they are committed: a
reader of `position > last` misses whatever commits late. On SQLite there is one writer, and the
number is exact. Both are one opaque cursor outside.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.model.entry import HistoryEntry
from domain.model.workspace import Epoch, Workspace
from storage.access import columns

H_ = columns(HistoryEntry)
W_ = columns(Workspace)
RETENTION = timedelta(hours=72)
MOST = 5_000
"""Further behind than this, reading the list again is cheaper than the changes."""
_SNAPSHOT = re.compile(r"\A(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)\Z")


@dataclass(frozen=True)
class Position:
    """What a reader has seen: everything visible in a snapshot, or everything up to a number."""

    text: str
    lowest: int
    """Below this everything is seen; at or above it, only what the snapshot shows."""
    highest: int
    running: frozenset[int] = frozenset()

    def has_seen(self, entry: HistoryEntry) -> bool:
        if entry.xid is None:
            return (entry.position or 0) <= self.lowest
        if entry.xid < self.lowest:
            return True
        return entry.xid < self.highest and entry.xid not in self.running

    @classmethod
    def of(cls, told: str) -> "Position":
        """ValueError when it is no position."""
        if told.isascii() and told.isdigit() and len(told) < 19:
            return cls(told, int(told), int(told))
        found = _SNAPSHOT.match(told)
        if found is None:
            raise ValueError("not a position")
        running = frozenset(int(each) for each in found[3].split(",") if each)
        lowest, highest = int(found[1]), int(found[2])
        if highest >= 2**63 or lowest > highest or any(not lowest <= x < highest for x in running):
            raise ValueError("not a position")
        return cls(told, lowest, highest, running)


class BadCursor(Exception):
    """Not a cursor of this feed, or one too old to be continued."""


@dataclass(frozen=True)
class Cursors:
    """Positions as callers hold them: bound to a workspace and to one life of the database."""

    epoch: UUID

    def write(self, workspace_id: UUID, position: Position, now: datetime) -> str:
        told = f"{self._mark(workspace_id)}.{int(now.timestamp())}.{position.text}"
        return urlsafe_b64encode(told.encode()).rstrip(b"=").decode()

    def read(self, workspace_id: UUID, cursor: str, now: datetime) -> Position:
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            mark, moment, told = raw.decode("ascii").split(".", 2)
            position = Position.of(told)
            at = datetime.fromtimestamp(int(moment), UTC)
        except (ValueError, OverflowError, OSError):
            raise BadCursor from None
        if mark != self._mark(workspace_id) or now - at > RETENTION:
            raise BadCursor
        return position

    def _mark(self, workspace_id: UUID) -> str:
        return f"{self.epoch.hex[-8:]}{workspace_id.hex[-8:]}"


@dataclass(frozen=True)
class Stretch:
    """A piece of the feed: what is new, where it ends, and what rights are at now."""

    entries: Sequence[HistoryEntry]
    until: Position
    access_version: int
    truncated: bool = False


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
        now = await self.position()
        version = await self.session.scalar(select(W_.access_version).where(W_.id == workspace_id))
        asked = (
            select(HistoryEntry)
            .where(H_.workspace_id == workspace_id)
            .order_by(H_.position)
            .limit(literal_column(str(MOST + 1)))
        )
        if self.postgres:
            unseen = text(
                "xid >= CAST(:lowest AS text)::xid8"
                " AND NOT pg_visible_in_snapshot(xid, CAST(:seen AS text)::pg_snapshot)"
            ).bindparams(lowest=str(seen.lowest), seen=seen.text)
            asked = asked.where(unseen)
            if until is not None:
                asked = asked.where(
                    text(
                        "pg_visible_in_snapshot(xid, CAST(:until AS text)::pg_snapshot)"
                    ).bindparams(until=until.text)
                )
        else:
            asked = asked.where(H_.position > seen.lowest)
            if until is not None:
                asked = asked.where(H_.position <= until.lowest)
        rows = (await self.session.scalars(asked)).all()
        return Stretch(rows[:MOST], until or now, version or 0, truncated=len(rows) > MOST)
