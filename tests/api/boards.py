"""Walls to look at: what is asked of them, and levels with something to show."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.operations.handling import TicketChange
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.words import CloseReason, Priority, SlaMetric, TicketStatus
from tests.world import Person, World
from workers.deadlines import Watch

SAO_PAULO = "America/Sao_Paulo"
ALWAYS = CalendarForm(
    name="Sempre",
    time_zone=SAO_PAULO,
    intervals=[WeeklyInterval(day, time(0), time(0)) for day in range(1, 8)],
    national_holidays=False,
)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HOURS = {Priority.URGENT: 1, Priority.HIGH: 2, Priority.MEDIUM: 4, Priority.LOW: 8}
"""To resolve a ticket in."""
CLOCKS = "metric state dueAt remainingSeconds risk pausedAt ticket { protocol }"
FIGURES = f"""
  serverTime
  levels {{ level {{ id name }} waiting open pending awaitingApproval atRisk breached
           longestWaitingSince attendantsAvailable openNow nextOpenAt }}
  totals {{ waiting atRisk breached openedToday resolvedToday slaMetPercent }}
  nearest {{ {CLOCKS} }}
"""
WALL = f"query($l: [ID!]) {{ wallboard(levelIds: $l) {{ {FIGURES} }} }}"
FOLLOW_WALL = f"subscription($l: [ID!]) {{ wallboard(levelIds: $l) {{ {FIGURES} }} }}"
COUNTDOWN = f"""
subscription($l: [ID!], $first: Int! = 20, $every: Int! = 1) {{
  slaCountdown(levelIds: $l, first: $first, every: $every) {{
    serverTime running atRisk breached clocks {{ {CLOCKS} }}
  }}
}}
"""


async def measured(world: World, name: str = "Vendas", **settings: Any) -> Level:
    """A level that resolves its tickets within hours, night and day."""
    targets = [(each, SlaMetric.RESOLUTION, hours * 3_600) for each, hours in HOURS.items()]
    calendar = replace(ALWAYS, name=f"Sempre {name}")
    others = [each for each in SlaMetric if each is not SlaMetric.RESOLUTION]
    return await world.level(
        name, sla_targets=targets, unmeasured=others, calendar=calendar, **settings
    )


async def noticed(world: World, passed: timedelta) -> None:
    """Time passes, and whoever watches the deadlines sees it."""
    world.later(passed)
    await Watch(world.storage).turn()


async def change(world: World, ticket: Ticket, by: Person | None = None, **what: Any) -> None:
    await world.do(handling.update, ticket.id, TicketChange(**what), by=by)


async def busy(world: World, level: Level, ana: Person) -> None:
    """Tickets in every state and of every risk, with somebody and without."""
    for priority in (Priority.URGENT, Priority.HIGH):
        for held in (True, False):
            for status in TicketStatus:
                ticket = await world.ticket(level, priority=priority)
                await _bring(world, ticket, status, ana)
                if held and status is not TicketStatus.CLOSED:
                    await change(world, ticket, ana, assignee_id=ana.id)


async def _bring(world: World, ticket: Ticket, status: TicketStatus, ana: Person) -> None:
    if status is TicketStatus.CLOSED:
        await world.do(handling.finish, ticket.id, CloseReason.SPAM, "Fim", by=ana)
    elif status in (TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.RESOLVED):
        await change(world, ticket, ana, status=status)
    elif status is not TicketStatus.NEW:
        # Nothing that is done here leads there.
        async with world.storage.work(world.system) as work:
            (await work.tickets.take(ticket.id)).status = status


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SAO_PAULO)).astimezone(UTC)


def instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if told else None
