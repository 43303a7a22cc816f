"""The workspace and its people, levels, accounts and monitorings."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.model import account, level, user, workspace
from domain.words import (
    AccountHealth,
    AssignmentStrategy,
    GroupingMode,
    LevelRole,
    Network,
    OutsideView,
    Priority,
    PullOrder,
    Role,
)
from graph.calendar import Calendar, OpenWindow, SlaPolicy, SlaRecompute
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from graph.planned import Leads
from resolvers import accounts, policies, recomputing, setup

if TYPE_CHECKING:
    from graph.ticket import TicketConnection

LazyTickets = Annotated["TicketConnection", strawberry.lazy("graph.ticket")]
LazyLevel = Annotated["Level", strawberry.lazy("graph.workspace")]
LazyUser = Annotated["User", strawberry.lazy("graph.workspace")]


@value(description="A person in a level.")
class LevelMember:
    user = fetched(setup.member_user, LazyUser, "Who.")
    level = fetched(setup.member_level, LazyLevel, "Where.")
    role: LevelRole = shown("What they are there.")
    capacity: int | None = shown("How many active tickets they can hold; null: any number.")
    exempt: bool = shown("Answers without approval where the level is moderated.")
    active_tickets = fetched(
        setup.member_active_tickets,
        int,
        "How many they hold there now that wait for us: NEW, OPEN, ESCALATED, AWAITING_APPROVAL; 0 "
        "for who may not see that level's tickets.",
    )


@thing(user.User, description="A person who works here.")
class User(Node):
    name: str = shown("What colleagues call them.")
    email = computed(
        setup.user_email,
        str | None,
        "What they sign in with; told to administrators and oneself.",
        personal=True,
        reads=("id", "email"),
    )
    role: Role = shown("What they may do in the workspace.")
    grants = computed(
        setup.user_grants,
        list[str] | None,
        "Permissions beyond the role; told to administrators and oneself.",
        personal=True,
        reads=("id", "grants"),
    )
    active: bool = shown("false: they may not sign in.")
    available: bool = shown(
        "On shift: a message leaves their ticket with them; else it returns to the queue."
    )
    levels = fetched(setup.memberships, list[LevelMember], "The levels they are in.", personal=True)


@value(description="How an account stands with its network.")
class AccountStanding:
    state: AccountHealth = shown("The worst that is true of it.")
    message: str | None = shown("What has to be mended, for whoever can.")
    since: datetime | None = shown("Since when.")
    heard_at: datetime | None = shown("When the network last told us anything, to the minute.")
    tested_at: datetime | None = shown("When its line was last found well.")


@thing(account.Account, description="The company's own presence on a network.")
class Account(Node):
    network: Network = shown("Which network.")
    name: str = shown("What colleagues call it.")
    handle: str | None = shown("Its handle there.")
    external_id: str | None = shown("The network's own id of it.")
    enabled: bool = shown("false: what arrives for it is refused.")
    connected: bool = shown("It is known how to reach the network; what is known is not shown.")
    levels = fetched(setup.account_levels, list[LazyLevel], "The levels that answer from it.")
    secret_end = computed(
        accounts.secret_end,
        str | None,
        "What the secret that signs its webhook ends with; told to administrators.",
        personal=True,
    )
    secret_at: datetime | None = shown("When that secret was saved.")
    connected_at: datetime | None = shown("When it was saved how to reach the network.")
    health = computed(accounts.health, AccountStanding, "How it stands with its network.")


@thing(account.Monitoring, description="What is watched, and for which level.")
class Monitoring(Node):
    name: str = shown("What colleagues call it.")
    enabled: bool = shown("false: it watches nothing.")
    level = fetched(setup.monitoring_level, LazyLevel, "Where its messages go.")
    accounts = fetched(setup.monitoring_accounts, list[Account], "The accounts it watches.")
    keywords: list[str] = shown("Only messages with one of these words; none: all others.")


@thing(level.Level, description="A sector: its people, accounts, priority, grouping and pull.")
class Level(Node):
    name: str = shown("Its name.")
    enabled: bool = shown("false: new messages go to the fallback level.")
    default_priority: Priority = shown("What its tickets open with.")
    moderated: bool = shown("Replies wait for a moderator before they leave.")
    grouping: GroupingMode = shown("What makes a conversation in new tickets.")
    group_old_occurrences: bool = shown(
        "New tickets show what the publisher had said before, read-only."
    )
    assignment: AssignmentStrategy = shown("How tickets find somebody.")
    pull_order: PullOrder = shown("Which tickets a pull takes first.")
    batch_size: int = shown("How many tickets a pull takes when not told.")
    claim_lease_seconds: int = shown("How long a pulled ticket may stay untouched.")
    comment_required: bool = shown("Every change has to say why.")
    outside_view: OutsideView = shown("What people outside see of its tickets.")
    auto_close_after_days: int | None = shown(
        "Opening days after which a RESOLVED ticket is closed; null: never."
    )
    sends_receipts: bool = shown(
        "Whoever opens a ticket by writing is answered by itself, with its protocol and the date."
    )
    receipt_text: str | None = shown("What that answer says; null: the usual.")
    sla_policy = fetched(
        policies.policy, SlaPolicy, "What it owes by when, in tickets from now on."
    )
    calendar = fetched(policies.calendar, Calendar, "When it is open.")
    open_windows = fetched(
        policies.open_windows,
        list[OpenWindow],
        "When it is open, as instants: for countdowns without a server. One that is open now "
        "begins now.",
    )
    open_now = fetched(policies.open_now, bool, "Whether it is open at this moment.")
    next_open_at = fetched(
        policies.next_open_at,
        datetime | None,
        "When it opens next; null while it is open, and where it does not open within 20 years.",
    )
    sla_recompute = fetched(
        recomputing.progress,
        SlaRecompute | None,
        "The last time its open tickets were moved to its rules; null when they never were, and "
        "for who may not see them.",
    )
    accounts = fetched(setup.level_accounts, list[Account], "The accounts it answers from.")
    members = fetched(setup.members, list[LevelMember], "Its people.")
    monitorings = fetched(setup.level_monitorings, list[Monitoring], "What is watched for it.")
    diverted_count = fetched(
        setup.diverted_count,
        int,
        "How many messages meant for it went to the fallback level because it took no tickets; 0 "
        "for who may not see its tickets.",
    )
    queue = fetched(
        setup.queue,
        LazyTickets,
        "What waits for us here: NEW, OPEN and ESCALATED, most urgent first, as far as seen.",
    )
    version: int = shown("Grows with every save; give it back as expectedVersion.")


@thing(account.TicketType, description="A kind of case, in the company's own words.")
class TicketType(Node):
    name: str = shown("Its name.")
    level = fetched(
        setup.type_level,
        Level | None,
        "The level that usually handles it; for people, it routes nothing.",
        plan=Leads("level_id"),
    )
    priority = computed(
        setup.type_priority, Priority | None, "What such tickets open with.", reads=("priority",)
    )
    active: bool = shown("false: it can no longer be chosen.")


@thing(workspace.Workspace, description="One client company. Nothing is seen across two.")
class Workspace(Node):
    name: str = shown("Its name.")
    time_zone: str = shown("The IANA time zone its days are counted in.")
    locale: str = shown("The language its people read when they do not say.")
    fallback_level = fetched(
        setup.fallback_level, Level | None, "Where messages go that have no other level."
    )


@thing(user.ApiKey, description="A program's way in. Its secret is shown once, at its making.")
class ApiKey(Node):
    name: str = shown("What colleagues call it.")
    prefix: str = shown("The part of the key that may be seen, to tell keys apart.")
    scopes: list[str] = shown("What it was made for.")
    levels = fetched(
        setup.key_levels,
        list[Level],
        "The levels that a display shows, or whose protocols a partner may ask for; none for keys "
        "that are of all levels.",
    )
    created_at: datetime = shown("When it was made.")
    last_used_at: datetime | None = shown("When it was last used, to the minute.")
    revoked_at: datetime | None = shown("When it was ended.")


@value(description="The signed-in person, and what they may do.")
class Me:
    user: User = shown("Who.")
    workspace: Workspace = shown("Where.")
    permissions: list[str] = shown("What may be called at all; the levels decide the rest.")
    server_time: datetime = shown("The server's clock.")
