"""A ticket: a conversation with one publisher, in one level at a time.

Its columns are its state; its verbs are the only way to change it. Each verb refuses or changes,
and returns the fact that says what happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from domain.errors import Invalid, WrongState
from domain.events import (
    Acknowledged,
    ApprovalRequested,
    AssigneeChanged,
    Claimed,
    ClaimExpired,
    Fact,
    LevelChanged,
    Merged,
    OccurrenceReceived,
    PriorityChanged,
    PublisherChanged,
    Removed,
    Reopened,
    ReplyFailed,
    ReplyWritten,
    StatusChanged,
    SubjectChanged,
    TagsChanged,
    TicketOpened,
    TypeChanged,
)
from domain.model.account import TicketType
from domain.model.base import Record, Tags, UTCDateTime, late, only_where, word
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Publisher
from domain.model.user import User
from domain.rules import grouping, states
from domain.rules.membership import Face
from domain.rules.states import Trigger
from domain.rules.wording import (
    SUBJECT_MOST,
    TOLD_LENGTH,
    search_text,
    shortened,
    snippet_of,
    subject_of,
)
from domain.words import (
    PRIORITY_ORDER,
    CloseReason,
    Network,
    Priority,
    SlaRisk,
    TicketOrigin,
    TicketStatus,
)

OPEN_KEY = text("status <> 'CLOSED' AND removed_at IS NULL AND grouping_key IS NOT NULL")
PRESENT = text("removed_at IS NULL")
ALIVE = text("removed_at IS NULL AND status NOT IN ('CLOSED', 'RESOLVED')")
FREE = text("removed_at IS NULL AND assignee_id IS NULL AND status IN ('ESCALATED', 'NEW', 'OPEN')")
LEASED = text("lease_expires_at IS NOT NULL")
URGENCY = ("urgent_at", "priority_order", "opened_at", "id")
SLEEPING = text("pending_until IS NOT NULL")
CLOSING = text("closes_at IS NOT NULL")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts behind every deadline."""
TAGS_MOST = 30


def told(tags: Sequence[str]) -> str:
    return shortened(", ".join(tags), TOLD_LENGTH)


