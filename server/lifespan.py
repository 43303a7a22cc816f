"""What a process holds while it lives: the store, the bell, the tails, the worker at times."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from starlette.applications import Starlette

from domain.position import Position, Stretch
from feed.bell import Bell
from feed.tail import Tails
from resolvers.context import Services
from server.auth import AccessTokens, Door, Gatekeeper
from server.opening import NOBODY, keyring, open_store, ringing
from server.settings import Settings
from storage.work import Storage
from workers import housekeeping


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
        async with self._storage.feed() as feed:
            return await feed.since(workspace_id, seen, until)


@asynccontextmanager
async def open_services(
    settings: Settings,
) -> AsyncIterator[tuple[Services, Door, Storage, Bell]]:
    keys = keyring(settings)
    tokens = AccessTokens(
        keys, timedelta(minutes=settings.access_token_minutes), secure=settings.production
    )
    async with (
        Bell.open(settings.redis_url) as bell,
        open_store(settings, keys, ringing(bell)) as storage,
    ):
        gate = Gatekeeper(storage, keys, tokens)
        tails = Tails(StoredFeed(storage), bell)
        services = Services(
            store=storage,
            gate=gate,
            tokens=tokens,
            tails=tails,
            cursors=storage.cursors,
            clock=storage.clock,
            nobody=NOBODY,
        )
        try:
            yield services, Door(services, gate), storage, bell
        finally:
            await tails.close()


@asynccontextmanager
async def lifespan(app: Starlette, settings: Settings) -> AsyncIterator[None]:
    async with open_services(settings) as (_services, door, storage, bell):
        app.state.door.open(door)
        app.state.storage = storage
        app.state.keyring = keyring(settings)
        app.state.bell = bell
        stop = asyncio.Event()
        worker = None
        if settings.works:
            worker = asyncio.create_task(housekeeping.run(storage, bell, stop), name="worker")
        try:
            yield
        finally:
            stop.set()
            if worker is not None:
                await worker
