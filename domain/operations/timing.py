"""Clocks kept: whatever was recorded of a ticket moves its clocks, in the same transaction.

No operation asks for it and none can forget it: `storage` does, for every ticket that something was
recorded of or that a worker found due. One question for all clocks, one for all terms.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from domain.events import Fact, SlaBreached, SlaWarned
from domain.model.entry import HistoryEntry
from domain.model.sla import SlaClock, SlaEvent
from domain.model.ticket import Ticket
from domain.rules import histories
from domain.rules.acts import Act, Key, Step, owes_more, sending_matters, under_way
from domain.rules.calendar import NeverOpens
from domain.rules.clocks import ALL, Notice
from domain.rules.membership import Face
from domain.rules.sla import Terms
from domain.rules.timekeeping import Timekeeper
from domain.words import ApprovalState, HistoryKind, TicketStatus
from domain.work import Work

SOFTWARE = "Guichê"
ASKED = HistoryKind.HISTORY_REQUESTED
SILENT = frozenset({HistoryKind.SLA_WARNING, HistoryKind.SLA_BREACHED, HistoryKind.SLA_RECOMPUTED})
"""Entries that tell of clocks and move none."""
LETS_GO = frozenset({ApprovalState.APPROVED.value, ApprovalState.EDITED_APPROVED.value})
TermsById = Mapping[UUID, Terms]


@dataclass
class Touched:
    """A ticket in this transaction: what it was, and what was recorded of it."""

    ticket: Ticket
    before: Face | None
    latest: datetime | None
    """When it had last changed before."""
    acts: list[tuple[datetime, list[Fact]]] = field(default_factory=list)

    def did(self, at: datetime, facts: Sequence[Fact], *, alone: bool) -> None:
        """What one transaction records is one act; what an import tells of before is many."""
        if self.acts and not alone:
            self.acts[-1][1].extend(facts)
        else:
            self.acts.append((at, list(facts)))


async def keep(work: Work, touched: Sequence[Touched]) -> None:
    """Move the clocks of these tickets, and tell what became due."""
    timed = [each for each in touched if each.ticket.terms_id is not None]
    if not timed:
        return
    terms = await terms_of(work, [each.ticket.terms_id for each in timed], timed)
    rows = await work.clocks.of_tickets([each.ticket.id for each in timed if each.before])
    new: list[SlaClock] = []
    events: list[SlaEvent] = []
    for each in timed:
        before = {(row.metric, row.cycle): row for row in rows.get(each.ticket.id, ())}
        if _thanked(each) or _owes_more(each, before, terms):
            keeper = await _rebuilt(work, each, before)
        else:
            sending = await _under_way(work, each, before.values())
            keeper = _followed(each, before.values(), terms, sending)
        keeper.advance(work.now)
        thanked = work.last_entry(each.ticket) if keeper.undone else None
        again = _late_again(keeper, before)
        made, told = show(work, each.ticket, keeper, before)
        new += made
        events += told
        if thanked is not None:
            await _take_back(
                work, thanked, {before[key].id for key in keeper.undone & before.keys()}, told
            )
        if again:
            events += await _tell_again(work, each.ticket, again, before)
    await _closing_by_themselves(work, timed, terms)
    await work.clocks.put(new, events)


async def _under_way(work: Work, touched: Touched, rows: Collection[SlaClock]) -> set[UUID]:
    """The answers that were on their way before, where that makes a difference to a clock."""
    facts = [fact for _, told in touched.acts for fact in told]
    statuses = [_step(fact).became for fact in facts]
    if touched.before is None or not facts:
        return set()
    if not sending_matters([touched.before.status, *statuses], [row.clock for row in rows]):
        return set()
    return under_way(_step(entry) for entry in await work.entries.of_replies(touched.ticket.id))


def _followed(
    touched: Touched, rows: Iterable[SlaClock], terms: TermsById, sending: Collection[UUID]
) -> Timekeeper:
    """The stored clocks, moved by what was just recorded."""
    before, ticket = touched.before, touched.ticket
    known = before.terms_id if before and touched.acts else ticket.terms_id if before else None
    keeper = Timekeeper(
        [row.clock for row in rows],
        terms=terms[known] if known else None,
        priority=before.priority if before else None,
        status=before.status if before else None,
        latest=touched.latest,
        under_way=sending,
    )
    for at, facts in touched.acts:
        keeper.follow(_act(at, facts, ticket.face, terms))
    return keeper


async def _rebuilt(work: Work, touched: Touched, rows: Mapping[Key, SlaClock]) -> Timekeeper:
    """The clocks as the whole history makes them: what undoes a reopening needs what was before."""
    entries = (await work.entries.whole([touched.ticket.id]))[touched.ticket.id]
    faces = [Face.of_json(dict(entry.after)) for entry in entries]
    terms = await terms_of(work, [*(face.terms_id for face in faces), touched.ticket.terms_id])
    keeper = rebuild(entries, terms)
    for at, facts in touched.acts:
        keeper.follow(_act(at, facts, touched.ticket.face, terms))
    hold_on(keeper, rows)
    return keeper


def rebuild(
    entries: Sequence[HistoryEntry],
    terms: TermsById,
    instead: Mapping[UUID, UUID | None] | None = None,
) -> Timekeeper:
    """The clocks that a ticket's history makes, from its first entry to its last.

    Where the rules were changed for open tickets too, what happened before under the same level
    goes by the rules of after; `instead` says by level which those are to be from now on.
    """
    acts: list[Act] = []
    instead = dict(instead or {})
    groups = [list(group) for _, group in groupby(entries, key=lambda entry: entry.group_id)]
    for group in reversed(groups):
        face = Face.of_json(dict(group[-1].after))
        if any(entry.kind is HistoryKind.SLA_RECOMPUTED for entry in group):
            instead.setdefault(face.level_id, face.terms_id)
        by = instead.get(face.level_id, face.terms_id) if face.terms_id else None
        steps = [_step(entry) for entry in group if entry.kind not in SILENT]
        if steps:
            acts.append(Act(group[0].at, steps, terms[by] if by else None, face.priority))
    keeper = Timekeeper()
    for act in reversed(acts):
        keeper.follow(act)
    return keeper


def hold_on(keeper: Timekeeper, rows: Mapping[Key, SlaClock]) -> None:
    """What was told stays told: a breach is not erased by working it out again."""
    for key, row in rows.items():
        if key in keeper.clocks and key not in keeper.undone:
            keeper.hold(key, breached_at=row.breached_at, warned=row.warned)


def show(
    work: Work, ticket: Ticket, keeper: Timekeeper, rows: Mapping[Key, SlaClock]
) -> tuple[list[SlaClock], list[SlaEvent]]:
    """Write down how the clocks stand: the rows that are new, and what has to be told."""
    told = {key: row.warned for key, row in rows.items()}
    every, new = dict(rows), list[SlaClock]()
    for key, clock in keeper.clocks.items():
        row = every.get(key)
        if row is None:
            row = every[key] = SlaClock.of(ticket.workspace_id, ticket.id, ticket.level_id, clock)
            new.append(row)
        level_id = ticket.level_id if clock.is_open else row.level_id
        row.show(clock, level_id=level_id, next_at=keeper.next_notice(clock))
    for key in rows.keys() - keeper.clocks.keys():
        # By the rules of now it would never have been begun.
        if (row := rows[key]).clock.is_open:
            ended = row.clock.cancel(work.now, keeper.measure(row.metric))
            row.show(ended, level_id=row.level_id, next_at=None)
    events: list[SlaEvent] = []
    for notice in keeper.notices:
        key = (notice.metric, notice.cycle)
        if notice.percent > told.get(key, 0):
            event = SlaEvent.of(every[key], notice, work.now)
            work.record(ticket, _fact(notice, event.id), actor_name=SOFTWARE)
            events.append(event)
    ticket.owe(keeper.risk(), keeper.nearest())
    return new, events


def _fact(notice: Notice, event_id: UUID) -> Fact:
    metric = notice.metric.value
    if notice.is_breach:
        return SlaBreached(became=metric, became_id=event_id, automated=True)
    return SlaWarned(became=f"{metric} {notice.percent}%", became_id=event_id, automated=True)


async def _take_back(
    work: Work, entry_id: UUID, clock_ids: Collection[UUID], told: Sequence[SlaEvent]
) -> None:
    """T13: what was late only because of the reopening is marked so, and stays on record."""
    # What nobody had noticed before is told and taken back at once.
    fresh = [event for event in told if event.percent == ALL and event.clock_id in clock_ids]
    for event in (*await work.clocks.breaches(clock_ids), *fresh):
        event.supersede(entry_id, work.now)


def _late_again(keeper: Timekeeper, rows: Mapping[Key, SlaClock]) -> Mapping[Key, Notice]:
    """The breaches of what was forgiven once, reopened again and let pass once more."""
    forgiven = {key for key, row in rows.items() if row.warned == ALL and row.breached_at is None}
    return {
        key: notice
        for notice in keeper.notices
        if notice.is_breach
        and (key := (notice.metric, notice.cycle)) in forgiven
        and keeper.clocks[key].breached_at is not None
    }


async def _tell_again(
    work: Work, ticket: Ticket, again: Mapping[Key, Notice], rows: Mapping[Key, SlaClock]
) -> list[SlaEvent]:
    """A clock has one breach: the one that was taken back holds after all, with its new moment."""
    known = {
        each.clock_id: each for each in await work.clocks.breaches([rows[k].id for k in again])
    }
    new: list[SlaEvent] = []
    for key, notice in again.items():
        event = known.get(rows[key].id)
        if event is None:
            new.append(event := SlaEvent.of(rows[key], notice, work.now))
        event.hold_again(notice, work.now)
        work.record(ticket, _fact(notice, event.id), actor_name=SOFTWARE)
    return new


async def _closing_by_themselves(work: Work, timed: Sequence[Touched], terms: TermsById) -> None:
    """T14: what was just resolved is closed after so many opening days of silence."""
    resolved = [
        each.ticket
        for each in timed
        if each.ticket.status is TicketStatus.RESOLVED
        and each.ticket.closes_at is None
        and each.acts
    ]
    if not resolved:
        return
    levels = await work.levels.find({ticket.level_id for ticket in resolved})
    for ticket in resolved:
        days = levels[ticket.level_id].auto_close_after_days
        if days is not None and ticket.resolved_at and ticket.terms_id:
            calendar = terms[ticket.terms_id].calendar
            # In a level that will not open again, nobody's silence means anything.
            with suppress(NeverOpens):
                ticket.close_by_itself(calendar.opening_days_after(ticket.resolved_at, days))


async def terms_of(
    work: Work, ids: Iterable[UUID | None], touched: Sequence[Touched] = ()
) -> TermsById:
    before = (each.before.terms_id for each in touched if each.before)
    wanted = {each for each in (*ids, *before) if each is not None}
    return await work.clocks.going_by(wanted)


def _owes_more(touched: Touched, clocks: Collection[Key], terms: TermsById) -> bool:
    before, now = touched.before, touched.ticket.face
    # Without an act nothing can begin: a recompute has worked its clocks out already.
    if not touched.acts or before is None or before.terms_id is None or now.terms_id is None:
        return False
    moved = (before.terms_id, before.priority) != (now.terms_id, now.priority)
    return moved and owes_more(terms[now.terms_id], now.priority, clocks)


def _thanked(touched: Touched) -> bool:
    return any(fact.kind is HistoryKind.ACKNOWLEDGED for _, facts in touched.acts for fact in facts)


def _act(at: datetime, facts: Sequence[Fact], face: Face, terms: TermsById) -> Act:
    by = terms[face.terms_id] if face.terms_id else None
    return Act(at, [_step(fact) for fact in facts], by, face.priority)


def _step(told: Fact | HistoryEntry) -> Step:
    status = told.field == "status"
    given_back = told.kind is HistoryKind.APPROVAL_DECIDED and told.became not in LETS_GO
    return Step(
        told.kind,
        became=TicketStatus(told.became) if status and told.became else None,
        automated=told.automated,
        reply_id=None if given_back else told.reply_id,
        due_at=histories.due_of(told.became) if told.kind is ASKED else None,
    )
