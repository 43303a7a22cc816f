"""Rows of a CSV or JSONL file, each with the line it starts on.

One bad row costs one row. The csv module alone would let a quote that is never closed swallow the
rest of the file, so lines are handed to it one record at a time and taken back when it fails.
"""

import csv
import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from importing.conversation import Refused, RefusedRow
from importing.mapping import Mapping, MappingError
from importing.source import LONGEST_LINE, Line
from importing.template import Cells

DELIMITERS: Final = (",", ";", "\t", "|")
LINES_SNIFFED: Final = 20
# The longest quoted cell, in lines. A cell beyond it is a quote that somebody forgot to close.
LONGEST_CELL: Final = 2_000

# The csv module has one limit for the whole process; a line is bounded long before it comes here.
csv.field_size_limit(LONGEST_LINE * 2)


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: Cells


def rows(lines: Iterator[Line], mapping: Mapping) -> Iterator[Row | RefusedRow]:
    """Every row, or the reason why it is none, in the file's order."""
    if mapping.format == "jsonl":
        return _json(lines)
    return _delimited(_Lines(lines), mapping)


def _json(lines: Iterator[Line]) -> Iterator[Row | RefusedRow]:
    for line in lines:
        if line.flaw:
            yield _refuse(line, line.flaw)
        elif not _blank(line):
            yield _object(line)


def _object(line: Line) -> Row | RefusedRow:
    try:
        value = json.loads(line.text)
    except json.JSONDecodeError as error:
        return _refuse(line, f"not JSON: {error.msg} at character {error.colno}")
    except (ValueError, RecursionError):
        return _refuse(line, "not JSON that can be read: a number too long, or nested too deep")
    if not isinstance(value, dict):
        return _refuse(line, "not a JSON object; each line must be one {…}")
    return Row(line.number, value)


class _Lines:
    """Lines that can be put back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: deque[Line] = deque()

    def next(self) -> Line | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def put_back(self, lines: Sequence[Line]) -> None:
        self._back.extendleft(reversed(lines))

    def into(self, taken: list[Line]) -> Iterator[str]:
        """The lines taken already, then as many more as one cell may have."""
        yield from (line.text for line in taken)
        size = 0
        while len(taken) < LONGEST_CELL and size < LONGEST_LINE and (line := self.next()):
            if not line.whole:
                self.put_back([line])
                return
            taken.append(line)
            size += len(line.text)
            yield line.text


def _delimited(lines: _Lines, mapping: Mapping) -> Iterator[Row | RefusedRow]:
    start = [line for _ in range(LINES_SNIFFED) if (line := lines.next())]
    lines.put_back(start)
    if not start:
        return
    delimiter = mapping.delimiter or _sniff(start, len(mapping.columns or ()))
    names = mapping.columns or _header(lines, delimiter)
    mapping.check_columns(names)

    while first := lines.next():
        if _blank(first):
            continue
        taken = [first]
        try:
            cells = _cells(lines, taken, delimiter)
            if len(cells) != len(names):
                raise Refused(_wrong_count(taken, len(cells), len(names)))
        except Refused as refused:
            # Only this line is given up: the next one may well be a row of its own.
            lines.put_back(taken[1:])
            yield _refuse(first, refused.reason)
            continue
        flawed = next((line for line in taken if line.flaw), None)
        if flawed and flawed.flaw:
            yield _refuse(flawed, flawed.flaw)
        else:
            yield Row(first.number, dict(zip(names, cells, strict=True)))


def _cells(lines: _Lines, taken: list[Line], delimiter: str) -> list[str]:
    first = taken[0]
    if first.flaw and not first.whole:
        raise Refused(first.flaw)
    if '"' not in first.text:
        return first.text.rstrip("\r\n").split(delimiter)
    try:
        return next(csv.reader(lines.into(taken), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            reason = (
                'a quote opened on this line is never closed; close it, or write " twice inside'
            )
        elif "expected after" in str(error):
            reason = 'text follows a closing quote; write " twice inside a quoted cell'
        else:
            reason = f"the quoting of this row cannot be read: {error}"
        raise Refused(reason) from None


def _wrong_count(taken: Sequence[Line], found: int, wanted: int) -> str:
    until = f" up to line {taken[-1].number}" if len(taken) > 1 else ""
    return f"the row has {found} columns{until} where {wanted} are expected"


def _header(lines: _Lines, delimiter: str) -> Sequence[str]:
    while (first := lines.next()) and _blank(first):
        continue
    if first is None:
        return ()
    try:
        names = [name.strip() for name in _cells(lines, [first], delimiter)]
    except Refused as refused:
        raise MappingError(f"line {first.number}: the header is unreadable: {refused}") from None
    if first.flaw:
        raise MappingError(f"line {first.number}: the header is unreadable: {first.flaw}")
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        raise MappingError(f'line {first.number}: two columns are called "{twice[0]}"')
    return names


def _sniff(start: Sequence[Line], wanted: int) -> str:
    """The delimiter that cuts the first lines into the same number of columns most often."""
    texts = [line.text.replace("\r", "") for line in start if not _blank(line)]
    best, best_score = DELIMITERS[0], (False, 0, 1)
    for delimiter in DELIMITERS:
        widths = [len(row) for text in texts for row in csv.reader([text], delimiter=delimiter)]
        width = widths[0] if widths else 1
        score = (width == wanted, widths.count(width), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _blank(line: Line) -> bool:
    return not line.flaw and not line.text.strip(" \t\r\n")


def _refuse(line: Line, reason: str) -> RefusedRow:
    return Refused(reason, value=line.text.rstrip("\r\n")).at(line.number)
