"""The parts of all tickets that have indexes of their own, in the very words of those indexes.

Their statuses stand in the statement itself. As parameters neither database could tell that the
index holds all that is asked for: SQLite never, PostgreSQL not in a plan that it keeps.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam

from domain.rules import states
from domain.words import TicketStatus
from storage.access import T_

OVER = (TicketStatus.CLOSED, TicketStatus.RESOLVED)


def alive() -> ColumnElement[bool]:
    """Neither resolved nor closed."""
    condition: ColumnElement[bool] = T_.status.not_in(_spelled(OVER))
    return condition


def free() -> ColumnElement[bool]:
    """On us, and nobody has it: what may be pulled."""
    return and_(T_.assignee_id.is_(None), T_.status.in_(_spelled(sorted(states.WAITING))))


def _spelled(statuses: Sequence[TicketStatus]) -> Any:
    return bindparam(None, list(statuses), expanding=True, literal_execute=True)
