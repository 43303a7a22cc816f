"""A map that cannot be used says what to change, and where."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from importing import sections
from importing.mapping import Mapping, MappingError, load_mapping

GOOD = """format = "csv"
shape = "row"

[message]
text = "{text}"
at = "{at}"
kind = "EMAIL"

[consumer]
id = "{id}"
"""
EXAMPLES = Path(__file__).parents[2] / "examples" / "import"


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    return str(caught.value)


def test_a_key_with_a_typo_is_named_with_its_section_and_line(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace('kind = "EMAIL"', 'kind = "EMAIL"\nkinds = "x"'))

    assert told == "map.toml, line 8: [message] kinds: there is no such key"


def test_a_key_that_is_missing_is_named_with_its_section(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace('at = "{at}"\n', ""))

    assert told == "map.toml, line 4: [message] at: this is missing"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"EMAIL"', '"LETTER"', 'line 7: [message] kind: "LETTER" is none of POST'),
        ('"{text}"', '"{text"', "line 5: [message] text: "),
        ('"{text}"', '"{@rows.text}"', '"@rows.text" is unknown'),
        ('"{text}"', "7", "expected text such as"),
        ('"{text}"', "[]", "expected text such as"),
        ('shape = "row"', 'shape = "heap"', "line 2: shape: "),
        ('shape = "row"', 'shape = "nested"', "needs a section [messages]"),
        ('shape = "row"', 'shape = "thread"', "needs [message] id"),
        ('shape = "row"', 'shape = "row"\nencoding = "klingon"', "no text encoding"),
        ('shape = "row"', 'shape = "row"\nencoding = "base64"', "no text encoding"),
        ('shape = "row"', 'shape = "row"\ndelimiter = ";;"', "line 3: delimiter"),
        ('shape = "row"', 'shape = "row"\n[time]\nzone = "Mars/Base"', "line 4: [time] zone"),
        ('shape = "row"', 'shape = "row"\n[time]\nzone = "../etc"', "no time zone"),
        ('shape = "row"', 'shape = "row"\n[time]\nformats = ["%d/%Q"]', "no date format"),
        ('shape = "row"', 'shape = "row"\n[time]\nformats = ["%d/%m"]', "has no year"),
        ('shape = "row"', 'shape = "row"\n[conversation]\nstatus = "CLOSED"', "close_reason"),
        ('"EMAIL"', '{ colum = "a", values = {} }', "line 7: [message] kind.colum: there is no"),
        ('"EMAIL"', "3", "such as { column"),
        ('"csv"', '"jsonl"\ncolumns = ["a"]', "belong to CSV"),
        ('at = "{at}"', 'at = "{at}"\ninbound = false', "[company] must say who"),
        ("[message]", "[message", "line 4"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refusal(tmp_path, GOOD.replace(old, new, 1))


def test_a_value_table_with_a_word_we_do_not_have_is_refused(tmp_path: Path) -> None:
    table = '[conversation]\nstatus = { column = "s", values = { "Novo" = "FRESH" } }\n'

    told = refusal(tmp_path, GOOD + table)

    assert told.startswith("map.toml, line 12: [conversation] status")
    assert '"FRESH" is none of NEW, OPEN' in told


def test_a_map_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="No such file"):
        load_mapping(tmp_path / "map.toml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_can_be_used(path: Path) -> None:
    assert load_mapping(path).shape in ("row", "nested", "thread")


def test_every_key_is_described() -> None:
    parts = [part for part in vars(sections).values() if isinstance(part, type)]
    models = [part for part in parts if issubclass(part, BaseModel)]

    for model in models:
        for name, key in model.model_fields.items():
            assert key.description, f"{model.__name__}.{name}"
    for name, key in Mapping.model_fields.items():
        # A section is described by its own docstring.
        assert key.description or name in {
            "time",
            "conversation",
            "message",
            "messages",
            "answer",
            "consumer",
            "company",
        }
