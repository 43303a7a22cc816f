"""Open tickets, moved to the terms their level has today: previewed, in batches, on record.

A ticket is worked out from its history as if the new terms had held since it came to the level.
What was told stays told; a breach that would be none today is marked as superseded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.errors import Forbidden, NotFound
from domain.events import SlaRecomputed
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.sla import SlaClock, SlaRecompute
from domain.model.ticket import Ticket
from domain.operations import timing
from domain.operations.timing import TermsById
from domain.rules.access import ActorKind
from domain.rules.acts import Key
from domain.rules.clocks import Notice
from domain.rules.membership import Face
from domain.rules.timekeeping import Timekeeper
from domain.words import Role, SlaCause
from domain.work import Work

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """How a few tickets fared, and where the next few begin."""

    seen: int
    changed: int
    last: UUID | None


async def begin(work: Work, level_id: UUID) -> SlaRecompute:
    """A level that is about to be recomputed, with how many tickets there are to look at."""
    level = await _level(work, level_id)
    progress = await work.clocks.take_recompute(level.id, work.now)
    progress.begin(await work.tickets.open_measured(level.id), work.now)
    return progress


async def preview(work: Work, level_id: UUID, after: UUID | None) -> Batch:
    """How many of the next tickets would have another deadline. Changes nothing."""
    return await _batch(work, await _level(work, level_id), after, apply=False)


async def recompute(work: Work, level_id: UUID, after: UUID | None) -> Batch:
    """The next tickets, moved. One that goes by today's terms already is left alone."""
    level = await _level(work, level_id)
    batch = await _batch(work, level, after, apply=True)
    progress = await work.clocks.take_recompute(level.id, work.now)
    progress.advance(batch.seen, batch.changed)
    if batch.seen < AT_ONCE:
        progress.finish(work.now)
    return batch


async def _level(work: Work, level_id: UUID) -> Level:
    level = (await work.levels.find([level_id])).get(level_id)
    if level is None:
        raise NotFound("not_found", field=["levelId"], thing="level")
    administrator = work.actor.role is Role.ADMIN or work.actor.kind is ActorKind.SYSTEM
    if not administrator and level.id not in work.actor.memberships:
        raise Forbidden("not_a_member", field=["levelId"])
    return level


async def _batch(work: Work, level: Level, after: UUID | None, *, apply: bool) -> Batch:
    tickets = await work.tickets.open_after(level.id, after, AT_ONCE, held=apply)
    old = [ticket for ticket in tickets if ticket.terms_id != level.terms_id]
    histories = await work.entries.whole([ticket.id for ticket in old])
    rows = await work.clocks.of_tickets([ticket.id for ticket in old])
    terms = await timing.terms_of(work, _terms_in(histories, level))
    changed = 0
    for ticket in old:
        before = {(row.metric, row.cycle): row for row in rows[ticket.id]}
        keeper = _reckoned(histories[ticket.id], level, terms, work.now)
        moved = _dues(keeper) != {key: row.due_at for key, row in before.items() if _open(row)}
        changed += moved
        if apply:
            await _move(work, ticket, level, keeper, before)
    return Batch(len(tickets), changed, tickets[-1].id if tickets else None)


def _terms_in(histories: Mapping[UUID, Sequence[HistoryEntry]], level: Level) -> set[UUID | None]:
    faces = (Face.of_json(dict(each.after)) for every in histories.values() for each in every)
    return {level.terms_id, *(face.terms_id for face in faces)}


def _reckoned(
    entries: Sequence[HistoryEntry], level: Level, terms: TermsById, now: datetime
) -> Timekeeper:
    keeper = timing.rebuild(entries, terms, instead={level.id: level.terms_id})
    keeper.advance(now)
    return keeper


async def _move(
    work: Work,
    ticket: Ticket,
    level: Level,
    keeper: Timekeeper,
    rows: Mapping[Key, SlaClock],
) -> None:
    before = ticket.due_at
    forgiven = [row for key, row in rows.items() if row.breached_at and not _late(keeper, key)]
    timing.hold_on(keeper, rows)
    ticket.come_under(level.terms_id)
    fresh = [
        each
        for each in keeper.notices
        if each.percent > _told(rows, each) and not _taken_back(keeper, each)
    ]
    keeper.notices = _worst(fresh)
    after = keeper.nearest()
    work.record(
        ticket,
        SlaRecomputed(
            was=before.isoformat() if before else None,
            became=after.isoformat() if after else None,
            became_id=level.terms_id,
        ),
    )
    entry_id = work.last_entry(ticket)
    for event in await work.clocks.breaches([row.id for row in forgiven]):
        event.supersede(entry_id, work.now)
    await work.clocks.put(*timing.show(work, ticket, keeper, rows))
    await work.clocks.write()


def _worst(notices: Sequence[Notice]) -> list[Notice]:
    """One for each clock: who was moved past three warnings at once needs to hear of the last."""
    last = {(each.metric, each.cycle): replace(each, cause=SlaCause.RECOMPUTE) for each in notices}
    return list(last.values())


def _told(rows: Mapping[Key, SlaClock], notice: Notice) -> int:
    row = rows.get((notice.metric, notice.cycle))
    return row.warned if row else 0


def _taken_back(keeper: Timekeeper, notice: Notice) -> bool:
    """Late only during a reopening that was none."""
    return notice.is_breach and not _late(keeper, (notice.metric, notice.cycle))


def _late(keeper: Timekeeper, key: Key) -> bool:
    clock = keeper.clocks.get(key)
    return clock is not None and clock.breached_at is not None


def _dues(keeper: Timekeeper) -> dict[Key, datetime | None]:
    return {key: clock.due_at for key, clock in keeper.clocks.items() if clock.is_open}


def _open(row: SlaClock) -> bool:
    return row.met_at is None and row.cancelled_at is None
