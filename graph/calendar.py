"""When a level is open, and what it owes by when."""

from datetime import date as Day
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.model import calendar
from domain.words import Priority, SlaMetric
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from resolvers import policies, scheduling

if TYPE_CHECKING:
    from graph.workspace import Level

LazyLevel = Annotated["Level", strawberry.lazy("graph.workspace")]


@value(description="Open every week from one time of day to another.")
class WeeklyInterval:
    weekday: int = shown("1 is Monday, 7 is Sunday.")
    opens: time = shown("When it opens, on the clock of the calendar's time zone.")
    closes: time = shown("When it closes; 00:00:00 is the end of the day.")


@value(
    description="What holds on one date instead of its weekday and of any holiday. Several of one "
    "date are each open."
)
class CalendarException:
    date: Day = shown("Which date.")
    name: str = shown("What people call it.")
    opens: time | None = shown("When it opens; without times it is closed all day.")
    closes: time | None = shown("When it closes; 00:00:00 is the end of the day.")


@thing(
    calendar.Calendar,
    description="Opening hours: a week, the dates that differ, and the holidays. Levels share it.",
)
class Calendar(Node):
    name: str = shown("What colleagues call it.")
    time_zone = computed(scheduling.time_zone, str, "The IANA time zone of its times.")
    intervals = computed(scheduling.intervals, list[WeeklyInterval], "When the week is open.")
    exceptions = computed(
        scheduling.exceptions, list[CalendarException], "The dates on which other hours hold."
    )
    national_holidays = computed(
        scheduling.national_holidays, bool, "Closed on Brazil's national holidays."
    )
    optional_holidays = computed(
        scheduling.optional_holidays,
        bool,
        "Closed as well on days off that the law leaves to the employer, such as Carnaval.",
    )
    holiday_state = computed(
        scheduling.holiday_state, str | None, "The state whose holidays are kept as well."
    )
    holidays = computed(
        scheduling.holidays,
        list[CalendarException],
        "The holidays it is closed on in a year, by date. An exception of the same date wins.",
    )
    levels = fetched(
        scheduling.calendar_levels, list[LazyLevel], "The levels that are open by it, by name."
    )
    version: int = shown("Grows when its hours change.")


@value(description="A while without a break in which a level is open.")
class OpenWindow:
    since: datetime = shown("From this instant.", name="from")
    until: datetime = shown("To this instant, at which it is closed.", name="to")


@value(description="How long something may take, for tickets of one priority.")
class SlaTarget:
    priority: Priority = shown("Of tickets with this priority.")
    metric: SlaMetric = shown("What is measured.")
    seconds: int = shown("Seconds of opening time; of LEGAL_RESPONSE, whole calendar days.")


@value(description="What a level owes by when. Tickets go by the one they were opened under.")
class SlaPolicy:
    version: int = shown("Grows when the targets, the warnings or the opening hours change.")
    targets = computed(
        policies.targets, list[SlaTarget], "By priority, lowest first, and by metric."
    )
    warn_at_percent = computed(
        policies.warn_at_percent, list[int], "At which shares of a target to warn."
    )
    unmeasured = computed(
        policies.unmeasured, list[SlaMetric], "The metrics that no priority has a target for."
    )


@value(description="How far a level has come in moving its open tickets to its rules of today.")
class SlaRecompute:
    total: int = shown("How many open tickets there were when it began.")
    done: int = shown("How many of them have been looked at.")
    changed: int = shown("How many of those have another deadline by it.")
    started_at: datetime = shown("When it began.")
    finished_at: datetime | None = shown(
        "When it ended; null while it goes on, or when it was cut: then ask for it again."
    )


@value(description="A deadline that a ticket would have.")
class SlaPreview:
    metric: SlaMetric = shown("What is measured.")
    due_at: datetime = shown("The first instant that would be late.")
