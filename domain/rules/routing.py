"""Which level a message goes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.rules.wording import folded


@dataclass(frozen=True)
class Watch:
    """What routing needs to know of a monitoring."""

    monitoring_id: UUID
    level_id: UUID
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """Where a message was meant to go and where it goes."""

    monitoring_id: UUID | None
    intended_level_id: UUID
    level_id: UUID


def choose(text: str, watches: Sequence[Watch]) -> Watch | None:
    """The monitoring that speaks for a text: one whose word is in it, else one without words."""
    plain = folded(text)
    for watch in watches:
        if any(folded(word) in plain for word in watch.keywords):
            return watch
    return next((watch for watch in watches if not watch.keywords), None)


def route(
    text: str, watches: Sequence[Watch], *, enabled: frozenset[UUID], fallback: UUID
) -> Route:
    """The level of the monitoring; the fallback when it takes no tickets. Never nowhere."""
    watch = choose(text, watches)
    intended = watch.level_id if watch else fallback
    return Route(
        monitoring_id=watch.monitoring_id if watch else None,
        intended_level_id=intended,
        level_id=intended if intended in enabled else fallback,
    )
