"""Statements built once: for the first who asks, and for all who see alike.

Building a statement costs more than asking it. Its shape hangs on what kind of actor asks, never on
who: so it is built with a stand-in, and whoever asks brings their values along.
"""

from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import BindParameter, bindparam

from domain.rules.access import Actor, Permission

P = ParamSpec("P")
R = TypeVar("R")

WORKSPACE: BindParameter[Any] = bindparam("actor_workspace")
USER: BindParameter[Any] = bindparam("actor_user")
LEVELS: BindParameter[Any] = bindparam("actor_levels", expanding=True)


@dataclass(frozen=True, slots=True)
class Alike:
    """All actors who see in the same way, whatever each of them sees. Stands where an actor
    stands while a statement is built."""

    sees: bool | None
    """None: every level of the workspace; else whether any."""
    only_approves: bool
    is_person: bool
    permissions: frozenset[Permission]

    @classmethod
    def to(cls, actor: Actor) -> "Alike":
        levels = actor.readable
        sees = None if levels is None else bool(levels)
        is_person = actor.user_id is not None
        return cls(sees, actor.only_approves, is_person, actor.permissions)

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def workspace_id(self) -> Any:
        return WORKSPACE

    @property
    def user_id(self) -> Any:
        return USER if self.is_person else None

    @property
    def readable(self) -> Any:
        return None if self.sees is None else LEVELS if self.sees else ()


def values(actor: Actor, **own: Any) -> dict[str, Any]:
    """What this actor brings along to a prepared statement, and what it asks for."""
    return {
        "actor_workspace": actor.workspace_id,
        "actor_user": actor.user_id,
        "actor_levels": sorted(actor.readable or ()),
        **own,
    }


class Asks(Protocol):
    actor: Actor


S = TypeVar("S", bound=Asks)


def prepared(build: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A shelf's statement, kept for each kind of actor and each set of arguments.

    The arguments are part of its shape, so they are few: what is looked for is a `bindparam`.
    """
    known: dict[Hashable, R] = {}

    @wraps(build)
    def statement(shelf: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        alike = Alike.to(shelf.actor)
        kind = (type(shelf), alike, args, *kwargs.items())
        found = known.get(kind)
        if found is None:
            stand_in = copy(shelf)
            stand_in.actor = cast(Actor, alike)
            found = known[kind] = build(stand_in, *args, **kwargs)
        return found

    return statement
