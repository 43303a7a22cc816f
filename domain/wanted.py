"""What is wanted of things that are looked at: columns, what they lead to, and what hangs on them.

Said in the domain's words, once for a document, and answered in rows without objects: `storage`
makes one statement of it, `graph` knows which value stands where. A row is the values of
`attributes`, then those of each of `ones` behind a first value that is None where there is none,
then one value for each of `belongings`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.board import Wallboard
from domain.page import Window
from domain.rules.access import Actor
from domain.rules.membership import TicketFilter
from domain.rules.sla import Terms
from domain.shelves.found import Counts
from domain.words import OrderDirection, TicketOrderField

Row = Sequence[Any]
AHEAD = 5
"""Values that stand before what is wanted, in every row that was seen: rights, whether they still
hold, the count, the feed, and the id."""


class Unplanned(Exception):
    """It has to be asked the usual way."""


class Belonging(StrEnum):
    """What hangs on a thing and is read along with it."""

    PROFILES = "PROFILES"
    """Of a publisher: rows of Profile."""
    HEADSET = "HEADSET"
    """Of a publisher: how many tickets they have, a number."""
    STUBS = "STUBS"
    """Of a publisher: rows of Ticket behind the wall, with `level_name`, newest first."""
    CLOCKS = "CLOCKS"
    """Of a ticket: rows of SlaClock, in the order in which they started."""
    NEXT_CLOCK = "NEXT_CLOCK"
    """Of a ticket: at most one row of SlaClock, the running one that is due first."""
    HISTORY = "HISTORY"
    """Of a ticket: a window of rows of HistoryEntry, oldest first."""
    OCCURRENCES = "OCCURRENCES"
    """Of a ticket: a window of rows of Occurrence, each with `earlier`, as they happened."""
    REPLIES = "REPLIES"
    """Of a ticket: a window of rows of Reply, as they were written."""
    APPROVAL = "APPROVAL"
    """Of a ticket: at most one row of Approval, the one that waits or else the last."""
    SUCCESSOR = "SUCCESSOR"
    """Of a ticket: at most one row of Ticket, the one that followed it."""
    FILES_OF_OCCURRENCE = "FILES_OF_OCCURRENCE"
    """Rows of Attachment, as they were kept."""
    FILES_OF_REPLY = "FILES_OF_REPLY"
    """Rows of Attachment, as they were kept."""
    APPROVAL_OF_REPLY = "APPROVAL_OF_REPLY"
    """At most one row of Approval."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """Of things of one kind. Told apart by identity: made once, and asked again and again."""

    kind: type[Any]
    attributes: tuple[str, ...]
    ones: "tuple[One, ...]" = ()
    belongings: "tuple[Several, ...]" = ()

    @cached_property
    def width(self) -> int:
        """How many values a row of it has."""
        ones = sum(1 + each.wanted.width for each in self.ones)
        return len(self.attributes) + ones + len(self.belongings)

    def place(self, part: "One | Several") -> int:
        """Where the values of a part begin in a row."""
        at = len(self.attributes)
        for one in self.ones:
            if one is part:
                return at
            at += 1 + one.wanted.width
        return at + next(n for n, each in enumerate(self.belongings) if each is part)


@dataclass(frozen=True, eq=False)
class One:
    """The thing whose id stands in `key`, as far as it may be seen; no publisher who was merged."""

    key: str
    wanted: Wanted


@dataclass(frozen=True, eq=False)
class Several:
    """What hangs on each: all of it, or the part that a window shows; without `wanted`, how many.

    Of a list that is sorted there is one more than the window shows, where there are more.
    """

    belonging: Belonging
    wanted: Wanted | None = None
    window: Window | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """A question that a document asks: what of each ticket, and what of the whole."""

    wanted: Wanted
    counted: bool = False
    """How many there are in the whole list."""
    placed: bool = False
    """Where the feed stands."""
    marked: bool = False
    """Each row's place in the list, as a cursor."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was at one moment: rows, and what was asked of the whole."""

    rows: Sequence[Row]
    access_version: int
    """What rights were at, in the same snapshot."""
    valid: bool
    """Whether the session or the key that asked was still good, in the same snapshot."""
    has_next: bool = False
    has_previous: bool = False
    cursor: Callable[[Row], str] | None = None
    """The place of a row in its list; none where places were not asked for."""
    count: int = 0
    position: str = ""
    figures: Counts | Wallboard | None = None
    """Where no row was asked for, but how many there are of each kind."""


class State(NamedTuple):
    """What a workspace is at. Equal numbers: nothing of what can be shown has changed between."""

    number: int
    access_version: int
    """What rights are at."""


class States(Protocol):
    """Says what workspaces are at, as of a look at the database that all who ask meanwhile share.

    Unplanned where it could not be asked.
    """

    async def look(self, workspace_id: UUID) -> State:
        """By a look that begins after this was called."""
        ...

    def last(self, workspace_id: UUID) -> State | None:
        """By the last look, if there was one: whatever is read from now on is as new, or newer."""
        ...


class Views(Protocol):
    """Looks at tickets, each in one statement and so in one snapshot, behind the actor's wall.

    Unplanned where a question has to be put another way, or could not be put at all.
    """

    def together(self) -> "AbstractAsyncContextManager[Views]":
        """Whatever is looked at through these is of one snapshot."""
        ...

    async def time_zone(self, actor: Actor) -> str:
        """Where the workspace's clocks are."""
        ...

    async def page(
        self,
        actor: Actor,
        look: Look,
        asked: TicketFilter,
        order: TicketOrderField,
        direction: OrderDirection,
        window: Window,
    ) -> Seen:
        """A page of a list."""
        ...

    async def counts(self, actor: Actor, asked: TicketFilter) -> Seen:
        """No rows: figures."""
        ...

    async def one(
        self, actor: Actor, look: Look, *, id: UUID | None = None, protocol: str | None = None
    ) -> Seen:
        """One row, or none."""
        ...

    async def several(self, actor: Actor, look: Look, ids: Collection[UUID]) -> Seen:
        """Those of them that may be seen, in no order."""
        ...

    def place(self, belonging: Belonging, values: Row) -> str:
        """The cursor of a row in such a list, by the values that the list is sorted by."""
        ...

    async def terms(self, actor: Actor, terms_id: UUID) -> Mapping[UUID, Terms]:
        """What clocks go by, with all that is known of that by now."""
        ...
