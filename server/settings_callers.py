"""Who is let in, and how much they may ask."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from domain.rules.capability import MEBIBYTE
from graph.limits import Limits
from server import settings_forms as forms


class Callers(BaseSettings):
    oidc_issuer: Annotated[str, AfterValidator(forms.confidential)] | None = Field(
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
    protocol_tries: int = Field(
        10,
        ge=1,
        le=10_000,
        description="How often one protocol may be looked up from one address in 24 hours, with a "
        "right or a wrong proof.",
    )
    protocol_tries_from_everywhere: int = Field(
        50,
        ge=1,
        le=100_000,
        description="How often one protocol may be looked up with a proof in 24 hours, from all "
        "addresses together: so many of 10,000 guesses.",
    )
    protocol_lookups_of_address: int = Field(
        100,
        ge=1,
        le=100_000,
        description="How many protocols one address may look up with a proof in 5 minutes.",
    )
    protocol_lookups_of_key: int = Field(
        3_000,
        ge=1,
        le=1_000_000,
        description="How many protocols a key with the scope `protocol` may look up in 5 minutes.",
    )
    protocol_answers: int = Field(
        20,
        ge=1,
        le=10_000,
        description="How many messages may be written from the page of one protocol in 5 minutes.",
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

    uploads_mebibytes: int = Field(
        512,
        ge=128,
        description="How many MiB of requests with files each process holds at a time. One "
        "caller's may be a quarter of it, and at least 128.",
    )

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
    def uploads(self) -> tuple[int, int]:
        """How many bytes of files are held at a time, and how many of one caller."""
        most = self.uploads_mebibytes
        return most * MEBIBYTE, max(most // 4, 128) * MEBIBYTE

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
