"""What a network tells, in our own words: posts, and what became of posts and of replies."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
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
class IncomingFile:
    file_name: str
    media_type: str
    """What whoever sent it says it is; what it is decides."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Media:
    """A file that lies at the network, and is fetched from there once the message is kept."""

    source: str
    """Its address, or what the network calls it; only its channel reads this."""
    file_name: str
    media_type: str | None = None
    """What the network says it is; what it is decides."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a network tells of a message of ours that it took and could not deliver."""

    external_id: str
    """Of our message."""
    detail: str
    """In the network's own words."""


@dataclass(frozen=True, slots=True)
class Post:
    account_id: UUID
    external_id: str
    kind: OccurrenceKind
    author: Author
    text: str
    occurred_at: datetime | None
    """None: when it reached us, as nobody says better."""
    url: str | None = None
    thread_id: str | None = None
    thread_url: str | None = None
    parent_external_id: str | None = None
    monitoring_id: UUID | None = None
    level_id: UUID | None = None
    """Where it goes by itself, whatever is watched."""
    answered_from: UUID | None = None
    """Of a ticket that it opens: from which account of ours, where not from the one it came to."""
    historical: bool = False
    subject: str | None = None
    html: str | None = None
    """What it looked like; cleaned by the channel, so that nothing in it can act."""
    references: tuple[str, ...] = ()
    """Ids of messages that it speaks of, theirs or ours, the nearest first."""
    protocol: str | None = None
    """A protocol number that it names."""
    automated: bool = False
    """Written by a machine: it asks nothing."""
    own_clock: bool = False
    """The time is what the writer's own clock said: where it cannot be, it was now."""
    files: tuple[IncomingFile, ...] = ()
    media: tuple[Media, ...] = ()
    undelivered: Undelivered | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """Whoever wrote a message wrote it anew."""

    account_id: UUID
    external_id: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """Whoever wrote a message took it back."""

    account_id: UUID
    external_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A message of ours that the network took could not be delivered."""

    account_id: UUID
    undelivered: Undelivered


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that is no message to the company, and why."""

    what: str
    """In the network's own words: `feed.like.add`, `statuses.read`."""
    sentence: str
    """Names one of `domain.sentences`."""


News: TypeAlias = Post | Edited | Deleted | Returned | Ignored
