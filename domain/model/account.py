"""The company's own presence on a network, and the monitorings that watch it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.model.base import Record, UTCDateTime, word
from domain.rules.routing import Watch
from domain.rules.standing import Known
from domain.words import Network


class Account(Record, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "network", "name"),)

    network: Network = Field(sa_type=word(Network, "network"))
    name: str = Field(max_length=120)
    handle: str | None = Field(default=None, max_length=200)
    external_id: str | None = Field(default=None, max_length=200)
    enabled: bool = True
    sealed_secret: bytes | None = None
    """Signs what the network sends us; encrypted, write-only."""
    sealed_connection: bytes | None = None
    """What the channel needs to send and to fetch, as JSON; encrypted, write-only."""
    secret_end: str | None = Field(default=None, max_length=4)
    """What the secret ends with, so that people know which one it is."""
    secret_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    connected_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    heard_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When the network last told us anything, to the minute."""
    tested_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When the connection was last found well, by a test or by sending."""
    trouble: str | None = Field(default=None, max_length=60)
    """A sentence of `domain.sentences`: what has to be mended before anything goes out."""
    trouble_detail: str | None = Field(default=None, max_length=500)
    trouble_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """The network asked us to wait: nothing is sent from here before that."""
    created_at: datetime = Field(sa_type=UTCDateTime)

    def describe(self, name: str, handle: str | None, external_id: str | None) -> None:
        self.name = name
        self.handle = handle
        self.external_id = external_id

    def enable(self, enabled: bool) -> None:
        self.enabled = enabled

    def entrust(self, sealed_secret: bytes, end: str | None, now: datetime) -> None:
        """Another secret from now on; people know it by how it ends."""
        self.sealed_secret, self.secret_end, self.secret_at = sealed_secret, end, now

    def connect(self, sealed_connection: bytes | None, now: datetime) -> None:
        """Reached so from now on: what was wrong with the old connection says nothing of it."""
        self.sealed_connection = sealed_connection
        self.connected_at = now if sealed_connection is not None else None
        self.tested_at = None
        self._recover()

    def hear(self, now: datetime) -> None:
        self.heard_at = now

    def found_well(self, now: datetime) -> None:
        self.tested_at = now
        self._recover()

    def suffer(self, sentence: str, detail: str | None, now: datetime) -> None:
        """Something has to be mended; since when it is so stays, while it is the same."""
        if sentence != self.trouble:
            self.trouble, self.trouble_at = sentence, now
        self.trouble_detail = detail and detail[:500]

    def _recover(self) -> None:
        self.trouble = self.trouble_detail = self.trouble_at = None

    @property
    def known(self) -> Known:
        return Known(
            network=self.network,
            enabled=self.enabled,
            connected=self.connected,
            trouble=self.trouble,
            trouble_at=self.trouble_at,
            heard_at=self.heard_at,
            tested_at=self.tested_at,
            begun_at=max(self.created_at, self.secret_at or self.created_at),
        )

    @property
    def connected(self) -> bool:
        return self.sealed_connection is not None

    def pause(self, until: datetime | None) -> None:
        self.paused_until = until


class Monitoring(Record, table=True):
    """What is watched for a level: accounts, and words if not everything is meant."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    name: str = Field(max_length=120)
    level_id: UUID = Field(foreign_key="level.id", index=True)
    keywords: list[str] = Field(default_factory=list, sa_type=JSON)
    enabled: bool = True
    created_at: datetime = Field(sa_type=UTCDateTime)

    def watch(self, name: str, level_id: UUID, keywords: Sequence[str]) -> None:
        self.name = name
        self.level_id = level_id
        self.keywords = list(keywords)

    def enable(self, enabled: bool) -> None:
        self.enabled = enabled

    @property
    def as_watch(self) -> Watch:
        return Watch(self.id, self.level_id, tuple(self.keywords))


class MonitoringAccount(SQLModel, table=True):
    __tablename__ = "monitoring_account"
    __table_args__ = (Index(None, "account_id"), Index(None, "workspace_id"))

    monitoring_id: UUID = Field(foreign_key="monitoring.id", primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id")


class TicketType(Record, table=True):
    """What a ticket is about, in the company's own words; may decide level and priority."""

    __tablename__ = "ticket_type"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    name: str = Field(max_length=120)
    level_id: UUID | None = Field(default=None, foreign_key="level.id", index=True)
    priority: str | None = Field(default=None, max_length=24)
    active: bool = True

    def describe(self, name: str, level_id: UUID | None, priority: str | None) -> None:
        self.name = name
        self.level_id = level_id
        self.priority = priority

    def activate(self, active: bool) -> None:
        self.active = active
