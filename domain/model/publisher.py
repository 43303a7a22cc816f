"""A publisher: the person or company that writes, and who they are on each network."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from domain.model.base import Record, Tags, late, word
from domain.post import Author
from domain.rules.wording import search_text
from domain.words import Network


class Publisher(Record, table=True):
    __table_args__ = (Index(None, "workspace_id", "name"),)

    name: str = Field(max_length=200)
    avatar_url: str | None = Field(default=None, max_length=2000)
    tags: Sequence[str] = Field(default=(), sa_type=Tags)
    sealed_email: bytes | None = None
    sealed_phone: bytes | None = None
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
