"""Those who come into a group together: from the same place, told the same.

They are first told what they missed, by a run of their own that ends where the group stands, and
from then on what all are told.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from domain.position import Position
from feed.standing import Joining, Standing, Together
from server.graphql_errors import OperationContext
from server.graphql_members import Asked, Audience, Coming, Member

FRESH = 0.1
"""Seconds for which what one was told who joined is told to the next with the same cursor."""

Run = Callable[
    [Asked, OperationContext, Callable[[bytes], None]], Awaitable[list[dict[str, Any]] | None]
]
"""Runs what is asked to its end, handing out each payload; what was wrong, if it was refused."""


class Host(Protocol):
    """The group that they come into."""

    run: Run
    audience: Audience
    standing: Standing
    members: dict[Member, None]

    def leave(self, member: Member) -> None: ...
    def come_again(self, member: Member) -> None: ...
    def dismiss(self, party: "Party") -> None: ...
    def gone_in(self, party: "Party", seconds: float) -> None: ...


class Party:
    """Those who come into a group together: from the same place, told the same."""

    def __init__(self, group: Host, coming: Coming) -> None:
        self.members: dict[Member, None] = {}
        self._group = group
        self._coming = coming
        self._told: list[bytes] = []
        self._place: Position | None = None
        self._over = False
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self.task = asyncio.create_task(self._run())

    @property
    def open(self) -> bool:
        """Whether one more can come along."""
        if self._place is None:
            return not self._over
        standing = self._group.standing
        return (
            standing.still
            and standing.at.text == self._place.text
            and self._clock() - self._began < FRESH
        )

    def add(self, member: Member) -> None:
        if self._place is None:
            self.members[member] = None
        elif self._over:
            member.joining = None
            self._group.members[member] = None
            for payload in self._told:
                member.write(payload)
        else:
            self.members[member] = None
            self._take_in(member)

    def leave(self, member: Member) -> None:
        """When nobody is left to be told, it ends; whoever comes then begins anew."""
        if member in self.members:
            del self.members[member]
            if not self.members and not self._over:
                self._over = True
                self._group.dismiss(self)

    def _take_in(self, member: Member) -> None:
        member.held = []
        self._group.members[member] = None

    async def _stand(self, position: Position | None) -> Position:
        standing = self._group.standing
        while True:
            await standing.reach(position)
            position, version = position or standing.at, standing.version
            # Nobody is told of anything that came after a change of his rights without them.
            await self._group.audience.same(version)
            if standing.version == version and standing.still and standing.at.not_before(position):
                break
        # No await from here on: whoever is taken in stands where the group stands.
        self._place = standing.at
        for member in self.members:
            self._take_in(member)
        return self._place

    async def _run(self) -> None:
        group, coming = self._group, self._coming
        joining = Joining(self._stand, coming.place, coming.resync)
        together = Together(group.standing, group.audience.same, joining)
        context = group.audience.context(together)
        refused = await group.run(coming.asked, context, self._told.append)
        self._over = True
        members, self.members = list(self.members), {}
        for member in members:
            if refused is not None or self._place is None:
                group.leave(member)
                member.handset.finish(member, coming.asked, refused)
                continue
            held, member.held, member.joining = member.held or [], None, None
            late, member.missed = member.missed, None
            # However slow he is: there is not much of it, and it is exactly what he has missed.
            for payload in (*self._told, *held):
                member.write(payload)
            if late is not None and member.missed is None:
                member.missed = late
                group.come_again(member)
        group.gone_in(self, FRESH)
