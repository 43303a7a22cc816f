"""A ticket opened by hand: for whoever called, came by, or wrote where we do not listen."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.errors import CommentRequired, Forbidden, NotFound
from domain.model.account import TicketType
from domain.model.level import Level
from domain.model.publisher import Profile, Publisher
from domain.model.ticket import Ticket
from domain.operations import assigning, sealing
from domain.post import Author
from domain.rules import checking, contacts, masking
from domain.rules.wording import SUBJECT_MOST
from domain.words import FieldKind, Network, Priority, TicketOrigin, TicketStatus
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class Opening:
    level_id: UUID
    subject: str
    comment: str
    publisher_id: UUID | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    priority: Priority | None = None
    status: TicketStatus | None = None
    type_id: UUID | None = None
    assignee_id: UUID | None = None
    network: Network | None = None
    occurred_at: datetime | None = None


async def open_ticket(work: Work, asked: Opening) -> Ticket:
    """A new ticket with a protocol; the comment says why it was opened.

    It carries no grouping key, so one publisher may have several cases side by side. Nothing about
    the customer is required: nobody is turned away for not giving data.
    """
    level, ticket_type = await _level(work, asked), await _type(work, asked)
    comment = checking.comment(asked.comment)
    if comment is None:
        raise CommentRequired("comment_required", field=["comment"])
    subject = checking.text(asked.subject, ["subject"], SUBJECT_MOST)
    occurred_at = asked.occurred_at or work.now
    network = asked.network or (Network.EMAIL if asked.customer_email else Network.PHONE)
    publisher, profile = await _publisher(work, asked, network)

    today = (await work.workspace()).day_of(work.now)
    [protocol] = await work.tickets.protocols(today, 1)
    ticket, opened = Ticket.open(
        protocol=protocol,
        level=level,
        publisher=publisher,
        handle=profile.spoken if profile else None,
        network=network,
        text=comment,
        subject=subject,
        origin=TicketOrigin.MANUAL if work.actor.user_id else TicketOrigin.API,
        occurred_at=checking.happened(occurred_at, work.now, ["occurredAt"]),
        now=work.now,
        opened_by_id=work.actor.user_id,
        priority=asked.priority,
        status=asked.status or TicketStatus.NEW,
        ticket_type=ticket_type,
    )
    facts = [opened]
    if asked.assignee_id:
        facts.append(ticket.assign(None, await assigning.member(work, level.id, asked.assignee_id)))
    work.record(ticket, *facts, comment=comment)
    await work.tickets.put([ticket])
    return ticket


async def _level(work: Work, asked: Opening) -> Level:
    found = await work.levels.find([asked.level_id])
    if asked.level_id not in found:
        raise NotFound("not_found", field=["levelId"], thing="level")
    level = found[asked.level_id]
    if not work.actor.handles(level.id):
        raise Forbidden("not_a_member", field=["levelId"])
    level.must_receive("levelId")
    return level


async def _type(work: Work, asked: Opening) -> TicketType | None:
    if asked.type_id is None:
        return None
    found = (await work.ticket_types.find([asked.type_id])).get(asked.type_id)
    if found is None or not found.active:
        raise NotFound("not_found", field=["typeId"], thing="ticket type")
    return found


async def _publisher(
    work: Work, asked: Opening, network: Network
) -> tuple[Publisher, Profile | None]:
    if asked.publisher_id is not None:
        try:
            # Held: a case of theirs goes where they go, should somebody merge them now.
            found = await work.publishers.take(asked.publisher_id)
        except NotFound as missing:
            raise missing.within(["publisherId"]) from None
        return found, await _profile(work, found)

    email = asked.customer_email and contacts.email(asked.customer_email, ["customerEmail"])
    given = asked.customer_name or (masking.email(email) if email else None)
    name = checking.name(given or "Cliente", ["customerName"], 200)
    if email:
        fingerprint = work.secrets.fingerprint(work.actor.workspace_id, FieldKind.EMAIL, email)
        known = await work.publishers.known_by_email(email, fingerprint)
        if known is not None:
            return known, await _profile(work, known)
    # Whoever is known behind the wall is not: nothing may tell that they are. So no profile is
    # made here, which would be theirs there; who writes from this address gets it then.
    person = await work.publishers.welcome(Author(external_id="", name=name))
    if email:
        sealing.keep(work.secrets, person, FieldKind.EMAIL, email)
    return person, None


async def _profile(work: Work, publisher: Publisher) -> Profile | None:
    profiles = (await work.publishers.profiles([publisher.id]))[publisher.id]
    return profiles[0] if profiles else None
