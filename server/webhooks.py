"""/hooks/{account}: what a network, or anything that can sign, has to tell.

The signature is checked over the bytes as they came, before anything reads them. Who cannot sign
learns nothing: an account that does not exist answers as one whose secret is unknown.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from channels import registry
from channels.base import Own, Unreadable
from domain.answers import Received
from domain.errors import (
    Collision,
    Invalid,
    NotFound,
    RateLimited,
    Refusal,
    TooLarge,
    Unavailable,
)
from domain.model.account import Account
from domain.operations import connecting, hearing
from domain.post import Ignored, News
from domain.rules import access
from domain.rules.capability import MEBIBYTE
from domain.words import Locale
from resolvers import ids
from server.languages import preferred
from server.metrics import Metrics
from server.opening import NOBODY
from server.secrets import Keyring
from server.throttle import Throttle, address_of
from storage.work import Storage

log = structlog.get_logger(__name__)

LARGEST = max(MEBIBYTE, *registry.BODIES.values())
LONG = 64 * 1024
LARGE_AT_ONCE = 4
PATIENCE, LARGE_WITHIN = 10.0, 120.0
"""Seconds to wait for a place among the large ones, and to be done there."""
RETRY_AFTER = "5"
TRIES = 3
# A secret that nobody has, as long as one that we make.
UNKNOWN = "whsec_0000000000_" + "0" * 32


async def receive(request: Request) -> Response:
    """A result for each post: 200 means that each was taken in, or refused for good."""
    tracing = getattr(request.app.state, "tracing", None)
    if tracing is None:
        return await _received(request)
    with tracing.span("webhook", request.headers) as span:
        response = await _received(request)
        outcome = "unavailable" if response.status_code == 503 else "ok"
        span.ended(outcome, {"status": response.status_code})
        return response


async def challenged(request: Request) -> Response:
    """GET: the network asks whether its messages are wanted here, before it sends any."""
    storage: Storage = request.app.state.storage
    keyring: Keyring = request.app.state.keyring
    locale = preferred(request.headers.get("accept-language"))
    try:
        account, secret = await _account(storage, keyring, request)
        channel = registry.of(account.network) if account else registry.GENERIC
        answer = channel.challenge(secret, request.query_params, _connection(keyring, account))
        if account is None or secret == UNKNOWN or answer is None:
            raise NotSigned
    except NotSigned as refusal:
        return await _unsigned(request, refusal, locale)
    except Unavailable:
        return _refused(503, Invalid("unavailable"), locale, code="UNAVAILABLE")
    log.info("webhook.challenged", account=str(account.id))
    return Response(answer.text, media_type=answer.media_type)


async def _received(request: Request) -> Response:
    storage: Storage = request.app.state.storage
    keyring: Keyring = request.app.state.keyring
    locale = preferred(request.headers.get("accept-language"))
    try:
        body = await _body(request)
        account = await _sender(storage, keyring, request, body)
        most = registry.body_most(account.network)
        if len(body) > most:
            raise TooLarge("body_too_large", most=most)
        news = await _read(account, body)
        results = await _take_in(storage, account, news)
    except ClientDisconnect:
        return Response(status_code=400)
    except NotSigned as refusal:
        return await _unsigned(request, refusal, locale)
    except TooLarge as refusal:
        return _refused(413, refusal, locale)
    except Unreadable as unreadable:
        return _refused(400, unreadable.refusal, locale)
    except (Unavailable, Collision, TimeoutError):
        return _refused(503, Invalid("unavailable"), locale, code="UNAVAILABLE")

    refused = sum(result.refusal is not None for result in results)
    metrics: Metrics = request.app.state.metrics
    duplicate = sum(result.duplicate for result in results)
    metrics.posts("refused", refused)
    metrics.posts("duplicate", duplicate)
    await _heard_of(storage, account)
    ignored = [each for each in news if isinstance(each, Ignored)]
    metrics.posts("ignored", len(ignored))
    metrics.posts("taken", len(results) - refused - duplicate - len(ignored))
    log.info(
        "webhook",
        account=str(account.id),
        posts=len(results),
        refused=refused,
        ignored=sorted({each.what[:60] for each in ignored})[:10],
    )
    return _answer(200, {"results": [_result(each, locale) for each in results]})


async def _unsigned(request: Request, refusal: Refusal, locale: Locale) -> Response:
    throttle: Throttle = request.app.state.throttle
    if seconds := await throttle.knocked("hook", address_of(request)):
        response = _refused(429, RateLimited("too_often", seconds=seconds), locale)
        response.headers["Retry-After"] = str(seconds)
        return response
    return _refused(401, refusal, locale)


class NotSigned(Invalid):
    """Whoever sent this does not know the account's secret, or there is no such account."""

    def __init__(self) -> None:
        super().__init__("not_signed")


