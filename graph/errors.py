"""Refusals told with a code; everything else masked with an incident number."""

import secrets
from collections.abc import Sequence
from traceback import extract_tb
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError

from domain.errors import (
    AlreadyDecided,
    ErrorCode,
    Refusal,
    StaleReply,
    Unavailable,
    VersionConflict,
)
from domain.model.approval import Approval as ApprovalRow
from domain.model.calendar import Calendar as CalendarRow
from domain.model.level import Level as LevelRow
from domain.model.publisher import FieldDefinition as DefinitionRow
from domain.model.publisher import Publisher as PublisherRow
from domain.model.ticket import Ticket as TicketRow
from domain.model.webhook import WebhookEndpoint as EndpointRow
from domain.sentences import SENTENCES
from domain.words import Locale
from graph.approval import Approval
from graph.calendar import Calendar
from graph.fields import value
from graph.limits import OverLimit
from graph.publisher import FieldDefinition
from graph.ticket import HistoryEntry, Publisher, Ticket
from graph.trusted import Untrusted
from graph.webhook import WebhookEndpoint
from graph.workspace import Level
from resolvers.context import Told

log = structlog.get_logger(__name__)
CODE = "Why, for programs."
MESSAGE = "Why, for people: Portuguese or English by Accept-Language."
FIELD = "Where in the input: the path of the field that is wrong."


@value(description="Something that was refused; nothing was changed.", interface=True)
class UserError:
    code: ErrorCode = strawberry.field(description=CODE)
    message: str = strawberry.field(description=MESSAGE)
    field: list[str] | None = strawberry.field(description=FIELD)


@value(description="The input cannot be right as it is.")
class InvalidInput(UserError):
    pass


@value(description="The input is right, but it may not or cannot be done now.")
class Refused(UserError):
    pass


@value(description="Somebody changed the ticket first.", name="VersionConflict")
class VersionConflictError(UserError):
    current: Ticket = strawberry.field(description="The ticket as it is now.")
    changed_fields: list[str] = strawberry.field(description="What changed since that version.")


@value(description="Somebody changed the level first.")
class LevelConflict(UserError):
    current: Level = strawberry.field(description="The level as it is now.")


@value(
    description="The publisher wrote while the reply was being written, or waited for approval; "
    "nothing was sent.",
    name="StaleReply",
)
class StaleReplyError(UserError):
    new_entries: list[HistoryEntry] = strawberry.field(
        description="What came, oldest first; the first hundred."
    )
    cursor: str = strawberry.field(
        description="The feed's cursor now: give it back as basedOn once they were read."
    )


@value(description="Somebody changed the approval first, or decided on it.")
class ApprovalConflict(UserError):
    current: Approval = strawberry.field(description="The approval as it is now.")


@value(description="Somebody changed the publisher first.")
class PublisherConflict(UserError):
    current: Publisher = strawberry.field(description="The publisher as they are known now.")


@value(description="Somebody changed the field definition first.")
class FieldDefinitionConflict(UserError):
    current: FieldDefinition = strawberry.field(description="The definition as it is now.")


@value(description="Somebody changed the calendar first.")
class CalendarConflict(UserError):
    current: Calendar = strawberry.field(description="The calendar as it is now.")


@value(description="Somebody changed the endpoint first.")
class WebhookEndpointConflict(UserError):
    current: WebhookEndpoint = strawberry.field(description="The endpoint as it is now.")


CONFLICTS: dict[type[Any], type[Any]] = {
    LevelRow: LevelConflict,
    PublisherRow: PublisherConflict,
    DefinitionRow: FieldDefinitionConflict,
    CalendarRow: CalendarConflict,
    EndpointRow: WebhookEndpointConflict,
}
INVALID = {ErrorCode.INVALID, ErrorCode.TOO_LONG, ErrorCode.TOO_LARGE}


def user_errors(refusal: Refusal, locale: Locale) -> list[UserError]:
    parts: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message(locale),
        "field": list(refusal.field) or None,
    }
    if isinstance(refusal, VersionConflict) and isinstance(refusal.current, TicketRow):
        return [
            VersionConflictError(
                **parts,
                current=refusal.current,  # type: ignore[arg-type]
                changed_fields=refusal.changed_fields,
            )
        ]
    if isinstance(refusal, VersionConflict) and type(refusal.current) in CONFLICTS:
        return [CONFLICTS[type(refusal.current)](**parts, current=refusal.current)]
    if isinstance(refusal, StaleReply):
        return [StaleReplyError(**parts, new_entries=refusal.new_entries, cursor=refusal.cursor)]
    if isinstance(refusal, VersionConflict | AlreadyDecided) and isinstance(
        refusal.current, ApprovalRow
    ):
        return [ApprovalConflict(**parts, current=refusal.current)]  # type: ignore[arg-type]
    kind = InvalidInput if refusal.code in INVALID else Refused
    return [kind(**parts)]


def tell(error: GraphQLError, context: Any = None) -> dict[str, Any]:
    """The error as it goes out: its code and a sentence, or an incident number and no more."""
    locale = getattr(context, "locale", Locale.EN)
    shown: dict[str, Any] = {**error.formatted}
    if isinstance(error, OverLimit | Untrusted):
        return {**shown, "message": error.told(locale)}
    fault = error.original_error
    if fault is None or isinstance(fault, GraphQLError):
        return shown
    if isinstance(fault, Refusal):
        return _told(shown, fault.code.value, fault.message(locale), field=fault.field)
    if isinstance(fault, Told):
        return _told(shown, fault.code, SENTENCES[fault.sentence][locale].format(**fault.values))
    if isinstance(fault, Unavailable):
        return _told(shown, "UNAVAILABLE", SENTENCES["unavailable"][locale], retryable=True)
    incident = secrets.token_hex(6)
    # Where, but not what it says: an exception may quote a message body.
    log.error(
        "graphql.fault",
        incident=incident,
        fault=type(fault).__qualname__,
        path=".".join(str(part) for part in error.path or ()),
        where=[f"{at.filename}:{at.lineno} {at.name}" for at in extract_tb(fault.__traceback__)],
    )
    sentence = SENTENCES["incident"][locale].format(incident=incident)
    return _told(shown, "INTERNAL", sentence, incident=incident)


def _told(
    shown: dict[str, Any], code: str, message: str, field: Sequence[str] = (), **more: Any
) -> dict[str, Any]:
    extensions = {"code": code, **({"field": list(field)} if field else {}), **more}
    return {**shown, "message": message, "extensions": extensions}
