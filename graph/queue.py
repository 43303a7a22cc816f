"""What a live list and a live ticket tell."""

from datetime import datetime

import strawberry

from domain.words import QueueChangeKind
from graph.fields import shown, value
from graph.ticket import HistoryEntry, Ticket

CURSOR = "Where this message ends in the feed; give it as `after` to go on behind it."
TIME = "The server's clock when this was told."
RESYNC = "true: the list has to be read again, for this cannot be told in changes."


@value(description="What one ticket did to the list.")
class QueueChange:
    kind: QueueChangeKind = shown("Entered, changed or left.")
    ticket_id: strawberry.ID = shown("Which ticket.")
    ticket: Ticket | None = shown("The ticket; null when it left.")
    entry: HistoryEntry | None = shown("The last thing that happened to it; null when it left.")


@value(description="Changes of a list. The first message has none and says where the feed stands.")
class QueueUpdate:
    cursor: str = shown(CURSOR)
    server_time: datetime = shown(TIME)
    resync: bool = shown(RESYNC)
    changes: list[QueueChange] = shown("One for each ticket; none in the first and in heartbeats.")


@value(description="What happened to one ticket. The first message shows where it stands.")
class TicketUpdate:
    cursor: str = shown(CURSOR)
    server_time: datetime = shown(TIME)
    resync: bool = shown(RESYNC)
    ticket: Ticket | None = shown("The ticket as it is now; null when it may not be seen.")
    entries: list[HistoryEntry] = shown("What happened since the message before.")
