"""Who is at a ticket, and how one says that one is."""

from collections.abc import Awaitable, Sequence

import strawberry

from domain.answers import Attended
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import attending
from domain.rules.presence import Viewer
from domain.words import PresenceMode
from resolvers.context import Info
from resolvers.inputs import told, uuid

Row = strawberry.Parent[Ticket]
Seen = strawberry.Parent[Viewer]


@strawberry.input(description="That the caller is at a ticket.")
class PresenceInput:
    ticket_id: strawberry.ID = told("The ticket that is looked at.")
    mode: PresenceMode = told(
        "VIEWING holds for 30 seconds: say it again every 10 to 15. TYPING, which needs the right "
        "to handle the ticket, is VIEWING again after 8: say it every 3 while somebody types."
    )
    gone: bool = told("true: the caller has left, and `mode` does not matter.", default=False)


async def touch_presence(info: Info, input: PresenceInput) -> Attended:
    ticket_id = uuid(input.ticket_id, "Ticket", "ticketId")
    return await info.context.do(attending.touch, ticket_id, input.mode, gone=input.gone)


def viewers(ticket: Row, info: Info) -> Awaitable[Sequence[Viewer] | None]:
    return info.context.loaders.viewers(ticket.id)


def viewer_user(viewer: Seen, info: Info) -> Awaitable[User | None]:
    return info.context.loaders.user(viewer.user_id)
