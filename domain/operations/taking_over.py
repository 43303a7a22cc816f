"""Taking over what another system knew: past conversations become tickets with their history.

Set-based like intake: a batch costs as many statements as one conversation. Every entry says when
the thing happened, not when it was taken over. Taking over twice changes nothing: messages are
known by their account and id, and a conversation that has grown goes on in the ticket it became.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.errors import NotFound, Refusal
from domain.events import Fact, ReplySent
from domain.model.account import Account, TicketType
from domain.model.base import new_id
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import recognizing
from domain.operations.recognizing import Case, Desk
from domain.past import PastConversation, PastMessage, TakenOver
from domain.rules import states
from domain.rules.states import Trigger
from domain.words import DeliveryState, OccurrenceKind, TicketOrigin, TicketStatus, Visibility
from domain.work import Work

BEHIND_CLOSED_DOORS = frozenset(
    {OccurrenceKind.DIRECT_MESSAGE, OccurrenceKind.EMAIL, OccurrenceKind.CALL}
)


async def take_over(work: Work, conversations: Sequence[PastConversation]) -> list[TakenOver]:
    """What became of each, in order. One that is refused does not keep the others out."""
    accounts = await work.accounts.find({each.account_id for each in conversations})
    types = {each.id: each for each in await work.ticket_types.all()}
    results: list[TakenOver] = []
    cases: list[Case] = []
    for said in conversations:
        results.append(result := TakenOver())
        try:
            cases.append(_checked(work, said, result, accounts, types))
        except Refusal as refusal:
            result.refuse(refusal)

    desk = await recognizing.lay_out(work, cases, types)
    await recognizing.find_known(work, desk, cases)
    told = [case for case in cases if case.fresh]
    await recognizing.find_tickets(work, desk, told)
    workspace = await work.workspace()
    days = [workspace.day_of(case.fresh[0].at) for case in told]
    for case, protocol in zip(told, await work.tickets.protocols_of(days), strict=True):
        _tell(work, desk, case, protocol)

    await work.tickets.put(desk.opened)
    await work.occurrences.put(desk.occurrences)
    await work.replies.put(desk.replies)
    return results


def _checked(
    work: Work,
    said: PastConversation,
    result: TakenOver,
    accounts: Mapping[UUID, Account],
    types: Mapping[UUID, TicketType],
) -> Case:
    """The conversation with the messages that can be kept; the refusal names the field."""
    if said.account_id not in accounts:
        raise NotFound("not_found", field=["account"], thing="account")
    if said.ticket_type_id is not None and said.ticket_type_id not in types:
        raise NotFound("not_found", field=["ticket_type"], thing="ticket type")
    said.check(work.now)

    kept: list[PastMessage] = []
    for message in said.messages:
        try:
            message.check(work.now)
        except Refusal as refusal:
            result.refuse(refusal, message)
        else:
            kept.append(message)
    case = Case(said, result, kept, accounts[said.account_id])
    if not any(message.inbound for message in kept):
        # Its messages were refused one by one; what the company said alone is no conversation.
        case.messages.clear()
    return case


def _tell(work: Work, desk: Desk, case: Case, protocol: str) -> None:
    """The new messages, each recorded as if it had just come, then the state it was left in."""
    said, ticket = case.said, case.ticket or desk.open.get(desk.thread_key(case))
    over = ticket is not None and ticket.status is TicketStatus.CLOSED
    if over and said.status is not TicketStatus.CLOSED and any(one.inbound for one in case.fresh):
        desk.last[desk.keys(case)[0]], ticket = ticket, None  # type: ignore[assignment]

    # Where the file says how it ended, messages do not move the status: it moves once, at the end.
    told_from_the_start = ticket is None
    if ticket is None:
        ticket = _opened(work, desk, case, protocol)
        case.result.opened = True
    else:
        case.result.continued = True
    quiet = told_from_the_start and said.status is not None
    for message in case.fresh:
        if message.inbound:
            _hear(work, desk, case, ticket, message, quiet=quiet)
        else:
            _answer(work, desk, case, ticket, message, quiet=quiet)

    last = case.fresh[-1].at
    # Dates without an hour are midnight, before the day's messages: nothing ends before its last.
    ended = max(said.closed_at or last, last)
    if facts := _left_as(ticket, said, ended):
        work.record(ticket, *facts, at=ended)
        last = ended
    ticket.lived_until(last)
    if told_from_the_start and ticket.grouping_key and ticket.status is not TicketStatus.CLOSED:
        desk.open[ticket.grouping_key] = ticket


def _opened(work: Work, desk: Desk, case: Case, protocol: str) -> Ticket:
    first = next((message for message in case.fresh if message.inbound), case.asker)
    publisher, profile = desk.person(case, first)
    said, start = case.said, case.fresh[0].at
    key, over = desk.keys(case)[0], said.status is TicketStatus.CLOSED
    previous = desk.last.get(key)
    ticket, opened = Ticket.open(
        protocol=protocol,
        level=desk.levels[desk.route(case).level_id],
        publisher=publisher,
        handle=profile.spoken,
        network=case.account.network,
        text=first.text,
        subject=said.subject,
        origin=TicketOrigin.IMPORT,
        occurred_at=start,
        now=start,
        account_id=case.account.id,
        # A publisher's cases of the past stay apart; of open ones, the first is joined later.
        grouping_key=key if over or key not in desk.open else None,
        previous_ticket_id=previous.id if previous and previous.opened_at <= start else None,
        priority=said.priority,
        ticket_type=desk.types.get(said.ticket_type_id) if said.ticket_type_id else None,
        tags=said.short_tags,
    )
    desk.last[key] = ticket
    desk.opened.append(ticket)
    work.record(ticket, opened, actor_name=publisher.name, at=start)
    return ticket


def _hear(
    work: Work, desk: Desk, case: Case, ticket: Ticket, message: PastMessage, *, quiet: bool
) -> None:
    publisher, _ = desk.person(case, message)
    route = desk.route(case)
    occurrence = Occurrence(
        id=new_id(),
        workspace_id=case.account.workspace_id,
        account_id=case.account.id,
        external_id=message.external_id,
        network=case.account.network,
        kind=message.kind,
        publisher_id=publisher.id,
        level_id=route.level_id,
        intended_level_id=route.intended_level_id,
        monitoring_id=route.monitoring_id,
        text=message.text,
        url=message.url,
        thread_root=case.said.thread,
        parent_external_id=message.parent_external_id,
        occurred_at=message.at,
        received_at=work.now,
    )
    opening = quiet or (case.result.opened and case.result.occurrences == 0)
    facts = ticket.absorb(occurrence, opening=opening)
    work.record(ticket, *facts, actor_name=publisher.name, at=message.at)
    desk.occurrences.append(occurrence)
    case.result.occurrences += 1


def _answer(
    work: Work, desk: Desk, case: Case, ticket: Ticket, message: PastMessage, *, quiet: bool
) -> None:
    """Who answered there is nobody here, so the reply has no author; the history has the name."""
    private = message.kind in BEHIND_CLOSED_DOORS
    reply = Reply(
        id=recognizing.reply_id(case.account.id, message.external_id),
        workspace_id=case.account.workspace_id,
        ticket_id=ticket.id,
        account_id=case.account.id,
        external_id=message.external_id,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        text=message.text,
        state=DeliveryState.SENT,
        written_at=message.at,
        sent_at=message.at,
    )
    facts: list[Fact] = [ReplySent(reply_id=reply.id)]
    if ticket.status is TicketStatus.NEW and not quiet:
        facts += ticket.touch()
    work.record(ticket, *facts, actor_name=message.author.name, at=message.at)
    desk.replies.append(reply)
    case.result.replies += 1


def _left_as(ticket: Ticket, said: PastConversation, ended: datetime) -> list[Fact]:
    """The status it had there, where ours may still become so."""
    if said.status is None or said.status is ticket.status:
        return []
    escalated = said.status is TicketStatus.ESCALATED
    trigger = Trigger.ESCALATE if escalated else Trigger.CHANGE
    if not states.allows(trigger, ticket.status, said.status):
        return []
    reason = said.close_reason if said.status is TicketStatus.CLOSED else None
    return [ticket.change_status(said.status, now=ended, close_reason=reason, trigger=trigger)]
