"""Who sent these bytes: a signature over them, made with a secret that both sides know.

`Guiche-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<bytes>", in hex>`. Several `v1`
may stand in one header, so that a secret can be changed without losing a message.
"""

import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

HEADER = "Guiche-Signature"
TOLERANCE = timedelta(minutes=5)
"""Older is no longer taken: whoever recorded a message cannot play it again later."""
LONGEST = 2_000
MOST_SIGNATURES = 5
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def signature(secret: str, body: bytes, at: datetime, *also: str) -> str:
    """The header's value for these bytes at this moment; signed with other secrets, too, while
    one takes the other's place."""
    seconds = int(at.timestamp())
    signed = (f"v1={_digest(each, seconds, body)}" for each in (secret, *also))
    return ",".join([f"t={seconds}", *signed])


def genuine(secret: str, header: str | None, body: bytes, now: datetime) -> bool:
    """Whether the bytes were signed with the secret, within the last minutes.

    Everything is computed in every case, so that the time it takes tells nothing.
    """
    seconds, given = _read(header or "")
    expected = _digest(secret, seconds, body)
    right = False
    for each in given:
        right |= hmac.compare_digest(each, expected)
    age = abs(now.timestamp() - seconds)
    return right and age <= TOLERANCE.total_seconds()


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()


def _read(header: str) -> tuple[int, list[str]]:
    """The moment and the signatures; a header that is none has neither."""
    parts = [part.strip().partition("=") for part in header[:LONGEST].split(",")]
    times = _matching(_TIME, (value for name, _, value in parts if name == "t"))
    given = _matching(_HEX, (value.lower() for name, _, value in parts if name == "v1"))
    if len(times) != 1:
        return int(datetime(1970, 1, 1, tzinfo=UTC).timestamp()), []
    return int(times[0]), given[:MOST_SIGNATURES]


def _matching(shape: re.Pattern[str], values: Iterable[str]) -> list[str]:
    return [value for value in values if shape.fullmatch(value)]
