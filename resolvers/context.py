"""What the resolvers of one operation share: who asks, one snapshot to read, and the bell.

Reading happens in one transaction of one snapshot, opened when first needed and given back when
the answer is complete; its questions are asked one after another, never two at once on one
connection. A mutation works in a transaction of its own, and what is read after it is read anew.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar
from uuid import UUID

import orjson
import strawberry
from starlette.responses import Response

from domain.addresses import Addresses
from domain.errors import Collision, Invalid, Unavailable
from domain.histories import Printer
from domain.position import Cursors
from domain.rules import checking
from domain.rules.access import Actor, Permission
from domain.wanted import AHEAD, Row, Seen, States, Unplanned, Views
from domain.words import Locale
from domain.work import Channels, Work
from feed.boards import Boards
from feed.lookout import Lookout
from feed.standing import Together
from feed.tail import Tails
from resolvers.loaders import Loaders

P = ParamSpec("P")
R = TypeVar("R")
KEY_LENGTH = 120
LOOKING = (Permission.WORKSPACE_READ, Permission.WALLBOARD_READ, Permission.REPLIES_MODERATE)
"""Whoever has one of these may look at something; at what, the wall says."""
TRIES = 3


class Told(Exception):
    """A request that is refused whole, with a code for programs and a sentence for people."""

    def __init__(self, code: str, sentence: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.values = values


class Store(Protocol):
    """Where work is opened; `storage.work.Storage` is the one."""

    def work(self, actor: Actor) -> AbstractAsyncContextManager[Work]: ...
    def reading(self, actor: Actor) -> AbstractAsyncContextManager[Work]: ...
    def asking(self) -> AbstractContextManager[None]: ...
    @property
    def addresses(self) -> Addresses: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def views(self) -> Views: ...
    @property
    def states(self) -> States: ...


class Written(NamedTuple):
    """A message of a subscription, ready: nothing of it is left to be run."""

    message: bytes


class Writes(Protocol):
    """Writes the messages of one subscription by plan; Unplanned where it has to be run."""

    async def look(self, context: "Context", ids: Collection[UUID]) -> Seen:
        """The tickets that a message tells of."""
        ...

    async def write(self, context: "Context", update: Any) -> Written:
        """The message, of an update whose tickets are rows that were looked at."""
        ...


class Gate(Protocol):
    """Who somebody is, and whether they still are."""

    async def again(self, actor: Actor) -> Actor | None: ...


class Tokens(Protocol):
    """The access tokens and cookies that signing in hands out."""

    def issue(self, actor: Actor) -> tuple[str, Any]: ...
    def set_cookie(self, response: Response, secret: str) -> None: ...
    def drop_cookie(self, response: Response) -> None: ...


class Throttle(Protocol):
    """How often one may try: to sign in, to look up a protocol. RATE_LIMITED beyond that."""

    async def sign_in(self, email: str, address: str) -> None: ...
    async def looks_up(self, protocol: str, address: str) -> None: ...
    async def partner_looks_up(self, key: str) -> None: ...
    async def answers(self, protocol: str) -> None: ...


class FileLinks(Protocol):
    """Addresses of files that are good for one caller, for a while."""

    def write(self, attachment_id: UUID, actor: Actor, now: datetime) -> str: ...


@dataclass(frozen=True)
class Services:
    """What the process offers to every operation."""

    store: Store
    gate: Gate
    tokens: Tokens
    throttle: Throttle
    tails: Tails
    boards: Boards
    lookout: Lookout
    cursors: Cursors
    file_links: FileLinks
    printer: Printer
    clock: Callable[[], datetime]
    nobody: Actor


@dataclass
class Context:
    services: Services
    actor: Actor | None
    locale: Locale
    response: Response | None = None
    refresh_secret: str | None = None
    """What the session cookie carried, if the request brought one."""
    together: Together | None = None
    """It is run for many who have the same rights, and knows no more of them than these."""
    writes: Writes | None = None
    """How its messages are written, where they need not be run."""
    rights: int | None = None
    """What rights were at when the actor's were read, where that was before this operation: then
    only what looks whether they still are may read."""
    address: str = ""
    """Where the request came from; nothing on a socket."""
    of_the_moment: bool = False
    """What time it is has been looked at, so that an answer may be another in a second."""
    refusals: list[str] = field(default_factory=list)
    """The codes of what was refused in payloads, for whoever counts."""
    lets_in: Callable[[Actor], bool] = lambda actor: True
    """Whether what was asked may be answered to whoever signs in with it."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: AsyncExitStack | None = None
    _read: Work | None = None
    _closed: bool = False

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._now = self.services.clock()
        self._loaders: Loaders | None = None

    @property
    def loaders(self) -> Loaders:
        """What is read of things by their ids; made when first asked for."""
        if self._loaders is None:
            self._loaders = Loaders(self.reading)
        return self._loaders

    @property
    def now(self) -> datetime:
        """The moment in which it is asked."""
        self.of_the_moment = True
        return self._now

    @property
    def me(self) -> Actor:
        """The actor, where the field's policy has already asked for one."""
        if self.actor is None:
            raise Told("UNAUTHENTICATED", "unauthenticated")
        return self.actor

    def require(self, *permissions: Permission) -> Actor:
        """The actor, where they have one of these."""
        if not any(self.me.can(each) for each in permissions):
            raise Told("FORBIDDEN", "may_not_call")
        return self.me

    async def still(self, permission: Permission, version: int | None) -> bool:
        """Whether the actor may, by the rights of this moment, which count from here on; of many,
        those go whose rights are others now, and the rest may what they might."""
        if self.together is not None:
            await self.together.same(version)
            return True
        actor = self.actor
        self.actor = await self.services.gate.again(actor) if actor else None
        return self.actor is not None and self.actor.can(permission)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """This operation's snapshot, one question at a time."""
        actor = self.require(*LOOKING)
        if self.rights is not None:
            raise Unplanned
        async with self._lock:
            if self._closed:
                # A loader of an answer that was broken off; what it opens nobody else would close.
                async with self.services.store.reading(actor) as work:
                    yield work
                return
            if self._read is None:
                self._open = AsyncExitStack()
                self._read = await self._open.enter_async_context(
                    self.services.store.reading(actor)
                )
            with self.services.store.asking():
                yield self._read

    async def rows(self, ids: Collection[UUID], version: int | None) -> Mapping[UUID, Row]:
        """The tickets of a message that is going to be written, as far as they may be seen.

        Where rights are others by now than when the feed was read, those for whom it makes a
        difference are gone before they are told anything.
        """
        if not ids or self.writes is None:
            return {}
        seen = await self.writes.look(self, ids)
        if seen.access_version != version and self.together is not None:
            await self.together.same(seen.access_version)
        return {row[AHEAD - 1]: row for row in seen.rows}

    async def rest(self) -> None:
        """The answer is complete: give the snapshot back; what comes next is read anew."""
        async with self._lock:
            opened, self._open, self._read = self._open, None, None
            if opened is not None:
                await opened.aclose()
        self._begin()

    async def aclose(self) -> None:
        self._closed = True
        await self.rest()

    async def do(
        self,
        operation: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Do it in a transaction of its own; once more when it collided with another."""
        return await self._attempt(lambda work: operation(work, *args, **kwargs))

    async def once(
        self,
        asked: Any,
        operation: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """The same, once for an idempotency key: a retry is answered what was answered before."""
        key = getattr(asked, "idempotency_key", None)
        if not key:
            return await self.do(operation, *args, **kwargs)
        if len(key) > KEY_LENGTH:
            raise Invalid("key_too_long", field=["idempotencyKey"], most=KEY_LENGTH)
        checking.storable(key, ["idempotencyKey"])
        request = request_text(operation.__name__, asked)

        async def act(work: Work) -> R:
            used, answer = await work.recall(key, work.secrets.hash(request))
            if used:
                remembered: R = answer
                return remembered
            result = await operation(work, *args, **kwargs)
            await work.remember(key, result)
            return result

        return await self._attempt(act)

    async def do_as(
        self,
        actor: Actor,
        operation: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """What somebody else does because of what is asked here."""
        return await self._attempt(lambda work: operation(work, *args, **kwargs), by=actor)

    async def do_as_nobody(
        self,
        operation: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """What is done before anybody is known: signing in, and out."""
        return await self._attempt(
            lambda work: operation(work, *args, **kwargs), by=self.services.nobody
        )

    async def _attempt(self, act: Callable[[Work], Awaitable[R]], by: Actor | None = None) -> R:
        await self.rest()
        for tries_left in reversed(range(TRIES)):
            try:
                async with self.services.store.work(by or self.me) as work:
                    return await act(work)
            except Collision as collision:
                if not tries_left:
                    raise Unavailable from collision
        raise AssertionError("unreachable")


def request_text(operation: str, asked: Any) -> str:
    """What tells two requests apart: the operation and everything asked but the key."""

    def plain(value: Any) -> Any:
        if isinstance(value, Enum):
            return value.value  # lent to the graph, it too has a definition
        if hasattr(value, "__strawberry_definition__"):
            parts = {
                name: plain(part) for name, part in vars(value).items() if name != "idempotency_key"
            }
            return {name: part for name, part in parts.items() if part is not strawberry.UNSET}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return [str(part) for part in value]
        if isinstance(value, list | tuple):
            return [plain(part) for part in value]
        return value

    return orjson.dumps(
        [operation, plain(asked)], option=orjson.OPT_SORT_KEYS, default=str
    ).decode()


Info = strawberry.Info[Context, None]


def speaks_of(name: str, info: Info) -> bool:
    """Whether a field of that name may be asked for: the document has the word somewhere."""
    written = info.operation.loc
    return written is None or name in written.source.body
