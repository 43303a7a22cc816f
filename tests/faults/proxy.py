"""A line between clients and servers that is cut, stalled and slowed as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

PIECE = 16_384


@dataclass
class Proxy:
    """Whoever connects to `url` reaches one of the targets, by chance."""

    targets: Sequence[str]
    chance: Random
    url: str = ""
    cut_within: int | None = None
    """Each connection made from now on is cut after so many bytes of answers at most."""
    deaf: bool = False
    """What clients send arrives, and they are cut instead of being answered."""
    delay: float = 0.0
    """Seconds that every piece is on its way, each direction."""
    cuts: int = 0
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def stall(self) -> None:
        """Connections stay open, and nothing passes."""
        self._flowing.clear()

    def go_on(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """Every connection breaks off, without a word."""
        for each in self._open:
            each.transport.abort()
        self.cuts += len(self._open) // 2
        self._open.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.chance.choice(self.targets).removeprefix("http://").rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            # Nobody there: the caller is cut off, as by any balancer that has not noticed yet.
            writer.transport.abort()
            return
        within = None if self.cut_within is None else self.chance.randrange(1, self.cut_within)
        ends = {writer, far_writer}
        self._open |= ends
        asking = asyncio.create_task(self._pass(reader, far_writer))
        answering = asyncio.create_task(self._pass(far_reader, writer, within, answers=True))
        try:
            await asyncio.wait([asking, answering], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (asking, answering):
                task.cancel()
            await asyncio.gather(asking, answering, return_exceptions=True)
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        within: int | None = None,
        *,
        answers: bool = False,
    ) -> None:
        passed = 0
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                if answers and self.deaf:
                    self.cuts += 1
                    return
                if within is not None and passed + len(piece) >= within:
                    writer.write(piece[: within - passed])
                    await writer.drain()
                    self.cuts += 1
                    return
                passed += len(piece)
                writer.write(piece)
                await writer.drain()
            # The last piece has to arrive before both ends are let go.
            await asyncio.sleep(0)


@asynccontextmanager
async def proxy(*targets: str, seed: int = 1) -> AsyncIterator[Proxy]:
    """Servers by their addresses; more may be named while it runs."""
    opened = Proxy(targets, Random(seed))
    opened.go_on()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    opened.url = f"http://{host}:{port}"
    try:
        yield opened
    finally:
        opened.go_on()
        server.close()
        opened.cut()
        await asyncio.sleep(0)
