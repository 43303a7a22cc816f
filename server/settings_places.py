"""Where an installation is: what it keeps its things in, and the addresses people know it by."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy.engine import URL

from domain.addresses import Addresses
from server import settings_forms as forms
from storage.engine import parse


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Places(BaseSettings):
    guiche_env: Environment = Field(
        Environment.DEVELOPMENT,
        description="`development` or `production`. Production needs its own `SECRET_KEY`, sends "
        "cookies by https only, and shows no GraphiQL, no demo and no introspection to strangers.",
    )
    database_url: Annotated[str, AfterValidator(forms.database)] = Field(
        "sqlite:///./data/guiche.db",
        repr=False,
        description="Where everything is kept: `sqlite:///…` for one process, or "
        "`postgresql://user:password@host/name` for any number.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Connections that each process keeps to the database. Under load PostgreSQL "
        "may see three times as many, and four: as many again that are closed when they are no "
        "longer needed, as many that only read, for [reads by plan](reading.md), and four that "
        "read the feed.",
    )
    allow_unsafe_database: bool = Field(
        False,
        description="Start although PostgreSQL runs with `fsync`, `full_page_writes` or "
        "`synchronous_commit` off, and may lose what it confirmed. For trials only.",
    )
    redis_url: Annotated[str, AfterValidator(forms.redis)] = Field(
        "memory://",
        repr=False,
        description="What wakes the other processes: `redis://host:6379/0`, `rediss://…`, or "
        "`memory://` for one process. Without it changes arrive up to 2 seconds later.",
    )
    files_url: Annotated[str, AfterValidator(forms.files)] = Field(
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
    public_url: Annotated[str, AfterValidator(forms.address)] = Field(
        "",
        description="The address under which people reach this server, such as "
        "`https://care.example.com`: what links to files and short links begin with. Unset: "
        "`HOST` and `PORT` in development; in production files are told without a host, and "
        "links cannot be shortened.",
    )
    short_link_base: Annotated[str, AfterValidator(forms.address)] = Field(
        "",
        description="A shorter address that leads here too, for short links: "
        "`https://acme.link` makes `https://acme.link/s/…`. Unset: `PUBLIC_URL`.",
    )
    allowed_origins: Annotated[str, AfterValidator(forms.origins)] = Field(
        "",
        description="Web pages of other origins that may call the API and open its socket, "
        "separated by commas: `https://care.example.com`. The own origin always may.",
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1",
        description="Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, "
        "separated by commas; `*` where nobody else can reach the process.",
    )

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
        public = self.public_url or (None if self.production else self._at(host))
        return Addresses(public, self.short_link_base or public)

    @property
    def origins(self) -> tuple[str, ...]:
        return forms.listed(self.allowed_origins)

    def _at(self, host: str) -> str:
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
