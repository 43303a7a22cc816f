"""Sign-in with a company's own accounts: OpenID Connect, authorization code flow with PKCE.

The browser goes to the provider and comes back with a code, which is exchanged server to server.
What only that browser may know travels in its sealed cookie; nothing is kept here meanwhile. Nobody
is enrolled: the verified e-mail has to be an active user's. People read our sentences, operators a
reason; neither reads codes, tokens, e-mails or what the provider says.
"""

import asyncio
import html
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
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
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.errors import Collision, Forbidden, Unavailable
from domain.operations import signing
from domain.operations.signing import SignedIn
from domain.sentences import SENTENCES
from domain.words import Locale
from server.auth import AccessTokens
from server.languages import preferred
from server.opening import NOBODY
from server.secrets import Keyring
from server.settings import Settings, confidential
from storage.work import Storage

log = structlog.get_logger(__name__)

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
COOKIE, COOKIE_PATH = "guiche_oidc", "/oidc"
SIGN_IN_LENGTH = timedelta(minutes=10)
SKEW = timedelta(minutes=1)
PATIENCE = 8.0
KEPT = 3600.0
UNKNOWN_KEY_EVERY = 60.0
LARGEST = 256 * 1024
# One slash and then visible ASCII without backslashes, which browsers read as slashes.
OWN_PATH = re.compile(r"/(?!/)[!-\[\]-~]{0,999}")
ERROR_NAME = re.compile(r"[a-z_]{1,40}")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Where we come back to, the address holds a code.
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}
OUTCOMES = {
    "return_to_invalid": (400, "INVALID"),
    "oidc_stale": (400, "INVALID"),
    "oidc_failed": (401, "UNAUTHENTICATED"),
    "not_a_user": (403, "FORBIDDEN"),
    "oidc_unavailable": (503, "UNAVAILABLE"),
    "unavailable": (503, "UNAVAILABLE"),
}
PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Guichê</title>
<p>{sentence}</p>
<p><a href="{start}">{again}</a></p>
</html>
"""
AGAIN = {Locale.EN: "Sign in with", Locale.PT_BR: "Entrar com"}


def routes(settings: Settings, *, patience: float = PATIENCE) -> list[Route]:
    """The addresses to sign in at; none where no provider is set up."""
    if settings.oidc_issuer is None:
        return []
    provider = Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        patience,
    )
    desk = Desk(settings, provider, settings.oidc_label or str(urlsplit(provider.issuer).hostname))
    return [
        Route("/oidc", desk.offer, methods=["GET"]),
        Route("/oidc/start", desk.start, methods=["GET"]),
        Route("/oidc/callback", desk.callback, methods=["GET"], name="oidc_callback"),
    ]


class Desk:
    """Sends browsers to the provider, and lets in whom it vouches for."""

    def __init__(self, settings: Settings, provider: "Provider", label: str) -> None:
        self._provider = provider
        self._label = label
        self._lifetime = timedelta(minutes=settings.access_token_minutes)
        self._secure = settings.production

    async def offer(self, _request: Request) -> Response:
        """For whoever draws the button."""
        told = {"label": self._label, "start": "/oidc/start"}
        return Response(orjson.dumps(told), media_type="application/json", headers=HEADERS)

    async def start(self, request: Request) -> Response:
        storage: Storage = request.app.state.storage
        keyring: Keyring = request.app.state.keyring
        return_to = request.query_params.get("return_to", "/")
        try:
            if not OWN_PATH.fullmatch(return_to):
                raise NotSignedIn("return_to_invalid", "return_to leads elsewhere")
            back = str(request.url_for("oidc_callback"))
            attempt = Attempt.begun(return_to, back, storage.clock())
            page = await self._provider.page(attempt)
        except NotSignedIn as refusal:
            return self._refused(request, refusal)

        response = RedirectResponse(page, 303, HEADERS)
        response.set_cookie(
            COOKIE,
            attempt.sealed(keyring),
            max_age=int(SIGN_IN_LENGTH.total_seconds()),
            path=COOKIE_PATH,
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )
        return response

    async def callback(self, request: Request) -> Response:
        storage: Storage = request.app.state.storage
        keyring: Keyring = request.app.state.keyring
        attempt = Attempt.unsealed(keyring, request.cookies.get(COOKIE, ""))
        state = request.query_params.get("state", "")
        if attempt is None or not keyring.same(attempt.state, state):
            # Not spent by this: anybody can send a browser here with a state that they made up.
            return self._refused(request, NotSignedIn("oidc_stale", "state of no attempt"))

        try:
            signed_in = await self._signed_in(request, storage, attempt)
        except NotSignedIn as refusal:
            response = self._refused(request, refusal, attempt.return_to)
        else:
            response = RedirectResponse(attempt.return_to, 303, HEADERS)
            tokens = AccessTokens(keyring, self._lifetime, secure=self._secure)
            tokens.set_cookie(response, signed_in.secret.text)
            log.info("oidc.signed_in", user=str(signed_in.user.id))
        response.delete_cookie(
            COOKIE, path=COOKIE_PATH, httponly=True, secure=self._secure, samesite="lax"
        )
        return response

    async def _signed_in(self, request: Request, storage: Storage, attempt: "Attempt") -> SignedIn:
        told = request.query_params
        if storage.clock().timestamp() >= attempt.until:
            raise NotSignedIn("oidc_stale", "begun too long ago")
        if told.get("iss", self._provider.issuer) != self._provider.issuer:
            raise NotSignedIn("oidc_failed", "answer of another provider")
        if "code" not in told:
            raise NotSignedIn("oidc_failed", f"no code: {_error_name(told.get('error'))}")

        email = await self._provider.email(attempt, told["code"])
        try:
            async with storage.work(NOBODY) as work:
                return await signing.sign_in_by_email(work, email)
        except Forbidden as refusal:
            raise NotSignedIn(refusal.sentence, "no active user") from None
        except (Unavailable, Collision):
            raise NotSignedIn("unavailable", "store unavailable") from None

    def _refused(self, request: Request, refusal: "NotSignedIn", return_to: str = "/") -> Response:
        """A page for a browser, an error for a program."""
        log.warning("oidc.refused", sentence=refusal.sentence, reason=refusal.reason)
        status, code = OUTCOMES[refusal.sentence]
        locale = preferred(request.headers.get("accept-language"))
        sentence = SENTENCES[refusal.sentence][locale]
        if "text/html" not in request.headers.get("accept", ""):
            told = {"error": {"code": code, "message": sentence, "field": []}}
            return Response(orjson.dumps(told), status, HEADERS, "application/json")
        page = PAGE.format(
            language=locale.value,
            sentence=html.escape(sentence),
            again=html.escape(f"{AGAIN[locale]} {self._label}"),
            start=html.escape(f"/oidc/start?return_to={quote(return_to, safe='')}"),
        )
        return Response(page, status, HEADERS, "text/html")


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


class Provider:
    """Whoever vouches for people, asked with bounded patience and believed when signed."""

    def __init__(self, issuer: str, client_id: str, secret: str, patience: float) -> None:
        self.issuer = issuer
        self._client_id, self._secret = client_id, secret
        self._patience = patience
        self._tls = httpx.create_ssl_context()
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
            raise NotSignedIn("oidc_failed", f"code refused: {_error_name(told.get('error'))}")
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


def _error_name(told: Any) -> str:
    """One of the standard's own words; whatever else was sent stays out of the log."""
    return told if isinstance(told, str) and ERROR_NAME.fullmatch(told) else "unnamed"
