"""guiche work: the process that does what becomes due while nobody asks."""

import asyncio
import signal
from datetime import timedelta

import structlog

from channels import registry
from feed.bell import Bell
from server.commands.telling import carry_out, prepared
from server.lifespan import patience
from server.opening import keyring, open_store, prepare, ringing
from server.settings import Settings
from workers import deadlines, delivery, housekeeping, mailbox

log = structlog.get_logger(__name__)


def work() -> None:
    settings = prepared()
    carry_out(prepare(settings), settings)
    carry_out(_work(settings), settings)


async def _work(settings: Settings) -> None:
    ending = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, ending.set)
    registry.SANDBOX.url = settings.sandbox_at
    async with (
        Bell.open(settings.redis_url) as bell,
        open_store(settings, keyring(settings), ringing(bell)) as storage,
    ):
        log.info("working")
        await asyncio.gather(
            deadlines.run(storage, bell, ending),
            housekeeping.run(storage, bell, ending),
            delivery.run(storage, bell, ending, patience(settings)),
            mailbox.run(storage, bell, ending, timedelta(seconds=settings.mail_poll_seconds)),
        )
    log.info("stopped")
