"""What a file may be: its content decides, whatever its name says.

A type is taken when its beginning, and what else can be told cheaply, is right for it. Whatever can
act where it is opened is not on the list: programs, scripts, pages, pictures that are documents
(SVG), office files with macros, and packages that are none of those here.
"""

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import puremagic

from domain.errors import Invalid, TooLarge, TypeNotAllowed

FILE_MOST = 10 * 1024 * 1024
NAME_LENGTH = 200
ENTRIES_MOST = 5_000
UNPACKED_MOST = 200 * 1024 * 1024
HEAD = 4096

OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
TYPES: Mapping[str, Sequence[str]] = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "text", "log", "md"),
    "text/csv": ("csv",),
    "text/calendar": ("ics",),
    f"{OFFICE}wordprocessingml.document": ("docx",),
    f"{OFFICE}spreadsheetml.sheet": ("xlsx",),
    f"{OFFICE}presentationml.presentation": ("pptx",),
    f"{OPEN}text": ("odt",),
    f"{OPEN}spreadsheet": ("ods",),
    f"{OPEN}presentation": ("odp",),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a",),
    "audio/wav": ("wav",),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
}
"""Every type that is taken, and how its names may end; the first is the usual ending."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be kept: its bytes, and what it is by them."""

    file_name: str
    media_type: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)


def examine(name: str, data: bytes, field: Sequence[str] = ("file",)) -> Examined:
    """The file as it may be kept: INVALID when empty, TOO_LARGE, or TYPE_NOT_ALLOWED."""
    if not data:
        raise Invalid("empty_file", field=field)
    if len(data) > FILE_MOST:
        most = FILE_MOST // (1024 * 1024)
        raise TooLarge("file_too_large", field=field, name=plain(name) or NAMELESS, most=most)
    media_type = recognise(data, name)
    if media_type is None:
        raise TypeNotAllowed("type_not_allowed", field=field)
    return Examined(named(name, media_type), media_type, data)


def recognise(data: bytes, name: str = "") -> str | None:
    """The media type that the bytes are; None when it is none that is taken.

    The name only tells plain text from its kin, which nothing in them does.
    """
    if data.startswith(b"PK\x03\x04"):
        return _package(data)
    return _picture(data) or _document(data) or _recording(data) or _text(data, name)


def _picture(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def _document(data: bytes) -> str | None:
    # Readers look for the mark anywhere near the beginning; here it stands where it belongs.
    return "application/pdf" if re.match(rb"%PDF-[12]\.\d", data) else None


def _recording(data: bytes) -> str | None:
    if data.startswith(b"OggS\x00"):
        return "audio/ogg"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in data[:64]:
        return "video/webm"
    if data[4:8] == b"ftyp" and len(data) >= 16:
        brand = data[8:12]
        if brand in (b"M4A ", b"M4B "):
            return "audio/mp4"
        known = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ")
        return "video/mp4" if brand in (*known, b"dash", b"MSNV") else None
    if data.startswith(b"ID3") or _mpeg_frames(data):
        return "audio/mpeg"
    return None


BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
HALF_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mpeg_frames(data: bytes) -> bool:
    """A frame of MPEG audio, and another where it ends: two bytes alone say little."""
    length = _frame(data[:4])
    return bool(length) and bool(_frame(data[length : length + 4]))


def _frame(head: bytes) -> int:
    """How long the layer III frame is that begins like this; 0 when none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version = head[1] >> 3 & 3
    rate_at = head[2] >> 2 & 3
    if version not in RATES or rate_at == 3:
        return 0
    full = version == 3
    kilobits = (BITRATES if full else HALF_BITRATES)[head[2] >> 4]
    samples = 144_000 if full else 72_000
    return samples * kilobits // RATES[version][rate_at] + (head[2] >> 1 & 1) if kilobits else 0


PARTS = {
    "word/document.xml": f"{OFFICE}wordprocessingml.document",
    "xl/workbook.xml": f"{OFFICE}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{OFFICE}presentationml.presentation",
}
NAMING = b"PK\x01\x02"
"""Stands before every name in a package's list."""
PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What office programs pack with; others may ask for gigabytes to unpack a word."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    *(OSError, ValueError, EOFError),
)
ACTING = re.compile(r"(^|/)(vbaProject\.bin|vbaData\.xml|Basic/|Scripts/|activeX/)", re.IGNORECASE)


def _package(data: bytes) -> str | None:
    """An office document by what is in it; no other package, and none that is a bomb."""
    if data.count(NAMING) > ENTRIES_MOST:
        return None  # before the list is read: a long one takes seconds
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) > ENTRIES_MOST or sum(e.file_size for e in entries) > UNPACKED_MOST:
                return None
            names = {each.filename for each in entries}
            if any(ACTING.search(each) for each in names):
                return None
            first = entries[0] if entries else None
            if first is not None and first.filename == "mimetype" and first.file_size < 200:
                if first.compress_type not in PACKED:
                    return None
                told = package.read(first).decode("ascii", "replace").strip()
                return told if told in TYPES and told.startswith(OPEN) else None
            found = [kind for part, kind in PARTS.items() if part in names]
            return found[0] if len(found) == 1 and "[Content_Types].xml" in names else None
    except BROKEN:
        return None


PAGES = re.compile(
    rb"<\s*(!doctype\s+(?!plain)|html|head|body|script|svg|iframe|object|embed|meta|\?xml|\?php|%)",
    re.IGNORECASE,
)
NAMED_TEXT = {"csv": "text/csv"}


def _text(data: bytes, name: str) -> str | None:
    """Text that nothing takes for a page or a script."""
    if any(byte in CONTROLS for byte in set(data)):
        return None
    try:
        text = _decoded(data)
    except UnicodeDecodeError:
        return None
    head = text.lstrip().encode()[:HEAD]
    if head.upper().startswith(b"BEGIN:VCALENDAR"):
        return "text/calendar"
    if not head or head.startswith(b"#!") or PAGES.search(head) or _known_as_another(head):
        return None
    return NAMED_TEXT.get(_ending(name), "text/plain")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")  # what older programs in Brazil write


CONTROLS = frozenset(range(32)) - {9, 10, 12, 13} | {127}
SURE = 0.5


def _known_as_another(head: bytes) -> bool:
    """Whether the bytes, all printable, are the beginning of something that is no plain text."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return False
    return any(
        each.confidence >= SURE and not each.mime_type.startswith(("text/plain", "message/"))
        for each in found
        if each.mime_type
    )


# ── names ──────────────────────────────────────────────────────────────────────────────────────

ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")
FORBIDDEN = re.compile(r'[<>:"|?*]')
NAMELESS = "arquivo"


def _ending(name: str) -> str:
    found = ENDING.search(name.strip())
    return found[1].lower() if found else ""


def named(name: str, media_type: str) -> str:
    """The plain name, ending by its type."""
    kept = plain(name)
    endings = TYPES[media_type]
    found = _ending(kept)
    stem = ENDING.sub("", kept).strip(". ") or NAMELESS
    ending = found if found in endings else endings[0]
    return f"{stem[: NAME_LENGTH - len(ending) - 1].rstrip('. ')}.{ending}"


def plain(name: str) -> str:
    """The name without folders, and without anything that hides what it is."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    spaced = "".join(" " if each.isspace() else each for each in last)
    seen = "".join(each for each in spaced if unicodedata.category(each)[0] != "C")
    return " ".join(FORBIDDEN.sub("", seen).split()).strip(". ")[:NAME_LENGTH]
