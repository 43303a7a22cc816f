"""Rows to be written when the work ends, in the order in which they point at each other.

Nothing tells the session who hangs on whom, so it is told here. Written last, a row is written
once, with everything that came to it meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, literal_column, null
from sqlalchemy.orm import Session as SyncSession
from sqlmodel import SQLModel

from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.base import metadata
from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.sla import SlaClock, SlaEvent
from domain.model.ticket import Ticket
from storage import writes
from storage.putting import Part, Putting
from storage.session import Session

ORDER: tuple[type[SQLModel], ...] = (
    Ticket,
    SlaClock,
    SlaEvent,
    Occurrence,
    Reply,
    Approval,
    Attachment,
)


# Rows as they are, each in a statement that is made once. The session would look at every column of
# each of them to find out that it is new; and it numbers none of these, so nothing is asked back.
INSERTS = {kind: insert(metadata.tables[str(kind.__tablename__)]).inline() for kind in ORDER}
TELLING = {
    store: insert(metadata.tables[HistoryEntry.__tablename__]).values(xid=xid).inline()
    for store, xid in (
        ("postgresql", literal_column("pg_current_xact_id()")),
        ("sqlite", null()),
    )
}
COLUMNS = {kind: [each.key for each in INSERTS[kind].table.columns] for kind in ORDER}
PARTS = {
    kind: Part(metadata.tables[str(kind.__tablename__)], tuple(COLUMNS[kind])) for kind in ORDER
}
ENTRIES = metadata.tables[HistoryEntry.__tablename__]
TOLD = Part(
    ENTRIES,
    tuple(each.key for each in ENTRIES.columns if each.key not in ("position", "xid")),
    made=(("xid", "pg_current_xact_id()"),),
)


class Pile:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[type[SQLModel], list[SQLModel]] = {kind: [] for kind in ORDER}

    def add(self, rows: Iterable[SQLModel]) -> None:
        for row in rows:
            self._rows[type(row)].append(row)

    async def write(self, entries: Sequence[Mapping[str, Any]] = ()) -> Collection[str]:
        """Everything: first what the session holds, on which the rest hangs; the entries last.

        The tables that were written to from the beginning of the work.
        """
        if not self._session.is_postgres:
            return await self._session.run_sync(self._write, entries)
        await self._put(entries)
        return self._session.written()

    async def _put(self, entries: Sequence[Mapping[str, Any]]) -> None:
        session = self._session
        changed = session.dirty
        if session.new or session.deleted or any(type(each) not in ORDER for each in changed):
            await session.flush()
            changed = session.dirty
        putting = Putting(session)
        await putting.change(changed)
        for kind, rows in self._rows.items():
            if rows:
                putting.add(PARTS[kind], [vars(row) for row in rows])
                rows.clear()
        if entries:
            # In the order they were told: positions follow that order.
            putting.add(TOLD, entries)
        await putting.send()

    def _write(self, session: SyncSession, entries: Sequence[Mapping[str, Any]]) -> Collection[str]:
        if session.new or session.dirty or session.deleted:
            session.flush()
        for kind, rows in self._rows.items():
            if rows:
                said = [_said(row, COLUMNS[kind]) for row in rows]
                session.connection().execute(INSERTS[kind], said)
                rows.clear()
        if entries:
            # One statement for all, in the order they were told: positions follow that order.
            connection = session.connection()
            connection.execute(TELLING[connection.dialect.name], entries)
        return writes.to(session.connection()) if session.in_transaction() else ()


def _said(row: SQLModel, columns: Sequence[str]) -> dict[str, Any]:
    told = vars(row)
    return {each: told.get(each) for each in columns}
