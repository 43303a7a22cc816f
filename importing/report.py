"""What an import did, counted, and every refusal written to a file beside it."""

import csv
import re
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from importing.conversation import VALUE_SHOWN, RefusedRow

COLUMNS: Final = ("line", "column", "reason", "value")
REASONS_MOST: Final = 100
OTHERS: Final = "other reasons"
# A spreadsheet takes a cell that starts with one of these for a formula and runs it.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"\d[\d,.]*")


@dataclass(slots=True)
class ImportReport:
    """How much was read, what it became, and why the rest became nothing.

    Conversations are `opened + continued + unchanged + refused_conversations`; what of a
    conversation was refused alone, a message or a row, is in `refused` and its reasons.
    """

    conversations: int = 0
    opened: int = 0
    """Tickets that are new."""
    continued: int = 0
    """Conversations that had grown: new messages in a ticket that was there."""
    unchanged: int = 0
    """Conversations that were there already, to the last message."""
    refused_conversations: int = 0
    occurrences: int = 0
    replies: int = 0
    already_there: int = 0
    """Messages that were there already."""
    refused: int = 0
    """Rows of the refusals file."""
    reasons: Counter[str] = field(default_factory=Counter)
    accounts_made: list[str] = field(default_factory=list)
    refused_file: Path | None = None
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        told = [
            f"{self.conversations:,} conversations read: {self.opened:,} new tickets, "
            f"{self.continued:,} continued, {self.unchanged:,} already there, "
            f"{self.refused_conversations:,} refused",
            f"{self.occurrences:,} messages received and {self.replies:,} replies stored, "
            f"{self.already_there:,} were already there",
        ]
        if self.accounts_made:
            told.append(f"accounts made: {', '.join(self.accounts_made)}")
        if self.refused:
            told.append(f"{self.refused:,} refusals, listed in {self.refused_file}")
            told += [f"  {times:>7,}  {reason}" for reason, times in self.reasons.most_common()]
        return told


class Refusals(AbstractContextManager["Refusals"]):
    """The file of refusals, written as they come; there is none when nothing is refused."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        self._path = path
        self._report = report
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, row: RefusedRow) -> None:
        if self._writer is None:
            # With the mark that spreadsheets need to read accents.
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(COLUMNS)
            self._report.refused_file = self._path
        cells = (row.column or "", row.reason, row.value[:VALUE_SHOWN])
        self._writer.writerow([row.line, *(_harmless(cell) for cell in cells)])
        self._report.refused += 1
        kind = kind_of(row.reason)
        known = kind in self._report.reasons or len(self._report.reasons) < REASONS_MOST
        self._report.reasons[kind if known else OTHERS] += 1

    def __enter__(self) -> Self:
        # What an earlier run refused says nothing of this one.
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def kind_of(reason: str) -> str:
    """The reason without what differs from row to row, so that equal ones are counted together."""
    return _NUMBER.sub("…", _QUOTED.sub('"…"', reason))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
