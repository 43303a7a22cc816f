"""What a network lets be answered, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import NotSupportedByNetwork
from domain.rules import capability
from domain.rules.capability import Answered, Capability
from domain.words import Network, OccurrenceKind, Visibility

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ABLE = Capability(
    sends=frozenset({Visibility.PRIVATE}),
    private_within=timedelta(hours=24),
    private_longer=("humanAgent", timedelta(days=7)),
)
MESSAGE, COMMENT = OccurrenceKind.DIRECT_MESSAGE, OccurrenceKind.COMMENT


def reaches(able: Capability, kind: OccurrenceKind | None, ago: timedelta | None) -> bool:
    heard_at = NOW - ago if ago is not None else None
    answered = Answered(kind, heard_at)
    try:
        capability.reach(able, Network.FACEBOOK, Visibility.PRIVATE, answered, NOW)
    except NotSupportedByNetwork:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "ago", "lets"),
    [
        (MESSAGE, timedelta(hours=24), True),
        (MESSAGE, timedelta(hours=24, seconds=1), False),
        (MESSAGE, None, False),
        (COMMENT, None, True),
        (COMMENT, timedelta(days=90), True),
        (None, None, True),
        (None, timedelta(days=2), False),
    ],
)
def test_a_message_is_answered_for_a_day_and_what_was_said_in_public_is_not_counted(
    kind: OccurrenceKind | None, ago: timedelta | None, lets: bool
) -> None:
    assert reaches(ABLE, kind, ago) is lets


@pytest.mark.parametrize(("said", "lets"), [(True, True), (False, False), ("true", False)])
def test_a_connection_may_say_that_it_is_longer(said: object, lets: bool) -> None:
    able = ABLE.by({"humanAgent": said})

    assert reaches(able, MESSAGE, timedelta(days=6)) is lets
    assert not reaches(able, MESSAGE, timedelta(days=8))
