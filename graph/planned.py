"""How a field can be read without the object it stands on, told where the field is declared.

A bare field is the column of its name. Every other says here what it needs of its row; one that
says nothing cannot be planned, and a document that asks for it is answered the usual way.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from domain.wanted import Belonging, Seen

Ask: TypeAlias = Callable[..., Awaitable[Seen]]


@dataclass(frozen=True)
class Decided:
    """Computed by the field's own resolver, or property, from these attributes of the row."""

    reads: tuple[str, ...]


@dataclass(frozen=True)
class Leads:
    """The thing whose id stands in this attribute."""

    key: str


@dataclass(frozen=True)
class Hangs:
    """What hangs on the row: a list, at most one, a number or a page, as its type says."""

    belonging: Belonging
    sorted_by: tuple[str, ...] = ()
    """Of what is shown in pages: the attributes that say where one stands."""


@dataclass(frozen=True)
class Beside:
    """A value that is read along with the row under the field's name, and is no column of it."""


@dataclass(frozen=True)
class ReadNow:
    """Of a clock: decided by how it stands at this moment."""


@dataclass(frozen=True)
class Rooted:
    """A root field: `ask` answers with rows what its resolver answers with objects."""

    ask: Ask


@dataclass(frozen=True)
class Figured:
    """A root field of figures: `ask` answers with the same, one snapshot with who may see them."""

    ask: Ask


@dataclass(frozen=True)
class Told:
    """A root field that is followed: its messages can be written. Their tickets are rows, looked at
    when there is something to tell; or objects, of what was read anyway."""

    of_rows: bool = True


TOLD, PAINTED, BESIDE = Told(), Told(of_rows=False), Beside()
Plan: TypeAlias = Beside | Decided | Leads | Hangs | ReadNow | Rooted | Figured | Told


class PlannedAnswer(NamedTuple):
    """The whole body of an answer, and what stands in it beside the data."""

    body: bytes
    rest: Mapping[str, Any]
