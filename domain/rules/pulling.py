"""How many tickets an attendant may take."""

MOST_AT_ONCE = 100


def share(*, asked: int | None, batch_size: int, capacity: int | None, held: int) -> int:
    """What was asked (else the level's batch), as far as the attendant's capacity goes."""
    wanted = min(batch_size if asked is None else asked, MOST_AT_ONCE)
    if capacity is None:
        return wanted
    return max(0, min(wanted, capacity - held))
