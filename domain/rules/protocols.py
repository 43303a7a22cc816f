"""Protocol numbers: YYYYMMDD, eight digits that tell nothing, and a check digit.

The check digit is modulo 11 with weights 2 to 9 from the right. Bank slips write 10 as 0, which
lets one mistyped digit in fifty pass; numbers that would need a 10 are not issued instead, so every
one is noticed before anyone is asked.
"""

import re
from datetime import date
from random import SystemRandom

LENGTH = 17
LIKE_ONE = re.compile(r"(?<![0-9])[0-9]{17}(?![0-9])")
_random = SystemRandom()


def check_digit(digits: str) -> int:
    """The digit that makes the weighted sum a multiple of 11; 10 where none does."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    return -total % 11


def issue(day: date) -> str:
    """A number for a ticket of that day. It is unique only once it has been stored as such."""
    while True:
        digits = f"{day:%Y%m%d}{_random.randrange(10**8):08d}"
        check = check_digit(digits)
        if check < 10:
            return f"{digits}{check}"


def is_valid(protocol: str) -> bool:
    if len(protocol) != LENGTH or not (protocol.isascii() and protocol.isdigit()):
        return False
    return check_digit(protocol[:-1]) == int(protocol[-1])


def named(text: str) -> str | None:
    """The first protocol number in a text; what only looks like one is passed over."""
    return next((each for each in LIKE_ONE.findall(text) if is_valid(each)), None)