async def _body(request: Request) -> bytes:
    """The bytes as they came; TOO_LARGE as soon as there are too many.

    How many its account may send is asked once the signature is known to be right: before that
    nobody learns what is there.
    """
    announced = request.headers.get("content-length", "0")
    length = int(announced) if announced.isdecimal() else 0
    if length > LARGEST:
        raise TooLarge("body_too_large", most=LARGEST)
    parts: list[bytes] = []
    async with AsyncExitStack() as room:
        length = 0
        async for part in request.stream():
            before, length = length, length + len(part)
            if length > LARGEST:
                raise TooLarge("body_too_large", most=LARGEST)
            if before <= MEBIBYTE < length:
                # Strangers may fill a few large ones, and nothing else waits for those.
                await _take_place(room)
            parts.append(part)
        return b"".join(parts)


_large = asyncio.Semaphore(LARGE_AT_ONCE)


async def _take_place(room: AsyncExitStack) -> None:
    """Among the large bodies; UNAVAILABLE when they are many, and for one that takes too long."""
    try:
        async with asyncio.timeout(PATIENCE):
            await room.enter_async_context(_large)
    except TimeoutError:
        raise Unavailable from None
    await room.enter_async_context(asyncio.timeout(LARGE_WITHIN))


async def _read(account: Account, body: bytes) -> Sequence[News | Refusal]:
    """What it tells; a long body is read beside the loop, so that nobody else waits for it."""
    read = registry.of(account.network).read
    own = Own(account.id, account.external_id, account.handle)
    if len(body) <= LONG:
        return read(body, own, _monitoring_id)
    return await asyncio.to_thread(read, body, own, _monitoring_id)


async def _sender(storage: Storage, keyring: Keyring, request: Request, body: bytes) -> Account:
    """The account whose secret signed the bytes; the same work is done where there is none."""
    account, secret = await _account(storage, keyring, request)
    channel = registry.of(account.network) if account else registry.GENERIC
    genuine = channel.genuine(secret, request.headers, body, storage.clock())
    if account is None or secret == UNKNOWN or not genuine:
        raise NotSigned
    return account


async def _account(
    storage: Storage, keyring: Keyring, request: Request
) -> tuple[Account | None, str]:
    """The account that the address names, and its secret; UNKNOWN where it has none."""
    account_id = _account_id(request.path_params["account"])
    async with storage.reading(NOBODY) as work:
        account = await work.identities.account(account_id)
    sealed = account.sealed_secret if account and account.sealed_secret else keyring.seal(UNKNOWN)
    try:
        return account, keyring.unseal(sealed)
    except ValueError:
        log.error("webhook.secret_unreadable", account=str(account_id))
        return account, UNKNOWN


def _connection(keyring: Keyring, account: Account | None) -> Mapping[str, Any]:
    """What was saved of how its network is reached; nothing where that cannot be read."""
    if account is None or account.sealed_connection is None:
        return {}
    try:
        told: Mapping[str, Any] = orjson.loads(keyring.unseal(account.sealed_connection))
    except ValueError:
        return {}
    return told


def _account_id(text: str) -> UUID:
    """The account in the address; an id of nothing for what is none."""
    try:
        return ids.either("Account", text)
    except (ValueError, NotFound):
        return uuid4()


def _monitoring_id(text: str) -> UUID:
    return ids.either("Monitoring", text)


async def _take_in(
    storage: Storage, account: Account, read: Sequence[News | Refusal]
) -> list[Received]:
    """What became of each, what could not be read included."""
    news = [each for each in read if not isinstance(each, Refusal)]
    acts = hearing.acts(news)
    taken = iter([each for act in acts for each in await _heard(storage, account, act)])
    return [
        Received(None, None, refusal=each) if isinstance(each, Refusal) else next(taken)
        for each in read
    ]


async def _heard_of(storage: Storage, account: Account) -> None:
    """That its network still speaks to us; not worth a refusal where it cannot be kept."""
    now = storage.clock()
    if account.heard_at is not None and now - account.heard_at < connecting.TO_THE_MINUTE:
        return
    with suppress(Unavailable, Collision):
        async with storage.work(access.system(account.workspace_id)) as work:
            await connecting.heard(work, account.id)


async def _heard(storage: Storage, account: Account, news: Sequence[News]) -> list[Received]:
    for tries_left in reversed(range(TRIES)):
        try:
            async with storage.work(access.system(account.workspace_id)) as work:
                return await hearing.hear(work, news)
        except Collision:
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def _result(received: Received, locale: Locale) -> dict[str, Any]:
    occurrence, ticket, refusal = received.occurrence, received.ticket, received.refusal
    return {
        "occurrenceId": ids.write("Occurrence", occurrence.id) if occurrence else None,
        "protocol": ticket.protocol if ticket else None,
        "duplicate": received.duplicate,
        "error": _error(refusal, locale) if refusal else None,
    }


def _error(refusal: Refusal, locale: Locale, code: str | None = None) -> dict[str, Any]:
    return {
        "code": code or refusal.code.value,
        "message": refusal.message(locale),
        "field": list(refusal.field),
    }


def _refused(status: int, refusal: Refusal, locale: Locale, *, code: str | None = None) -> Response:
    if status == 401:
        code = "UNAUTHENTICATED"
    response = _answer(status, {"error": _error(refusal, locale, code)})
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def _answer(status: int, told: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(told),
        status,
        media_type="application/json",
        headers={"Vary": "Accept-Language"},
    )
