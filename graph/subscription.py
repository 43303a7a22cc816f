"""What can be followed."""

import strawberry

from domain.rules.access import Permission
from graph.fields import follow
from graph.queue import QueueUpdate, TicketUpdate
from subscriptions import queue, ticket

TICKETS = Permission.TICKETS_READ


@strawberry.type(description="What can be followed. Each can be resumed with its last cursor.")
class Subscription:
    queue_changes = follow(
        queue.changes,
        QueueUpdate,
        TICKETS,
        "Tickets that enter, change in, or leave the caller's view of these levels. Membership is "
        "decided by the server.",
    )
    ticket_changes = follow(
        ticket.changes, TicketUpdate, TICKETS, "Everything that happens to one ticket."
    )
