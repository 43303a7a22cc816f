"""The open sockets, the terms they are held on, and one who looks after them all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from starlette.websockets import WebSocket

from graph.documents import Documents, Prepared
from graph.sharing import Form
from graph.trusted import Trusted
from server.graphql_errors import Tell
from server.graphql_groups import Groups, Run
from server.throttle import network
from server.witness import Witness

LOOKS = 4
"""How often the shortest of the terms is looked at before it is over."""
SELDOM = 1.0


class Held(Protocol):
    """A socket that is looked after."""

    address: str
    """Where it comes from."""

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
        sockets_per_caller: int = 0,
        sockets_per_address: int = 0,
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
        self.sockets_per_caller = sockets_per_caller
        """How many one sign-in or key may hold in this process; 0 for as many as they like."""
        self._per_address = sockets_per_address
        self._from: Counter[str] = Counter()
        self.sockets: set[Any] = set()
        self.draining = False
        self._caring: asyncio.Task[None] | None = None

    def add(self, socket: Held) -> bool:
        """Whether there is room for it: for one more from where it comes."""
        self.sockets.add(socket)
        address = network(socket.address)
        self._from[address] += 1
        if self._caring is None:
            self._caring = asyncio.create_task(self._care())
        return not self._per_address or self._from[address] <= self._per_address

    def discard(self, socket: Held) -> None:
        if socket in self.sockets:
            self.sockets.discard(socket)
            address = network(socket.address)
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]
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
