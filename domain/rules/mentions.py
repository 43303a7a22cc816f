"""Mentions: which colleagues a note speaks to by an `@` and their name."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.rules.wording import folded

MOST = 100
"""Signs that are looked at; more is no note that speaks to people."""
JOINTS = ".-+@"
"""Between two letters these go on with a word: `@ana.lima` does not speak to Ana."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody, and what they may be called: their name, and their e-mail before the `@`."""

    user_id: UUID
    name: str
    email: str

    @property
    def names(self) -> set[str]:
        return {folded(self.name).strip(), folded(self.email.partition("@")[0])} - {""}


def mentioned(text: str, people: Sequence[Named]) -> list[UUID]:
    """Who is spoken to, each once, in the order of the text.

    Capitals and accents do not matter, and the longest name that fits is meant: `@Ana Lima` is not
    Ana. Of two colleagues with one name both are.
    """
    known: dict[str, list[UUID]] = {}
    for each in people:
        for called in each.names:
            known.setdefault(called, []).append(each.user_id)
    lengths = sorted({len(name) for name in known}, reverse=True)
    said = folded(text)

    found: dict[UUID, None] = {}
    for start in _signs(said):
        name = next(
            (
                said[start : start + length]
                for length in lengths
                if said[start : start + length] in known and _ends(said, start + length)
            ),
            None,
        )
        found |= dict.fromkeys(known[name] if name else ())
    return list(found)


def _signs(said: str) -> list[int]:
    """Where names may begin: behind an `@` that is not the middle of an address."""
    found: list[int] = []
    place = said.find("@")
    while place >= 0 and len(found) < MOST:
        if place == 0 or not (said[place - 1].isalnum() or said[place - 1] in "._-+"):
            found.append(place + 1)
        place = said.find("@", place + 1)
    return found


def _ends(said: str, end: int) -> bool:
    """Whether a word is over there."""
    rest = said[end : end + 2]
    if not rest:
        return True
    if rest[0].isalnum() or rest[0] == "_":
        return False
    return not (rest[0] in JOINTS and rest[1:].isalnum())
