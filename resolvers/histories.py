"""Histories for consumers: asked for by whoever handles a ticket, by partners, and on the page."""

from hashlib import sha256
from uuid import UUID

import strawberry
import structlog

from domain.answers import HistoryAsked
from domain.errors import Invalid
from domain.histories import Asking, History, Printed
from domain.model.ticket import Ticket
from domain.operations import recounting
from domain.rules import access
from domain.rules.access import Actor, Permission
from domain.words import HistoryMeans, Locale
from resolvers import tracking
from resolvers.context import Context, Info
from resolvers.inputs import VERSION, key, told, uuid

log = structlog.get_logger(__name__)
Row = strawberry.Parent[HistoryAsked]


@strawberry.input(description="The history of a case that its consumer asked for.")
class RequestHistoryInput:
    means: HistoryMeans = told("How they want to get it.")
    ticket_id: strawberry.ID | None = told("The ticket; or `protocol`.", default=None)
    protocol: str | None = told("Its protocol number; or `ticketId`.", default=None)
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def request(info: Info, input: RequestHistoryInput) -> HistoryAsked:
    context, me = info.context, info.context.me
    if tracking.partner_of(context) is not None:
        await context.services.throttle.partner_looks_up(str(me.id))
    if (input.ticket_id is None) is (input.protocol is None):
        raise Invalid("history_one_of", field=["ticketId"])
    ticket_id: UUID = uuid(input.ticket_id, "Ticket", "ticketId")
    if input.protocol is not None:
        async with context.services.store.reading(me) as work:
            ticket_id = await recounting.find(work, input.protocol)
    asked = Asking(ticket_id=ticket_id, means=input.means, expected_version=input.expected_version)
    printed = await _printed(context, me, asked)
    done = await context.once(input, recounting.request, asked, printed)
    _note(done)
    return done


async def ask(
    context: Context, protocol: str, kept: str, means: HistoryMeans
) -> HistoryAsked | None:
    """The same for whoever has a pass, in the language of the page; nothing, where it is over."""
    tracked = await tracking.find(context, protocol, kept)
    if tracked is None or tracked.removed_at is not None:
        return None
    await context.services.throttle.answers(tracked.protocol)
    house = access.system(tracked.workspace_id)
    asked = Asking(
        ticket_id=tracked.ticket_id, means=means, locale=context.locale, by_consumer=True
    )
    printed = await _printed(context, house, asked)
    done = await context.do_as(house, recounting.request, asked, printed)
    _note(done)
    return done


async def look(context: Context, protocol: str, kept: str) -> History | None:
    """What it says, to whoever has a pass."""
    tracked = await tracking.find(context, protocol, kept)
    if tracked is None or tracked.removed_at is not None:
        return None
    async with context.services.store.reading(access.system(tracked.workspace_id)) as work:
        return await recounting.told(work, tracked)


async def _printed(context: Context, actor: Actor, asked: Asking) -> Printed | None:
    """The document, made while nothing is held; none, where what was asked for is on its way."""
    async with context.services.store.reading(actor) as work:
        found = await recounting.to_print(work, asked.ticket_id)
    if found is None:
        return None
    publisher_id, history, usual = found
    locale = asked.locale or usual
    data = await context.services.printer.print(history, locale)
    digest = sha256(data).hexdigest()
    return Printed(asked.ticket_id, publisher_id, Locale(locale), data, digest)


def _note(done: HistoryAsked) -> None:
    log.info("history.requested", reply=str(done.reply.id), means=done.means)


async def ticket(asked: Row, info: Info) -> Ticket | None:
    """Nothing to partners, who are told of protocols and not of tickets."""
    if not info.context.me.can(Permission.TICKETS_READ):
        return None
    return await info.context.loaders.ticket(asked.ticket.id)
