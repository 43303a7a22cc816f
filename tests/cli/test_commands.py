"""guiche, as somebody types it: what it does, and what it says when it cannot."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from server.settings import Settings

GUICHE = Path(sys.executable).with_name("guiche")
PASSWORD = "uma senha comprida"
NOWHERE = "postgresql://ana:topsecret@127.0.0.1:1/guiche"
Said = subprocess.CompletedProcess[str]
Guiche = Callable[..., Said]


def surroundings(**settings: str) -> dict[str, str]:
    """An environment with these settings and no others."""
    ours = {name.upper() for name in Settings.model_fields} | {"GUICHE_PASSWORD"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "TERM": "dumb", "COLUMNS": "120", **settings}


def typed(folder: Path, *command: str, **settings: str) -> Said:
    return subprocess.run(
        [str(GUICHE), *command],
        cwd=folder,
        env=surroundings(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def guiche(tmp_path: Path) -> Guiche:
    """The command, in a folder where nothing is yet."""
    return partial(typed, tmp_path)


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bakery")
    assert typed(folder, "migrate").returncode == 0
    assert typed(folder, "workspace", "add", "Padaria do Zé").returncode == 0
    return folder


@pytest.fixture
def founded(bakery: Path, tmp_path: Path) -> Guiche:
    """The command, where a company was founded."""
    shutil.copytree(bakery, tmp_path, dirs_exist_ok=True)
    return partial(typed, tmp_path)


def refused(said: Said, words: str) -> None:
    assert said.returncode == 1
    assert words in said.stderr
    assert "Traceback" not in said.stderr
    assert "topsecret" not in said.stderr + said.stdout


@pytest.mark.parametrize(
    "command",
    ["", "serve", "workspace add", "user add", "key add", "import"],
)
def test_every_command_explains_itself(guiche: Guiche, command: str) -> None:
    said = guiche(*command.split(), "--help")

    assert said.returncode == 0
    assert f"guiche {command}".strip() in said.stdout


def test_a_company_a_person_and_a_key(founded: Guiche) -> None:
    person = founded(
        *("user", "add", "ana@padaria.example", "--role", "admin"), GUICHE_PASSWORD=PASSWORD
    )
    key = founded("key", "add", "crm", "--scopes", "ingest,read")

    assert person.returncode == 0
    assert PASSWORD not in person.stdout
    assert re.search(r"^gk_\w+_\S+$", key.stdout, re.M)
    assert founded("check").returncode == 0


def test_the_key_of_a_display_names_its_levels(founded: Guiche) -> None:
    key = founded("key", "add", "TV", "--scopes", "display", "--level", "Triagem")

    assert re.search(r"^gk_\w+_\S+$", key.stdout, re.M)
    refused(founded("key", "add", "TV 2", "--scopes", "display"), "Give at least one")
    refused(
        founded("key", "add", "TV 3", "--scopes", "display", "--level", "Nenhum"),
        "There is no level Nenhum",
    )


def test_a_database_that_came_out_of_a_backup_begins_anew(founded: Guiche) -> None:
    said = founded("restored")

    assert said.returncode == 0
    assert "begins anew" in said.stdout


def test_what_the_house_refuses_is_a_sentence(founded: Guiche) -> None:
    refused(founded("workspace", "add", "Padaria do Zé"), "There is already one called")
    refused(founded("key", "add", "crm", "--scopes", "everything"), "everything is not a scope")
    refused(
        founded("user", "add", "ana@x.example", "--role", "ADMIN", GUICHE_PASSWORD="curta"),
        "A password has 10 to 200 characters",
    )
    refused(founded("key", "add", "crm", "--scopes", "read", "--workspace", "X"), "There are: Pad")


def test_where_there_are_several_workspaces_one_has_to_be_named(founded: Guiche) -> None:
    assert founded("workspace", "add", "Outra").returncode == 0

    refused(founded("key", "add", "crm", "--scopes", "read"), "--workspace")
    assert founded("key", "add", "a", "--scopes", "read", "--workspace", "Outra").returncode == 0


def test_a_database_that_is_not_migrated_says_how(guiche: Guiche) -> None:
    refused(guiche("key", "add", "crm", "--scopes", "read"), "guiche migrate")


@pytest.mark.parametrize("command", ["migrate", "check", "serve", "work"])
def test_a_database_that_is_away_is_a_sentence(guiche: Guiche, command: str) -> None:
    refused(guiche(command, DATABASE_URL=NOWHERE), "cannot be reached")


def test_a_bad_setting_is_named(guiche: Guiche) -> None:
    refused(guiche("serve", PORT="http"), "PORT: ")
    refused(guiche("serve", GUICHE_ENV="production"), "SECRET_KEY: ")


@pytest.mark.parametrize("command", ["demo", "run"])
def test_a_demonstration_is_refused_in_production(guiche: Guiche, command: str) -> None:
    refused(guiche(command, GUICHE_ENV="production", SECRET_KEY="k" * 40), "production")


def test_a_demonstration_is_for_this_machine(guiche: Guiche) -> None:
    refused(guiche("run", "--host", "0.0.0.0"), "this machine only")


def test_a_port_that_is_taken_is_a_sentence(guiche: Guiche) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        refused(guiche("serve", "--port", port), f"Port {port} of 127.0.0.1 is taken")


def test_it_serves_until_told_to_stop_and_holds_its_file(guiche: Guiche, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = subprocess.Popen(
        [str(GUICHE), "serve", "--port", str(port)],
        cwd=tmp_path,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _until_ready(port)

        refused(guiche("work"), "already in use by another Guichê process")
    finally:
        serving.send_signal(signal.SIGINT)
        _, told = serving.communicate(timeout=20)

    assert serving.returncode == 0
    assert b"Traceback" not in told


def _until_ready(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return
        time.sleep(0.05)
    raise TimeoutError
