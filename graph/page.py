"""A page of anything: Relay connections."""

from datetime import datetime
from typing import Generic, TypeVar

import strawberry

from graph.fields import BARE, computed, fetched, shown, value
from graph.policy import Passage
from resolvers import paging

T = TypeVar("T")


@value(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = shown("There are more behind this page.")
    has_previous_page: bool = shown("There are more before this page.")
    start_cursor: str | None = shown("The first one's cursor, for `before`.")
    end_cursor: str | None = shown("The last one's cursor, for `after`.")


@strawberry.type(description="One of a list, with its place.")
class Edge(Generic[T]):
    cursor: str = shown("Its place in the list, for `after` and `before`.")
    node: T = shown("The thing itself.")


@strawberry.type(description="Part of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = shown("The things, each with its place.")
    nodes: list[T] = shown("The things alone.")
    page_info: PageInfo = shown("Where this page lies.")
    total_count = fetched(
        paging.total_count, int, "How many there are in the whole list, at this moment."
    )


setattr(Edge, BARE, Passage.SHOWN)
setattr(Connection, BARE, Passage.SHOWN)

server_time = computed(paging.server_time, datetime, "The server's clock when this was read.")
feed_cursor = fetched(
    paging.feed_cursor,
    str,
    "The position of the feed at which this list was read; give it to a subscription as `after` "
    "and nothing is missed between the two.",
)
