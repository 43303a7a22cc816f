"""What attendants do with tickets, asked by mutations."""

from datetime import datetime
from typing import Any

import strawberry

from domain.answers import Pulled, RemovedTicket
from domain.model.ticket import Ticket
from domain.operations import handling, opening, pulling
from domain.operations.handling import TicketChange
from domain.operations.opening import Opening
from domain.words import CloseReason, Network, Priority, TicketStatus
from resolvers.context import Info, speaks_of
from resolvers.inputs import VERSION, instant, key, told, uuid, uuids

TICKET = "The ticket."
COMMENT = "Why; at most 10,000 characters."


@strawberry.input(description="A ticket opened by hand.")
class OpenTicketInput:
    level_id: strawberry.ID = told("The level it goes to; it has to take tickets.")
    subject: str = told("What it is about, at most 200 characters.")
    comment: str = told("Why it is opened; the first thing its history says.")
    publisher_id: strawberry.ID | None = told("Who it is for, where known.", default=None)
    customer_email: str | None = told(
        "Else the customer's e-mail; somebody known by it is found again.", default=None
    )
    customer_name: str | None = told("Else what the customer is called.", default=None)
    priority: Priority | None = told("Else the type's, else the level's.", default=None)
    status: TicketStatus | None = told(
        "NEW when not said; never CLOSED or AWAITING_APPROVAL.", default=None
    )
    type_id: strawberry.ID | None = told("What kind of case it is.", default=None)
    assignee_id: strawberry.ID | None = told("An active member of the level.", default=None)
    network: Network | None = told(
        "Where the contact was; EMAIL with an address, else PHONE, when not said.", default=None
    )
    occurred_at: datetime | None = told("When the contact was; now when not said.", default=None)
    idempotency_key: str | None = key()


async def open_ticket(info: Info, input: OpenTicketInput) -> Ticket:
    asked = Opening(
        level_id=uuid(input.level_id, "Level", "levelId"),
        subject=input.subject,
        comment=input.comment,
        publisher_id=uuid(input.publisher_id, "Publisher", "publisherId"),
        customer_email=input.customer_email,
        customer_name=input.customer_name,
        priority=input.priority,
        status=input.status,
        type_id=uuid(input.type_id, "TicketType", "typeId"),
        assignee_id=uuid(input.assignee_id, "User", "assigneeId"),
        network=input.network,
        occurred_at=instant(input.occurred_at),
    )
    return await info.context.once(input, opening.open_ticket, asked)


@strawberry.input(description="The next tickets of the queue.")
class GetTicketsInput:
    level_ids: list[strawberry.ID] | None = told("Of these levels; else all mine.", default=None)
    count: int | None = told(
        "In all, 1 to 100; else each level's batch size. Never more than one's capacity.",
        default=None,
    )
    idempotency_key: str | None = key()


async def get_tickets(info: Info, input: GetTicketsInput) -> Pulled:
    levels = uuids(input.level_ids, "Level", "levelIds")
    pulled = await info.context.once(
        input, pulling.get_tickets, levels, input.count, counted=speaks_of("waiting", info)
    )
    if pulled.holder is not None:
        info.context.loaders.seen(pulled.holder)
    return pulled


async def still_waiting(payload: strawberry.Parent[Any], info: Info) -> int:
    """Counted for whoever asks: there may be thousands. A retry is told the same number, unless
    only the retry asks."""
    pulled: Pulled | None = payload.pulled
    if pulled is None:
        return 0
    if pulled.waiting is not None:
        return pulled.waiting
    async with info.context.reading() as work:
        return await work.tickets.waiting(pulled.level_ids)


@strawberry.input(description="One ticket.")
class TicketInput:
    ticket_id: strawberry.ID = told(TICKET)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def start_ticket(info: Info, input: TicketInput) -> Ticket:
    ticket_id = uuid(input.ticket_id, "Ticket", "ticketId")
    return await info.context.once(input, handling.start, ticket_id, input.expected_version)


