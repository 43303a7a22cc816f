"""Replies on their way: the table is the queue, taken by as many workers as there are.

Asked without the wall: what was let go goes out, wherever its ticket has come to meanwhile. Whoever
takes a reply holds its ticket first, as everybody does who changes one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from domain.errors import Collision, NotFound
from domain.model.account import Account
from domain.model.attachment import Attachment
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.rules.access import Actor
from domain.words import DeliveryState, OccurrenceKind
from storage.access import O_, T_, columns, within
from storage.session import Session

R_, A_, F_ = columns(Reply), columns(Account), columns(Attachment)
QUEUED, SENDING = DeliveryState.QUEUED, DeliveryState.SENDING
SENT, UNKNOWN = DeliveryState.SENT, DeliveryState.UNKNOWN
REFERENCES_MOST = 50


def open_for_sending(now: datetime) -> ColumnElement[bool]:
    return and_(A_.enabled, or_(A_.paused_until.is_(None), A_.paused_until <= now))


def first_in_line() -> ColumnElement[bool]:
    """Of one ticket nothing is under way, and nothing that was let go earlier waits or is in
    doubt: what is said in an order arrives in it."""
    other: Any = columns(aliased(Reply))
    earlier = or_(
        other.queued_at < R_.queued_at,
        and_(other.queued_at == R_.queued_at, other.id < R_.id),
    )
    # Of what was removed nobody decides any more: a doubt there would hold back for ever.
    gone: Any = columns(aliased(Ticket))
    removed = (
        select(gone.id).where(gone.id == other.ticket_id, gone.removed_at.is_not(None)).exists()
    )
    in_front = or_(
        other.state == SENDING,
        and_(or_(other.state == QUEUED, and_(other.state == UNKNOWN, ~removed)), earlier),
    )
    before = select(other.id).where(other.ticket_id == R_.ticket_id, other.id != R_.id, in_front)
    return ~before.exists()


class OutboxShelf:
    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def take_accounts(self, now: datetime) -> Sequence[Account]:
        """Those from which something is due, held, so that what they send is counted by one at a
        time. What merely points at an account waits for nobody: keys are not locked."""
        due = select(R_.id).where(R_.account_id == A_.id, *_due(now), first_in_line()).exists()
        statement = (
            within(self.actor, Account)
            .where(open_for_sending(now), due)
            .order_by(A_.id)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return list(await self.session.scalars(statement))

    async def take_account(self, account_id: UUID) -> Account:
        statement = (
            within(self.actor, Account)
            .where(A_.id == account_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        found = await self.session.scalar(statement)
        if found is None:
            raise NotFound("not_found", thing="account")
        return found

    async def begun_since(self, account_id: UUID, moment: datetime, most: int) -> list[datetime]:
        """When the latest were begun from there, the latest first."""
        statement = (
            select(R_.sending_at)
            .where(R_.account_id == account_id, R_.sending_at > moment)
            .order_by(R_.sending_at.desc())
            .limit(literal_column(str(most)))
        )
        return list(await self.session.scalars(statement))

    async def take_due(self, account_id: UUID, now: datetime, most: int) -> Sequence[Reply]:
        """The next to send from there, their tickets held; tickets in hand are passed over."""
        tickets = await self.session.scalars(
            select(T_.id)
            .join(Reply, R_.ticket_id == T_.id)
            .where(
                T_.workspace_id == self.actor.workspace_id,
                R_.account_id == account_id,
                *_due(now),
                first_in_line(),
            )
            .order_by(R_.next_attempt_at, R_.id)
            .limit(literal_column(str(most)))
            .with_for_update(of=Ticket, key_share=True, skip_locked=True)
        )
        # Asked anew: now that their tickets are held, what is seen of them stays so.
        return await self._take(
            R_.ticket_id.in_(sorted(tickets)),
            R_.account_id == account_id,
            *_due(now),
            first_in_line(),
        )

    async def take_lapsed(self, now: datetime, most: int) -> Sequence[Reply]:
        """Those whose sender never said how it ended, their tickets held."""
        over = (R_.state == SENDING, R_.next_attempt_at.is_not(None), R_.lease_until <= now)
        tickets = await self.session.scalars(
            select(T_.id)
            .join(Reply, R_.ticket_id == T_.id)
            .where(T_.workspace_id == self.actor.workspace_id, *over)
            .order_by(R_.next_attempt_at, R_.id)
            .limit(literal_column(str(most)))
            .with_for_update(of=Ticket, key_share=True, skip_locked=True)
        )
        return await self._take(R_.ticket_id.in_(sorted(tickets)), *over)

    async def get(self, reply_id: UUID) -> Reply:
        found = await self.session.scalar(within(self.actor, Reply).where(R_.id == reply_id))
        if found is None:
            raise NotFound("not_found", thing="reply")
        return found

    async def ticket(self, reply: Reply) -> Ticket:
        """Whose reply it is now, removed or not; only looked at."""
        found = await self.session.scalar(
            within(self.actor, Ticket).where(T_.id == reply.ticket_id)
        )
        if found is None:
            raise NotFound("not_found", thing="ticket")
        return found

    async def answered(self, reply: Reply) -> Occurrence | None:
        """The message that it answers."""
        return await self.session.scalar(
            within(self.actor, Occurrence).where(O_.id == reply.answers_id)
        )

    async def heard_in_private(self, account_id: UUID, publisher_id: UUID) -> datetime | None:
        """When the publisher last wrote to that account where nobody else reads it."""
        return await self.session.scalar(
            select(func.max(O_.occurred_at)).where(
                O_.workspace_id == self.actor.workspace_id,
                O_.publisher_id == publisher_id,
                O_.account_id == account_id,
                O_.kind == OccurrenceKind.DIRECT_MESSAGE,
                O_.automated.is_(False),
            )
        )

    async def files(self, reply: Reply) -> list[Attachment]:
        """What goes with it, in the order in which it was kept."""
        asked = within(self.actor, Attachment).where(F_.reply_id == reply.id).order_by(F_.id)
        return list(await self.session.scalars(asked))

    async def sent_as(self, account_id: UUID, external_id: str) -> Reply | None:
        """The reply that the network knows by that name, if it has it, or may have it."""
        return await self.session.scalar(
            within(self.actor, Reply)
            .where(
                R_.account_id == account_id,
                R_.external_id == external_id,
                R_.state.in_([SENT, UNKNOWN]),
            )
            .order_by(R_.id)
            .limit(1)
        )

    async def take(self, reply_id: UUID, ticket: Ticket) -> Reply:
        """The reply of a ticket that is held, held too; Collision where it has just moved on."""
        [*found] = await self._take(R_.id == reply_id)
        if not found or found[0].ticket_id != ticket.id:
            raise Collision
        return found[0]

    async def said_before(self, answered: Occurrence) -> list[str]:
        """What the network calls all that was said with that publisher in that thread, theirs and
        ours, oldest first; the last ones, where there are very many.

        Whatever else hangs on the same post is other people's business.
        """
        thread = (
            O_.workspace_id == self.actor.workspace_id,
            O_.publisher_id == answered.publisher_id,
            O_.account_id == answered.account_id,
            O_.thread_root == answered.thread_root,
        )
        most: Any = literal_column(str(REFERENCES_MOST))
        theirs = (
            select(O_.occurred_at, O_.external_id)
            .where(*thread)
            .order_by(O_.occurred_at.desc(), O_.id.desc())
            .limit(most)
        )
        ours = (
            select(R_.sent_at, R_.external_id)
            .join(Occurrence, O_.id == R_.answers_id)
            .where(*thread, R_.state == SENT, R_.external_id.is_not(None), R_.sent_at.is_not(None))
            .order_by(R_.sent_at.desc(), R_.id.desc())
            .limit(most)
        )
        said = [*await self.session.execute(theirs), *await self.session.execute(ours)]
        return [name for _, name in sorted(said)][-REFERENCES_MOST:]

    async def _take(self, *conditions: ColumnElement[bool]) -> Sequence[Reply]:
        statement = (
            within(self.actor, Reply)
            .where(*conditions)
            .order_by(R_.next_attempt_at, R_.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return list(await self.session.scalars(statement))


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return R_.state == QUEUED, R_.next_attempt_at.is_not(None), R_.next_attempt_at <= now
