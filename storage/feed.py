"""The feed: the history of a whole workspace, read onwards from what somebody has seen."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    TextClause,
    func,
    literal_column,
    select,
    text,
    true,
)

from domain.model.entry import HistoryEntry
from domain.model.workspace import Epoch, Workspace
from domain.position import BadCursor, Position, Stretch
from domain.words import HistoryKind
from storage.access import columns
from storage.marks import Mark, Values, Written
from storage.session import Session
from storage.straight import Straight

H_ = columns(HistoryEntry)
W_ = columns(Workspace)
UNSEEN = (
    "xid >= CAST(:lowest AS text)::xid8"
    " AND NOT pg_visible_in_snapshot(xid, CAST(:seen AS text)::pg_snapshot)"
)
SHOWN = "pg_visible_in_snapshot(xid, CAST(:until AS text)::pg_snapshot)"
JSON = ("before", "after")
NAMES = tuple(HistoryEntry.model_fields)
AHEAD = 2
"""Values in front of each entry: where the feed stands, and what rights are at."""
MOST = 5_000
"""Further behind than this, reading the list again is cheaper than the changes."""


def unseen(seen: Position) -> ColumnElement[bool] | TextClause:
    """What whoever is there has not seen yet."""
    if not seen.is_snapshot:
        after: ColumnElement[bool] = H_.position > seen.lowest
        return after
    return text(UNSEEN).bindparams(lowest=str(seen.lowest), seen=seen.text)


def shown(until: Position) -> ColumnElement[bool] | TextClause:
    """What whoever is there has seen."""
    if not until.is_snapshot:
        before: ColumnElement[bool] = H_.position <= until.lowest
        return before
    return text(SHOWN).bindparams(until=until.text)


class FeedReader:
    """One workspace's feed, read in a transaction of one snapshot."""

    def __init__(self, session: Session) -> None:
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


class StraightFeed:
    """The same in one statement, which is a snapshot by itself; Unplanned where it fails."""

    def __init__(self, straight: Straight) -> None:
        self._straight = straight
        self._postgres = straight.dialect.name == "postgresql"
        self._written: dict[bool, Written] = {}

    async def since(
        self, workspace_id: UUID, seen: Position, until: Position | None = None
    ) -> Stretch:
        if seen.is_snapshot is not self._postgres:
            raise BadCursor
        bounded = until is not None
        statement = self._written.get(bounded)
        if statement is None:
            statement = self._written[bounded] = self._write(bounded=bounded)
        values: Values = {("workspace",): workspace_id}
        if self._postgres:
            values |= {("lowest",): str(seen.lowest), ("seen",): seen.text}
            values[("until",)] = until.text if until else None
        else:
            values |= {("lowest",): seen.lowest, ("until",): until.lowest if until else None}
        rows = statement.read(
            await self._straight.rows(statement.text, statement.values(values), anew=True)
        )
        now, version = rows[0][:AHEAD]
        entries = [_entry(row[AHEAD:]) for row in rows if row[AHEAD] is not None]
        truncated = len(entries) > MOST
        at = until or Position.of(str(now))
        return Stretch(entries[:MOST], at, version or 0, truncated=truncated)

    def _write(self, *, bounded: bool) -> Written:
        workspace: Any = Mark("workspace")
        found = (
            select(HistoryEntry)
            .where(H_.workspace_id == workspace, self._between(bounded=bounded))
            .order_by(H_.position)
            .limit(literal_column(str(MOST + 1)))
            .subquery("found")
        )
        place: Any = (
            literal_column("CAST(pg_current_snapshot() AS text)")
            if self._postgres
            else select(func.coalesce(func.max(H_.position), literal_column("0"))).scalar_subquery()
        )
        version = select(W_.access_version).where(W_.id == workspace).scalar_subquery()
        gate = select(place.label("place"), version.label("version")).subquery("gate")
        shown = [found.c[name] for name in NAMES]
        types = [Text() if name in JSON else found.c[name].type for name in NAMES]
        asked = select(gate.c.place, gate.c.version, *shown)
        asked = asked.select_from(gate.outerjoin(found, true())).order_by(found.c.position)
        return Written.of(asked, [Text(), Integer(), *types], self._straight.dialect)

    def _between(self, *, bounded: bool) -> Any:
        lowest, seen, until = (Mark(name) for name in ("lowest", "seen", "until"))
        if not self._postgres:
            after: Any = H_.position > lowest
            return after & (H_.position <= until) if bounded else after
        told = text(UNSEEN + (f" AND {SHOWN}" if bounded else ""))
        told = told.bindparams(lowest=lowest, seen=seen)
        return told.bindparams(until=until) if bounded else told


def _entry(row: Sequence[Any]) -> HistoryEntry:
    told = dict(zip(NAMES, row, strict=True))
    told["kind"] = HistoryKind(told["kind"])
    for name in JSON:
        if told[name] is not None:
            told[name] = orjson.loads(told[name])
    return HistoryEntry(**told)
