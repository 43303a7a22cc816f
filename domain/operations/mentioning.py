"""Whom a note speaks to, of those who may read it."""

from uuid import UUID

from domain.model.ticket import Ticket
from domain.rules import mentions
from domain.rules.mentions import Named
from domain.work import Work


async def mentioned(work: Work, ticket: Ticket, text: str) -> list[UUID]:
    """The colleagues named in it. Whoever does not see the ticket is not spoken to."""
    if "@" not in text:
        return []
    people = await work.users.who_see(ticket.level_id)
    return mentions.mentioned(text, [Named(each.id, each.name, each.email) for each in people])
