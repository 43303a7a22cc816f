"""Where a reader of the feed is: what they have seen, not a number.

On PostgreSQL a position is a snapshot, because numbers are handed out before they are committed:
a reader of `number > last` misses whatever commits late. On SQLite there is one writer, and the
number is exact. Outside, both are one opaque cursor.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.model.entry import HistoryEntry

RETENTION = timedelta(hours=72)
_SNAPSHOT = re.compile(r"\A(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)\Z")


@dataclass(frozen=True)
class Position:
    """What a reader has seen: everything visible in a snapshot, or everything up to a number."""

    text: str
    lowest: int
    """Below this everything is seen; at or above it, only what the snapshot shows."""
    highest: int
    running: frozenset[int] = frozenset()

    @property
    def is_snapshot(self) -> bool:
        return ":" in self.text

    def has_seen(self, entry: HistoryEntry) -> bool:
        if entry.xid is None:
            return (entry.position or 0) <= self.lowest
        if entry.xid < self.lowest:
            return True
        return entry.xid < self.highest and entry.xid not in self.running

    def not_before(self, other: "Position") -> bool:
        """Whether it shows all that the other shows: positions of one database only move on."""
        return self.lowest >= other.lowest and self.highest >= other.highest

    @classmethod
    def of(cls, told: str) -> "Position":
        """ValueError when it is no position."""
        if told.isascii() and told.isdigit() and len(told) < 19:
            return cls(told, int(told), int(told))
        found = _SNAPSHOT.match(told)
        if found is None:
            raise ValueError("not a position")
        running = [int(each) for each in found[3].split(",") if each]
        lowest, highest = int(found[1]), int(found[2])
        # What PostgreSQL itself would refuse to read as a snapshot.
        if not 1 <= lowest <= highest < 2**63 or running != sorted(running):
            raise ValueError("not a position")
        if any(not lowest <= each < highest for each in running):
            raise ValueError("not a position")
        return cls(told, lowest, highest, frozenset(running))


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
    """There was more than anybody should be told in changes; the list is to be read again."""
