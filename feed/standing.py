"""How far a subscription that is run once for many has come, and how others come into it.

Whoever joins is first told what lies between his own place and where the run stands, and from then
on what all are told. The run stands still only between two stretches: while one is being told,
nobody joins.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.position import BadCursor, Position
from feed.tail import Follower


class Standing:
    """Where one run stands in the feed; nowhere, where it tells whole pictures."""

    def __init__(self) -> None:
        self._follower: Follower | None = None
        self._told: Position | None = None
        self._telling: Position | None = None
        self._partly = False
        self._moved = asyncio.Event()
        self.in_parts = False
        """A stretch is told in several messages."""

    @property
    def begun(self) -> bool:
        return self._follower is not None

    @property
    def version(self) -> int | None:
        """What rights are at, as far as the feed was read."""
        return self._follower.tail.access_version if self._follower is not None else None

    @property
    def still(self) -> bool:
        """Whether somebody can join at this moment: no stretch is told in part."""
        return self.begun and not self._partly

    @property
    def at(self) -> Position:
        """Everything up to here has been told, or was nothing to tell."""
        assert self._follower is not None, "asked before it has begun"
        told = self._told or self._follower.seen
        if self._telling is not None or self._follower.waits:
            return told
        read = self._follower.tail.position
        return read if read.not_before(told) else told

    @property
    def told(self) -> Position:
        """As far as everything has been told to those who are told; told again is what lies behind
        it, if one stretch takes several messages and they have got only some."""
        if self._partly and not self.in_parts and self._telling is not None:
            return self._telling
        return self.at

    def begin(self, follower: Follower) -> None:
        self._follower = follower
        self.take_up()

    def take_up(self) -> None:
        """What the follower has taken is going to be told."""
        assert self._follower is not None
        self._telling = self._follower.seen

    def hand_out(self) -> None:
        """A message goes out to all."""
        self._partly = self._follower is not None

    def settle(self) -> None:
        """All of it has been told."""
        if self._telling is not None:
            self._told, self._telling = self._telling, None
        self._partly = False
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def reach(self, position: Position | None) -> None:
        """Returns when somebody who has seen that much (None: what there is now) can join.

        BadCursor where nobody can have seen it.
        """
        assert self._follower is not None, "asked before it has begun"
        tail = self._follower.tail
        if position is None:
            await tail.look()
            position = tail.position
        elif position.is_snapshot is not tail.position.is_snapshot:
            raise BadCursor
        elif not tail.position.not_before(position):
            await tail.look()
            if not tail.position.not_before(position):
                raise BadCursor
        while not self.still or not self.at.not_before(position):
            await self._moved.wait()


@dataclass(frozen=True)
class Joining:
    """Somebody comes into a run for many: from his own cursor, or from where he stood before."""

    stand: Callable[[Position | None], Awaitable[Position]]
    """Takes him in, and says where those stand whom he joins; BadCursor where he cannot."""
    place: Position | None = None
    """Where he stood; he knows already that he follows."""
    resync: bool = False
    """What he may see has changed, so that the list is another one."""


@dataclass(frozen=True)
class Together:
    """A run for many."""

    standing: Standing
    same: Callable[[int | None], Awaitable[None]]
    """Returns when everybody is gone whose rights, as they are at that version, are others."""
    joining: Joining | None = None
    """Set: it only tells somebody who comes later what he has missed."""
