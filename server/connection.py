"""A socket that somebody signed in on, and all that its answers may depend on."""

import asyncio
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Protocol

from domain.rules import access
from domain.rules.access import Actor
from domain.words import Locale
from feed.standing import Together
from graph.sharing import audience
from resolvers.context import Context, Services
from server.roll import Present, Room

STRANGERS_STAY = 1_800.0
"""Seconds; whoever wants to stay comes again."""


class Audience:
    """Everything about somebody that an answer may depend on: their rights, and their language."""

    def __init__(
        self, services: Services, room: Room, actor: Actor, locale: Locale, *, personal: bool
    ) -> None:
        self._services = services
        self._room = room
        self._actor = actor if personal else access.nobody_in_particular(actor)
        self._locale = locale
        self.sight: Hashable = (actor.readable, actor.only_approves)
        self.key: Hashable = audience(actor, locale, personal=personal)

    def context(self, together: Together) -> Context:
        return Context(self._services, self._actor, self._locale, together=together)

    async def same(self, version: int | None) -> None:
        await self._room.same(version)


class Connection:
    """A socket that somebody signed in on."""

    __slots__ = ("_locale", "_services", "_socket", "ends", "present", "until")

    def __init__(
        self, services: Services, present: Present, ends: datetime | None, locale: Locale
    ) -> None:
        self._services = services
        self._locale = locale
        self._socket: Held | None = None
        self.present = present
        self.ends = ends
        self.until: float | None = None
        if ends is not None:
            left = (ends - services.clock()).total_seconds()
            self.until = asyncio.get_running_loop().time() + left

    @property
    def sockets(self) -> int:
        return len(self.present.guests)

    def operation(self) -> Context:
        return Context(self._services, self.present.actor, self._locale)

    def audience(self, *, personal: bool) -> Audience:
        made = self.present.audiences.get((self._locale, personal))
        if made is None:
            made = Audience(
                self._services,
                self.present.room,
                self.present.actor,
                self._locale,
                personal=personal,
            )
            self.present.audiences[self._locale, personal] = made
        audience: Audience = made
        return audience

    def attend(self, socket: "Held") -> None:
        self._socket = socket

    def leave(self) -> None:
        self.present.leave(self)

    def rights_changed(self) -> None:
        if self._socket is not None:
            self._socket.rights_changed()

    def session_over(self) -> None:
        if self._socket is not None:
            self._socket.close(4403, "The session is over.")


class Stranger:
    """A socket of somebody who says that they have nothing to sign in with."""

    __slots__ = ("_address", "_locale", "_services", "until")

    sockets = 0
    """They count by their address alone."""

    def __init__(self, services: Services, address: str, locale: Locale) -> None:
        self._services = services
        self._address = address
        self._locale = locale
        self.until: float | None = asyncio.get_running_loop().time() + STRANGERS_STAY

    def operation(self) -> Context:
        return Context(self._services, None, self._locale, address=self._address)

    def audience(self, *, personal: bool) -> "Alone":
        """Nothing is told to two strangers together: what one proved is not the other's."""
        return Alone(self.operation)

    def attend(self, socket: "Held") -> None: ...
    def leave(self) -> None: ...


class Alone:
    """One stranger; there are no rights that could change."""

    sight: Hashable = None

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self.key: Hashable = object()

    def context(self, together: Together) -> Context:
        context = self._context()
        context.together = together
        return context

    async def same(self, version: int | None) -> None: ...


class Held(Protocol):
    """A socket, as far as it is to hear of rights."""

    def rights_changed(self) -> None: ...
    def close(self, code: int, reason: str) -> None: ...
