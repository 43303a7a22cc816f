"""Tickets, the messages they are made of, and who wrote them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.model import entry, occurrence, publisher, ticket
from domain.wanted import Belonging
from domain.words import (
    CloseReason,
    HistoryKind,
    Network,
    OccurrenceKind,
    Priority,
    SlaRisk,
    TicketOrigin,
    TicketStatus,
)
from graph.attachment import Attachment
from graph.call import Call
from graph.deadline import SlaClock, SlaEvent
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from graph.page import Connection, Edge, feed_cursor, server_time
from graph.planned import BESIDE, Decided, Hangs, Leads
from graph.presence import Presence
from graph.publisher import PublisherEntryConnection, PublisherField
from graph.reply import Reply, ReplyConnection
from graph.workspace import Account, Level, TicketType, User
from resolvers import (
    approvals,
    attachments,
    attending,
    calling,
    deadlines,
    people,
    publishers,
    tickets,
)

if TYPE_CHECKING:
    from graph.approval import Approval

LazyApproval = Annotated["Approval", strawberry.lazy("graph.approval")]
LazyTicket = Annotated["Ticket", strawberry.lazy("graph.ticket")]
LazyTickets = Annotated["TicketConnection", strawberry.lazy("graph.ticket")]
LazyOccurrences = Annotated["OccurrenceConnection", strawberry.lazy("graph.ticket")]


@value(description="Who a publisher is on one network.", model=publisher.Profile)
class Profile:
    network: Network = shown("Which network.")
    handle = computed(
        publishers.handle,
        str,
        "What they are called there; covered where it is an address.",
        reads=("network", "handle"),
    )
    url = computed(
        publishers.page,
        str | None,
        "Their page there; null where its address would be their number or their e-mail.",
        reads=("network", "url"),
    )
    external_id = computed(
        publishers.external_id,
        str | None,
        "The network's own id of them; covered where it is an address or a telephone number.",
        reads=("network", "external_id"),
    )
    followers: int | None = shown("How many followed them when they last wrote.")


@value(
    description="All that an outsider may know of a ticket whose level shows stubs.",
    model=ticket.Ticket,
)
class TicketStub:
    protocol: str = shown("Its number.")
    level_name: str = shown("The level it is in.", plan=BESIDE)
    status: TicketStatus = shown("Where it stands.")


@thing(publisher.Publisher, description="The person or company that writes.")
class Publisher(Node):
    name: str = shown("What they are called.")
    avatar_url: str | None = shown("Their picture.")
    tags: list[str] = shown("What is known of them, such as `physician`.")
    cpf = fetched(publishers.cpf, str | None, "Covered: `***.456.789-**`.")
    email = fetched(publishers.email, str | None, "Covered: `f***@example.com`.")
    phone = fetched(publishers.phone, str | None, "Covered: `+55 11 *****-4321`.")
    fields = fetched(
        publishers.fields,
        list[PublisherField],
        "One for each field definition that is active, by label; covered where it says so.",
    )
    profiles = fetched(
        people.profiles,
        list[Profile],
        "Who they are on each network.",
        plan=Hangs(Belonging.PROFILES),
    )
    ticket_count = fetched(
        people.ticket_count,
        int,
        "The headset: all their tickets, whatever the level, but for levels that hide even that.",
        plan=Hangs(Belonging.HEADSET),
    )
    tickets = fetched(
        people.tickets, LazyTickets, "Their tickets that the caller may see, newest first."
    )
    stubs = fetched(
        people.stubs,
        list[TicketStub],
        "Their tickets behind the wall, where those levels show stubs.",
        plan=Hangs(Belonging.STUBS),
    )
    occurrences = fetched(people.occurrences, LazyOccurrences, "What they wrote, newest first.")
    history = fetched(
        publishers.history,
        PublisherEntryConnection,
        "What was changed about them, and who looked at what, oldest first.",
    )
    version: int = shown("Grows with every change.")


@thing(occurrence.Occurrence, description="One thing somebody wrote, kept as it came.")
class Occurrence(Node):
    network: Network = shown("Where it was written.")
    kind: OccurrenceKind = shown("What kind of message it is.")
    account = fetched(
        people.occurrence_account,
        Account | None,
        "The account of ours that it reached.",
        plan=Leads("account_id"),
    )
    publisher = fetched(
        people.occurrence_publisher, Publisher, "Who wrote it.", plan=Leads("publisher_id")
    )
    external_id: str = shown("The network's own id of it.")
    subject: str | None = shown("What it was about, where the network asks for that: of an e-mail.")
    text: str = shown("What was written.")
    html: str | None = shown("What an e-mail looked like; nothing in it acts, or loads anything.")
    automated: bool = shown("Written by a machine, such as an out-of-office reply; asks nothing.")
    url: str | None = shown("Its address on the network.")
    thread_url: str | None = shown("The address of what it hangs on.")
    attachments = fetched(
        attachments.of_occurrence,
        list[Attachment],
        "The files that came with it.",
        plan=Hangs(Belonging.FILES_OF_OCCURRENCE),
    )
    occurred_at: datetime = shown("When it was written.")
    received_at: datetime = shown("When it reached us.")
    historical: bool = shown("It was old when it came; nothing had to be done about it.")
    edited_at: datetime | None = shown(
        "When its author last changed it; what it said before stands in the history."
    )
    deleted_at: datetime | None = shown(
        "When its author took it back on the network; here it stays."
    )


@thing(entry.HistoryEntry, description="One thing that happened to a ticket. Never changed.")
class HistoryEntry(Node):
    sequence: int = shown("1 for the first thing; without gaps.")
    group_id: strawberry.ID = shown("The same for all that one act changed.")
    at: datetime = shown("When.")
    kind: HistoryKind = shown("What.")
    actor = fetched(
        people.entry_actor,
        User | None,
        "Which colleague did it; null for others.",
        plan=Leads("actor_id"),
    )
    actor_name: str = shown("Who did it, as they were called then.")
    comment: str | None = shown("What they said about it; stands on the first of a group.")
    field: str | None = shown("What changed: status, priority, level, assignee, type …")
    was: str | None = shown("What it was, for people.", name="from")
    became: str | None = shown("What it became, for people.", name="to")
    occurrence = fetched(
        people.entry_occurrence,
        Occurrence | None,
        "The message it is about.",
        plan=Leads("occurrence_id"),
    )
    reply = fetched(people.entry_reply, Reply | None, "The reply or note.", plan=Leads("reply_id"))
    call = fetched(
        calling.entry_call,
        Call | None,
        "The telephone call that it tells of; null for every other kind.",
    )
    sla_event = fetched(
        deadlines.entry_event,
        SlaEvent | None,
        "The warning or the breach that it tells of; null for every other kind.",
    )
    automated: bool = shown("Done by software on its own.")
    version: int = shown("The ticket's version after it.")


@thing(ticket.Ticket, description="A conversation with one publisher, in one level at a time.")
class Ticket(Node):
    protocol: str = shown("The number told to the publisher: 17 digits, the last one checks.")
    version: int = shown("Grows with every change; give it back as expectedVersion.")
    status: TicketStatus = shown("Where it stands.")
    close_reason: CloseReason | None = shown("Why it was closed.")
    priority: Priority = shown("How urgent it is.")
    type = fetched(
        tickets.ticket_type, TicketType | None, "What kind it is.", plan=Leads("type_id")
    )
    subject: str = shown("What it is about.")
    snippet: str = shown("The beginning of the last message.")
    network: Network = shown("Where it began.")
    tags: list[str] = shown("What colleagues put on it.")
    level = fetched(tickets.level, Level, "The level it is in.", plan=Leads("level_id"))
    origin_level = fetched(
        tickets.origin_level,
        Level,
        "The level it was opened in; never changes.",
        plan=Leads("origin_level_id"),
    )
    assignee = fetched(tickets.assignee, User | None, "Who has it.", plan=Leads("assignee_id"))
    viewers = fetched(
        attending.viewers, list[Presence], "Who is at it now, the caller too; first who came first."
    )
    lease_expires_at: datetime | None = shown(
        "Pulled and untouched: at this instant it returns to the queue."
    )
    publisher = fetched(
        tickets.publisher, Publisher, "Whose case it is.", plan=Leads("publisher_id")
    )
    account = fetched(
        tickets.account,
        Account | None,
        "The account of ours that was written to.",
        plan=Leads("account_id"),
    )
    origin: TicketOrigin = shown("How it came to be.")
    opened_by = fetched(
        tickets.opened_by, User | None, "Who opened it by hand.", plan=Leads("opened_by_id")
    )
    occurred_at: datetime = shown("When it happened on the network.")
    opened_at: datetime = shown("When it was registered here.")
    age_seconds = computed(
        tickets.age_seconds, int, "Seconds since it was registered.", reads=("opened_at",)
    )
    updated_at: datetime = shown("When it last changed.")
    resolved_at: datetime | None = shown(
        "When it was resolved, or closed without; null again once it is reopened."
    )
    closed_at: datetime | None = shown("When it was closed.")
    pending_until: datetime | None = shown("It opens again at this instant.")
    closes_at: datetime | None = shown(
        "RESOLVED: at this instant it is closed, unless something comes; null where its level "
        "closes none by itself."
    )
    sla = fetched(
        deadlines.clocks,
        list[SlaClock],
        "All its clocks, ended ones too, in the order in which they started. None where its level "
        "measures nothing, or while nothing has happened since it was brought along from another "
        "helpdesk.",
        plan=Hangs(Belonging.CLOCKS),
    )
    next_deadline = fetched(
        deadlines.next_deadline,
        SlaClock | None,
        "Of the clocks that run, the one that is due first, or passed first; null when none runs, "
        "as once it is RESOLVED or CLOSED.",
        plan=Hangs(Belonging.NEXT_CLOCK),
    )
    risk: SlaRisk = shown(
        "The worst of its open clocks, by the warnings and breaches told so far: what lists, "
        "counts and live lists go by."
    )
    due_at: datetime | None = shown(
        "The deadline of nextDeadline: what URGENCY and DUE_AT sort by; null when no clock runs.",
        plan=Decided(("urgent_at",)),
    )
    reopen_count: int = shown("How often it was reopened; a thank-you does not count.")
    transfer_count: int = shown("How often it went to another level.")
    interactions_count: int = shown(
        "How many things happened to it: exactly the length of its history."
    )
    previous_ticket = fetched(
        tickets.previous_ticket,
        LazyTicket | None,
        "The closed ticket it follows.",
        plan=Leads("previous_ticket_id"),
    )
    next_ticket = fetched(
        tickets.next_ticket,
        LazyTicket | None,
        "The ticket that followed it.",
        plan=Hangs(Belonging.SUCCESSOR),
    )
    merged_into = fetched(
        tickets.merged_into,
        LazyTicket | None,
        "The ticket that took over its messages.",
        plan=Leads("merged_into_id"),
    )
    occurrences = fetched(
        tickets.occurrences,
        LazyOccurrences,
        "Its messages as they happened; before them, marked `earlier`, what the publisher had "
        "said before, where the level groups old ones.",
        plan=Hangs(Belonging.OCCURRENCES, ("occurred_at", "id")),
    )
    replies = fetched(
        tickets.replies,
        ReplyConnection,
        "Replies and notes, oldest first.",
        plan=Hangs(Belonging.REPLIES, ("written_at", "id")),
    )
    approval = fetched(
        approvals.of_ticket,
        LazyApproval | None,
        "What it waits for; else the last decision there was on a reply of it.",
        plan=Hangs(Belonging.APPROVAL),
    )
    history = fetched(
        tickets.history,
        Annotated["HistoryConnection", strawberry.lazy("graph.ticket")],
        "Everything that happened to it, oldest first.",
        plan=Hangs(Belonging.HISTORY),
    )
    allowed_statuses = computed(
        tickets.allowed_statuses,
        list[TicketStatus],
        "What the caller may make of its status.",
        reads=("status", "level_id"),
    )
    permissions = computed(
        tickets.permissions,
        list[str],
        "What the caller may do with it: `handle`, `manage`; and `reply`, while its status lets "
        "them write to the publisher.",
        reads=("status", "level_id"),
    )


@value(description="Part of a list of tickets, with the moment it was read at.")
class TicketConnection(Connection[Ticket]):
    feed_cursor = feed_cursor
    server_time = server_time


@value(description="One message of a list, with its place.")
class OccurrenceEdge(Edge[Occurrence]):
    earlier: bool = shown(
        "Said before this ticket was opened; shown so that nobody asks again.", plan=BESIDE
    )


@value(description="Part of a list of messages.")
class OccurrenceConnection(Connection[Occurrence]):
    edges: list[OccurrenceEdge] = shown(  # type: ignore[assignment]
        "The messages, each with its place."
    )


@value(description="Part of a history.")
class HistoryConnection(Connection[HistoryEntry]):
    edges: list["HistoryEdge"] = shown(  # type: ignore[assignment]
        "The entries, each with its place."
    )


@value(description="One entry of a history, with its place.")
class HistoryEdge(Edge[HistoryEntry]):
    pass


@value(description="Part of a list of publishers.")
class PublisherConnection(Connection[Publisher]):
    pass


@value(description="How many tickets are in a state.")
class StatusCount:
    status: TicketStatus = shown("The state.")
    count: int = shown("How many.")


@value(description="How many tickets have a priority.")
class PriorityCount:
    priority: Priority = shown("The priority.")
    count: int = shown("How many.")


@value(description="How many tickets a filter finds; equal to the totalCount of the same list.")
class TicketCounts:
    total: int = shown("All of them.")
    by_status: list[StatusCount] = shown("In every state, zeros too.")
    by_priority: list[PriorityCount] = shown("Of every priority, zeros too.")
