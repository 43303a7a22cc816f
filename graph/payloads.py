"""What a mutation answers: the thing changed, or nothing, and why not."""

from datetime import datetime
from typing import Any

import strawberry

from domain.answers import Deleted, Pulled
from graph.approval import Approval
from graph.attachment import Attachment
from graph.calendar import Calendar
from graph.call import Call
from graph.composing import CannedReply, ShortLink
from graph.errors import UserError, user_errors
from graph.fields import fetched, shown, value
from graph.history import HistoryRequest
from graph.presence import Presence
from graph.publisher import FieldDefinition
from graph.reply import Reply
from graph.ticket import Occurrence, Publisher, Ticket
from graph.webhook import WebhookDelivery, WebhookEndpoint
from graph.workspace import Account, ApiKey, Level, Me, Monitoring, TicketType, User
from resolvers import handling
from resolvers.context import Info
from resolvers.ids import Gid


@value(description="Every payload tells what was refused.", interface=True, name="Payload")
class Answer:
    user_errors: list[UserError] = shown("Why nothing was done; empty when it was.")

    @classmethod
    def told(cls, done: Any, _info: Info) -> Any:
        """What was done, in the payload's words: the thing itself under its own name."""
        names = [name for name in cls.__annotations__ if name != "user_errors"]
        if len(names) == 1 and not hasattr(done, names[0]):
            return cls(**{names[0]: done}, user_errors=[])
        return cls(**{name: getattr(done, name) for name in names}, user_errors=[])

    @classmethod
    def refused(cls, errors: list[UserError], asked: Any = None) -> Any:
        return cls(**cls.nothing(asked), user_errors=errors)

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {name: None for name in cls.__annotations__ if name != "user_errors"}


THING = "The thing as it is now; null when refused."


@value(description="A ticket, opened or changed.")
class TicketPayload(Answer):
    ticket: Ticket | None = shown(THING)


@value(description="Somebody is at a ticket, or has left it.")
class PresencePayload(Answer):
    viewers: list[Presence] = shown("Who is there now, the caller too; none when refused.")

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"viewers": []}


@value(description="The tickets pulled.")
class GetTicketsPayload(Answer):
    tickets: list[Ticket] = shown("Now the caller's, until the lease ends or they are touched.")
    waiting = fetched(handling.still_waiting, int, "How many still wait in those levels.")
    pulled: strawberry.Private[Pulled | None]

    @classmethod
    def told(cls, done: Any, _info: Info) -> Any:
        return cls(tickets=done.tickets, pulled=done, user_errors=[])

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"tickets": [], "pulled": None}


@value(description="A ticket removed.")
class RemoveTicketPayload(Answer):
    removed_id: strawberry.ID | None = shown("The id that no longer is.")

    @classmethod
    def told(cls, done: Any, info: Info) -> Any:
        removed: Any = Gid("Ticket", done.removed_id)
        return cls(removed_id=removed, user_errors=[])


@value(description="A reply decided on.")
class ApprovalPayload(Answer):
    approval: Approval | None = shown("The approval as it is now; null when refused.")
    ticket: Ticket | None = shown("The ticket after it.")


@value(description="Something written on a ticket.")
class ReplyPayload(Answer):
    reply: Reply | None = shown("What was written.")
    ticket: Ticket | None = shown("The ticket after it.")
    approval: Approval | None = shown("Where it is held: the decision that it waits for.")


@value(description="A telephone call recorded.")
class RecordCallPayload(Answer):
    call: Call | None = shown("What was recorded.")
    ticket: Ticket | None = shown("The ticket after it.")


@value(description="A history on its way to its consumer.")
class RequestHistoryPayload(Answer):
    history_request: HistoryRequest | None = shown(
        "The request; the one before, while that is still on its way."
    )


@value(description="A file uploaded.")
class AttachmentPayload(Answer):
    attachment: Attachment | None = shown("The file, to be sent with a reply within 24 hours.")


@value(description="A canned reply saved.")
class CannedReplyPayload(Answer):
    canned_reply: CannedReply | None = shown(THING)


@value(description="A text with its links made short.")
class ShortenLinksPayload(Answer):
    text: str = shown("The text with the short links; as it was when refused.")
    links: list[ShortLink] = shown("The short links that were made for it.")

    @classmethod
    def nothing(cls, asked: Any) -> dict[str, Any]:
        return {"text": asked.text, "links": []}


@value(description="A publisher as they are known now.")
class PublisherPayload(Answer):
    publisher: Publisher | None = shown(THING)


