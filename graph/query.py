"""What can be asked."""

import strawberry

from domain.rules.access import Permission
from graph.approval import Approval, ApprovalConnection
from graph.calendar import Calendar, SlaPreview
from graph.composing import CannedReply
from graph.fields import ask
from graph.node import Node
from graph.planned import Figured, Rooted
from graph.protocol import ProtocolStatus
from graph.publisher import FieldDefinition
from graph.ticket import (
    Publisher,
    PublisherConnection,
    Ticket,
    TicketConnection,
    TicketCounts,
)
from graph.wall import Wallboard
from graph.webhook import WebhookDeliveryConnection, WebhookEndpoint
from graph.workspace import Account, ApiKey, Level, Me, Monitoring, TicketType, User
from resolvers import (
    approvals,
    boards,
    composing,
    partners,
    people,
    policies,
    scheduling,
    setup,
    tracking,
    viewer,
)
from resolvers import publishers as known
from resolvers import tickets as rows

TICKETS, WORKSPACE = Permission.TICKETS_READ, Permission.WORKSPACE_READ


@strawberry.type(description="What can be asked. What the caller may not see does not exist.")
class Query:
    node = ask(viewer.node, Node | None, WORKSPACE, "Anything by its id.")
    nodes = ask(viewer.nodes, list[Node | None], WORKSPACE, "Many things by their ids, in order.")
    me = ask(viewer.me, Me | None, None, "The signed-in person; null for a stranger.")
    ticket = ask(
        rows.one,
        Ticket | None,
        TICKETS,
        "One ticket, by id or by protocol.",
        plan=Rooted(rows.one_seen),
    )
    tickets = ask(
        rows.page,
        TicketConnection,
        TICKETS,
        "Tickets the caller may see.",
        plan=Rooted(rows.page_seen),
    )
    ticket_counts = ask(
        rows.counts,
        TicketCounts,
        TICKETS,
        "How many there are, by status and by priority.",
        plan=Figured(rows.counts_seen),
    )
    levels = ask(setup.levels, list[Level], WORKSPACE, "All levels, by name.")
    level = ask(setup.level, Level | None, WORKSPACE, "One level.")
    publisher = ask(people.publisher, Publisher | None, TICKETS, "One publisher.")
    publishers = ask(
        people.publishers, PublisherConnection, TICKETS, "Publishers the caller may see, by name."
    )
    approval = ask(
        approvals.one, Approval | None, Permission.REPLIES_MODERATE, "One approval, by its id."
    )
    approvals = ask(
        approvals.page,
        ApprovalConnection,
        Permission.REPLIES_MODERATE,
        "What waits for a decision and what was decided, of tickets that the caller may see.",
    )
    publisher_field_definitions = ask(
        known.definitions,
        list[FieldDefinition],
        WORKSPACE,
        "The fields that are kept of publishers, by label; those that are off, too.",
    )
    calendars = ask(scheduling.calendars, list[Calendar], WORKSPACE, "All calendars, by name.")
    sla_preview = ask(
        policies.preview,
        list[SlaPreview],
        WORKSPACE,
        "When a ticket would be late, opened now or at another time: the deadline of every metric "
        "that has a target, counted from its opening.",
    )
    accounts = ask(setup.accounts, list[Account], WORKSPACE, "All accounts, by name.")
    monitorings = ask(setup.monitorings, list[Monitoring], WORKSPACE, "All monitorings, by name.")
    ticket_types = ask(setup.ticket_types, list[TicketType], WORKSPACE, "All types, by name.")
    canned_replies = ask(
        composing.canned_replies,
        list[CannedReply],
        Permission.TICKETS_HANDLE,
        "Texts to answer with, by title, at most 200: everybody's, the caller's own, and those of "
        "levels the caller sees.",
    )
    render_canned_reply = ask(
        composing.render_canned_reply,
        str | None,
        Permission.TICKETS_HANDLE,
        "A canned reply with its gaps filled in for a ticket, in the name of the caller; null "
        "where one of the two is not there.",
    )
    users = ask(setup.users, list[User], WORKSPACE, "Everybody who works here, by name.")
    wallboard = ask(
        boards.wallboard,
        Wallboard,
        Permission.WALLBOARD_READ,
        "The figures of these levels at this moment.",
        plan=Figured(boards.wallboard_seen),
    )
    protocol_status = ask(
        tracking.status,
        ProtocolStatus | None,
        None,
        "Where a ticket stands, by its protocol. A key with the scope `protocol` needs no proof; "
        "anybody else does, signed in or not. Null, always in the same way, for a protocol that "
        "does not exist or that may not be told of, and for a wrong proof.",
    )
    webhook_endpoints = ask(
        partners.endpoints,
        list[WebhookEndpoint],
        Permission.WORKSPACE_SAVE,
        "Where partners are told what happens to cases, by name.",
    )
    webhook_deliveries = ask(
        partners.deliveries,
        WebhookDeliveryConnection,
        Permission.WORKSPACE_SAVE,
        "What partners were told or are to be told, the newest first; for a week, and what they "
        "did not take for a month.",
    )
    api_keys = ask(
        setup.api_keys, list[ApiKey], Permission.WORKSPACE_SAVE, "The keys of programs, by name."
    )
