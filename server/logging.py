"""One line for everything that happens, with the id of the request it belongs to.

Lines carry ids, counts and times. Bodies, variables, tokens, passwords and personal data do not
belong in a line; should one get there all the same, it is taken out before the line is written.
"""

import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor, WrappedLogger

from server.metrics import Metrics
from server.settings import Settings

log = structlog.get_logger("guiche.request")

HIDDEN = "[hidden]"
NEVER = frozenset(
    {
        *("authorization", "body", "cookie", "cookies", "cpf", "email", "headers", "password"),
        *("phone", "search"),
        *("query", "secret", "secret_key", "text", "token", "variables"),
    }
)
"""Names under which nothing is ever written."""
SHORT = 64
OURS = frozenset({"level", "logger", "operation_id", "request_id", "timestamp"})
"""Names of what we write ourselves, or looked at before."""
PLAIN = frozenset({bool, float, int, type(None)})
CONFIDENTIAL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mails
    r"|\b\d{3}\.\d{3}\.\d{3}-\d{2}\b|(?<![\w.-])\d{11}(?![\w.-])"  # CPFs
    r"|\+\d[\d ().-]{6,18}\d"  # telephone numbers
    r"|\b(?:gs|gk|whsec)_[\w-]{8,}"  # our own tokens
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # access tokens
    r"|(?<=://)[^/\s:@]*:[^@\s/]+(?=@)"  # passwords in addresses
)
# What a database adds to its errors: the statement with its values, and the row in question.
STATEMENT = re.compile(r"^(?:\[SQL: |\[parameters: |DETAIL: ).*?(?=^\S|\Z)", re.M | re.S)
PROBES = ("/livez", "/readyz")
ROUTES = frozenset(
    {"files", "graphql", "hooks", "livez", "oidc", "protocolo", "readyz", "s", "sandbox"}
)
CHATTY = (
    *("aiosqlite", "alembic", "asyncio", "httpx", "sqlalchemy", "uvicorn", "websockets"),
    "storage.engine.Pool",  # SQLAlchemy's, too: a pool logs under the name of its class
)
"""Theirs says what ours says already, or names addresses, statements and what goes with them."""
GIVEN_ID = re.compile(r"[\w.-]{8,64}")


class Lines:
    """Where ours are written. Not by way of the standard library, which takes twice as long."""

    def __init__(self, name: str = "guiche", *_rest: object) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = msg


def set_up(settings: Settings) -> None:
    """Everything that logs, ours and others', writes one kind of line to standard error."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    last: Processor = (
        structlog.processors.JSONRenderer(_json)
        if settings.logs_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _named,
            structlog.processors.add_log_level,
            stamp,
            structlog.processors.format_exc_info,
            without_confidences,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                stamp,
                structlog.stdlib.PositionalArgumentsFormatter(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_confidences,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _json(event: Any, **_how: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _named(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["logger"] = getattr(logger, "name", "guiche")
    return event


def without_confidences(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The line without anything that must not be read by whoever reads logs."""
    return {
        name: HIDDEN
        if name in NEVER
        else value
        if name in OURS or type(value) in PLAIN
        else _cleaned(value)
        for name, value in event.items()
    }


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _known(value) if len(value) <= SHORT else _bare(value)
    if isinstance(value, Mapping):
        return {key: HIDDEN if key in NEVER else _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cleaned(str(value))


def _bare(text: str) -> str:
    return CONFIDENTIAL.sub(HIDDEN, STATEMENT.sub(f"{HIDDEN}\n", text))


_known = lru_cache(1024)(_bare)
"""Most of what lines say, they say again."""


class RequestLog:
    """Gives each request an id, which its answer and all its lines carry, and writes one line."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None = None) -> None:
        self.app = app
        self.metrics = metrics or Metrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        given = request_id(Headers(scope=scope))
        told, status = given.encode("latin-1"), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", told))
            await send(message)

        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=given):
            try:
                await self.app(scope, receive, watched)
            finally:
                seconds = time.perf_counter() - began
                self.metrics.request(_route(scope), status, seconds)
                if scope["path"] not in PROBES:
                    log.info(
                        "request",
                        method=scope["method"],
                        # The path alone: queries are sent in addresses, too.
                        path=scope["path"],
                        status=status,
                        ms=round(seconds * 1000, 1),
                    )


def _route(scope: Scope) -> str:
    """Which of the few doors it knocked at; what callers make up is one of them."""
    first = scope["path"].lstrip("/").partition("/")[0]
    return first if first in ROUTES else "other"


def request_id(headers: Headers) -> str:
    """The caller's own id, where it is one that a log can bear; else a new one."""
    given = headers.get("x-request-id", "")
    good = GIVEN_ID.fullmatch(given) and not CONFIDENTIAL.search(given)
    return given if good else secrets.token_hex(8)
