"""A short link: our own address that leads to one that staff gave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime


class ShortLink(Record, table=True):
    __tablename__ = "short_link"
    __table_args__ = (Index(None, "workspace_id", "created_at"),)

    slug: str = Field(max_length=32, unique=True)
    target_url: str = Field(max_length=2000)
    clicks: int = 0
    created_by_id: UUID | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(sa_type=UTCDateTime)
