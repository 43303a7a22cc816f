"""Every setting: what it is called in the environment, what it means, and what it is by default.

`docs/operating.md` shows the table that `as_table` makes of the descriptions below.
"""

import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL

from domain.addresses import Addresses
from graph.limits import Limits
from storage.engine import parse

SECRET_LENGTH = 32
LOOPBACK = ("localhost", "127.0.0.1", "::1")
REDIS_SCHEMES = ("memory://", "redis://", "rediss://")


class BadSettings(Exception):
    """Settings that cannot be worked with; the message names each variable and what it needs."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


def _database(url: str) -> str:
    try:
        parsed = parse(url)
    except Exception:
        # SQLAlchemy's own message repeats the address, and that may hold a password.
        raise ValueError("write sqlite:///path or postgresql://user:password@host/name") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file: sqlite:///./data/guiche.db")
    return url


def _files(url: str) -> str:
    if url and not url.startswith(("file:///", "s3://")):
        raise ValueError("write file:///folder or s3://bucket/prefix?endpoint=https://…")
    return url


def _redis(url: str) -> str:
    if not url.startswith(REDIS_SCHEMES):
        raise ValueError("write memory://, redis://host:6379/0 or rediss://host:6379/0")
    return url


def _http(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("write http://host:port/sandbox")
    return url.rstrip("/")


def _origins(value: str) -> str:
    for origin in _listed(value):
        scheme, mark, host = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not host or "/" in host or "*" in host:
            raise ValueError(
                "write full origins without a path, separated by commas, "
                "such as https://care.example.com"
            )
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if value and not (parts.scheme in ("http", "https") and parts.hostname and plain):
        raise ValueError("write a full address, such as https://care.example.com")
    return value.rstrip("/")


def _level(value: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if value.upper() not in levels:
        raise ValueError(f"write one of {', '.join(levels)}")
    return value.upper()


def confidential(address: str) -> str:
    """The address, if nobody on the way reads what goes there: https, or this same machine."""
    parts = urlsplit(address)
    alone = not (parts.username or parts.password or parts.fragment)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (alone and secure and parts.hostname):
        raise ValueError("write a full https address, such as https://login.example.com")
    return address


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())


class Settings(BaseSettings):
    """Read from the environment, then from a file `.env` in the current folder."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    guiche_env: Environment = Field(
        Environment.DEVELOPMENT,
        description="`development` or `production`. Production needs its own `SECRET_KEY`, sends "
        "cookies by https only, and shows no GraphiQL, no demo and no introspection to strangers.",
    )
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        "sqlite:///./data/guiche.db",
        repr=False,
        description="Where everything is kept: `sqlite:///…` for one process, or "
        "`postgresql://user:password@host/name` for any number.",
    )
    redis_url: Annotated[str, AfterValidator(_redis)] = Field(
        "memory://",
        repr=False,
        description="What wakes the other processes: `redis://host:6379/0`, `rediss://…`, or "
        "`memory://` for one process. Without it changes arrive up to 2 seconds later.",
    )
    files_url: Annotated[str, AfterValidator(_files)] = Field(
        "",
        description="Where attachments are kept: `file:///folder`, or any store that speaks S3, "
        "`s3://bucket/prefix?endpoint=https://…&region=…`. Unset: a folder `files` beside the "
        "SQLite file, or in the current one. All processes need the same.",
    )
    files_access_key: str = Field("", description="The S3 store's access key id.")
    files_secret_key: SecretStr = Field(
        SecretStr(""), description="The S3 store's secret access key."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs tokens and seals what is confidential; at least 32 characters, the "
        "same for all processes, and kept: with another key nothing sealed can be read. "
        "In development one is made and kept beside the SQLite file.",
    )
    host: str = Field("127.0.0.1", description="The address that `guiche serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="The port that `guiche serve` listens on.")
    public_url: Annotated[str, AfterValidator(_address)] = Field(
        "",
        description="The address under which people reach this server, such as "
        "`https://care.example.com`: what links to files and short links begin with. Unset: "
        "`HOST` and `PORT` in development; in production files are told without a host, and "
        "links cannot be shortened.",
    )
    short_link_base: Annotated[str, AfterValidator(_address)] = Field(
        "",
        description="A shorter address that leads here too, for short links: "
        "`https://acme.link` makes `https://acme.link/s/…`. Unset: `PUBLIC_URL`.",
    )
    allowed_origins: Annotated[str, AfterValidator(_origins)] = Field(
        "",
        description="Web pages of other origins that may call the API and open its socket, "
        "separated by commas: `https://care.example.com`. The own origin always may.",
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1",
        description="Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, "
        "separated by commas; `*` where nobody else can reach the process.",
    )
    oidc_issuer: Annotated[str, AfterValidator(confidential)] | None = Field(
        None,
        description="The OpenID Connect provider that people may sign in with, exactly as it "
        "names itself: `https://login.example.com`. Unset: passwords only. See `docs/oidc.md`.",
    )
    oidc_client_id: str = Field("", description="What the provider calls this installation.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="What this installation shows the provider to be itself."
    )
    oidc_label: str = Field(
        "",
        max_length=60,
        description="What people call the provider, for the button to sign in with it. Unset: "
        "the issuer's host.",
    )
    access_token_minutes: int = Field(
        15, ge=1, le=60, description="How long an access token is good; sessions renew it."
    )
    tick_milliseconds: int = Field(
        5,
        ge=0,
        le=1000,
        description="What is committed within so many milliseconds reaches subscribers as one "
        "message. 2 to 20 is sensible: more joins more, and tells it later.",
    )
    presence_seconds: int = Field(
        30,
        ge=2,
        le=300,
        description="How long somebody who has said that they look at a ticket is shown there, "
        "unless they say it again. All processes need the same.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Connections that each process keeps to the database. Under load PostgreSQL "
        "may see three times as many: as many again that are closed when they are no longer "
        "needed, and a pool of as many that only read, for [reads by plan](reading.md).",
    )
    allow_unsafe_database: bool = Field(
        False,
        description="Start although PostgreSQL runs with `fsync`, `full_page_writes` or "
        "`synchronous_commit` off, and may lose what it confirmed. For trials only.",
    )
    embedded_worker: bool | None = Field(
        None,
        description="Whether `guiche serve` also does the worker's part. Unset: yes with SQLite, "
        "no with PostgreSQL, where `guiche work` does it.",
    )
    document_tokens: int = Field(
        2_000, ge=100, le=100_000, description="How many tokens a GraphQL document may have."
    )
    document_depth: int = Field(
        10, ge=3, le=50, description="How many fields deep a document may go."
    )
    document_aliases: int = Field(
        30,
        ge=0,
        le=10_000,
        description="How many aliases it may have, those of fragments each time they are spread.",
    )
    document_root_fields: int = Field(
        20, ge=1, le=1_000, description="How many fields it may ask at its root."
    )
    document_directives: int = Field(
        50, ge=0, le=10_000, description="How many directives it may have."
    )
    document_cost: int = Field(
        5_000,
        ge=100,
        le=1_000_000,
        description="What an operation may cost: the sizes of its "
        "pages, multiplied along their nesting. See `docs/limits.md`.",
    )
    trusted_documents: Path | None = Field(
        None,
        description="A file with the documents of your clients, as their build writes it: they "
        "are asked for by id then. See `docs/limits.md`.",
    )
    trusted_documents_only: bool = Field(
        False, description="Run no other documents than those of `TRUSTED_DOCUMENTS`."
    )
    sign_in_tries: int = Field(
        10,
        ge=1,
        le=10_000,
        description="How often one e-mail may be tried from one address in 5 "
        "minutes, right or wrong.",
    )
    sign_in_tries_of_address: int = Field(
        100,
        ge=1,
        le=100_000,
        description="How often one address may try to sign in in 5 minutes, "
        "and may fail elsewhere: at the provider, at a webhook.",
    )
    cost_per_minute: int = Field(
        600_000,
        ge=0,
        description="What one caller may spend in a minute, in each process; see "
        "`docs/limits.md`. `0`: as much as they like.",
    )
    sockets_per_caller: int = Field(
        100,
        ge=0,
        description="How many websockets one sign-in or key may hold in each process. "
        "`0`: as many as they like.",
    )
    sockets_per_address: int = Field(
        2_000,
        ge=0,
        description="How many websockets may come from one address in each process. "
        "`0`: as many as there are.",
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
    sandbox_url: Annotated[str, AfterValidator(_http)] = Field(
        "",
        description="Where `SANDBOX` accounts send to. Unset: `/sandbox` of `HOST` and `PORT`.",
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
    log_level: Annotated[str, AfterValidator(_level)] = Field(
        "INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_format: LogFormat | None = Field(
        None,
        description="`json`, one object a line, or `console`. Unset: `json` in production.",
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
    def _provider_knows_us(self) -> Self:
        secret = self.oidc_client_secret.get_secret_value()
        given = (self.oidc_issuer, self.oidc_client_id, secret)
        if any(given) and not all(given):
            raise ValueError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together")
        return self

    @model_validator(mode="after")
    def _only_what_is_trusted_is_something(self) -> Self:
        if self.trusted_documents_only and self.trusted_documents is None:
            raise ValueError("TRUSTED_DOCUMENTS_ONLY: name their file in TRUSTED_DOCUMENTS")
        return self

    @property
    def production(self) -> bool:
        return self.guiche_env is Environment.PRODUCTION

    @property
    def database(self) -> URL:
        return parse(self.database_url)

    @property
    def sqlite_file(self) -> Path | None:
        """The database, where it is one file."""
        url = self.database
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def files(self) -> str:
        """The address of the file store."""
        if self.files_url:
            return self.files_url
        beside = self.sqlite_file.parent if self.sqlite_file is not None else Path()
        return (beside / "files").resolve().as_uri()

    @property
    def files_secrets(self) -> dict[str, str]:
        secret = self.files_secret_key.get_secret_value()
        if not self.files_access_key:
            return {}
        return {"access_key_id": self.files_access_key, "secret_access_key": secret}

    @property
    def addresses(self) -> Addresses:
        """What links to this server begin with."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host
        here = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        public = self.public_url or (None if self.production else here)
        return Addresses(public, self.short_link_base or public)

    @property
    def limits(self) -> Limits:
        """What one document may ask."""
        return Limits(
            tokens=self.document_tokens,
            depth=self.document_depth,
            aliases=self.document_aliases,
            root_fields=self.document_root_fields,
            directives=self.document_directives,
            cost=self.document_cost,
        )

    @property
    def origins(self) -> tuple[str, ...]:
        return _listed(self.allowed_origins)

    @property
    def has_sandbox(self) -> bool:
        return not self.production if self.sandbox is None else self.sandbox

    @property
    def sandbox_at(self) -> str | None:
        """Where the pretend network is; None where there is none."""
        if self.sandbox_url or not self.has_sandbox:
            return self.sandbox_url or None
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/sandbox"

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
