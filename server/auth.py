"""Who is at the door: a token becomes an actor, for HTTP headers and sockets alike.

An access token says who signed in and until when; what they may do is read anew for every request,
so a right that was taken away is gone with the next one, and on open sockets within seconds.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import jwt
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from domain.errors import Unavailable
from domain.model.base import new_id
from domain.rules import access
from domain.rules.access import Actor, ActorKind, Permission
from domain.sentences import SENTENCES
from domain.wanted import Unplanned
from domain.words import Locale
from feed.standing import Together
from resolvers.context import Context, Services
from server.graphql_errors import Refused, unavailable
from server.languages import preferred
from server.opening import NOBODY
from server.roll import Present, Roll, Room, whose
from server.secrets import PREFIXES, Keyring
from server.throttle import Purses, network
from storage.work import Storage

ALGORITHM = "HS256"
KEY_ID = "1"
ISSUER, AUDIENCE = "guiche", "guiche-api"
COOKIE, COOKIE_PATH = "guiche_session", "/graphql"
USED_EVERY = timedelta(minutes=1)
LONGEST_TOKEN = 2_000
REMEMBERED = 10_000
"""How many who came are remembered, with the rights they had."""


@dataclass(frozen=True)
class Visitor:
    """An actor, and until when the token that they came with is good."""

    actor: Actor
    until: datetime | None
    rights: int = 0
    """What rights were at when the actor's were read."""
    seen_until: datetime | None = None
    """When it has to be noted again that they came; a program's last use is shown."""


