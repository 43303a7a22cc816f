"""The planner: what is wanted of things, and how a row becomes an object as it was asked for.

Read from what an operation selects, and from how each field says that it can be read
(`graph.planned`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_object_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from strawberry.types.field import StrawberryField

from domain.model.publisher import Publisher
from domain.page import Window
from domain.wanted import One, Row, Several, Unplanned, Wanted
from graph import writing
from graph.fields import PLAN
from graph.gathered import Gathered, Make, always, gather
from graph.planned import Beside, Decided, Hangs, Leads, ReadNow
from graph.planning_pages import Pages, is_page
from graph.scope import Scope
from graph.selection import Selection, name_of
from graph.writing import Fix, Write
from resolvers import paging


@dataclass(frozen=True)
class Column:
    """A value that stands in the row."""

    attribute: str
    fix: Fix | None = None


Slot: TypeAlias = Column | Make


class Planner:
    """Reads what an operation selects of things."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.pages = Pages(selection, self.thing)

    def thing(self, kind: GraphQLObjectType, details: FieldDetailsList, gathered: Gathered) -> Make:
        fields = self.selection.below(kind, details)
        slots = [self._slot(kind, each, gathered) for each in fields.values()]
        columns = [
            gathered.place(each.attribute) if isinstance(each, Column) else None for each in slots
        ]
        # Any other value of the row, where one is written anew.
        spare = next((each for each in columns if each is not None), None)

        def make(wanted: Wanted, base: int) -> Write:
            fixes = [
                (place, each.fix)
                for place, each in enumerate(slots)
                if isinstance(each, Column) and each.fix is not None
            ]
            writes = [
                (place, each(wanted, base))
                for place, each in enumerate(slots)
                if not isinstance(each, Column)
            ]
            places = [
                base + (spare if each is None else each) for each in columns if spare is not None
            ]
            return writing.thing(tuple(fields), places, fixes, writes)

        return make

    def _slot(self, kind: GraphQLObjectType, details: FieldDetailsList, gathered: Gathered) -> Slot:
        name = name_of(details)
        if name == "__typename":
            return always(writing.constant(kind.name))
        definition, declared = kind.fields[name], self.selection.declared(kind, name)
        plan = declared.metadata.get(PLAN)
        if isinstance(plan, Hangs):
            return self._belonging(plan, definition, details, gathered)
        if definition.args:
            raise Unplanned
        if isinstance(plan, Leads):
            return self._lead(plan.key, definition, details, gathered)
        if isinstance(plan, Decided):
            return self._decided(plan.reads, definition, declared, gathered)
        if isinstance(plan, ReadNow):
            return self._read_now(definition, declared, gathered)
        if isinstance(plan, Beside):
            return Column(declared.python_name, writing.leaf(definition.type))
        if declared.python_name == "id" and "id" in gathered.kind.model_fields:
            return Column("id", writing.global_id(kind.name))
        if (
            declared.base_resolver is not None
            or declared.python_name not in gathered.kind.model_fields
        ):
            raise Unplanned
        return Column(declared.python_name, writing.leaf(definition.type))

    def _lead(
        self, key: str, definition: Any, details: FieldDetailsList, gathered: Gathered
    ) -> Make:
        kind = get_named_type(definition.type)
        below = gather(kind)
        make = self.thing(kind, details, below)
        one = One(key, below.wanted)
        gathered.ones.append(one)
        required = isinstance(definition.type, GraphQLNonNull)
        if below.kind is Publisher and not required:
            raise Unplanned  # none is not nobody: whoever was merged is found the usual way

        def write(wanted: Wanted, base: int) -> Write:
            at = base + wanted.place(one)
            return writing.lead(at, make(one.wanted, at + 1), required=required)

        return write

    def _decided(
        self, reads: tuple[str, ...], definition: Any, declared: StrawberryField, gathered: Gathered
    ) -> Make:
        places = {name: gathered.place(name) for name in reads}
        decide, fix = decision(gathered.kind, declared), writing.leaf(definition.type)

        def write(_wanted: Wanted, base: int) -> Write:
            moved = {name: base + place for name, place in places.items()}
            return writing.decided(gathered.kind, moved, decide, fix)

        return write

    def _read_now(self, definition: Any, declared: StrawberryField, gathered: Gathered) -> Make:
        names = [name for name in gathered.kind.model_fields if name != "workspace_id"]
        places = {name: gathered.place(name) for name in (*names, "terms_id")}
        fix = writing.leaf(definition.type)

        def write(_wanted: Wanted, base: int) -> Write:
            moved = {name: base + place for name, place in places.items()}
            return writing.read_now(gathered.kind, moved, declared.python_name, fix)

        return write

    # ── what hangs on a thing ────────────────────────────────────────────────────────────────

    def _belonging(
        self,
        hangs: Hangs,
        definition: Any,
        details: FieldDetailsList,
        gathered: Gathered,
    ) -> Make:
        kind, belonging = get_named_type(definition.type), hangs.belonging
        if not is_object_type(kind):
            number = Several(belonging)
            gathered.belongings.append(number)
            return lambda wanted, base: writing.plain(base + wanted.place(number))
        if is_page(kind):
            page = self._sorted if hangs.sorted_by else self._history
            return page(hangs, kind, definition, details, gathered)
        below = gather(kind)
        make = self.thing(kind, details, below)
        several = Several(belonging, below.wanted)
        gathered.belongings.append(several)
        assert several.wanted is not None
        write = make(several.wanted, 0)
        among = writing.each if writing.is_list(definition.type) else writing.first
        return lambda wanted, base: among(base + wanted.place(several), write)

    def _history(
        self,
        hangs: Hangs,
        kind: GraphQLObjectType,
        definition: Any,
        details: FieldDetailsList,
        gathered: Gathered,
    ) -> Make:
        window = self._window(definition, details)
        below, make = self.pages.connection(kind, details, set())
        sequence = below.place("sequence")
        several = Several(hangs.belonging, below.wanted, window)
        gathered.belongings.append(several)
        count = gathered.place("interactions_count")
        assert several.wanted is not None
        write = make(several.wanted, 0)
        return lambda wanted, base: writing.history(
            base + wanted.place(several), base + count, sequence, write
        )

    def _sorted(
        self,
        hangs: Hangs,
        kind: GraphQLObjectType,
        definition: Any,
        details: FieldDetailsList,
        gathered: Gathered,
    ) -> Make:
        window = self._window(definition, details)
        about: set[str] = set()
        below, make = self.pages.connection(kind, details, about)
        marks = [below.place(name) for name in hangs.sorted_by] if "cursor" in about else []
        several = Several(hangs.belonging, below.wanted, window)
        number = Several(hangs.belonging) if "total_count" in about else None
        gathered.belongings += [each for each in (several, number) if each is not None]
        assert several.wanted is not None
        page = make(several.wanted, 0)

        def mark(row: Row, scope: Scope) -> str:
            return scope.mark(hangs.belonging, [row[place] for place in marks])

        def write(wanted: Wanted, base: int) -> Write:
            count = None if number is None else base + wanted.place(number)
            return writing.paged(base + wanted.place(several), count, window, mark, page)

        return write

    def _window(self, definition: Any, details: FieldDetailsList) -> Window:
        given = get_argument_values(definition, details[0].node, self.selection.variables)
        return paging.window(**given)


def decision(model: type[Any], declared: StrawberryField) -> Callable[[Any, Scope], Any]:
    """What a field's resolver, or the model's property, makes of somebody's attributes."""
    resolver = declared.base_resolver
    if resolver is None:
        figure = getattr(model, declared.python_name).fget
        return lambda row, _scope: figure(row)
    function: Any = resolver.wrapped_func
    parent, info = resolver.parent_parameter, resolver.info_parameter
    assert parent is not None

    def decide(row: Any, scope: Scope) -> Any:
        named = {parent.name: row}
        if info is not None:
            named[info.name] = scope.info
        return function(**named)

    return decide
