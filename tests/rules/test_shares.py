"""How many tickets an attendant may take."""

import pytest

from domain.rules import pulling


@pytest.mark.parametrize(
    ("asked", "batch", "capacity", "held", "taken"),
    [
        (None, 10, None, 0, 10),
        (3, 10, None, 0, 3),
        (50, 10, None, 0, 50),
        (None, 10, 12, 8, 4),
        (2, 10, 12, 8, 2),
        (None, 10, 12, 12, 0),
        (None, 10, 12, 15, 0),
        (None, 10, 0, 0, 0),
        (500, 10, None, 0, 100),
    ],
)
def test_what_was_asked_or_the_batch_as_far_as_the_capacity_goes(
    asked: int | None, batch: int, capacity: int | None, held: int, taken: int
) -> None:
    assert pulling.share(asked=asked, batch_size=batch, capacity=capacity, held=held) == taken
