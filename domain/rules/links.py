"""Links in a text: which there are, where they may lead, and how they are made short.

A short link hides where it leads, so it leads to the open web only: http or https, no name or
password in it, no address inside anybody's network however it is written.
"""

import ipaddress
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

from domain.errors import Invalid, TooLong

LINKS_MOST = 20
URL_LENGTH = 2_000
SHOWN = 80
SLUG_LENGTH = 8
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without what looks alike: 0 and O, 1, l and I, i."""
SLUG = re.compile(rf"[{ALPHABET}]{{7,32}}")

# Letters of any script, as people write addresses; an emoji ends one.
URL = re.compile(r"(?<![\w@/.])https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]+", re.IGNORECASE)
TRAILING = ".,;:!?'*_~"
PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a link stands in a text, and what it is."""

    start: int
    end: int
    url: str


def slug() -> str:
    """Nobody can guess the next one; unique only once it has been stored as such."""
    return "".join(secrets.choice(ALPHABET) for _ in range(SLUG_LENGTH))


def find(text: str) -> Sequence[Found]:
    """The links of a text, without the punctuation that only ends a sentence."""
    found = []
    for each in URL.finditer(text):
        url = _trimmed(each[0])
        if len(url) > len("https://"):
            found.append(Found(each.start(), each.start() + len(url), url))
    return found


def _trimmed(url: str) -> str:
    # Counted once: a link may be as long as a text, and end in nothing but brackets.
    extra = {each: url.count(each) - url.count(opening) for each, opening in PAIRS.items()}
    end = len(url)
    while end:
        last = url[end - 1]
        if extra.get(last, 0) > 0:
            extra[last] -= 1
        elif last not in TRAILING:
            break
        end -= 1
    return url[:end]


def replaced(text: str, found: Sequence[Found], short: Callable[[str], str]) -> str:
    """The text with each link as `short` says; all else stays to the byte."""
    parts, at = [], 0
    for each in found:
        parts += [text[at : each.start], short(each.url)]
        at = each.end
    return "".join([*parts, text[at:]])


# ── where they may lead ────────────────────────────────────────────────────────────────────────

INSIDE = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "onion",
    "test",
    "invalid",
)
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
PATH_SAFE = "/%:@!$&'()*+,;=~-._?#[]"
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def target(url: str, field: Sequence[str] = ("text",)) -> str:
    """The address as it is stored: its host in plain letters, all else escaped where needed."""
    if len(url) > URL_LENGTH:
        raise TooLong("link_too_long", field=field, most=URL_LENGTH, length=len(url))
    stored = _open(url)
    if stored is None:
        raise Invalid("link_not_allowed", field=field, url=url[:SHOWN])
    if len(stored) > URL_LENGTH:
        raise TooLong("link_too_long", field=field, most=URL_LENGTH, length=len(stored))
    return stored


def called(url: str, *, loopback: bool = False, field: Sequence[str] = ("url",)) -> str:
    """The address of a partner that we are to call: by https, on the open internet.

    `loopback`: this machine will do as well, by http too; for development.
    """
    if len(url) > URL_LENGTH:
        raise TooLong("link_too_long", field=field, most=URL_LENGTH, length=len(url))
    stored = (_here(url) if loopback else None) or _open(url)
    plain = stored is not None and url.isascii() and url.isprintable() and "#" not in url
    if stored is None or not plain or not (loopback or stored.startswith("https://")):
        raise Invalid("webhook_address", field=field, url=url[:SHOWN])
    if len(stored) > URL_LENGTH:
        raise TooLong("link_too_long", field=field, most=URL_LENGTH, length=len(stored))
    if stored.startswith("http://") and _here(url) is None:
        raise Invalid("webhook_address", field=field, url=url[:SHOWN])
    return stored


HERE = ("localhost", "127.0.0.1", "::1")


def _here(url: str) -> str | None:
    """The address, where it is one of this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or host not in HERE or "@" in parts.netloc:
        return None
    place = f"[{host}]" if ":" in host else host
    query = f"?{quote(parts.query, safe=PATH_SAFE)}" if parts.query else ""
    path = quote(parts.path, safe=PATH_SAFE) or "/"
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{path}{query}"


def _open(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or "@" in parts.netloc or "%" in parts.netloc:
        return None
    host = _host(parts.hostname or "")
    if host is None:
        return None
    usual = {"http": 80, "https": 443}[scheme]
    place = host if port in (None, usual) else f"{host}:{port}"
    path = quote(parts.path, safe=PATH_SAFE) or "/"
    query = f"?{quote(parts.query, safe=PATH_SAFE)}" if parts.query else ""
    fragment = f"#{quote(parts.fragment, safe=PATH_SAFE)}" if parts.fragment else ""
    return f"{scheme}://{place}{path}{query}{fragment}"


def _host(told: str) -> str | None:
    """The host as networks know it; None when it is none of the open web."""
    if ":" in told:
        return f"[{told}]" if public(told) else None
    try:
        # The same as browsers do, so that no host means one thing here and another there.
        host = idna.encode(told, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    host = host.removesuffix(".")
    labels = host.split(".")
    if NUMBER.fullmatch(labels[-1]):
        return host if len(labels) == 4 and public(host) else None
    if len(labels) < 2 or len(host) > 253 or not all(LABEL.fullmatch(each) for each in labels):
        return None
    inside = any(host == each or host.endswith(f".{each}") for each in INSIDE)
    return None if inside else host


def public(told: str) -> bool:
    """Whether it is an address of the open internet, that of another inside it included."""
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64 or address.packed[:12] == bytes(12):
            inner = ipaddress.IPv4Address(address.packed[12:])
        if address.teredo is not None or (inner is not None and not inner.is_global):
            return False
    return address.is_global and not address.is_multicast
