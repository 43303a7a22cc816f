"""Presence: how long somebody counts as being at a ticket after they last said so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.words import PresenceMode

VIEWING = timedelta(seconds=30)
TYPING = timedelta(seconds=8)
"""After which somebody who says no more of it only looks."""
PART = 6
"""Said again before this part of the time is over, it is not written down again."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a word of presence holds."""

    viewing: timedelta = VIEWING
    typing: timedelta = TYPING

    @classmethod
    def of(cls, viewing: timedelta) -> "Lasting":
        return cls(viewing, min(TYPING, viewing))


USUAL = Lasting()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody at a ticket, as others see them."""

    user_id: UUID
    mode: PresenceMode
    since: datetime
    """Since when they are there without a break, whatever they did meanwhile."""


@dataclass(frozen=True, slots=True)
class Lease:
    """That somebody is at a ticket, until it ends; ended by nothing else than time if they die."""

    user_id: UUID
    since: datetime
    typing_until: datetime | None
    expires_at: datetime

    def seen_at(self, now: datetime) -> Viewer | None:
        """What it shows; nobody once it has ended."""
        if now >= self.expires_at:
            return None
        typing = self.typing_until is not None and now < self.typing_until
        mode = PresenceMode.TYPING if typing else PresenceMode.VIEWING
        return Viewer(self.user_id, mode, self.since)

    def turns_at(self, now: datetime) -> datetime | None:
        """When time alone makes it show something else; None when it never will."""
        moments = (self.typing_until, self.expires_at)
        return min((each for each in moments if each is not None and each > now), default=None)


@dataclass(frozen=True, slots=True)
class Room:
    """A ticket as whoever watches it knows it: where it is, and all leases there."""

    level_id: UUID | None
    leases: tuple[Lease, ...] = ()

    def viewers_at(self, now: datetime) -> tuple[Viewer, ...]:
        seen = (each.seen_at(now) for each in self.leases)
        return tuple(each for each in seen if each is not None)

    def turns_at(self, now: datetime) -> datetime | None:
        turns = (each.turns_at(now) for each in self.leases)
        return min((each for each in turns if each is not None), default=None)


NOWHERE = Room(None)


def renewed(
    before: Lease | None, user_id: UUID, mode: PresenceMode, now: datetime, lasting: Lasting
) -> Lease | None:
    """The lease after somebody said that they are there; None when the one they have will do.

    The last word counts: to say VIEWING is to have stopped typing.
    """
    seen = before.seen_at(now) if before else None
    typing = mode is PresenceMode.TYPING
    lease = Lease(
        user_id,
        since=seen.since if seen else now,
        typing_until=now + lasting.typing if typing else None,
        expires_at=now + lasting.viewing,
    )
    if before is None or seen is None or seen.mode is not mode:
        return lease
    held = lasting.typing if typing else lasting.viewing
    return lease if lease.expires_at - before.expires_at >= held / PART else None
