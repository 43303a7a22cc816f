"""Identifiers as callers hold them: opaque, of one kind each, the same for ever.

Seventeen bytes, base64url: a tag that names the kind and the UUID. This is the one place that
turns one into the other.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from domain.errors import NotFound

TAGS = {
    "Workspace": 1,
    "User": 2,
    "Level": 3,
    "Account": 4,
    "Monitoring": 5,
    "TicketType": 6,
    "Publisher": 7,
    "Profile": 8,
    "Occurrence": 9,
    "Ticket": 10,
    "Reply": 11,
    "HistoryEntry": 12,
    "ApiKey": 13,
    "Calendar": 14,
    "Approval": 15,
    "CannedReply": 16,
    "Attachment": 17,
    "ShortLink": 18,
    "FieldDefinition": 19,
    "PublisherEntry": 20,
    "WebhookEndpoint": 21,
    "WebhookDelivery": 22,
}
KINDS = {tag: kind for kind, tag in TAGS.items()}
THINGS = {
    "TicketType": "ticket type",
    "HistoryEntry": "history entry",
    "ApiKey": "API key",
    "CannedReply": "canned reply",
    "ShortLink": "short link",
    "FieldDefinition": "field definition",
    "PublisherEntry": "publisher entry",
    "WebhookEndpoint": "webhook endpoint",
    "WebhookDelivery": "webhook delivery",
}


class Gid(NamedTuple):
    """A global id, read: of what kind, and which one."""

    kind: str
    uuid: UUID

    def of(self, kind: str, *field: str) -> UUID:
        """The UUID if it is of that kind; an id of another kind is an id of nothing."""
        if self.kind != kind:
            raise NotFound("not_found", field=field, thing=THINGS.get(kind, kind.lower()))
        return self.uuid


def write(kind: str, uuid: UUID) -> str:
    return urlsafe_b64encode(bytes([TAGS[kind]]) + uuid.bytes).rstrip(b"=").decode()


def either(kind: str, text: str) -> UUID:
    """The id as the API gives it, or the plain UUID of the command line and the logs."""
    if len(text) == len(str(UUID(int=0))):
        return UUID(text)
    return read(text).of(kind)


def read(text: str) -> Gid:
    """ValueError when it is not an id that we could have written."""
    if len(text) != 23:
        raise ValueError("not an id")
    raw = urlsafe_b64decode(text.encode("ascii") + b"=")
    kind = KINDS.get(raw[0])
    if kind is None or write(kind, UUID(bytes=raw[1:])) != text:
        raise ValueError("not an id")
    return Gid(kind, UUID(bytes=raw[1:]))
