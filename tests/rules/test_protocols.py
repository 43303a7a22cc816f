"""Protocol numbers: a mistyped one is noticed, and nothing can be read from one."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.rules import protocols

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(day=DAYS)
def test_a_number_is_the_day_then_eight_digits_then_the_check_digit(day: date) -> None:
    issued = protocols.issue(day)

    assert len(issued) == 17
    assert issued[:8] == day.strftime("%Y%m%d")
    assert protocols.is_valid(issued)


@given(day=DAYS)
def test_one_wrong_digit_is_noticed_wherever_it_is(day: date) -> None:
    issued = protocols.issue(day)
    mistyped = {
        issued[:place] + digit + issued[place + 1 :]
        for place in range(len(issued))
        for digit in "0123456789"
        if digit != issued[place]
    }

    assert len(mistyped) == 17 * 9
    assert not any(protocols.is_valid(each) for each in mistyped)


@given(st.text(max_size=20))
def test_what_is_no_number_is_invalid_and_no_error(text: str) -> None:
    assert not protocols.is_valid(text) or (len(text) == 17 and text.isascii())


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert not protocols.is_valid("२" * 17)


def test_a_known_check_digit() -> None:
    # 4*2 + 1*3 + 9*4 + 0*5 + 6*6 + 2*7 + 0*8 + 2*9 is 115, and 121 is the next multiple of 11.
    assert protocols.check_digit("20260914") == 6


def test_the_order_of_numbers_does_not_tell_the_order_of_tickets() -> None:
    issued = [protocols.issue(date(2026, 9, 14)) for _ in range(200)]

    assert len(set(issued)) == 200
    assert issued != sorted(issued)
