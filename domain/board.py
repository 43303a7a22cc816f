"""What hangs on the wall: figures of levels and the deadlines that come next. Nobody's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.model.level import Level
from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.reading import Reading, read
from domain.rules.sla import Terms


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """How many tickets of a level stand how. Each is the length of a list, as the API tells."""

    waiting: int = 0
    open: int = 0
    pending: int = 0
    awaiting_approval: int = 0
    at_risk: int = 0
    breached: int = 0
    longest_waiting_since: datetime | None = None
    attendants_available: int = 0


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What happened since the workspace's midnight."""

    opened: int = 0
    resolved: int = 0
    met: int = 0
    missed: int = 0

    @property
    def met_percent(self) -> float | None:
        ended = self.met + self.missed
        return round(100 * self.met / ended, 1) if ended else None


@dataclass(frozen=True, slots=True)
class WallboardLevel:
    level: Level
    figures: LevelFigures
    open_now: bool
    next_open_at: datetime | None

    @property
    def waiting(self) -> int:
        return self.figures.waiting

    @property
    def open(self) -> int:
        return self.figures.open

    @property
    def pending(self) -> int:
        return self.figures.pending

    @property
    def awaiting_approval(self) -> int:
        return self.figures.awaiting_approval

    @property
    def at_risk(self) -> int:
        return self.figures.at_risk

    @property
    def breached(self) -> int:
        return self.figures.breached

    @property
    def longest_waiting_since(self) -> datetime | None:
        return self.figures.longest_waiting_since

    @property
    def attendants_available(self) -> int:
        return self.figures.attendants_available


@dataclass(frozen=True, slots=True)
class WallboardTotals:
    waiting: int
    at_risk: int
    breached: int
    opened_today: int
    resolved_today: int
    sla_met_percent: float | None


@dataclass(frozen=True, slots=True)
class Pressing:
    """A deadline that comes near: its clock, what the clock goes by, and the ticket it is of."""

    row: SlaClock
    terms: Terms
    ticket: Ticket

    def reading(self, now: datetime) -> Reading:
        return read(self.row, self.terms, now, self.ticket)


@dataclass(frozen=True, slots=True)
class Wallboard:
    server_time: datetime
    levels: Sequence[WallboardLevel]
    totals: WallboardTotals
    pressing: Sequence[Pressing]
    changes_at: datetime
    """When it will be another although nothing happens: a level opens, the day ends."""

    @property
    def nearest(self) -> list[Reading]:
        return [each.reading(self.server_time) for each in self.pressing]

    @property
    def shown(self) -> object:
        """What has to differ for it to be another picture; the seconds to go do not count."""
        levels = [
            (each.level.id, each.level.name, each.figures, each.open_now, each.next_open_at)
            for each in self.levels
        ]
        return levels, self.totals, _standing(self.pressing, self.server_time)

    def turns_at(self, now: datetime) -> datetime:
        """When time alone makes it another: one of its clocks turns, or what it was read from."""
        return min([self.changes_at, *_turns(self.pressing, now)])


@dataclass(frozen=True, slots=True)
class Countdown:
    """The nearest deadlines of some levels. Figures are absolute; only the time to go moves."""

    running: int
    at_risk: int
    breached: int
    pressing: Sequence[Pressing]
    server_time: datetime

    @property
    def shown(self) -> object:
        """What has to differ for it to be another picture; the seconds to go do not count."""
        clocks = _standing(self.pressing, self.server_time)
        return self.running, self.at_risk, self.breached, clocks

    def turns_at(self, now: datetime) -> datetime | None:
        """When one of its clocks comes near its deadline or passes it."""
        return min(_turns(self.pressing, now), default=None)

    @property
    def clocks(self) -> list[Reading]:
        return [each.reading(self.server_time) for each in self.pressing]


@dataclass(frozen=True, slots=True)
class RiskFigures:
    on_time: int = 0
    at_risk: int = 0
    breached: int = 0


def _standing(pressing: Sequence[Pressing], now: datetime) -> list[object]:
    """How these clocks stand, whether or not somebody noticed that a moment passed."""
    return [
        (each.row.id, each.row.due_at, each.row.state, [now >= turn for turn in _moments(each.row)])
        for each in pressing
    ]


def _turns(pressing: Sequence[Pressing], now: datetime) -> list[datetime]:
    return [turn for each in pressing for turn in _moments(each.row) if turn > now]


def _moments(row: SlaClock) -> list[datetime]:
    return [each for each in (row.next_at, row.due_at) if each is not None]


Levels = frozenset[UUID] | None
"""Some levels; None: all of the workspace."""
