"""While a process leaves: whoever comes is sent elsewhere, and told that nothing was done.

Readiness goes first, then sockets are let go a few at a time, while what is being answered goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import orjson
import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.sentences import SENTENCES
from server.languages import preferred
from server.logging import PROBES
from server.metrics import Metrics

log = structlog.get_logger(__name__)

NOTICE, SPREAD = 1.0, 5.0
"""Seconds in which a balancer may learn of it, and then those over which sockets are let go."""
RETRY_AFTER = "1"


class Refusing:
    """Answers 503 to what is asked of a process that leaves; what it answers already goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self.app(scope, receive, send)
            return
        refusal = refusing(scope["app"])(scope["path"], Headers(scope=scope))
        await (refusal or self._answered)(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What takes longer than there is time at the end is told so, while anybody can be."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except asyncio.CancelledError:
            if begun or not scope["app"].state.draining:
                raise
            await _refusal(scope["path"], Headers(scope=scope))(scope, receive, send)


def refusing(app: Starlette) -> Callable[[str, Headers], Response | None]:
    """What is answered, at a path and with headers, to whoever comes while the process leaves."""

    def refusal(path: str, headers: Headers) -> Response | None:
        if not app.state.draining:
            return None
        metrics: Metrics = app.state.metrics
        metrics.refused("UNAVAILABLE")
        return _refusal(path, headers)

    return refusal


def _refusal(path: str, headers: Headers) -> Response:
    locale = preferred(headers.get("accept-language"))
    message = SENTENCES["unavailable"][locale]
    told: dict[str, Any] = {"error": {"code": "UNAVAILABLE", "message": message, "field": []}}
    if path == "/graphql":
        extensions = {"code": "UNAVAILABLE", "retryable": True}
        told = {"errors": [{"message": message, "extensions": extensions}]}
    return Response(
        orjson.dumps(told),
        503,
        # The connection ends with the answer: the next request finds another process.
        headers={"Retry-After": RETRY_AFTER, "Connection": "close", "Cache-Control": "no-store"},
        media_type="application/json",
    )


async def let_go(app: Starlette, seconds: float, hurry: asyncio.Event) -> float:
    """Everything that can be ended before connections are; how many of the seconds are left.

    Told to hurry, it lets all sockets go at once.
    """
    ends = monotonic() + seconds
    metrics: Metrics = app.state.metrics
    close: Callable[..., Awaitable[None]] = app.state.drain
    log.info("leaving", seconds=seconds)
    app.state.draining = True
    metrics.draining.set(1)
    app.state.stop.set()
    await _unless(hurry, asyncio.sleep(min(NOTICE, seconds / 10)), ends)
    await _unless(hurry, close(within=min(SPREAD, seconds / 2)), ends)
    if hurry.is_set():
        # Whoever hurries waits for nobody who is slow to tidy up.
        await _unless(asyncio.Event(), close(within=0.0), monotonic() + 1.0)
    return max(ends - monotonic(), 0.0)


async def _unless(hurry: asyncio.Event, waits: Awaitable[None], ends: float) -> None:
    """Until it is done, somebody hurries, or the time is over."""
    tasks = [asyncio.ensure_future(waits), asyncio.ensure_future(hurry.wait())]
    await asyncio.wait(
        tasks, timeout=max(ends - monotonic(), 0.0), return_when=asyncio.FIRST_COMPLETED
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
