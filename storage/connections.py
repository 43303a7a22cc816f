"""A few connections that only read: whichever was used last is used next.

The driver's own pool makes a task of giving one back, and costs three times what asking does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
# The last is said of a connection that heard its server's farewell, and not yet that it is closed.
BROKEN = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    asyncpg.InternalClientError,
)
"""What the driver raises when a statement failed, or there was nobody to ask."""
IDLE = 60.0
"""Seconds after which one that nobody asked is given up: what is between may have forgotten it."""


class Connections:
    """At most so many at once; whoever comes when all are in use waits for their turn.

    TimeoutError when it takes longer than it may, the waiting included.
    """

    def __init__(self, size: int, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._size = size
        self._connect = connect
        self._open = 0
        self._free: list[tuple[Connection, float]] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def rows(
        self, statement: str, values: Sequence[Any], seconds: float
    ) -> Sequence[asyncpg.Record]:
        loop = asyncio.get_running_loop()
        connection = self._at_hand(loop.time())
        if connection is None:
            ends = loop.time() + seconds
            async with asyncio.timeout(seconds):
                connection = await self._waited_for()
            seconds = ends - loop.time()
        well = False
        try:
            found: Sequence[asyncpg.Record] = await connection.fetch(
                statement, *values, timeout=seconds
            )
            well = True
            return found
        except asyncpg.PostgresError:
            well = True  # the statement failed, and not the connection
            raise
        finally:
            if well:
                self._give_back(connection)
            else:
                self._give_up(connection)

    @asynccontextmanager
    async def together(self, seconds: float) -> AsyncIterator[Connection]:
        """One of them for what is asked together, of one snapshot, until the block ends."""
        async with asyncio.timeout(seconds):
            now = asyncio.get_running_loop().time()
            connection = self._at_hand(now) or await self._waited_for()
            well = False
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield connection
                well = True
            except Exception as error:
                well = not isinstance(error, asyncpg.InterfaceError | OSError)
                raise
            finally:
                if well:
                    self._give_back(connection)
                else:
                    self._give_up(connection)

    async def close(self, seconds: float) -> None:
        """Those that are in use end when they are given back."""
        self._closed = True
        free, self._free = self._free, []
        try:
            async with asyncio.timeout(seconds):
                for connection, _ in free:
                    await connection.close()
        except TimeoutError:
            for connection, _ in free:
                connection.terminate()

    def _at_hand(self, now: float) -> "Connection | None":
        while self._free:
            connection, since = self._free.pop()
            if now - since < IDLE and not connection.is_closed():
                return connection
            self._give_up(connection)
        return None

    async def _waited_for(self) -> Connection:
        while self._open >= self._size:
            turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                connection = await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    # It was given in the moment in which nobody wanted it any more.
                    given = turn.result()
                    if given is None:
                        self._let_next(None)
                    else:
                        self._give_back(given)
                raise
            if connection is not None:
                return connection
        if self._closed:
            raise asyncpg.InterfaceError("closed")
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._let_next(None)
            raise

    def _give_back(self, connection: Connection) -> None:
        if self._closed or connection.is_closed():
            self._give_up(connection)
        elif not self._let_next(connection):
            now = asyncio.get_running_loop().time()
            self._free.append((connection, now))
            if now - self._free[0][1] > IDLE:
                self._give_up(self._free.pop(0)[0])

    def _give_up(self, connection: Connection) -> None:
        connection.terminate()
        self._open -= 1
        self._let_next(None)

    def _let_next(self, connection: "Connection | None") -> bool:
        """Whoever waits longest has this one, or room for one of their own."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False
