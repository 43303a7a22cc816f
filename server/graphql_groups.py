"""Equal subscriptions, run once: the same bytes to every member, with its own operation id.

A group is what those share who asked the same with the same rights. Its run knows these rights and
nobody in particular. Whoever joins is first told what he has missed, by a run of its own which ends
where the group stands, and from then on what all are told. Whoever does not read is left out until
he does, and then told what he missed like anybody who comes later: nothing piles up for him.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from domain.position import Position
from feed.standing import Joining, Standing, Together
from server.graphql_errors import OperationContext

FRESH = 0.1
"""Seconds for which what one was told who joined is told to the next with the same cursor."""
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


class Wire(Protocol):
    """Where frames leave."""

    @property
    def choked(self) -> bool:
        """Whether the other side reads too slowly for more."""
        ...

    @property
    def write(self) -> Callable[[bytes], None]: ...


class Handset(Protocol):
    """The socket of a member."""

    @property
    def wire(self) -> Wire: ...

    def finish(self, member: "Member", asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        """The member is told for the last time: what was wrong, or that it is complete."""
        ...


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
    )

    def __init__(self, handset: Handset, id: str) -> None:
        self.handset = handset
        self.id = id
        self.head = b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":'
        self.group: Group | None = None
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
            if self.handset.wire.choked:
                self.missed = Missed(place)
            else:
                self.write(payload)

    def write(self, payload: bytes) -> None:
        self.sent += 1
        self.handset.wire.write(
            b"".join((heading(len(self.head) + len(payload) + 1), self.head, payload, b"}"))
        )


def heading(length: int) -> bytes:
    """The beginning of a text frame of that many bytes."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return bytes((0x81, 126, length >> 8, length & 255))
    return b"\x81\x7f" + length.to_bytes(8, "big")


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


Run = Callable[
    [Asked, OperationContext, Callable[[bytes], None]], Awaitable[list[dict[str, Any]] | None]
]
"""Runs what is asked to its end, handing out each payload; what was wrong, if it was refused."""


class Party:
    """Those who come into a group together: from the same place, told the same."""

    def __init__(self, group: "Group", coming: Coming) -> None:
        self.members: dict[Member, None] = {}
        self._group = group
        self._coming = coming
        self._told: list[bytes] = []
        self._place: Position | None = None
        self._over = False
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self.task = asyncio.create_task(self._run())

    @property
    def open(self) -> bool:
        """Whether one more can come along."""
        if self._place is None:
            return not self._over
        standing = self._group.standing
        return (
            standing.still
            and standing.at.text == self._place.text
            and self._clock() - self._began < FRESH
        )

    def add(self, member: Member) -> None:
        if self._place is None:
            self.members[member] = None
        elif self._over:
            member.joining = None
            self._group.members[member] = None
            for payload in self._told:
                member.write(payload)
        else:
            self.members[member] = None
            self._take_in(member)

    def leave(self, member: Member) -> None:
        self.members.pop(member, None)

    def _take_in(self, member: Member) -> None:
        member.held = []
        self._group.members[member] = None

    async def _stand(self, position: Position | None) -> Position:
        standing = self._group.standing
        while True:
            await standing.reach(position)
            position, version = position or standing.at, standing.version
            # Nobody is told of anything that came after a change of his rights without them.
            await self._group.audience.same(version)
            if standing.version == version and standing.still and standing.at.not_before(position):
                break
        # No await from here on: whoever is taken in stands where the group stands.
        self._place = standing.at
        for member in self.members:
            self._take_in(member)
        return self._place

    async def _run(self) -> None:
        group, coming = self._group, self._coming
        joining = Joining(self._stand, coming.place, coming.resync)
        together = Together(group.standing, group.audience.same, joining)
        context = group.audience.context(together)
        refused = await group.groups.run(coming.asked, context, self._told.append)
        self._over = True
        members, self.members = list(self.members), {}
        for member in members:
            if refused is not None or self._place is None:
                group.leave(member)
                member.handset.finish(member, coming.asked, refused)
                continue
            held, member.held, member.joining = member.held or [], None, None
            late, member.missed = member.missed, None
            # However slow he is: there is not much of it, and it is exactly what he has missed.
            for payload in (*self._told, *held):
                member.write(payload)
            if late is not None and member.missed is None:
                member.missed = late
                group.come_again(member)
        group.gone_in(self, FRESH)


