"""What every stored thing has: an id that sorts by age, a workspace, times in UTC."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import uuid_utils
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

# Named constraints, so that a migration can speak of each on both databases.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata
MICROSECOND = timedelta(microseconds=1)


def new_id() -> UUID:
    """A UUIDv7: ids made later sort later, so indexes grow at one end."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. A naive time is refused, because nobody can know what it meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Span(TypeDecorator[timedelta]):
    """A length of time, exact to the microsecond on both databases."""

    impl = BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[timedelta]:
        return timedelta

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


SEPARATOR = "\x1f"


class Tags(TypeDecorator[tuple[str, ...]]):
    """A set of short words, kept so that either database can ask for one with LIKE."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else "".join(f"{SEPARATOR}{tag}" for tag in value) + SEPARATOR

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(tag for tag in value.split(SEPARATOR) if tag)


def word(values: type[StrEnum], name: str) -> Any:
    """A column of a closed list: text with a named CHECK, the same on both databases."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=24,
        values_callable=lambda listed: [each.value for each in listed],
    )


def only_where(clause: object) -> dict[str, Any]:
    """What an index needs to hold only some rows, on both databases."""
    return {"postgresql_where": clause, "sqlite_where": clause}


def late(target: str) -> ForeignKey:
    """A reference that is checked at commit, so that either side may be written first."""
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


@cache
def _usual(kind: type[SQLModel]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """What a new row says where it is not told otherwise: as it stands, and made each time."""
    fixed: dict[str, Any] = {}
    made: dict[str, Callable[[], Any]] = {}
    for name, field in kind.model_fields.items():
        if field.default_factory is not None:
            made[name] = cast(Callable[[], Any], field.default_factory)
        elif not field.is_required():
            assert field.default.__hash__, f"{kind.__name__}.{name} would be shared by all rows"
            fixed[name] = field.default
    return fixed, made


class Record(SQLModel):
    """Anything stored. It belongs to exactly one workspace."""

    # Nothing validates a row, so the validators need not be there when a process starts.
    model_config = SQLModelConfig(defer_build=True)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspace.id", index=False)

    if not TYPE_CHECKING:
        # SQLModel validates nothing in a table either, but makes each value travel through
        # pydantic and SQLAlchemy in turn: twenty times the cost, for every row of a batch.

        def __init__(self, **told: Any) -> None:
            fixed, made = _usual(type(self))
            state = self.__dict__
            state.update(fixed)
            for name, make in made.items():
                if name not in told:
                    state[name] = make()
            if not told.keys() <= type(self).model_fields.keys():
                unknown = ", ".join(sorted(told.keys() - type(self).model_fields.keys()))
                raise TypeError(f"{type(self).__name__} has no {unknown}")
            state.update(told)

        # A mapped attribute tells SQLAlchemy by itself that it was set.
        __setattr__ = object.__setattr__
