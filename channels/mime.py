"""A raw e-mail taken apart into its parts, within limits.

Written for what strangers send: whatever the bytes are, it takes time in proportion to them and
raises nothing. Beyond the limits the rest is left out, and the message says that it was cut. The
standard library reads headers; it does not take bodies apart here, as it goes through every line
once for each level of nesting.
"""

import binascii
import codecs
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value
from itertools import islice

MOST_DEPTH = 8
MOST_PARTS = 100
HEADERS_SIZE = 128 * 1024
"""Of one part; what stands behind is left out."""
VALUE_LENGTH = 8 * 1024
"""Of one header."""
TEXT_SIZE = 1024 * 1024
"""Of what is read; the rest of it nobody would."""
MOST_VALUES = 500
MOST_LOOKS = 10_000
"""At what could be a boundary, in the whole message."""
REST_OF_LINE = 200
REST = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
BLANK_LINE = re.compile(rb"\r?\n\r?\n|\A\r?\n")
DOUBTFUL = frozenset({"ascii", "iso8859-1", "cp1252"})
"""Much of what calls itself this is UTF-8, which is hardly ever right by chance."""
NO_TEXT_ENCODINGS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape"})
"""Python's own notions, which nobody writes mail in; some of them take their time."""
_parser = BytesHeaderParser(policy=compat32)


@dataclass
class Part:
    """One part with its headers; `parts` where it holds others, `body` where it holds bytes."""

    headers: Message
    body: bytes = b""
    parts: list["Part"] = field(default_factory=list)

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    @property
    def attached(self) -> bool:
        return self._disposition() == "attachment"

    @property
    def file_name(self) -> str | None:
        """As it was called, whichever of the ways to write that was chosen."""
        try:
            named = self.headers.get_filename()
            return plain(collapse_rfc2231_value(named)) if named else None
        except (LookupError, ValueError, TypeError):
            return None

    def value(self, name: str) -> str:
        """The first header of that name, in letters; empty where there is none."""
        return next(iter(self.values(name)), "")

    def values(self, name: str) -> list[str]:
        return [plain(value) for value in self.raw(name)]

    def raw(self, name: str) -> list[str]:
        """As they came, their encoded words untouched, without line breaks."""
        wanted = name.lower()
        return [
            unfolded(str(value))
            for each, value in self.headers.raw_items()
            if each.lower() == wanted
        ]

    @property
    def text(self) -> str:
        return decoded(self.data[:TEXT_SIZE], self._parameter("charset"))

    @property
    def data(self) -> bytes:
        """The bytes that were encoded for the way."""
        encoding = self.raw("content-transfer-encoding")
        how = encoding[0].strip().lower() if encoding else ""
        if how == "base64":
            return _from_base64(self.body)
        if how == "quoted-printable":
            return quopri.decodestring(self.body)
        return self.body

    def leaves(self) -> Iterator["Part"]:
        if not self.parts:
            yield self
        for each in self.parts:
            yield from each.leaves()

    def _disposition(self) -> str | None:
        try:
            return self.headers.get_content_disposition()
        except (LookupError, ValueError):
            return None

    def _parameter(self, name: str) -> str | None:
        try:
            value = self.headers.get_param(name)
            return collapse_rfc2231_value(value) if value else None
        except (LookupError, ValueError, TypeError):
            return None

    @property
    def boundary(self) -> str | None:
        return self._parameter("boundary")


@dataclass
class Mail:
    top: Part
    cut: bool = False
    """Something was beyond the limits and is missing."""


def read(raw: bytes) -> Mail:
    """The message; at worst one part that holds all the bytes."""
    cutting = Cutting()
    return Mail(cutting.part(_without_envelope(raw), 0), cutting.cut)


