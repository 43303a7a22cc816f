"""How an account stands is the worst that is true of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.rules.standing import SILENT_AFTER, Known, condition
from domain.words import AccountHealth, Network

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WELL = Known(
    network=Network.TELEGRAM,
    enabled=True,
    connected=True,
    trouble=None,
    trouble_at=None,
    heard_at=NOW - HOUR,
    tested_at=NOW - HOUR,
    begun_at=NOW - timedelta(days=90),
)
LONG_AGO = NOW - SILENT_AFTER - HOUR


@pytest.mark.parametrize(
    ("other", "health"),
    [
        ({}, AccountHealth.WELL),
        ({"enabled": False, "connected": False}, AccountHealth.DISABLED),
        ({"connected": False, "trouble": "token_refused"}, AccountHealth.UNCONNECTED),
        ({"network": Network.WEB, "connected": False}, AccountHealth.WELL),
        ({"trouble": "token_refused", "heard_at": LONG_AGO}, AccountHealth.TROUBLED),
        ({"heard_at": LONG_AGO}, AccountHealth.SILENT),
        ({"heard_at": None}, AccountHealth.SILENT),
        ({"heard_at": None, "begun_at": NOW - HOUR}, AccountHealth.WELL),
        ({"heard_at": None, "tested_at": None, "begun_at": NOW - HOUR}, AccountHealth.UNTESTED),
        ({"network": Network.PHONE, "connected": False, "heard_at": LONG_AGO}, AccountHealth.WELL),
    ],
)
def test_the_worst_that_is_true(other: dict[str, Any], health: AccountHealth) -> None:
    assert condition(replace(WELL, **other), NOW).health is health


def test_silence_says_since_when_and_for_how_many_days() -> None:
    silent = condition(replace(WELL, heard_at=NOW - timedelta(days=9)), NOW)

    assert (silent.since, silent.values) == (NOW - timedelta(days=9), {"days": 9})
