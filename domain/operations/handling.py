"""What attendants do with tickets: open, start, change, hand over, finish."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.answers import RemovedTicket, Replied
from domain.errors import CommentRequired, Forbidden, Invalid, NotFound, ReasonRequired
from domain.events import Fact, NoteAdded
from domain.model.account import TicketType
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import approving, assigning, mentioning
from domain.rules import checking
from domain.rules.states import Trigger
from domain.rules.wording import SUBJECT_MOST, TEXT_LENGTH
from domain.words import (
    CloseReason,
    DeliveryState,
    Priority,
    TicketStatus,
    Visibility,
)
from domain.work import Work


async def start(work: Work, ticket_id: UUID, expected_version: int | None = None) -> Ticket:
    """The ticket, opened by whoever asks; starting what is started changes nothing."""
    ticket = await handled(work, ticket_id, expected_version)
    me = await _me(work)

    leased = ticket.lease_expires_at is not None
    facts = ticket.start(me)
    work.record(ticket, *facts)
    if leased and not facts and ticket.assignee_id:
        # Nothing visible happened, but the ticket no longer goes back to the queue by itself.
        holder = await work.users.get(ticket.assignee_id)
        work.record(ticket, ticket.assign(holder, holder))
    return ticket


@dataclass(frozen=True, kw_only=True)
class TicketChange:
    """What an attendant asks of a ticket. None leaves a thing as it is."""

    comment: str | None = None
    status: TicketStatus | None = None
    close_reason: CloseReason | None = None
    priority: Priority | None = None
    type_id: UUID | None = None
    assignee_id: UUID | None = None
    unassign: bool = False
    level_id: UUID | None = None
    add_tags: tuple[str, ...] = field(default=())
    remove_tags: tuple[str, ...] = field(default=())
    subject: str | None = None
    pending_until: datetime | None = None


async def update(
    work: Work, ticket_id: UUID, change: TicketChange, expected_version: int | None = None
) -> Ticket:
    """The ticket with everything changed at once, as one group of the history."""
    ticket = await handled(work, ticket_id, expected_version)
    level = await work.levels.get(ticket.level_id)
    comment = checking.comment(change.comment)
    if change.assignee_id and change.unassign:
        raise Invalid("assignee_and_unassign", field=["unassign"])
    if level.comment_required and comment is None:
        raise CommentRequired("comment_required", field=["comment"])
    reopened = ticket.status is TicketStatus.RESOLVED and change.status is TicketStatus.OPEN
    if reopened and comment is None:  # T12
        raise CommentRequired("comment_required", field=["comment"])
    if change.close_reason and change.status is not TicketStatus.CLOSED:
        raise Invalid("close_reason_alone", field=["closeReason"])
    if change.pending_until and change.status is not TicketStatus.PENDING:
        raise Invalid("pending_until_alone", field=["pendingUntil"])

    facts = await _changes(work, ticket, level, change)
    if not facts and comment is None:
        if change == TicketChange():
            raise Invalid("nothing_to_change")
        return ticket
    work.record(ticket, *(facts or [NoteAdded()]), *ticket.touch(), comment=comment)
    return ticket


async def escalate(
    work: Work, ticket_id: UUID, level_id: UUID, comment: str, expected_version: int | None = None
) -> Ticket:
    ticket = await handled(work, ticket_id, expected_version)
    said = _said(comment)
    before = await work.levels.get(ticket.level_id)
    to = await _level(work, level_id)

    facts = ticket.escalate(before, to, await _holder(work, ticket))
    facts += await assigning.to_its_manager(work, ticket, to)
    work.record(ticket, *facts, comment=said)
    return ticket


async def finish(
    work: Work,
    ticket_id: UUID,
    close_reason: CloseReason,
    comment: str,
    expected_version: int | None = None,
) -> Ticket:
    """Closed without a reply."""
    ticket = await handled(work, ticket_id, expected_version)
    said = _said(comment)

    closed = ticket.change_status(
        TicketStatus.CLOSED, now=work.now, close_reason=close_reason, trigger=Trigger.FINISH
    )
    work.record(ticket, closed, comment=said)
    return ticket


async def acknowledge(work: Work, ticket_id: UUID, occurrence_id: UUID) -> Ticket:
    """Resolved again: the message that reopened it was a thank-you."""
    ticket = await handled(work, ticket_id)
    occurrence = await work.occurrences.get(occurrence_id)
    if occurrence.ticket_id != ticket.id:
        raise NotFound("not_found", field=["occurrenceId"], thing="occurrence")

    work.record(ticket, ticket.acknowledge(occurrence_id))
    return ticket


async def merge(
    work: Work,
    source_id: UUID,
    target_id: UUID,
    comment: str | None = None,
    across_publishers: bool = False,
) -> Ticket:
    """The target, with the source's messages, replies and files; the source is closed as merged."""
    if source_id == target_id:
        raise Invalid("merge_itself", field=["targetId"])
    source, target = await work.tickets.take_both(source_id, target_id)
    for ticket in (source, target):
        if not work.actor.handles(ticket.level_id):
            raise Forbidden("forbidden")
    if source.publisher_id != target.publisher_id and not across_publishers:
        raise Invalid("merge_publishers_differ", field=["acrossPublishers"])

    closed, kept = source.merge_into(target, work.now)
    ended = await approving.superseded(work, source)
    waiting = await work.approvals.open_of([target.id])
    for approval in waiting.values():
        approval.go_stale()
    promised = await _promised(work, source, target)
    await work.occurrences.move(source.id, target.id)
    await work.replies.move(source.id, target.id)
    await work.approvals.move(source.id, target.id)
    await work.attachments.move(source.id, target.id)
    said = checking.comment(comment)
    work.record(source, closed, *ended, comment=said)
    work.record(target, kept, *promised, comment=said)
    return target


