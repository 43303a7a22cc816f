"""How much one document may ask, told before anything expensive is done with it.

Each definition is walked once, and what stands in a fragment is counted wherever it is spread; so
the work grows with the document, and not with what its fragments unfold into. What introspects has
rules of its own: the usual tools need more depth than any other document, and few goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from domain.sentences import SENTENCES
from domain.words import Locale

COUNTED = 1_000_000
"""Beyond this nobody needs to know how many more."""
INTROSPECTION = {"__schema", "__type"}


@dataclass(frozen=True)
class Limits:
    """What one document, and its variables, may come to."""

    length: int = 64 * 1024
    tokens: int = 2_000
    depth: int = 10
    aliases: int = 30
    root_fields: int = 20
    directives: int = 50
    cost: int = 5_000
    introspection_depth: int = 20
    introspections: int = 5
    nesting: int = 50
    same_fields: int = 30_000
    """What comparing fields of one name may cost before it is given up: some 170 of them in one
    selection. Stock validation goes on for a second."""
    values: int = 20_000
    value_depth: int = 30


class OverLimit(GraphQLError):
    """A document that asks for too much: one code, the limit's name, and a sentence about it."""

    def __init__(self, sentence: str, most: int, count: int | None = None) -> None:
        self.sentence = sentence
        self.values = {"most": most, "count": count}
        limit = sentence.removeprefix("over_")
        super().__init__(
            self.told(Locale.EN), extensions={"code": "TOO_COMPLEX", "limit": limit, "most": most}
        )

    def told(self, locale: Locale) -> str:
        return SENTENCES[self.sentence][locale].format(**self.values)


@dataclass
class Sum:
    """What a definition comes to, with all that its fragments bring."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    introspections: int = 0
    introspection_depth: int = 0
    introspection_aliases: int = 0
    nesting: int = 0

    def add(self, other: "Sum", at: "Spread") -> None:
        if at.introspective:
            self.deepen("introspection_depth", at.depth + other.introspection_depth)
        else:
            self.deepen("depth", at.depth + other.depth)
            self.deepen("introspection_depth", other.introspection_depth)
        for name in ("aliases", "directives", "introspections", "introspection_aliases"):
            setattr(self, name, min(getattr(self, name) + getattr(other, name), COUNTED))
        self.deepen("nesting", at.nesting + other.nesting)
        if not at.depth:
            self.root_fields = min(self.root_fields + other.root_fields, COUNTED)

    def deepen(self, name: str, depth: int) -> None:
        setattr(self, name, max(getattr(self, name), depth))


@dataclass(frozen=True)
class Spread:
    name: str
    depth: int
    introspective: bool
    nesting: int


@dataclass
class Definition:
    """What stands in a definition itself, and the fragments that it spreads."""

    own: Sum = field(default_factory=Sum)
    spreads: list[Spread] = field(default_factory=list)


def breaches(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Each limit that the document goes beyond."""
    definitions: dict[object, Definition] = {}
    for nth, each in enumerate(document.definitions):
        if isinstance(each, FragmentDefinitionNode):
            definitions.setdefault(each.name.value, _walked(each))
        elif isinstance(each, OperationDefinitionNode):
            definitions[nth] = _walked(each)
    sums = _summed(definitions)
    most = Sum()
    for start, total in sums.items():
        for name in vars(most):
            if name != "root_fields" or isinstance(start, int):
                most.deepen(name, getattr(total, name))
    raw = sum(each.own.directives for each in definitions.values())
    most.directives = max(most.directives, raw)

    found = [
        ("over_depth", most.depth, limits.depth),
        ("over_nesting", most.nesting, limits.nesting),
        ("over_aliases", most.aliases, limits.aliases),
        ("over_root_fields", most.root_fields, limits.root_fields),
        ("over_directives", most.directives, limits.directives),
        ("over_introspections", most.introspections, limits.introspections),
        ("over_introspection_depth", most.introspection_depth, limits.introspection_depth),
        ("over_introspection_aliases", most.introspection_aliases, 0),
    ]
    return [OverLimit(name, most, count) for name, count, most in found if count > most]


def breaches_of_values(variables: Mapping[str, Any] | None, limits: Limits) -> list[GraphQLError]:
    """The same for the variables: how many values they hold, and how deep."""
    left = limits.values
    level: list[Any] = [variables] if variables else []
    for _ in range(limits.value_depth + 1):
        below: list[Any] = []
        for each in level:
            inner = each.values() if isinstance(each, dict) else each
            left -= len(inner)
            if left < 0:
                return [OverLimit("over_values", limits.values)]
            below += [one for one in inner if isinstance(one, dict | list)]
        if not below:
            return []
        level = below
    return [OverLimit("over_value_depth", limits.value_depth)]


def _walked(node: OperationDefinitionNode | FragmentDefinitionNode) -> Definition:
    """One definition alone, without recursion: a document may be nested deeper than Python is."""
    found = Definition()
    own = found.own
    own.directives = len(node.directives or ())
    if isinstance(node, OperationDefinitionNode):
        own.directives += sum(
            len(each.directives or ()) for each in node.variable_definitions or ()
        )
        introspective = False
    else:
        introspective = node.type_condition.name.value.startswith("__")
    stack = [(node.selection_set, 0, introspective, 0)]
    while stack:
        selections, depth, introspective, nesting = stack.pop()
        own.deepen("nesting", nesting)
        for each in selections.selections:
            own.directives += len(each.directives or ())
            if isinstance(each, FragmentSpreadNode):
                found.spreads.append(Spread(each.name.value, depth, introspective, nesting + 1))
                continue
            below, inside = depth, introspective
            if isinstance(each, FieldNode):
                below, inside = _count(own, each, depth, introspective)
            nested: SelectionSetNode | None = each.selection_set  # type: ignore[attr-defined]
            if nested is not None:
                stack.append((nested, below, inside, nesting + 1))
    return found


def _count(own: Sum, node: FieldNode, depth: int, introspective: bool) -> tuple[int, bool]:
    """A field counted; how deep it stands, and whether what is below introspects."""
    if node.alias is not None:
        own.aliases += 1
        own.introspection_aliases += introspective
    if depth == 0 and not introspective:
        own.root_fields += 1
    if node.name.value in INTROSPECTION:
        own.introspections += 1
        own.deepen("depth", depth + 1)
        return 0, True
    own.deepen("introspection_depth" if introspective else "depth", depth + 1)
    return depth + 1, introspective


def _summed(definitions: dict[object, Definition]) -> dict[object, Sum]:
    """Every definition with its fragments, each added up once and innermost first.

    A spread that closes a circle adds nothing here: validation refuses it.
    """
    sums: dict[object, Sum] = {}
    opened: set[object] = set()
    stack = list(definitions)
    while stack:
        name = stack[-1]
        definition = definitions[name]
        if name not in opened:
            opened.add(name)
            wanted = (each.name for each in definition.spreads)
            stack += [each for each in wanted if each in definitions and each not in opened]
            continue
        stack.pop()
        if name not in sums:
            for each in definition.spreads:
                if each.name in sums:
                    definition.own.add(sums[each.name], each)
            sums[name] = definition.own
    return sums
