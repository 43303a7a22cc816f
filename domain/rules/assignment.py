"""Whose turn it is: to whom the next tickets of a level go, where it hands them out by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.words import AssignmentStrategy

Draw = Callable[[int], int]
"""A number below the one given, each as likely as any other."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member on shift; what they hold counts against what they can."""

    user_id: UUID
    held: int = 0
    capacity: int | None = None

    @property
    def has_room(self) -> bool:
        return self.capacity is None or self.held < self.capacity


def deal(
    strategy: AssignmentStrategy,
    candidates: Sequence[Candidate],
    count: int,
    *,
    last: UUID | None,
    draw: Draw,
) -> list[UUID]:
    """Who gets each of the next tickets; fewer than `count` when everybody is full before.

    `last` is who was given one last: ROUND_ROBIN goes on behind them, whether they are still there
    or not.
    """
    free = {each.user_id: each for each in candidates if each.has_room}
    dealt: list[UUID] = []
    while free and len(dealt) < count:
        chosen = _next(strategy, sorted(free.values(), key=_user_id), last, draw)
        last = chosen.user_id
        dealt.append(last)
        now = free[last] = replace(chosen, held=chosen.held + 1)
        if not now.has_room:
            del free[last]
    return dealt


def room(candidates: Sequence[Candidate], most: int) -> int:
    """How many tickets they can take together, as far as anybody wants to know."""
    total = 0
    for each in candidates:
        if each.capacity is None:
            return most
        total += max(0, each.capacity - each.held)
    return min(total, most)


def _next(
    strategy: AssignmentStrategy, free: Sequence[Candidate], last: UUID | None, draw: Draw
) -> Candidate:
    if strategy is AssignmentStrategy.ROUND_ROBIN:
        after = (each for each in free if last is None or each.user_id > last)
        return next(after, free[0])
    if strategy is AssignmentStrategy.LEAST_BUSY:
        fewest = min(each.held for each in free)
        free = [each for each in free if each.held == fewest]
    return free[draw(len(free))]


def _user_id(candidate: Candidate) -> UUID:
    return candidate.user_id
