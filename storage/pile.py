"""Rows to be written when the work ends, in the order in which they point at each other.

Nothing tells the session who hangs on whom, so it is told here. Written last, a row is written
once, with everything that came to it meanwhile.
"""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.sla import SlaClock, SlaEvent
from domain.model.ticket import Ticket

ORDER: tuple[type[SQLModel], ...] = (
    Ticket,
    SlaClock,
    SlaEvent,
    Occurrence,
    Reply,
    Approval,
    Attachment,
)


class Pile:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._rows: dict[type[SQLModel], list[SQLModel]] = {kind: [] for kind in ORDER}

    def add(self, rows: Iterable[SQLModel]) -> None:
        for row in rows:
            self._rows[type(row)].append(row)

    async def write(self) -> None:
        for rows in self._rows.values():
            if rows:
                self._session.add_all(rows)
                await self._session.flush()
                rows.clear()