@value(description="What stands in a masked field.")
class RevealFieldPayload(Answer):
    value: str | None = shown(
        "Told this once: a retry with the same idempotencyKey is answered without it. Null where "
        "nothing is known."
    )


@value(description="A field definition saved.")
class FieldDefinitionPayload(Answer):
    field_definition: FieldDefinition | None = shown(THING)


@value(description="What became of a message.")
class ReceiveOccurrencePayload(Answer):
    occurrence: Occurrence | None = shown("The message as kept.")
    ticket: Ticket | None = shown("The ticket it belongs to; null for a historical one.")
    duplicate: bool = shown("It had come before; nothing was done twice.")

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"occurrence": None, "ticket": None, "duplicate": False}

    @classmethod
    def of(cls, received: Any, info: Info) -> Any:
        if received.refusal is not None:
            info.context.refusals.append(received.refusal.code.value)
            return cls.refused(user_errors(received.refusal, info.context.locale))
        return cls.told(received, info)


@value(description="What became of each message, in the order they were given.")
class ReceiveOccurrencesPayload(Answer):
    results: list[ReceiveOccurrencePayload] = shown("One for each message.")

    @classmethod
    def told(cls, done: Any, info: Info) -> Any:
        results = [ReceiveOccurrencePayload.of(each, info) for each in done.results]
        return cls(results=results, user_errors=[])

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"results": []}


@value(description="Somebody signed in.")
class SignInPayload(Answer):
    me: Me | None = shown("Who, and what they may do.")
    access_token: str | None = shown(
        "For `Authorization: Bearer …`, and for connection_init; it lives for minutes. The session "
        "behind it travels in a cookie: ask for refreshSession before it ends."
    )
    expires_at: datetime | None = shown("When the access token ends.")


@value(description="Nobody is signed in any more.")
class SignOutPayload(Answer):
    @classmethod
    def told(cls, done: Any, info: Info) -> Any:
        return cls(user_errors=[])


@value(description="A level saved.")
class LevelPayload(Answer):
    level: Level | None = shown(THING)
    open_tickets: int | None = shown(
        "Told when it was disabled: how many tickets are still open here, for it takes no others."
    )


@value(description="A calendar saved.")
class CalendarPayload(Answer):
    calendar: Calendar | None = shown(THING)


@value(description="Open tickets moved to the rules of today, or counted.")
class RecomputeSlaPayload(Answer):
    changed: int = shown("How many have another deadline by it; with dryRun, would have.")

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"changed": 0}


@value(description="An account saved.")
class AccountPayload(Answer):
    account: Account | None = shown(THING)
    webhook_secret: str | None = shown(
        "What signs its webhook, told this once when it was made here."
    )


@value(description="An account, tried.")
class TestAccountPayload(Answer):
    account: Account | None = shown(THING)


@value(description="A monitoring saved.")
class MonitoringPayload(Answer):
    monitoring: Monitoring | None = shown(THING)


@value(description="A ticket type saved.")
class TicketTypePayload(Answer):
    ticket_type: TicketType | None = shown(THING)


@value(description="A person saved.")
class UserPayload(Answer):
    user: User | None = shown(THING)


@value(description="A key made.")
class CreateApiKeyPayload(Answer):
    api_key: ApiKey | None = shown("The key, without its secret.")
    secret: str | None = shown("The secret, told this once.")


@value(description="Something ended.")
class DeletePayload(Answer):
    deleted_id: strawberry.ID | None = shown("What was ended.")

    @classmethod
    def told(cls, done: Any, info: Info) -> Any:
        kind = done.kind if isinstance(done, Deleted) else type(done).__name__
        ended: Any = Gid(kind, done.id)
        return cls(deleted_id=ended, user_errors=[])


@value(description="A partner's endpoint saved, or given another secret.")
class WebhookEndpointPayload(Answer):
    endpoint: WebhookEndpoint | None = shown(THING)
    secret: str | None = shown("What signs what it is told, told this once when it was made here.")


@value(description="An event on its way to a partner.")
class WebhookDeliveryPayload(Answer):
    delivery: WebhookDelivery | None = shown(THING)


@value(description="Dead letters, told again.")
class ReplayWebhookDeliveriesPayload(Answer):
    endpoint: WebhookEndpoint | None = shown(THING)
    replayed: int = shown("How many are on their way again.")

    @classmethod
    def nothing(cls, _asked: Any) -> dict[str, Any]:
        return {"endpoint": None, "replayed": 0}
