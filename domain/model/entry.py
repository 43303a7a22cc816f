"""History entries: what happened, once, for the reader of a ticket and for the feed alike."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Dialect, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType
from sqlmodel import Field, SQLModel

from domain.model.base import Tags, UTCDateTime, new_id, word
from domain.words import HistoryKind

Json: Any = JSON().with_variant(JSONB(), "postgresql")
# SQLite numbers rows by itself only where the column is plainly an INTEGER.
Position: Any = BigInteger().with_variant(Integer(), "sqlite")


class Xid8(TypeDecorator[int]):
    """PostgreSQL's 64-bit transaction id; a plain number where there is only one writer."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(PgXid8())
        return dialect.type_descriptor(BigInteger())

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class PgXid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "xid8"


class HistoryEntry(SQLModel, table=True):
    """One thing that happened to one ticket. Never changed, never deleted."""

    __tablename__ = "history_entry"
    __table_args__ = (
        UniqueConstraint("ticket_id", "sequence"),
        UniqueConstraint("id"),
        Index(None, "workspace_id", "xid"),
        Index(None, "workspace_id", "position"),
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=Position)
    xid: int | None = Field(default=None, sa_type=Xid8)
    """The transaction that wrote it; filled in by storage, read by the feed."""
    id: UUID = Field(default_factory=new_id)
    workspace_id: UUID = Field(foreign_key="workspace.id")
    ticket_id: UUID = Field(foreign_key="ticket.id")
    sequence: int
    """1 for the first entry of the ticket; the last one is the ticket's interactions count."""
    group_id: UUID
    """Shared by what one act changed at once."""
    version: int
    """The ticket's version after this."""
    at: datetime = Field(sa_type=UTCDateTime)
    kind: HistoryKind = Field(sa_type=word(HistoryKind, "kind"))
    actor_id: UUID | None = Field(default=None, foreign_key="user.id")
    actor_name: str = Field(max_length=200)
    comment: str | None = Field(default=None, sa_type=Text)
    field: str | None = Field(default=None, max_length=24)
    was: str | None = Field(default=None, max_length=2000)
    became: str | None = Field(default=None, max_length=2000)
    was_id: UUID | None = None
    became_id: UUID | None = None
    occurrence_id: UUID | None = Field(default=None, foreign_key="occurrence.id")
    reply_id: UUID | None = Field(default=None, foreign_key="reply.id")
    automated: bool = False
    concerns: Sequence[str] = Field(default=(), sa_type=Tags)
    """Ids of the people whom it is told to, beyond whoever has the ticket."""
    before: Mapping[str, Any] | None = Field(default=None, sa_type=Json)
    """The ticket's face before the act; None when it did not exist."""
    after: Mapping[str, Any] = Field(sa_type=Json)
