"""What can be followed."""

import strawberry

from domain.rules.access import Permission
from graph.approval import ApprovalUpdate
from graph.fields import follow
from graph.notification import Notification
from graph.planned import PAINTED, TOLD
from graph.presence import Presence
from graph.protocol import ProtocolStatus
from graph.queue import QueueUpdate, TicketUpdate
from graph.wall import SlaCountdown, Wallboard
from subscriptions import approvals, notifications, presence, protocol, queue, ticket, walls

TICKETS, WALLS = Permission.TICKETS_READ, Permission.WALLBOARD_READ


@strawberry.type(description="What can be followed. Each can be resumed with its last cursor.")
class Subscription:
    queue_changes = follow(
        queue.changes,
        QueueUpdate,
        TICKETS,
        "Tickets that enter, change in, or leave the caller's view of these levels. Membership is "
        "decided by the server.",
        plan=TOLD,
    )
    ticket_changes = follow(
        ticket.changes, TicketUpdate, TICKETS, "Everything that happens to one ticket.", plan=TOLD
    )
    presence = follow(
        presence.viewers,
        list[Presence],
        TICKETS,
        "Who is at a ticket: at once, and whenever it is somebody else or they do something else. "
        "Nobody is at a ticket that the caller may not see.",
    )
    approval_changes = follow(
        approvals.changes,
        ApprovalUpdate,
        Permission.REPLIES_MODERATE,
        "Approvals that are asked for, go stale, are decided, or come along with a ticket.",
    )
    notifications = follow(
        notifications.notifications,
        Notification,
        TICKETS,
        "What concerns the caller, a person: tickets given to them, replies of theirs decided or "
        "failed, notes that mention them, deadlines and alerts of their tickets.",
        personal=True,
    )
    protocol_status = follow(
        protocol.status,
        ProtocolStatus,
        None,
        "Where a ticket stands, by its protocol: at once, and whenever anything of it changes. "
        "Keys and proofs as for the query; NOT_FOUND, always in the same way, where it is null. "
        "Ends when it may not be told any more.",
        personal=True,
    )
    sla_countdown = follow(
        walls.countdown,
        SlaCountdown,
        WALLS,
        "The nearest deadlines of these levels, absolute figures, every `every` seconds and at "
        "each change of a clock.",
        plan=PAINTED,
    )
    wallboard = follow(
        walls.wallboard,
        Wallboard,
        WALLS,
        "Absolute figures, at most one a second; sent when they change and as a heartbeat every "
        "15 seconds.",
        plan=PAINTED,
    )
