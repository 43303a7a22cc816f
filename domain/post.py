"""A post in our own words, whatever network it came from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.words import OccurrenceKind


@dataclass(frozen=True, slots=True)
class Author:
    external_id: str
    name: str
    handle: str | None = None
    url: str | None = None
    avatar_url: str | None = None
    followers: int | None = None
    email: str | None = None
    phone: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    account_id: UUID
    external_id: str
    kind: OccurrenceKind
    author: Author
    text: str
    occurred_at: datetime
    url: str | None = None
    thread_id: str | None = None
    thread_url: str | None = None
    parent_external_id: str | None = None
    monitoring_id: UUID | None = None
    historical: bool = False
