"""SLA clocks, the terms they go by, what was told of them, and calendars."""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Select, bindparam, literal_column, select

from domain.model.calendar import Calendar
from domain.model.level import Level
from domain.model.sla import SlaClock, SlaEvent, SlaRecompute, SlaTerms
from domain.model.ticket import Ticket
from domain.rules.access import Actor
from domain.rules.sla import Terms
from domain.words import TicketStatus
from storage import access
from storage.access import L_, T_, columns
from storage.pile import Pile
from storage.prepared import prepared, values
from storage.session import Session
from storage.shelf import NamedShelf, gathered

C_, E_, X_ = columns(SlaClock), columns(SlaEvent), columns(SlaTerms)
R_ = columns(SlaRecompute)


class Known(NamedTuple):
    """Terms as stored, and read."""

    row: SlaTerms
    terms: Terms


KnownTerms: TypeAlias = MutableMapping[UUID, Known]
MOST_KNOWN = 500


class ClockShelf:
    def __init__(self, session: Session, actor: Actor, known: KnownTerms, pile: Pile) -> None:
        self.session = session
        self.actor = actor
        self._known = known
        self._pile = pile

    @prepared
    def _of_tickets(self) -> Select[UUID, SlaClock]:
        return (
            select(C_.ticket_id, SlaClock)
            .where(
                C_.ticket_id.in_(bindparam("tickets", expanding=True)),
                C_.workspace_id == self.actor.workspace_id,
            )
            .order_by(C_.ticket_id, C_.started_at, C_.id)
        )

    async def of_tickets(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, list[SlaClock]]:
        """All clocks of each ticket, oldest first. Whoever has the ticket may see its clocks."""
        told = values(self.actor, tickets=sorted(ticket_ids))
        return await gathered(self.session, self._of_tickets(), told, ticket_ids)

    async def nearest(self, level_ids: Collection[UUID], count: int) -> Sequence[SlaClock]:
        """The running clocks of these levels that are due first, or were."""
        statement = (
            select(SlaClock)
            .join(Ticket, T_.id == C_.ticket_id)
            .where(
                access.tickets(self.actor, levels=level_ids),
                C_.workspace_id == self.actor.workspace_id,
                C_.level_id.in_(sorted(level_ids)),
                C_.running_since.is_not(None),
                T_.status.not_in([TicketStatus.RESOLVED, TicketStatus.CLOSED]),
            )
            .order_by(C_.due_at, C_.id)
            .limit(literal_column(str(count)))
        )
        return list(await self.session.scalars(statement))

    async def terms(self, terms_ids: Collection[UUID]) -> Mapping[UUID, SlaTerms]:
        return {each: known.row for each, known in (await self._look_up(terms_ids)).items()}

    async def going_by(self, terms_ids: Collection[UUID]) -> Mapping[UUID, Terms]:
        return {each: known.terms for each, known in (await self._look_up(terms_ids)).items()}

    async def _look_up(self, terms_ids: Collection[UUID]) -> Mapping[UUID, Known]:
        """Terms by id. They are kept once read, for they never change."""
        found = {each: self._known[each] for each in terms_ids if each in self._known}
        missing = sorted(each for each in terms_ids if each not in found)
        if missing:
            rows = await self.session.scalars(
                select(SlaTerms).where(
                    X_.workspace_id == self.actor.workspace_id, X_.id.in_(missing)
                )
            )
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            for row in list(rows):
                # Out of the session, or a rollback would take from it what it says.
                self.session.expunge(row)
                found[row.id] = self._known[row.id] = Known(row, row.terms)
        return found

    async def add_terms(self, terms: SlaTerms) -> None:
        self.session.add(terms)
        await self.session.flush()

    async def events(self, event_ids: Collection[UUID]) -> Mapping[UUID, SlaEvent]:
        rows = await self.session.scalars(
            select(SlaEvent)
            .join(Ticket, T_.id == E_.ticket_id)
            .where(E_.id.in_(sorted(event_ids)), access.tickets(self.actor))
        )
        return {row.id: row for row in rows}

    async def breaches(self, clock_ids: Collection[UUID]) -> Sequence[SlaEvent]:
        rows = await self.session.scalars(
            select(SlaEvent).where(
                E_.workspace_id == self.actor.workspace_id,
                E_.clock_id.in_(sorted(clock_ids)),
                E_.percent == 100,
            )
        )
        return list(rows)

    async def recomputes(self, level_ids: Collection[UUID]) -> Mapping[UUID, SlaRecompute]:
        rows = await self.session.scalars(
            select(SlaRecompute).where(
                R_.workspace_id == self.actor.workspace_id, R_.level_id.in_(sorted(level_ids))
            )
        )
        return {row.level_id: row for row in rows}

    async def take_recompute(self, level_id: UUID, now: datetime) -> SlaRecompute:
        """The level's, held; a new one where it has none."""
        found = await self.session.scalar(
            select(SlaRecompute)
            .where(R_.workspace_id == self.actor.workspace_id, R_.level_id == level_id)
            .with_for_update()
        )
        if found is None:
            found = SlaRecompute(
                level_id=level_id, workspace_id=self.actor.workspace_id, started_at=now
            )
            self.session.add(found)
        return found

    async def put(self, clocks: Sequence[SlaClock], events: Sequence[SlaEvent]) -> None:
        self._pile.add(clocks)
        self._pile.add(events)

    async def write(self) -> None:
        await self._pile.write()


class CalendarShelf(NamedShelf[Calendar]):
    model = Calendar
    thing = "calendar"

    async def take_levels(self, calendar_id: UUID) -> Sequence[Level]:
        """The levels that are open by it, held in the order of their ids."""
        rows = await self.session.scalars(
            select(Level)
            .where(L_.workspace_id == self.actor.workspace_id, L_.calendar_id == calendar_id)
            .order_by(L_.id)
            .with_for_update()
        )
        return list(rows)

    async def drop(self, calendar: Calendar) -> None:
        await self.session.delete(calendar)

    async def put(self, calendar: Calendar) -> None:
        self.session.add(calendar)
        await self.session.flush()
