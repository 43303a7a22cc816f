"""What waits for a decision, and what was decided."""

from datetime import datetime

import strawberry

from domain.model import approval
from domain.words import ApprovalDecision, ApprovalState, TicketStatus
from graph.fields import fetched, shown, thing, value
from graph.node import Node
from graph.page import Connection, feed_cursor, server_time
from graph.planned import Leads
from graph.queue import CURSOR, RESYNC, TIME
from graph.reply import Reply
from graph.ticket import Ticket
from graph.workspace import User
from resolvers import approvals


@thing(approval.Approval, description="The decision that a held reply waits for, or got.")
class Approval(Node):
    state: ApprovalState = shown("Waiting, or how it ended.")
    ticket = fetched(approvals.ticket, Ticket, "The ticket.", plan=Leads("ticket_id"))
    reply = fetched(
        approvals.reply,
        Reply,
        "The reply; once edited, with the author's words beside those sent.",
        plan=Leads("reply_id"),
    )
    author = fetched(approvals.author, User, "Who wrote it.", plan=Leads("author_id"))
    moderator = fetched(
        approvals.moderator,
        User | None,
        "Who decided; null while it waits, and where it was withdrawn or superseded.",
        plan=Leads("moderator_id"),
    )
    requested_at: datetime = shown("When it was submitted.")
    decided_at: datetime | None = shown("When it was decided, withdrawn or superseded.")
    reason: str | None = shown("What was said to the decision; a rejection always says something.")
    intended_status: TicketStatus = shown("What the ticket becomes when it is approved.")
    previous_status: TicketStatus = shown("What the ticket was when it was submitted.")
    stale: bool = shown(
        "The publisher wrote after it was submitted; approving it needs acknowledgeStale."
    )
    version: int = shown("Grows with every change; give it back as expectedVersion.")
    allowed_decisions = fetched(
        approvals.allowed_decisions,
        list[ApprovalDecision],
        "What the caller may decide; nothing once it is decided.",
        personal=True,
    )


@value(description="Part of a list of approvals, with the moment it was read at.")
class ApprovalConnection(Connection[Approval]):
    feed_cursor = feed_cursor
    server_time = server_time


@value(
    description="Approvals that changed. The first message has none and says where the feed stands."
)
class ApprovalUpdate:
    cursor: str = shown(CURSOR)
    server_time: datetime = shown(TIME)
    resync: bool = shown(RESYNC)
    approvals: list[Approval] = strawberry.field(
        description="Each as it is now; none in the first message and in heartbeats."
    )
