"""A canned reply: a text to answer with, for everybody, for a level or for oneself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime
from domain.rules import wording


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
    """Whose own it is."""
    author_id: UUID | None = Field(default=None, foreign_key="user.id")
    uses: int = 0
    search: str = Field(default="", max_length=600)
    created_at: datetime = Field(sa_type=UTCDateTime)
    version: int = 1

    @classmethod
    def of(
        cls,
        title: str,
        text: str,
        *,
        workspace_id: UUID,
        author_id: UUID | None,
        level_id: UUID | None,
        personal: bool,
        now: datetime,
    ) -> "CannedReply":
        return cls(
            workspace_id=workspace_id,
            title=title,
            text=text,
            level_id=level_id,
            owner_id=author_id if personal else None,
            author_id=author_id,
            search=wording.search_text(title, text),
            created_at=now,
        )

    def rewrite(self, title: str, text: str) -> None:
        if (title, text) == (self.title, self.text):
            return
        self.title, self.text = title, text
        self.search = wording.search_text(title, text)
        self.version += 1