async def _promised(work: Work, source: Ticket, target: Ticket) -> list[Fact]:
    """What is owed of the source's history is owed there from now on, by the same day."""
    last = await work.histories.last(source.id)
    if last is None or last.sent_at is not None or not (last.history_means and last.history_due_at):
        return []
    if target.terms_id is None:
        target.come_under((await work.levels.get(target.level_id)).terms_id)
    return [target.owe_history(last.id, last.history_means, last.history_due_at)]


async def remove(work: Work, ticket_id: UUID, reason: str) -> RemovedTicket:
    """Taken out of every list by a manager, with a reason."""
    ticket = await work.tickets.take(ticket_id)
    if not work.actor.manages(ticket.level_id):
        raise Forbidden("manager_only")
    said = checking.comment(reason, ["reason"])
    if said is None:
        raise ReasonRequired("reason_required", field=["reason"])

    ended = await approving.superseded(work, ticket)
    work.record(ticket, ticket.remove(work.now), *ended, comment=said)
    return RemovedTicket(ticket.id)


async def note(
    work: Work,
    ticket_id: UUID,
    text: str,
    *,
    send_as: TicketStatus | None = None,
    close_reason: CloseReason | None = None,
) -> Replied:
    """A note among ourselves, never shown to the publisher; with a change of status if asked."""
    ticket = await handled(work, ticket_id)
    return await note_on(work, ticket, text, send_as=send_as, close_reason=close_reason)


async def note_on(
    work: Work,
    ticket: Ticket,
    text: str,
    *,
    send_as: TicketStatus | None = None,
    close_reason: CloseReason | None = None,
) -> Replied:
    """The same on a ticket that is held."""
    said = checking.text(text, ["text"], TEXT_LENGTH)
    spoken_to = await mentioning.mentioned(work, ticket, said)
    reply = Reply(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        visibility=Visibility.INTERNAL,
        text=said,
        mentions=[str(each) for each in spoken_to],
        send_as=send_as,
        state=DeliveryState.SENT,
        written_at=work.now,
        sent_at=work.now,
    )
    facts: list[Fact] = [NoteAdded(reply_id=reply.id, concerns=tuple(spoken_to))]
    if send_as is not None:
        facts.append(ticket.change_status(send_as, now=work.now, close_reason=close_reason))
    elif close_reason is not None:
        raise Invalid("close_reason_alone", field=["closeReason"])
    else:
        facts += ticket.touch()

    await work.replies.put([reply])
    work.record(ticket, *facts)
    return Replied(reply, ticket)


