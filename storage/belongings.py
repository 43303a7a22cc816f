"""What hangs on things that are looked at: which rows, as far as the wall shows them, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    literal,
    literal_column,
    select,
)

from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile
from domain.model.reply import Reply
from domain.model.sla import SlaClock
from domain.model.ticket import NEVER, Ticket
from domain.page import Window
from domain.rules.access import Actor
from domain.wanted import Belonging
from domain.words import ApprovalState, SlaMetric
from storage import access
from storage.access import LEVEL_
from storage.entries import sequence
from storage.keyset import Order
from storage.occurrences import AS_IT_HAPPENED, AS_WRITTEN, said_in

Conditions: TypeAlias = Sequence[ColumnElement[bool]]
Those: TypeAlias = Callable[[Actor, Any, Any], Conditions]
"""Of whoever asks, the rows that hang, and what they hang on."""


@dataclass(frozen=True)
class Belongs:
    """The rows of a kind that hang on something."""

    kind: type[Any]
    those: Those
    sorting: Callable[[Any], Sequence[Any]] | None = None
    order: Order | None = None
    """Of a list that is shown in pages; a history's pages are ranges of numbers."""
    first: bool = False
    """Only the first one."""

    def asked(
        self, asked: Select[Any], actor: Actor, it: Any, owner: Any, window: Window | None
    ) -> Select[Any]:
        asked = asked.where(*self.those(actor, it, owner))
        if self.order is not None and window is not None:
            past = self.order.past(it, window)
            asked = asked if past is None else asked.where(past)
            asked = asked.order_by(*self.order.sorting(it, window))
            return asked.limit(literal_column(str(window.size + 1)))
        if window is not None:
            asked = asked.where(_part(it, owner, window))
        if self.sorting is not None:
            asked = asked.order_by(*self.sorting(it))
        return asked.limit(literal_column("1")) if self.first else asked


def attribute(name: str, it: Any, above: Any) -> Any:
    """What is wanted of a thing: its own, or what is known of it where it hangs."""
    if name in BESIDE:
        return BESIDE[name](it, above)
    return getattr(it, name) if hasattr(it, name) else getattr(above, name)


BESIDE: dict[str, Callable[[Any, Any], Any]] = {
    "earlier": lambda said, ticket: said.ticket_id.is_distinct_from(ticket.id),
    "level_name": lambda ticket, _above: (
        select(LEVEL_.name).where(LEVEL_.id == ticket.level_id).scalar_subquery()
    ),
}


def _of_publisher(actor: Actor, it: Any, owner: Any) -> Conditions:
    return [it.publisher_id == owner.id, it.workspace_id == actor.workspace_id]


def _of_ticket(actor: Actor, it: Any, owner: Any) -> Conditions:
    return [it.ticket_id == owner.id, it.workspace_id == actor.workspace_id]


def _clocks(actor: Actor, it: Any, owner: Any) -> Conditions:
    return [*_of_ticket(actor, it, owner), owner.terms_id.is_not(None)]


def _next_clock(actor: Actor, it: Any, owner: Any) -> Conditions:
    return [
        *_clocks(actor, it, owner),
        owner.urgent_at != NEVER,
        it.running_since.is_not(None),
        it.due_at.is_not(None),
    ]


def _started(clock: Any) -> tuple[Any, ...]:
    """The order in which clocks started; of several at once, the order of their metrics."""
    places: list[Any] = [
        (clock.metric == metric, literal_column(str(place)))
        for place, metric in enumerate(SlaMetric)
    ]
    return (clock.started_at, case(*places), clock.cycle)


def _history(actor: Actor, it: Any, owner: Any) -> Conditions:
    return [it.ticket_id == owner.id, access.histories(actor, owner)]


def _part(it: Any, owner: Any, window: Window) -> ColumnElement[bool]:
    """Because the sequence is the count, a window is a range."""
    size: Any = literal_column(str(window.size))
    past = None if window.past is None else sequence(window)
    if window.backward:
        upper = owner.interactions_count + 1 if past is None else literal(past, Integer())
        return and_(it.sequence < upper, it.sequence >= upper - size)
    lower = past or 0
    return and_(it.sequence > lower, it.sequence <= lower + window.size)


def _latest_approval(approval: Any) -> Sequence[Any]:
    """The one that waits; else the last one that there was."""
    waits = approval.state == ApprovalState.SUBMITTED
    return waits.desc(), approval.requested_at.desc(), approval.id.desc()


BELONGINGS: dict[Belonging, Belongs] = {
    Belonging.PROFILES: Belongs(Profile, _of_publisher, lambda it: [it.id]),
    Belonging.HEADSET: Belongs(
        Ticket,
        lambda actor, it, owner: [it.publisher_id == owner.id, access.counted(actor, it)],
    ),
    Belonging.STUBS: Belongs(
        Ticket,
        lambda actor, it, owner: [it.publisher_id == owner.id, access.stubs(actor, it)],
        lambda it: [it.opened_at.desc(), it.id],
    ),
    Belonging.CLOCKS: Belongs(SlaClock, _clocks, _started),
    Belonging.NEXT_CLOCK: Belongs(
        SlaClock, _next_clock, lambda it: [it.due_at, *_started(it)], first=True
    ),
    Belonging.HISTORY: Belongs(HistoryEntry, _history, lambda it: [it.sequence]),
    Belonging.OCCURRENCES: Belongs(
        Occurrence,
        lambda actor, it, owner: [said_in(actor, it, owner), access.tickets(actor, owner)],
        order=AS_IT_HAPPENED,
    ),
    Belonging.REPLIES: Belongs(
        Reply,
        lambda actor, it, owner: [it.ticket_id == owner.id, access.replies(actor, it)],
        order=AS_WRITTEN,
    ),
    Belonging.FILES_OF_OCCURRENCE: Belongs(
        Attachment,
        lambda actor, it, owner: [it.occurrence_id == owner.id, access.attachments(actor, it)],
        lambda it: [it.id],
    ),
    Belonging.FILES_OF_REPLY: Belongs(
        Attachment,
        lambda actor, it, owner: [it.reply_id == owner.id, access.attachments(actor, it)],
        lambda it: [it.id],
    ),
    Belonging.APPROVAL: Belongs(
        Approval,
        lambda actor, it, owner: [it.ticket_id == owner.id, access.approvals(actor, it)],
        _latest_approval,
        first=True,
    ),
    Belonging.APPROVAL_OF_REPLY: Belongs(
        Approval,
        lambda actor, it, owner: [it.reply_id == owner.id, access.approvals(actor, it)],
        first=True,
    ),
    Belonging.SUCCESSOR: Belongs(
        Ticket,
        lambda actor, it, owner: [it.previous_ticket_id == owner.id, access.tickets(actor, it)],
        lambda it: [it.id],
        first=True,
    ),
}
