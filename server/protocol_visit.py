"""A visit to the page of protocols: what one browser may look at, in a cookie that is sealed.

Nothing of it is kept here, and the proof is not in it: what stands for one that was shown is.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.words import Locale
from server.secrets import Keyring

COOKIE, PATH = "guiche_protocolo", "/protocolo"
LONGEST = 3_000
MINUTES = 30


@dataclass(frozen=True)
class Visit:
    id: str
    """Whose forms these are; other pages do not know it."""
    locale: Locale | None = None
    """What was chosen; none, as long as the browser's own is followed."""
    protocol: str | None = None
    kept: str | None = None
    """Stands for the proof of that protocol."""
    news: str | None = None
    """What is to be told on the next page, once."""

    @classmethod
    def begun(cls, locale: Locale | None = None) -> "Visit":
        return cls(secrets.token_hex(16), locale)

    def shown(self, protocol: str, kept: str) -> "Visit":
        """A visit of its own: what was known before somebody showed a proof is good for nothing."""
        return Visit(secrets.token_hex(16), self.locale, protocol, kept)

    def form(self, keyring: Keyring, purpose: str) -> str:
        """What a form of this visit carries, and no page of others can write."""
        return keyring.hash(f"protocol form {purpose} {self.id}")

    def is_of(self, keyring: Keyring, purpose: str, said: str) -> bool:
        return keyring.same(self.form(keyring, purpose), said)


def read(request: Request, keyring: Keyring) -> Visit | None:
    """The visit that the browser brings along."""
    text = request.cookies.get(COOKIE, "")
    if not text or len(text) > LONGEST:
        return None
    try:
        told = orjson.loads(keyring.unseal(urlsafe_b64decode(text)))
        locale = Locale(told["locale"]) if told["locale"] else None
        return replace(Visit(**told), locale=locale)
    except (ValueError, KeyError, TypeError):
        return None


def keep(response: Response, visit: Visit, keyring: Keyring, *, secure: bool) -> None:
    sealed = keyring.seal(orjson.dumps(vars(visit)).decode())
    response.set_cookie(
        COOKIE,
        urlsafe_b64encode(sealed).decode(),
        max_age=MINUTES * 60,
        path=PATH,
        httponly=True,
        secure=secure,
        samesite="strict",
    )
