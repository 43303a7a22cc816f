"""The planner's pages: what a document asks of a page of things, and of the page itself."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetailsList

from domain.wanted import Unplanned, Wanted
from graph import writing
from graph.fields import PLAN
from graph.gathered import Gathered, Make, always, gather
from graph.page import Connection
from graph.planned import Beside
from graph.scope import Scope
from graph.selection import Selection, name_of, origin
from graph.writing import PageSeen, WritePage

MakePage: TypeAlias = Callable[[Wanted, int], WritePage]
Thing: TypeAlias = Callable[[GraphQLObjectType, FieldDetailsList, Gathered], Make]
"""What is wanted of each thing, and how it is written."""


class Pages:
    """Reads what an operation selects of pages, and hands on what it selects of their things."""

    def __init__(self, selection: Selection, thing: Thing) -> None:
        self.selection = selection
        self.thing = thing

    def connection(
        self, kind: GraphQLObjectType, details: FieldDetailsList, about: set[str]
    ) -> tuple[Gathered, MakePage]:
        things = get_named_type(kind.fields["nodes"].type)
        gathered = gather(things)
        parts: list[tuple[str, MakePage]] = []
        for key, each in self.selection.below(kind, details).items():
            parts.append((key, self._of_page(kind, each, things, gathered, about)))

        def make(wanted: Wanted, base: int) -> WritePage:
            return writing.page([(key, part(wanted, base)) for key, part in parts])

        return gathered, make

    def _of_page(
        self,
        kind: GraphQLObjectType,
        details: FieldDetailsList,
        things: GraphQLObjectType,
        gathered: Gathered,
        about: set[str],
    ) -> MakePage:
        name = name_of(details)
        if name == "__typename":
            return _fixed(lambda _seen, _scope: kind.name)
        asked = self.selection.declared(kind, name).python_name
        about.add(asked)
        if asked == "nodes":
            make = self.thing(things, details, gathered)
            return lambda wanted, base: writing.nodes(make(wanted, base))
        if asked == "edges":
            return self._edges(get_named_type(kind.fields[name].type), details, gathered, about)
        if asked == "page_info":
            return _fixed(self._page_info(details, about))
        if asked in ABOUT_PAGES:
            return _fixed(ABOUT_PAGES[asked])
        raise Unplanned

    def _edges(
        self,
        kind: GraphQLObjectType,
        details: FieldDetailsList,
        gathered: Gathered,
        about: set[str],
    ) -> MakePage:
        parts: list[tuple[str, Make | None]] = []
        for key, each in self.selection.below(kind, details).items():
            name = name_of(each)
            asked = (
                None if name == "__typename" else self.selection.declared(kind, name).python_name
            )
            if asked is None:
                parts.append((key, always(writing.constant(kind.name))))
            elif asked == "node":
                parts.append(
                    (key, self.thing(get_named_type(kind.fields[name].type), each, gathered))
                )
            elif asked == "cursor":
                about.add("cursor")
                parts.append((key, None))
            elif isinstance(self.selection.declared(kind, name).metadata.get(PLAN), Beside):
                parts.append((key, _beside(gathered.place(asked))))
            else:
                raise Unplanned

        def make(wanted: Wanted, base: int) -> WritePage:
            return writing.edges([(key, part and part(wanted, base)) for key, part in parts])

        return make

    def _page_info(self, details: FieldDetailsList, about: set[str]) -> WritePage:
        kind = self.selection.graph.type_map["PageInfo"]
        assert isinstance(kind, GraphQLObjectType)
        names = []
        for key, each in self.selection.below(kind, details).items():
            name = name_of(each)
            python = (
                None if name == "__typename" else self.selection.declared(kind, name).python_name
            )
            names.append((key, python))
        if any(python and python.endswith("_cursor") for _, python in names):
            about.add("cursor")

        def write(seen: PageSeen, _scope: Scope) -> Any:
            info = seen.info if "cursor" in about else seen.bare
            return {key: getattr(info, python) if python else kind.name for key, python in names}

        return write


ABOUT_PAGES: Mapping[str, WritePage] = {
    "total_count": lambda seen, _scope: seen.count,
    "feed_cursor": lambda seen, _scope: seen.position,
    "server_time": lambda _seen, scope: scope.context.now,
}


def _beside(place: int) -> Make:
    return lambda _wanted, base: writing.plain(base + place)


def _fixed(write: WritePage) -> MakePage:
    return lambda _wanted, _base: write


def is_page(kind: GraphQLObjectType) -> bool:
    return issubclass(origin(kind), Connection)
