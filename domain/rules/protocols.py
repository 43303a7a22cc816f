"""Protocol numbers: YYYYMMDD, eight digits that tell nothing, and a check digit.

The check digit is modulo 11 with weights 2 to 9 from the right (10 and 11 become 0), as bank slips
and many SAC protocols use, so that one mistyped digit is noticed before anyone is asked.
"""

from datetime import date
from random import SystemRandom

LENGTH = 17
_random = SystemRandom()


def check_digit(digits: str) -> str:
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    rest = 11 - total % 11
    return "0" if rest >= 10 else str(rest)


def issue(day: date) -> str:
    """A number for a ticket of that day. It is unique only once it has been stored as such."""
    digits = f"{day:%Y%m%d}{_random.randrange(10**8):08d}"
    return digits + check_digit(digits)


def is_valid(protocol: str) -> bool:
    if len(protocol) != LENGTH or not (protocol.isascii() and protocol.isdigit()):
        return False
    return check_digit(protocol[:-1]) == protocol[-1]
