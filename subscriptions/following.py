"""The feed, followed for one or for many: from a cursor, with today's rights, told when it tore."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from domain.position import BadCursor, Position, Stretch
from domain.rules.access import Permission
from feed import tail
from feed.standing import Joining
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


class Followed(Protocol):
    """A feed that somebody follows."""

    def news(self) -> AsyncGenerator[News, None]:
        """At once where it stands; then whatever happens."""
        ...


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
        standing = self.context.together.standing if self.context.together else None
        if standing is not None:
            standing.begin(self._follower)
        yield _tell(self.context, self._follower.seen, None, resync=self._torn)
        while True:
            if standing is not None:
                standing.settle()
            stretch = await self._follower.take(HEARTBEAT)
            if standing is not None:
                standing.take_up()
            me = self.context.me
            if stretch is not None and stretch.access_version != self._access_version:
                self._access_version = stretch.access_version
                if not await self.context.still(self._needs, stretch.access_version):
                    return
                if self.context.me.only_approves is not me.only_approves:
                    # What they may ask for at all is something else now, and was read before.
                    return
            await self.context.rest()
            # With other levels in sight the list is another one: no entry tells what came and went.
            resync = self.context.me.readable != me.readable
            resync = resync or (stretch is not None and stretch.truncated)
            yield _tell(self.context, self._follower.seen, stretch, resync=resync)


class CatchingUp:
    """What somebody has missed who joins a run for many, up to where that stands."""

    def __init__(self, context: Context, joining: Joining, after: str | None) -> None:
        self._context = context
        self._joining = joining
        self._after = after

    async def news(self) -> AsyncGenerator[News, None]:
        context, joining = self._context, self._joining
        place, torn = joining.place, False
        if place is None:
            place, torn = place_of(context, self._after)
        try:
            here = await joining.stand(place)
        except BadCursor:
            place, torn = None, True
            here = await joining.stand(None)
        missed = await self._missed(place, here) if place is not None else None
        await context.rest()
        if joining.place is None:
            yield _tell(context, place or here, None, resync=torn)
            await context.rest()
        if missed is not None and (missed.entries or missed.truncated or joining.resync):
            resync = joining.resync or missed.truncated
            yield _tell(context, here, missed, resync=resync)

    async def _missed(self, start: Position, end: Position) -> Stretch:
        if start.text == end.text:
            return Stretch((), end, 0)
        workspace = self._context.me.workspace_id
        missed = await self._context.services.tails.between(workspace, start, end)
        if missed.truncated or len(missed.entries) > tail.BACKLOG:
            return replace(missed, entries=(), truncated=True)
        return missed


def _tell(context: Context, at: Position, stretch: Stretch | None, *, resync: bool) -> News:
    cursor = context.services.cursors.write(context.me.workspace_id, at, context.now)
    return News(cursor, context.now, resync, stretch)


def own(context: Context, after: str | None) -> str | None:
    """The cursor that the caller goes on from: of those who are told together each has his own,
    and whoever was told already what comes before stands where he was."""
    together = context.together
    if together is not None and (together.joining is None or together.joining.place is not None):
        return None
    return after


def place_of(context: Context, after: str | None) -> tuple[Position | None, bool]:
    """Where a cursor stands, and whether it can be continued at all."""
    if after is None:
        return None, False
    try:
        read = context.services.cursors.read
        return read(context.me.workspace_id, after, context.now), False
    except BadCursor:
        return None, True


@asynccontextmanager
async def following(
    context: Context, after: str | None, needs: Permission = Permission.TICKETS_READ
) -> AsyncIterator[Followed]:
    """The feed behind a cursor, for as long as the caller has the right that it needs. A cursor
    that cannot be continued starts now, and says so."""
    actor = context.require(needs)
    after = own(context, after)
    if context.together is not None and context.together.joining is not None:
        yield CatchingUp(context, context.together.joining, after)
        return
    services = context.services
    position, torn = place_of(context, after)
    async with AsyncExitStack() as stack:
        try:
            following = services.tails.follow(actor.workspace_id, position)
            follower = await stack.enter_async_context(following)
        except BadCursor:
            torn, following = True, services.tails.follow(actor.workspace_id)
            follower = await stack.enter_async_context(following)
        yield Following(context, follower, needs, torn=torn)
