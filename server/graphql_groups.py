"""Equal subscriptions, run once: the same bytes to every member, with its own operation id.

A group is what those share who asked the same with the same rights. Its run knows these rights and
nobody in particular. Who joins comes in by a party (`server.graphql_parties`).
"""

import asyncio
from collections.abc import Hashable, Iterator

from domain.position import Position
from feed.standing import Standing, Together
from server.frames import heading
from server.graphql_members import Asked, Audience, Coming, Member
from server.graphql_parties import Party, Run


class Group:
    """Those who are told together."""

    def __init__(self, groups: "Groups", asked: Asked, audience: Audience) -> None:
        self.groups = groups
        self.run = groups.run
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
            for party in list(self._parties.values()):
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

    def dismiss(self, party: Party) -> None:
        party.task.cancel()
        self._forget(party)

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
        refused = await self.run(self.asked, context, self._tell)
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
        now = asyncio.get_running_loop().time()
        size = len(payload) + 1
        for member in self.members:
            wire = member.wire
            if member.held is not None or member.missed is not None or wire.choked:
                member.take(payload, place)
                continue
            length = len(member.head) + size
            if (begin := headings.get(length)) is None:
                begin = headings[length] = heading(length)
            member.sent += 1
            wire.tell_soon(b"".join((begin, member.head, payload, b"}")), now)


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
