"""Receipts on their way: for each ticket that a message opened, where its level wants one.

They leave as every reply does, through the queue; nobody wrote them, so they meet no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.errors import Refusal
from domain.model.account import Account
from domain.model.calendar import Calendar
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.workspace import Workspace
from domain.rules import capability, receipts
from domain.rules.calendar import calendar_of
from domain.rules.capability import Answered
from domain.words import Locale, Network, OccurrenceKind, Visibility
from domain.work import Work

SOFTWARE = "Guichê"
BY_ITSELF = frozenset({Network.SANDBOX})
"""Networks that an account needs no connection to write on."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket, and what it was opened by."""

    ticket: Ticket
    occurrence: Occurrence
    level: Level
    account: Account
    name: str
    """What its publisher is called."""


async def send(work: Work, opened: Sequence[Opened]) -> None:
    """A receipt for each whose level wants one and whose network can carry it."""
    wanted = [each for each in opened if each.level.sends_receipts and _reaches(each.account)]
    if not wanted:
        return
    workspace = await work.workspace()
    calendars = await work.calendars.find({each.level.calendar_id for each in wanted})
    written: list[Reply] = []
    for each in wanted:
        text = _text(work, workspace, calendars, each)
        visibility = _carried(work, each, text)
        if visibility is None:
            continue
        reply = Reply.of(
            workspace_id=each.ticket.workspace_id,
            ticket_id=each.ticket.id,
            author_id=None,
            visibility=visibility,
            text=text,
            now=work.now,
            account_id=each.account.id,
            answers_id=each.occurrence.id,
            automated=True,
        )
        reply.release(work.now)
        written.append(reply)
        facts = each.ticket.send(reply.id, now=work.now, automated=True)
        work.record(each.ticket, *facts, actor_name=SOFTWARE)
    await work.replies.put(written)


def _reaches(account: Account) -> bool:
    """Nothing is queued that could only fail."""
    return account.enabled and (account.connected or account.network in BY_ITSELF)


def _text(
    work: Work, workspace: Workspace, calendars: Mapping[UUID, Calendar], opened: Opened
) -> str:
    zone, locale = ZoneInfo(workspace.time_zone), Locale(workspace.locale)
    calendar = calendars.get(opened.level.calendar_id)
    hours = calendar_of(calendar.hours) if calendar else None
    opens = hours.next_opening(work.now) if hours and not hours.is_open(work.now) else None
    return receipts.written(
        opened.level.receipt_text,
        locale,
        publisher=opened.name,
        protocol=opened.ticket.protocol,
        at=work.now.astimezone(zone),
        company=workspace.name,
        opens=opens.astimezone(zone) if opens else None,
    )


def _carried(work: Work, opened: Opened, text: str) -> Visibility | None:
    """How the network takes it, as a reply to that message; nothing where it does not."""
    network, occurrence = opened.account.network, opened.occurrence
    able = work.channels.capability(network)
    in_private = occurrence.kind is OccurrenceKind.DIRECT_MESSAGE
    answered = Answered(occurrence.kind, occurrence.occurred_at if in_private else None)
    for visibility in receipts.visibilities(OccurrenceKind(occurrence.kind)):
        try:
            capability.check(able, network, visibility, text)
            capability.reach(able, network, visibility, answered, work.now)
        except Refusal:
            continue
        return visibility
    return None
