"""A calendar: when a level is open. Its versions live on in the terms that were made of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime
from domain.model.entry import Json
from domain.rules.hours import Hours


class Calendar(Record, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    name: str = Field(max_length=120)
    told: Mapping[str, Any] = Field(sa_type=Json)
    """The hours, as `Hours.as_json` writes them."""
    version: int = 1
    created_at: datetime = Field(sa_type=UTCDateTime)

    @property
    def hours(self) -> Hours:
        return Hours.of_json(dict(self.told))

    def change(self, name: str, hours: Hours) -> bool:
        """Whether the hours are other ones now; those are another version."""
        self.name = name
        if hours == self.hours:
            return False
        self.told = hours.as_json()
        self.version += 1
        return True