class Ticket(Record, table=True):
    __table_args__ = (
        UniqueConstraint("workspace_id", "protocol"),
        # Two messages racing can never open two tickets of one conversation.
        Index(
            "uq_ticket_open_grouping_key",
            "workspace_id",
            "grouping_key",
            unique=True,
            **only_where(OPEN_KEY),
        ),
        Index("ix_ticket_grouping_key", "workspace_id", "grouping_key", "opened_at"),
        # What waits in a level and how it is counted, however much is over; see storage/parts.py.
        Index(
            "ix_ticket_alive_urgency",
            "level_id",
            *URGENCY,
            postgresql_include=["workspace_id", "status", "assignee_id", "risk"],
            **only_where(ALIVE),
        ),
        Index("ix_ticket_alive_priority", "level_id", *URGENCY[1:], **only_where(ALIVE)),
        Index("ix_ticket_free_urgency", "level_id", *URGENCY, **only_where(FREE)),
        Index("ix_ticket_free_age", "level_id", "opened_at", "id", **only_where(FREE)),
        Index("ix_ticket_alive", "workspace_id", *URGENCY, **only_where(ALIVE)),
        # Every order of a list, for whoever asks for nothing in particular.
        Index("ix_ticket_urgency", "workspace_id", *URGENCY, **only_where(PRESENT)),
        Index("ix_ticket_priority", "workspace_id", *URGENCY[1:], **only_where(PRESENT)),
        Index(
            "ix_ticket_interactions",
            "workspace_id",
            "interactions_count",
            "id",
            **only_where(PRESENT),
        ),
        # Figures, read out of the index alone.
        Index(
            "ix_ticket_counted",
            "workspace_id",
            "level_id",
            "status",
            "priority",
            **only_where(PRESENT),
        ),
        Index("ix_ticket_risk", "level_id", "risk", **only_where(PRESENT)),
        Index("ix_ticket_opened", "workspace_id", "opened_at", "id", **only_where(PRESENT)),
        Index("ix_ticket_updated", "workspace_id", "updated_at", "id", **only_where(PRESENT)),
        Index(
            "ix_ticket_publisher",
            "publisher_id",
            "opened_at",
            "id",
            postgresql_include=["workspace_id", "level_id"],
            **only_where(PRESENT),
        ),
        Index("ix_ticket_assignee", "assignee_id", "level_id", "status", **only_where(PRESENT)),
        Index("ix_ticket_previous", "previous_ticket_id"),
        Index("ix_ticket_lease", "lease_expires_at", **only_where(LEASED)),
        Index("ix_ticket_pending", "pending_until", **only_where(SLEEPING)),
        Index("ix_ticket_closes", "closes_at", **only_where(CLOSING)),
        Index("ix_ticket_resolved", "workspace_id", "resolved_at", **only_where(PRESENT)),
        CheckConstraint("(status = 'CLOSED') = (close_reason IS NOT NULL)", name="closed_reason"),
        CheckConstraint("(status = 'CLOSED') = (closed_at IS NOT NULL)", name="closed_at"),
    )

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

    # ── opening ──────────────────────────────────────────────────────────────────────────────

    @classmethod
    def open(
        cls,
        *,
        protocol: str,
        level: Level,
        publisher: Publisher,
        handle: str | None,
        network: Network,
        text: str,
        subject: str | None,
        origin: TicketOrigin,
        occurred_at: datetime,
        now: datetime,
        account_id: UUID | None = None,
        grouping_key: str | None = None,
        previous_ticket_id: UUID | None = None,
        opened_by_id: UUID | None = None,
        priority: Priority | None = None,
        status: TicketStatus = TicketStatus.NEW,
        ticket_type: TicketType | None = None,
        tags: Sequence[str] = (),
    ) -> tuple["Ticket", Fact]:
        """A ticket that has just been registered; T1, or T2 when another status is given."""
        if status not in states.OPENING:
            raise Invalid("opening_status", field=["status"], status=status.value)
        subject = shortened(subject, SUBJECT_MOST) if subject else subject_of(text)
        typed = Priority(ticket_type.priority) if ticket_type and ticket_type.priority else None
        priority = priority or typed or level.default_priority
        ticket = cls(
            workspace_id=level.workspace_id,
            protocol=protocol,
            status=status,
            priority=priority,
            priority_order=PRIORITY_ORDER[priority],
            type_id=ticket_type.id if ticket_type else None,
            subject=subject,
            snippet=snippet_of(text),
            network=network,
            tags=tuple(tags),
            level_id=level.id,
            origin_level_id=level.id,
            publisher_id=publisher.id,
            account_id=account_id,
            grouping_key=grouping_key,
            groups_old=level.group_old_occurrences,
            # What happened before it came here is measured by nobody.
            terms_id=None if origin is TicketOrigin.IMPORT else level.terms_id,
            origin=origin,
            opened_by_id=opened_by_id,
            occurred_at=occurred_at,
            opened_at=now,
            updated_at=now,
            resolved_at=now if status is TicketStatus.RESOLVED else None,
            previous_ticket_id=previous_ticket_id,
            search=search_text(subject, protocol, publisher.name, handle),
        )
        return ticket, TicketOpened(became=status.value)

    # ── what the publisher does ──────────────────────────────────────────────────────────────

    def absorb(self, occurrence: Occurrence, *, opening: bool = False) -> list[Fact]:
        """Take a message in: T4, T6, T11; the one it opens with, and others, leave the status.

        What a machine wrote is kept and moves nothing.
        """
        occurrence.belong_to(self.id)
        if occurrence.automated:
            return [OccurrenceReceived(occurrence_id=occurrence.id, automated=True)]
        self.snippet = snippet_of(occurrence.text)
        before = self.status
        if opening or not states.allows(Trigger.INBOUND, before, TicketStatus.OPEN):
            return [OccurrenceReceived(occurrence_id=occurrence.id)]
        resolved_at = self.resolved_at
        self._become(TicketStatus.OPEN)
        if before is not TicketStatus.RESOLVED:
            return [
                OccurrenceReceived(
                    occurrence_id=occurrence.id, was=before.value, became=self.status.value
                )
            ]
        self.reopen_count += 1
        self.resolved_before, self.resolved_at = resolved_at, None
        self.reopened_by_id = occurrence.id
        return [
            OccurrenceReceived(occurrence_id=occurrence.id),
            Reopened(was=before.value, became=self.status.value, occurrence_id=occurrence.id),
        ]

    def acknowledge(self, occurrence_id: UUID) -> Fact:
        """T13: the message that reopened it was a thank-you, so it was never reopened."""
        states.check(Trigger.ACKNOWLEDGE, self.status, TicketStatus.RESOLVED)
        if self.reopened_by_id != occurrence_id:
            raise WrongState("not_reopened", field=["occurrenceId"])
        resolved_at, before = self.resolved_before, self.status
        self._become(TicketStatus.RESOLVED)
        self.reopen_count -= 1
        self.resolved_at = resolved_at
        return Acknowledged(was=before.value, became=self.status.value, occurrence_id=occurrence_id)

    # ── who has it ───────────────────────────────────────────────────────────────────────────

    def claim(self, by: User, *, until: datetime) -> Fact:
        """Pulled from the queue: still untouched, and given back if it stays so."""
        self.assignee_id = by.id
        self.lease_expires_at = until
        return Claimed(became=by.name, became_id=by.id)

    def lapse(self, holder: str) -> Fact:
        """The lease ended and nobody had touched it."""
        was_id, self.assignee_id, self.lease_expires_at = self.assignee_id, None, None
        return ClaimExpired(was=holder, was_id=was_id, automated=True)

    def start(self, by: User) -> list[Fact]:
        """T3, T9: opened by an attendant, who becomes its assignee if nobody is."""
        self._must_be_live()
        facts: list[Fact] = []
        self.lease_expires_at = None
        if self.assignee_id is None:
            facts.append(self.assign(None, by))
        if states.allows(Trigger.START, self.status, TicketStatus.OPEN):
            facts.append(self._move(TicketStatus.OPEN))
        return facts

    def touch(self) -> list[Fact]:
        """T3: whatever an attendant does to a ticket ends the lease, and opens a new one."""
        self.lease_expires_at = None
        return [self._move(TicketStatus.OPEN)] if self.status is TicketStatus.NEW else []

    def assign(self, before: User | None, to: User | None) -> Fact:
        self._must_be_live()
        self.assignee_id = to.id if to else None
        self.lease_expires_at = None
        return AssigneeChanged(
            was=before.name if before else None,
            was_id=before.id if before else None,
            became=to.name if to else None,
            became_id=to.id if to else None,
        )

    def transfer(self, before: Level, to: Level, holder: User | None) -> list[Fact]:
        """To another level's queue, in the state it is in; whoever had it no longer has it."""
        if self.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            raise WrongState(
                "status_not_allowed", current=self.status.value, target=f"level {to.name}"
            )
        if to.id == self.level_id:
            raise Invalid("same_level", field=["levelId"])
        to.must_receive("levelId")
        self.level_id = to.id
        if self.terms_id is not None:
            self.terms_id = to.terms_id
        self.transfer_count += 1
        facts: list[Fact] = [
            LevelChanged(was=before.name, was_id=before.id, became=to.name, became_id=to.id)
        ]
        if holder is not None:
            facts.append(self.assign(holder, None))
        return facts

    def escalate(self, before: Level, to: Level, holder: User | None) -> list[Fact]:
        """T8: to another level, which has to take it."""
        states.check(Trigger.ESCALATE, self.status, TicketStatus.ESCALATED)
        return [*self.transfer(before, to, holder), self._move(TicketStatus.ESCALATED)]

    # ── what we write to the publisher ───────────────────────────────────────────────────────

    def left_as(self, send_as: TicketStatus | None) -> TicketStatus:
        """What a reply makes of its status: what is asked; else taken up (T3, T9), or as it was."""
        self._must_be_live()
        if self.status is TicketStatus.AWAITING_APPROVAL:
            raise WrongState("reply_waits")
        if send_as is not None and send_as not in states.SENT_AS:
            raise Invalid("sent_as", field=["sendAs"], status=send_as.value)
        to = states.after_reply(self.status, send_as)
        if to is not self.status:
            states.check(Trigger.CHANGE, self.status, to)
        return to

    def send(
        self,
        reply_id: UUID,
        *,
        now: datetime,
        send_as: TicketStatus | None = None,
        close_reason: CloseReason | None = None,
        automated: bool = False,
    ) -> list[Fact]:
        """T3, T5, T9, T10, T16: a reply is on its way, and has its status from now on.

        What software writes by itself takes nothing up and ends no lease.
        """
        to = self.left_as(send_as)
        facts: list[Fact] = [ReplyWritten(reply_id=reply_id, automated=automated)]
        if automated and send_as is None:
            return facts
        self.lease_expires_at = None
        if to is not self.status:
            facts.append(self.change_status(to, now=now, close_reason=close_reason))
        return facts

    # ── status ───────────────────────────────────────────────────────────────────────────────

    def change_status(
        self,
        to: TicketStatus,
        *,
        now: datetime,
        close_reason: CloseReason | None = None,
        pending_until: datetime | None = None,
        trigger: Trigger = Trigger.CHANGE,
    ) -> Fact:
        """T3, T5, T7, T9, T10, T12, T14, T15 and T16, as the trigger allows."""
        if close_reason is CloseReason.MERGED:
            raise Invalid("merged_is_for_merging", field=["closeReason"])
        if pending_until is not None and to is not TicketStatus.PENDING:
            raise Invalid("pending_until_alone", field=["pendingUntil"])
        if pending_until is not None and pending_until <= now:
            raise Invalid("pending_until_past", field=["pendingUntil"])
        states.check(trigger, self.status, to)
        if to is TicketStatus.CLOSED and close_reason is None:
            raise Invalid("close_reason_required", field=["closeReason"])
        if to is not TicketStatus.CLOSED and close_reason is not None:
            raise Invalid("close_reason_alone", field=["closeReason"])
        return self._move(to, now=now, close_reason=close_reason, pending_until=pending_until)

    def wait_until(self, moment: datetime, *, now: datetime) -> Fact:
        """Pending as before, for a longer or a shorter while."""
        if moment <= now:
            raise Invalid("pending_until_past", field=["pendingUntil"])
        self.pending_until = moment
        return StatusChanged(was=self.status.value, became=self.status.value)

    def wake(self) -> Fact:
        """T7: what it waited for is reached."""
        states.check(Trigger.WAKE, self.status, TicketStatus.OPEN)
        before = self.status
        self._become(TicketStatus.OPEN)
        return StatusChanged(was=before.value, became=self.status.value, automated=True)

    def fall_silent(self, now: datetime) -> Fact:
        """T14: resolved, and nothing came any more."""
        states.check(Trigger.CHANGE, self.status, TicketStatus.CLOSED)
        fact = self._move(TicketStatus.CLOSED, now=now, close_reason=CloseReason.INACTIVITY)
        return replace(fact, automated=True)

    # ── a reply that waits for approval ──────────────────────────────────────────────────────

    def hold(self, *, reply_id: UUID, approval_id: UUID) -> Fact:
        """T17: nothing leaves before somebody has decided. When it wakes, if it was pending, and
        since when it is resolved, are kept: a rejected reply leaves it as it was."""
        states.check(Trigger.HOLD, self.status, TicketStatus.AWAITING_APPROVAL)
        before, until = self.status, self.pending_until
        self._become(TicketStatus.AWAITING_APPROVAL)
        self.pending_until = until
        self.lease_expires_at = None
        return ApprovalRequested(
            was=before.value,
            became=self.status.value,
            became_id=approval_id,
            reply_id=reply_id,
        )

    def release(
        self, to: TicketStatus, *, now: datetime, close_reason: CloseReason | None = None
    ) -> Fact:
        """T18: the reply goes out, and the ticket becomes what it was sent as."""
        states.check(Trigger.RELEASE, self.status, to)
        if to is TicketStatus.CLOSED and close_reason is None:
            raise Invalid("close_reason_required", field=["closeReason"])
        resolved_at = self.resolved_at
        reason = close_reason if to is TicketStatus.CLOSED else None
        moved = self._move(to, now=now, close_reason=reason)
        if resolved_at is None:
            return moved
        if to in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            # Resolved before, and nothing reopened it: it has been resolved since then.
            self.resolved_at = resolved_at
            return moved
        return self._reopened_by_hand(TicketStatus.AWAITING_APPROVAL)

    def give_back(self, to: TicketStatus) -> Fact:
        """T19: as it was before, or as what the publisher wrote meanwhile would have made it."""
        states.check(Trigger.GIVE_BACK, self.status, to)
        before, until = self.status, self.pending_until
        self._become(to)
        if to is TicketStatus.PENDING:
            self.pending_until = until
        if self.resolved_at is not None and to is not TicketStatus.RESOLVED:
            return self._reopened_by_hand(before)
        return StatusChanged(was=before.value, became=to.value)

    def merge_into(self, target: "Ticket", now: datetime) -> tuple[Fact, Fact]:
        """T22: closed in favour of another, which takes over its messages."""
        if target.status is TicketStatus.CLOSED:
            raise WrongState("merge_target_closed", field=["targetId"])
        states.check(Trigger.MERGE, self.status, TicketStatus.CLOSED)
        before = self.status
        self._become(TicketStatus.CLOSED)
        self.close_reason = CloseReason.MERGED
        self.closed_at = now
        self.lease_expires_at = None
        self.merged_into_id = target.id
        closed = Merged(was=before.value, became=self.status.value, became_id=target.id)
        return closed, Merged(was_id=self.id)

    def remove(self, now: datetime) -> Fact:
        """T23: gone from every list; what was written stays until retention ends."""
        self.removed_at = now
        self.lease_expires_at = None
        return Removed()

    def undelivered(self, reply_id: UUID, *, automated: bool) -> Fact:
        """T21: the reply that set the status will not go out, so nothing was said and it is open.

        It was never resolved then, and never closed.
        """
        states.check(Trigger.UNDELIVERED, self.status, TicketStatus.OPEN)
        before = self.status
        self._become(TicketStatus.OPEN)
        self.close_reason = self.closed_at = self.resolved_at = None
        return ReplyFailed(
            reply_id=reply_id, was=before.value, became=self.status.value, automated=automated
        )

    # ── what it says ─────────────────────────────────────────────────────────────────────────

    def prioritise(self, priority: Priority) -> Fact:
        self._must_be_live()
        before, self.priority = self.priority, priority
        self.priority_order = PRIORITY_ORDER[priority]
        return PriorityChanged(was=before.value, became=priority.value)

    def retype(self, before: TicketType | None, to: TicketType) -> Fact:
        self._must_be_live()
        self.type_id = to.id
        return TypeChanged(
            was=before.name if before else None,
            was_id=before.id if before else None,
            became=to.name,
            became_id=to.id,
        )

    def retag(self, *, add: Iterable[str], drop: Iterable[str]) -> Fact:
        self._must_be_live()
        before, dropped = self.tags, set(drop)
        kept = [tag for tag in before if tag not in dropped]
        self.tags = tuple(kept + [tag for tag in dict.fromkeys(add) if tag not in kept])
        if len(self.tags) > max(TAGS_MOST, len(before)):
            raise Invalid("too_many", field=["addTags"], most=TAGS_MOST, count=len(self.tags))
        return TagsChanged(was=told(before), became=told(self.tags))

    def retitle(self, subject: str, publisher: Publisher, handle: str | None) -> Fact:
        self._must_be_live()
        before, self.subject = self.subject, shortened(subject, SUBJECT_MOST)
        self.search = search_text(self.subject, self.protocol, publisher.name, handle)
        return SubjectChanged(was=before, became=self.subject)

    # ── whose case it is ─────────────────────────────────────────────────────────────────────

    def hear(self, publisher: Publisher, handle: str | None, *told: Fact) -> list[Fact]:
        """Something known of its publisher changed; it is found by what they are called now."""
        self.search = search_text(self.subject, self.protocol, publisher.name, handle)
        return list(told)

    def hand_over(self, before: Publisher, to: Publisher, handle: str | None) -> list[Fact]:
        """The case of another, who is the same person; a later message finds it there."""
        self.publisher_id = to.id
        if self.grouping_key is not None:
            self.grouping_key = grouping.handed_over(self.grouping_key, before.id, to.id)
        return self.hear(
            to,
            handle,
            PublisherChanged(was=before.name, was_id=before.id, became=to.name, became_id=to.id),
        )

    def lose_key(self) -> None:
        """A newer ticket has its conversation now; this one stays open beside it."""
        self.grouping_key = None

    # ── what it owes by when ─────────────────────────────────────────────────────────────────

    def come_under(self, terms_id: UUID | None) -> None:
        """From now on it goes by these terms."""
        self.terms_id = terms_id

    def owe(self, risk: SlaRisk, nearest: datetime | None) -> None:
        """How its clocks stand."""
        self.risk = risk
        self.urgent_at = nearest or NEVER

    def close_by_itself(self, moment: datetime | None) -> None:
        self.closes_at = moment

    @property
    def due_at(self) -> datetime | None:
        return None if self.urgent_at == NEVER else self.urgent_at

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
