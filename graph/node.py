"""Anything with an id."""

from typing import Any

import strawberry
from strawberry import Info

from graph.fields import BARE, computed
from graph.policy import Passage
from resolvers.ids import Gid


def _id(root: strawberry.Parent[Any], info: Info) -> Any:
    return Gid(info._raw_info.parent_type.name, root.id)


@strawberry.interface(description="Anything that has an id and can be asked for by it.")
class Node:
    id = computed(_id, strawberry.ID, "Opaque; the same for ever.")


setattr(Node, BARE, Passage.SHOWN)
