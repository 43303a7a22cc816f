"""Following the feed for one caller: from a cursor, with today's rights, told when it tore."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from domain.position import BadCursor, Stretch
from domain.rules.access import Permission
from feed.tail import Follower
from resolvers.context import Context

HEARTBEAT = 15.0
"""Seconds of silence after which a caller gets a fresh cursor and knows that we are there."""


@dataclass
class News:
    """What is to be told: a stretch of the feed, or that the list has to be read again."""

    cursor: str
    server_time: datetime
    resync: bool
    stretch: Stretch | None


class Following:
    def __init__(
        self, context: Context, follower: Follower, needs: Permission, *, torn: bool
    ) -> None:
        self.context = context
        self._needs = needs
        self._follower = follower
        self._torn = torn
        self._access_version: int | None = None

    async def news(self) -> AsyncGenerator[News, None]:
        """At once where it stands; then whatever happens, and a heartbeat. Ends with the rights."""
        yield self._tell(None, resync=self._torn)
        while True:
            stretch = await self._follower.take(HEARTBEAT)
            me = self.context.me
            if stretch is not None and stretch.access_version != self._access_version:
                self._access_version = stretch.access_version
                if not await self.context.still(self._needs):
                    return
                if self.context.me.only_approves is not me.only_approves:
                    # What they may ask for at all is something else now, and was read before.
                    return
            await self.context.rest()
            # With other levels in sight the list is another one: no entry tells what came and went.
            resync = self.context.me.readable != me.readable
            yield self._tell(stretch, resync=resync or (stretch is not None and stretch.truncated))

    def _tell(self, stretch: Stretch | None, *, resync: bool) -> News:
        moment = self.context.now
        workspace = self.context.me.workspace_id
        cursor = self.context.services.cursors.write(workspace, self._follower.seen, moment)
        return News(cursor, moment, resync, stretch)


@asynccontextmanager
async def following(
    context: Context, after: str | None, needs: Permission = Permission.TICKETS_READ
) -> AsyncIterator[Following]:
    """The feed behind a cursor, for as long as the caller has the right that it needs. A cursor
    that cannot be continued starts now, and says so."""
    actor = context.require(needs)
    services = context.services
    torn, position = False, None
    if after is not None:
        try:
            position = services.cursors.read(actor.workspace_id, after, context.now)
        except BadCursor:
            torn = True
    async with AsyncExitStack() as stack:
        try:
            following = services.tails.follow(actor.workspace_id, position)
            follower = await stack.enter_async_context(following)
        except BadCursor:
            torn, following = True, services.tails.follow(actor.workspace_id)
            follower = await stack.enter_async_context(following)
        yield Following(context, follower, needs, torn=torn)
