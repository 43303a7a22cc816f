"""What can be asked."""

import strawberry

from domain.rules.access import Permission
from graph.fields import ask
from graph.node import Node
from graph.ticket import (
    Publisher,
    PublisherConnection,
    Ticket,
    TicketConnection,
    TicketCounts,
)
from graph.workspace import Account, ApiKey, Level, Me, Monitoring, TicketType, User
from resolvers import people, setup, viewer
from resolvers import tickets as rows

TICKETS, WORKSPACE = Permission.TICKETS_READ, Permission.WORKSPACE_READ


@strawberry.type(description="What can be asked. What the caller may not see does not exist.")
class Query:
    node = ask(viewer.node, Node | None, WORKSPACE, "Anything by its id.")
    nodes = ask(viewer.nodes, list[Node | None], WORKSPACE, "Many things by their ids, in order.")
    me = ask(viewer.me, Me | None, None, "The signed-in person; null for a stranger.")
    ticket = ask(rows.one, Ticket | None, TICKETS, "One ticket, by id or by protocol.")
    tickets = ask(rows.page, TicketConnection, TICKETS, "Tickets the caller may see.")
    ticket_counts = ask(
        rows.counts, TicketCounts, TICKETS, "How many there are, by status and by priority."
    )
    levels = ask(setup.levels, list[Level], WORKSPACE, "All levels, by name.")
    level = ask(setup.level, Level | None, WORKSPACE, "One level.")
    publisher = ask(people.publisher, Publisher | None, TICKETS, "One publisher.")
    publishers = ask(
        people.publishers, PublisherConnection, TICKETS, "Publishers the caller may see, by name."
    )
    accounts = ask(setup.accounts, list[Account], WORKSPACE, "All accounts, by name.")
    monitorings = ask(setup.monitorings, list[Monitoring], WORKSPACE, "All monitorings, by name.")
    ticket_types = ask(setup.ticket_types, list[TicketType], WORKSPACE, "All types, by name.")
    users = ask(setup.users, list[User], WORKSPACE, "Everybody who works here, by name.")
    api_keys = ask(
        setup.api_keys, list[ApiKey], Permission.WORKSPACE_SAVE, "The keys of programs, by name."
    )
