"""guiche serve: the process that answers."""

import asyncio
import errno
import gc
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType

import structlog
import uvicorn
from starlette.applications import Starlette

from server import asgi, leaving
from server.commands.telling import Failed, carry_out, measured, prepared, stop, tracing
from server.metrics import Metrics
from server.opening import prepare
from server.patience import PatientHttp
from server.settings import BadSettings, Settings
from server.wire import wired
from storage.work import Storage

log = structlog.get_logger(__name__)
BACKLOG = 2048

Started = Callable[[str], None]
"""Hears the address, once requests are answered there."""
Beside = Callable[[Storage, asyncio.Event], Coroutine[None, None, None]]
"""Something that goes on while requests are answered, until the event says stop."""


def serve(host: str | None, port: int | None) -> None:
    settings = prepared(host=host, port=port)
    carry_out(prepare(settings), settings)
    listen(settings, bound(settings), _log_address)


def _log_address(address: str) -> None:
    log.info("serving", address=address)


def bound(settings: Settings) -> socket.socket:
    """The address, taken before anything else is begun; a sentence and the end when it is not."""
    try:
        return bind(settings.host, settings.port)
    except Failed as failed:
        stop(str(failed))


def listen(
    settings: Settings, at: socket.socket, started: Started, beside: Beside | None = None
) -> None:
    """Answer requests until told to stop."""
    metrics = Metrics()
    try:
        app = asgi.create(settings, metrics, tracing(settings))
    except BadSettings as bad:
        stop(str(bad))
    server = Server(app, settings, started, beside)
    with measured(metrics, settings), suppress(KeyboardInterrupt):
        server.run(sockets=[at])
    if not server.started:
        stop("The server could not start; its log says why.")


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there already; Failed, in words, when it cannot."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        # Listening already takes the port; two that only bind it would both succeed.
        bound.listen(BACKLOG)
    except socket.gaierror:
        raise Failed(f"HOST: {host} is no address of this machine.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failed(
                f"Port {port} of {host} is taken by another program. Stop it, or choose "
                "another with --port."
            ) from None
        raise Failed(f"Cannot listen on port {port} of {host}: {error.strerror}.") from None
    bound.setblocking(False)
    return bound


class Server(uvicorn.Server):
    """Uvicorn, which lets the application say goodbye before connections are cut."""

    def __init__(
        self, app: Starlette, settings: Settings, started: Started, beside: Beside | None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http=PatientHttp,
                ws=wired(app.state.lobby),
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                forwarded_allow_ips=settings.forwarded_allow_ips,
                timeout_graceful_shutdown=settings.shutdown_seconds,
            )
        )
        self._app = app
        self._heard = started
        self._beside = beside
        self._seconds = settings.shutdown_seconds
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._going_on: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays to the end, and an answer makes thousands of things that are
        # gone with it: going through all of it every 700 of them was a fifth of a page's time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._heard(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            if self._beside is not None:
                going_on = self._beside(self._app.state.storage, self._stop)
                self._going_on = asyncio.create_task(going_on)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told once, it ends what it has begun; told again, it ends. Either is no failure.

        Uvicorn would end by the signal itself, and count on Ctrl-C alone to be repeated.
        """
        if self.should_exit:
            self.force_exit = True
            asyncio.get_running_loop().call_soon_threadsafe(self._hurry.set)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Readiness goes first, then sockets are closed with a reason, then connections."""
        self._stop.set()
        if self._going_on is not None:
            await asyncio.wait([self._going_on])
        left = await leaving.let_go(self._app, self._seconds, self._hurry)
        # All of it together takes no longer than the setting says.
        self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]
        await super().shutdown(sockets)