@strawberry.input(description="What changes about a ticket; what is not given stays.")
class UpdateTicketInput:
    ticket_id: strawberry.ID = told(TICKET)
    expected_version: int | None = told(VERSION, default=None)
    comment: str | None = told("Why; required where the level says so.", default=None)
    status: TicketStatus | None = told("One of the ticket's allowedStatuses.", default=None)
    close_reason: CloseReason | None = told("Required with CLOSED.", default=None)
    priority: Priority | None = told("How urgent it is.", default=None)
    type_id: strawberry.ID | None = told("What kind of case it is.", default=None)
    assignee_id: strawberry.ID | None = told(
        "Who has it: an active member of its level.", default=None
    )
    unassign: bool | None = told("true: nobody has it; back to the queue.", default=None)
    level_id: strawberry.ID | None = told(
        "To another level's queue, in the state it is in.", default=None
    )
    add_tags: list[str] | None = told("Tags to add, 1 to 60 characters each.", default=None)
    remove_tags: list[str] | None = told("Tags to take off.", default=None)
    subject: str | None = told("What it is about, at most 200 characters.", default=None)
    pending_until: datetime | None = told(
        "With PENDING: it opens again at this instant.", default=None
    )
    idempotency_key: str | None = key()


async def update_ticket(info: Info, input: UpdateTicketInput) -> Ticket:
    change = TicketChange(
        comment=input.comment,
        status=input.status,
        close_reason=input.close_reason,
        priority=input.priority,
        type_id=uuid(input.type_id, "TicketType", "typeId"),
        assignee_id=uuid(input.assignee_id, "User", "assigneeId"),
        unassign=bool(input.unassign),
        level_id=uuid(input.level_id, "Level", "levelId"),
        add_tags=tuple(input.add_tags or ()),
        remove_tags=tuple(input.remove_tags or ()),
        subject=input.subject,
        pending_until=instant(input.pending_until),
    )
    ticket_id = uuid(input.ticket_id, "Ticket", "ticketId")
    return await info.context.once(
        input, handling.update, ticket_id, change, input.expected_version
    )


@strawberry.input(description="To another level, which has to take it.")
class EscalateTicketInput:
    ticket_id: strawberry.ID = told(TICKET)
    level_id: strawberry.ID = told("The level that is asked; it has to take tickets.")
    comment: str = told(COMMENT)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def escalate_ticket(info: Info, input: EscalateTicketInput) -> Ticket:
    return await info.context.once(
        input,
        handling.escalate,
        uuid(input.ticket_id, "Ticket", "ticketId"),
        uuid(input.level_id, "Level", "levelId"),
        input.comment,
        input.expected_version,
    )


@strawberry.input(description="Closed without a reply.")
class FinishTicketInput:
    ticket_id: strawberry.ID = told(TICKET)
    close_reason: CloseReason = told("Why it is closed; MERGED comes from merging only.")
    comment: str = told(COMMENT)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def finish_ticket(info: Info, input: FinishTicketInput) -> Ticket:
    return await info.context.once(
        input,
        handling.finish,
        uuid(input.ticket_id, "Ticket", "ticketId"),
        input.close_reason,
        input.comment,
        input.expected_version,
    )


@strawberry.input(description="The message that reopened a ticket was only a thank-you.")
class AcknowledgeInput:
    ticket_id: strawberry.ID = told(TICKET)
    occurrence_id: strawberry.ID = told("The message that reopened it.")
    idempotency_key: str | None = key()


async def acknowledge_occurrence(info: Info, input: AcknowledgeInput) -> Ticket:
    return await info.context.once(
        input,
        handling.acknowledge,
        uuid(input.ticket_id, "Ticket", "ticketId"),
        uuid(input.occurrence_id, "Occurrence", "occurrenceId"),
    )


@strawberry.input(description="Two tickets of one matter, made one.")
class MergeTicketsInput:
    source_id: strawberry.ID = told("The ticket that is closed as MERGED.")
    target_id: strawberry.ID = told("The ticket that takes over its messages and replies.")
    comment: str | None = told(COMMENT, default=None)
    across_publishers: bool = told(
        "Say true when the two have different publishers and it is meant.", default=False
    )
    idempotency_key: str | None = key()


async def merge_tickets(info: Info, input: MergeTicketsInput) -> Ticket:
    return await info.context.once(
        input,
        handling.merge,
        uuid(input.source_id, "Ticket", "sourceId"),
        uuid(input.target_id, "Ticket", "targetId"),
        input.comment,
        input.across_publishers,
    )


@strawberry.input(description="Out of every list; a manager's decision.")
class RemoveTicketInput:
    ticket_id: strawberry.ID = told(TICKET)
    reason: str = told("Why; kept in the history.")
    idempotency_key: str | None = key()


async def remove_ticket(info: Info, input: RemoveTicketInput) -> RemovedTicket:
    ticket_id = uuid(input.ticket_id, "Ticket", "ticketId")
    return await info.context.once(input, handling.remove, ticket_id, input.reason)
