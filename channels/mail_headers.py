"""What the headers of an e-mail say: who, when, what it answers, and whether a machine wrote it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from uuid import UUID

from channels.mime import Part, plain

ID_LENGTH = 200
MOST_REFERENCES = 20
"""Of what it answers; the nearest and the first, which began it."""
OWN_MARK = "X-Guiche-Reply"
"""Stands on every mail that we send, and says from which account."""
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,190}")
BETWEEN = re.compile(r"[\s<>()\[\],;:\"]+")
NO_REPLY = re.compile(r"(no|nao|não|do-?not)[-_.]?(reply|responda|responder)\b", re.IGNORECASE)
ANGLED = re.compile(r"<([^<>]{1,2000})>")
MACHINES = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
MACHINE_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "List-Id")


@dataclass(frozen=True, slots=True)
class Address:
    mail: str
    """Small letters: nobody is told apart by them."""
    name: str


def sender(top: Part) -> Address | None:
    """Who wrote it: the first usable of From. A form that writes as `no-reply` names its visitor
    in Reply-To; elsewhere that is not believed, for nobody vouches for it."""
    written = first_usable(top, ("From",))
    if written is not None and NO_REPLY.match(written.mail):
        return first_usable(top, ("Reply-To",)) or written
    return written or first_usable(top, ("Sender", "Reply-To", "Return-Path"))


def first_usable(top: Part, names: Iterable[str]) -> Address | None:
    for name in names:
        for value in top.raw(name):
            for found in addresses(value):
                return found
    return None


def addresses(value: str) -> list[Address]:
    """Those in a header that are some; a name may be missing, an address may not."""
    try:
        pairs = getaddresses([value])
    except (ValueError, IndexError, AttributeError, RecursionError):
        pairs = []
    found = [
        Address(mail, plain(name) or mail)
        for name, told in pairs
        if (mail := plain(told).lower()) and ADDRESS.fullmatch(mail)
    ]
    words = BETWEEN.split(plain(value).lower())
    return found or [Address(each, each) for each in words if ADDRESS.fullmatch(each)]


def written_at(top: Part) -> datetime | None:
    """None where it does not say, or not in a way that can be read."""
    try:
        moment = parsedate_to_datetime(top.value("Date"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def message_id(top: Part, raw: bytes) -> str:
    """Its own id; where it has none, one that the same bytes get again."""
    for found in ids(top.value("Message-ID")):
        return found
    return f"sha256:{sha256(raw).hexdigest()}"


def references(top: Part) -> tuple[str, ...]:
    """The ids of what it answers, the nearest first."""
    nearest = ids(" ".join(top.values("In-Reply-To")))
    before = ids(" ".join(top.values("References")))
    found = list(dict.fromkeys([*nearest, *reversed(before)]))
    if len(found) > MOST_REFERENCES:
        found = [*found[: MOST_REFERENCES - 1], found[-1]]
    return tuple(found)


def ids(value: str) -> list[str]:
    """The ids in a header, without their brackets; some software leaves those out."""
    return [short(each) for each in ANGLED.findall(value) or value.split() if each.strip()]


def short(name: str) -> str:
    """An id as it can be kept: one that is too long by its hash."""
    name = name.strip()
    if len(name) <= ID_LENGTH and name.isprintable():
        return name
    return f"sha256:{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def automated(top: Part) -> bool:
    """Written by a machine. Only headers say so: people write "férias" too."""
    submitted = top.value("Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if top.value("Precedence").lower() in MACHINES:
        return True
    if any(value.strip() == "<>" for value in top.raw("Return-Path")):
        return True
    if top.media_type == "multipart/report":
        return True
    # What asks others not to answer by machine was written by one, as a rule.
    suppressed = top.value("X-Auto-Response-Suppress").lower()
    return suppressed not in ("", "none") or any(top.raw(each) for each in MACHINE_HEADERS)


def own_mark(account_id: UUID, reply_id: UUID) -> str:
    return f"{_account_mark(account_id)}-{reply_id.hex}"


def ours(top: Part, account_id: UUID) -> bool:
    """A mail that we sent from this account, come back. Somebody else's Guichê is a stranger."""
    return top.value(OWN_MARK).startswith(_account_mark(account_id))


def _account_mark(account_id: UUID) -> str:
    return sha256(account_id.bytes).hexdigest()[:16]
