"""Which conversation a message belongs to.

The key is written on the ticket when it opens, so a level that changes its mode later does not
tear open conversations apart; a message looks for both keys and prefers today's.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.words import GroupingMode


def key(
    mode: GroupingMode, *, level_id: UUID, account_id: UUID, thread: str, publisher_id: UUID
) -> str:
    """HIERARCHY: one person under one post of one account. PUBLISHER: one person in one level."""
    if mode is GroupingMode.HIERARCHY:
        return f"H:{account_id}:{publisher_id}:{thread}"
    return f"P:{level_id}:{publisher_id}"


def keys(
    mode: GroupingMode, *, level_id: UUID, account_id: UUID, thread: str, publisher_id: UUID
) -> Sequence[str]:
    """Where to look for an open ticket, today's mode first."""
    modes = sorted(GroupingMode, key=lambda other: other is not mode)
    return [
        key(
            each,
            level_id=level_id,
            account_id=account_id,
            thread=thread,
            publisher_id=publisher_id,
        )
        for each in modes
    ]


def handed_over(key: str, source: UUID, target: UUID) -> str:
    """The same conversation's key once its publisher is part of another."""
    mode, place, publisher, *thread = key.split(":", 3)
    return ":".join([mode, place, str(target) if publisher == str(source) else publisher, *thread])
