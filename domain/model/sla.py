"""What is owed by when: the terms a ticket goes by, its clocks, and what was told of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from domain.model.base import Record, Span, UTCDateTime, only_where, word
from domain.model.entry import Json
from domain.rules.clocks import Clock, Notice
from domain.rules.hours import Hours
from domain.rules.sla import Policy, Terms
from domain.words import SlaCause, SlaMetric, SlaState

RUNNING = text("running_since IS NOT NULL")
TOLD_BY_CLOCKS = (
    *("state", "target", "used", "started_at", "running_since", "paused_at", "due_at"),
    *("breached_at", "met_at", "cancelled_at", "warned"),
)
NOTICED_NEXT = text("next_at IS NOT NULL")


class SlaTerms(Record, table=True):
    """A level's policy and hours as they were at one time. Never changed: another pair is another.

    Tickets keep the terms they were opened under, so that an edit moves nobody's deadline by
    itself.
    """

    __tablename__ = "sla_terms"
    __table_args__ = (
        Index(None, "workspace_id"),
        UniqueConstraint("level_id", "version"),
    )

    level_id: UUID = Field(foreign_key="level.id")
    version: int
    """Counts the level's terms; it grows with every change of the policy or of the hours."""
    # No foreign key: terms hold the hours themselves, and outlive the calendar they came from.
    calendar_id: UUID
    calendar_version: int
    policy_told: Mapping[str, Any] = Field(sa_type=Json)
    hours_told: Mapping[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=UTCDateTime)

    @property
    def policy(self) -> Policy:
        return Policy.of_json(self.policy_told)

    @property
    def terms(self) -> Terms:
        return Terms(self.policy, Hours.of_json(dict(self.hours_told)))


class SlaClock(Record, table=True):
    """One clock of one ticket, as it stood when something last happened to it."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "metric", "cycle"),
        Index("ix_sla_clock_due", "level_id", "due_at", **only_where(RUNNING)),
        Index("ix_sla_clock_nearest", "workspace_id", "due_at", "id", **only_where(RUNNING)),
        Index("ix_sla_clock_next", "next_at", **only_where(NOTICED_NEXT)),
        Index(None, "workspace_id", "met_at"),
        Index(None, "workspace_id", "breached_at"),
        CheckConstraint("cycle >= 1", name="cycle_range"),
    )

    ticket_id: UUID = Field(foreign_key="ticket.id")
    level_id: UUID = Field(foreign_key="level.id")
    """Where its ticket is."""
    metric: SlaMetric = Field(sa_type=word(SlaMetric, "metric"))
    cycle: int
    state: SlaState = Field(sa_type=word(SlaState, "state"))
    target: timedelta = Field(sa_type=Span)
    used: timedelta = Field(sa_type=Span)
    started_at: datetime = Field(sa_type=UTCDateTime)
    running_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    paused_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    breached_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    met_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    warned: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When there is something to tell of it next; what workers wait for."""

    @property
    def clock(self) -> Clock:
        return Clock(
            metric=SlaMetric(self.metric),
            cycle=self.cycle,
            target=self.target,
            started_at=self.started_at,
            used=self.used,
            running_since=self.running_since,
            paused_at=self.paused_at,
            due_at=self.due_at,
            breached_at=self.breached_at,
            met_at=self.met_at,
            cancelled_at=self.cancelled_at,
            warned=self.warned,
        )

    @classmethod
    def of(cls, workspace_id: UUID, ticket_id: UUID, level_id: UUID, clock: Clock) -> Self:
        return cls(
            workspace_id=workspace_id,
            ticket_id=ticket_id,
            level_id=level_id,
            metric=clock.metric,
            cycle=clock.cycle,
            state=clock.state,
            target=clock.target,
            used=clock.used,
            started_at=clock.started_at,
        )

    def show(self, clock: Clock, *, level_id: UUID, next_at: datetime | None) -> None:
        """Stand as that clock does."""
        for name in TOLD_BY_CLOCKS:
            if getattr(self, name) != (value := getattr(clock, name)):
                setattr(self, name, value)
        if self.level_id != level_id:
            self.level_id = level_id
        if self.next_at != next_at:
            self.next_at = next_at


class SlaEvent(Record, table=True):
    """A warning or a breach, told once. Never erased: at most marked as superseded."""

    __tablename__ = "sla_event"
    __table_args__ = (
        # Whoever notices, and however many do: once for each clock and share of its time.
        UniqueConstraint("clock_id", "percent"),
        Index(None, "ticket_id"),
        Index(None, "workspace_id"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent_range"),
    )

    ticket_id: UUID = Field(foreign_key="ticket.id")
    clock_id: UUID = Field(foreign_key="sla_clock.id")
    metric: SlaMetric = Field(sa_type=word(SlaMetric, "metric"))
    percent: int
    """100 is the breach."""
    due_at: datetime = Field(sa_type=UTCDateTime)
    """The instant at which it was to be told."""
    fired_at: datetime = Field(sa_type=UTCDateTime)
    """The instant at which it was."""
    cause: SlaCause = Field(sa_type=word(SlaCause, "cause"))
    superseded_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When it was seen to hold no longer: the rules were changed, or it was never reopened."""
    superseded_by_id: UUID | None = None
    """The history entry that says so."""

    @classmethod
    def of(cls, row: SlaClock, notice: Notice, now: datetime) -> Self:
        return cls(
            workspace_id=row.workspace_id,
            ticket_id=row.ticket_id,
            clock_id=row.id,
            metric=notice.metric,
            percent=notice.percent,
            due_at=notice.due_at,
            fired_at=now,
            cause=notice.cause,
        )

    def supersede(self, entry_id: UUID, now: datetime) -> None:
        if self.superseded_at is None:
            self.superseded_at, self.superseded_by_id = now, entry_id

    def hold_again(self, notice: Notice, now: datetime) -> None:
        """The deadline passed after all, later than it first seemed to."""
        self.due_at, self.fired_at, self.cause = notice.due_at, now, notice.cause
        self.superseded_at = self.superseded_by_id = None


class SlaRecompute(SQLModel, table=True):
    """How far a level has come in moving its open tickets to its terms of today."""

    __tablename__ = "sla_recompute"
    __table_args__ = (Index(None, "workspace_id"),)

    level_id: UUID = Field(foreign_key="level.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")
    total: int = 0
    done: int = 0
    changed: int = 0
    started_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    def begin(self, total: int, now: datetime) -> None:
        self.total, self.done, self.changed = total, 0, 0
        self.started_at, self.finished_at = now, None

    def advance(self, done: int, changed: int) -> None:
        self.done += done
        self.changed += changed

    def finish(self, now: datetime) -> None:
        self.finished_at = now
