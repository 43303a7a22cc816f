"""Ids, instants, dates and times of day, as they travel."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError, GraphQLID, GraphQLScalarType, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from resolvers import ids
from resolvers.attachments import Upload
from resolvers.ids import Gid

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


def _write_id(value: Any) -> str:
    if isinstance(value, Gid):
        return ids.write(value.kind, value.uuid)
    if isinstance(value, UUID | str):
        return str(value)
    # Anything else written out would tell all that is in it.
    raise TypeError(f"{type(value).__name__} is not an id")


def _read_id(value: Any) -> Gid:
    """Before any resolver runs: what is no id of ours is told at its place in the request."""
    try:
        return ids.read(value if isinstance(value, str) else "")
    except ValueError:
        raise GraphQLError(
            "This is not an id. Ids are given by the API and never made up.",
            extensions={"code": "BAD_USER_INPUT"},
        ) from None


def _read_id_literal(node: ValueNode, _variables: Any = None) -> Gid:
    return _read_id(node.value if isinstance(node, StringValueNode) else None)


def _id_type() -> GraphQLScalarType:
    """GraphQL's own ID, reading and writing ours. graphql-core keeps the name for itself."""
    made: GraphQLScalarType = object.__new__(GraphQLScalarType)
    made.__dict__.update(GraphQLID.__dict__)
    made.__dict__.update(
        serialize=_write_id,
        coerce_output_value=_write_id,
        parse_value=_read_id,
        coerce_input_value=_read_id,
        parse_literal=_read_id_literal,
        coerce_input_literal=_read_id_literal,
    )
    return made


ID = ScalarDefinition(
    name="ID",
    description=None,
    specified_by_url=None,
    serialize=_write_id,
    parse_value=_read_id,
    parse_literal=None,
    implementation=_id_type(),
    print_definition=False,
)


def _write_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_instant(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None or len(value) < 11:
            raise ValueError("no instant")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(
            "This is not an instant. Write RFC 3339 with an offset, such as 2026-09-04T17:30:00Z.",
            extensions={"code": "BAD_USER_INPUT"},
        ) from None


DateTime = strawberry.scalar(
    name="DateTime",
    description="An instant: RFC 3339 with an offset on the way in, UTC on the way out.",
    serialize=_write_instant,
    parse_value=_read_instant,
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
)


def _read_date(value: Any) -> date:
    try:
        # Python reads more than this: 20260907, and weeks.
        if not isinstance(value, str) or not DATE.fullmatch(value):
            raise ValueError("no date")
        return date.fromisoformat(value)
    except ValueError:
        raise GraphQLError(
            "This is not a date. Write the year, the month and the day, such as 2026-09-07.",
            extensions={"code": "BAD_USER_INPUT"},
        ) from None


def _read_time(value: Any) -> time:
    if isinstance(value, str) and TIME.fullmatch(value):
        return time.fromisoformat(value)
    raise GraphQLError(
        "This is not a time of day. Write 00:00 to 23:59, with seconds or without, such as 09:30.",
        extensions={"code": "BAD_USER_INPUT"},
    )


Date = strawberry.scalar(
    name="Date",
    description="A day on a calendar, without a time zone: YYYY-MM-DD.",
    serialize=date.isoformat,
    parse_value=_read_date,
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
)
Time = strawberry.scalar(
    name="Time",
    description="A time of day on a clock on the wall, without a time zone: HH:MM or HH:MM:SS on "
    "the way in, HH:MM:SS on the way out.",
    serialize=time.isoformat,
    parse_value=_read_time,
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
)


def _read_upload(value: Any) -> Upload:
    if isinstance(value, Upload):
        return value
    raise GraphQLError(
        "A file comes as a part of a multipart/form-data request.",
        extensions={"code": "BAD_USER_INPUT"},
    )


def _write_upload(_value: Any) -> str:
    raise TypeError("a file is not answered")


File = strawberry.scalar(
    name="Upload",
    description="A file, sent as a part of a multipart/form-data request.",
    serialize=_write_upload,
    parse_value=_read_upload,
    specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
)
SCALARS: dict[object, ScalarDefinition] = {
    strawberry.ID: ID,
    datetime: DateTime,
    date: Date,
    time: Time,
    Upload: File,
}
