"""The open sockets, the terms they are held on, and one who looks after them all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from starlette.websockets import WebSocket

from graph.documents import Documents, Prepared
from graph.sharing import Form
from graph.trusted import Trusted
from server.graphql_errors import Tell
from server.graphql_groups import Groups, Run
from server.witness import Witness

LOOKS = 4
"""How often the shortest of the terms is looked at before it is over."""
SELDOM = 1.0


class Held(Protocol):
    """A socket that is looked after."""

    def look_after(self, now: float) -> None: ...


class Switchboard:
    """The sockets of this process."""

    def __init__(
        self,
        documents: Documents,
        admit: Callable[[WebSocket, Mapping[str, object]], Awaitable[Any]],
        known: Callable[[WebSocket, Mapping[str, object]], Any],
        tell: Tell,
        form: Callable[[Prepared], Form | None],
        run: Run,
        witness: Witness,
        *,
        init_timeout: float,
        send_deadline: float,
        ping_interval: float,
        max_frame: int,
        spend: Callable[[Any, int], None],
        trusted: Trusted,
    ) -> None:
        self.documents = documents
        self.admit = admit
        self.known = known
        self.tell = tell
        self.form = form
        self.witness = witness
        self.groups = Groups(run)
        self.init_timeout = init_timeout
        self.send_deadline = send_deadline
        self.ping_interval = ping_interval
        self.max_frame = max_frame
        self.spend = spend
        self.trusted = trusted
        self.sockets: set[Any] = set()
        self.draining = False
        self._caring: asyncio.Task[None] | None = None

    def add(self, socket: Held) -> None:
        self.sockets.add(socket)
        if self._caring is None:
            self._caring = asyncio.create_task(self._care())

    def discard(self, socket: Held) -> None:
        self.sockets.discard(socket)
        if not self.sockets and self._caring is not None:
            self._caring.cancel()
            self._caring = None

    async def _care(self) -> None:
        terms = (self.init_timeout, self.send_deadline, self.ping_interval)
        pause = min(SELDOM, min(terms) / LOOKS)
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(pause)
            now = clock()
            for socket in list(self.sockets):
                socket.look_after(now)
