"""A ticket: a conversation with one publisher, in one level at a time.

Its columns are its state; its verbs are the only way to change it. Each verb refuses or changes,
and returns the fact that says what happened.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from domain.errors import Invalid
from domain.events import (
    Fact,
    PriorityChanged,
    PublisherChanged,
    SubjectChanged,
    TagsChanged,
    TicketOpened,
    TypeChanged,
)
from domain.model.account import TicketType
from domain.model.level import Level
from domain.model.publisher import Publisher
from domain.model.ticket_holding import Holding
from domain.model.ticket_indexes import TICKETS, URGENCY
from domain.model.ticket_state import NEVER
from domain.model.ticket_talking import Talking
from domain.rules import grouping, states
from domain.rules.wording import (
    SUBJECT_MOST,
    TOLD_LENGTH,
    search_text,
    shortened,
    snippet_of,
    subject_of,
)
from domain.words import PRIORITY_ORDER, Network, Priority, SlaRisk, TicketOrigin, TicketStatus

__all__ = ["NEVER", "URGENCY", "Ticket"]

TAGS_MOST = 30


def told(tags: Sequence[str]) -> str:
    return shortened(", ".join(tags), TOLD_LENGTH)


class Ticket(Talking, Holding, table=True):
    __table_args__ = TICKETS

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
