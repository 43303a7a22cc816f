"""The pretend network's own books: what stands there, and how it is to behave next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, word
from domain.model.entry import Json
from domain.words import SandboxBehaviour, Visibility


class SandboxPost(Record, table=True):
    """Something that stands on the pretend network, theirs or ours."""

    __tablename__ = "sandbox_post"
    __table_args__ = (
        Index(None, "account_id", "at", "id"),
        Index(None, "account_id", "reply_id"),
        Index(None, "workspace_id"),
    )

    account_id: UUID = Field(foreign_key="account.id")
    at: datetime = Field(sa_type=UTCDateTime)
    from_company: bool
    visibility: Visibility = Field(sa_type=word(Visibility, "visibility"))
    thread: str = Field(max_length=200)
    """The post it stands under; of a private one, whose talk with the company it is."""
    person_id: str = Field(max_length=200)
    """Who wrote it, or whom it answers."""
    person_name: str = Field(max_length=200)
    text: str = Field(sa_type=Text)
    files: Sequence[Mapping[str, Any]] = Field(default=(), sa_type=Json)
    in_reply_to: str | None = Field(default=None, max_length=200)
    # No foreign key: the network does not know our tables.
    reply_id: UUID | None = None
    """What the sender called it; a repeat is told by it."""

    @property
    def external_id(self) -> str:
        return f"sb-{self.id.hex}"


class SandboxScript(Record, table=True):
    """One behaviour, for so many of the next things sent from an account."""

    __tablename__ = "sandbox_script"
    __table_args__ = (Index(None, "account_id", "id"), Index(None, "workspace_id"))

    account_id: UUID = Field(foreign_key="account.id")
    behaviour: SandboxBehaviour = Field(sa_type=word(SandboxBehaviour, "behaviour"))
    times: int = 1
    seconds: float = 0
    """How slow, or how long one is asked to wait."""
    created_at: datetime = Field(sa_type=UTCDateTime)

    def play(self) -> bool:
        """Once more; whether that was the last time."""
        self.times -= 1
        return self.times <= 0
