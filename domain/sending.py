"""What leaves the house: a reply as a network gets it, and how its sending can end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from domain.words import OccurrenceKind, Visibility


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    file_name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One reply, with all that a channel may need to know to deliver it.

    `reply_id` is the same for every attempt: a network that can tell repeats is given it.
    """

    reply_id: UUID
    account_id: UUID
    account_name: str
    account_handle: str | None
    account_external_id: str | None
    connection: Mapping[str, Any]
    """What `Channel.connection` made of what was saved; empty where nothing was."""
    visibility: Visibility
    text: str
    to_external_id: str
    """Who gets it, as the network knows them; of an e-mail, the address."""
    to_handle: str | None
    to_name: str
    protocol: str
    subject: str | None = None
    """Of the message it answers."""
    parent_external_id: str | None = None
    """The message it answers."""
    answers_kind: OccurrenceKind | None = None
    """What that message was."""
    heard_at: datetime | None = None
    """When they last wrote to this account in private: some networks answer only so long."""
    thread_root: str | None = None
    """The message or post that its conversation began with."""
    references: Sequence[str] = ()
    """All that was said before in this thread, oldest first, as the network names it."""
    files: Sequence[OutgoingFile] = ()
    automated: bool = False
    """Nobody wrote it: other machines are told so where the network has a word for it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took it."""

    external_id: str | None = None
    external_url: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The network will never take it. `sentence` names one of `domain.sentences`."""

    sentence: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """Provably nothing left the house; it may be tried again.

    `wait` is what the network asked for; `whole_account`: of everything sent from there.
    """

    sentence: str
    detail: str | None = None
    wait: timedelta | None = None
    whole_account: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The network may have taken it and may not."""

    sentence: str
    detail: str | None = None


Outcome: TypeAlias = Sent | Declined | NotSent | Doubtful
