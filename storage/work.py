"""Work, opened: one transaction for one actor, its entries written last, then the bell.

Writers hold rows; readers see one snapshot. Nothing rings before the commit, and what fails
leaves nothing behind.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asyncpg import PostgresError
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.addresses import Addresses
from domain.errors import Collision, NotFound, Unavailable
from domain.events import Fact
from domain.model.base import new_id
from domain.model.ticket import Ticket
from domain.model.workspace import Workspace
from domain.operations import timing
from domain.operations.timing import Touched
from domain.position import Cursors
from domain.rules.access import Actor
from domain.rules.membership import Face
from domain.rules.presence import USUAL, Lasting
from domain.rules.sla import Terms
from domain.wanted import Unplanned
from domain.work import Channels, Files, Secrets
from storage.access import columns
from storage.approvals import ApprovalShelf
from storage.attachments import AttachmentShelf
from storage.board import BoardShelf
from storage.calls import CallShelf
from storage.clocks import CalendarShelf, ClockShelf, KnownTerms
from storage.composing import CannedReplyShelf, ShortLinkShelf
from storage.due import DueReader, StraightGlance
from storage.engine import Database
from storage.entries import EntryShelf
from storage.feed import FeedReader, StraightFeed
from storage.fields import FieldDefinitionShelf, PublisherFieldShelf
from storage.histories import HistoryShelf
from storage.idempotency import IdempotencyShelf
from storage.levels import AccountShelf, LevelShelf, MonitoringShelf, TicketTypeShelf
from storage.mailboxes import MailboxShelf
from storage.media import AwaitedShelf
from storage.occurrences import OccurrenceShelf, ReplyShelf
from storage.outbox import OutboxShelf
from storage.pile import Pile
from storage.presence import PresenceReader, PresenceShelf
from storage.protocols import ProtocolShelf
from storage.publisher_entries import PublisherEntryShelf
from storage.publishers import PublisherShelf
from storage.queue import TicketShelf
from storage.sandbox import SandboxShelf
from storage.session import Failed, Session
from storage.states import SHOWN, LookedAt
from storage.users import ApiKeyShelf, IdentityShelf, UserShelf
from storage.views import TicketViews
from storage.webhooks import WebhookDeliveryShelf, WebhookEndpointShelf

Ring = Callable[[UUID], None]
WORKSPACE = select(Workspace).where(columns(Workspace).id == bindparam("id"))


def clock() -> datetime:
    return datetime.now(UTC)


class SqlWork:
    """Everything an operation may reach. Its moment is when it was opened."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        now: datetime,
        secrets: Secrets,
        cursors: Cursors,
        terms: KnownTerms,
        files: Files,
        channels: Channels,
        lasting: Lasting,
        addresses: Addresses,
    ) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.secrets = secrets
        self.files = files
        self.channels = channels
        self.addresses = addresses
        self._cursors = cursors
        self._faces: dict[UUID, Face] = {}
        self._entries: list[dict[str, Any]] = []
        self._touched: dict[UUID, Touched] = {}
        self._changed: set[UUID] = set()
        self._group = new_id()
        self._rights_changed = self._waking = False
        self._workspace: Workspace | None = None
        self.stirred: set[UUID] = set()

        self._pile = pile = Pile(session)
        self.tickets = TicketShelf(session, actor, self._faces, pile)
        self.entries = EntryShelf(session, actor, cursors, now)
        self.clocks = ClockShelf(session, actor, terms, pile)
        self.board = BoardShelf(session, actor)
        self.calendars = CalendarShelf(session, actor)
        self.occurrences = OccurrenceShelf(session, actor, pile)
        self.replies = ReplyShelf(session, actor, pile)
        self.attachments = AttachmentShelf(session, actor, pile)
        self.calls = CallShelf(session, actor)
        self.awaited = AwaitedShelf(session, actor)
        self.approvals = ApprovalShelf(session, actor, pile)
        self.outbox = OutboxShelf(session, actor)
        self.canned_replies = CannedReplyShelf(session, actor)
        self.short_links = ShortLinkShelf(session, actor)
        self.publishers = PublisherShelf(session, actor)
        self.protocols = ProtocolShelf(session, actor)
        self.histories = HistoryShelf(session)
        self.presence = PresenceShelf(session, actor, now, lasting)
        self.field_definitions = FieldDefinitionShelf(session, actor)
        self.publisher_fields = PublisherFieldShelf(session, actor)
        self.publisher_entries = PublisherEntryShelf(session, actor)
        self.levels = LevelShelf(session, actor)
        self.accounts = AccountShelf(session, actor)
        self.mailboxes = MailboxShelf(session, actor)
        self.monitorings = MonitoringShelf(session, actor)
        self.ticket_types = TicketTypeShelf(session, actor)
        self.users = UserShelf(session, actor)
        self.identities = IdentityShelf(session)
        self.api_keys = ApiKeyShelf(session, actor)
        self.webhook_endpoints = WebhookEndpointShelf(session, actor)
        self.webhook_deliveries = WebhookDeliveryShelf(session, actor)
        keys = IdempotencyShelf(session, actor, now)
        self.recall = keys.recall
        self.remember = keys.remember
        self.forget = keys.forget

    async def workspace(self) -> Workspace:
        if self._workspace is None:
            asked = {"id": self.actor.workspace_id}
            self._workspace = await self.session.thing(WORKSPACE, asked)
            if self._workspace is None:
                raise NotFound("not_found", thing="workspace")
        return self._workspace

    async def position(self) -> str:
        place = await FeedReader(self.session).position()
        return self._cursors.write(self.actor.workspace_id, place, self.now)

    def record(
        self,
        ticket: Ticket,
        *facts: Fact,
        comment: str | None = None,
        actor_name: str | None = None,
        at: datetime | None = None,
    ) -> None:
        group = self._group if at is None else new_id()
        touched = self._touch(ticket)
        if any(fact.moves_version for fact in facts):
            if ticket.id not in self._changed:
                ticket.changed(at or self.now)
                self._changed.add(ticket.id)
            ticket.lived_until(at or self.now)
            touched.did(at or self.now, facts, alone=at is not None)
        # Rows, not objects: there are as many of them as of everything else together.
        for place, fact in enumerate(facts):
            self._entries.append(
                {
                    "id": new_id(),
                    "workspace_id": ticket.workspace_id,
                    "ticket_id": ticket.id,
                    "sequence": ticket.number_entry(),
                    "group_id": group,
                    "version": ticket.version,
                    "at": at or self.now,
                    "kind": fact.kind,
                    "actor_id": None if actor_name else self.actor.user_id,
                    "actor_name": actor_name or self.actor.name,
                    "comment": comment if place == 0 else None,
                    "field": fact.field if fact.was or fact.became or fact.was_id else None,
                    "was": fact.was,
                    "became": fact.became,
                    "was_id": fact.was_id,
                    "became_id": fact.became_id,
                    "occurrence_id": fact.occurrence_id,
                    "reply_id": fact.reply_id,
                    "automated": fact.automated,
                    "concerns": [str(each) for each in fact.concerns],
                }
            )

    def watch(self, ticket: Ticket) -> None:
        self._touch(ticket)

    def last_entry(self, ticket: Ticket) -> UUID:
        found: UUID = next(
            row["id"] for row in reversed(self._entries) if row["ticket_id"] == ticket.id
        )
        return found

    def _touch(self, ticket: Ticket) -> Touched:
        touched = self._touched.get(ticket.id)
        if touched is None:
            before = self._faces.get(ticket.id)
            latest = ticket.updated_at if before else None
            touched = self._touched[ticket.id] = Touched(ticket, before, latest)
        return touched

    def rights_changed(self) -> None:
        self._rights_changed = True

    def wake_workers(self) -> None:
        self._waking = True

    def presence_changed(self, ticket_id: UUID) -> None:
        self.stirred.add(ticket_id)

    async def settle(self) -> bool:
        """Write what is left, entries last; whether anybody has to hear of it."""
        await timing.keep(self, list(self._touched.values()))
        if self._rights_changed:
            await self.identities.rights_changed(self.actor.workspace_id)
        written = await self._pile.write(self._rows())
        told = bool(self._entries) or self._rights_changed
        if not told and not SHOWN.isdisjoint(written):
            await self.identities.revised(self.actor.workspace_id)
        return told or self._waking

    def _rows(self) -> list[dict[str, Any]]:
        """The entries with each ticket's face before and after the whole act."""
        before = {each: face.as_json() for each, face in self._faces.items()}
        after = {each: one.ticket.face.as_json() for each, one in self._touched.items()}
        return [
            {**row, "before": before.get(row["ticket_id"]), "after": after[row["ticket_id"]]}
            for row in self._entries
        ]


