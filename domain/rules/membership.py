"""Whether a ticket belongs in a list, asked of what the ticket was and of what it became.

A face is what of a ticket can decide that. Every history entry carries the face before and the
face after, so that a live list knows who entered and who left without remembering anything. The
same filter is asked of rows by `storage.tickets`; a test holds the two equal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.rules.wording import folded
from domain.words import Network, Priority, QueueChangeKind, SlaRisk, TicketOrigin, TicketStatus


@dataclass(frozen=True, slots=True)
class Face:
    level_id: UUID
    status: TicketStatus
    priority: Priority
    type_id: UUID | None
    assignee_id: UUID | None
    publisher_id: UUID
    network: Network
    origin: TicketOrigin
    tags: tuple[str, ...]
    protocol: str
    opened_at: datetime
    search: str
    removed: bool
    risk: SlaRisk = SlaRisk.DONE
    terms_id: UUID | None = None
    """Decides no list; it lets clocks be rebuilt from the history."""

    def as_json(self) -> dict[str, Any]:
        return {
            "l": self.level_id.hex,
            "s": self.status.value,
            "p": self.priority.value,
            "t": self.type_id.hex if self.type_id else None,
            "a": self.assignee_id.hex if self.assignee_id else None,
            "b": self.publisher_id.hex,
            "n": self.network.value,
            "o": self.origin.value,
            "g": list(self.tags),
            "c": self.protocol,
            "d": self.opened_at.isoformat(),
            "q": self.search,
            "x": self.removed,
            "r": self.risk.value,
            "k": self.terms_id.hex if self.terms_id else None,
        }

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Face":
        return cls(
            level_id=UUID(hex=value["l"]),
            status=TicketStatus(value["s"]),
            priority=Priority(value["p"]),
            type_id=UUID(hex=value["t"]) if value["t"] else None,
            assignee_id=UUID(hex=value["a"]) if value["a"] else None,
            publisher_id=UUID(hex=value["b"]),
            network=Network(value["n"]),
            origin=TicketOrigin(value["o"]),
            tags=tuple(value["g"]),
            protocol=value["c"],
            opened_at=datetime.fromisoformat(value["d"]),
            search=value["q"],
            removed=value["x"],
            # Entries written before there were clocks say nothing of them.
            risk=SlaRisk(value.get("r", SlaRisk.DONE)),
            terms_id=UUID(hex=value["k"]) if value.get("k") else None,
        )


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list asks for. None asks nothing; an empty list is satisfied by no ticket."""

    level_ids: frozenset[UUID] | None = None
    statuses: frozenset[TicketStatus] | None = None
    priorities: frozenset[Priority] | None = None
    type_ids: frozenset[UUID] | None = None
    networks: frozenset[Network] | None = None
    assignee_ids: frozenset[UUID] | None = None
    unassigned: bool | None = None
    publisher_id: UUID | None = None
    origins: frozenset[TicketOrigin] | None = None
    tags: tuple[str, ...] | None = None
    risks: frozenset[SlaRisk] | None = None
    protocol: str | None = None
    search: str | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None

    def matches(self, face: Face) -> bool:
        return (
            not face.removed
            and (self.level_ids is None or face.level_id in self.level_ids)
            and (self.statuses is None or face.status in self.statuses)
            and (self.priorities is None or face.priority in self.priorities)
            and (self.type_ids is None or face.type_id in self.type_ids)
            and (self.networks is None or face.network in self.networks)
            and (self.assignee_ids is None or face.assignee_id in self.assignee_ids)
            and (self.unassigned is None or (face.assignee_id is None) is self.unassigned)
            and (self.publisher_id is None or face.publisher_id == self.publisher_id)
            and (self.origins is None or face.origin in self.origins)
            and (self.tags is None or all(tag in face.tags for tag in self.tags))
            and (self.risks is None or face.risk in self.risks)
            and (self.protocol is None or face.protocol == self.protocol)
            and (self.search is None or all(word in face.search for word in self.words))
            and (self.opened_from is None or face.opened_at >= self.opened_from)
            and (self.opened_to is None or face.opened_at < self.opened_to)
        )

    @property
    def words(self) -> list[str]:
        """What is searched for: every word has to be somewhere in the ticket."""
        return folded(self.search or "").split()


def change(
    asked: TicketFilter,
    readable: frozenset[UUID] | None,
    before: Face | None,
    after: Face,
) -> QueueChangeKind | None:
    """What a ticket did to a list, for someone who may see these levels (None: all of them)."""

    def member(face: Face | None) -> bool:
        return (
            face is not None
            and (readable is None or face.level_id in readable)
            and asked.matches(face)
        )

    was, became = member(before), member(after)
    if became:
        return QueueChangeKind.UPDATED if was else QueueChangeKind.ENTERED
    return QueueChangeKind.LEFT if was else None
