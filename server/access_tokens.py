"""Tokens that say who signed in and until when, and the cookie of the session behind them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from starlette.responses import Response

from domain.model.base import new_id
from domain.rules.access import Actor
from server.secrets import Keyring

ALGORITHM = "HS256"
KEY_ID = "1"
ISSUER, AUDIENCE = "guiche", "guiche-api"
COOKIE, COOKIE_PATH = "guiche_session", "/graphql"


class AccessTokens:
    """Good for a short while; the cookie brings the next one."""

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
