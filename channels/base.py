"""What every network has: a way to tell its messages from forged ones, to read them, and to send.

This is all that a new network is written to: a module with one class that fulfils `Channel`, and a
line in `channels/registry.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from domain.errors import Refusal
from domain.post import Media, News
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


@dataclass(frozen=True, slots=True)
class Own:
    """The account that something came in for, as it is known here and on its network."""

    account_id: UUID
    external_id: str | None = None
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, whole."""

    data: bytes
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """It will not be had, and need not be asked for again. `sentence` says why."""

    sentence: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a connection stands: well, where there is no sentence."""

    sentence: str | None = None
    """What is wrong with it, for whoever has to mend it."""
    detail: str | None = None
    known_as: str | None = None
    """Who the network says that we are."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The body of the answer."""

    text: str
    media_type: str = "text/plain"


@runtime_checkable
class Reached(Protocol):
    """A channel that finds its network at an address of the open internet."""

    url: str | None


class Unfetched(Exception):
    """It was not to be had now, and may be later."""


class Channel(Protocol):
    """One network: its words into ours, and ours into its own."""

    @property
    def capability(self) -> Capability:
        """What can be sent there; asked before a reply is queued."""
        ...

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the network itself sent these bytes; asked before anything reads them."""
        ...

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        """What to answer a network that asks, by GET, whether its messages are wanted here; None
        where it is not the network that asks. `asked` are the parameters of the address."""
        ...

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        """What the body tells, in order, and a refusal in the place of each that cannot be read.

        Unreadable when it tells nothing that can be spoken of.
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

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        """A file that lies at the network; Unfetched where it may be had later."""
        ...

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        """How the connection stands at this moment, asked of the network without sending
        anything to anybody."""
        ...
