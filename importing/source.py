"""A file, line by line: unpacked, decoded, numbered, and never more than one line in memory.

A line that cannot be read is still given, with its flaw, so that nobody downstream loses count.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

GZIP_MAGIC: Final = b"\x1f\x8b"
# UTF-32's little-endian mark starts with UTF-16's, so it is looked for first.
WIDE_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A megabyte of pasted logs in one message exists; eight mean that the line ends are not line ends.
LONGEST_LINE: Final = 8 * 1024 * 1024
LINES_BETWEEN_NEWS: Final = 500

_BETWEEN_FIELDS: Final = re.compile(rb'([,;\t|":])')


@dataclass(slots=True)
class Progress:
    """How far a file has been read, in bytes on the disk (packed bytes where it is packed).

    `told` is called now and then while reading, also while nothing is given to the caller yet.
    """

    bytes_total: int = 0
    bytes_read: int = 0
    told: Callable[["Progress"], None] | None = None

    def move(self, position: int) -> None:
        self.bytes_read = position
        if self.told:
            self.told(self)


class Line(NamedTuple):
    """A physical line. One with a flaw must be refused; `whole`: the text is all there."""

    number: int
    text: str
    flaw: str | None = None
    whole: bool = True


def count(path: Path) -> int:
    """Bytes on the disk: what a progress bar counts up to."""
    return path.stat().st_size


def lines(path: Path, encoding: str, progress: Progress) -> Iterator[Line]:
    """Every line of a file, numbered from 1, plain or gzip (told by content, not by name)."""
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        progress.bytes_total = count(path)
        packed = raw.peek(2)[:2] == GZIP_MAGIC
        stream: io.BufferedIOBase = raw
        if packed:
            stream = stack.enter_context(gzip.GzipFile(fileobj=raw))

        number = 0
        try:
            read, decode = _reading(stream, encoding)
            while data := read():
                number += 1
                if number == 1:
                    data = data.removeprefix(codecs.BOM_UTF8)
                if len(data) > LONGEST_LINE:
                    yield _too_long(number, data, read)
                else:
                    yield _line(number, data, decode)
                if number % LINES_BETWEEN_NEWS == 0:
                    progress.move(raw.tell())
        except (EOFError, zlib.error, gzip.BadGzipFile):
            flaw = "the compressed file is cut or damaged here; nothing after this could be read"
            yield Line(number + 1, "", flaw, whole=False)
        except UnicodeError:
            flaw = f"the file is not {encoding} from here on; nothing after this could be read"
            yield Line(number + 1, "", flaw, whole=False)
        progress.move(progress.bytes_total)


def _reading(
    stream: io.BufferedIOBase, encoding: str
) -> tuple[Callable[[], bytes], Callable[[bytes], str]]:
    """How to take the next line's bytes, and how to make text of them."""
    buffered = io.BufferedReader(stream)
    wide = _wide(buffered, encoding)
    if wide is None:
        decode = _mixed if encoding == "auto" else _only(encoding)
        return lambda: buffered.readline(LONGEST_LINE + 1), decode

    # In UTF-16 a line end is not one byte, so such a file is turned into UTF-8 first. Lone
    # surrogates pass through on purpose: strict UTF-8 then finds the damage on its own line.
    text = io.TextIOWrapper(buffered, wide, errors="surrogatepass", newline="\n")
    longest = LONGEST_LINE + 1
    return lambda: text.readline(longest).encode("utf-8", "surrogatepass"), _only("utf-8")


def _wide(stream: "io.BufferedReader[io.BufferedIOBase]", encoding: str) -> str | None:
    if encoding == "auto":
        start = stream.peek(4)
        return next((name for mark, name in WIDE_MARKS if start.startswith(mark)), None)
    return None if "\n".encode(encoding) == b"\n" else encoding


def _only(encoding: str) -> Callable[[bytes], str]:
    return lambda data: data.decode(encoding)


def _mixed(data: bytes) -> str:
    """UTF-8, and where a field is not, that field as Windows-1252.

    Field by field, because a line often joins columns that came from two systems.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(_utf8_or_1252(piece) for piece in _BETWEEN_FIELDS.split(data))


def _utf8_or_1252(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _line(number: int, data: bytes, decode: Callable[[bytes], str]) -> Line:
    try:
        return Line(number, decode(data))
    except UnicodeError as error:
        broken = error.object[error.start] if isinstance(error, UnicodeDecodeError) else 0
        flaw = f"the byte 0x{broken:02x} is no character in this file's encoding; save it as UTF-8"
        # Latin-1 accepts every byte: commas and quotes stay in place, so the row keeps its shape.
        return Line(number, data.decode("latin-1"), flaw)


def _too_long(number: int, start: bytes, read: Callable[[], bytes]) -> Line:
    rest = start
    while rest and not rest.endswith(b"\n"):
        rest = read()
    flaw = f"the line is longer than {LONGEST_LINE:,} bytes; are its line ends missing?"
    return Line(number, start[:400].decode("utf-8", "replace"), flaw, whole=False)
