"""Replies that were let go, and what became of them."""

from datetime import timedelta
from uuid import UUID

from domain.events import Fact, ReplyWritten
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import delivering
from domain.operations.delivering import Attempt
from domain.page import Window
from domain.sending import Outcome
from domain.words import CloseReason, DeliveryState, TicketStatus, Visibility
from domain.work import Work
from tests.world import Person, World

LEASE = timedelta(seconds=62)


async def let_go(
    work: Work,
    ticket_id: UUID,
    text: str,
    *,
    account_id: UUID | None = None,
    send_as: TicketStatus | None = None,
    automated: bool = False,
) -> Reply:
    """A reply, queued, with the status that it leaves its ticket in."""
    ticket = await work.tickets.take(ticket_id)
    said = (await work.occurrences.pages_of_tickets([ticket.id], Window.of(last=1)))[ticket.id]
    answered = next(iter(said.nodes), None)
    reply = Reply(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        account_id=account_id or ticket.account_id,
        answers_id=answered.id if answered else None,
        visibility=Visibility.PUBLIC,
        text=text,
        send_as=send_as,
        automated=automated,
        state=DeliveryState.QUEUED,
        queued_at=work.now,
        next_attempt_at=work.now,
        written_at=work.now,
    )
    facts: list[Fact] = [ReplyWritten(reply_id=reply.id, automated=automated)]
    if send_as is None:
        facts += ticket.touch()
    elif send_as is not ticket.status:
        closing = CloseReason.ANSWERED if send_as is TicketStatus.CLOSED else None
        facts.append(ticket.change_status(send_as, now=work.now, close_reason=closing))
    await work.replies.put([reply])
    work.record(ticket, *facts)
    return reply


async def answered(
    world: World,
    ticket: Ticket,
    text: str = "Já estamos vendo",
    *,
    by: Person | None = None,
    send_as: TicketStatus | None = None,
    automated: bool = False,
) -> Reply:
    return await world.do(let_go, ticket.id, text, by=by, send_as=send_as, automated=automated)


async def claimed(world: World, most: int = 10) -> list[Attempt]:
    return list((await world.do(delivering.claim, most, lease=LEASE)).attempts)


async def settled(world: World, attempt: Attempt, outcome: Outcome) -> Reply | None:
    """What became of the reply, as a worker says it."""
    return await world.do(delivering.settle, attempt, outcome, 0.5)


async def ended(world: World, outcome: Outcome, count: int = 1) -> list[Reply | None]:
    """What is due is sent, and it ends so."""
    attempts = await claimed(world)
    assert len(attempts) == count
    return [await settled(world, attempt, outcome) for attempt in attempts]


async def seen(world: World, reply: Reply) -> Reply:
    """The reply as it is in the database now."""
    async with world.storage.reading(world.system) as work:
        return await work.outbox.get(reply.id)
