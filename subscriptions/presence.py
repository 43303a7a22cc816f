"""A ticket, watched: who is there, whenever it is somebody else or they do something else."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, cast
from uuid import UUID

import strawberry

from domain.rules.access import Permission
from domain.rules.presence import Viewer
from resolvers.context import Info
from resolvers.ids import Gid

NO_TICKET = UUID(int=0)


async def viewers(
    info: Info,
    ticket_id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's id.")],
) -> AsyncGenerator[Sequence[Viewer], None]:
    """Read by the caller's own rights each time; a ticket that may not be seen has nobody at it."""
    context, gid = info.context, cast("Gid", ticket_id)
    workspace = context.require(Permission.TICKETS_READ).workspace_id
    ticket = gid.uuid if gid.kind == "Ticket" else NO_TICKET
    version: int | None = None
    told: Sequence[Viewer] | None = None
    async with context.services.lookout.at(workspace, ticket) as watch:
        while True:
            number = watch.number
            if watch.access_version != version:
                version = watch.access_version
                if not await context.still(Permission.TICKETS_READ, version):
                    return
            await context.rest()
            found = await context.loaders.viewers(ticket) or []
            if found != told:
                told = found
                yield found
            # Waiting holds no snapshot.
            await context.rest()
            await watch.after(number)
