"""The wall: what an actor may see, as conditions that every read passes through.

There is no other way to rows: shelves start their statements here. What is outside is not refused,
it is not there.
"""

from collections.abc import Collection
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel

from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.call import Call
from domain.model.canned import CannedReply
from domain.model.level import Level, LevelMember
from domain.model.occurrence import Occurrence
from domain.model.publisher import Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.rules.access import ROLE_PERMISSIONS, Actor, Permission
from domain.words import OutsideView, Role, Visibility
from storage.marks import AllLevels

T = TypeVar("T", bound=SQLModel)


def columns(model: Any) -> Any:
    """The model as SQLAlchemy sees it: SQLModel's annotations name values, not columns."""
    return model


T_, O_, P_, L_ = columns(Ticket), columns(Occurrence), columns(Publisher), columns(Level)
F_, C_ = columns(Attachment), columns(CannedReply)
V_ = columns(Approval)
U_, M_ = columns(User), columns(LevelMember)
# Made once: an alias takes a thousand times longer to make than to use. Where one stands inside
# another they differ, for the same alias in both would mean the same row.
OWNER_, BY_THEM_ = columns(aliased(Ticket)), columns(aliased(Ticket))
ASKED_, ANSWER_, LEVEL_ = (
    columns(aliased(Approval)),
    columns(aliased(Reply)),
    columns(aliased(Level)),
)
READERS = [each for each, may in ROLE_PERMISSIONS.items() if Permission.TICKETS_READ in may]


def within(actor: Actor, model: type[T]) -> Select[T]:
    """Everything of a kind that the whole workspace shares."""
    return select(model).where(columns(model).workspace_id == actor.workspace_id)


def readable(
    actor: Actor, level_id: Any, asked: Collection[UUID] | None = None
) -> ColumnElement[bool]:
    """The levels that may be seen; of those that are asked for, where only some are.

    One condition, not two: a database that is told twice expects far fewer rows than there are.
    """
    levels: Any = actor.readable
    if asked is not None:
        levels = frozenset(asked) if levels is None else levels & frozenset(asked)
    if levels is None:
        return true()
    if isinstance(levels, BindParameter):  # of whoever asks, known when they do
        among: ColumnElement[bool] = level_id.in_(levels)
        return among
    if isinstance(levels, AllLevels):
        return levels.hold(level_id)
    condition: ColumnElement[bool] = level_id.in_(sorted(levels)) if levels else false()
    return condition


def tickets(
    actor: Actor, ticket: Any = Ticket, levels: Collection[UUID] | None = None
) -> ColumnElement[bool]:
    """Tickets that may be seen; with `levels`, only in these."""
    seen = and_(
        ticket.workspace_id == actor.workspace_id,
        ticket.removed_at.is_(None),
        readable(actor, ticket.level_id, levels),
    )
    if not actor.only_approves:
        return seen
    return and_(seen, select(ASKED_.id).where(ASKED_.ticket_id == ticket.id).exists())


def ticket_of(actor: Actor, ticket_id: Any) -> ColumnElement[bool]:
    """A thing that hangs on a ticket is seen where its ticket is seen."""
    found: ColumnElement[bool] = (
        select(OWNER_.id).where(OWNER_.id == ticket_id, tickets(actor, OWNER_)).exists()
    )
    return found


def histories(actor: Actor, ticket: Any = Ticket) -> ColumnElement[bool]:
    """Tickets whose history may be read: what colleagues did and said to each other is not for who
    only approves."""
    return false() if actor.only_approves else tickets(actor, ticket)


def replies(actor: Actor, reply: Any = Reply) -> ColumnElement[bool]:
    seen = ticket_of(actor, reply.ticket_id)
    if not actor.only_approves:
        return seen
    return and_(seen, reply.visibility != Visibility.INTERNAL)


def calls(actor: Actor, call: Any = Call) -> ColumnElement[bool]:
    return ticket_of(actor, call.ticket_id)


