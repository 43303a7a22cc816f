"""A publisher: the person or company that writes, and who they are on each network."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from domain.model.base import Record, Tags, UTCDateTime, late, word
from domain.post import Author
from domain.rules.wording import search_text
from domain.words import FieldKind, HistoryKind, Network


class Publisher(Record, table=True):
    __table_args__ = (
        Index(None, "workspace_id", "name"),
        Index("ix_publisher_cpf", "workspace_id", "cpf_hash"),
        Index("ix_publisher_email", "workspace_id", "email_hash"),
        Index("ix_publisher_phone", "workspace_id", "phone_hash"),
        Index(None, "merged_into_id"),
    )

    name: str = Field(max_length=200)
    avatar_url: str | None = Field(default=None, max_length=2000)
    tags: Sequence[str] = Field(default=(), sa_type=Tags)
    # Personal data is sealed with a key of the publisher's own, itself sealed: whoever destroys
    # the key has destroyed what it sealed. Hashes are keyed: found by who knows the whole value.
    sealed_key: bytes | None = None
    sealed_cpf: bytes | None = None
    sealed_email: bytes | None = None
    sealed_phone: bytes | None = None
    cpf_hash: str | None = Field(default=None, max_length=64)
    email_hash: str | None = Field(default=None, max_length=64)
    phone_hash: str | None = Field(default=None, max_length=64)
    merged_into_id: UUID | None = Field(default=None, foreign_key="publisher.id")
    search: str = Field(default="", max_length=600)
    version: int = 1

    @classmethod
    def of(cls, author: Author, workspace_id: UUID) -> "Publisher":
        return cls(
            workspace_id=workspace_id,
            name=author.name,
            avatar_url=author.avatar_url,
            tags=author.tags,
            search=search_text(author.name, author.handle),
        )

    def reached_by(self, sealed_email: bytes | None, sealed_phone: bytes | None) -> None:
        """Keep the first contact we were told; people correct it, posts do not."""
        self.sealed_email = self.sealed_email or sealed_email
        self.sealed_phone = self.sealed_phone or sealed_phone


class Profile(Record, table=True):
    __table_args__ = (
        UniqueConstraint("workspace_id", "network", "external_id"),
        Index(None, "publisher_id"),
    )

    # Checked at commit: the profile goes in first, and who gets it in becomes its publisher.
    publisher_id: UUID = Field(sa_column_args=[late("publisher.id")])
    network: Network = Field(sa_type=word(Network, "network"))
    external_id: str = Field(max_length=200)
    handle: str = Field(max_length=200)
    url: str | None = Field(default=None, max_length=2000)
    followers: int | None = None

    @classmethod
    def of(cls, author: Author, network: Network, publisher: Publisher) -> "Profile":
        return cls(
            workspace_id=publisher.workspace_id,
            publisher_id=publisher.id,
            network=network,
            external_id=author.external_id,
            handle=author.handle or author.name,
            url=author.url,
            followers=author.followers,
        )


class FieldDefinition(Record, table=True):
    """What a workspace keeps of its publishers beyond name, CPF, e-mail and phone."""

    __tablename__ = "field_definition"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)

    key: str = Field(max_length=40)
    label: str = Field(max_length=120)
    kind: FieldKind = Field(sa_type=word(FieldKind, "kind"))
    masked: bool = True
    pattern: str | None = Field(default=None, max_length=300)
    """What a TEXT has to match, all of it."""
    active: bool = True
    created_at: datetime = Field(sa_type=UTCDateTime)
    version: int = 1


class PublisherField(Record, table=True):
    """A value of such a field, sealed like all that is personal."""

    __tablename__ = "publisher_field"
    __table_args__ = (
        UniqueConstraint("publisher_id", "definition_id"),
        Index("ix_publisher_field_value", "definition_id", "value_hash"),
    )

    publisher_id: UUID = Field(foreign_key="publisher.id")
    definition_id: UUID = Field(foreign_key="field_definition.id")
    sealed_value: bytes
    value_hash: str = Field(max_length=64)


class PublisherEntry(Record, table=True):
    """One thing that was done to a publisher, or looked at. Never changed, never deleted."""

    __tablename__ = "publisher_entry"
    __table_args__ = (UniqueConstraint("publisher_id", "sequence"), Index(None, "workspace_id"))

    publisher_id: UUID = Field(foreign_key="publisher.id")
    sequence: int
    at: datetime = Field(sa_type=UTCDateTime)
    kind: HistoryKind = Field(sa_type=word(HistoryKind, "kind"))
    actor_id: UUID | None = Field(default=None, foreign_key="user.id")
    actor_name: str = Field(max_length=200)
    reason: str | None = Field(default=None, sa_type=Text)
    field: str | None = Field(default=None, max_length=60)
    was: str | None = Field(default=None, max_length=2000)
    became: str | None = Field(default=None, max_length=2000)
    """Masked where the field is."""
