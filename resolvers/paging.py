"""Pages: the arguments every list takes, and what is asked of a page afterwards."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from domain.page import Page, Window
from resolvers.context import Info

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="How many from the beginning: 1 to 100, 20 when not said."),
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Continue behind this cursor of the same list.")
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many from the end: 1 to 100.")
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Continue before this cursor of the same list.")
]


def window(
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    return Window.of(first, after, last, before)


async def total_count(page: strawberry.Parent[Page[Any]], info: Info) -> int:
    async with info.context.reading():
        return 0 if page.counter is None else int(await page.counter())


async def feed_cursor(page: strawberry.Parent[Page[Any]], info: Info) -> str:
    async with info.context.reading() as work:
        return await work.position()


def server_time(info: Info) -> datetime:
    return info.context.now
