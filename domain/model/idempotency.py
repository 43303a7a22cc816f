"""What a key was used for, and what was answered, so that a retry acts once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from domain.model.base import UTCDateTime
from domain.model.entry import Json


class Idempotency(SQLModel, table=True):
    workspace_id: UUID = Field(foreign_key="workspace.id", primary_key=True)
    principal: str = Field(max_length=64, primary_key=True)
    key: str = Field(max_length=120, primary_key=True)
    request_hash: str = Field(max_length=64)
    answer: Mapping[str, Any] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=UTCDateTime, index=True)
