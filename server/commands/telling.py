"""A command, carried out: what may well go wrong is told in a sentence, without a traceback."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import structlog
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import Collision, Refusal, Unavailable
from domain.words import Locale
from importing.mapping import MappingError
from server import logging, settings
from server.metrics import Metrics
from server.opening import UnsafeDatabase
from server.settings import BadSettings, Settings
from storage.engine import DatabaseInUse
from storage.migrating import TableHeld, WrongSchema
from storage.restoring import Restored

if TYPE_CHECKING:
    from server.tracing import Tracing

T = TypeVar("T")
log = structlog.get_logger(__name__)

out = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Failed(Exception):
    """The command cannot do what was asked; the message says why, and what would help."""


TOLD = (
    *(BadSettings, DatabaseInUse, Failed, MappingError),
    *(Restored, TableHeld, UnsafeDatabase, WrongSchema),
)
"""What is a sentence already."""


def stop(message: str) -> NoReturn:
    """End the command with exit code 1."""
    errors.print(message, style="red", markup=False)
    sys.exit(1)


def prepared(**given: Any) -> Settings:
    """The settings, with logging set up by them."""
    try:
        loaded = settings.load(**{name: value for name, value in given.items() if value})
    except BadSettings as bad:
        stop(str(bad))
    logging.set_up(loaded)
    return loaded


@contextmanager
def measured(metrics: Metrics, at: Settings) -> Iterator[None]:
    """The metrics, served on their port; a sentence and the end where it cannot be had."""
    with ExitStack() as serving:
        try:
            serving.enter_context(metrics.served(at.metrics_host, at.metrics_port))
        except OSError as error:
            stop(
                f"METRICS_PORT: cannot listen on port {at.metrics_port} of {at.metrics_host}: "
                f"{error.strerror or error}. Each process of a machine needs one of its own."
            )
        yield


def tracing(at: Settings) -> "Tracing | None":
    """Spans, where they are wanted; a sentence and the end where they cannot be made."""
    if not at.tracing:
        return None
    try:
        # Loaded where it is wanted: what it needs is not installed everywhere.
        began: Tracing = import_module("server.tracing").begin()
    except ImportError:
        stop("TRACING: OpenTelemetry is not installed. Run: pip install 'guiche[otel]'")
    return began


def carry_out(work: Coroutine[Any, Any, T], at: Settings) -> T:
    """What the work gives, or a sentence and exit code 1."""
    try:
        return asyncio.run(work)
    except TOLD as told:
        stop(str(told))
    except Refusal as refusal:
        stop(refusal.message(Locale.EN))
    except (Collision, Unavailable, SQLAlchemyError, OSError) as error:
        if not isinstance(error, Collision | Unavailable | OSError | DBAPIError):
            raise
        if isinstance(error, OSError) and error.filename:
            stop(f"{error.filename}: {error.strerror}")
        cause = error.__cause__ if isinstance(error, Collision | Unavailable) else error
        log.debug("command.failed", exc_info=error)
        stop(f"The database at {address(at)} cannot be reached: {_reason(cause or error)}")
    except KeyboardInterrupt:
        errors.print("Stopped.")
        sys.exit(130)


def address(at: Settings) -> str:
    """Where the database is, without its password."""
    return at.database.set(drivername=at.database.get_backend_name()).render_as_string(
        hide_password=True
    )


def _reason(error: BaseException) -> str:
    """The first line of what the driver says; the rest are statements and values."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return (str(told).splitlines() or [""])[0][:300] or type(told).__name__
