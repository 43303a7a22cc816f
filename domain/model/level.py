"""A level: a sector of the company, with its own people, priority, grouping and pull."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.errors import LevelDisabled
from domain.model.base import Record, UTCDateTime, word
from domain.words import (
    AssignmentStrategy,
    GroupingMode,
    LevelRole,
    OutsideView,
    Priority,
    PullOrder,
)


class Level(Record, table=True):
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("batch_size BETWEEN 1 AND 100", name="batch_size_range"),
        CheckConstraint("claim_lease_seconds BETWEEN 10 AND 86400", name="claim_lease_range"),
        CheckConstraint(
            "auto_close_after_days IS NULL OR auto_close_after_days BETWEEN 1 AND 365",
            name="auto_close_range",
        ),
        Index(None, "calendar_id"),
    )

    name: str = Field(max_length=120)
    enabled: bool = True
    default_priority: Priority = Field(
        default=Priority.MEDIUM, sa_type=word(Priority, "default_priority")
    )
    grouping: GroupingMode = Field(
        default=GroupingMode.HIERARCHY, sa_type=word(GroupingMode, "grouping")
    )
    group_old_occurrences: bool = False
    moderated: bool = False
    assignment: AssignmentStrategy = Field(
        default=AssignmentStrategy.MANUAL_PULL, sa_type=word(AssignmentStrategy, "assignment")
    )
    pull_order: PullOrder = Field(
        default=PullOrder.MOST_URGENT, sa_type=word(PullOrder, "pull_order")
    )
    batch_size: int = 10
    claim_lease_seconds: int = 900
    comment_required: bool = False
    outside_view: OutsideView = Field(
        default=OutsideView.COUNT, sa_type=word(OutsideView, "outside_view")
    )
    auto_close_after_days: int | None = 3
    """Opening days after which what is resolved and silent is closed; None: never."""
    sends_receipts: bool = False
    """Whoever opens a ticket by writing is told its protocol, by itself."""
    receipt_text: str | None = Field(default=None, max_length=1000)
    """What they are told; None: the usual."""
    # No foreign keys: terms point at their level, and a circle of tables cannot be sorted; SQLite
    # adds no required reference to a table with rows. Whoever drops a calendar holds its levels.
    calendar_id: UUID
    terms_id: UUID
    """The terms that new tickets go by."""
    last_assigned_id: UUID | None = None
    """To whom it handed out a ticket last; a mere place in the round, so no foreign key."""
    created_at: datetime = Field(sa_type=UTCDateTime)
    version: int = 1

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.claim_lease_seconds)

    def rename(self, name: str) -> None:
        self.name = name

    def enable(self, enabled: bool) -> None:
        self.enabled = enabled

    def must_receive(self, field: str) -> None:
        if not self.enabled:
            raise LevelDisabled("level_disabled", name=self.name, field=[field])

    def arrange(
        self,
        *,
        default_priority: Priority | None = None,
        grouping: GroupingMode | None = None,
        group_old_occurrences: bool | None = None,
        moderated: bool | None = None,
        assignment: AssignmentStrategy | None = None,
        pull_order: PullOrder | None = None,
        batch_size: int | None = None,
        claim_lease_seconds: int | None = None,
        comment_required: bool | None = None,
        outside_view: OutsideView | None = None,
        sends_receipts: bool | None = None,
    ) -> None:
        """Change what is given and leave the rest."""
        given = {name: value for name, value in locals().items() if name != "self"}
        for name, value in given.items():
            if value is not None:
                setattr(self, name, value)

    def close_after(self, days: int | None) -> None:
        self.auto_close_after_days = days

    def confirm_with(self, text: str | None) -> None:
        self.receipt_text = text

    def go_by(self, calendar_id: UUID, terms_id: UUID) -> None:
        """Other terms, for tickets from now on."""
        self.calendar_id = calendar_id
        self.terms_id = terms_id

    def gave_to(self, user_id: UUID) -> None:
        self.last_assigned_id = user_id

    def saved(self) -> None:
        self.version += 1


class LevelMember(SQLModel, table=True):
    """A person in a level: what they are there and how many tickets they can hold."""

    __tablename__ = "level_member"
    __table_args__ = (
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity_range"),
        Index(None, "user_id"),
        Index(None, "workspace_id"),
    )

    level_id: UUID = Field(foreign_key="level.id", primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")
    role: LevelRole = Field(default=LevelRole.ATTENDANT, sa_type=word(LevelRole, "role"))
    capacity: int | None = None
    exempt: bool = False
    """Answers without approval where the level is moderated."""

    def become(self, role: LevelRole, capacity: int | None, *, exempt: bool = False) -> None:
        self.role = role
        self.capacity = capacity
        self.exempt = exempt


class LevelAccount(SQLModel, table=True):
    """An account that a level answers from."""

    __tablename__ = "level_account"
    __table_args__ = (Index(None, "account_id"), Index(None, "workspace_id"))

    level_id: UUID = Field(foreign_key="level.id", primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")
