"""Pictures of the same thing, made once for all who look: a wall of figures, a countdown.

A board follows its workspace's feed, makes its picture anew when something happened or when its
time has come, and leaves it where everybody finds the latest. Whoever is slow sees fewer pictures,
never old ones, and nothing piles up. A board lives as long as somebody looks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog

from feed.tail import Tails

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
log = structlog.get_logger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class Painter(Protocol[T_co]):
    """How a board makes its pictures."""

    async def look(self, *, news: bool) -> None:
        """Read what is there now, where something happened or time made it another."""

    def paint(self) -> T_co | None:
        """The picture at this moment; None when it is the one that hangs already."""

    def rest(self) -> float:
        """Seconds until time alone makes another picture."""

    @property
    def between(self) -> float:
        """Seconds between two pictures, however much happens."""


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """A picture, where it stands in the row of them, and what rights were at when it was made."""

    picture: T
    number: int
    access_version: int


class Board(Generic[T]):
    def __init__(self, workspace_id: UUID, painter: Painter[T], tails: Tails) -> None:
        self.lookers = 0
        self._workspace_id = workspace_id
        self._painter = painter
        self._tails = tails
        self._shown: Shown[T] | None = None
        self._changed = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._task = asyncio.create_task(self._run(), name=f"board:{workspace_id}")

    async def after(self, number: int) -> Shown[T]:
        """The latest picture, once there is one behind that number."""
        while self._shown is None or self._shown.number <= number:
            await self._changed.wait()
        return self._shown

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._paint_on()
            except Exception as error:
                # The store may be away for a while; what hangs there stays until it is back.
                pause = self._pause
                log.warning("board.unpainted", error=type(error).__name__, retry_in=pause)
                await asyncio.sleep(pause)
                self._pause = min(pause * 2, LONGEST_PAUSE)

    async def _paint_on(self) -> None:
        painter, clock = self._painter, asyncio.get_running_loop().time
        async with self._tails.follow(self._workspace_id, entries=False) as follower:
            # Listening comes before looking, so that nothing happens in between.
            await painter.look(news=True)
            version = follower.access_version or 0
            self._hang(painter.paint(), version)
            self._pause = FIRST_PAUSE
            painted = clock()
            while True:
                news = await follower.take(painter.rest())
                if news is not None:
                    version = news.access_version
                    self._hang(None, version)
                    # What happens in quick succession is one picture.
                    await asyncio.sleep(max(painted + painter.between - clock(), 0))
                await painter.look(news=news is not None)
                self._hang(painter.paint(), version)
                painted = clock()

    def _hang(self, picture: T | None, version: int) -> None:
        """A new picture; or the same once more, for all to look who they are now."""
        before = self._shown
        if picture is None and before is not None and before.access_version != version:
            picture = before.picture
        if picture is None:
            return
        self._shown = Shown(picture, before.number + 1 if before else 1, version)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Boards:
    """The boards of this process: one for each thing that somebody looks at."""

    def __init__(self, tails: Tails) -> None:
        self._tails = tails
        self._boards: dict[Hashable, Board[Any]] = {}

    @asynccontextmanager
    async def before(
        self, key: Hashable, workspace_id: UUID, painter: Callable[[], Painter[T]]
    ) -> AsyncIterator[Board[T]]:
        """Stand before the board of that key, made by the first who comes."""
        board: Board[T] = self._boards.get(key) or Board(workspace_id, painter(), self._tails)
        self._boards[key] = board
        board.lookers += 1
        try:
            yield board
        finally:
            board.lookers -= 1
            if not board.lookers and self._boards.get(key) is board:
                del self._boards[key]
                await board.stop()

    async def close(self) -> None:
        for board in list(self._boards.values()):
            await board.stop()
        self._boards.clear()
