"""Files as they really come: each bad row costs itself and is told with its line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from importing.conversation import ImportedConversation, RefusedRow
from importing.mapping import MappingError, load_mapping
from importing.reading import Progress, count, read

Item = ImportedConversation | RefusedRow
Reading = Callable[[str, str | bytes], list[Item]]

CSV = """
format = "csv"
shape = "row"
[conversation]
id = "{id}"
[message]
text = "{text}"
at = "{at}"
kind = "EMAIL"
[consumer]
id = "{id}"
"""
JSONL = CSV.replace('"csv"', '"jsonl"')
NO_HEADER = 'columns = ["id", "text", "at"]\n' + CSV
DAY = "2024-05-01"


def texts(items: list[Item]) -> list[str]:
    return [item.messages[0].text for item in items if isinstance(item, ImportedConversation)]


def refusals(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in items if isinstance(item, RefusedRow)]


def test_a_quote_never_closed_costs_one_line(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,"open,{DAY}\n2,b,{DAY}\n3,c,{DAY}\n')

    assert texts(items) == ["b", "c"]
    assert [line for line, _ in refusals(items)] == [2]
    assert "never closed" in refusals(items)[0][1]


def test_a_quote_never_closed_stops_at_the_next_quoted_cell(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,"open,{DAY}\n2,b,{DAY}\n3,"c, d",{DAY}\n')

    assert texts(items) == ["b", "c, d"]
    assert refusals(items) == [
        (2, 'text follows a closing quote; write " twice inside a quoted cell')
    ]


def test_a_stray_quote_that_joins_two_rows_gives_the_second_back(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,"open,{DAY}\n2,b,"{DAY}"\n3,c",{DAY}\n')

    assert "b" in texts(items)
    assert refusals(items)[0][0] == 2


def test_text_after_a_closing_quote_is_refused(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,"a"b,{DAY}\n2,c,{DAY}\n')

    assert texts(items) == ["c"]
    assert refusals(items)[0][0] == 2


def test_a_quote_inside_an_unquoted_cell_is_only_a_character(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,a 5" screen,{DAY}\n')

    assert texts(items) == ['a 5" screen']


def test_a_cell_of_several_lines_is_one_row_and_lines_are_counted_as_an_editor_does(
    reading: Reading,
) -> None:
    items = reading(CSV, f'id,text,at\r\n1,"a\r\n\r\nb",{DAY}\r\n2,c,never\r\n')

    assert texts(items) == ["a\n\nb"]
    assert [line for line, _ in refusals(items)] == [5]


def test_a_row_with_too_few_or_too_many_columns_is_refused(reading: Reading) -> None:
    items = reading(CSV, f"id,text,at\n1,a\n2,b,{DAY},more\n3,c,{DAY}\n")

    assert texts(items) == ["c"]
    assert refusals(items) == [
        (2, "the row has 2 columns where 3 are expected"),
        (3, "the row has 4 columns where 3 are expected"),
    ]


def test_blank_lines_are_nothing(reading: Reading) -> None:
    items = reading(CSV, f"\nid,text,at\n\n1,a,{DAY}\n\n   \n")

    assert texts(items) == ["a"]
    assert refusals(items) == []


@pytest.mark.parametrize("content", ["", "id,text,at\n", "\n\n"])
def test_a_file_without_rows_gives_nothing(reading: Reading, content: str) -> None:
    if content == "\n\n":
        with pytest.raises(MappingError, match="no column"):
            reading(CSV, content)
    else:
        assert reading(CSV, content) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(reading: Reading, delimiter: str) -> None:
    rows = [["id", "text", "at"], ["1", '"x, y; z | w"', DAY], ["2", "b", DAY]]

    items = reading(CSV, "\n".join(delimiter.join(row) for row in rows))

    assert texts(items) == ["x, y; z | w", "b"]


def test_the_delimiter_is_found_without_a_header(reading: Reading) -> None:
    items = reading(NO_HEADER, f"1;a, b, c, d;{DAY}\n2;e;{DAY}\n")

    assert texts(items) == ["a, b, c, d", "e"]


def test_a_column_that_the_file_does_not_have_is_told_once(reading: Reading) -> None:
    with pytest.raises(MappingError, match='no column "text"; it has id, body, at'):
        reading(CSV, f"id,body,at\n1,a,{DAY}\n")


def test_two_columns_of_one_name_are_told(reading: Reading) -> None:
    with pytest.raises(MappingError, match='two columns are called "text"'):
        reading(CSV, f"id,text,text,at\n1,a,b,{DAY}\n")


def test_a_line_of_json_that_is_broken_is_refused(reading: Reading) -> None:
    good = json.dumps({"id": 3, "text": "c", "at": DAY})
    deep = "[" * 100_000
    items = reading(JSONL, f'{{"id": 1,\n[1, 2]\n\n{deep}\n{{"n": 1{"0" * 5000}}}\n{good}\n')

    assert texts(items) == ["c"]
    assert [line for line, _ in refusals(items)] == [1, 2, 4, 5]
    assert refusals(items)[1][1] == "not a JSON object; each line must be one {…}"


def test_packed_files_are_known_by_their_content(reading: Reading) -> None:
    packed = gzip.compress(f"id,text,at\n1,á,{DAY}\n".encode())

    assert texts(reading(CSV, packed)) == ["á"]


def test_a_packed_file_that_is_cut_gives_what_is_there_and_says_so(reading: Reading) -> None:
    rows = "".join(f"{number},text {number * 7919},{DAY}\n" for number in range(2_000))
    packed = gzip.compress(f"id,text,at\n{rows}".encode())

    items = reading(CSV, packed[: len(packed) // 2])

    assert len(texts(items)) > 100
    assert "cut or damaged" in refusals(items)[-1][1]


def test_fields_of_two_encodings_on_one_line_are_both_read(reading: Reading) -> None:
    line = b"1," + "ação".encode() + b";" + "ação".encode("cp1252") + f",{DAY}".encode()

    items = reading(CSV, b"id,text,at\n" + line + b"\n2,caf\xe9," + DAY.encode())

    assert texts(items) == ["ação;ação", "café"]


def test_a_byte_that_is_no_character_refuses_its_line(reading: Reading) -> None:
    items = reading(CSV, b"id,text,at\n1,a\x81b,2024-05-01\n2,c,2024-05-01\n")

    assert texts(items) == ["c"]
    assert refusals(items) == [
        (2, "the byte 0x81 is no character in this file's encoding; save it as UTF-8")
    ]


def test_an_encoding_that_is_named_is_kept_to(reading: Reading) -> None:
    items = reading('encoding = "utf-8"\n' + CSV, b"id,text,at\n1,caf\xe9,2024-05-01\n")

    assert texts(items) == []
    assert len(refusals(items)) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_the_mark_at_the_start_of_a_file_is_no_part_of_its_first_column(
    reading: Reading, encoding: str
) -> None:
    content = f"id,text,at\n1,ação,{DAY}\n".encode(encoding)

    assert texts(reading(CSV, content)) == ["ação"]
    assert texts(reading(f'encoding = "{encoding}"\n' + CSV, content)) == ["ação"]


def test_utf_16_cut_in_the_middle_of_a_character_is_told(reading: Reading) -> None:
    items = reading(CSV, f"id,text,at\n1,a,{DAY}\n2,b,{DAY}\n".encode("utf-16")[:-1])

    assert texts(items) == ["a"]
    assert len(refusals(items)) == 1


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_what_no_database_can_hold_is_refused(reading: Reading, text: str) -> None:
    items = reading(JSONL, json.dumps({"id": "1", "text": text, "at": DAY}))

    assert [item.column for item in items if isinstance(item, RefusedRow)] == ["text"]


def test_nul_bytes_refuse_their_row_only(reading: Reading) -> None:
    items = reading(CSV, f'id,text,at\n1,a\0b,{DAY}\n2,"c\0",{DAY}\n3,d,{DAY}\n')

    assert texts(items) == ["d"]
    assert [line for line, _ in refusals(items)] == [2, 3]


def test_a_text_beyond_the_limit_is_refused_with_its_beginning(reading: Reading) -> None:
    items = reading(CSV, f"id,text,at\n1,{'x' * 50_001},{DAY}\n2,{'y' * 50_000},{DAY}\n")

    assert [len(text) for text in texts(items)] == [50_000]
    (refused,) = [item for item in items if isinstance(item, RefusedRow)]
    assert refused.value == "x" * 80
    assert "truncate" in refused.reason


def test_a_text_beyond_the_limit_is_cut_where_the_map_says_so(reading: Reading) -> None:
    long = "x" * 1_051_504

    items = reading("truncate = true\n" + CSV, f'id,text,at\n1,"{long}",{DAY}\n')

    assert texts(items) == ["x" * 50_000]


def test_a_line_without_an_end_is_refused_without_being_held(reading: Reading) -> None:
    items = reading(CSV, f"id,text,at\n1,{'x' * 9_000_000},{DAY}\n2,b,{DAY}\n")

    assert texts(items) == ["b"]
    assert refusals(items)[0][0] == 2
    assert "longer than" in refusals(items)[0][1]


def test_progress_counts_the_bytes_on_the_disk(tmp_path: Path) -> None:
    file, map_file = tmp_path / "f", tmp_path / "map.toml"
    file.write_bytes(b"id,text,at\n" + b"".join(b"%d,a,2024-05-01\n" % n for n in range(2_000)))
    map_file.write_text(CSV)
    told: list[int] = []
    progress = Progress(told=lambda now: told.append(now.bytes_read))

    list(read(file, load_mapping(map_file), progress=progress))

    assert told == sorted(told)
    assert len(told) > 3
    assert progress.bytes_read == progress.bytes_total == count(file)


def test_reading_goes_on_after_the_conversations_that_are_stored(tmp_path: Path) -> None:
    file, map_file = tmp_path / "f", tmp_path / "map.toml"
    file.write_text(f"id,text,at\n1,a,{DAY}\nbad\n2,b,{DAY}\nbad\n3,c,{DAY}\n")
    map_file.write_text(CSV)
    mapping = load_mapping(map_file)

    rest = list(read(file, mapping, skip=2))

    assert rest == list(read(file, mapping))[3:]
    assert texts(rest) == ["c"]
