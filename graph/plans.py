"""A document as a plan: what it wants of tickets, and how rows of that become its answer.

Made once for a document, from the same types and policies that every other answer is made from. A
document that cannot be planned whole is not planned at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    get_named_type,
    is_object_type,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from domain.errors import Refusal
from domain.page import Window
from domain.wanted import AHEAD, Belonging, Look, One, Several, Unplanned, Wanted
from graph import writing
from graph.documents import Prepared
from graph.fields import MODEL, PLAN
from graph.page import Connection
from graph.planned import Decided, Figured, Hangs, Leads, PlannedAnswer, ReadNow, Rooted
from graph.policy import KEY, Needs
from graph.writing import Fix, PageSeen, Scope, TermsUnknown, Write, WritePage
from resolvers import paging
from resolvers.context import Context

DIRECTIVES = {"skip", "include"}
REMEMBERED, LONGEST = 100, 1_000
"""How many sets of variables are kept read for one document, and of how many bytes at most."""
VARIATIONS = 50
"""How many plans are kept of one document: one for each choice of what its variables include."""


@dataclass(frozen=True)
class Column:
    """A value that stands in the row."""

    attribute: str
    fix: Fix | None = None


Make = Callable[[Wanted, int], Write]
MakePage = Callable[[Wanted, int], WritePage]
Slot = Column | Make


@dataclass
class Gathered:
    """What is wanted of one kind of thing, as far as the document was read."""

    kind: type[Any]
    attributes: list[str] = field(default_factory=list)
    ones: list[One] = field(default_factory=list)
    belongings: list[Several] = field(default_factory=list)

    def place(self, attribute: str) -> int:
        """Where an attribute stands; it is wanted from here on."""
        if attribute not in self.attributes:
            self.attributes.append(attribute)
        return self.attributes.index(attribute)

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.kind, tuple(self.attributes), tuple(self.ones), tuple(self.belongings))


@dataclass(frozen=True)
class Plan:
    """One operation, planned: asks for rows, and writes its answer of them."""

    field: FieldNode
    definition: Any
    declared: StrawberryField
    schema: Schema
    needs: Needs
    ask: Callable[..., Any]
    write: Callable[[Any, Scope], Any]
    constants: tuple[tuple[str, str], ...]
    """Response keys in order; the one without a value is the root field's."""

    def arguments(self, variables: VariableValues) -> dict[str, Any]:
        """What the root field is asked with, as its resolver would be given it."""
        return convert_arguments(
            get_argument_values(self.definition, self.field, variables),
            self.declared.arguments,
            scalar_registry=self.schema.schema_converter.scalar_registry,
            config=self.schema.config,
        )

    async def run(
        self, context: Context, arguments: Mapping[str, Any], rest: Mapping[str, Any]
    ) -> bytes:
        """The body of the answer. Unplanned where only the usual way knows it."""
        if context.actor is None or not any(map(context.actor.can, self.needs.any_of)):
            raise Unplanned
        seen = await self.ask(context, **arguments)
        if context.rights is not None and (not seen.valid or seen.access_version != context.rights):
            raise Unplanned  # rights have changed since, so what was seen is thrown away
        told = await terms_known(lambda scope: self.write(seen, scope), context)
        data = {key: constant or told for key, constant in self.constants}
        return orjson.dumps({"data": data, **rest}, option=orjson.OPT_UTC_Z)


async def terms_known(write: Callable[[Scope], Any], context: Context) -> Any:
    """What is written, once the terms are read that its clocks go by."""
    scope = Scope(context)
    while True:
        try:
            return write(scope)
        except TermsUnknown as unknown:
            views = context.services.store.views
            found = await views.terms(context.me, unknown.terms_id)
            if unknown.terms_id not in found:
                raise Unplanned from None
            scope.terms = {**scope.terms, **found}


Ready = tuple[Plan, Mapping[str, Any], Mapping[str, Any]]
"""A plan, what its root field is asked with, and what stands beside the data of its answer."""


