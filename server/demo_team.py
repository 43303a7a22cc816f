"""Who is at work at Loja Aurora, and what each of them was given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.model.ticket import Ticket
from domain.page import Window
from domain.rules.access import Actor
from domain.rules.membership import TicketFilter
from domain.words import OrderDirection, TicketOrderField, TicketStatus
from domain.work import Work

SOME: Final = 6
UNTAKEN: Final = frozenset({TicketStatus.NEW, TicketStatus.ESCALATED})


@dataclass(frozen=True, slots=True)
class Team:
    system: Actor
    administrator: Actor
    attendants: Sequence[Actor]
    managers: Sequence[Actor]
    """Who is handed what a level with one manager gets; they pull nothing."""
    levels: Mapping[str, UUID]

    def handling(self, level_id: UUID) -> list[Actor]:
        return [each for each in self.attendants if each.handles(level_id)]


async def given(work: Work, user_id: UUID) -> list[Ticket]:
    """What somebody was given and has not opened yet, the oldest first."""
    page = await work.tickets.page(
        TicketFilter(statuses=UNTAKEN, assignee_ids=frozenset({user_id})),
        TicketOrderField.OPENED_AT,
        OrderDirection.ASC,
        Window.of(first=SOME),
    )
    return [ticket for ticket in page.nodes if ticket.lease_expires_at is None]


async def found(
    work: Work, level_id: UUID, statuses: frozenset[TicketStatus], most: int
) -> list[Ticket]:
    """The newest tickets of a level in one of these states."""
    page = await work.tickets.page(
        TicketFilter(statuses=statuses, level_ids=frozenset({level_id})),
        TicketOrderField.OPENED_AT,
        OrderDirection.DESC,
        Window.of(first=most),
    )
    return list(page.nodes)
