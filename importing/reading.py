"""A file and its map, read into conversations and refusals.

The same file and map give the same items in the same order with the same ids on every run, in
memory that does not grow with the file, so an import that stopped can start again.
"""

from collections.abc import Iterator
from pathlib import Path

from importing import rows, single, source, threads
from importing.conversation import ImportedConversation, RefusedRow
from importing.mapping import Mapping
from importing.source import Progress, count

__all__ = ["Progress", "count", "read"]


def read(
    path: Path, mapping: Mapping, *, skip: int = 0, progress: Progress | None = None
) -> Iterator[ImportedConversation | RefusedRow]:
    """Every conversation of the file, and every row that is none, with the reason.

    `skip` leaves out that many conversations and the refusals before the last of them. Raises
    MappingError on the first item when the map does not fit the file.
    """
    lines = source.lines(path, mapping.encoding, progress or Progress())
    put_together = threads if mapping.shape == "thread" else single
    for item in put_together.conversations(rows.rows(lines, mapping), mapping):
        if skip == 0:
            yield item
        elif isinstance(item, ImportedConversation):
            skip -= 1
