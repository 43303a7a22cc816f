"""The open sockets, the terms they are held on, and one who looks after them all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from strawberry.schema import BaseSchema

from graph.documents import Documents, Prepared
from graph.sharing import Form
from graph.trusted import Trusted
from server.graphql_errors import OperationContext, Tell
from server.graphql_groups import Groups
from server.graphql_members import Audience
from server.graphql_parties import Run
from server.handshake import Handshake
from server.throttle import network
from server.witness import Witness

if TYPE_CHECKING:
    from server.graphql_ws import Socket

LONGEST_FRAME = 64 * 1024
LOOKS = 4
"""How often the shortest of the terms is looked at before it is over."""
SELDOM = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a socket is held to; times in seconds."""

    init_timeout: float = 10.0
    send_deadline: float = 10.0
    ping_interval: float = 12.0
    max_frame: int = LONGEST_FRAME
    max_operations: int = 20
    per_caller: int = 0
    """How many one sign-in or key may hold in this process; 0 for as many as they like."""
    per_address: int = 0
    tick: float = 0.005
    """In which what one socket is told by groups leaves in one write."""


class Connection(Protocol):
    """What a socket signed in as."""

    until: float | None
    """When the credentials end, on the loop's clock."""

    @property
    def sockets(self) -> int:
        """How many there are of whoever signed in, by the same session or key; this one too."""
        ...

    def operation(self) -> OperationContext: ...

    def audience(self, *, personal: bool) -> Audience:
        """Everything that an answer may depend on, as it is known at this moment."""
        ...

    def attend(self, socket: "Socket") -> None:
        """From here on the socket is told when rights change and when the session ends."""
        ...

    def leave(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Serving:
    """What operations of sockets are answered with."""

    schema: BaseSchema
    documents: Documents
    trusted: Trusted
    form: Callable[[Prepared], Form | None]
    run: Run
    tell: Tell
    spend: Callable[[Any, int], None]
    witness: Witness
    admit: Callable[[Handshake, Mapping[str, object]], Awaitable[Connection]]
    known: Callable[[Handshake, Mapping[str, object]], Connection | None]


class Switchboard:
    """The sockets of this process."""

    def __init__(self, serving: Serving, terms: Terms) -> None:
        self.serving = serving
        self.terms = terms
        self.groups = Groups(serving.run)
        self.sockets: set[Socket] = set()
        self.draining = False
        self._from: Counter[str] = Counter()
        self._caring: asyncio.Task[None] | None = None

    def add(self, socket: "Socket") -> bool:
        """Whether there is room for it: for one more from where it comes."""
        self.sockets.add(socket)
        address = network(socket.address)
        self._from[address] += 1
        if self._caring is None:
            self._caring = asyncio.create_task(self._care())
        return not self.terms.per_address or self._from[address] <= self.terms.per_address

    def discard(self, socket: "Socket") -> None:
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
        terms = (self.terms.init_timeout, self.terms.send_deadline, self.terms.ping_interval)
        pause = min(SELDOM, min(terms) / LOOKS)
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(pause)
            now = clock()
            for socket in list(self.sockets):
                socket.look_after(now)
