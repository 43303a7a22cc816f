"""What a ticket is made of, and what every change of it does."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Field

from domain.errors import WrongState
from domain.events import Fact, Reopened, StatusChanged
from domain.model.base import Record, Tags, UTCDateTime, late, word
from domain.rules.membership import Face
from domain.words import CloseReason, Network, Priority, SlaRisk, TicketOrigin, TicketStatus

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts behind every deadline."""


class TicketState(Record):
    """The columns of a ticket."""

    protocol: str = Field(max_length=17)
    version: int = 0
    status: TicketStatus = Field(sa_type=word(TicketStatus, "status"))
    close_reason: CloseReason | None = Field(
        default=None, sa_type=word(CloseReason, "close_reason")
    )
    priority: Priority = Field(sa_type=word(Priority, "priority"))
    priority_order: int
    type_id: UUID | None = Field(default=None, foreign_key="ticket_type.id")
    subject: str = Field(max_length=200)
    snippet: str = Field(max_length=200)
    network: Network = Field(sa_type=word(Network, "network"))
    tags: Sequence[str] = Field(default=(), sa_type=Tags)
    level_id: UUID = Field(foreign_key="level.id")
    origin_level_id: UUID = Field(foreign_key="level.id")
    assignee_id: UUID | None = Field(default=None, foreign_key="user.id")
    lease_expires_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """Set while a pulled ticket is untouched; when it passes, the ticket returns to the queue."""
    publisher_id: UUID = Field(foreign_key="publisher.id")
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    grouping_key: str | None = Field(default=None, max_length=300)
    groups_old: bool = False
    origin: TicketOrigin = Field(sa_type=word(TicketOrigin, "origin"))
    opened_by_id: UUID | None = Field(default=None, foreign_key="user.id")
    occurred_at: datetime = Field(sa_type=UTCDateTime)
    opened_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    pending_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """Resolved and silent: at this instant it is closed."""
    terms_id: UUID | None = Field(default=None, foreign_key="sla_terms.id")
    """What its clocks go by; None for what was brought along, until the publisher writes."""
    risk: SlaRisk = Field(default=SlaRisk.DONE, sa_type=word(SlaRisk, "risk"))
    """The worst of its open clocks, by what has been told."""
    urgent_at: datetime = Field(default=NEVER, sa_type=UTCDateTime)
    """Its nearest deadline; NEVER while none is running."""
    reopen_count: int = 0
    transfer_count: int = 0
    interactions_count: int = 0
    # Checked at commit: tickets and the messages they speak of may arrive in one transaction.
    previous_ticket_id: UUID | None = Field(default=None, sa_column_args=[late("ticket.id")])
    merged_into_id: UUID | None = Field(default=None, sa_column_args=[late("ticket.id")])
    # No foreign key: messages point at tickets already, and a circle of tables cannot be sorted.
    reopened_by_id: UUID | None = None
    """The message that reopened it, while nothing else has moved the status since."""
    resolved_before: datetime | None = Field(default=None, sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    search: str = Field(default="", max_length=600)

    # ── what every change does ───────────────────────────────────────────────────────────────

    def changed(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = max(self.updated_at, now)

    def lived_until(self, moment: datetime) -> None:
        """Taken over from elsewhere: the last thing that happened to it was then."""
        self.updated_at = max(self.updated_at, moment)

    def number_entry(self) -> int:
        """The sequence of the next entry. The count is the history's length by construction."""
        self.interactions_count += 1
        return self.interactions_count

    @property
    def face(self) -> Face:
        return Face(
            level_id=self.level_id,
            status=self.status,
            priority=self.priority,
            type_id=self.type_id,
            assignee_id=self.assignee_id,
            publisher_id=self.publisher_id,
            network=self.network,
            origin=self.origin,
            tags=tuple(self.tags),
            protocol=self.protocol,
            opened_at=self.opened_at,
            search=self.search,
            removed=self.removed_at is not None,
            risk=self.risk,
            terms_id=self.terms_id,
        )

    def _must_be_live(self) -> None:
        if self.status is TicketStatus.CLOSED:
            raise WrongState("ticket_closed")

    def _become(self, status: TicketStatus) -> None:
        self.status = status
        self.pending_until = None
        self.closes_at = None
        self.reopened_by_id = None
        self.resolved_before = None

    def _move(
        self,
        to: TicketStatus,
        *,
        now: datetime | None = None,
        close_reason: CloseReason | None = None,
        pending_until: datetime | None = None,
    ) -> Fact:
        before = self.status
        self._become(to)
        self.pending_until = pending_until
        self.close_reason = close_reason
        self.lease_expires_at = None
        if to is TicketStatus.RESOLVED:
            self.resolved_at = now
        if to is TicketStatus.CLOSED:
            self.closed_at = now
            self.resolved_at = self.resolved_at or now
        if before is TicketStatus.RESOLVED and to is TicketStatus.OPEN:
            return self._reopened_by_hand(before)
        return StatusChanged(was=before.value, became=to.value)

    def _reopened_by_hand(self, before: TicketStatus) -> Fact:
        self.reopen_count += 1
        self.resolved_at = None
        return Reopened(was=before.value, became=self.status.value)
