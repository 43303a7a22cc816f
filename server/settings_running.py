"""How a process goes about its work, and how it is watched."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from server import settings_forms as forms


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class Running(BaseSettings):
    tick_milliseconds: int = Field(
        5,
        ge=0,
        le=1000,
        description="What is committed within so many milliseconds reaches subscribers as one "
        "message. 2 to 20 is sensible: more joins more, and tells it later.",
    )
    kept_mebibytes: int = Field(
        64,
        ge=0,
        le=65_536,
        description="How much room there is in each process for answers that are given again while "
        "nothing has changed. `0`: none are kept. See `docs/reading.md`.",
    )
    presence_seconds: int = Field(
        30,
        ge=2,
        le=300,
        description="How long somebody who has said that they look at a ticket is shown there, "
        "unless they say it again. All processes need the same.",
    )
    embedded_worker: bool | None = Field(
        None,
        description="Whether `guiche serve` also does the worker's part. Unset: yes with SQLite, "
        "no with PostgreSQL, where `guiche work` does it.",
    )
    delivery_seconds: int = Field(
        30,
        ge=1,
        le=300,
        description="How long a network may take to answer for one reply. After that, and after a "
        "process that sent died, the reply is `UNKNOWN`, and a person decides.",
    )
    sandbox: bool | None = Field(
        None,
        description="Whether the pretend network of `SANDBOX` accounts is there, at `/sandbox`: "
        "whoever reaches the server can read and write there. Unset: yes in development only.",
    )
    sandbox_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "",
        description="Where `SANDBOX` accounts send to. Unset: `/sandbox` of `HOST` and `PORT`.",
    )
    webhook_seconds: int = Field(
        10,
        ge=1,
        le=60,
        description="How long a partner's endpoint may take to answer for one event. After that it "
        "is told again; see `docs/partners.md`.",
    )
    webhooks_to_loopback: bool = Field(
        False,
        description="Whether partners' webhooks may lead to this machine, by http too; refused in "
        "production. For development.",
    )
    facebook_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "https://graph.facebook.com/v24.0",
        description="Where to find Facebook's Graph API, for pages and Messenger.",
    )
    instagram_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "https://graph.facebook.com/v24.0",
        description="Where to find Instagram's Graph API, of accounts that belong to a page.",
    )
    whatsapp_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "https://graph.facebook.com/v24.0", description="Where to find the WhatsApp Cloud API."
    )
    telegram_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "https://api.telegram.org", description="Where to find the Telegram Bot API."
    )
    x_url: Annotated[str, AfterValidator(forms.http)] = Field(
        "https://api.x.com", description="Where to find the X API."
    )
    mail_poll_seconds: int = Field(
        30,
        ge=1,
        le=3600,
        description="How often the worker looks into each mailbox that an account is connected to.",
    )
    shutdown_seconds: int = Field(
        10,
        ge=1,
        le=300,
        description="How long a process may take to stop, once told to: sockets are let go, and "
        "running requests end.",
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="The port of this process's Prometheus metrics, one of its own for each "
        "process of a machine. Unset: none are served. See `docs/observing.md`.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="The address that metrics are served on. They name no person and no ticket, "
        "but whoever reaches it learns how busy you are.",
    )
    tracing: bool = Field(
        False,
        description="Whether operations, deliveries and webhooks are told as OpenTelemetry spans; "
        "needs `pip install 'guiche[otel]'`. `OTEL_EXPORTER_OTLP_ENDPOINT` says where to.",
    )
    log_level: Annotated[str, AfterValidator(forms.level)] = Field(
        "INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_format: LogFormat | None = Field(
        None,
        description="`json`, one object a line, or `console`. Unset: `json` in production.",
    )
