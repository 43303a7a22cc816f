"""A canned reply: a text to answer with, for everybody, for a level or for oneself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime


class CannedReply(Record, table=True):
    __tablename__ = "canned_reply"
    __table_args__ = (
        CheckConstraint("level_id IS NULL OR owner_id IS NULL", name="one_reach"),
        Index(None, "workspace_id", "title"),
        Index(None, "level_id"),
        Index(None, "owner_id"),
    )

    title: str = Field(max_length=120)
    text: str = Field(sa_type=Text)
    level_id: UUID | None = Field(default=None, foreign_key="level.id")
    owner_id: UUID | None = Field(default=None, foreign_key="user.id")
    uses: int = 0
    search: str = Field(default="", max_length=600)
    created_at: datetime = Field(sa_type=UTCDateTime)
    version: int = 1
