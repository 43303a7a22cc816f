"""Telephone calls, recorded by whoever made or took them.

A call is something that happened, not a message: whoever records it says what the ticket becomes.
So a case that came from anywhere can be solved by telephone (B8), and its history says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.answers import Called
from domain.errors import Invalid
from domain.events import CallRecorded, Fact
from domain.model.call import Call
from domain.operations import handling, sealing
from domain.rules import checking, contacts, masking
from domain.rules.wording import TEXT_LENGTH
from domain.words import CallDirection, CallOutcome, CloseReason, FieldKind, TicketStatus
from domain.work import Work

LONGEST = 24 * 60 * 60
SPOKEN = frozenset({CallOutcome.ANSWERED, CallOutcome.VOICEMAIL, CallOutcome.DROPPED})
"""Calls in which somebody, or a machine, was spoken to."""


@dataclass(frozen=True, kw_only=True)
class CallForm:
    ticket_id: UUID
    direction: CallDirection
    outcome: CallOutcome
    seconds: int
    text: str
    number: str | None = None
    started_at: datetime | None = None
    status: TicketStatus | None = None
    close_reason: CloseReason | None = None
    expected_version: int | None = None


async def record(work: Work, form: CallForm) -> Called:
    """The call, and the ticket after it."""
    ticket = await handling.handled(work, form.ticket_id, form.expected_version)
    said = checking.text(form.text, ["text"], TEXT_LENGTH)
    if not 0 <= form.seconds <= LONGEST:
        raise Invalid("call_length", field=["seconds"], most=LONGEST)
    if form.seconds and form.outcome not in SPOKEN:
        raise Invalid("call_not_spoken", field=["seconds"], outcome=form.outcome.value)
    number = contacts.phone(form.number, ["number"]) if form.number else None
    started_at = _started(form, work.now)

    call = Call(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        direction=form.direction,
        outcome=form.outcome,
        number=masking.phone(number) if number else None,
        seconds=form.seconds,
        started_at=started_at,
        recorded_at=work.now,
        recorded_by_id=work.actor.user_id,
    )
    facts: list[Fact] = [CallRecorded(became=call.spoken, became_id=call.id)]
    if form.status is not None and form.status is not ticket.status:
        facts.append(
            ticket.change_status(form.status, now=work.now, close_reason=form.close_reason)
        )
    elif form.close_reason is not None:
        raise Invalid("close_reason_alone", field=["closeReason"])
    else:
        facts += ticket.touch()
    if number is not None:
        await _remember(work, ticket.publisher_id, number)
    await work.calls.put(call)
    work.record(ticket, *facts, comment=said)
    return Called(call, ticket)


def _started(form: CallForm, now: datetime) -> datetime:
    """When it was, as far as was said: it ended before it was recorded."""
    ended = timedelta(seconds=form.seconds)
    return checking.happened(form.started_at or now - ended, now, ["startedAt"])


async def _remember(work: Work, publisher_id: UUID, number: str) -> None:
    """The first number that is known of somebody is kept; people correct it, calls do not."""
    publisher = await work.publishers.take(publisher_id)
    if publisher.sealed(FieldKind.PHONE) is None:
        sealing.keep(work.secrets, publisher, FieldKind.PHONE, number)
