"""Text with columns in it: `"{title} ({city})"`.

Names in braces are columns; a dot goes into a nested object (`{author.name}`) or a list (`{to.0}`).
Names that start with @ are not columns of the message:

* `{@row.NAME}`, in `[messages]`: a column of the whole row, beside the list;
* `{@conversation}`: the conversation's id;
* `{@company}`: the id of the first company author in the conversation.

`{{` and `}}` are the braces themselves. A template whose columns are all empty is empty itself,
so `"Order {order}"` gives nothing where there is no order. A list of templates gives the first
that is not empty.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from importing.conversation import Refused

ROW: Final = "@row."
CONVERSATION: Final = "@conversation"
COMPANY: Final = "@company"

Cells = Mapping[str, object]

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
_WHOLE: Final = re.compile(r"(-?\d+)[.,]0+")
# Neither PostgreSQL nor UTF-8 can hold these.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where names are looked up: one message of a list, or the row itself."""

    row: Cells
    item: Cells | None = None
    label: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    whole_numbers: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """What a column says, without blanks around it; empty where there is nothing."""
        value = self.value(name)
        if value is None:
            return ""
        if isinstance(value, str):
            said = value.strip()
        elif isinstance(value, dict | list):
            raise self.refused(name, "a list or an object stands where text is expected", value)
        else:
            said = json.dumps(value)
        if name.removeprefix(ROW) in self.whole_numbers and (match := _WHOLE.fullmatch(said)):
            said = match[1]
        if _UNSTORABLE.search(said):
            reason = "it holds a NUL or half a character, which cannot be stored; remove it"
            raise self.refused(name, reason, said.encode("ascii", "backslashreplace").decode())
        return said

    def value(self, name: str) -> object:
        if name.startswith("@"):
            if name.startswith(ROW):
                return _find(self.row, name.removeprefix(ROW))
            return self.known.get(name)
        return _find(self.row if self.item is None else self.item, name)

    def refused(self, name: str, reason: str, value: object = "") -> Refused:
        column = name if name.startswith("@") else f"{self.label}{name}"
        return Refused(reason, column=column.removeprefix(ROW), value=str(value))


@dataclass(frozen=True, slots=True)
class Template:
    """One or more ways to say something; each is pieces of plain text and names of columns."""

    alternatives: tuple[tuple[tuple[str, bool], ...], ...]

    @classmethod
    def parse(cls, source: object) -> "Template":
        if isinstance(source, Template):
            return source
        given = source if isinstance(source, list) else [source]
        choices = [choice for choice in given if isinstance(choice, str)]
        if not choices or len(choices) < len(given):
            raise ValueError('expected text such as "{column}", or a list of such texts')
        return cls(tuple(tuple(_pieces(choice)) for choice in choices))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(text for pieces in self.alternatives for text, column in pieces if column)

    def fill(self, scope: Scope) -> str:
        """The first alternative that says something, or nothing."""
        for pieces in self.alternatives:
            said, counted, full = "", False, False
            for text, column in pieces:
                value = scope.text(text) if column else text
                said += value
                # The conversation's id is always there, so beside other columns it fills nothing.
                if column and text != CONVERSATION:
                    counted, full = True, full or bool(value)
            if (full or not counted) and (said := said.strip()):
                return said
        return ""

    def only_column(self) -> str | None:
        """The column, where the template is nothing else."""
        if len(self.alternatives) == 1 and len(self.alternatives[0]) == 1:
            text, column = self.alternatives[0][0]
            return text if column else None
        return None


def _pieces(source: str) -> Iterator[tuple[str, bool]]:
    end, plain = 0, ""
    for match in _PIECE.finditer(source):
        plain += source[end : match.start()]
        end = match.end()
        if match[1]:
            if plain:
                yield plain, False
            yield _known(match[1].strip()), True
            plain = ""
        elif match[0] in ("{{", "}}"):
            plain += match[0][0]
        else:
            raise ValueError(
                f'"{source}" has a brace without its pair; write it twice to mean itself'
            )
    plain += source[end:]
    if plain:
        yield plain, False


def _known(name: str) -> str:
    if name.startswith("@") and not (name.startswith(ROW) or name in (CONVERSATION, COMPANY)):
        raise ValueError(f'"{name}" is unknown; there are @row.COLUMN, @conversation and @company')
    return name


def _find(cells: Cells, name: str) -> object:
    if name in cells:
        return cells[name]
    found: object = cells
    for step in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found
