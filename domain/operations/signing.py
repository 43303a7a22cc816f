"""Signing in and out: who a person is, on which device, for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.answers import KeyMade
from domain.errors import Duplicate, Forbidden, Invalid, NotFound
from domain.model.user import SESSION_LENGTH, ApiKey, Session, User
from domain.rules import access, checking
from domain.rules.access import Actor, Scope
from domain.work import Secret, Work


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is in: their rights now, and the secret their cookie has to carry."""

    actor: Actor
    user: User
    session: Session
    secret: Secret


class Replayed(Exception):
    """An old refresh secret came back: somebody has a copy, so the session is ended."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__()
        self.session_id = session_id


async def sign_in(work: Work, email: str, password: str) -> SignedIn:
    """INVALID, in the same words and the same time, for an unknown e-mail and a wrong password."""
    plain = email.strip().lower()
    # What cannot be kept is nobody's; PostgreSQL would not even look for it.
    user = None if "\x00" in plain else await work.identities.user_of_email(plain)
    right = await work.secrets.check_password(user.password_hash if user else None, password)
    if user is None or not right or not user.active:
        raise Invalid("wrong_credentials")

    return await _begin(work, user)


async def sign_in_by_email(work: Work, email: str) -> SignedIn:
    """For somebody whose e-mail another has vouched for; FORBIDDEN unless an active user has it."""
    plain = email.strip().lower()
    # Lowered, the Kelvin sign is a k: the owner of one address must not come in as another's.
    legible = plain.isprintable() and plain.isascii() == email.isascii()
    user = await work.identities.user_of_email(plain) if legible else None
    if user is None or not user.active:
        raise Forbidden("not_a_user")

    return await _begin(work, user)


async def _begin(work: Work, user: User) -> SignedIn:
    """A session of its own for this device."""
    secret = work.secrets.make("session")
    session = Session(
        workspace_id=user.workspace_id,
        user_id=user.id,
        secret_hash=secret.hash,
        created_at=work.now,
        rotated_at=work.now,
        expires_at=work.now + SESSION_LENGTH,
    )
    work.identities.add_session(session)
    return SignedIn(await work.identities.actor(user, session.id), user, session, secret)


async def refresh(work: Work, text: str | None) -> SignedIn:
    """The session goes on under a new secret; INVALID when there is none that lives."""
    fingerprint = work.secrets.hash(text or "")
    session = await work.identities.session_of(fingerprint) if text else None
    if session is None or not session.alive(work.now):
        raise Invalid("no_session")
    user = await work.identities.user(session.user_id)
    if user is None or not user.active:
        raise Invalid("no_session")
    if session.replayed(fingerprint, work.now):
        raise Replayed(session.id)

    secret = work.secrets.make("session")
    session.rotate(secret.hash, work.now)
    return SignedIn(await work.identities.actor(user, session.id), user, session, secret)


async def sign_out(work: Work, session_id: UUID | None, text: str | None) -> None:
    """The session is over everywhere, on open sockets too. Signing out twice is fine."""
    session = await work.identities.session_by_id(session_id) if session_id else None
    if session is None and text:
        session = await work.identities.session_of(work.secrets.hash(text))
    if session is not None:
        session.revoke(work.now)
        await work.identities.rights_changed(session.workspace_id)


async def make_key(
    work: Work, name: str, scopes: list[str], level_ids: Sequence[UUID] | None = None
) -> KeyMade:
    """An API key; its secret can be read in this answer and never again.

    A display's key is that and nothing else, and shows the levels it was made for.
    """
    known = ", ".join(scope.value for scope in Scope)
    if not scopes:
        raise Invalid("none_given", field=["scopes"])
    for scope in scopes:
        if scope not in set(Scope):
            raise Invalid("unknown_scope", field=["scopes"], name=scope[:40], known=known)
    levels = await _shown(work, scopes, level_ids)
    plain = checking.name(name)
    if await work.api_keys.named(plain):
        raise Duplicate("name_taken", field=["name"], name=plain)

    secret = work.secrets.make("key")
    key = ApiKey(
        workspace_id=work.actor.workspace_id,
        name=plain,
        prefix=secret.prefix,
        secret_hash=secret.hash,
        scopes=sorted(set(scopes)),
        level_ids=levels,
        created_at=work.now,
    )
    work.api_keys.add(key)
    return KeyMade(key, secret.text)


async def _shown(
    work: Work, scopes: list[str], level_ids: Sequence[UUID] | None
) -> list[str] | None:
    """The levels of a display, or of a partner who may ask for theirs alone, as they are kept."""
    several = len(set(scopes)) > 1
    if Scope.DISPLAY in scopes and several:
        raise Invalid("display_alone", field=["scopes"])
    if level_ids is None and Scope.DISPLAY not in scopes:
        return None
    if several or not access.OF_LEVELS.intersection(scopes):
        raise Invalid("levels_of_display", field=["levelIds"])
    if not level_ids:
        raise Invalid("none_given", field=["levelIds"])
    wanted = set(level_ids)
    if wanted - set(await work.levels.find(wanted)):
        raise NotFound("not_found", field=["levelIds"], thing="level")
    return sorted(str(each) for each in wanted)


async def revoke_key(work: Work, key_id: UUID) -> ApiKey:
    key = await work.api_keys.take(key_id)
    key.revoke(work.now)
    work.rights_changed()
    return key


async def set_availability(work: Work, available: bool) -> User:
    """Whether one takes new work; one's own choice."""
    if work.actor.user_id is None:
        raise Forbidden("people_only")
    try:
        user = await work.users.take(work.actor.user_id)
    except NotFound as missing:
        raise Forbidden("people_only") from missing
    user.attend(available)
    # Whoever comes on shift is given what waits: the workers hear of it.
    work.rights_changed()
    return user
