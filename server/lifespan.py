"""What a process holds while it lives: the store, the bell, the tails, the worker at times."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.applications import Starlette

from channels import registry
from domain.position import Position, Stretch
from domain.rules.presence import Room
from domain.wanted import Unplanned
from feed.bell import Bell
from feed.boards import Boards
from feed.lookout import Lookout
from feed.tail import Tails
from resolvers.context import Services
from server.access_tokens import AccessTokens
from server.auth import Gatekeeper
from server.door import Door
from server.files import FileLinks
from server.metrics import Metrics, watched
from server.opening import NOBODY, keyring, open_store, ringing, ringing_presence
from server.press import Press
from server.settings import Settings
from server.throttle import Throttle, Tries
from storage.work import Storage
from workers import deadlines, delivery, housekeeping, mailbox, media, partners
from workers.delivery import Patience, Send, through_channel

if TYPE_CHECKING:
    from server.tracing import Tracing


class StoredFeed:
    """The feed as the tails read it: each question in a snapshot of its own."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def position(self) -> Position:
        async with self._storage.feed() as feed:
            return await feed.position()

    async def since(
        self, workspace_id: UUID, seen: Position, until: Position | None = None
    ) -> Stretch:
        try:
            return await self._storage.straight_feed.since(workspace_id, seen, until)
        except Unplanned:
            pass  # the usual way knows what to tell of it
        async with self._storage.feed() as feed:
            return await feed.since(workspace_id, seen, until)


class StoredPresence:
    """Leases as the lookout reads them: one question for all tickets that are watched here."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def look(
        self, workspaces: Collection[UUID], tickets: Collection[UUID]
    ) -> tuple[Mapping[UUID, int], Mapping[UUID, Room]]:
        async with self._storage.presence() as presence:
            return await presence.access_versions(workspaces), await presence.rooms(tickets)


@asynccontextmanager
async def open_services(
    settings: Settings, metrics: Metrics
) -> AsyncIterator[tuple[Services, Door, Storage, Bell]]:
    keys = keyring(settings)
    tokens = AccessTokens(
        keys, timedelta(minutes=settings.access_token_minutes), secure=settings.production
    )
    async with (
        Bell.open(settings.redis_url, metrics.bell_event) as bell,
        open_store(settings, keys, ringing(bell), ringing_presence(bell)) as storage,
        Throttle.opened(
            keys.hash,
            tries(settings),
            settings.redis_url,
        ) as throttle,
    ):
        gate = Gatekeeper(storage, keys, tokens)
        tails = Tails(StoredFeed(storage), bell, metrics, settings.tick_milliseconds / 1000)
        boards = Boards(tails)
        lookout = Lookout(StoredPresence(storage), bell, storage.clock)
        services = Services(
            store=storage,
            gate=gate,
            tokens=tokens,
            throttle=throttle,
            tails=tails,
            boards=boards,
            lookout=lookout,
            printer=Press(),
            file_links=FileLinks(keys.linking, storage.addresses),
            cursors=storage.cursors,
            clock=storage.clock,
            nobody=NOBODY,
        )
        door = Door(services, gate)
        try:
            yield services, door, storage, bell
        finally:
            await door.close()
            await lookout.close()
            await boards.close()
            await tails.close()


@asynccontextmanager
async def lifespan(app: Starlette, settings: Settings) -> AsyncIterator[None]:
    registry.reach(settings.networks_at, loopback=settings.webhooks_to_loopback)
    metrics: Metrics = app.state.metrics
    async with (
        open_services(settings, metrics) as (services, door, storage, bell),
        watched(metrics, storage, bell),
    ):
        metrics.tails.set_function(lambda: len(services.tails))
        app.state.door.open(door)
        app.state.storage = storage
        app.state.gate = services.gate
        app.state.throttle = services.throttle
        app.state.file_links = services.file_links
        app.state.keyring = keyring(settings)
        app.state.bell = bell
        # Set by whoever leaves, before requests end, or here, after them.
        app.state.stop = stop = asyncio.Event()
        # Every process watches the deadlines: with one of them gone, another is as early.
        watching = deadlines.run(storage, bell, stop, metrics)
        going_on = [asyncio.create_task(watching, name="deadlines")]
        if settings.works:
            keeping = housekeeping.run(storage, bell, stop, metrics)
            going_on.append(asyncio.create_task(keeping, name="housekeeping"))
            sending = delivery.run(
                storage, bell, stop, patience(settings), sends(app.state.tracing), metrics
            )
            going_on.append(asyncio.create_task(sending, name="delivery"))
            telling = partners.run(storage, bell, stop, metrics, partners_patience(settings))
            going_on.append(asyncio.create_task(telling, name="partners"))
            every = timedelta(seconds=settings.mail_poll_seconds)
            reading = mailbox.run(storage, bell, stop, every, metrics)
            going_on.append(asyncio.create_task(reading, name="mailbox"))
            collecting = media.run(storage, bell, stop, metrics)
            going_on.append(asyncio.create_task(collecting, name="media"))
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*going_on)
            if app.state.tracing is not None:
                await app.state.tracing.flush()


def tries(settings: Settings) -> Tries:
    return Tries(
        sign_in=settings.sign_in_tries,
        of_address=settings.sign_in_tries_of_address,
        protocol=settings.protocol_tries,
        protocol_from_everywhere=settings.protocol_tries_from_everywhere,
        lookups_of_address=settings.protocol_lookups_of_address,
        lookups_of_key=settings.protocol_lookups_of_key,
        answers=settings.protocol_answers,
    )


def sends(tracing: "Tracing | None") -> Send:
    """How replies are handed to their networks: through their channels, traced where wanted."""
    return through_channel if tracing is None else tracing.sending(through_channel)


def partners_patience(settings: Settings) -> partners.Patience:
    """How long partners' endpoints are waited for, and at the end."""
    return partners.Patience(
        answer=timedelta(seconds=settings.webhook_seconds),
        ending=timedelta(seconds=settings.shutdown_seconds),
    )


def patience(settings: Settings) -> Patience:
    """How long networks are waited for, and at the end."""
    return Patience(
        answer=timedelta(seconds=settings.delivery_seconds),
        ending=timedelta(seconds=settings.shutdown_seconds),
    )
