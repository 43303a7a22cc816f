"""What is said to the sandbox, read with care: a status and a word where it will not do."""

from typing import Any
from uuid import UUID

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.words import Visibility

BODY_MOST = 64 * 1024 * 1024
TEXT_MOST = 10_000


async def body(request: Request) -> dict[str, Any]:
    """A JSON object. Pages of other origins cannot send one without asking, and are not let."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "application/json")
    sent = bytearray()
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > BODY_MOST:
            raise HTTPException(413)
    try:
        told = orjson.loads(bytes(sent))
    except orjson.JSONDecodeError:
        raise HTTPException(400, "not JSON") from None
    if not isinstance(told, dict):
        raise HTTPException(422, "an object")
    return told


def part(told: dict[str, Any], name: str) -> dict[str, Any]:
    value = told.get(name, {})
    if not isinstance(value, dict):
        raise HTTPException(422, name)
    return value


def identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise HTTPException(422) from None


def text(told: dict[str, Any], name: str, most: int, usual: str | None = None) -> str:
    value = told.get(name) or usual
    if not isinstance(value, str) or not value.strip() or len(value) > most or "\0" in value:
        raise HTTPException(422, name)
    return value.strip()


def number(told: dict[str, Any], name: str, least: float, most: float, usual: float) -> float:
    value = told.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HTTPException(422, name)
    if not least <= value <= most:
        raise HTTPException(422, name)
    return value


def one_of(told: dict[str, Any], name: str, every: Any, usual: Any) -> Any:
    value = told.get(name, usual)
    if value not in every:
        raise HTTPException(422, name)
    return type(every[0])(value)


def visibility(told: dict[str, Any]) -> Visibility:
    seen = (Visibility.PUBLIC, Visibility.PRIVATE)
    found: Visibility = one_of(told, "visibility", seen, Visibility.PUBLIC)
    return found
