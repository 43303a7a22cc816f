"""A log says what happened, and never what anybody wrote, signed in with, or is called."""

import json
import logging as standard
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server import asgi, logging, settings
from server.logging import HIDDEN, RequestLog, without_confidences

SQL_ERROR = """(sqlite3.IntegrityError) UNIQUE constraint failed: user.email
[SQL: INSERT INTO user (email) VALUES (?)]
[parameters: ('ana@example.com', 'meu segredo')]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


@contextmanager
def production(**more: str) -> Iterator[None]:
    """Logging as a process in production has it, and then as the tests have it again."""
    root = standard.getLogger()
    before, level = root.handlers, root.level
    logging.set_up(settings.load(log_format="json", secret_key="k" * 32, **more))
    try:
        yield
    finally:
        root.handlers, root.level = before, level
        structlog.reset_defaults()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    "confidential",
    [
        "ana.souza+sac@padaria.example.com",
        "gk_0123456789_HxY7kI713jy3bdT8ZWxL",
        "gs_0123456789_HxY7kI713jy3bdT8ZWxL",
        "whsec_0123456789_HxY7kI713jy3bdT8ZWxL",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_what_is_confidential_is_taken_out_wherever_it_stands(confidential: str) -> None:
    event = {"event": f"refused {confidential} here", "deep": {"list": [f"<{confidential}>"]}}

    clean = without_confidences(None, "info", event)

    assert confidential not in str(clean)
    assert HIDDEN in str(clean["event"])


def test_a_password_in_an_address_is_taken_out() -> None:
    clean = without_confidences(None, "info", {"event": "postgresql://guiche:segredo@db/guiche"})

    assert "segredo" not in clean["event"]
    assert "@db/guiche" in clean["event"]


@pytest.mark.parametrize("name", ["password", "text", "variables", "body", "authorization"])
def test_some_names_are_never_written(name: str) -> None:
    assert without_confidences(None, "info", {name: {"x": 1}}) == {name: HIDDEN}


def test_an_error_of_the_database_shows_no_values() -> None:
    clean = without_confidences(None, "error", {"exception": SQL_ERROR})

    assert "meu segredo" not in clean["exception"]
    assert "UNIQUE constraint failed" in clean["exception"]


async def test_a_request_is_one_line_with_the_id_that_its_answer_carries(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def hello(_request: Request) -> Response:
        structlog.get_logger("test").info("inside")
        return PlainTextResponse("olá")

    app = RequestLog(Starlette(routes=[Route("/hello", hello)]))
    transport = httpx.ASGITransport(app)
    with production():
        async with httpx.AsyncClient(transport=transport, base_url="http://guiche") as client:
            answer = await client.get("/hello?token=segredo")
            named = await client.get("/hello", headers={"X-Request-ID": "from-the-proxy-1"})
            odd = await client.get("/hello", headers={"X-Request-ID": 'x"} forged'})

    inside, request, *_ = written(capsys)
    assert request["request_id"] == inside["request_id"] == answer.headers["X-Request-ID"]
    assert (request["path"], request["status"]) == ("/hello", 200)
    assert "segredo" not in str(request)
    assert named.headers["X-Request-ID"] == "from-the-proxy-1"
    assert "forged" not in odd.headers["X-Request-ID"]


def test_what_others_log_has_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with production():
        standard.getLogger("somebody").warning("lost %s of %s", 1, "ana@example.com")

    [line] = written(capsys)
    assert line["event"] == f"lost 1 of {HIDDEN}"
    assert line["level"] == "warning"


def test_every_page_that_there_is_has_a_figure_of_its_own() -> None:
    app = asgi.create(settings.load(secret_key="k" * 32))
    paths = {route.path for route in app.routes if isinstance(route, Route)}

    assert {path.split("/")[1] for path in paths} - {""} <= logging.ROUTES


def test_a_driver_never_says_what_the_database_was_asked() -> None:
    """Nor does a pool of ours, which SQLAlchemy lets log under the name of its class."""
    with production(log_level="DEBUG"):
        assert standard.getLogger("guiche").isEnabledFor(standard.DEBUG)
        for name in ("aiosqlite", "sqlalchemy.engine", "storage.engine.Pool"):
            assert not standard.getLogger(name).isEnabledFor(standard.INFO)
