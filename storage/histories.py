"""What was said between a consumer and the company in one ticket, for the history of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, false, or_, select, true, union_all

from domain.model.reply import Reply
from domain.rules.histories import Line
from domain.words import DeliveryState, Visibility
from storage.access import F_, O_, columns
from storage.session import Session

R_ = columns(Reply)
TO_THEM = (Visibility.PUBLIC, Visibility.PRIVATE)
OTHERS = (
    # What a merge brought along of somebody else's, and what they were answered.
    select(O_.id).where(O_.id == R_.answers_id, O_.publisher_id != bindparam("publisher")).exists()
)


def _lines() -> Select[Any]:
    theirs = (
        select(O_.id, O_.occurred_at.label("at"), false().label("ours"), O_.text.label("text"))
        .where(
            O_.ticket_id == bindparam("ticket"),
            O_.publisher_id == bindparam("publisher"),
            O_.automated.is_(False),
        )
        .order_by(O_.occurred_at.desc(), O_.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    ours = (
        select(R_.id, R_.sent_at.label("at"), true().label("ours"), R_.text.label("text"))
        .where(
            R_.ticket_id == bindparam("ticket"),
            R_.state == DeliveryState.SENT,
            R_.visibility.in_(TO_THEM),
            ~OTHERS,
        )
        .order_by(R_.written_at.desc(), R_.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    both = union_all(select(theirs), select(ours)).subquery()
    return select(both).order_by(both.c.at, both.c.id)


LINES = _lines()
FILES: Select[Any] = (
    select(F_.occurrence_id, F_.reply_id, F_.file_name)
    .where(
        F_.ticket_id == bindparam("ticket"),
        or_(F_.occurrence_id.is_not(None), F_.reply_id.is_not(None)),
    )
    .order_by(F_.id)
)
LAST = (
    select(Reply)
    .where(R_.ticket_id == bindparam("ticket"), R_.history_hash.is_not(None))
    .order_by(R_.written_at.desc(), R_.id.desc())
    .limit(1)
)


class HistoryShelf:
    """Asked of a ticket that may be told of."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def lines(self, ticket_id: UUID, publisher_id: UUID, most: int) -> Sequence[Line]:
        asked = {"ticket": ticket_id, "publisher": publisher_id, "most": most}
        rows = (await self.session.execute(LINES, asked)).all()[-most:]
        files: dict[UUID, tuple[str, ...]] = {}
        for occurrence, reply, name in await self.session.execute(FILES, {"ticket": ticket_id}):
            owner = occurrence or reply
            files[owner] = (*files.get(owner, ()), name)
        return [
            Line(each.id, each.at, bool(each.ours), each.text, files.get(each.id, ()))
            for each in rows
        ]

    async def last(self, ticket_id: UUID) -> Reply | None:
        found: Reply | None = await self.session.scalar(LAST, {"ticket": ticket_id})
        return found
