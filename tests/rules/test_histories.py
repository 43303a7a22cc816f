"""The clock of a history that was asked for: five calendar days, whatever becomes of the ticket."""

from datetime import datetime
from uuid import uuid4

import pytest

from domain.errors import Invalid
from domain.rules import histories, sla
from domain.rules.acts import Step
from domain.rules.histories import LETTERS_MOST, MESSAGES_MOST, Line
from domain.words import HistoryKind, HistoryMeans, Priority, SlaMetric, SlaRisk, SlaState
from tests.rules.test_timekeeping import (
    CLOSED,
    DAY,
    HISTORY,
    HOUR,
    PENDING,
    RESOLVED,
    Story,
    acknowledged,
    became,
    local,
    moved,
    reopened,
    terms,
)

ZONE = "America/Sao_Paulo"
ASKED, DUE = "2026-09-11T23:50", "2026-09-16T23:59:59"
sent = Step(HistoryKind.HISTORY_SENT)


def asked(due: str = DUE) -> Step:
    return Step(HistoryKind.HISTORY_REQUESTED, reply_id=uuid4(), due_at=local(due))


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        # A Friday, ten minutes before midnight: the day itself does not count, the weekend does.
        ("2026-09-11T23:50", "2026-09-16T23:59:59"),
        ("2026-09-12T00:00", "2026-09-17T23:59:59"),
        ("2026-09-11T00:00", "2026-09-16T23:59:59"),
        # Over a holiday, over the end of a year, into the 29th of February.
        ("2026-09-04T10:00", "2026-09-09T23:59:59"),
        ("2026-12-29T12:00", "2027-01-03T23:59:59"),
        ("2028-02-24T12:00", "2028-02-29T23:59:59"),
    ],
)
def test_it_is_owed_by_the_end_of_the_fifth_day_after(moment: str, due: str) -> None:
    assert histories.due_at(local(moment), ZONE) == local(due)


def test_the_day_is_that_of_the_company() -> None:
    """Late on Friday in São Paulo it is Saturday in Lisbon."""
    at = local(ASKED)

    assert histories.due_at(at, "Europe/Lisbon") > histories.due_at(at, ZONE)


def test_when_it_is_due_is_read_from_the_history_again() -> None:
    due = local(DUE)

    for means in HistoryMeans:
        assert histories.due_of(histories.told(means, due)) == due


def test_it_warns_two_days_before_and_then_is_late_open_or_not() -> None:
    story = Story(terms(first=HOUR)).at(ASKED, asked())

    story.until("2026-09-17T00:00")

    told = [each for each in story.told if each[0] is HISTORY]
    assert [(percent, moment) for _, percent, moment in told] == [
        (60, local("2026-09-14T23:59:59")),
        (100, local(DUE)),
    ]
    assert story.state(HISTORY) is SlaState.BREACHED


def test_it_is_met_when_the_network_has_it_and_stays_late_if_it_was() -> None:
    story = Story(terms()).at(ASKED, asked()).at("2026-09-14T10:00", sent)
    late = Story(terms()).at(ASKED, asked()).at("2026-09-18T10:00", sent)

    assert story.state(HISTORY) is SlaState.MET
    assert (late.state(HISTORY), late.clock(HISTORY).met_at) == (
        SlaState.BREACHED,
        local("2026-09-18T10:00"),
    )


@pytest.mark.parametrize("status", [PENDING, RESOLVED, CLOSED])
def test_nothing_that_becomes_of_the_ticket_pauses_or_ends_it(status: object) -> None:
    story = Story(terms(resolution=8 * HOUR)).at(ASKED, asked())

    story.at("2026-09-14T10:00", became(status))  # type: ignore[arg-type]

    assert story.clock(HISTORY).due_at == local(DUE)
    assert story.state(HISTORY) is SlaState.RUNNING


def test_what_is_over_can_be_asked_for_and_stays_done() -> None:
    story = Story(terms(resolution=8 * HOUR)).at("2026-09-09T10:00", became(CLOSED))

    story.at(ASKED, asked()).until("2026-09-17T00:00")

    assert story.state(HISTORY) is SlaState.BREACHED
    assert (story.keeper.risk(), story.keeper.nearest()) == (SlaRisk.DONE, None)


def test_of_an_open_ticket_it_counts_among_what_is_owed() -> None:
    story = Story(terms()).at(ASKED, asked())

    assert (story.keeper.risk(), story.keeper.nearest()) == (SlaRisk.ON_TIME, local(DUE))
    assert story.until("2026-09-15T00:00").keeper.risk() is SlaRisk.AT_RISK


def test_asked_for_again_while_it_is_owed_it_is_owed_by_the_same_day() -> None:
    story = Story(terms()).at(ASKED, asked()).at("2026-09-14T10:00", asked("2026-09-19T23:59:59"))

    assert story.clock(HISTORY).due_at == local(DUE)
    assert (HISTORY, 2) not in story.keeper.clocks


def test_asked_for_again_after_it_was_sent_it_is_owed_anew() -> None:
    story = Story(terms()).at(ASKED, asked()).at("2026-09-12T10:00", sent)

    story.at("2026-09-14T10:00", asked("2026-09-19T23:59:59"))

    assert story.state(HISTORY) is SlaState.MET
    assert story.clock(HISTORY, 2).due_at == local("2026-09-19T23:59:59")


def test_another_level_or_priority_gives_it_no_other_time() -> None:
    story = Story(terms(resolution=8 * HOUR)).at(ASKED, asked())

    story.at("2026-09-14T10:00", moved, by=terms(resolution=HOUR), priority=Priority.URGENT)

    assert story.clock(HISTORY).due_at == local(DUE)


def test_merging_and_removing_end_it() -> None:
    merged = Story(terms()).at(ASKED, asked())
    merged.at("2026-09-14T10:00", Step(HistoryKind.MERGED, CLOSED))
    removed = Story(terms()).at(ASKED, asked())
    removed.at("2026-09-14T10:00", Step(HistoryKind.REMOVED))

    assert merged.state(HISTORY) is SlaState.CANCELLED
    assert removed.state(HISTORY) is SlaState.CANCELLED


def test_a_thank_you_takes_back_the_reopening_and_not_the_request() -> None:
    story = Story(terms(resolution=8 * HOUR)).at("2026-09-09T10:00", became(RESOLVED))

    story.at("2026-09-11T10:00", *reopened).at(ASKED, asked()).at("2026-09-14T10:00", acknowledged)

    assert story.state(HISTORY) is SlaState.RUNNING


def test_a_level_has_no_target_of_its_own_for_it() -> None:
    with pytest.raises(Invalid, match="The law gives this time"):
        sla.read_targets([(Priority.LOW, SlaMetric.HISTORY, int(DAY.total_seconds()))])


def line(text: str = "oi") -> Line:
    return Line(uuid4(), datetime.fromisoformat("2026-09-11T10:00:00+00:00"), False, text)


def test_the_latest_are_kept_as_many_as_a_document_holds() -> None:
    many = [line() for _ in range(MESSAGES_MOST + 3)]
    long = [line("x" * (LETTERS_MOST // 4)) for _ in range(6)]

    assert list(histories.kept(many)) == many[3:]
    assert list(histories.kept(long)) == long[2:]
    assert list(histories.kept(many[:5])) == many[:5]
    assert list(histories.kept([])) == []
    assert list(histories.kept([replace_text(many[0], "x" * (LETTERS_MOST + 1))])) == []


def replace_text(one: Line, text: str) -> Line:
    return one._replace(text=text)
