"""Facts: what happened to a ticket, in the past tense.

A verb returns its fact; the fact becomes one history entry and one entry of the feed. `was` and
`became` are values people read (an enum's name, a level's name); the ids beside them are for
programs.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.words import HistoryKind


@dataclass(frozen=True, kw_only=True)
class Fact:
    kind: ClassVar[HistoryKind]
    field: ClassVar[str | None] = None
    moves_version: ClassVar[bool] = True
    """False for what time alone does: nobody who was just writing has looked at something older."""

    was: str | None = None
    became: str | None = None
    was_id: UUID | None = None
    became_id: UUID | None = None
    occurrence_id: UUID | None = None
    reply_id: UUID | None = None
    automated: bool = False
    concerns: tuple[UUID, ...] = ()
    """Who is told of it, besides whoever has the ticket: the author, those who are mentioned."""


@dataclass(frozen=True, kw_only=True)
class TicketOpened(Fact):
    kind = HistoryKind.TICKET_OPENED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class OccurrenceReceived(Fact):
    """A message came in; when it also moved the status, `was` and `became` say how."""

    kind = HistoryKind.OCCURRENCE_RECEIVED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class OccurrenceEdited(Fact):
    """Whoever wrote a message wrote it anew; the comment is what it said before."""

    kind = HistoryKind.OCCURRENCE_EDITED

    said: str | None = None


@dataclass(frozen=True, kw_only=True)
class OccurrenceDeleted(Fact):
    """Whoever wrote a message took it back on the network; here it stays."""

    kind = HistoryKind.OCCURRENCE_DELETED

    said: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallRecorded(Fact):
    """Somebody spoke by telephone, or tried to; `became_id` is the call."""

    kind = HistoryKind.CALL_RECORDED
    field = "call"


@dataclass(frozen=True, kw_only=True)
class AttachmentKept(Fact):
    """A file that lay at the network is here now; `became` is what it is called."""

    kind = HistoryKind.ATTACHMENT_KEPT
    field = "attachment"


@dataclass(frozen=True, kw_only=True)
class AttachmentLost(Fact):
    """A file that lay at the network will not be had; the comment says why."""

    kind = HistoryKind.ATTACHMENT_LOST
    field = "attachment"


@dataclass(frozen=True, kw_only=True)
class ReplyWritten(Fact):
    """A reply is on its way to the network."""

    kind = HistoryKind.REPLY_WRITTEN


@dataclass(frozen=True, kw_only=True)
class ReplySent(Fact):
    """The network took it."""

    kind = HistoryKind.REPLY_SENT


@dataclass(frozen=True, kw_only=True)
class ReplyFailed(Fact):
    """It will not go out; when that also moved the status, `was` and `became` say how."""

    kind = HistoryKind.REPLY_FAILED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class ReplyUncertain(Fact):
    """The network may have taken it and may not; a person decides."""

    kind = HistoryKind.REPLY_UNKNOWN


@dataclass(frozen=True, kw_only=True)
class ReplyRetried(Fact):
    """Somebody had it sent again."""

    kind = HistoryKind.REPLY_RETRIED


@dataclass(frozen=True, kw_only=True)
class HistoryRequested(Fact):
    """The consumer is owed the history of their protocol: `became` says how and by when, the reply
    is what it goes with."""

    kind = HistoryKind.HISTORY_REQUESTED
    field = "history"


@dataclass(frozen=True, kw_only=True)
class HistorySent(Fact):
    """The network took it: `became` is the hash of the document that went out."""

    kind = HistoryKind.HISTORY_SENT
    field = "history"


@dataclass(frozen=True, kw_only=True)
class ApprovalRequested(Fact):
    """T17: a reply is held; `became_id` is the approval, `was` and `became` the status."""

    kind = HistoryKind.APPROVAL_REQUESTED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class ApprovalDecided(Fact):
    """T18, T19, or superseded: `became` is the state of the approval, `became_id` which one."""

    kind = HistoryKind.APPROVAL_DECIDED
    field = "approval"


@dataclass(frozen=True, kw_only=True)
class AlertSent(Fact):
    """Somebody has to look: `became` says at what."""

    kind = HistoryKind.ALERT_SENT
    field = "alert"


@dataclass(frozen=True, kw_only=True)
class PublisherChanged(Fact):
    """Something known of the publisher; `was` and `became` are masked where the field is."""

    kind = HistoryKind.PUBLISHER_CHANGED
    field = "publisher"


@dataclass(frozen=True, kw_only=True)
class Revealed(Fact):
    """Somebody looked at what is masked; `became` names the field, the comment says why."""

    kind = HistoryKind.REVEALED
    field = "publisher"
    moves_version = False


@dataclass(frozen=True, kw_only=True)
class NoteAdded(Fact):
    kind = HistoryKind.NOTE_ADDED


@dataclass(frozen=True, kw_only=True)
class StatusChanged(Fact):
    kind = HistoryKind.STATUS_CHANGED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class PriorityChanged(Fact):
    kind = HistoryKind.PRIORITY_CHANGED
    field = "priority"


@dataclass(frozen=True, kw_only=True)
class LevelChanged(Fact):
    kind = HistoryKind.LEVEL_CHANGED
    field = "level"


@dataclass(frozen=True, kw_only=True)
class AssigneeChanged(Fact):
    kind = HistoryKind.ASSIGNEE_CHANGED
    field = "assignee"


@dataclass(frozen=True, kw_only=True)
class TypeChanged(Fact):
    kind = HistoryKind.TYPE_CHANGED
    field = "type"


@dataclass(frozen=True, kw_only=True)
class TagsChanged(Fact):
    kind = HistoryKind.TAGS_CHANGED
    field = "tags"


@dataclass(frozen=True, kw_only=True)
class SubjectChanged(Fact):
    kind = HistoryKind.SUBJECT_CHANGED
    field = "subject"


@dataclass(frozen=True, kw_only=True)
class Claimed(Fact):
    kind = HistoryKind.CLAIMED
    field = "assignee"


@dataclass(frozen=True, kw_only=True)
class ClaimExpired(Fact):
    kind = HistoryKind.CLAIM_EXPIRED
    field = "assignee"


@dataclass(frozen=True, kw_only=True)
class Reopened(Fact):
    kind = HistoryKind.REOPENED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class Acknowledged(Fact):
    kind = HistoryKind.ACKNOWLEDGED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class Merged(Fact):
    kind = HistoryKind.MERGED
    field = "status"


@dataclass(frozen=True, kw_only=True)
class Removed(Fact):
    kind = HistoryKind.REMOVED


@dataclass(frozen=True, kw_only=True)
class SlaWarned(Fact):
    """Part of a clock's time is used up; `became` says of which clock and how much."""

    kind = HistoryKind.SLA_WARNING
    field = "sla"
    moves_version = False


@dataclass(frozen=True, kw_only=True)
class SlaBreached(Fact):
    """A deadline passed; `became` says which."""

    kind = HistoryKind.SLA_BREACHED
    field = "sla"
    moves_version = False


@dataclass(frozen=True, kw_only=True)
class SlaRecomputed(Fact):
    """The ticket follows other rules from now on; `was` and `became` are its nearest deadlines."""

    kind = HistoryKind.SLA_RECOMPUTED
    field = "sla"
    moves_version = False