class Cutting:
    def __init__(self) -> None:
        self.cut = False
        self._left = MOST_PARTS
        self._looks = MOST_LOOKS

    def part(self, raw: bytes, depth: int) -> Part:
        head, body = _apart(raw)
        if len(head) > HEADERS_SIZE:
            head, self.cut = head[:HEADERS_SIZE], True
        part = Part(_headers(head), body)
        boundary = part.boundary if part.headers.get_content_maintype() == "multipart" else None
        if boundary is None:
            return part
        if depth == MOST_DEPTH:
            self.cut = True
            return Part(part.headers)
        for piece in self._pieces(body, boundary.encode("utf-8", "surrogateescape")):
            part.parts.append(self.part(piece, depth + 1))
        if part.parts:
            part.body = b""
        return part

    def _pieces(self, body: bytes, boundary: bytes) -> Iterator[bytes]:
        """What stands between the lines that are the boundary; a last one may be missing."""
        start = None
        for at, end, closing in self._boundaries(body, b"--" + boundary):
            if start is not None:
                if not self._room():
                    return
                yield _without_breaks(body[start:at])
            if closing:
                return
            start = end
        if start is not None and self._room():
            yield _without_breaks(body[start:] + b"\n")

    def _boundaries(self, body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
        """Where each begins and ends, and whether it says that no more parts come."""
        at = -1
        while (at := body.find(mark, at + 1)) >= 0:
            if self._looks == 0:
                self.cut = True
                return
            self._looks -= 1
            end = at + len(mark)
            rest = body[end : end + REST_OF_LINE]
            whole = REST.match(rest)
            if (at == 0 or body[at - 1 : at] == b"\n") and whole is not None:
                yield at, end + len(whole[0]), bool(whole[1])

    def _room(self) -> bool:
        if self._left == 0:
            self.cut = True
            return False
        self._left -= 1
        return True


def plain(value: str) -> str:
    """Encoded words and stray bytes as letters, on one line, without control characters."""
    text = _undone(value) if "=?" in value else _letters(value)
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def unfolded(value: str) -> str:
    return value[:VALUE_LENGTH].replace("\r", " ").replace("\n", " ")


def decoded(data: bytes, charset: str | None) -> str:
    """The letters; where the named encoding is none or does not fit, the likeliest ones."""
    name = (charset or "").strip("\"' \t").lower()
    try:
        codec = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        codec = None
    known = codec.name if codec is not None else ""
    if known and known not in DOUBTFUL | NO_TEXT_ENCODINGS:
        with suppress(LookupError, ValueError):
            return data.decode(known, "replace")
    with suppress(UnicodeDecodeError):
        return data.decode()
    return data.decode("cp1252", "replace")


ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")


def _undone(value: str) -> str:
    """RFC 2047, leniently: bytes of neighbours in one encoding are joined before they are read,
    for some software cuts a letter in two."""
    pieces: list[tuple[str | None, bytes]] = []
    end = 0
    value = BETWEEN_WORDS.sub(r"\1", value)
    for found in ENCODED_WORD.finditer(value):
        if found.start() > end:
            pieces.append((None, _bytes(value[end : found.start()])))
        charset = found[1].partition("*")[0].lower()
        coded = _bytes(found[3])
        quoted = found[2] in "qQ"
        data = quopri.decodestring(coded, header=True) if quoted else _from_base64(coded)
        if pieces and pieces[-1][0] == charset:
            data = pieces.pop()[1] + data
        pieces.append((charset, data))
        end = found.end()
    pieces.append((None, _bytes(value[end:])))
    return "".join(decoded(data, charset) for charset, data in pieces)


def _letters(value: str) -> str:
    """RFC 6532, and what older software wrote without asking."""
    return value if value.isascii() else decoded(_bytes(value), None)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _from_base64(data: bytes) -> bytes:
    """As far as it can be read: what is no letter of it is passed over."""
    try:
        return b64decode(data + b"==", validate=False)
    except (binascii.Error, ValueError):
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        return b64decode(letters[: len(letters) // 4 * 4])


def _headers(head: bytes) -> Message:
    """Not too many, and none too long."""
    every = _parser.parsebytes(head.replace(b"\0", b""))
    kept = Message(policy=compat32)
    for name, value in islice(every.raw_items(), MOST_VALUES):
        kept.set_raw(name, str(value)[:VALUE_LENGTH])
    return kept


def _apart(raw: bytes) -> tuple[bytes, bytes]:
    found = BLANK_LINE.search(raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")


def _without_envelope(raw: bytes) -> bytes:
    """Mailboxes kept in one file put a line `From …` before each message."""
    raw = raw.lstrip(b"\r\n")
    return raw.partition(b"\n")[2] if raw.startswith((b"From ", b">From ")) else raw


def _without_breaks(piece: bytes) -> bytes:
    """The line breaks around a part belong to the boundaries."""
    for end in (b"\r\n", b"\n"):
        if piece.startswith(end):
            piece = piece[len(end) :]
            break
    for end in (b"\r\n", b"\n"):
        if piece.endswith(end):
            return piece[: -len(end)]
    return piece
