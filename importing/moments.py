"""A date as somebody wrote it, as a moment in UTC."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from importing.conversation import Refused

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# What a map may say instead of a strptime pattern.
ISO: Final = "iso"
MICROSECONDS: Final = {"epoch": 1_000_000, "epoch_ms": 1_000}

_NUMBER: Final = re.compile(r"-?\d{1,18}([.,]\d{1,9})?")


def read(text: str, formats: Sequence[str], zone: tzinfo) -> datetime:
    """The moment, by the first format that fits; a date without an offset is in `zone`."""
    for form in formats:
        try:
            moment = _by(form, text)
            # An hour that the clock change skipped or repeated takes the offset before the change,
            # so the answer is the same on every run.
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise Refused(f"not a date in any of the map's formats ({', '.join(formats)})", value=text)


def _by(form: str, text: str) -> datetime:
    if form == ISO:
        return datetime.fromisoformat(text)
    if form in MICROSECONDS:
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        units = Decimal(text.replace(",", ".")) * MICROSECONDS[form]
        return EPOCH + timedelta(microseconds=int(units))
    return datetime.strptime(text, form)  # noqa: DTZ007  # the zone is put on by the caller


def check(form: str) -> str:
    """The format itself, when dates can be read with it."""
    if form == ISO or form in MICROSECONDS:
        return form
    try:
        datetime.strptime("", form)  # noqa: DTZ007
    except ValueError as error:
        if "does not match format" not in str(error):
            raise ValueError(f'"{form}" is no date format: {error}') from None
    if not re.search(r"%[YyGcxs]", form):
        raise ValueError(
            f'"{form}" has no year; use "iso", "epoch", "epoch_ms" or a strptime pattern'
        )
    return form
