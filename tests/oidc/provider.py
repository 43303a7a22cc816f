"""A little OpenID Connect provider on loopback, which keeps to the rules until told not to."""

import asyncio
import base64
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from time import time
from typing import Any

import jwt
import orjson
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.transport.house import Server, until

CLIENT_ID, CLIENT_SECRET = "guichê of padaria", "s€gredo:topsecret"
INSIDE = "stack trace of the provider at 10.0.0.7"

Claims = dict[str, Any]


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key for each name; they take a while to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signed(claims: Claims, *, kid: str = "one", alg: str = "RS256", key: Any = None) -> str:
    given = key or (ec_key(kid) if alg == "ES256" else rsa_key(kid))
    return jwt.encode(claims, given, alg, headers={"kid": kid})


def unsigned(claims: Claims) -> str:
    return jwt.encode(claims, "", "none", headers={"kid": "one"})


def signed_with_the_public_key(claims: Claims) -> str:
    """By hand: PyJWT itself refuses to take a public key for a shared secret."""
    pem = rsa_key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": "one", "typ": "JWT"}
    text = b".".join(_base64(orjson.dumps(part)) for part in (header, claims))
    return (text + b"." + _base64(hmac.digest(pem, text, "sha256"))).decode()


def _base64(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


@dataclass
class Provider:
    """Vouches for one person, who agrees to everything."""

    email: str = "nobody@example.com"
    said: Claims = field(default_factory=lambda: {"email_verified": True})
    """Claims that an ID token has instead of the usual ones; None takes one away."""
    sign: Callable[[Claims], str] = signed
    published: list[str] = field(default_factory=lambda: ["one"])
    described: dict[str, Any] = field(default_factory=dict)
    """What discovery says instead of the truth."""
    user_info: Claims = field(default_factory=dict)
    faults: dict[str, Response | float] = field(default_factory=dict)
    """Answered at a path instead of the right thing; a number is seconds of silence before it."""
    asked: list[str] = field(default_factory=list)
    """The paths asked for."""
    port: int = 0
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        return self.asked.count(path)

    async def discovery(self, _request: Request) -> Response:
        here = self.issuer
        told = {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize?audience=staff",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "userinfo_endpoint": f"{here}/userinfo",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }
        return JSONResponse({**told, **self.described})

    async def keys(self, _request: Request) -> Response:
        keys: list[Any] = []
        for kid in self.published:
            for algorithm, key in (
                (RSAAlgorithm, rsa_key(kid).public_key()),
                (ECAlgorithm, ec_key(kid).public_key()),
            ):
                made: Any = algorithm
                keys.append({**made.to_jwk(key, as_dict=True), "kid": kid, "use": "sig"})
        return JSONResponse({"keys": keys})

    async def authorize(self, request: Request) -> Response:
        told = dict(request.query_params)
        assert told["audience"] == "staff"
        assert told["client_id"] == CLIENT_ID
        assert (told["response_type"], told["code_challenge_method"]) == ("code", "S256")
        assert "openid" in told["scope"].split()
        code = secrets.token_urlsafe()
        self._codes[code] = told
        back = f"{told['redirect_uri']}?code={code}&state={told['state']}&iss={self.issuer}"
        return RedirectResponse(back)

    async def token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if not _is_client(request.headers.get("authorization"), form):
            return JSONResponse({"error": "invalid_client"}, 401)
        told = self._codes.pop(form["code"], None)
        challenge = _base64(sha256(form["code_verifier"].encode()).digest()).decode()
        if (
            told is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != told["redirect_uri"]
            or challenge != told["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant", "error_description": INSIDE}, 400)
        token = self.sign(self._claims(told["nonce"]))
        return JSONResponse({"id_token": token, "access_token": "t0ken", "token_type": "Bearer"})

    def _claims(self, nonce: str) -> Claims:
        now = int(time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "248289761001",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": self.email,
        }
        return {name: value for name, value in {**usual, **self.said}.items() if value is not None}

    async def userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer t0ken"
        return JSONResponse({"sub": "248289761001", **self.user_info})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        paths = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.keys,
            "/authorize": self.authorize,
            "/token": self.token,
            "/userinfo": self.userinfo,
        }
        routes = [
            Route(path, self._faulty(act), methods=["GET", "POST"]) for path, act in paths.items()
        ]
        server = Server(
            uvicorn.Config(
                Starlette(routes=routes),
                host="127.0.0.1",
                port=0,
                lifespan="off",
                log_config=None,
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def _faulty(self, act: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            self.asked.append(request.url.path)
            fault = self.faults.get(request.url.path)
            if isinstance(fault, Response):
                return fault
            await asyncio.sleep(fault or 0)
            response: Response = await act(request)
            return response

        return answer


def _is_client(authorization: str | None, form: Mapping[str, str]) -> bool:
    if authorization is None:
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
    # RFC 6749 2.3.1: both are form-encoded before they are put together.
    expected = base64.b64encode(b"guich%C3%AA%20of%20padaria:s%E2%82%ACgredo%3Atopsecret").decode()
    return authorization == f"Basic {expected}"
