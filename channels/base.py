"""What every network has: a way to tell its messages from forged ones, to read them, and to send.

This is all that a new network is written to: a module with one class that fulfils `Channel`, and a
line in `channels/registry.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from domain.errors import Refusal
from domain.post import Post
from domain.rules.capability import Capability
from domain.sending import Outcome, Outgoing

ReadId = Callable[[str], UUID]
"""The id that a caller wrote; ValueError when it is none."""

CARRIED: ContextVar[Mapping[str, str]] = ContextVar("carried", default=MappingProxyType({}))
"""Headers that go along with whatever is sent meanwhile: the trace that it belongs to, if any."""


class Unreadable(Exception):
    """Nothing in this body can be understood; carries the refusal that says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Channel(Protocol):
    """One network: its words into ours, and ours into its own."""

    @property
    def capability(self) -> Capability:
        """What can be sent there; asked before a reply is queued."""
        ...

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the network itself sent these bytes; asked before anything reads them."""
        ...

    def read(self, body: bytes, account_id: UUID, read_id: ReadId) -> Sequence[Post | Refusal]:
        """The posts in the body, in order, and a refusal in the place of each that is none.

        Unreadable when there are no posts to speak of.
        """
        ...

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was said of how to reach the network, checked and made whole; a refusal names the
        first thing that will not do. Kept sealed, and handed to `send` as it is answered here.
        """
        ...

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        """What the network will call a reply, where that is known before it has it. Kept before
        `send` is called: an answer to it, or its return, is understood however sending ends."""
        ...

    async def send(self, outgoing: Outgoing) -> Outcome:
        """How the one attempt ended. It is made once: nothing in here tries again.

        What is raised instead counts as doubtful, for nobody knows then what the network has.
        """
        ...
