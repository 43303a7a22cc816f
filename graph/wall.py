"""What hangs on the wall: figures of levels and the deadlines that come next."""

from datetime import datetime

from graph.deadline import SlaClock
from graph.fields import computed, shown, value
from graph.workspace import Level
from resolvers import boards

ON_US = "`tickets(filter: {statuses: [NEW, OPEN, ESCALATED], unassigned: true})`"


@value(description="The figures of one level. Each is the totalCount of the list it names.")
class WallboardLevel:
    level = computed(boards.level, Level, "The level.", reads=("level",))
    waiting: int = shown(f"What waits for us and nobody has: {ON_US}.")
    open: int = shown("What is OPEN, with somebody or not: `statuses: [OPEN]`.")
    pending: int = shown("What waits for the publisher: `statuses: [PENDING]`.")
    awaiting_approval: int = shown("What waits for a moderator: `statuses: [AWAITING_APPROVAL]`.")
    at_risk: int = shown("What comes near a deadline: `risks: [AT_RISK]`.")
    breached: int = shown("What is late and not over: `risks: [BREACHED]`.")
    longest_waiting_since: datetime | None = shown(
        "When the oldest of those that wait was opened; null when none waits."
    )
    attendants_available: int = shown("How many of its people are on shift.")
    open_now: bool = shown("Within its opening hours.")
    next_open_at: datetime | None = shown("When it opens next; null while it is open.")


@value(description="The figures of all levels on the wall together, and of the day.")
class WallboardTotals:
    waiting: int = shown("The sum of the levels' `waiting`.")
    at_risk: int = shown("The sum of the levels' `atRisk`.")
    breached: int = shown("The sum of the levels' `breached`.")
    opened_today: int = shown(
        "Tickets now in these levels that were opened since the workspace's midnight."
    )
    resolved_today: int = shown(
        "Tickets now in these levels that were resolved since then and are not reopened."
    )
    sla_met_percent: float | None = shown(
        "Of the FIRST_RESPONSE, NEXT_RESPONSE and RESOLUTION clocks that were met in time or "
        "breached since the workspace's midnight, how many of a hundred were met. Null before the "
        "first."
    )


@value(description="A wall of figures: absolute, small, and nobody's name on it.")
class Wallboard:
    server_time: datetime = shown("The server's clock when it was made.")
    levels: list[WallboardLevel] = shown("Every level on the wall, by name.")
    totals: WallboardTotals = shown("All of them together.")
    nearest: list[SlaClock] = shown("The ten deadlines that come first, or passed first.")


@value(
    description="The nearest deadlines of some levels. Every figure is absolute: count down from "
    "dueAt, and trust the next message."
)
class SlaCountdown:
    server_time: datetime = shown("The server's clock when it was made.")
    running: int = shown(
        "Tickets with a deadline ahead or behind them: `risks: [ON_TIME, AT_RISK, BREACHED]`."
    )
    at_risk: int = shown("Tickets that come near a deadline: `risks: [AT_RISK]`.")
    breached: int = shown("Tickets that are late and not over: `risks: [BREACHED]`.")
    clocks: list[SlaClock] = shown(
        "The running clocks that are due first, the latest of all first."
    )
