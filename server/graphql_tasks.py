"""What runs for one socket, and ends with it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """Those that may be told to end, and those that only tidy up, which nobody interrupts."""

    __slots__ = ("_each_ended", "_running", "_tidying")

    def __init__(self, each_ended: Callable[[bool], None]) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._tidying: set[asyncio.Task[None]] = set()
        self._each_ended = each_ended
        """Hears of each, and whether it failed."""

    def __len__(self) -> int:
        return len(self._running) + len(self._tidying)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def spare(self) -> None:
        """From here on the one that runs now only tidies up."""
        task = asyncio.current_task()
        if task is not None and task in self._running:
            self._running.discard(task)
            self._tidying.add(task)

    def stop(self, task: asyncio.Task[None]) -> None:
        if task in self._running:
            task.cancel()

    def stop_all(self) -> None:
        """All but the one that says so."""
        current = asyncio.current_task()
        for task in list(self._running):
            if task is not current and not task.cancelling():
                # A second time would interrupt the cleaning up of the first.
                task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._tidying.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("graphql.socket_task", fault=type(error).__qualname__)
        self._each_ended(error is not None)
