"""What whoever waits is told of where a ticket stands: five stages, and nothing of the house."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.rules import proofs, stages
from domain.words import PublicStage, TicketStatus

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
RECEIVED, IN_ANALYSIS, WAITING, ANSWERED, OVER = PublicStage


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("statuses", "stage"),
    [
        ([NEW], RECEIVED),
        ([OPEN, ESCALATED, AWAITING], IN_ANALYSIS),
        ([PENDING], WAITING),
        ([RESOLVED], ANSWERED),
        ([CLOSED], OVER),
    ],
)
def test_every_status_is_a_public_stage(statuses: list[TicketStatus], stage: PublicStage) -> None:
    assert {stages.of(each) for each in statuses} == {stage}


def test_every_status_has_a_public_stage_and_every_stage_a_status() -> None:
    assert set(stages.STAGES) == set(TicketStatus)
    assert set(stages.STAGES.values()) == set(PublicStage)


def test_what_differs_only_within_the_house_is_one_stage() -> None:
    turns = [
        (at(0), NEW),
        (at(1), OPEN),
        (at(2), ESCALATED),
        (at(3), AWAITING),
        (at(4), PENDING),
        (at(5), OPEN),
        (at(6), RESOLVED),
        (at(7), CLOSED),
    ]

    assert stages.passed(turns) == [
        (at(0), RECEIVED),
        (at(1), IN_ANALYSIS),
        (at(4), WAITING),
        (at(5), IN_ANALYSIS),
        (at(6), ANSWERED),
        (at(7), OVER),
    ]


@pytest.mark.parametrize(
    ("proof", "digits"),
    [
        ("4725", "4725"),
        (" 47-25 ", "4725"),
        ("7.25-4", "7254"),
        ("472", None),
        ("52998224725", None),
        ("٤٧٢٥", None),
        ("4725x", None),
        ("", None),
    ],
)
def test_four_digits_are_the_last_of_a_cpf_however_they_are_set(
    proof: str, digits: str | None
) -> None:
    assert proofs.last_of_cpf(proof) == digits


def test_an_address_is_taken_as_it_is_looked_for() -> None:
    assert proofs.email(" Maria@Example.COM ") == "maria@example.com"
    assert proofs.email("4725") is None
