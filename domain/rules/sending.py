"""How often a reply is tried, and when again: only what provably did not leave the house."""

from datetime import datetime, timedelta

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
SHORTEST_QUIET = timedelta(seconds=1)
ATTEMPTS_MOST = 12
TRIED_FOR = timedelta(hours=24)
SPREAD = 0.4
"""Of a wait; what failed together does not come back together."""


def wait(attempts: int, chance: float, asked: timedelta | None = None) -> timedelta:
    """Twice as long each time, and never shorter than the network asks for.

    `chance`, from 0 to 1, moves it a fifth either way.
    """
    doubled = min(max(attempts, 1) - 1, 20)
    usual = min(FIRST_WAIT * (1 << doubled), LONGEST_WAIT)
    spread = usual * (1 + SPREAD * (chance - 0.5))
    return max(spread, asked) if asked else spread


def quiet(lasted: timedelta, chance: float, asked: timedelta | None = None) -> timedelta:
    """For how long a whole account is let be: as long as its network asks for.

    One that asks for nothing, or does not let us in, is let be for as long again as that has
    lasted; `chance` moves it as above.
    """
    if asked:
        return max(asked, SHORTEST_QUIET)
    usual = min(max(lasted, FIRST_WAIT), LONGEST_WAIT)
    return usual * (1 + SPREAD * (chance - 0.5))


def hopeless(attempts: int, began: datetime, again: datetime) -> bool:
    """Whether it is not tried again: it was often enough, or for long enough."""
    return attempts >= ATTEMPTS_MOST or again - began > TRIED_FOR
