"""Telephone calls: recorded by a mutation, and shown where their histories are."""

from datetime import datetime

import strawberry

from domain.answers import Called
from domain.model.call import Call
from domain.model.entry import HistoryEntry
from domain.model.user import User
from domain.operations import calling
from domain.operations.calling import CallForm
from domain.words import CallDirection, CallOutcome, CloseReason, HistoryKind, TicketStatus
from resolvers.context import Info
from resolvers.inputs import VERSION, instant, key, told, uuid


@strawberry.input(description="A telephone call that was made or taken.")
class RecordCallInput:
    ticket_id: strawberry.ID = told("The ticket it was about.")
    direction: CallDirection = told("Who called whom.")
    outcome: CallOutcome = told("How it ended.")
    seconds: int = told("How long it was spoken; 0 where nobody was there. At most a day.")
    text: str = told("What was said, at most 40,000 characters; the publisher does not see it.")
    number: str | None = told(
        "The publisher's number. Shown covered; kept with them where none is known.", default=None
    )
    started_at: datetime | None = told(
        "When it began; when not said, so that it ends now.", default=None
    )
    status: TicketStatus | None = told(
        "What the ticket becomes, such as RESOLVED where the call solved it.", default=None
    )
    close_reason: CloseReason | None = told("With CLOSED: why.", default=None)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def record_call(info: Info, input: RecordCallInput) -> Called:
    form = CallForm(
        ticket_id=uuid(input.ticket_id, "Ticket", "ticketId"),
        direction=input.direction,
        outcome=input.outcome,
        seconds=input.seconds,
        text=input.text,
        number=input.number,
        started_at=instant(input.started_at),
        status=input.status,
        close_reason=input.close_reason,
        expected_version=input.expected_version,
    )
    return await info.context.once(input, calling.record, form)


async def entry_call(entry: strawberry.Parent[HistoryEntry], info: Info) -> Call | None:
    if entry.kind is not HistoryKind.CALL_RECORDED or entry.became_id is None:
        return None
    return await info.context.loaders.call(entry.became_id)


async def recorded_by(call: strawberry.Parent[Call], info: Info) -> User | None:
    return await info.context.loaders.user(call.recorded_by_id) if call.recorded_by_id else None
