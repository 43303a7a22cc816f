"""What of a history a partner is told: that it goes on, never what goes on inside.

A case is registered, reaches another public stage, is written in by either side, ends, or is taken
out. Notes, people, levels, priorities, approvals and deadlines are nobody's business outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.rules import sending, stages
from domain.words import HistoryKind, PublicStage, TicketStatus, WebhookEventKind

FOLLOWED = tuple(kind for kind in WebhookEventKind if kind is not WebhookEventKind.TEST)
"""What an endpoint can be told of; a test is told to any."""
TRIED_FOR = timedelta(hours=24)
LONGEST_PAUSE = timedelta(minutes=5)
"""For which an endpoint that does not answer is let be; so late, at most, it is heard again."""
ASKS_TO_WAIT = (408, 425, 429)
MOST_ASKED = timedelta(hours=1)
"""For which an endpoint may ask to be let be."""


@dataclass(frozen=True, slots=True)
class Message:
    """What either side wrote to the other."""

    at: datetime
    from_company: bool
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One event, as far as the history says."""

    kind: WebhookEventKind
    stage: PublicStage
    previous: PublicStage | None = None


def of_entry(
    kind: HistoryKind,
    field: str | None,
    was: str | None,
    became: str | None,
    status: TicketStatus,
    *,
    removed: bool,
) -> Sequence[Told]:
    """The events of one entry, in their order; `status` is the ticket's after the act."""
    if kind is HistoryKind.REMOVED:
        return [Told(WebhookEventKind.REMOVED, stages.of(status))]
    if removed:
        return []
    if kind is HistoryKind.TICKET_OPENED:
        return [Told(WebhookEventKind.TICKET_OPENED, stages.of(TicketStatus(became or status)))]
    told = []
    if kind in (HistoryKind.OCCURRENCE_RECEIVED, HistoryKind.REPLY_SENT):
        told.append(Told(WebhookEventKind.MESSAGE_PUBLISHED, stages.of(status)))
    if field == "status" and was and became:
        before, after = stages.of(TicketStatus(was)), stages.of(TicketStatus(became))
        if before is not after:
            closed = after is PublicStage.CLOSED
            change = WebhookEventKind.CLOSED if closed else WebhookEventKind.STAGE_CHANGED
            told.append(Told(change, after, before))
    return told


def letter(
    told: Told,
    *,
    key: UUID,
    at: datetime,
    sequence: int,
    protocol: str,
    opened_at: datetime,
    message: Message | None = None,
    successor: str | None = None,
) -> dict[str, Any]:
    """The event as a partner reads it; of what was taken out no more than that it is gone."""
    gone = told.kind is WebhookEventKind.REMOVED
    waits = told.stage is PublicStage.WAITING_FOR_YOU
    return {
        **_head(told.kind, key, at),
        "sequence": sequence,
        "protocol": protocol,
        "stage": None if gone else told.stage.value,
        "previousStage": told.previous.value if told.previous else None,
        "openedAt": _instant(opened_at),
        "needsAnswer": waits and not gone,
        "successor": successor,
        "message": message
        and {
            "at": _instant(message.at),
            "fromCompany": message.from_company,
            "text": message.text,
        },
    }


def trial(*, key: UUID, at: datetime) -> dict[str, Any]:
    """An event that tells of nothing."""
    return _head(WebhookEventKind.TEST, key, at)


def _head(kind: WebhookEventKind, key: UUID, at: datetime) -> dict[str, Any]:
    return {"id": str(key), "kind": kind.value, "at": _instant(at)}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_taken(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def is_unwell(status: int | None) -> bool:
    """Whether it is the endpoint that cannot, and not this event that it would not take."""
    if status is None or status in ASKS_TO_WAIT:
        return True
    return not 400 <= status < 500


def pause(failures: int, chance: float, asked: timedelta | None = None) -> timedelta:
    """For how long an endpoint is let be that has failed so often in a row."""
    usual = min(sending.wait(failures + 1, chance), LONGEST_PAUSE)
    return max(usual, min(asked, MOST_ASKED)) if asked else usual


def wait(attempts: int, chance: float) -> timedelta:
    """When one that an endpoint would not take is told it again."""
    return sending.wait(attempts, chance)


def hopeless(queued_at: datetime, again: datetime) -> bool:
    """Whether it is not tried again."""
    return again - queued_at > TRIED_FOR
