"""What one person is told."""

from datetime import datetime

from graph.fields import shown, value
from graph.queue import CURSOR
from graph.ticket import Ticket


@value(
    description="Something that concerns the caller. The first, of kind HERE, says where the feed "
    "stands; others of that kind come when nothing else does."
)
class Notification:
    cursor: str = shown(CURSOR)
    at: datetime = shown("When it happened.")
    kind: str = shown(
        "ASSIGNED, DECIDED, MENTIONED, AT_RISK, BREACHED, REPLY_FAILED, REPLY_UNKNOWN or ALERT; "
        "HERE: nothing happened; RESYNC: something may have been missed. There may be more one day."
    )
    ticket: Ticket | None = shown("The ticket it is about; null with HERE and RESYNC.")
    text: str = shown("The same as a sentence, in the caller's language.")
