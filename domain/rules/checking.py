"""Whether what somebody gave us can be kept: lengths, characters, dates, addresses."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from domain.errors import Invalid, TooLong
from domain.rules.wording import COMMENT_LENGTH, TEXT_LENGTH

NAME_LENGTH = 120
TAG_LENGTH = 60
URL_LENGTH = 2_000
ID_LENGTH = 200
# Clocks of networks run a little ahead of ours.
TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
Path = Sequence[str]


def text(value: str, field: Path, most: int = TEXT_LENGTH) -> str:
    """The text without blank ends; INVALID when empty, TOO_LONG when it is."""
    value = value.strip()
    if not value:
        raise Invalid("empty_text", field=field)
    if len(value) > most:
        raise TooLong("too_long", field=field, most=most, length=len(value))
    return storable(value, field)


def storable(value: str, field: Path) -> str:
    """PostgreSQL keeps no NUL, and no encoding keeps half a surrogate pair."""
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid("control_characters", field=field)
    return value


def comment(value: str | None, field: Path = ("comment",)) -> str | None:
    """The comment without blank ends; None when nothing is said."""
    if value is None or not value.strip():
        return None
    return text(value, field, COMMENT_LENGTH)


def name(value: str, field: Path = ("name",), most: int = NAME_LENGTH) -> str:
    value = " ".join(value.split())
    if not 1 <= len(value) <= most:
        raise Invalid("name_required", field=field, most=most)
    return storable(value, field)


def identifier(value: str, field: Path) -> str:
    """An id that another system gave: any text, but not an empty or endless one."""
    if not value.strip():
        raise Invalid("empty_text", field=field)
    if len(value) > ID_LENGTH:
        raise TooLong("too_long", field=field, most=ID_LENGTH, length=len(value))
    return storable(value, field)


def tags(values: Iterable[str], field: Path) -> tuple[str, ...]:
    kept = dict.fromkeys(" ".join(value.split()) for value in values)
    for value in kept:
        if not 1 <= len(value) <= TAG_LENGTH or "\x1f" in value or not value.isprintable():
            raise Invalid("tag_invalid", field=field, most=TAG_LENGTH)
    return tuple(kept)


def url(value: str | None, field: Path) -> str | None:
    if value is None or value == "":
        return None
    plain = value.startswith(("https://", "http://")) and value.isprintable() and " " not in value
    if not plain or len(value) > URL_LENGTH:
        raise Invalid("url_invalid", field=field)
    return value


def happened(value: datetime, now: datetime, field: Path) -> datetime:
    if value > now + TOLERANCE:
        raise Invalid("in_the_future", field=field, name=field[-1])
    if value < EARLIEST:
        raise Invalid("too_old", field=field, name=field[-1])
    return value


def number(value: int, most: int, field: Path, least: int = 1) -> int:
    if not least <= value <= most:
        raise Invalid("count_range", field=field, name=field[-1], most=most)
    return value


def within(value: int | None, most: int) -> int | None:
    """The number, or the nearest that can be kept: a figure is no reason to refuse a message."""
    return None if value is None else min(max(value, 0), most)
