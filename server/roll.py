"""Everybody who is on a socket of this process, and what they may do at this moment.

One watcher for each workspace: when rights change, or a session ends, everybody there is asked for
anew in a few statements, however many sockets they have; only those for whom it is another answer
hear of it. So whoever comes again while somebody of theirs is here is let in without a question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from domain.rules.access import Actor
from feed.tail import Tails

log = structlog.get_logger(__name__)
SELDOM = 60.0
"""Seconds after which everybody is asked for anew though no right has changed: sessions end."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class Guest(Protocol):
    """One socket of somebody."""

    def rights_changed(self) -> None: ...
    def session_over(self) -> None: ...


class Rights(Protocol):
    """Who everybody is now."""

    async def of_all(self, actors: Sequence[Actor]) -> Mapping[Hashable, Actor]:
        """The same ones with the rights of this moment; who is missing has none any more."""
        ...


def whose(actor: Actor) -> Hashable:
    """What tells one who signed in from another: the session, or the key."""
    return (actor.kind, actor.id, actor.session_id)


class Present:
    """Somebody, by one session or key, with however many sockets."""

    def __init__(self, room: "Room", actor: Actor) -> None:
        self.room = room
        self.actor = actor
        self.guests: dict[Guest, None] = {}
        self.audiences: dict[Hashable, Any] = {}
        """What was made of these rights; made anew with them."""
        self.marks: dict[bytes, datetime | None] = {}
        """By what they were let in, and until when that is good."""

    def leave(self, guest: Guest) -> None:
        self.guests.pop(guest, None)
        if not self.guests:
            self.room.forget(self)


class Room:
    """Those of one workspace."""

    def __init__(self, roll: "Roll", workspace_id: UUID) -> None:
        self.workspace_id = workspace_id
        self.people: dict[Hashable, Present] = {}
        self.coming = 0
        self.begun = asyncio.Event()
        self._roll = roll
        self._version: int | None = None
        self._asking = asyncio.Lock()
        self._task = asyncio.create_task(self._run(), name=f"roll:{workspace_id}")

    async def same(self, version: int | None) -> None:
        """Returns when everybody has been asked for, by what rights are at that version."""
        await self.begun.wait()
        if self._is_at(version):
            return
        async with self._asking:
            if not self._is_at(version):
                await self._ask(version)

    def forget(self, present: Present) -> None:
        key = whose(present.actor)
        if self.people.get(key) is present:
            del self.people[key]
            self._roll.forget(present)
        self.tidy()

    def tidy(self) -> None:
        if not self.people and not self.coming:
            self._roll.close_room(self)
            self._task.cancel()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _is_at(self, version: int | None) -> bool:
        return version is None or (self._version is not None and version <= self._version)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._watch()
            except Exception as error:
                log.warning("roll.unread", error=type(error).__name__, retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _watch(self) -> None:
        async with self._roll.tails.follow(self.workspace_id, entries=False) as follower:
            await self._took_up(follower.access_version)
            while True:
                news = await follower.take(SELDOM)
                if news is not None:
                    await self.same(news.access_version)
                else:
                    async with self._asking:
                        await self._ask(self._version)

    async def _took_up(self, version: int | None) -> None:
        if self.begun.is_set():
            await self.same(version)
            return
        # Whoever was asked for before we listened is asked for once more.
        self._roll.turn += 1
        self._version = version
        self.begun.set()

    async def _ask(self, version: int | None) -> None:
        """Until it is answered: nobody goes on by rights that may be gone."""
        pause = FIRST_PAUSE
        while True:
            # Whoever comes meanwhile, and was asked for before this, is asked for once more.
            self._roll.turn += 1
            people = dict(self.people)
            try:
                found = await self._roll.rights.of_all([each.actor for each in people.values()])
                break
            except Exception as error:
                log.warning("roll.unread", error=type(error).__name__, retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        # No await from here on: nobody sees half of it.
        self._version = version
        for key, present in people.items():
            actor = found.get(key)
            if actor == present.actor:
                continue
            if actor is not None:
                present.actor = actor
                present.audiences.clear()
            for guest in list(present.guests):
                if actor is None:
                    guest.session_over()
                else:
                    guest.rights_changed()


class Roll:
    """Those of all workspaces."""

    def __init__(self, rights: Rights, tails: Tails) -> None:
        self.rights = rights
        self.tails = tails
        self.turn = 0
        """Grows whenever somebody is asked for anew."""
        self._rooms: dict[UUID, Room] = {}
        self._marks: dict[bytes, Present] = {}

    def find(self, key: Hashable) -> Present | None:
        """Somebody who is here, by the rights of this moment."""
        for room in self._rooms.values():
            if (present := room.people.get(key)) is not None:
                return present
        return None

    async def enter(
        self, read: Callable[[], Awaitable[Actor | None]], guest: Callable[[Present], Guest]
    ) -> bool:
        """Let somebody in by rights that nothing has changed since; False when there is nobody."""
        held: Room | None = None
        try:
            while True:
                turn = self.turn
                actor = await read()
                if actor is None:
                    return False
                room = self._rooms.get(actor.workspace_id)
                if room is None:
                    room = self._rooms[actor.workspace_id] = Room(self, actor.workspace_id)
                if room is not held:
                    # Held open until somebody is in it.
                    room.coming += 1
                    held = room
                await room.begun.wait()
                if turn == self.turn:
                    present = room.people.setdefault(whose(actor), Present(room, actor))
                    present.guests[guest(present)] = None
                    return True
        finally:
            if held is not None:
                held.coming -= 1
                held.tidy()

    def remember(self, mark: bytes, present: Present, until: datetime | None) -> None:
        """By what somebody was let in, for as long as they are here."""
        present.marks[mark] = until
        self._marks[mark] = present

    def recall(self, mark: bytes) -> tuple[Present, datetime | None] | None:
        present = self._marks.get(mark)
        return (present, present.marks[mark]) if present is not None else None

    def forget(self, present: Present) -> None:
        for mark in present.marks:
            self._marks.pop(mark, None)

    def close_room(self, room: Room) -> None:
        if self._rooms.get(room.workspace_id) is room:
            del self._rooms[room.workspace_id]

    async def close(self) -> None:
        for room in list(self._rooms.values()):
            await room.stop()
        self._rooms.clear()
