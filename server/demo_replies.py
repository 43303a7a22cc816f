"""Answers that people outside got during the week that the demo tells of.

No network has them: nothing is sent from here. They are written down as accepted, with the history
that an answer leaves, so that the clocks of the demo are met and missed as in real life.
"""

from datetime import datetime
from uuid import UUID

from domain.errors import Forbidden, WrongState
from domain.events import Fact, ReplySent
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.words import DeliveryState, TicketStatus, Visibility
from domain.work import Work


async def answer(
    work: Work,
    ticket_id: UUID,
    text: str,
    send_as: TicketStatus | None = None,
    pending_until: datetime | None = None,
) -> Ticket:
    """The ticket, answered by the attendant; with a change of status where one is named."""
    ticket = await handling.handled(work, ticket_id)
    if ticket.status is TicketStatus.CLOSED:
        raise WrongState("ticket_closed")
    if (await work.levels.get(ticket.level_id)).moderated:
        raise Forbidden("moderator_only")  # here nothing is sent that nobody has read
    reply = Reply(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        account_id=ticket.account_id,
        visibility=Visibility.PUBLIC,
        text=text,
        send_as=send_as,
        state=DeliveryState.SENT,
        written_at=work.now,
        sent_at=work.now,
    )
    facts: list[Fact] = [ReplySent(reply_id=reply.id)]
    if send_as is None:
        facts += ticket.touch()
    else:
        facts.append(ticket.change_status(send_as, now=work.now, pending_until=pending_until))
    await work.replies.put([reply])
    work.record(ticket, *facts)
    return ticket
