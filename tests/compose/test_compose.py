"""docker-compose.yml describes what runs, asks for its secrets, and has its twin here."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from scripts.twin import APIS, COMMANDS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
SECRETS = {"POSTGRES_PASSWORD": "a1", "REDIS_PASSWORD": "b2", "SECRET_KEY": "c3"}
PROGRAM = shutil.which("docker-compose")
needs_program = pytest.mark.skipif(PROGRAM is None, reason="docker-compose is not installed")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
    return found


def configured(tmp_path: Path, **secrets: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return subprocess.run(
        [str(PROGRAM), "--file", str(FILE), "--project-directory", str(tmp_path), "config", "-q"],
        env=environment | secrets,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_program
def test_it_is_valid(tmp_path: Path) -> None:
    assert configured(tmp_path, **SECRETS).returncode == 0


@needs_program
@pytest.mark.parametrize("missing", SECRETS)
def test_it_does_not_start_without_a_secret(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}

    refused = configured(tmp_path, **given)

    assert refused.returncode != 0
    assert "set it in .env" in refused.stderr


def test_no_secret_has_a_default() -> None:
    used = re.findall(r"\$\{(\w+)([^}]*)\}", FILE.read_text())

    assert {name for name, how in used if how.startswith(":?")} == set(SECRETS)
    assert not {name for name, how in used if name in SECRETS and not how.startswith(":?")}


def test_the_example_names_every_variable() -> None:
    used = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    named = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))

    assert named <= used
    assert used - named <= {"LOG_LEVEL"}


def test_the_twin_starts_the_same_commands(services: dict[str, Any]) -> None:
    ours = {name: each["command"] for name, each in services.items() if each.get("build")}

    assert ours == COMMANDS
    assert services["api"]["deploy"]["replicas"] == APIS


def test_whoever_answers_or_works_reaches_the_same_files(services: dict[str, Any]) -> None:
    ours = [each for each in services.values() if each.get("build")]

    kept = {(each["environment"]["FILES_URL"], *each["volumes"]) for each in ours}
    assert kept == {("file:///var/lib/guiche/files", "files:/var/lib/guiche/files")}
    assert "--owner=guiche /var/lib/guiche/files" in (ROOT / "Dockerfile").read_text()


def test_nothing_answers_before_the_schema_is_current(services: dict[str, Any]) -> None:
    for name in ("api", "worker"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"


def test_what_others_wait_for_says_whether_it_is_well(services: dict[str, Any]) -> None:
    awaited = {
        name
        for each in services.values()
        for name, how in each.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }

    assert awaited <= {name for name, each in services.items() if "healthcheck" in each}


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_proxy_understands_its_settings(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text().replace("listen 80", "listen 18080")
    file = tmp_path / "nginx.conf"
    file.write_text(text.replace("/tmp/nginx.pid", str(tmp_path / "pid")))

    said = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stderr