class Group:
    """Those who are told together."""

    def __init__(self, groups: "Groups", asked: Asked, audience: Audience) -> None:
        self.groups = groups
        self.asked = asked
        self.audience = audience
        self.key = (asked.same_as, audience.key)
        self.standing = Standing()
        self.members: dict[Member, None] = {}
        self.over = False
        self._heads = 0
        self._waiting: dict[Member, None] = {}
        self._parties: dict[Hashable, Party] = {}
        self._latest: bytes | None = None
        self._place: Position | None = None
        self._task = asyncio.create_task(self._run())

    def __len__(self) -> int:
        """How many belong to it, those too who are on their way in."""
        return self._heads

    def join(self, member: Member, coming: Coming) -> None:
        member.group, member.joining = self, coming
        self._heads += 1
        if self._latest is None:
            self._waiting[member] = None
        else:
            self._let_in(member, coming)

    def leave(self, member: Member) -> None:
        if member.group is not self:
            return
        member.group = None
        if member.joining is not None:
            self._waiting.pop(member, None)
            for party in self._parties.values():
                party.leave(member)
        self.members.pop(member, None)
        member.joining = member.held = member.missed = None
        self._heads -= 1
        if not self._heads:
            self.groups.end(self)

    def come_again(self, member: Member) -> None:
        """He reads again, and is told what he missed meanwhile."""
        missed, member.missed = member.missed, None
        if missed is None or member.joining is not None:
            member.missed = missed
        elif missed.place is None:
            if self._latest is not None:
                member.take(self._latest, None)
        else:
            self.members.pop(member, None)
            member.settled = True
            member.joining = Coming(self.asked, missed.place)
            self._let_in(member, member.joining)

    def stands(self, member: Member) -> Coming:
        """How he would go on elsewhere from where he is here."""
        if member.joining is not None:
            return member.joining
        if not self.standing.begun:
            return Coming(self.asked)
        place = member.missed.place if member.missed is not None else None
        return Coming(self.asked, place if place is not None else self.standing.told)

    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs for it, told to end."""
        tasks = [self._task, *(each.task for each in self._parties.values())]
        for task in tasks:
            task.cancel()
        return tasks

    def gone_in(self, party: Party, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._forget, party)

    def _forget(self, party: Party) -> None:
        for key, each in list(self._parties.items()):
            if each is party:
                del self._parties[key]

    def _let_in(self, member: Member, coming: Coming) -> None:
        if not self.standing.begun:
            # Whole pictures: the latest says it all.
            member.joining = None
            self.members[member] = None
            assert self._latest is not None
            member.take(self._latest, None)
            return
        party = self._parties.get(coming.key)
        if party is None or not party.open:
            party = self._parties[coming.key] = Party(self, coming)
            self.groups.keep(party.task)
        party.add(member)

    async def _run(self) -> None:
        together = Together(self.standing, self.audience.same)
        context = self.audience.context(together)
        refused = await self.groups.run(self.asked, context, self._tell)
        self.over = True
        everybody = {**self._waiting, **self.members}
        for party in self._parties.values():
            everybody |= party.members
        for member in everybody:
            asked = member.joining.asked if member.joining is not None else self.asked
            self.leave(member)
            member.handset.finish(member, asked, refused)

    def _tell(self, payload: bytes) -> None:
        first = self._latest is None
        self._latest = payload
        if first:
            # It says where it stands, which is news only to those who begin there.
            self._place = self.standing.at if self.standing.begun else None
            waiting, self._waiting = self._waiting, {}
            for member in waiting:
                coming = member.joining
                if coming is None or not (coming.missed_nothing or self._place is None):
                    continue
                member.joining = None
                self.members[member] = None
                member.take(payload, self._place)
            self.standing.hand_out()
            for member in waiting:
                if member.joining is not None:
                    self._let_in(member, member.joining)
            return
        place = self.standing.at if self.standing.begun else None
        self.standing.hand_out()
        headings: dict[int, bytes] = {}
        size = len(payload) + 1
        for member in self.members:
            wire = member.handset.wire
            if member.held is not None or member.missed is not None or wire.choked:
                member.take(payload, place)
                continue
            length = len(member.head) + size
            if (begin := headings.get(length)) is None:
                begin = headings[length] = heading(length)
            member.sent += 1
            wire.write(b"".join((begin, member.head, payload, b"}")))


class Groups:
    """The groups of this process."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._groups: dict[Hashable, Group] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._groups.values()))

    def sizes(self) -> list[int]:
        """How many members each has."""
        return [len(each) for each in self]

    def of(self, asked: Asked, audience: Audience) -> Group:
        """The group of those who ask that and may see the same, begun by the first who comes."""
        key = (asked.same_as, audience.key)
        group = self._groups.get(key)
        if group is None or group.over:
            group = self._groups[key] = Group(self, asked, audience)
        return group

    def end(self, group: Group) -> None:
        """Nobody is left in it."""
        group.over = True
        if self._groups.get(group.key) is group:
            del self._groups[group.key]
        for task in group.tasks():
            self.keep(task)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Held until it has ended, however long it takes to tidy up."""
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Nothing of any group runs after this."""
        for group in list(self._groups.values()):
            self.end(group)
        if self._ending:
            await asyncio.wait(set(self._ending))
