"""Equal subscriptions, run once: the same bytes to every member, with its own operation id.

A group is what those share who sent the same document and variables and have the same rights. It
keeps only its latest message: whoever is slow misses some, holds nobody up and lets nothing pile
up. When anybody's rights change the group ends, and each comes again as who he is then.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

Tell = Callable[[bytes], None]
"""Hands a payload, ready to be sent, to everybody in the group."""
Run = Callable[[Tell], Awaitable[list[Any] | None]]
"""Runs the subscription to its end; what was wrong with it, if it was refused."""


class Over(Exception):
    """The group has ended; join again."""


@dataclass(frozen=True, slots=True)
class Told:
    """The latest payload, and where it stands in the row of them."""

    payload: bytes
    number: int


class Group:
    def __init__(self, run: Run) -> None:
        self.members = 0
        self.refused: list[Any] | None = None
        self._spoke_at: float | None = None
        self._latest: Told | None = None
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run(run))

    @property
    def over(self) -> bool:
        return self._task.done()

    @property
    def spoke(self) -> bool:
        return self._latest is not None

    def spoke_before(self, moment: float) -> bool:
        """Whether its first payload came before that moment of the loop's clock."""
        return self._spoke_at is not None and self._spoke_at < moment

    async def after(self, number: int) -> Told:
        """The latest payload, once there is one behind that number; Over when none will come."""
        while self._latest is None or self._latest.number <= number:
            if self.over:
                raise Over
            await self._news.wait()
        return self._latest

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, run: Run) -> None:
        try:
            self.refused = await run(self._tell)
        finally:
            # Those who wait look once more, and find it over as soon as this task is done.
            asyncio.get_running_loop().call_soon(self._wake)

    def _tell(self, payload: bytes) -> None:
        if self._spoke_at is None:
            self._spoke_at = asyncio.get_running_loop().time()
        self._latest = Told(payload, self._latest.number + 1 if self._latest else 1)
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Groups:
    """The groups of this process."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group] = {}

    def sizes(self) -> list[int]:
        """How many members each has."""
        return [each.members for each in list(self._groups.values())]

    @asynccontextmanager
    async def joined(self, key: Hashable, begin: Callable[[], Run]) -> AsyncIterator[Group]:
        """A member of the group of that key, which the first who comes begins."""
        group = self._groups.get(key)
        if group is None or group.over:
            group = self._groups[key] = Group(begin())
        group.members += 1
        try:
            yield group
        finally:
            group.members -= 1
            if not group.members:
                if self._groups.get(key) is group:
                    del self._groups[key]
                await group.stop()
