"""Texts with gaps: what may stand in one, and how it reads once they are filled."""

import re
from collections.abc import Mapping, Sequence

from domain.errors import Invalid

VARIABLES = (
    "publisher.firstName",
    "publisher.name",
    "protocol",
    "attendant.name",
    "level.name",
    "company",
)
GAP = re.compile(r"\{\{(.*?)(\}\}|\Z)", re.DOTALL)
FILLED = re.compile(r"( ?)\{\{\s*([A-Za-z.]+)\s*\}\}")


def check(
    text: str, field: Sequence[str] = ("text",), variables: Sequence[str] = VARIABLES
) -> None:
    """Nothing where each gap has a name that is known; INVALID tells the first that has not."""
    for gap in GAP.finditer(text):
        name = gap[1].strip()
        if name not in variables or not gap[2]:
            raise Invalid(
                "variable_unknown",
                field=field,
                name=name[:40],
                position=gap.start() + 1,
                known=", ".join(variables),
            )


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """The text with every gap filled; nothing, and no blank before it, for what is not known.

    What is filled in is taken as it is: braces in somebody's name are no gap.
    """

    def value(gap: re.Match[str]) -> str:
        known = " ".join((values.get(gap[2]) or "").split())
        return f"{gap[1]}{known}" if known else ""

    return FILLED.sub(value, text)


def first_name(name: str | None) -> str | None:
    """What a person is called; a handle as it is."""
    words = (name or "").split()
    return words[0] if words else None
