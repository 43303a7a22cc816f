"""Documents made up at random from the schema: all that GraphQL lets one say of a list."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.api.desk import Json

DEEPEST = 3
FEW, ODD = 0.12, 0.04


@dataclass
class Saying:
    """A document being made up, with the variables that it is sent with."""

    graph: GraphQLSchema
    chance: random.Random
    cursors: list[str]
    only: Callable[[str, str], bool] = lambda kind, name: True
    """Which fields it may speak of."""
    fragments: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: Json = field(default_factory=dict)

    def document(self, *roots: tuple[str, Json]) -> str:
        """A query of these fields of the root; some of their arguments come as variables."""
        told = [self._root(place, *each) for place, each in enumerate(roots)]
        if self._now(FEW):
            told.append("__typename")
        self.chance.shuffle(told)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return " ".join([f"query Fila{declared} {{ {' '.join(told)} }}", *self.fragments])

    def _root(self, place: int, root: str, arguments: Json) -> str:
        query = self.graph.query_type
        assert query is not None
        definition = query.fields[root]
        given = ", ".join(
            f"{name}: {self._given(str(definition.args[name].type), value)}"
            for name, value in arguments.items()
        )
        alias = f"fila{place}: " if place or self._now(FEW) else ""
        directive = self._directive() if place else ""
        selected = self.selection(get_named_type(definition.type), 0)
        told = f"{alias}{root}{f'({given})' if given else ''}{directive} {selected}"
        if not self._now(FEW):
            return told
        name = f"R{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on Query {{ {told} }}")
        return f"...{name}"

    def selection(self, kind: Any, depth: int) -> str:
        fields = [name for name in kind.fields if self._may(kind, name, depth)]
        chosen = self.chance.sample(fields, self.chance.randint(0, min(6, len(fields))))
        if self._now(FEW) and chosen:
            chosen.append(self.chance.choice(chosen))
        told = [self._field(kind, name, depth) for name in chosen]
        if not told or self._now(FEW):
            told.append(self.chance.choice(["__typename", "tipo: __typename"]))
        while self._now(FEW):
            told.append(self._fragment(kind, depth))
        self.chance.shuffle(told)
        return "{ " + " ".join(told) + " }"

    def _may(self, kind: Any, name: str, depth: int) -> bool:
        definition = kind.fields[name]
        inner = get_named_type(definition.type)
        if any(is_required_argument(each) for each in definition.args.values()):
            return False
        if not self.only(kind.name, name):
            return False
        return is_leaf_type(inner) or depth < DEEPEST

    def _field(self, kind: Any, name: str, depth: int) -> str:
        definition = kind.fields[name]
        inner = get_named_type(definition.type)
        given = self._window(definition)
        # Said twice, a field has to be said in the same way.
        alias = f"a{self.chance.randrange(1_000_000)}: " if given or self._now(FEW) else ""
        below = "" if is_leaf_type(inner) else " " + self.selection(inner, depth + _cost(inner))
        return f"{alias}{name}{given}{self._directive()}{below}"

    def _window(self, definition: Any) -> str:
        """Which part of a list, if the field is one."""
        if "first" not in definition.args:
            return ""
        both = "last" in definition.args
        end = self.chance.choice(["first", "last"]) if both else "first"
        size = self.chance.choice([1, 2, 3, 20, 0 if self._now(ODD) else 5])
        told: Json = {end: size} if self._now(0.8) else {}
        if self._now(0.3):
            odd = "x" if self._now(ODD) else "h2"
            places = ["h1", "h2", "h3", "h99", odd] if both else [*self.cursors, odd]
            past = self.chance.choice(places)
            told["before" if end in told and end == "last" else "after"] = past
        if not told:
            return ""
        kinds = {"first": "Int", "last": "Int", "after": "String", "before": "String"}
        return "(" + ", ".join(f"{k}: {self._given(kinds[k], v)}" for k, v in told.items()) + ")"

    def _fragment(self, kind: GraphQLObjectType, depth: int) -> str:
        on = self.chance.choice([kind.name, *(each.name for each in kind.interfaces)])
        held = self.graph.type_map[on]
        selected = self.selection(held, depth)
        way = self.chance.random()
        if way < 0.4:
            return f"... on {on}{self._directive()} {selected}"
        if way < 0.6:
            return f"...{self._directive()} {self.selection(kind, depth)}"
        name = f"F{len(self.fragments)}x{self.chance.randrange(1_000_000)}"
        self.fragments.append(f"fragment {name} on {on} {selected}")
        return f"...{name}{self._directive()}"

    def _directive(self) -> str:
        if not self._now(FEW):
            return ""
        name = self.chance.choice(["skip", "include"])
        return f" @{name}(if: {self._given('Boolean!', self._now(0.5))})"

    def _given(self, kind: str, value: Any) -> str:
        """As a literal, or as a variable, or as one with a default that is or is not sent."""
        if self._now(0.5):
            return literal(value)
        name = f"v{len(self.declared)}"
        if kind.endswith("!") or self._now(0.7):
            self.declared.append(f"${name}: {kind}")
            self.variables[name] = value
        else:
            self.declared.append(f"${name}: {kind} = {literal(value)}")
        return f"${name}"

    def _now(self, share: float) -> bool:
        return self.chance.random() < share


def _cost(kind: Any) -> int:
    """A page's things are no deeper than the page."""
    wrapper = kind.name.endswith(("Connection", "Edge", "PageInfo"))
    return 0 if wrapper else 1


def literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "null"
    # Words of closed lists are written without quotes; nothing else here is all capitals.
    return str(value) if value.replace("_", "").isupper() else f'"{value}"'
