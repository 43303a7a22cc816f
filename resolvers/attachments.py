"""Files: uploaded, and found with the message or the reply that they belong to."""

from collections.abc import Awaitable
from hashlib import sha256

import strawberry

from domain.model.attachment import Attachment
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.operations import attaching
from resolvers.context import Info
from resolvers.inputs import key, told, uuid


class Upload:
    """A file as it came with a request."""

    __slots__ = ("data", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data

    def __str__(self) -> str:
        """What tells it from another, for a request that comes again."""
        return f"{self.name} {sha256(self.data).hexdigest()}"

    def __repr__(self) -> str:
        return "a file"


@strawberry.input(description="A file for a reply, or for a note.")
class UploadAttachmentInput:
    ticket_id: strawberry.ID = told("The ticket it will be sent on; not one that is CLOSED.")
    file: Upload = told(
        "At most 10 MiB, of a type that is taken: pictures, PDF, text, CSV, calendars, office "
        "documents without macros, sound and video. What is in it counts, not its name."
    )
    idempotency_key: str | None = key()


async def upload_attachment(info: Info, input: UploadAttachmentInput) -> Attachment:
    ticket_id = uuid(input.ticket_id, "Ticket", "ticketId")
    name, data = input.file.name, input.file.data
    return await info.context.once(input, attaching.upload, ticket_id, name, data)


def of_occurrence(
    occurrence: strawberry.Parent[Occurrence], info: Info
) -> Awaitable[list[Attachment] | None]:
    return info.context.loaders.occurrence_attachments(occurrence.id)


def of_reply(reply: strawberry.Parent[Reply], info: Info) -> Awaitable[list[Attachment] | None]:
    return info.context.loaders.reply_attachments(reply.id)


def url(attachment: strawberry.Parent[Attachment], info: Info) -> str:
    context = info.context
    return context.services.file_links.write(attachment.id, context.me, context.now)
