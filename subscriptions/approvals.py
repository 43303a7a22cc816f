"""Approvals, followed: what is asked for, goes stale, is decided, or comes with its ticket."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.errors import NotFound
from domain.model.approval import Approval
from domain.model.entry import HistoryEntry
from domain.position import Stretch
from domain.rules.access import Permission
from domain.rules.membership import Face
from domain.words import HistoryKind
from resolvers.approvals import LevelIds
from resolvers.context import Context, Info
from resolvers.inputs import uuids
from subscriptions.following import following
from subscriptions.queue import Resume

NAMING = frozenset({HistoryKind.APPROVAL_REQUESTED, HistoryKind.APPROVAL_DECIDED})
MOVING = frozenset({HistoryKind.LEVEL_CHANGED, HistoryKind.MERGED, HistoryKind.REMOVED})
"""What brings approvals into somebody's sight and out of it, with their ticket."""


@dataclass(frozen=True)
class ApprovalUpdate:
    cursor: str
    server_time: datetime
    resync: bool
    approvals: Sequence[Approval]


async def changes(
    info: Info, level_ids: LevelIds = None, after: Resume = None
) -> AsyncGenerator[ApprovalUpdate, None]:
    context = info.context
    try:
        levels = uuids(level_ids, "Level", "levelIds")
    except NotFound:
        levels = []
    asked = None if levels is None else frozenset(levels)
    needs = Permission.REPLIES_MODERATE
    async with following(context, after, needs) as feed, aclosing(feed.news()) as news:
        async for each in news:
            told, gone = (
                await _changes(context, asked, each.stretch) if each.stretch else ((), False)
            )
            resync = each.resync or gone
            if each.stretch is not None and not told and not resync:
                continue
            yield ApprovalUpdate(each.cursor, each.server_time, resync, told)


async def _changes(
    context: Context, asked: frozenset[UUID] | None, stretch: Stretch
) -> tuple[Sequence[Approval], bool]:
    """The approvals that this may have changed, as they are now; and whether some went out of
    sight, which no list of what is in sight can tell."""
    named, heard, moved = set[UUID](), set[UUID](), dict[UUID, list[HistoryEntry]]()
    for entry in stretch.entries:
        if entry.kind in NAMING and entry.became_id:
            named.add(entry.became_id)
        elif entry.kind is HistoryKind.OCCURRENCE_RECEIVED:
            heard.add(entry.ticket_id)
        elif entry.kind in MOVING:
            moved.setdefault(entry.ticket_id, []).append(entry)
    known = {each: entries for each, entries in moved.items() if _was_seen(context, asked, entries)}
    left = {each for each, entries in known.items() if not _is_seen(context, asked, entries)}
    # Of what was never in sight, not even a merge is told.
    merged = {
        entry.became_id
        for entries in known.values()
        for entry in entries
        if entry.kind is HistoryKind.MERGED and entry.became_id
    }

    async with context.reading() as work:
        told = await work.approvals.changed(
            named, of_tickets=moved, waiting_of=heard, level_ids=asked
        )
        hanging = await work.approvals.hanging_on(left | merged)
    return told, bool(set(hanging) - {each.id for each in told})


def _was_seen(
    context: Context, asked: frozenset[UUID] | None, entries: Sequence[HistoryEntry]
) -> bool:
    """Whether a ticket was in the caller's sight before all this."""
    was = entries[0].before
    return was is not None and _sees(context, asked, Face.of_json(dict(was)))


def _is_seen(
    context: Context, asked: frozenset[UUID] | None, entries: Sequence[HistoryEntry]
) -> bool:
    """Whether it is after it."""
    return _sees(context, asked, Face.of_json(dict(entries[-1].after)))


def _sees(context: Context, asked: frozenset[UUID] | None, face: Face) -> bool:
    inside = asked is None or face.level_id in asked
    return inside and not face.removed and context.me.sees(face.level_id)
