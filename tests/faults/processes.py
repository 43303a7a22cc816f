"""Processes of Guichê as an operator starts them; frozen, thawed and killed by whoever tests."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.flows.served import SECRET

GUICHE = str(Path(sys.executable).with_name("guiche"))
START_LIMIT = 120.0
STOP_LIMIT = 15.0


class Process:
    """One of them, started; what it says is in a log of its own."""

    def __init__(
        self,
        words: list[str],
        database_url: str,
        redis_url: str,
        log: Path,
        settings: Mapping[str, str],
    ) -> None:
        self.log = log
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET,
            "ALLOW_UNSAFE_DATABASE": "true",
            "LOG_LEVEL": "INFO",
            "SHUTDOWN_SECONDS": "1",
            **settings,
        }
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [GUICHE, *words],
                cwd=log.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def says(self, word: str) -> None:
        """It has come so far as to say so."""
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit and self._process.poll() is None:
            if word in self.log.read_text(errors="replace"):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.log.read_text(errors="replace")[-2000:])

    @property
    def memory(self) -> int:
        """Bytes it has in memory now."""
        told = Path(f"/proc/{self._process.pid}/status").read_text()
        [line] = [each for each in told.splitlines() if each.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def freeze(self) -> None:
        """Nothing moves in it, and its connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As if the power had gone; a frozen one, too."""
        self._process.kill()
        self._process.wait(STOP_LIMIT)

    async def ends(self) -> int:
        """By itself; its exit code."""
        return await asyncio.to_thread(self._process.wait, START_LIMIT)

    def tell_to_stop(self) -> None:
        self._process.terminate()

    async def stop(self) -> None:
        """As an operator stops it."""
        self.tell_to_stop()
        await self.stopped()

    async def stopped(self) -> None:
        """It has ended by itself, and well."""
        ended = await asyncio.to_thread(self._process.wait, STOP_LIMIT)
        assert ended == 0, self.log.read_text(errors="replace")[-2000:]


class Processes:
    """Those on one database; none of them outlives the test."""

    def __init__(
        self, database_url: str, redis_url: str, folder: Path, settings: Mapping[str, str]
    ) -> None:
        self._addresses = database_url, redis_url
        self._settings = settings
        self._folder = folder
        self._started: list[Process] = []

    def start(self, *words: str) -> Process:
        log = self._folder / f"{words[0]}{len(self._started)}.log"
        process = Process(list(words), *self._addresses, log, self._settings)
        self._started.append(process)
        return process

    async def workers(self, count: int) -> list[Process]:
        """So many at work."""
        started = [self.start("work") for _ in range(count)]
        for each in started:
            await each.says("working")
        return started

    def end(self) -> None:
        for each in self._started:
            each.kill()


@contextmanager
def processes(
    database_url: str, redis_url: str, folder: Path, **settings: str
) -> Iterator[Processes]:
    """Settings beyond the usual by their names in the environment."""
    opened = Processes(database_url, redis_url, folder, settings)
    try:
        yield opened
    finally:
        opened.end()
