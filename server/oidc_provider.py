"""The provider that vouches for somebody: asked by us, and believed only when it proves it.

Every call is bounded in time and size and follows no redirect; a token counts only with the issuer,
audience, nonce, times and algorithm that were agreed.
"""

import asyncio
import re
import secrets
import ssl
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from time import monotonic
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import httpx
import jwt
import orjson
import structlog
from jwt import PyJWK
from pydantic import AfterValidator, BaseModel, ValidationError

from server.secrets import Keyring
from server.settings_forms import confidential

log = structlog.get_logger(__name__)

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
SIGN_IN_LENGTH = timedelta(minutes=10)
SKEW = timedelta(minutes=1)
PATIENCE = 8.0
KEPT = 3600.0
UNKNOWN_KEY_EVERY = 60.0
LARGEST = 256 * 1024
ERROR_NAME = re.compile(r"[a-z_]{1,40}")


class NotSignedIn(Exception):
    """Nobody came in: a sentence for them, and a reason for the log."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(reason)
        self.sentence = sentence
        self.reason = reason


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way, as the cookie of its browser holds it."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    redirect_uri: str
    until: float

    @classmethod
    def begun(cls, return_to: str, redirect_uri: str, now: datetime) -> "Attempt":
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        until = (now + SIGN_IN_LENGTH).timestamp()
        return cls(state, nonce, verifier, return_to, redirect_uri, until)

    @classmethod
    def unsealed(cls, keyring: Keyring, cookie: str) -> "Attempt | None":
        try:
            return cls(**orjson.loads(keyring.unseal(urlsafe_b64decode(cookie))))
        except (ValueError, TypeError):
            return None

    def sealed(self, keyring: Keyring) -> str:
        return urlsafe_b64encode(keyring.seal(orjson.dumps(asdict(self)).decode())).decode()

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


Address = Annotated[str, AfterValidator(confidential)]


class Discovered(BaseModel):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    userinfo_endpoint: Address | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


@cache
def _authorities() -> ssl.SSLContext:
    """Whom certificates are believed from; read once, for it takes a while."""
    return httpx.create_ssl_context()


class Provider:
    """Whoever vouches for people, asked with bounded patience and believed when signed."""

    def __init__(self, issuer: str, client_id: str, secret: str, patience: float) -> None:
        self.issuer = issuer
        self._client_id, self._secret = client_id, secret
        self._patience = patience
        self._tls = _authorities()
        self._looking, self._key_turn = asyncio.Lock(), asyncio.Lock()
        self._found: Discovered | None = None
        self._keys: list[Any] = []
        self._found_until = self._keys_until = self._unknown_from = 0.0

    async def page(self, attempt: Attempt) -> str:
        """Where to send the browser."""
        async with self._in_time():
            found = await self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": "openid email",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return str(httpx.URL(found.authorization_endpoint).copy_merge_params(asked))

    async def email(self, attempt: Attempt, code: str) -> str:
        """The verified e-mail of whoever the code stands for; NotSignedIn otherwise."""
        async with self._in_time():
            found = await self._discovered()
            tokens = await self._exchanged(found, attempt, code)
            claims = await self._claims(found, str(tokens.get("id_token")), attempt.nonce)
            if "email" not in claims and found.userinfo_endpoint is not None:
                claims = await self._more(found.userinfo_endpoint, tokens, claims["sub"])
        # Both from one answer: a verification says nothing of an e-mail told elsewhere.
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise NotSignedIn("not_a_user", "e-mail not verified")
        return email

    async def _discovered(self) -> Discovered:
        async with self._looking:
            if self._found is None or monotonic() >= self._found_until:
                address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                try:
                    found = Discovered.model_validate(await self._got(address))
                except ValidationError:
                    raise NotSignedIn("oidc_unavailable", "discovery unreadable") from None
                if found.issuer != self.issuer:
                    raise NotSignedIn("oidc_unavailable", "discovery names another issuer")
                self._found, self._found_until = found, monotonic() + KEPT
            return self._found

    async def _exchanged(self, found: Discovered, attempt: Attempt, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        auth = None
        if "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            auth = (quote(self._client_id, safe=""), quote(self._secret, safe=""))
        else:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        status, told = await self._asked("POST", found.token_endpoint, data=form, auth=auth)
        if status in (400, 401, 403):
            raise NotSignedIn("oidc_failed", f"code refused: {error_name(told.get('error'))}")
        if status != 200:
            raise NotSignedIn("oidc_unavailable", f"token endpoint answers {status}")
        return told

    async def _claims(self, found: Discovered, token: str, nonce: str) -> dict[str, Any]:
        """What a token says, once everything about it is right."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm = str(header.get("alg"))
            if algorithm not in ALGORITHMS:
                raise jwt.InvalidAlgorithmError
            key = await self._key(found.jwks_uri, header.get("kid"), algorithm)
            claims: dict[str, Any] = jwt.decode(
                token,
                PyJWK(key, algorithm),
                algorithms=list(ALGORITHMS),
                audience=self._client_id,
                issuer=found.issuer,
                leeway=SKEW,
                options={
                    "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.PyJWTError as error:
            raise NotSignedIn("oidc_failed", f"ID token: {type(error).__name__}") from None
        if claims["nonce"] != nonce:
            raise NotSignedIn("oidc_failed", "ID token: another nonce")
        if claims.get("azp", claims["aud"]) not in (self._client_id, [self._client_id]):
            raise NotSignedIn("oidc_failed", "ID token: for another party")
        return claims

    async def _key(self, address: str, kid: Any, algorithm: str) -> dict[str, Any]:
        """The key that signed, fetched anew for a `kid` not seen yet, but not for each such."""
        async with self._key_turn:
            if monotonic() >= self._keys_until:
                await self._fetch_keys(address)
            key = _fitting(self._keys, kid, algorithm)
            if key is None and monotonic() >= self._unknown_from:
                self._unknown_from = monotonic() + UNKNOWN_KEY_EVERY
                await self._fetch_keys(address)
                key = _fitting(self._keys, kid, algorithm)
        if key is None:
            raise NotSignedIn("oidc_failed", "ID token: signed with an unknown key")
        return key

    async def _fetch_keys(self, address: str) -> None:
        keys = (await self._got(address)).get("keys")
        if not isinstance(keys, list):
            raise NotSignedIn("oidc_unavailable", "keys unreadable")
        self._keys, self._keys_until = keys, monotonic() + KEPT

    async def _more(self, address: str, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """What the provider tells of them apart, as its strict kind does."""
        headers = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        told = await self._got(address, headers=headers)
        if told.get("sub") != subject:
            raise NotSignedIn("oidc_failed", "user info of somebody else")
        return told

    async def _got(self, address: str, **request: Any) -> dict[str, Any]:
        status, told = await self._asked("GET", address, **request)
        if status != 200:
            raise NotSignedIn("oidc_unavailable", f"{urlsplit(address).path} answers {status}")
        return told

    async def _asked(self, method: str, address: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """The status, and the object answered; an empty one with an error that has none."""
        body = b""
        try:
            async with (
                httpx.AsyncClient(verify=self._tls, timeout=self._patience) as client,
                client.stream(method, address, follow_redirects=False, **request) as response,
            ):
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise NotSignedIn("oidc_unavailable", "endless answer")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotSignedIn("oidc_unavailable", type(error).__name__) from None
        try:
            told = orjson.loads(body)
        except ValueError:
            told = None
        if response.status_code == 200 and not isinstance(told, dict):
            raise NotSignedIn("oidc_unavailable", "no JSON")
        return response.status_code, told if isinstance(told, dict) else {}

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                yield
        except TimeoutError:
            raise NotSignedIn("oidc_unavailable", "too slow") from None


def _fitting(keys: Sequence[Any], kid: Any, algorithm: str) -> dict[str, Any] | None:
    """The one key that can have signed; where the token names none, there must be no other."""
    found = [
        key
        for key in keys
        if isinstance(key, dict)
        and (kid is None or key.get("kid") == kid)
        and key.get("kty") == ALGORITHMS[algorithm]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
    ]
    return found[0] if len(found) == 1 else None


def error_name(told: Any) -> str:
    """One of the standard's own words; whatever else was sent stays out of the log."""
    return told if isinstance(told, str) and ERROR_NAME.fullmatch(told) else "unnamed"
