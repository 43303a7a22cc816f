"""Sign-in with a company's own accounts: OpenID Connect, authorization code flow with PKCE.

The browser goes to the provider and comes back with a code, which is exchanged server to server.
What only that browser may know travels in its sealed cookie; nothing is kept here meanwhile. Nobody
is enrolled: the verified e-mail has to be an active user's. People read our sentences, operators a
reason; neither reads codes, tokens, e-mails or what the provider says.
"""

import html
import re
from datetime import timedelta
from urllib.parse import quote, urlsplit

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.errors import Collision, Forbidden, Unavailable
from domain.operations import signing
from domain.operations.signing import SignedIn
from domain.sentences import SENTENCES
from domain.words import Locale
from server.access_tokens import AccessTokens
from server.languages import preferred
from server.oidc_provider import (
    PATIENCE,
    SIGN_IN_LENGTH,
    Attempt,
    NotSignedIn,
    Provider,
    error_name,
)
from server.opening import NOBODY
from server.secrets import Keyring
from server.settings import Settings
from server.throttle import Throttle, address_of
from storage.work import Storage

log = structlog.get_logger(__name__)

COOKIE, COOKIE_PATH = "guiche_oidc", "/oidc"
# One slash and then visible ASCII without backslashes, which browsers read as slashes.
OWN_PATH = re.compile(r"/(?!/)[!-\[\]-~]{0,999}")
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
    "too_often": (429, "RATE_LIMITED"),
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
            throttle: Throttle = request.app.state.throttle
            if seconds := await throttle.knocked("oidc", address_of(request)):
                refusal = NotSignedIn("too_often", refusal.reason)
            response = self._refused(request, refusal, attempt.return_to, seconds)
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
            raise NotSignedIn("oidc_failed", f"no code: {error_name(told.get('error'))}")

        email = await self._provider.email(attempt, told["code"])
        try:
            async with storage.work(NOBODY) as work:
                return await signing.sign_in_by_email(work, email)
        except Forbidden as refusal:
            raise NotSignedIn(refusal.sentence, "no active user") from None
        except (Unavailable, Collision):
            raise NotSignedIn("unavailable", "store unavailable") from None

    def _refused(
        self, request: Request, refusal: "NotSignedIn", return_to: str = "/", seconds: int = 0
    ) -> Response:
        """A page for a browser, an error for a program."""
        log.warning("oidc.refused", sentence=refusal.sentence, reason=refusal.reason)
        status, code = OUTCOMES[refusal.sentence]
        locale = preferred(request.headers.get("accept-language"))
        sentence = SENTENCES[refusal.sentence][locale].format(seconds=seconds)
        headers = {**HEADERS, **({"Retry-After": str(seconds)} if seconds else {})}
        if "text/html" not in request.headers.get("accept", ""):
            told = {"error": {"code": code, "message": sentence, "field": []}}
            return Response(orjson.dumps(told), status, headers, "application/json")
        page = PAGE.format(
            language=locale.value,
            sentence=html.escape(sentence),
            again=html.escape(f"{AGAIN[locale]} {self._label}"),
            start=html.escape(f"/oidc/start?return_to={quote(return_to, safe='')}"),
        )
        return Response(page, status, headers, "text/html")
