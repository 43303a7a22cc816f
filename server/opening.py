"""The store, opened for one process: its database, its keys, and whom it wakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from channels import registry
from domain.position import Cursors
from domain.rules import access
from domain.rules.presence import Lasting
from feed import topics
from feed.bell import Bell
from server.secrets import Keyring
from server.settings import Settings
from storage import durability, migrating, restoring
from storage.engine import Database, open_database
from storage.files import FileStore
from storage.work import Ring, Storage

NOBODY = access.system(UUID(int=0))
"""Asks who somebody is, before there is a workspace; sees nothing else."""


class UnsafeDatabase(Exception):
    """PostgreSQL is set up so that it may lose what it has confirmed."""


def silent(_id: UUID) -> None:
    """Nobody is woken; who follows the feed looks without a ring, too, within seconds."""


def ringing(bell: Bell) -> Ring:
    """Wakes whoever follows the workspace, and the workers."""

    def ring(workspace_id: UUID) -> None:
        bell.ring(topics.workspace(workspace_id))
        bell.ring(topics.WORKERS)

    return ring


def ringing_presence(bell: Bell) -> Ring:
    """Wakes whoever watches the ticket."""

    def ring(ticket_id: UUID) -> None:
        bell.ring(topics.presence(ticket_id))

    return ring


def keyring(settings: Settings) -> Keyring:
    return Keyring(settings.secret_key.get_secret_value())


@asynccontextmanager
async def open_store(
    settings: Settings,
    secrets: Keyring | None = None,
    ring: Ring = silent,
    ring_presence: Ring = silent,
) -> AsyncIterator[Storage]:
    """A store whose schema is the one this code needs; WrongSchema when it is another."""
    async with open_database(
        settings.database_url, pool_size=settings.database_pool_size
    ) as database:
        await migrating.require_current(database)
        files = FileStore.at(settings.files, settings.files_secrets)
        opened = await store(database, secrets or keyring(settings), ring, files)
        opened.ring_presence = ring_presence
        opened.lasting = Lasting.of(timedelta(seconds=settings.presence_seconds))
        opened.addresses = replace(settings.addresses, loopback=settings.webhooks_to_loopback)
        yield opened


async def store(
    database: Database, secrets: Keyring, ring: Ring = silent, files: FileStore | None = None
) -> Storage:
    """A store on a database that is open and current; its cursors know which life that is.

    Files are kept in memory where nobody says where.
    """
    kept = files or FileStore.at("memory://")
    opened = Storage(database, secrets, Cursors(UUID(int=0)), kept, registry, ring)
    async with opened.feed() as feed:
        opened.cursors = Cursors(await feed.epoch())
    return opened


async def prepare(settings: Settings) -> None:
    """The database as a process that serves or works needs it.

    On a developer's own SQLite file the schema follows the code by itself; anywhere else somebody
    has to want it. UnsafeDatabase when confirmed writes could be lost, Restored when it came out of
    a backup and nobody has said so.
    """
    async with open_database(settings.database_url, pool_size=1) as database:
        if settings.sqlite_file is not None and not settings.production:
            await migrating.migrate(database)
        else:
            await migrating.require_current(database)
        await restoring.require_own(database)
        weak = [] if settings.allow_unsafe_database else await durability.weaknesses(database)
    if weak:
        raise UnsafeDatabase(
            f"PostgreSQL runs with {', '.join(weak)}: it may lose what it has confirmed. Switch "
            "it on, or set ALLOW_UNSAFE_DATABASE=true where that does not matter."
        )
