"""A server as an operator starts it, and a company on its database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from feed.bell import Bell
from server.opening import open_store, ringing
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from tests.faults.processes import Process, processes
from tests.flows.served import SECRET, House, company, settings
from tests.flows.test_two_processes import free_port


@asynccontextmanager
async def alone(
    database_url: str, redis_url: str, folder: Path, **more: str
) -> AsyncIterator[tuple[House, Process]]:
    """On PostgreSQL, where this process may write beside it; settings by their names."""
    async with open_database(database_url) as database:
        await migrating.migrate(database)
    chosen, port = settings(database_url, redis_url), free_port()
    with processes(database_url, redis_url, folder, **more) as started:
        process = started.start("serve", "--port", str(port))
        await process.says("serving")
        async with (
            Bell.open(chosen.redis_url) as bell,
            open_store(chosen, Keyring(SECRET), ringing(bell)) as storage,
        ):
            house = House(f"http://127.0.0.1:{port}", await company(storage))
            try:
                yield house, process
            finally:
                await house.close()
