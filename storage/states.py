"""What a workspace is at: a number that is another as soon as anything shown of it may be another.

Found out by a look at the database, and never by time. What changes a ticket leaves an entry in the
feed; what changes anybody's rights, a version; whatever else is shown, a revision
(`storage/work.py` sees to that). A look tells whether any of these has moved since the look before.
Snapshots only move on, so what was read between two looks that say the same is what it was all
the while.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, func, literal_column, null, select, text

from domain.model.account import Account, TicketType
from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.reply import Reply
from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.model.workspace import Epoch, Workspace
from domain.wanted import State, Unplanned
from storage.access import columns
from storage.feed import UNSEEN
from storage.looking import Types
from storage.marks import Mark, Values, Written
from storage.straight import Asks

H_, W_, E_ = columns(HistoryEntry), columns(Workspace), columns(Epoch)
SHOWN = frozenset(
    str(kind.__tablename__)
    for kind in (
        *(Ticket, SlaClock, HistoryEntry, Occurrence, Reply, Approval, Attachment),
        *(Publisher, Profile, User, Level, Account, TicketType),
    )
)
"""Tables that answers by plan are read from, or that decide what may be seen of them."""
MOST = 1_000
"""Workspaces of which it is remembered what they were at."""
FIRST = "1:1:"
"""The snapshot in which nothing is seen yet."""


@dataclass
class Standing:
    """One workspace, as far as it is known."""

    state: State | None = None
    told: tuple[Any, ...] = ()
    """What the last look saw of it, but for the feed."""
    seen: str = FIRST
    """How far the feed was seen, on PostgreSQL."""
    waiting: "list[asyncio.Future[State]]" = field(default_factory=list)
    looking: "asyncio.Task[None] | None" = None


class LookedAt:
    """The states of workspaces, looked at in one statement for all who wait for the same."""

    def __init__(self, straight: Asks) -> None:
        self._straight = straight
        self._postgres = straight.dialect.name == "postgresql"
        self._written: Written | None = None
        self._numbers = count(1)
        self._standings: OrderedDict[UUID, Standing] = OrderedDict()

    def last(self, workspace_id: UUID) -> State | None:
        standing = self._standings.get(workspace_id)
        return standing.state if standing is not None else None

    async def look(self, workspace_id: UUID) -> State:
        standing = self._standing(workspace_id)
        # A look that is under way may have begun before whoever asks now: they wait for the next.
        turn: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        standing.waiting.append(turn)
        if standing.looking is None:
            standing.looking = asyncio.create_task(self._go_on(workspace_id, standing))
        return await turn

    def _standing(self, workspace_id: UUID) -> Standing:
        standing = self._standings.get(workspace_id)
        if standing is None:
            standing = self._standings[workspace_id] = Standing()
            if len(self._standings) > MOST:
                self._standings.popitem(last=False)
        return standing

    async def _go_on(self, workspace_id: UUID, standing: Standing) -> None:
        """Look for those who wait, then for those who came meanwhile."""
        waiting: list[asyncio.Future[State]] = []
        try:
            while standing.waiting:
                waiting, standing.waiting = standing.waiting, []
                try:
                    state = await self._look(workspace_id, standing)
                except Exception as error:
                    for each in waiting:
                        if not each.done():
                            each.set_exception(error)
                else:
                    for each in waiting:
                        if not each.done():
                            each.set_result(state)
        finally:
            standing.looking = None
            for each in (*waiting, *standing.waiting):
                each.cancel()  # only where the process ends; done is done

    async def _look(self, workspace_id: UUID, standing: Standing) -> State:
        seen = standing.seen
        values: Values = {
            ("workspace",): workspace_id,
            ("seen",): seen,
            ("lowest",): seen.partition(":")[0],
        }
        if self._written is None:
            self._written = self._write()
        found = await self._straight.rows(
            self._written.text, self._written.values(values), anew=True
        )
        if not found:
            raise Unplanned
        return self._noted(standing, self._written.read(found)[0])

    def _noted(self, standing: Standing, row: Sequence[Any]) -> State:
        version, revision, epoch, place, news = row
        # On SQLite, where numbers are in the order of commits, the place is the workspace's own.
        told = (version, revision, epoch, None if self._postgres else place)
        if standing.state is None or told != standing.told or news:
            standing.state = State(next(self._numbers), version)
        standing.told, standing.seen = told, str(place)
        return standing.state

    def _write(self) -> Written:
        workspace: Any = Mark("workspace")
        mine = select(H_.position).where(H_.workspace_id == workspace)
        if self._postgres:
            place: Any = literal_column("CAST(pg_current_snapshot() AS text)")
            unseen = text(UNSEEN).bindparams(lowest=Mark("lowest"), seen=Mark("seen"))
            news: Any = mine.where(unseen).limit(literal_column("1")).scalar_subquery()
        else:
            last = select(func.max(H_.position)).where(H_.workspace_id == workspace)
            place, news = last.scalar_subquery(), null()
        asked = select(
            W_.access_version,
            W_.revision,
            select(E_.epoch).limit(literal_column("1")).scalar_subquery(),
            place.label("place"),
            news.label("news"),
        ).where(W_.id == workspace)
        types: Types = [Integer(), Integer(), Uuid(), Text(), Integer()]
        return Written.of(asked, types, self._straight.dialect)
