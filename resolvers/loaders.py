"""One batch per nested field: what many rows ask for is asked of the store once.

Made afresh for every answer, so that no event of a subscription is told with yesterday's rows.
"""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.model.account import Account, Monitoring, TicketType
from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.calendar import Calendar
from domain.model.call import Call
from domain.model.canned import CannedReply
from domain.model.entry import HistoryEntry
from domain.model.level import Level, LevelMember
from domain.model.occurrence import Occurrence
from domain.model.publisher import (
    FieldDefinition,
    Profile,
    Publisher,
    PublisherEntry,
    PublisherField,
)
from domain.model.reply import Reply
from domain.model.shortlink import ShortLink
from domain.model.sla import SlaClock, SlaEvent, SlaRecompute, SlaTerms
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, User
from domain.model.webhook import WebhookEndpoint
from domain.page import Page, Window
from domain.rules.presence import Viewer
from domain.rules.sla import Terms
from domain.shelves.found import Stub
from domain.shelves.partners import Tally
from domain.words import TicketScope, TicketStatus
from domain.work import Work

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Reading = Callable[[], AbstractAsyncContextManager[Work]]
Ask = Callable[[Work, list[K]], Awaitable[Mapping[K, V]]]


class Loaders:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    def _load(self, name: Hashable, key: K, ask: Ask[K, V]) -> Awaitable[V | None]:
        return self._loader(name, ask).load(key)

    def _loader(self, name: Hashable, ask: Ask[K, V]) -> DataLoader[K, V | None]:
        loader = self._loaders.get(name)
        if loader is None:

            async def load(keys: list[K]) -> list[V | None]:
                async with self._reading() as work:
                    found = await ask(work, keys)
                return [found.get(each) for each in keys]

            loader = self._loaders[name] = DataLoader(load_fn=load)
        return loader

    def seen(self, user: User) -> None:
        """Somebody whom the act that is answered has just read: asked for, they are known."""
        self._loader("user", lambda work, keys: work.users.find(keys)).prime(user.id, user)

    # ── by id ────────────────────────────────────────────────────────────────────────────────

    def ticket(self, key: UUID) -> Awaitable[Ticket | None]:
        return self._load("ticket", key, lambda work, keys: work.tickets.find(keys))

    def level(self, key: UUID) -> Awaitable[Level | None]:
        return self._load("level", key, lambda work, keys: work.levels.find(keys))

    def user(self, key: UUID) -> Awaitable[User | None]:
        return self._load("user", key, lambda work, keys: work.users.find(keys))

    def account(self, key: UUID) -> Awaitable[Account | None]:
        return self._load("account", key, lambda work, keys: work.accounts.find(keys))

    def monitoring(self, key: UUID) -> Awaitable[Monitoring | None]:
        return self._load("monitoring", key, lambda work, keys: work.monitorings.find(keys))

    def ticket_type(self, key: UUID) -> Awaitable[TicketType | None]:
        return self._load("type", key, lambda work, keys: work.ticket_types.find(keys))

    def publisher(self, key: UUID) -> Awaitable[Publisher | None]:
        return self._load("publisher", key, lambda work, keys: work.publishers.find(keys))

    def occurrence(self, key: UUID) -> Awaitable[Occurrence | None]:
        return self._load("occurrence", key, lambda work, keys: work.occurrences.find(keys))

    def call(self, key: UUID) -> Awaitable[Call | None]:
        return self._load("call", key, lambda work, keys: work.calls.find(keys))

    def reply(self, key: UUID) -> Awaitable[Reply | None]:
        return self._load("reply", key, lambda work, keys: work.replies.find(keys))

    def approval(self, key: UUID) -> Awaitable[Approval | None]:
        return self._load("approval", key, lambda work, keys: work.approvals.find(keys))

    def entry(self, key: UUID) -> Awaitable[HistoryEntry | None]:
        return self._load("entry", key, lambda work, keys: work.entries.find(keys))

    def calendar(self, key: UUID) -> Awaitable[Calendar | None]:
        return self._load("calendar", key, lambda work, keys: work.calendars.find(keys))

    def policy(self, key: UUID) -> Awaitable[SlaTerms | None]:
        return self._load("policy", key, lambda work, keys: work.clocks.terms(keys))

    def terms(self, key: UUID) -> Awaitable[Terms | None]:
        return self._load("terms", key, lambda work, keys: work.clocks.going_by(keys))

    def sla_event(self, key: UUID) -> Awaitable[SlaEvent | None]:
        return self._load("sla-event", key, lambda work, keys: work.clocks.events(keys))

    def attachment(self, key: UUID) -> Awaitable[Attachment | None]:
        return self._load("attachment", key, lambda work, keys: work.attachments.find(keys))

    def api_key(self, key: UUID) -> Awaitable[ApiKey | None]:
        return self._load("key", key, lambda work, keys: work.api_keys.find(keys))

    def webhook_endpoint(self, key: UUID) -> Awaitable[WebhookEndpoint | None]:
        return self._load("endpoint", key, lambda work, keys: work.webhook_endpoints.find(keys))

    def webhook_counts(self, key: UUID) -> Awaitable[Tally | None]:
        return self._load("tally", key, lambda work, keys: work.webhook_deliveries.tallies(keys))

    def canned_reply(self, key: UUID) -> Awaitable[CannedReply | None]:
        return self._load("canned", key, lambda work, keys: work.canned_replies.find(keys))

    def short_link(self, key: UUID) -> Awaitable[ShortLink | None]:
        return self._load("short-link", key, lambda work, keys: work.short_links.find(keys))

    # ── by owner ─────────────────────────────────────────────────────────────────────────────

    def clocks(self, ticket: UUID) -> Awaitable[Sequence[SlaClock] | None]:
        return self._load("clocks", ticket, lambda work, keys: work.clocks.of_tickets(keys))

    def viewers(self, ticket: UUID) -> Awaitable[Sequence[Viewer] | None]:
        return self._load("viewers", ticket, lambda work, keys: work.presence.of_tickets(keys))

    def successor(self, ticket: UUID) -> Awaitable[Ticket | None]:
        return self._load("successor", ticket, lambda work, keys: work.tickets.successors(keys))

    def ticket_approval(self, ticket: UUID) -> Awaitable[Approval | None]:
        return self._load(
            "ticket-approval", ticket, lambda work, keys: work.approvals.of_tickets(keys)
        )

    def reply_approval(self, reply: UUID) -> Awaitable[Approval | None]:
        return self._load(
            "reply-approval", reply, lambda work, keys: work.approvals.of_replies(keys)
        )

    def headset(self, publisher: UUID) -> Awaitable[int | None]:
        return self._load("headset", publisher, lambda work, keys: work.tickets.totals(keys))

    def stubs(self, publisher: UUID) -> Awaitable[Collection[Stub] | None]:
        return self._load("stubs", publisher, lambda work, keys: work.tickets.stubs(keys))

    def profiles(self, publisher: UUID) -> Awaitable[list[Profile] | None]:
        return self._load("profiles", publisher, lambda work, keys: work.publishers.profiles(keys))

    def occurrence_attachments(self, occurrence: UUID) -> Awaitable[list[Attachment] | None]:
        return self._load(
            "occurrence-files", occurrence, lambda work, keys: work.attachments.of_occurrences(keys)
        )

    def reply_attachments(self, reply: UUID) -> Awaitable[list[Attachment] | None]:
        return self._load(
            "reply-files", reply, lambda work, keys: work.attachments.of_replies(keys)
        )

    def field_definition(self, key: UUID) -> Awaitable[FieldDefinition | None]:
        return self._load("definition", key, lambda work, keys: work.field_definitions.find(keys))

    def publisher_entry(self, key: UUID) -> Awaitable[PublisherEntry | None]:
        return self._load(
            "publisher-entry", key, lambda work, keys: work.publisher_entries.find(keys)
        )

    def field_definitions(self, workspace: UUID) -> Awaitable[list[FieldDefinition] | None]:
        return self._load("definitions", workspace, _active_fields)

    def publisher_fields(self, publisher: UUID) -> Awaitable[Sequence[PublisherField] | None]:
        return self._load(
            "fields", publisher, lambda work, keys: work.publisher_fields.of_publishers(keys)
        )

    def members(self, level: UUID) -> Awaitable[list[LevelMember] | None]:
        return self._load("members", level, lambda work, keys: work.levels.members(keys))

    def memberships(self, user: UUID) -> Awaitable[list[LevelMember] | None]:
        return self._load("memberships", user, lambda work, keys: work.levels.memberships(keys))

    def active_tickets(self, level: UUID, user: UUID) -> Awaitable[int | None]:
        return self._load(
            "active", (level, user), lambda work, keys: work.levels.active_counts(keys)
        )

    def diverted(self, level: UUID) -> Awaitable[int | None]:
        return self._load("diverted", level, lambda work, keys: work.occurrences.diverted(keys))

    def level_accounts(self, level: UUID) -> Awaitable[list[Account] | None]:
        return self._load("level-accounts", level, lambda work, keys: work.levels.accounts(keys))

    def level_monitorings(self, level: UUID) -> Awaitable[list[Monitoring] | None]:
        return self._load(
            "level-monitorings", level, lambda work, keys: work.monitorings.of_levels(keys)
        )

    def calendar_levels(self, calendar: UUID) -> Awaitable[list[Level] | None]:
        return self._load("calendar-levels", calendar, _open_by)

    def recompute(self, level: UUID) -> Awaitable[SlaRecompute | None]:
        return self._load("recompute", level, lambda work, keys: work.clocks.recomputes(keys))

    def account_levels(self, account: UUID) -> Awaitable[list[Level] | None]:
        return self._load(
            "account-levels", account, lambda work, keys: work.levels.of_accounts(keys)
        )

    def monitoring_accounts(self, monitoring: UUID) -> Awaitable[list[Account] | None]:
        return self._load(
            "monitoring-accounts", monitoring, lambda work, keys: work.monitorings.accounts(keys)
        )

    # ── pages, the same window for every owner ───────────────────────────────────────────────

    def history(self, ticket: UUID, window: Window) -> Awaitable[Page[HistoryEntry] | None]:
        return self._load(
            ("history", window), ticket, lambda work, keys: work.entries.pages(keys, window)
        )

    def occurrences(self, ticket: UUID, window: Window) -> Awaitable[Page[Occurrence] | None]:
        return self._load(
            ("occurrences", window),
            ticket,
            lambda work, keys: work.occurrences.pages_of_tickets(keys, window),
        )

    def replies(self, ticket: UUID, window: Window) -> Awaitable[Page[Reply] | None]:
        return self._load(
            ("replies", window), ticket, lambda work, keys: work.replies.pages(keys, window)
        )

    def publisher_tickets(
        self, publisher: UUID, scope: TicketScope, excluding: UUID | None, window: Window
    ) -> Awaitable[Page[Ticket] | None]:
        return self._load(
            ("publisher-tickets", scope, excluding, window),
            publisher,
            lambda work, keys: work.tickets.pages_of_publishers(keys, scope, excluding, window),
        )

    def publisher_occurrences(
        self, publisher: UUID, window: Window
    ) -> Awaitable[Page[Occurrence] | None]:
        return self._load(
            ("publisher-occurrences", window),
            publisher,
            lambda work, keys: work.occurrences.pages_of_publishers(keys, window),
        )

    def publisher_history(
        self, publisher: UUID, window: Window
    ) -> Awaitable[Page[PublisherEntry] | None]:
        return self._load(
            ("publisher-history", window),
            publisher,
            lambda work, keys: work.publisher_entries.pages(keys, window),
        )

    def queue(
        self, level: UUID, statuses: frozenset[TicketStatus], window: Window
    ) -> Awaitable[Page[Ticket] | None]:
        return self._load(
            ("queue", statuses, window),
            level,
            lambda work, keys: work.tickets.pages_of_levels(keys, statuses, window),
        )


async def _open_by(work: Work, calendar_ids: list[UUID]) -> Mapping[UUID, list[Level]]:
    """The levels that are open by each calendar, by name."""
    found: dict[UUID, list[Level]] = {each: [] for each in calendar_ids}
    for level in await work.levels.all():
        if level.calendar_id in found:
            found[level.calendar_id].append(level)
    return found


async def _active_fields(
    work: Work, workspace_ids: list[UUID]
) -> Mapping[UUID, list[FieldDefinition]]:
    """The fields that are kept of publishers, by label."""
    active = [each for each in await work.field_definitions.all() if each.active]
    return dict.fromkeys(workspace_ids, active)
