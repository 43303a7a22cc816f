"""A publisher: the person or company that writes, and who they are on each network."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from domain.errors import Invalid
from domain.model.base import Record, Tags, UTCDateTime, late, only_where, word
from domain.post import Author
from domain.rules import masking
from domain.rules.wording import search_text
from domain.words import FieldKind, HistoryKind, Network

UNSEALED = text("sealed_key IS NULL AND (sealed_email IS NOT NULL OR sealed_phone IS NOT NULL)")
TAGS_MOST = 30
CONTACT_KINDS = (FieldKind.CPF, FieldKind.EMAIL, FieldKind.PHONE)
"""What is kept of every publisher, where it is known."""


class Publisher(Record, table=True):
    __table_args__ = (
        Index("ix_publisher_name", "workspace_id", "name", "id"),
        Index("ix_publisher_cpf", "workspace_id", "cpf_hash"),
        Index("ix_publisher_email", "workspace_id", "email_hash"),
        Index("ix_publisher_phone", "workspace_id", "phone_hash"),
        Index(None, "merged_into_id"),
        Index("ix_publisher_unsealed", "workspace_id", **only_where(UNSEALED)),
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
    def of(cls, author: Author, workspace_id: UUID, network: Network | None = None) -> "Publisher":
        """Found by name and handle; not by one that is an address or a number."""
        spoken = author.handle if network not in masking.CONTACTS else None
        name = masking.identity(network, author.name) if network else author.name
        return cls(
            workspace_id=workspace_id,
            name=name,
            avatar_url=author.avatar_url,
            tags=author.tags,
            search=search_text(name, spoken),
        )

    # ── what is sealed ───────────────────────────────────────────────────────────────────────

    def sealed(self, kind: FieldKind) -> bytes | None:
        found: bytes | None = getattr(self, f"sealed_{kind.lower()}")
        return found

    def own(self, sealed_key: bytes) -> None:
        """From now on what is known of them is sealed with this key."""
        self.sealed_key = sealed_key

    def keep(self, kind: FieldKind, sealed: bytes | None, fingerprint: str | None) -> None:
        setattr(self, f"sealed_{kind.lower()}", sealed)
        setattr(self, f"{kind.lower()}_hash", fingerprint)

    # ── what people change ───────────────────────────────────────────────────────────────────

    def rename(self, name: str, handles: Sequence[str]) -> None:
        self.name = name
        self.search = search_text(name, *handles)

    def retag(self, tags: Sequence[str]) -> None:
        if len(tags) > max(TAGS_MOST, len(self.tags)):
            raise Invalid("too_many", field=["tags"], most=TAGS_MOST, count=len(tags))
        self.tags = tuple(tags)

    def changed(self) -> None:
        self.version += 1

    def take_in(self, other: "Publisher", handles: Sequence[str]) -> None:
        """The other is the same person; what is known here wins over what was known there."""
        known = set(self.tags)
        self.tags = (*self.tags, *(tag for tag in other.tags if tag not in known))
        self.avatar_url = self.avatar_url or other.avatar_url
        self.search = search_text(self.name, *handles)
        self.changed()
        other.merged_into_id = self.id
        other.changed()
        # One person has one key: whoever destroys it must not leave a copy behind.
        other.sealed_key = None
        for kind in CONTACT_KINDS:
            other.keep(kind, None, None)


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

    @property
    def spoken(self) -> str | None:
        """The handle, where it is a name and no address or number."""
        return None if self.network in masking.CONTACTS else self.handle


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

    def describe(self, *, label: str, masked: bool, pattern: str | None, active: bool) -> None:
        self.label = label
        self.masked = masked
        self.pattern = pattern
        self.active = active

    def saved(self) -> None:
        self.version += 1


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

    def keep(self, sealed: bytes, fingerprint: str) -> None:
        self.sealed_value = sealed
        self.value_hash = fingerprint


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
