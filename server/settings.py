"""Every setting: what it is called in the environment, what it means, and what it is by default.

`docs/operating.md` shows the table that `as_table` makes of the descriptions.
"""

import os
import secrets
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict

from domain.words import Network
from server.settings_callers import Callers
from server.settings_places import Places
from server.settings_running import LogFormat, Running

SECRET_LENGTH = 32


class BadSettings(Exception):
    """Settings that cannot be worked with; the message names each variable and what it needs."""


# What the last of them has stands first in the table.
class Settings(Running, Callers, Places):
    """Read from the environment, then from a file `.env` in the current folder."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="after")
    def _production_has_its_own_key(self) -> Self:
        length = len(self.secret_key.get_secret_value())
        if 0 < length < SECRET_LENGTH or (self.production and length == 0):
            raise ValueError(
                f"SECRET_KEY: at least {SECRET_LENGTH} characters are needed, and there are "
                f"{length}; make one with: openssl rand -base64 48"
            )
        return self

    @model_validator(mode="after")
    def _production_calls_nobody_inside(self) -> Self:
        if self.production and self.webhooks_to_loopback:
            raise ValueError("WEBHOOKS_TO_LOOPBACK: only in development")
        return self

    @property
    def has_sandbox(self) -> bool:
        return not self.production if self.sandbox is None else self.sandbox

    @property
    def sandbox_at(self) -> str | None:
        """Where the pretend network is; None where there is none."""
        if self.sandbox_url or not self.has_sandbox:
            return self.sandbox_url or None
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"{self._at(host)}/sandbox"

    @property
    def networks_at(self) -> dict[Network, str | None]:
        """Where each network is, that is reached at an address of its own."""
        return {
            Network.SANDBOX: self.sandbox_at,
            Network.FACEBOOK: self.facebook_url,
            Network.INSTAGRAM: self.instagram_url,
            Network.WHATSAPP: self.whatsapp_url,
            Network.TELEGRAM: self.telegram_url,
            Network.X: self.x_url,
        }

    @property
    def works(self) -> bool:
        """Whether the serving process does the worker's part too."""
        if self.embedded_worker is not None:
            return self.embedded_worker
        return self.sqlite_file is not None

    @property
    def logs_json(self) -> bool:
        if self.log_format is not None:
            return self.log_format is LogFormat.JSON
        return self.production


def load(**given: Any) -> Settings:
    """The settings of this process. BadSettings when they will not do."""
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise BadSettings("\n".join(_told(flaw) for flaw in error.errors())) from None
    if settings.secret_key.get_secret_value():
        return settings
    return settings.model_copy(update={"secret_key": SecretStr(_kept_key(settings))})


def _told(flaw: Any) -> str:
    message = str(flaw["msg"]).removeprefix("Value error, ")
    return ": ".join([*(str(part).upper() for part in flaw["loc"][:1]), message])


def _kept_key(settings: Settings) -> str:
    """The key of a development machine: made once, readable by its owner only."""
    beside = settings.sqlite_file or Path("data/guiche.db")
    file = beside.with_name("secret.key")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        try:
            # A link is whole or not there: of two processes that start at once, one key stays.
            os.link(made, file)
        except FileExistsError:
            pass
        finally:
            made.unlink()
        key = file.read_text().strip()
    except OSError as error:
        raise BadSettings(f"SECRET_KEY: none is set, and {file} cannot be kept: {error}") from None
    if len(key) < SECRET_LENGTH:
        raise BadSettings(f"SECRET_KEY: {file} holds no key; delete it, or set SECRET_KEY")
    return key


def as_table() -> str:
    """Every setting as a table in Markdown."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr) or value in (None, ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
