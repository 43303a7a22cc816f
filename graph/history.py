"""The history that a consumer asked for: on its way, and what proves that it was sent."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.words import DeliveryState, HistoryMeans
from graph.fields import fetched, shown, value
from resolvers import histories

if TYPE_CHECKING:
    from graph.ticket import Ticket

LazyTicket = Annotated["Ticket", strawberry.lazy("graph.ticket")]


@value(description="The history of a case, asked for by its consumer and sent to them.")
class HistoryRequest:
    protocol: str = shown("The protocol number.")
    means: HistoryMeans = shown("How it is sent.")
    requested_at: datetime = shown("When this document was asked for.")
    due_at: datetime = shown(
        "By when it has to be sent: the end of the fifth calendar day after that on which it was "
        "first asked for."
    )
    state: DeliveryState = shown("How far it has come.")
    sent_at: datetime | None = shown("When the network took it.")
    document_hash: str = shown("SHA-256 of the document, in hexadecimal digits.")
    ticket = fetched(
        histories.ticket, LazyTicket | None, "The ticket as it is now; null to partners."
    )
