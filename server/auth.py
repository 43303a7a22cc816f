"""Who is at the door: a token becomes an actor, for HTTP headers and sockets alike.

An access token says who signed in and until when; what they may do is read anew for every request,
so a right that was taken away is gone with the next one, and on open sockets within seconds.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.rules import access
from domain.rules.access import Actor, ActorKind
from domain.wanted import Unplanned
from server.access_tokens import AccessTokens
from server.opening import NOBODY
from server.roll import whose
from server.secrets import PREFIXES, Keyring
from storage.work import Storage

USED_EVERY = timedelta(minutes=1)
LONGEST_TOKEN = 2_000
"""With all that stands around it, for as that it is remembered."""
REMEMBERED = 10_000
"""How many who came are remembered, with the rights they had."""


@dataclass(frozen=True)
class Visitor:
    """An actor, and until when the token that they came with is good."""

    actor: Actor
    until: datetime | None
    rights: int = 0
    """What rights were at when the actor's were read."""
    anew: datetime | None = None
    """When they have to be looked up anew: a session may end, and a program's last use is shown."""


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
        if visitor.anew is not None and visitor.anew <= self._storage.clock():
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
        token = _token_of(authorization)
        if token is not None and token.startswith(PREFIXES["key"] + "_"):
            return await self._program(token)
        read = self.bearer(authorization)
        if read is None:
            return None
        user_id, session_id, until = read
        found = await self._person(user_id, session_id)
        return Visitor(found[0], until, *found[1:]) if found else None

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
        token = _token_of(authorization)
        try:
            return self._tokens.read(token) if token is not None else None
        except ValueError:
            return None

    async def _person(self, user_id: UUID, session_id: UUID) -> tuple[Actor, int, datetime] | None:
        """Somebody with the rights of this moment, what rights are at, and when the session ends
        where it is not renewed."""
        async with self._storage.reading(NOBODY) as work:
            session = await work.identities.session_by_id(session_id)
            user = await work.identities.user(user_id)
            if session is None or user is None or session.user_id != user.id:
                return None
            if not session.alive(work.now) or not user.active:
                return None
            actor = await work.identities.actor(user, session_id)
            rights = await work.identities.access_version(user.workspace_id)
            return actor, rights, session.expires_at

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


def _token_of(authorization: str) -> str | None:
    """What is shown as a bearer's; nothing where it cannot be a token of ours."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    right = scheme.lower() == "bearer" and token and len(authorization) <= LONGEST_TOKEN
    return token if right else None
