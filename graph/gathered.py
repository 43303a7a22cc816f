"""What is wanted of one kind of thing, as far as a document was read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import GraphQLObjectType

from domain.wanted import One, Several, Unplanned, Wanted
from graph.fields import MODEL
from graph.selection import origin
from graph.writing import Write

Make: TypeAlias = Callable[[Wanted, int], Write]
"""How a thing is written, once all that is wanted is known, and where in a row it begins."""


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


def gather(kind: GraphQLObjectType) -> Gathered:
    """Nothing yet, of the rows behind a type; Unplanned where there are none."""
    model = getattr(origin(kind), MODEL, None)
    if model is None:
        raise Unplanned
    return Gathered(model)


def always(write: Write) -> Make:
    """The same, whatever else is wanted."""
    return lambda _wanted, _base: write
