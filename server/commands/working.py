"""guiche work: the process that does what becomes due while nobody asks."""

import asyncio
import signal
from contextlib import suppress
from datetime import timedelta

import structlog

from channels import registry
from feed.bell import Bell
from server.commands.telling import carry_out, measured, prepared, tracing
from server.lifespan import partners_patience, patience, sends
from server.metrics import Metrics, watched
from server.opening import keyring, open_store, prepare, ringing
from server.settings import Settings
from workers import deadlines, delivery, housekeeping, mailbox, media, partners

log = structlog.get_logger(__name__)


def work() -> None:
    settings = prepared()
    carry_out(prepare(settings), settings)
    metrics = Metrics()
    with measured(metrics, settings):
        carry_out(_work(settings, metrics), settings)


async def _work(settings: Settings, metrics: Metrics) -> None:
    traced = tracing(settings)
    every = timedelta(seconds=settings.mail_poll_seconds)
    ending, myself = asyncio.Event(), asyncio.current_task()
    assert myself is not None

    def told() -> None:
        """Once: what is begun is ended. Again: it is left as it is, to be found in doubt."""
        if ending.is_set():
            myself.cancel()
        ending.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told)
    registry.reach(settings.networks_at, loopback=settings.webhooks_to_loopback)
    async with (
        Bell.open(settings.redis_url, metrics.bell_event) as bell,
        open_store(settings, keyring(settings), ringing(bell)) as storage,
        watched(metrics, storage, bell),
    ):
        log.info("working")
        with suppress(asyncio.CancelledError):
            await asyncio.gather(
                deadlines.run(storage, bell, ending, metrics),
                housekeeping.run(storage, bell, ending, metrics),
                delivery.run(storage, bell, ending, patience(settings), sends(traced), metrics),
                partners.run(storage, bell, ending, metrics, partners_patience(settings)),
                mailbox.run(storage, bell, ending, every, metrics),
                media.run(storage, bell, ending, metrics),
            )
    if traced is not None:
        await traced.flush()
    log.info("stopped")
