"""Settings: read from the environment, refused by name, and documented."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from domain.addresses import Addresses
from server import settings
from server.settings import BadSettings, Settings

ROOT = Path(__file__).parents[2]
KEY = "k" * 32


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the tests themselves run with."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default_in_development(tmp_path: Path) -> None:
    loaded = settings.load()

    assert loaded.sqlite_file == Path("data/guiche.db")
    assert (loaded.production, loaded.works, loaded.logs_json) == (False, True, False)


def test_a_development_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.load().secret_key.get_secret_value(), range(8)))

    file = tmp_path / "data" / "secret.key"
    assert keys == {file.read_text()}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("key", [{}, {"secret_key": "short"}])
def test_production_needs_a_key_of_its_own(key: dict[str, Any]) -> None:
    with pytest.raises(BadSettings, match=r"^SECRET_KEY: at least 32 characters"):
        settings.load(guiche_env="production", **key)


def test_production_with_postgresql_leaves_the_work_to_the_worker() -> None:
    loaded = settings.load(
        guiche_env="production", secret_key=KEY, database_url="postgresql://a:b@c/d"
    )

    assert (loaded.production, loaded.works, loaded.logs_json) == (True, False, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "http"),
        ("GUICHE_ENV", "prod"),
        ("LOG_LEVEL", "LOUD"),
        ("REDIS_URL", "localhost:6379"),
        ("DATABASE_URL", "mysql://ana:topsecret@host/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "://topsecret"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
        ("PUBLIC_URL", "care.example"),
        ("PUBLIC_URL", "https://ana:topsecret@a.example"),
        ("SHORT_LINK_BASE", "javascript:alert(1)"),
        ("SHORT_LINK_BASE", "https://a.example/?x=1"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_kept_quiet(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(BadSettings, match=f"^{name}: ") as bad:
        settings.load()

    assert "topsecret" not in str(bad.value)


def test_every_flaw_is_told_at_once() -> None:
    with pytest.raises(BadSettings) as bad:
        settings.load(port=0, log_level="LOUD")

    assert [line.split(":")[0] for line in str(bad.value).splitlines()] == ["PORT", "LOG_LEVEL"]


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")

    assert settings.load().port == 8000


def test_origins_are_a_list() -> None:
    loaded = settings.load(allowed_origins="https://a.example, http://b.example:3000/")

    assert loaded.origins == ("https://a.example", "http://b.example:3000")


def test_links_begin_where_people_reach_the_server() -> None:
    here = settings.load(host="0.0.0.0", port=9000)
    told = settings.load(public_url="https://care.example/", short_link_base="https://acme.link")
    unsaid = settings.load(guiche_env="production", secret_key=KEY)

    assert here.addresses == Addresses("http://localhost:9000", "http://localhost:9000")
    assert told.addresses == Addresses("https://care.example", "https://acme.link")
    assert unsaid.addresses == Addresses(None, None)


def test_nothing_secret_is_shown() -> None:
    loaded = settings.load(database_url="postgresql://a:topsecret@c/d", secret_key=KEY)

    assert "topsecret" not in repr(loaded)
    assert KEY not in repr(loaded)


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_operating_manual_lists_every_setting_as_it_is() -> None:
    manual = (ROOT / "docs" / "operating.md").read_text()
    rows = set(re.findall(r"^\| `.*$", manual, re.M))

    missing = [row for row in settings.as_table().splitlines()[2:] if row not in rows]
    assert not missing, "write the table anew with: guiche settings"
