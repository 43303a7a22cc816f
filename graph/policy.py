"""The policy of every field: who may ask, and through what the answer passes.

A root field states the permission it needs, or that it needs none. A field of a type either shows
what stands on an object that has already passed the wall, or fetches through shelves that are the
wall. There is no field without one; a test walks the schema and says which is missing.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.rules.access import Permission

KEY = "policy"


class Passage(StrEnum):
    """How the answer of a field of a type reaches the caller."""

    SHOWN = "SHOWN"
    """Stands on the object itself; whoever was given the object may see it."""
    FETCHED = "FETCHED"
    """Read through the caller's shelves, which return what the caller may see."""
    COMPUTED = "COMPUTED"
    """Decided from the object and the caller alone."""


@dataclass(frozen=True)
class Needs:
    """A permission without which the field cannot be called at all; or one of several."""

    permission: Permission
    others: tuple[Permission, ...] = ()

    @property
    def any_of(self) -> tuple[Permission, ...]:
        return (self.permission, *self.others)


class Anyone(StrEnum):
    """May be called by a stranger: signing in, and asking who one is."""

    ANYONE = "ANYONE"


Policy = Passage | Needs | Anyone
