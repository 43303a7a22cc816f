"""People who work here, the sessions they open, and the keys of programs."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field

from domain.model.base import Record, Tags, UTCDateTime, word
from domain.rules.access import Permission, Scope
from domain.words import Role

SESSION_LENGTH = timedelta(days=30)
# Two tabs may refresh at the same moment; only the first gets the new secret's cookie set last.
ROTATION_GRACE = timedelta(seconds=30)


class User(Record, table=True):
    name: str = Field(max_length=120)
    email: str = Field(max_length=254, unique=True)
    """Lower case. One e-mail signs in to one workspace."""
    password_hash: str | None = Field(default=None, max_length=255)
    role: Role = Field(sa_type=word(Role, "role"))
    active: bool = True
    available: bool = True
    grants: Sequence[str] = Field(default=(), sa_type=Tags)
    """Permissions beyond the role."""
    created_at: datetime = Field(sa_type=UTCDateTime)

    @property
    def granted(self) -> frozenset[Permission]:
        return frozenset(Permission(each) for each in self.grants)

    def grant(self, permissions: Collection[Permission]) -> None:
        self.grants = tuple(sorted(each.value for each in permissions))

    def rename(self, name: str) -> None:
        self.name = name

    def change_email(self, email: str) -> None:
        self.email = email

    def change_role(self, role: Role) -> None:
        self.role = role

    def change_password(self, password_hash: str) -> None:
        self.password_hash = password_hash

    def activate(self, active: bool) -> None:
        self.active = active

    def attend(self, available: bool) -> None:
        self.available = available


class Session(Record, table=True):
    """A person signed in on one device. The secret is in their cookie; here is its hash."""

    user_id: UUID = Field(foreign_key="user.id", index=True)
    secret_hash: str = Field(max_length=64, unique=True)
    previous_hash: str | None = Field(default=None, max_length=64, index=True)
    created_at: datetime = Field(sa_type=UTCDateTime)
    rotated_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    def alive(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def rotate(self, secret_hash: str, now: datetime) -> None:
        self.previous_hash = self.secret_hash
        self.secret_hash = secret_hash
        self.rotated_at = now
        self.expires_at = now + SESSION_LENGTH

    def replayed(self, secret_hash: str, now: datetime) -> bool:
        """An old secret came back too late to be a second tab: somebody has a copy."""
        return secret_hash == self.previous_hash and now - self.rotated_at > ROTATION_GRACE

    def revoke(self, now: datetime) -> None:
        self.revoked_at = self.revoked_at or now


class ApiKey(Record, table=True):
    """A program's way in: shown once, kept as a prefix and a keyed hash."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"), Index(None, "workspace_id"))

    name: str = Field(max_length=120)
    prefix: str = Field(max_length=16, unique=True)
    secret_hash: str = Field(max_length=64)
    scopes: list[str] = Field(sa_type=JSON)
    level_ids: list[str] | None = Field(default=None, sa_type=JSON)
    """The levels that a display shows or a partner may ask about; None for every other key."""
    created_at: datetime = Field(sa_type=UTCDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    @property
    def granted(self) -> frozenset[Scope]:
        return frozenset(Scope(scope) for scope in self.scopes)

    @property
    def levels(self) -> frozenset[UUID]:
        return frozenset(UUID(each) for each in self.level_ids or ())

    def revoke(self, now: datetime) -> None:
        self.revoked_at = self.revoked_at or now

    def used(self, now: datetime) -> None:
        self.last_used_at = now
