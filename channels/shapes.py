"""What a network's JSON says, taken without believing that it has the shape that it should.

Each answers nothing where there is something else: a number where a text belongs, a list where an
object does. So a body that is not as its documentation has it loses a part, and never more.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from channels.base import Unreadable
from domain.errors import Invalid

NOTHING: Mapping[str, Any] = {}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 200
NUL = "\x00"
FAR = 4_102_444_800
"""Seconds until 2100."""


def body(raw: bytes) -> Mapping[str, Any]:
    """The object that a body is; Unreadable where it is none."""
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Unreadable(Invalid("not_json")) from None
    if not isinstance(told, dict):
        raise Unreadable(Invalid("must_be_object", name="body"))
    return told


def part(told: Any, *path: str) -> Mapping[str, Any]:
    """The object at the end of a path."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, dict) else NOTHING


def parts(told: Any, name: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; what is none is left out."""
    found = told.get(name) if isinstance(told, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(told: Any, name: str) -> str | None:
    """A text that is not empty, without what no store keeps."""
    found = told.get(name) if isinstance(told, dict) else None
    if not isinstance(found, str):
        return None
    found = found.replace(NUL, "")
    return found if found.strip() else None


def identifier(told: Any, name: str) -> str | None:
    """What the network calls it: a text or a number, not longer than any of ours."""
    found = told.get(name) if isinstance(told, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_ID or NUL in found:
        return None
    return found.strip()


def number(told: Any, name: str) -> int | None:
    """A whole number that is not below zero."""
    found = told.get(name) if isinstance(told, dict) else None
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 20:
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        return None
    return found


def seconds(told: Any, name: str) -> datetime | None:
    """A moment, said in seconds since 1970, or in thousandths of them."""
    found = number(told, name)
    if found is None:
        return None
    if found > FAR:
        found //= 1000
    return EPOCH + timedelta(seconds=found) if 0 < found < FAR else None


def iso(told: Any, name: str) -> datetime | None:
    """A moment, said as ISO 8601 has it, with its time zone."""
    try:
        found = datetime.fromisoformat(text(told, name) or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
