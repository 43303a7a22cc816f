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
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor, WrappedLogger

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
GIVEN_ID = re.compile(r"[\w.-]{8,64}")


def set_up(settings: Settings) -> None:
    """Everything that logs, ours and others', writes one kind of line to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.logs_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
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
    root.setLevel(settings.log_level)
    # Theirs says what ours says already, or names addresses, statements and what goes with them.
    for name in ("aiosqlite", "alembic", "asyncio", "httpx", "sqlalchemy", "uvicorn", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def without_confidences(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The line without anything that must not be read by whoever reads logs."""
    return {name: HIDDEN if name in NEVER else _cleaned(value) for name, value in event.items()}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return CONFIDENTIAL.sub(HIDDEN, STATEMENT.sub(f"{HIDDEN}\n", value))
    if isinstance(value, Mapping):
        return {key: HIDDEN if key in NEVER else _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cleaned(str(value))


class RequestLog:
    """Gives each request an id, which its answer and all its lines carry, and writes one line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        request_id = _request_id(scope)
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, watched)
            finally:
                if scope["path"] not in PROBES:
                    log.info(
                        "request" if scope["type"] == "http" else "socket",
                        method=scope.get("method", "WEBSOCKET"),
                        # The path alone: queries are sent in addresses, too.
                        path=scope["path"],
                        status=status,
                        ms=round((time.perf_counter() - began) * 1000, 1),
                    )


def _request_id(scope: Scope) -> str:
    """The caller's own id, where it is one that a log can bear; else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
