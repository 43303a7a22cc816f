"""What shelves are asked by, and what they answer where it is no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from domain.words import Network, Priority, TicketStatus

ProfileKey: TypeAlias = tuple[Network, str]
"""A network, and who somebody is there."""
PostKey: TypeAlias = tuple[UUID, str]
"""An account, and the network's own id of what was written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something that was said before stands: its thread and its ticket, if it has them."""

    root: str | None
    ticket_id: UUID | None


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: TicketStatus
    count: int


@dataclass(frozen=True, slots=True)
class PriorityCount:
    priority: Priority
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    total: int
    by_status: Sequence[StatusCount]
    by_priority: Sequence[PriorityCount]


@dataclass(frozen=True, slots=True)
class Stub:
    """All that an outsider may know of a ticket whose level shows stubs."""

    protocol: str
    level_name: str
    status: TicketStatus
