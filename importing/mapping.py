"""A map: where in somebody else's file the conversations are.

Every key is described beside it; the descriptions are what the documentation is made from.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from importing.sections import (
    AnswerMap,
    AuthorMap,
    ConversationMap,
    Inbound,
    MessageMap,
    MessagesMap,
    Part,
    Table,
    TimeMap,
)
from importing.template import CONVERSATION, ROW, Template


class MappingError(Exception):
    """The map cannot be used, or does not fit the file; the message says what to change."""


def _encoding(name: str) -> str:
    if name == "auto":
        return name
    try:
        known = codecs.lookup(name).name
        "\n".encode(known)
    except (LookupError, UnicodeError):
        raise ValueError(
            f'"{name}" is no text encoding; write one such as "cp1252", or "auto"'
        ) from None
    # The mark at the start of the file is taken off in any case.
    return "utf-8" if known == "utf-8-sig" else known


class Mapping(Part):
    """The whole map."""

    format: Literal["csv", "jsonl"] = Field(description="Either may be gzip, whatever its name.")
    shape: Literal["row", "nested", "thread"] = Field(
        description='What a row is: "row": one message, perhaps with its answer; "nested": a '
        'conversation with a list of messages; "thread": one message of a conversation.'
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        "auto",
        description='"auto" is UTF-8 (or UTF-16 by its mark), and where a field is not, '
        "Windows-1252; otherwise the encoding's name.",
    )
    delimiter: str | None = Field(
        None,
        pattern=r'^[^"\r\n]$',
        description="What separates CSV cells; absent, it is found among , ; tab and |.",
    )
    columns: tuple[str, ...] | None = Field(
        None, min_length=1, description="Names of the columns of a CSV that has no header."
    )
    whole_numbers: frozenset[str] = Field(
        default=frozenset(),
        description='Columns where a spreadsheet made "123.0" or "123,0" of 123, often ids.',
    )
    max_characters: int = Field(50_000, ge=1, description="The longest text that is taken.")
    truncate: bool = Field(False, description="Cut a longer text instead of refusing it.")
    unescape_html: bool = Field(False, description="Texts hold &amp; and its like: undo that.")
    time: TimeMap = Field(default_factory=TimeMap)
    conversation: ConversationMap = Field(default_factory=ConversationMap)
    message: MessageMap | None = None
    messages: MessagesMap | None = None
    answer: AnswerMap | None = None
    consumer: AuthorMap
    company: AuthorMap | None = None

    @model_validator(mode="after")
    def _sections_fit_the_shape(self) -> Self:
        needed = {"row": ["message"], "nested": ["messages"], "thread": ["message"]}[self.shape]
        useless = {
            "row": ["messages"],
            "nested": ["answer"],
            "thread": ["messages", "answer"],
        }[self.shape]
        for section in needed:
            if getattr(self, section) is None:
                raise ValueError(f'shape "{self.shape}" needs a section [{section}]')
        for section in useless:
            if getattr(self, section) is not None:
                raise ValueError(f'shape "{self.shape}" has no use for a section [{section}]')

        if self.shape == "thread" and self.message:
            threads_by_parent = self.conversation.id is None
            needs = {"id", "inbound", *(["parent"] if threads_by_parent else [])}
            if missing := needs - self.message.model_fields_set:
                raise ValueError(
                    f'shape "thread" needs [message] {", ".join(sorted(missing))}; '
                    "only parent may be left out, where [conversation] has an id"
                )
            if threads_by_parent and CONVERSATION in set(_names(self)):
                raise ValueError("{@conversation} is not known before threads are put together")
        speaks = [part.inbound for part in (self.message, self.messages, self.answer) if part]
        if self.company is None and any(inbound is not True for inbound in speaks):
            raise ValueError("where the company may write, a section [company] must say who it is")
        if self.format == "jsonl" and (self.columns or self.delimiter):
            raise ValueError("columns and delimiter belong to CSV, not to JSONL")
        return self

    def check_columns(self, present: Sequence[str]) -> None:
        """Refuse a file that lacks a column, once, instead of refusing each of its rows."""
        read_from_the_row: list[object] = [self.conversation, self.message, self.answer]
        if self.messages:
            used = [self.messages.list]
        else:
            used = []
            read_from_the_row += [self.consumer, self.company]
        used += [name for part in read_from_the_row for name in _names(part) if name[0] != "@"]
        used += [name.removeprefix(ROW) for name in _names(self) if name.startswith(ROW)]
        for name in used:
            if name not in present:
                raise MappingError(f'the file has no column "{name}"; it has {", ".join(present)}')


def _names(part: object) -> Iterator[str]:
    """The columns that a part of the map names."""
    if isinstance(part, Template):
        yield from part.columns
    elif isinstance(part, Table | Inbound):
        yield part.column
    elif isinstance(part, BaseModel):
        for _, value in part:
            yield from _names(value)
    elif isinstance(part, list):
        for value in part:
            yield from _names(value)


def load_mapping(path: Path) -> Mapping:
    """The map in a TOML file."""
    try:
        source = path.read_text("utf-8-sig")
        return Mapping.model_validate(tomllib.loads(source))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name}: {error}") from None
    except ValidationError as error:
        flaws = {(_keys(flaw["loc"]), flaw["type"], flaw["msg"]) for flaw in error.errors()}
        # Where a table stands instead of a word, what is wrong inside the table is the answer.
        deep = {keys[:2] for keys, _, _ in flaws if len(keys) > 2}
        told = [_told(path.name, source, *flaw) for flaw in flaws if flaw[0] not in deep]
        raise MappingError("\n".join(sorted(told))) from None


def _keys(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """Where in the map: pydantic adds which branch of a union it tried, which nobody wrote."""
    steps = (str(step) for step in loc)
    return tuple(s for s in steps if re.fullmatch(r"[a-z_]+|\d+", s) and s not in _BRANCHES)


def _told(file: str, source: str, keys: tuple[str, ...], kind: str, message: str) -> str:
    """One flaw as a sentence with its section, key and line."""
    section, key = (keys[0], keys[1]) if len(keys) > 1 else ("", keys[0] if keys else "")
    line = _line_of(source, section, key)
    place = f"{file}, line {line}" if line else file
    named = f"[{section}] {'.'.join(keys[1:])}" if section else key
    said = {
        "extra_forbidden": "there is no such key",
        "missing": "this is missing",
        "model_type": "expected keys and values, such as { column = …, values = … }",
    }.get(kind, message.removeprefix("Value error, "))
    return ": ".join(part for part in (place, named, said) if part)


_BRANCHES = frozenset({"str", "bool", "int"})


def _line_of(source: str, section: str, key: str) -> int | None:
    """The line of a key; of its section, where the key is not there."""
    inside, found = "", None
    for number, line in enumerate(source.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([\w.\-]+)", line):
            inside = header[1]
            if inside in (section, key, f"{section}.{key}"):
                found = found or number
        elif inside == section and re.match(rf'\s*"?{re.escape(key)}"?\s*[=.]', line):
            return number
    return found