class Planner:
    """Reads one operation of a document, with what its variables say of its shape."""

    def __init__(
        self,
        schema: Schema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
    ) -> None:
        self.schema = schema
        self.graph: GraphQLSchema = schema._schema
        self.operation = operation
        self.fragments = fragments
        self.variables = variables

    def plan(self) -> Any:
        root = self.graph.query_type
        assert root is not None
        collected = collect_fields(
            self.graph, self.fragments, self.variables, root, self.operation, True
        ).grouped_field_set
        asked = [key for key, details in collected.items() if _name(details) != "__typename"]
        if len(asked) != 1:
            raise Unplanned
        details = collected[asked[0]]
        definition, declared = root.fields[_name(details)], self._declared(root, _name(details))
        rooted, needs = declared.metadata.get(PLAN), declared.metadata.get(KEY)
        if not isinstance(rooted, Rooted | Figured) or not isinstance(needs, Needs):
            raise Unplanned
        kind = get_named_type(definition.type)
        assert isinstance(kind, GraphQLObjectType)
        ask: Callable[..., Any] = rooted.ask
        if isinstance(rooted, Figured):
            write = self._figured(kind, details)
        else:
            look, write = self._page(kind, details) if _is_page(kind) else self._one(kind, details)
            ask = partial(rooted.ask, look=look)
        constants = tuple((key, "" if key == asked[0] else root.name) for key in collected)
        return Plan(
            details[0].node,
            definition,
            declared,
            self.schema,
            needs,
            ask,
            write,
            constants,
        )

    def _one(self, kind: GraphQLObjectType, details: FieldDetailsList) -> tuple[Look, Any]:
        gathered = self._gather(kind)
        make = self._thing(kind, details, gathered)
        wanted = gathered.wanted
        write = make(wanted, AHEAD)
        return Look(wanted), lambda seen, scope: write(seen.rows[0], scope) if seen.rows else None

    def _page(self, kind: GraphQLObjectType, details: FieldDetailsList) -> tuple[Look, Any]:
        about: set[str] = set()
        gathered, make = self._connection(kind, details, about)
        wanted = gathered.wanted
        write = make(wanted, AHEAD)
        look = Look(
            wanted,
            counted="total_count" in about,
            placed="feed_cursor" in about,
            marked="cursor" in about,
        )

        def told(seen: Any, scope: Scope) -> Any:
            shown = PageSeen(
                seen.rows, seen.has_next, seen.has_previous, seen.cursor, seen.count, seen.position
            )
            return write(shown, scope)

        return look, told

    # ── things ───────────────────────────────────────────────────────────────────────────────

    def _gather(self, kind: GraphQLObjectType) -> Gathered:
        model = getattr(_origin(kind), MODEL, None)
        if model is None:
            raise Unplanned
        return Gathered(model)

    def _thing(
        self, kind: GraphQLObjectType, details: FieldDetailsList, gathered: Gathered
    ) -> Make:
        fields = self._selected(kind, details)
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
        name = _name(details)
        if name == "__typename":
            return _always(writing.constant(kind.name))
        definition, declared = kind.fields[name], self._declared(kind, name)
        plan = declared.metadata.get(PLAN)
        if isinstance(plan, Hangs):
            return self._belonging(plan.belonging, definition, details, gathered)
        if definition.args:
            raise Unplanned
        if isinstance(plan, Leads):
            return self._lead(plan.key, definition, details, gathered)
        if isinstance(plan, Decided):
            return self._decided(plan.reads, definition, declared, gathered)
        if isinstance(plan, ReadNow):
            return self._read_now(definition, declared, gathered)
        if declared.python_name == "id" and "id" in gathered.kind.model_fields:
            return Column("id", writing.global_id(kind.name))
        if declared.base_resolver is not None or declared.python_name not in _columns(gathered):
            raise Unplanned
        return Column(declared.python_name, writing.leaf(definition.type))

    def _lead(
        self, key: str, definition: Any, details: FieldDetailsList, gathered: Gathered
    ) -> Make:
        kind = get_named_type(definition.type)
        below = self._gather(kind)
        make = self._thing(kind, details, below)
        one = One(key, below.wanted)
        gathered.ones.append(one)
        required = isinstance(definition.type, GraphQLNonNull)

        def write(wanted: Wanted, base: int) -> Write:
            at = base + wanted.place(one)
            return writing.lead(at, make(one.wanted, at + 1), required=required)

        return write

    def _decided(
        self, reads: tuple[str, ...], definition: Any, declared: StrawberryField, gathered: Gathered
    ) -> Make:
        places = {name: gathered.place(name) for name in reads}
        decide, fix = _decision(gathered.kind, declared), writing.leaf(definition.type)

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
        belonging: Belonging,
        definition: Any,
        details: FieldDetailsList,
        gathered: Gathered,
    ) -> Make:
        kind = get_named_type(definition.type)
        if not is_object_type(kind):
            number = Several(belonging)
            gathered.belongings.append(number)
            return lambda wanted, base: writing.plain(base + wanted.place(number))
        if _is_page(kind):
            return self._history(belonging, kind, definition, details, gathered)
        below = self._gather(kind)
        make = self._thing(kind, details, below)
        several = Several(belonging, below.wanted)
        gathered.belongings.append(several)
        assert several.wanted is not None
        write = make(several.wanted, 0)
        among = writing.each if writing.is_list(definition.type) else writing.first
        return lambda wanted, base: among(base + wanted.place(several), write)

    def _history(
        self,
        belonging: Belonging,
        kind: GraphQLObjectType,
        definition: Any,
        details: FieldDetailsList,
        gathered: Gathered,
    ) -> Make:
        given = get_argument_values(definition, details[0].node, self.variables)
        window: Window = paging.window(**given)
        below, make = self._connection(kind, details, set())
        sequence = below.place("sequence")
        several = Several(belonging, below.wanted, window)
        gathered.belongings.append(several)
        count = gathered.place("interactions_count")
        assert several.wanted is not None
        write = make(several.wanted, 0)
        return lambda wanted, base: writing.history(
            base + wanted.place(several), base + count, sequence, write
        )

    # ── pages ────────────────────────────────────────────────────────────────────────────────

    def _connection(
        self, kind: GraphQLObjectType, details: FieldDetailsList, about: set[str]
    ) -> tuple[Gathered, MakePage]:
        things = get_named_type(kind.fields["nodes"].type)
        gathered = self._gather(things)
        parts: list[tuple[str, MakePage]] = []
        for key, each in self._selected(kind, details).items():
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
        name = _name(details)
        if name == "__typename":
            return _fixed(lambda _seen, _scope: kind.name)
        asked = self._declared(kind, name).python_name
        about.add(asked)
        if asked == "nodes":
            make = self._thing(things, details, gathered)
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
        for key, each in self._selected(kind, details).items():
            name = _name(each)
            asked = None if name == "__typename" else self._declared(kind, name).python_name
            if asked is None:
                parts.append((key, _always(writing.constant(kind.name))))
            elif asked == "node":
                parts.append(
                    (key, self._thing(get_named_type(kind.fields[name].type), each, gathered))
                )
            elif asked == "cursor":
                about.add("cursor")
                parts.append((key, None))
            else:
                raise Unplanned

        def make(wanted: Wanted, base: int) -> WritePage:
            return writing.edges([(key, part and part(wanted, base)) for key, part in parts])

        return make

    def _page_info(self, details: FieldDetailsList, about: set[str]) -> WritePage:
        kind = self.graph.type_map["PageInfo"]
        assert isinstance(kind, GraphQLObjectType)
        names = []
        for key, each in self._selected(kind, details).items():
            name = _name(each)
            python = None if name == "__typename" else self._declared(kind, name).python_name
            names.append((key, python))
        if any(python and python.endswith("_cursor") for _, python in names):
            about.add("cursor")

        def write(seen: PageSeen, _scope: Scope) -> Any:
            info = seen.info if "cursor" in about else seen.bare
            return {key: getattr(info, python) if python else kind.name for key, python in names}

        return write

    # ── figures ──────────────────────────────────────────────────────────────────────────────

    def _figured(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Any:
        tell = self._figures(kind, details)
        return lambda seen, _scope: tell(seen.figures)

    def _figures(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Fix:
        parts: list[tuple[str, Fix]] = []
        for key, each in self._selected(kind, details).items():
            name = _name(each)
            if name == "__typename":
                parts.append((key, lambda _it: kind.name))
                continue
            definition, declared = kind.fields[name], self._declared(kind, name)
            if declared.base_resolver is not None or definition.args:
                raise Unplanned
            below = get_named_type(definition.type)
            inner = isinstance(below, GraphQLObjectType)
            fix = self._figures(below, each) if inner else writing.leaf(definition.type)
            several = inner and writing.is_list(definition.type)
            parts.append((key, writing.figure(declared.python_name, fix, several=several)))
        return writing.figures(parts)

    # ── the schema ───────────────────────────────────────────────────────────────────────────

    def _selected(self, kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        return collect_subfields(
            self.graph, self.fragments, self.variables, self.operation, kind, details, True
        ).grouped_field_set

    def _declared(self, kind: GraphQLObjectType, name: str) -> StrawberryField:
        named = self.schema.config.name_converter.get_graphql_name
        fields: list[StrawberryField] = kind.extensions["strawberry-definition"].fields
        return next(each for each in fields if named(each) == name)


ABOUT_PAGES: Mapping[str, WritePage] = {
    "total_count": lambda seen, _scope: seen.count,
    "feed_cursor": lambda seen, _scope: seen.position,
    "server_time": lambda _seen, scope: scope.context.now,
}


def _always(write: Write) -> Make:
    return lambda _wanted, _base: write


def _fixed(write: WritePage) -> MakePage:
    return lambda _wanted, _base: write


def _name(details: FieldDetailsList) -> str:
    return details[0].node.name.value


def _origin(kind: GraphQLObjectType) -> Any:
    return kind.extensions["strawberry-definition"].origin


def _is_page(kind: Any) -> bool:
    return issubclass(_origin(kind), Connection)


def _columns(gathered: Gathered) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = gathered.kind.model_fields
    return fields


def _decision(model: type[Any], declared: StrawberryField) -> Callable[[Any, Scope], Any]:
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


# ── documents ──────────────────────────────────────────────────────────────────────────────────


class Reach(Visitor):
    """Which variables decide the shape of a document, and whether it has a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.plain = True

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.plain = self.plain and node.name.value in DIRECTIVES

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


class Blueprint:
    """One operation of a document, and its plans."""

    def __init__(
        self,
        schema: Schema,
        prepared: Prepared,
        name: str | None,
        kind: OperationType = OperationType.QUERY,
        planner: "type[Planner]" = Planner,
    ) -> None:
        self._schema = schema
        self._prepared, self._name = prepared, name
        self._kind, self._planner = kind, planner
        self._plans: dict[bytes, Any] = {}
        self._ready: OrderedDict[bytes, Ready] = OrderedDict()
        definitions = prepared.document.definitions if prepared.document else ()
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        meant = [
            each for each in operations if name is None or (each.name and each.name.value == name)
        ]
        self._fragments = {
            each.name.value: FragmentDetails(each)
            for each in definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._operation = meant[0] if len(meant) == 1 else None
        self._shaping: list[str] = []
        if self._operation is not None:
            self._examine(self._operation)

    def _examine(self, operation: OperationDefinitionNode) -> None:
        reach = Reach()
        if operation.operation is not self._kind or operation.directives:
            self._operation = None
            return
        for node in (
            operation.selection_set,
            *(each.definition for each in self._fragments.values()),
        ):
            visit(node, reach)
        # What only the arguments of the root say changes from question to question.
        self._shaping = sorted(reach.names - self._only_at_root(operation))
        if not reach.plain:
            self._operation = None

    def _only_at_root(self, operation: OperationDefinitionNode) -> set[str]:
        inside, outside = Reach(), Reach()
        for each in operation.selection_set.selections:
            if isinstance(each, FieldNode):
                for argument in each.arguments or ():
                    visit(argument, outside)
                parts: list[Node | None] = [each.selection_set, *(each.directives or ())]
            else:
                parts = [each]
            for part in parts:
                if part is not None:
                    visit(part, inside)
        for fragment in self._fragments.values():
            visit(fragment.definition, inside)
        return outside.names - inside.names

    def plan(self, variables: Mapping[str, Any]) -> Ready:
        """The plan for these variables, and what it is asked with; Unplanned without one."""
        if self._operation is None:
            raise Unplanned
        try:
            given = orjson.dumps(variables)
        except TypeError:
            raise Unplanned from None  # nested too deep, or a file
        ready = self._ready.get(given)
        if ready is None:
            ready = self._read(self._operation, variables)
            if len(given) <= LONGEST:
                self._ready[given] = ready
                if len(self._ready) > REMEMBERED:
                    self._ready.popitem(last=False)
        return ready

    def _read(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Ready:
        plan, values = self._planned(operation, variables)
        if self._prepared.refusal(self._name, variables):
            raise Unplanned
        cost = self._prepared.cost_told(self._name, variables)
        return plan, plan.arguments(values), {"extensions": {"cost": cost}} if cost else {}

    def events(self, variables: Mapping[str, Any]) -> Any:
        """The plan of what is told with these variables; Unplanned without one."""
        if self._operation is None:
            raise Unplanned
        return self._planned(self._operation, variables)[0]

    def _planned(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> tuple[Any, VariableValues]:
        values = get_variable_values(
            self._schema._schema,
            operation.variable_definitions or (),
            dict(variables),
            hide_suggestions=True,
        )
        if not isinstance(values, VariableValues):
            raise Unplanned
        said = [(name, variables[name]) for name in self._shaping if name in variables]
        key = orjson.dumps(said)
        if key not in self._plans:
            if len(self._plans) >= VARIATIONS:
                self._plans.clear()
            self._plans[key] = self._made(operation, values)
        plan = self._plans[key]
        if plan is None:
            raise Unplanned
        return plan, values

    def _made(self, operation: OperationDefinitionNode, values: VariableValues) -> Any:
        try:
            return self._planner(self._schema, operation, self._fragments, values).plan()
        except Exception:
            # Whatever is out of the ordinary is told by the usual way.
            return None


class Plans:
    """Answers queries by plan, and counts how many."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.answered = 0

    async def answer(
        self,
        document: Prepared,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: Any,
    ) -> PlannedAnswer | None:
        """The answer; None where it has to be found the usual way.

        Unavailable where the database was waited for already, so that nobody waits twice.
        """
        actor = context.actor
        if actor is None or actor.is_display or actor.only_approves or document.errors:
            # There are rules of their own for what some may ask.
            return None
        blueprint = document.once(
            ("plans", operation_name),
            lambda: Blueprint(self._schema, document, operation_name),
        )
        try:
            plan, arguments, rest = blueprint.plan(variables or {})
            body = await plan.run(context, arguments, rest)
        except (Unplanned, Refusal, GraphQLError):
            return None
        self.answered += 1
        return PlannedAnswer(body, rest)
