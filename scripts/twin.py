"""The same processes as docker-compose.yml, on this machine and without containers.

    python -m scripts.twin

PostgreSQL and Redis (given by DATABASE_URL and REDIS_URL, else started), the schema migrated, two
processes that answer and one that works. Tests use `Twin` to kill, freeze and restart them.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType, TracebackType
from typing import IO, NoReturn, Self
from urllib.error import URLError
from urllib.request import urlopen

from tests import services

COMMANDS: Mapping[str, list[str]] = {
    "migrate": ["migrate"],
    "api": ["serve"],
    "worker": ["work"],
}
"""What each service of docker-compose.yml is told to do; a test compares the two."""
APIS = 2
START_LIMIT = 30.0
STOP_LIMIT = 15.0
GUICHE = Path(sys.executable).with_name("guiche")


@dataclass
class Process:
    """One process of the twin, which can be stopped in every way and started again."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    port: int | None = None
    _running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self._running is not None, f"{self.name} was never started"
        return self._running.pid

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        if self.port is not None:
            environment["PORT"] = str(self.port)
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                [str(GUICHE), *self.command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the twin, which then stops each in turn
            )

    def run(self) -> None:
        """Start it and wait for its end, which has to be a good one."""
        self.start()
        if self.wait() != 0:
            raise self.failed()

    def wait(self, limit: float = START_LIMIT) -> int:
        assert self._running is not None
        return self._running.wait(limit)

    def until_ready(self, limit: float = START_LIMIT) -> None:
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self._running is None or self._running.poll() is not None:
                break
            with suppress(URLError, OSError), urlopen(f"{self.url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.05)
        raise self.failed()

    def send(self, how: signal.Signals) -> None:
        assert self._running is not None
        self._running.send_signal(how)

    def end(self) -> None:
        """Ask it to go; after a while, make it."""
        if self._running is None or self._running.poll() is not None:
            return
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._running.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait(STOP_LIMIT)

    def failed(self) -> RuntimeError:
        tail = self.log.read_text(errors="replace")[-3000:]
        return RuntimeError(f"{self.name} did not do what it should:\n{tail}")


class Twin:
    """Everything running while the block lasts."""

    def __init__(
        self,
        *,
        database_url: str | None = None,
        redis_url: str | None = None,
        apis: int = APIS,
        **settings: str,
    ) -> None:
        self._stack = ExitStack()
        self._given = database_url, redis_url
        self._settings = settings
        self._count = apis
        self.apis: list[Process] = []
        self.worker: Process

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        enter = self._stack.enter_context
        database_url, redis_url = self._given
        self.folder = Path(enter(TemporaryDirectory(prefix="guiche-twin-")))
        self.environment = {
            "GUICHE_ENV": "production",
            "DATABASE_URL": database_url or enter(services.postgres()),
            "REDIS_URL": redis_url or enter(services.redis()),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "FILES_URL": (self.folder / "files").as_uri(),
            "HOST": "127.0.0.1",
            # A PostgreSQL of the tests does without fsync.
            "ALLOW_UNSAFE_DATABASE": "true",
            **self._settings,
        }
        self._process("migrate").run()
        self.worker = self._process("worker")
        self.apis = [self._process("api", nth) for nth in range(1, self._count + 1)]
        for process in (*self.apis, self.worker):
            self._stack.callback(process.end)
            process.start()
        for process in self.apis:
            process.until_ready()

    def _process(self, service: str, nth: int = 0) -> Process:
        return Process(
            name=f"{service}-{nth}" if nth else service,
            command=list(COMMANDS[service]),
            environment=self.environment,
            folder=self.folder,
            port=_free_port() if service == "api" else None,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


def main(out: IO[str] = sys.stdout) -> None:
    signal.signal(signal.SIGTERM, _leave)
    with suppress(KeyboardInterrupt), Twin() as twin:
        for name in ("DATABASE_URL", "REDIS_URL"):
            print(f"{name}={twin.environment[name]}", file=out)
        for process in twin.apis:
            print(f"{process.name}: {process.url}  (log: {process.log})", file=out)
        print("Ctrl-C stops everything.", file=out, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
