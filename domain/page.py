"""Some of an answer, and whether there is more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.errors import Invalid

T = TypeVar("T")
MOST = 100
USUAL = 20


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for: so many, from one end, past a place."""

    size: int
    backward: bool = False
    past: str | None = None

    @classmethod
    def of(
        cls,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> "Window":
        """INVALID for both ends at once, a cursor of the other end, or a size outside 1 to 100."""
        if first is not None and last is not None:
            raise Invalid("page_both_ways", field=["last"])
        if after is not None and (last is not None or before is not None):
            raise Invalid("page_mixed", field=["after"], cursor="after", size="first")
        if before is not None and last is None:
            raise Invalid("page_mixed", field=["before"], cursor="before", size="last")
        name, size = ("last", last) if last is not None else ("first", first)
        if size is not None and not 1 <= size <= MOST:
            raise Invalid("page_size", field=[name], name=name, most=MOST)
        return cls(
            size=USUAL if size is None else size,
            backward=last is not None,
            past=before if last is not None else after,
        )

    def cut(self, found: Sequence[T]) -> tuple[Sequence[T], bool, bool]:
        """Of one more than it shows, read from its end of the list: what it shows in the list's
        order, and whether there is more after that, and before it."""
        more, continued = len(found) > self.size, self.past is not None
        shown = found[: self.size]
        if self.backward:
            return shown[::-1], continued, more
        return shown, more, continued


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    cursor: str
    node: T
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, in the list's order whichever end it was read from."""

    edges: Sequence[Edge[T]]
    has_next: bool
    has_previous: bool
    counter: Callable[[], Any] | None = None
    """Asks how many there are in the whole list; awaited only when somebody wants to know."""

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=self.edges[0].cursor if self.edges else None,
            end_cursor=self.edges[-1].cursor if self.edges else None,
        )

    @property
    def nodes(self) -> Sequence[T]:
        return [edge.node for edge in self.edges]
