"""The door: operations are let in here, over HTTP and over sockets, or told why not."""

import asyncio
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Unavailable
from domain.rules.access import Actor, ActorKind, Permission
from domain.sentences import SENTENCES
from domain.words import Locale
from resolvers.context import Context, Services
from server.access_tokens import COOKIE
from server.auth import Gatekeeper, Visitor
from server.connection import Connection, Stranger
from server.graphql_errors import Refused, unavailable
from server.handshake import Handshake
from server.languages import preferred
from server.roll import Present, Roll
from server.throttle import Holding, Purses, address_of, network

FILES_AGAIN = 5
"""Seconds after which somebody whose files were too many is told to come again."""


def may_upload(context: Context) -> bool:
    """Whether it is somebody whose files are read; whoever is known and may send none is told."""
    if context.actor is None:
        return False
    if not context.actor.can(Permission.TICKETS_HANDLE):
        # The connection ends with the answer, so that the files need not be read.
        sentence = SENTENCES["may_not_call"][context.locale]
        raise Refused("FORBIDDEN", sentence, 403, headers={"Connection": "close"})
    return True


def spending(purses: Purses) -> Callable[[Context, int], None]:
    """Takes what an operation costs from whoever asks it; RATE_LIMITED when it is too much."""

    def spend(context: Context, cost: int) -> None:
        caller = context.actor.id if context.actor else network(context.address)
        wait = math.ceil(purses.spend(caller, cost))
        if wait:
            sentence = SENTENCES["spent"][context.locale].format(seconds=wait)
            headers = {"Retry-After": str(wait)}
            raise Refused("RATE_LIMITED", sentence, 429, headers=headers, retryable=True)

    return spend


def receiving(holding: Holding) -> Callable[[Context, int], AbstractContextManager[None]]:
    """Lets somebody send so many bytes of files; told to come again where too many are coming."""

    def receive(context: Context, size: int) -> AbstractContextManager[None]:
        caller = context.actor.id if context.actor else network(context.address)
        # What still comes is read and dropped: most clients hear nothing before they have sent all.
        headers = {"Retry-After": str(FILES_AGAIN)}
        if not holding.has_room_for(caller, size):
            sentence = SENTENCES["files_of_yours"][context.locale]
            raise Refused("RATE_LIMITED", sentence, 429, headers=headers, retryable=True)
        if not holding.has_room(size):
            sentence = SENTENCES["files_of_all"][context.locale].format(seconds=FILES_AGAIN)
            raise Refused("UNAVAILABLE", sentence, 503, headers=headers, retryable=True)
        return holding.held(caller, size)

    return receive


class Door:
    """Lets operations in, over HTTP and over sockets."""

    def __init__(self, services: Services, gate: Gatekeeper) -> None:
        self._services = services
        self._gate = gate
        self._roll = Roll(gate, services.tails)
        self._coming: dict[bytes, asyncio.Future[None]] = {}

    def recalled(self, request: Request) -> Context | None:
        """The context of whoever came with the same token before, for what checks that itself."""
        authorization = request.headers.get("authorization")
        visitor = self._gate.recalled(authorization) if authorization else None
        if visitor is None:
            return None
        locale = preferred(request.headers.get("accept-language"))
        return Context(self._services, visitor.actor, locale, rights=visitor.rights)

    async def http(self, request: Request, response: Response) -> Context:
        locale = preferred(request.headers.get("accept-language"))
        authorization = request.headers.get("authorization")
        visitor = None
        if authorization is not None:
            visitor = await self._known(authorization, locale)
            if visitor is None:
                raise Refused("UNAUTHENTICATED", SENTENCES["session_over"][locale], 401)
        return Context(
            self._services,
            visitor.actor if visitor else None,
            locale,
            response=response,
            refresh_secret=request.cookies.get(COOKIE),
            address=address_of(request),
        )

    def stranger(self, request: Request, locale: Locale) -> Context:
        """Of a page that is open to everybody: whoever asks, it is nobody in particular."""
        return Context(self._services, None, locale, address=address_of(request))

    async def websocket(
        self, handshake: Handshake, payload: Mapping[str, object]
    ) -> Connection | Stranger:
        locale, authorization = _said(handshake, payload)
        if authorization is None:
            sentence = SENTENCES["unauthenticated"][locale]
            raise Refused("UNAUTHENTICATED", sentence, 401, close=4401)
        mark = _mark(authorization)
        while (same := self._coming.get(mark)) is not None:
            # One question for all who come with the same, as after a restart they do.
            await asyncio.wait([same])
            if (connection := self.known(handshake, payload)) is not None:
                return connection
        self._coming[mark] = asyncio.get_running_loop().create_future()
        try:
            return await self._enter(authorization, mark, locale)
        finally:
            self._coming.pop(mark).set_result(None)

    async def _enter(self, authorization: str, mark: bytes, locale: Locale) -> Connection:
        visitors: list[Visitor] = []
        connections: list[Connection] = []

        async def read() -> Actor | None:
            visitor = await self._known(authorization, locale)
            if visitor is None:
                return None
            visitors.append(visitor)
            return visitor.actor

        def enter(present: Present) -> Connection:
            connection = Connection(self._services, present, visitors[-1].until, locale)
            connections.append(connection)
            return connection

        if not await self._roll.enter(read, enter):
            sentence = SENTENCES["session_over"][locale]
            raise Refused("UNAUTHENTICATED", sentence, 401, close=4403)
        [connection] = connections
        self._roll.remember(mark, connection.present, connection.ends)
        return connection

    def known(
        self, handshake: Handshake, payload: Mapping[str, object]
    ) -> Connection | Stranger | None:
        """The same for somebody who is here already, or who says that they are nobody: nothing has
        to be asked."""
        locale, authorization = _said(handshake, payload)
        if authorization is None:
            if payload.get("anonymous") is True:
                return Stranger(self._services, handshake.address, locale)
            return None
        mark = _mark(authorization)
        if (remembered := self._roll.recall(mark)) is not None:
            present, until = remembered
        elif (read := self._gate.bearer(authorization)) is not None:
            user_id, session_id, until = read
            found = self._roll.find((ActorKind.PERSON, user_id, session_id))
            if found is None:
                return None
            present = found
            self._roll.remember(mark, present, until)
        else:
            return None
        if until is not None and until <= self._services.clock():
            return None
        connection = Connection(self._services, present, until, locale)
        present.guests[connection] = None
        return connection

    async def close(self) -> None:
        await self._roll.close()

    async def _known(self, authorization: str, locale: Locale) -> Visitor | None:
        try:
            return await self._gate.visitor(authorization)
        except Unavailable as away:
            raise unavailable(locale) from away


def _said(handshake: Handshake, payload: Mapping[str, object]) -> tuple[Locale, str | None]:
    """The language that a socket wants to be spoken to in, and what it shows to be let in."""
    # A browser sets no header on a socket, so that what it says first may name the language.
    wished = payload.get("acceptLanguage")
    header = handshake.headers.get("accept-language")
    locale = preferred(wished if isinstance(wished, str) else header)
    authorization = payload.get("authorization", payload.get("Authorization"))
    return locale, authorization if isinstance(authorization, str) and authorization else None


def _mark(authorization: str) -> bytes:
    """A token as it is remembered: not as itself."""
    return sha256(authorization.encode(errors="replace")).digest()
