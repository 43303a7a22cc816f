"""Whose turn it is, by each strategy."""

import random
from collections import Counter
from uuid import UUID

import pytest

from domain.rules.assignment import Candidate, Draw, deal, room
from domain.words import AssignmentStrategy

ANA, BIA, CAIO = (UUID(int=number) for number in (1, 2, 3))
RANDOM, ROUND_ROBIN, LEAST_BUSY = (
    AssignmentStrategy.RANDOM,
    AssignmentStrategy.ROUND_ROBIN,
    AssignmentStrategy.LEAST_BUSY,
)
HANDED_OUT = (RANDOM, ROUND_ROBIN, LEAST_BUSY)


def seeded() -> Draw:
    return random.Random(17).randrange


def team(*held: int, capacity: int | None = None) -> list[Candidate]:
    return [
        Candidate(user_id, each, capacity)
        for user_id, each in zip((ANA, BIA, CAIO), held, strict=False)
    ]


def test_a_round_goes_on_behind_whoever_was_last() -> None:
    dealt = deal(ROUND_ROBIN, team(0, 0, 0), 5, last=ANA, draw=seeded())

    assert dealt == [BIA, CAIO, ANA, BIA, CAIO]


def test_a_round_begins_with_the_first() -> None:
    assert deal(ROUND_ROBIN, team(0, 0, 0), 2, last=None, draw=seeded()) == [ANA, BIA]


def test_a_round_goes_on_behind_somebody_who_is_no_longer_there() -> None:
    there = [each for each in team(0, 0, 0) if each.user_id != BIA]

    assert deal(ROUND_ROBIN, there, 2, last=BIA, draw=seeded()) == [CAIO, ANA]


def test_a_round_passes_over_whoever_is_full() -> None:
    there = [Candidate(ANA, 0), Candidate(BIA, 2, 3), Candidate(CAIO, 0)]

    dealt = deal(ROUND_ROBIN, there, 5, last=None, draw=seeded())

    assert dealt == [ANA, BIA, CAIO, ANA, CAIO]


def test_the_least_busy_are_filled_up_first() -> None:
    dealt = deal(LEAST_BUSY, team(5, 1, 3), 4, last=None, draw=seeded())

    assert dealt[:2] == [BIA, BIA]
    assert sorted(dealt[2:]) == [BIA, CAIO]


def test_ties_of_the_least_busy_are_drawn() -> None:
    draw = seeded()
    first = Counter(
        deal(LEAST_BUSY, team(0, 0, 9), 1, last=None, draw=draw)[0] for _ in range(1_000)
    )

    assert set(first) == {ANA, BIA}
    assert all(400 < count < 600 for count in first.values())


def test_everybody_is_drawn_about_as_often() -> None:
    dealt = Counter(deal(RANDOM, team(0, 50, 100), 3_000, last=None, draw=seeded()))

    # Four standard deviations of 3,000 draws, a third each.
    assert all(abs(dealt[each] - 1_000) < 104 for each in (ANA, BIA, CAIO))


@pytest.mark.parametrize("strategy", HANDED_OUT)
def test_nobody_gets_more_than_they_can_hold(strategy: AssignmentStrategy) -> None:
    dealt = Counter(deal(strategy, team(1, 4, 6, capacity=5), 99, last=BIA, draw=seeded()))

    assert dealt == {ANA: 4, BIA: 1}


@pytest.mark.parametrize("strategy", HANDED_OUT)
def test_with_nobody_there_nothing_is_dealt(strategy: AssignmentStrategy) -> None:
    assert deal(strategy, [], 3, last=ANA, draw=seeded()) == []


@pytest.mark.parametrize(
    ("candidates", "fit"),
    [
        ([], 0),
        (team(1, 4, 6, capacity=5), 5),
        (team(0, 0, 0, capacity=100), 200),
        ([*team(6, capacity=5), Candidate(CAIO, 7)], 200),
    ],
)
def test_room_is_what_they_can_take_together(candidates: list[Candidate], fit: int) -> None:
    assert room(candidates, 200) == fit
