"""What a custom field of publishers may be called, and what may stand in it."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import re2  # type: ignore[import-untyped]

from domain.errors import Invalid, TooLong
from domain.rules import contacts
from domain.rules.checking import Path, storable
from domain.words import FieldKind

OWN = ("name", "cpf", "email", "phone", "tags")
"""What every publisher has anyway."""
KEY = re.compile(r"[a-z][a-zA-Z0-9_]{0,39}")
NUMBER = re.compile(r"-?\d{1,20}([.,]\d{1,6})?", re.ASCII)
VALUE_LENGTH = 500
PATTERN_LENGTH = 300
PATTERN_MEMORY = 1 << 20
DEFINITIONS_MOST = 50


def key(value: str, field: Path = ("key",)) -> str:
    if not KEY.fullmatch(value) or value in OWN:
        raise Invalid("field_key_invalid", field=field)
    return value


def pattern(value: str, kind: FieldKind, field: Path = ("pattern",)) -> str:
    """A pattern that RE2 takes: it never goes back, so no value can make it slow."""
    if kind is not FieldKind.TEXT:
        raise Invalid("pattern_for_text", field=field)
    if len(value) > PATTERN_LENGTH:
        raise TooLong("too_long", field=field, most=PATTERN_LENGTH, length=len(value))
    storable(value, field)
    try:
        _compiled(value)
    except re2.error:
        raise Invalid("pattern_invalid", field=field) from None
    return value


def value(kind: FieldKind, given: str, pattern: str | None, field: Path) -> str:
    """The value as it is kept; INVALID or TOO_LONG, and never quoted back."""
    given = given.strip()
    if len(given) > VALUE_LENGTH:
        raise TooLong("too_long", field=field, most=VALUE_LENGTH, length=len(given))
    if not given.isprintable():
        raise Invalid("control_characters", field=field)
    kept = READERS[kind](given, field)
    if pattern is not None and _compiled(pattern).fullmatch(kept) is None:
        raise Invalid("pattern_unmatched", field=field)
    return kept


def _text(given: str, field: Path) -> str:
    return storable(given, field)


def _number(given: str, field: Path) -> str:
    if not NUMBER.fullmatch(given):
        raise Invalid("number_invalid", field=field)
    number = Decimal(given.replace(",", "."))
    return f"{number.normalize():f}" if number else "0"


def _date(given: str, field: Path) -> str:
    try:
        if len(given) != len("2026-12-31"):
            raise ValueError("not a date as we write it")
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise Invalid("date_invalid", field=field) from None


READERS: dict[FieldKind, Callable[[str, Path], str]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.CPF: contacts.cpf,
    FieldKind.EMAIL: contacts.email,
    FieldKind.PHONE: contacts.phone,
}


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    return re2.compile(pattern, options)