async def handled(work: Work, ticket_id: UUID, expected_version: int | None = None) -> Ticket:
    """A ticket that the actor may change, held; FORBIDDEN when they may only look at it."""
    ticket = await work.tickets.take(ticket_id, expected_version)
    if not work.actor.handles(ticket.level_id):
        raise Forbidden("forbidden")
    return ticket


async def _changes(work: Work, ticket: Ticket, level: Level, change: TicketChange) -> list[Fact]:
    """Each thing asked for that is not so already, in the order in which people would do it."""
    facts: list[Fact] = []
    if change.level_id and change.level_id != ticket.level_id:
        to = await _level(work, change.level_id)
        facts += ticket.transfer(level, to, await _holder(work, ticket))
        if not change.assignee_id and not change.unassign:
            facts += await assigning.to_its_manager(work, ticket, to)
    if change.type_id and change.type_id != ticket.type_id:
        before = await work.ticket_types.get(ticket.type_id) if ticket.type_id else None
        facts.append(ticket.retype(before, await _type(work, change.type_id)))
    if change.priority and change.priority is not ticket.priority:
        facts.append(ticket.prioritise(change.priority))
    added = checking.tags(change.add_tags, ["addTags"])
    dropped = checking.tags(change.remove_tags, ["removeTags"])
    if set(added) - set(ticket.tags) or set(dropped) & set(ticket.tags):
        facts.append(ticket.retag(add=added, drop=dropped))
    if change.subject is not None:
        subject = checking.text(change.subject, ["subject"], SUBJECT_MOST)
        if subject != ticket.subject:
            facts.append(await _retitle(work, ticket, subject))
    if change.assignee_id and change.assignee_id != ticket.assignee_id:
        facts.append(
            await _assign(
                work, ticket, await assigning.member(work, ticket.level_id, change.assignee_id)
            )
        )
    elif change.unassign and ticket.assignee_id:
        facts.append(await _assign(work, ticket, None))
    if change.status and change.status is not ticket.status:
        facts.append(
            ticket.change_status(
                change.status,
                now=work.now,
                close_reason=change.close_reason,
                pending_until=change.pending_until,
            )
        )
    elif change.pending_until and change.pending_until != ticket.pending_until:
        facts.append(ticket.wait_until(change.pending_until, now=work.now))
    return facts


async def _assign(work: Work, ticket: Ticket, to: User | None) -> Fact:
    return ticket.assign(await _holder(work, ticket), to)


async def _holder(work: Work, ticket: Ticket) -> User | None:
    return await work.users.get(ticket.assignee_id) if ticket.assignee_id else None


async def _retitle(work: Work, ticket: Ticket, subject: str) -> Fact:
    publisher = await work.publishers.get(ticket.publisher_id)
    profiles = (await work.publishers.profiles([publisher.id]))[publisher.id]
    return ticket.retitle(subject, publisher, profiles[0].spoken if profiles else None)


async def _level(work: Work, level_id: UUID) -> Level:
    found = await work.levels.find([level_id])
    if level_id not in found:
        raise NotFound("not_found", field=["levelId"], thing="level")
    return found[level_id]


async def _type(work: Work, type_id: UUID) -> TicketType:
    found = await work.ticket_types.find([type_id])
    if type_id not in found or not found[type_id].active:
        raise NotFound("not_found", field=["typeId"], thing="ticket type")
    return found[type_id]


async def _me(work: Work) -> User:
    if work.actor.user_id is None:
        raise Forbidden("people_only")
    return await work.users.get(work.actor.user_id)


def _said(comment: str) -> str:
    said = checking.comment(comment)
    if said is None:
        raise CommentRequired("comment_required", field=["comment"])
    return said
