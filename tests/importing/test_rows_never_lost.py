"""Whatever the bytes are, reading ends and every line is accounted for."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importing import source
from importing.conversation import RefusedRow
from importing.mapping import Mapping
from importing.rows import Row, rows
from importing.source import Progress

NAMES = ["id", "text", "at"]
SECTIONS = {
    "message": {"text": "{text}", "at": "{at}", "kind": "EMAIL"},
    "consumer": {"id": "{id}"},
}
CSV = Mapping.model_validate(
    {"format": "csv", "shape": "row", "delimiter": ",", "columns": NAMES, **SECTIONS}
)
JSONL = Mapping.model_validate({"format": "jsonl", "shape": "row", **SECTIONS})

PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b";",
    b"a",
    b"\xe9",
    b"\xc3\xa9",
    b"\x81",
    b"\0",
]
JUNK = st.lists(st.sampled_from([*PIECES, b"{", b"}", b'{"a":1}', b"1,b,c"])).map(b"".join)
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(path: Path, content: bytes, mapping: Mapping) -> list[Row | RefusedRow]:
    path.write_bytes(content)
    return list(rows(source.lines(path, mapping.encoding, Progress()), mapping))


@settings(deadline=None)  # a busy machine is no failure
@given(content=JUNK | st.binary())
def test_every_line_is_in_a_row_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk"
    if content.startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")):
        content = b"x" + content

    for mapping in (CSV, JSONL):
        found = [item.line for item in read(path, content, mapping)]

        assert len(found) == len(set(found))
        if mapping is JSONL:
            lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            said = {n for n, line in enumerate(lines, 1) if line.strip(b" \t\r")}
            assert said == set(found)


@settings(deadline=None)  # a busy machine is no failure
@given(content=JUNK)
def test_lines_between_one_row_and_the_next_are_the_first_one_s(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk"
    items = read(path, content, CSV)

    covered = set[int]()
    for item in items:
        breaks = (
            sum(str(cell).count("\n") for cell in item.cells.values())
            if isinstance(item, Row)
            else 0
        )
        covered.update(range(item.line, item.line + breaks + 1))

    lines = content.decode("latin-1").split("\n")
    flawed = b"\x81" in content
    missing = {n for n, line in enumerate(lines, 1) if line.strip()} - covered
    assert flawed or not missing


@settings(deadline=None)  # a busy machine is no failure
@given(table=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1))
def test_what_a_spreadsheet_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "table"
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(table)

    found = read(path, written.getvalue().encode(), CSV)

    assert [tuple(item.cells.values()) for item in found if isinstance(item, Row)] == table


@settings(deadline=None)  # a busy machine is no failure
@given(table=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1), cut=st.integers(0, 5))
def test_one_broken_quote_leaves_the_rows_before_it(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]], cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "table"
    place = min(cut, len(table))
    written = [io.StringIO() for _ in range(2)]
    csv.writer(written[0], quoting=csv.QUOTE_ALL).writerows(table[:place])
    csv.writer(written[1], quoting=csv.QUOTE_ALL).writerows(table[place:])

    content = written[0].getvalue() + '1,"never closed,c\r\n' + written[1].getvalue()
    found = read(path, content.encode(), CSV)

    before = [tuple(item.cells.values()) for item in found[:place] if isinstance(item, Row)]
    assert before == table[:place]