@dataclass
class Storage:
    """Where work is opened.

    After the commit `ring` is told which workspace has news, and `ring_presence` at which ticket
    there are others than before.
    """

    database: Database
    secrets: Secrets
    cursors: Cursors
    files: Files
    channels: Channels
    ring: Ring = field(default=lambda workspace_id: None)
    ring_presence: Ring = field(default=lambda ticket_id: None)
    lasting: Lasting = USUAL
    addresses: Addresses = field(default_factory=Addresses)
    clock: Callable[[], datetime] = field(default=clock)
    terms: KnownTerms = field(default_factory=dict)
    """Terms that were read before; they never change."""

    def __post_init__(self) -> None:
        self.straight_feed = StraightFeed(self.database.straight)
        self.states = LookedAt(self.database.straight)
        self._straight_glance = StraightGlance(self.database.straight)
        # Cursors and clock may be set when the store is open; they are asked for as they are then.
        self.views = TicketViews(
            self.database.straight, lambda: self.cursors, lambda: self.clock(), self._terms
        )

    async def _terms(self, actor: Actor, terms_id: UUID) -> Mapping[UUID, Terms]:
        async with self.reading(actor) as work:
            return await work.clocks.going_by([terms_id])

    @asynccontextmanager
    async def work(self, actor: Actor) -> AsyncIterator[SqlWork]:
        """A transaction that commits when the block ends well, and rings."""
        async with self._session(self.database.writer) as session:
            work = self._open(session, actor)
            yield work
            news = await work.settle()
            await session.commit()
        for workspace_id in work.identities.unsettled | ({actor.workspace_id} if news else set()):
            self.ring(workspace_id)
        for ticket_id in work.stirred:
            self.ring_presence(ticket_id)

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncIterator[SqlWork]:
        """A transaction of one snapshot in which nothing can change."""
        async with self._session(self.database.reader) as session:
            yield self._open(session, actor)

    async def take_stock(self) -> None:
        """Let PostgreSQL look at what is there: it plans for empty tables until somebody does."""
        if not self.database.is_sqlite:
            async with self.database.writer.begin() as connection:
                await connection.execute(text("ANALYZE"))

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[FeedReader]:
        async with self._session(self.database.reader) as session:
            yield FeedReader(session)

    @asynccontextmanager
    async def presence(self) -> AsyncIterator[PresenceReader]:
        async with self._session(self.database.reader) as session:
            yield PresenceReader(session, self.clock())

    async def now(self) -> datetime:
        """The clock that all processes share: the database's. One that was set by hand wins."""
        return (await self.glance())[0]

    async def glance(self, but: Collection[UUID] = ()) -> tuple[datetime, datetime | None]:
        """What time it is, by the same clock, and when a clock has something to tell next."""
        now, nearest = await self._glance(but)
        return (now or clock()) if self.clock is clock else self.clock(), nearest

    async def _glance(self, but: Collection[UUID]) -> tuple[datetime | None, datetime | None]:
        if not but:
            with suppress(Unplanned):
                return await self._straight_glance.glance()
        async with self.due() as due:
            return await due.glance(but)

    @asynccontextmanager
    async def due(self) -> AsyncIterator[DueReader]:
        async with self._session(self.database.reader) as session:
            yield DueReader(session)

    @asynccontextmanager
    async def sandbox(self) -> AsyncIterator[SandboxShelf]:
        """The pretend network's own transaction; it is nobody of ours."""
        async with self._session(self.database.writer) as session:
            yield SandboxShelf(session)
            await session.commit()

    def _open(self, session: Session, actor: Actor) -> SqlWork:
        return SqlWork(
            session,
            actor,
            self.clock(),
            self.secrets,
            self.cursors,
            self.terms,
            self.files,
            self.channels,
            self.lasting,
            self.addresses,
        )

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[Session]:
        with self.asking():
            async with Session(engine) as session:
                yield session

    @contextmanager
    def asking(self) -> Iterator[None]:
        """What goes wrong with the database meanwhile, in our words: Unavailable or Collision.

        Around each use of a work that was opened elsewhere and stays open.
        """
        try:
            yield
        except (PoolTimeout, PendingRollbackError, OSError) as error:
            # Also from before there was a connection, or after one was lost.
            raise Unavailable from error
        except PostgresError as error:
            # The driver's own, while a connection is made: it is starting, or there are too many.
            if _means_away(error.sqlstate or ""):
                raise Unavailable from error
            raise
        except Failed as error:
            if error.state in COLLISIONS or error.state.startswith(BROKEN_RULE):
                raise Collision from error
            if _means_away(error.state):
                raise Unavailable from error
            raise
        except IntegrityError as error:
            raise Collision from error
        except DBAPIError as error:
            if _state(error) in COLLISIONS:
                raise Collision from error
            if _is_away(error):
                raise Unavailable from error
            raise


# Serialization failure, deadlock, lock timeout: nothing was written, and the next try may pass.
COLLISIONS = {"40001", "40P01", "55P03"}
BROKEN_RULE = "23"
"""How the codes of all integrity errors begin."""


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_away(error: DBAPIError) -> bool:
    """The database could not be asked, or gave up waiting; nothing was committed."""
    if error.connection_invalidated or isinstance(error, InterfaceError | OperationalError):
        return True
    return _means_away(_state(error))


def _means_away(state: str) -> bool:
    return state == "57014" or state.startswith(("08", "53", "57P"))