def occurrences(actor: Actor, said: Any = Occurrence) -> ColumnElement[bool]:
    mine = said.workspace_id == actor.workspace_id
    if actor.only_approves:
        return and_(mine, ticket_of(actor, said.ticket_id))
    alone = and_(said.ticket_id.is_(None), readable(actor, said.level_id))
    return and_(mine, or_(alone, ticket_of(actor, said.ticket_id)))


def attachments(actor: Actor, file: Any = Attachment) -> ColumnElement[bool]:
    """A file is seen where its message or its reply is; before it is sent, by who uploaded it."""
    said = select(O_.id).where(O_.id == file.occurrence_id, occurrences(actor)).exists()
    answer = select(ANSWER_.id).where(ANSWER_.id == file.reply_id, replies(actor, ANSWER_))
    written = and_(
        file.occurrence_id.is_(None),
        ticket_of(actor, file.ticket_id),
        or_(
            answer.exists(),
            and_(file.reply_id.is_(None), file.uploaded_by_id == actor.user_id),
        ),
    )
    return and_(file.workspace_id == actor.workspace_id, or_(said, written))


def approvals(actor: Actor, approval: Any = Approval) -> ColumnElement[bool]:
    return ticket_of(actor, approval.ticket_id)


def canned_replies(actor: Actor) -> ColumnElement[bool]:
    """Everybody's, one's own, and those of levels one sees; none for who answers nobody."""
    if actor.only_approves:
        return false()
    return and_(
        C_.workspace_id == actor.workspace_id,
        or_(C_.owner_id.is_(None), C_.owner_id == actor.user_id),
        or_(C_.level_id.is_(None), readable(actor, C_.level_id)),
    )


def publishers(actor: Actor, publisher: Any = Publisher) -> ColumnElement[bool]:
    """Somebody is known to those who may see at least one thing they wrote. Whoever was merged
    into another is nobody by themselves."""
    mine: ColumnElement[bool] = and_(
        publisher.workspace_id == actor.workspace_id, publisher.merged_into_id.is_(None)
    )
    if actor.readable is None:
        return mine
    written = (
        select(BY_THEM_.id)
        .where(BY_THEM_.publisher_id == publisher.id, tickets(actor, BY_THEM_))
        .exists()
    )
    if actor.only_approves:
        return and_(mine, written)
    said = (
        select(O_.id)
        .where(
            O_.publisher_id == publisher.id,
            O_.ticket_id.is_(None),
            readable(actor, O_.level_id),
        )
        .exists()
    )
    return and_(mine, or_(written, said))


def counted(actor: Actor, ticket: Any = Ticket) -> ColumnElement[bool]:
    """Tickets that may at least be counted: the headset total."""
    if actor.only_approves:
        return tickets(actor, ticket)
    hidden = select(L_.id).where(
        L_.workspace_id == actor.workspace_id, L_.outside_view == OutsideView.NONE
    )
    return and_(
        ticket.workspace_id == actor.workspace_id,
        ticket.removed_at.is_(None),
        or_(readable(actor, ticket.level_id), ticket.level_id.not_in(hidden)),
    )


def stubs(actor: Actor, ticket: Any = Ticket) -> ColumnElement[bool]:
    """Tickets behind the wall whose level lets outsiders know that they exist."""
    if actor.only_approves:
        return false()
    shown = select(L_.id).where(
        L_.workspace_id == actor.workspace_id, L_.outside_view == OutsideView.STUB
    )
    return and_(
        ticket.workspace_id == actor.workspace_id,
        ticket.removed_at.is_(None),
        ~readable(actor, ticket.level_id),
        ticket.level_id.in_(shown),
    )


def readers(level_id: Any) -> ColumnElement[bool]:
    """The people who see the tickets of a level: what `Actor.sees` says of one, said of all."""
    member = select(M_.user_id).where(M_.user_id == U_.id, M_.level_id == level_id).exists()
    shown = (
        select(LEVEL_.id)
        .where(LEVEL_.id == level_id, LEVEL_.outside_view == OutsideView.FULL)
        .exists()
    )
    return and_(U_.active, U_.role.in_(READERS), or_(U_.role == Role.ADMIN, member, shown))
