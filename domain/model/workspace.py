"""A workspace: one client company. Everything belongs to exactly one."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Field, SQLModel

from domain.model.base import UTCDateTime, new_id
from domain.words import Locale


class Workspace(SQLModel, table=True):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=120, unique=True)
    time_zone: str = Field(default="America/Sao_Paulo", max_length=64)
    locale: str = Field(default=Locale.PT_BR.value, max_length=8)
    fallback_level_id: UUID | None = None
    """Where a message goes that has no other level. No foreign key: each needs the other first."""
    access_version: int = 0
    """Grows with every change of anybody's rights, so that open sockets notice."""
    revision: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Grows with every change of what is shown that neither an entry nor changed rights tell of."""
    created_at: datetime = Field(sa_type=UTCDateTime)

    def day_of(self, moment: datetime) -> date:
        """The date on this company's calendar."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    def fall_back_to(self, level_id: UUID) -> None:
        self.fallback_level_id = level_id


class Epoch(SQLModel, table=True):
    """Which life of this database it is. A restored one starts a new life; old cursors end."""

    id: int = Field(default=1, primary_key=True)
    epoch: UUID