class AccessTokens:
    """Short-lived signed tokens, and the cookie of the session behind them."""

    def __init__(self, keyring: Keyring, lifetime: timedelta, *, secure: bool) -> None:
        self._keys = {KEY_ID: keyring.signing}
        self._lifetime = lifetime
        self._secure = secure

    def issue(self, actor: Actor) -> tuple[str, datetime]:
        now = datetime.now(UTC)
        until = now + self._lifetime
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(actor.id),
            "sid": str(actor.session_id),
            "jti": new_id().hex,
            "iat": now,
            "nbf": now,
            "exp": until,
        }
        token = jwt.encode(claims, self._keys[KEY_ID], ALGORITHM, headers={"kid": KEY_ID})
        return token, until

    def read(self, token: str) -> tuple[UUID, UUID, datetime]:
        """User, session and end; ValueError for any token that is not ours and good now."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "nbf", "iat", "sub", "sid"]},
            )
            return (
                UUID(claims["sub"]),
                UUID(claims["sid"]),
                datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (jwt.PyJWTError, KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a token of ours") from error

    def set_cookie(self, response: Response, secret: str) -> None:
        response.set_cookie(
            COOKIE,
            secret,
            max_age=30 * 24 * 3600,
            path=COOKIE_PATH,
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )

    def drop_cookie(self, response: Response) -> None:
        response.delete_cookie(
            COOKIE, path=COOKIE_PATH, httponly=True, secure=self._secure, samesite="lax"
        )


class Gatekeeper:
    """Tokens and keys, looked up."""

    def __init__(self, storage: Storage, keyring: Keyring, tokens: AccessTokens) -> None:
        self._storage = storage
        self._keyring = keyring
        self._tokens = tokens
        self._came: OrderedDict[str, Visitor] = OrderedDict()

    def recalled(self, authorization: str) -> Visitor | None:
        """Whoever came with that before, as they were then.

        To be believed only as long as rights are at what they were at, and session or key are
        still good; whoever asks has to look at that in the snapshot in which they read.
        """
        visitor = self._came.get(authorization)
        if visitor is None:
            return None
        if visitor.until is not None and visitor.until <= datetime.now(UTC):
            return None
        if visitor.seen_until is not None and visitor.seen_until <= self._storage.clock():
            return None
        self._came.move_to_end(authorization)
        return visitor

    async def visitor(self, authorization: str) -> Visitor | None:
        """Whoever an `Authorization` value stands for; nobody, when it is not good."""
        known = self.recalled(authorization)
        if known is not None and await self._is_still(known):
            return known
        self._came.pop(authorization, None)
        visitor = await self._looked_up(authorization)
        if visitor is not None:
            self._came[authorization] = visitor
            if len(self._came) > REMEMBERED:
                self._came.popitem(last=False)
        return visitor

    async def _is_still(self, visitor: Visitor) -> bool:
        """Whether nothing has changed about somebody, which one statement tells."""
        try:
            return await self._storage.views.stands(visitor.actor, visitor.rights)
        except Unplanned:
            return False  # looked up, which knows what to tell of whatever it is

    async def _looked_up(self, authorization: str) -> Visitor | None:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            return None
        if token.startswith(PREFIXES["key"] + "_"):
            return await self._program(token)
        try:
            user_id, session_id, until = self._tokens.read(token)
        except ValueError:
            return None
        found = await self._person(user_id, session_id)
        return Visitor(found[0], until, found[1]) if found else None

    async def again(self, actor: Actor) -> Actor | None:
        """The same one with the rights of this moment; nobody, when they are gone."""
        if actor.kind is ActorKind.API_KEY and actor.id is not None:
            async with self._storage.reading(replace(actor, sees_all=True)) as work:
                key = (await work.api_keys.find([actor.id])).get(actor.id)
            return actor if key is not None and key.revoked_at is None else None
        if actor.id is None or actor.session_id is None:
            return None
        found = await self._person(actor.id, actor.session_id)
        return found[0] if found else None

    async def of_session(self, session_id: UUID) -> Actor | None:
        """Whoever that session stands for, with the rights of this moment."""
        async with self._storage.reading(NOBODY) as work:
            session = await work.identities.session_by_id(session_id)
        found = await self._person(session.user_id, session_id) if session else None
        return found[0] if found else None

    async def of_all(self, actors: Sequence[Actor]) -> Mapping[Hashable, Actor]:
        """The same ones with the rights of this moment; who is missing has none any more."""
        keys = {each.id: each for each in actors if each.kind is ActorKind.API_KEY and each.id}
        sessions = {each.session_id for each in actors if each.session_id is not None}
        async with self._storage.reading(NOBODY) as work:
            people = await work.identities.people(sessions, work.now) if sessions else ()
            good = await work.identities.keys(list(keys)) if keys else ()
        found = [*people, *(keys[each] for each in good)]
        return {whose(each): each for each in found}

    def bearer(self, authorization: str) -> tuple[UUID, UUID, datetime] | None:
        """User, session and end of an access token, as it says by itself."""
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            return None
        try:
            return self._tokens.read(token)
        except ValueError:
            return None

    async def _person(self, user_id: UUID, session_id: UUID) -> tuple[Actor, int] | None:
        """Somebody with the rights of this moment, and what rights are at."""
        async with self._storage.reading(NOBODY) as work:
            session = await work.identities.session_by_id(session_id)
            user = await work.identities.user(user_id)
            if session is None or user is None or session.user_id != user.id:
                return None
            if not session.alive(work.now) or not user.active:
                return None
            actor = await work.identities.actor(user, session_id)
            return actor, await work.identities.access_version(user.workspace_id)

    async def _program(self, token: str) -> Visitor | None:
        prefix = token.split("_")[1][:16]
        async with self._storage.reading(NOBODY) as work:
            key = await work.identities.key_of(prefix)
            rights = await work.identities.access_version(key.workspace_id) if key else 0
            now = work.now
        # Compared even when there is none, so that a guess takes as long as a hit.
        right = self._keyring.same(key.secret_hash if key else "", self._keyring.hash(token))
        if key is None or not right or key.revoked_at is not None:
            return None
        actor = access.api_key(
            key_id=key.id,
            workspace_id=key.workspace_id,
            name=key.name,
            scopes=key.granted,
            levels=key.levels,
        )
        used = key.last_used_at
        if used is None or now - used > USED_EVERY:
            used = now
            async with self._storage.work(actor) as work:
                (await work.api_keys.take(key.id)).used(now)
        return Visitor(actor, None, rights, used + USED_EVERY)


def may_upload(context: Context) -> bool:
    """Whether it is somebody whose files are read; whoever is known and may send none is told."""
    if context.actor is None:
        return False
    if not context.actor.can(Permission.TICKETS_HANDLE):
        # The connection ends with the answer, so that the files need not be read.
        sentence = SENTENCES["may_not_call"][context.locale]
        raise Refused("FORBIDDEN", sentence, 403, headers={"Connection": "close"})
    return True


def address_of(connection: HTTPConnection) -> str:
    """Where a request or socket came from, behind a proxy as that says it."""
    return connection.client.host if connection.client else ""


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

    async def websocket(self, websocket: WebSocket, payload: Mapping[str, object]) -> "Connection":
        locale, authorization = _said(websocket, payload)
        if authorization is None:
            sentence = SENTENCES["unauthenticated"][locale]
            raise Refused("UNAUTHENTICATED", sentence, 401, close=4401)
        mark = _mark(authorization)
        while (same := self._coming.get(mark)) is not None:
            # One question for all who come with the same, as after a restart they do.
            await asyncio.wait([same])
            if (connection := self.known(websocket, payload)) is not None:
                return connection
        self._coming[mark] = asyncio.get_running_loop().create_future()
        try:
            return await self._enter(authorization, mark, locale)
        finally:
            self._coming.pop(mark).set_result(None)

    async def _enter(self, authorization: str, mark: bytes, locale: Locale) -> "Connection":
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

    def known(self, websocket: WebSocket, payload: Mapping[str, object]) -> "Connection | None":
        """The same for somebody who is here already: nothing has to be asked."""
        locale, authorization = _said(websocket, payload)
        if authorization is None:
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


def _said(websocket: WebSocket, payload: Mapping[str, object]) -> tuple[Locale, str | None]:
    """The language that a socket wants to be spoken to in, and what it shows to be let in."""
    # A browser sets no header on a socket, so that what it says first may name the language.
    wished = payload.get("acceptLanguage")
    header = websocket.headers.get("accept-language")
    locale = preferred(wished if isinstance(wished, str) else header)
    authorization = payload.get("authorization", payload.get("Authorization"))
    return locale, authorization if isinstance(authorization, str) and authorization else None


def _mark(authorization: str) -> bytes:
    """A token as it is remembered: not as itself."""
    return sha256(authorization.encode(errors="replace")).digest()


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
        self.key: Hashable = (
            actor.kind,
            actor.workspace_id,
            actor.role,
            actor.permissions,
            frozenset(actor.memberships.items()),
            actor.open_levels,
            actor.sees_all,
            locale,
            whose(actor) if personal else None,
        )

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


class Held(Protocol):
    """A socket, as far as it is to hear of rights."""

    def rights_changed(self) -> None: ...
    def close(self, code: int, reason: str) -> None: ...
