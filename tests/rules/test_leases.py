"""Who says that they are at a ticket is shown there, for as long as they last said it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.rules import presence
from domain.rules.presence import TYPING, USUAL, VIEWING, Lasting, Lease, Room, Viewer
from domain.words import PresenceMode

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
ANA = uuid4()
SECOND = timedelta(seconds=1)
A_MOMENT = timedelta(microseconds=1)


def said(
    mode: PresenceMode,
    at: datetime = NOON,
    before: Lease | None = None,
    lasting: Lasting = USUAL,
) -> Lease | None:
    return presence.renewed(before, ANA, mode, at, lasting)


def viewing(at: datetime = NOON) -> Lease:
    lease = said(PresenceMode.VIEWING, at)
    assert lease is not None
    return lease


def typing(at: datetime = NOON) -> Lease:
    lease = said(PresenceMode.TYPING, at)
    assert lease is not None
    return lease


def test_who_looks_is_seen_for_half_a_minute() -> None:
    lease = viewing()

    assert lease.seen_at(NOON) == Viewer(ANA, PresenceMode.VIEWING, NOON)
    assert lease.seen_at(NOON + VIEWING - A_MOMENT) is not None
    assert lease.seen_at(NOON + VIEWING) is None


def test_who_types_and_falls_silent_looks_until_they_are_gone() -> None:
    lease = typing()

    modes = [
        seen.mode if (seen := lease.seen_at(NOON + after)) else None
        for after in (TYPING - A_MOMENT, TYPING, VIEWING - A_MOMENT, VIEWING)
    ]

    assert modes == [PresenceMode.TYPING, PresenceMode.VIEWING, PresenceMode.VIEWING, None]


def test_time_alone_turns_it_when_typing_ends_and_when_all_ends() -> None:
    lease = typing()

    assert lease.turns_at(NOON) == NOON + TYPING
    assert lease.turns_at(NOON + TYPING) == NOON + VIEWING
    assert lease.turns_at(NOON + VIEWING) is None


@pytest.mark.parametrize(
    ("mode", "soon", "later"),
    [
        (PresenceMode.VIEWING, 4 * SECOND, 5 * SECOND),
        (PresenceMode.TYPING, SECOND, 2 * SECOND),
    ],
)
def test_what_was_just_said_is_not_written_down_again(
    mode: PresenceMode, soon: timedelta, later: timedelta
) -> None:
    before = said(mode)

    assert said(mode, NOON + soon, before) is None
    after = said(mode, NOON + later, before)
    assert after is not None
    assert after.expires_at == NOON + later + VIEWING


def test_another_word_counts_at_once() -> None:
    writes = said(PresenceMode.TYPING, NOON + SECOND, viewing())
    stops = said(PresenceMode.VIEWING, NOON + SECOND, typing())

    assert writes is not None
    assert stops is not None
    assert writes.seen_at(NOON + SECOND) == Viewer(ANA, PresenceMode.TYPING, NOON)
    assert stops.seen_at(NOON + SECOND) == Viewer(ANA, PresenceMode.VIEWING, NOON)


def test_who_still_types_every_three_seconds_never_seems_to_stop() -> None:
    lease, moment = typing(), NOON

    for _ in range(100):
        moment += 3 * SECOND
        seen = lease.seen_at(moment)
        assert seen is not None
        assert seen.mode is PresenceMode.TYPING
        lease = said(PresenceMode.TYPING, moment, lease) or lease


def test_who_was_gone_comes_anew() -> None:
    back = NOON + VIEWING

    lease = said(PresenceMode.VIEWING, back, viewing())

    assert lease is not None
    assert lease.since == back


def test_a_ticket_turns_with_the_first_of_its_leases() -> None:
    first, second = typing(), viewing(NOON + SECOND)
    room = Room(uuid4(), (first, second))

    assert room.turns_at(NOON + SECOND) == NOON + TYPING
    assert len(room.viewers_at(NOON + VIEWING)) == 1
    assert room.turns_at(NOON + VIEWING) == NOON + SECOND + VIEWING
    assert room.turns_at(NOON + VIEWING + SECOND) is None


def test_nobody_types_for_longer_than_they_are_there() -> None:
    lasting = Lasting.of(2 * SECOND)

    lease = said(PresenceMode.TYPING, lasting=lasting)

    assert lease is not None
    assert lease.typing_until == lease.expires_at == NOON + 2 * SECOND
