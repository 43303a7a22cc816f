"""Deadlines: how each clock of a ticket stands, and what was told of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.model import sla
from domain.words import SlaCause, SlaMetric, SlaRisk, SlaState
from graph.fields import computed, fetched, shown, value
from graph.planned import Leads, ReadNow
from resolvers import deadlines

if TYPE_CHECKING:
    from graph.ticket import HistoryEntry, Ticket

NOW = ReadNow()
LazyTicket = Annotated["Ticket", strawberry.lazy("graph.ticket")]
LazyEntry = Annotated["HistoryEntry", strawberry.lazy("graph.ticket")]


@value(
    description="One clock of one ticket, read at the moment of asking. Seconds are whole seconds "
    "of the level's opening time; LEGAL_RESPONSE counts every second there is.",
    model=sla.SlaClock,
)
class SlaClock:
    ticket = fetched(
        deadlines.clock_ticket, LazyTicket, "Whose clock it is.", plan=Leads("ticket_id")
    )
    metric: SlaMetric = shown("What it measures: what starts it, pauses it and meets it.")
    cycle: int = shown(
        "1 for the first of its metric; each further question, approval or level has another."
    )
    state: SlaState = shown(
        "Where it stands. BREACHED from the instant of the deadline on, noticed by the software or "
        "not, and for ever.",
        plan=NOW,
    )
    risk: SlaRisk = shown("How near its deadline is now.", plan=NOW)
    target_seconds: int = shown(
        "How much time it has in all, by the ticket's level and priority; of LEGAL_RESPONSE, the "
        "time from its start to the end of the last local day.",
        plan=NOW,
    )
    elapsed_seconds: int = shown(
        "How much of it is used up, rounded down. It stands still while the level is closed, while "
        "the clock is paused, and once it has ended.",
        plan=NOW,
    )
    remaining_seconds: int = shown(
        "targetSeconds less elapsedSeconds; below zero by how much it is late.",
        plan=NOW,
    )
    started_at: datetime = shown("When it began.")
    due_at: datetime | None = shown(
        "The deadline: the first instant that is late. Null while it is paused; once it has ended, "
        "the deadline that it had."
    )
    paused_at: datetime | None = shown("Since when it is paused; null when it is not.")
    breached_at: datetime | None = shown(
        "The deadline that passed before it was met. It stays, whatever happens later.",
        plan=NOW,
    )
    met_at: datetime | None = shown(
        "When what it measures was done, in time or late; null again once it goes on."
    )


@value(description="A warning or a breach, told once for each clock and share of its time.")
class SlaEvent:
    metric: SlaMetric = shown("What was measured.")
    percent: int = shown(
        "The share of the clock's time that was gone: 100 is the breach, all else a warning."
    )
    due_at: datetime = shown("The instant at which it was to be told.")
    fired_at: datetime = shown("The instant at which it was told.")
    cause: SlaCause = shown("What made it due.")
    on_transfer = computed(
        deadlines.on_transfer,
        bool,
        "true: the ticket came to a level whose target was used up already.",
    )
    superseded = computed(
        deadlines.superseded,
        bool,
        "true: it holds no longer, for the rules were changed for open tickets too, or the "
        "reopening it came from was undone. It stays on record.",
    )
    superseded_at: datetime | None = shown("When it was seen to hold no longer.")
    superseded_by = fetched(
        deadlines.superseded_by, LazyEntry | None, "The history entry that says so."
    )
