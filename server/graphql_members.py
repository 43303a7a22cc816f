"""Who is told together with others: what they asked, where they stand, how a frame gets there.

Whoever does not read is left out until he does, and then told what he missed like anybody who comes
later: nothing piles up for him.
"""

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from domain.position import Position
from feed.standing import Together
from server.frames import heading
from server.graphql_errors import OperationContext

MOST_HELD = 100
"""Messages held for somebody who is still told what he missed."""


class Audience(Protocol):
    """Everything about somebody that an answer may depend on."""

    @property
    def key(self) -> Hashable: ...

    @property
    def sight(self) -> Hashable:
        """What may be seen at all; with another one a list is another list."""
        ...

    def context(self, together: Together) -> OperationContext:
        """What its answers are made with; of persons only where the answer is one person's."""
        ...

    async def same(self, version: int | None) -> None:
        """Returns when all who are told together are asked anew who they are, by what rights are
        at that version."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked."""

    query: str
    variables: Mapping[str, Any] | None
    operation_name: str | None
    extensions: Mapping[str, Any] | None
    same_as: Hashable
    """Equal for all whose answers are equal, if they may see the same."""
    whole: Hashable
    """Equal for all who ask the very same, cursor and all."""
    goes_on: bool
    """From a cursor."""
    personal: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """How somebody comes into a group."""

    asked: Asked
    place: Position | None = None
    """Where he stood in another, or when he ceased to read."""
    resync: bool = False

    @property
    def missed_nothing(self) -> bool:
        return self.place is None and not self.resync and not self.asked.goes_on

    @property
    def key(self) -> Hashable:
        place = self.place.text if self.place is not None else None
        return (place, self.resync) if place is not None else self.asked.whole


class Wire(Protocol):
    """Where frames leave."""

    @property
    def choked(self) -> bool:
        """Whether the other side reads too slowly for more."""
        ...

    def tell(self, frame: bytes) -> None:
        """At once."""
        ...

    def tell_soon(self, frame: bytes, now: float) -> None:
        """At once, or with what else comes within a tick."""
        ...


class Handset(Protocol):
    """Who a member belongs to."""

    def finish(self, member: "Member", asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        """The member is told for the last time: what was wrong, or that it is complete."""
        ...


class Company(Protocol):
    """Those whom a member is told with."""

    asked: Asked
    audience: Audience

    def stands(self, member: "Member") -> Coming: ...
    def leave(self, member: "Member") -> None: ...
    def come_again(self, member: "Member") -> None: ...


@dataclass(frozen=True, slots=True)
class Missed:
    """From where a member has not been told, for he did not read; nowhere in whole pictures."""

    place: Position | None


class Member:
    """One operation of one socket, as the group knows it."""

    __slots__ = (
        "began",
        "group",
        "handset",
        "head",
        "held",
        "id",
        "joining",
        "missed",
        "sent",
        "settled",
        "wire",
    )

    def __init__(self, handset: Handset, wire: Wire, id: str) -> None:
        self.handset = handset
        self.wire = wire
        self.id = id
        self.head = b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":'
        self.group: Company | None = None
        self.joining: Coming | None = None
        """How he comes in, until he is in."""
        self.held: list[bytes] | None = None
        """What all were told while he was still told what he missed."""
        self.missed: Missed | None = None
        self.sent = 0
        self.began = asyncio.get_running_loop().time()
        self.settled = False
        """He was in a group before, and knows that he follows."""

    def take(self, payload: bytes, place: Position | None) -> None:
        """Told to him, or left out from that place on if he does not read."""
        if self.held is not None:
            if len(self.held) < MOST_HELD:
                self.held.append(payload)
            elif self.missed is None:
                self.missed = Missed(place)
        elif self.missed is None:
            if self.wire.choked:
                self.missed = Missed(place)
            else:
                self.write(payload)

    def write(self, payload: bytes) -> None:
        self.sent += 1
        self.wire.tell(
            b"".join((heading(len(self.head) + len(payload) + 1), self.head, payload, b"}"))
        )
