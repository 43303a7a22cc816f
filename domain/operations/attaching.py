"""Files that go out with replies: uploaded to a ticket first, dropped where nobody sends them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from domain.errors import Forbidden, WrongState
from domain.model.attachment import Attachment
from domain.rules import files
from domain.words import TicketStatus
from domain.work import Work


async def upload(work: Work, ticket_id: UUID, name: str, data: bytes) -> Attachment:
    """The file, kept for a reply to that ticket; nobody but the uploader sees it before."""
    ticket = await work.tickets.get(ticket_id)
    if not work.actor.handles(ticket.level_id):
        raise Forbidden("forbidden")
    if ticket.status is TicketStatus.CLOSED:
        raise WrongState("ticket_closed")

    kept = Attachment.of(
        files.examine(name, data),
        workspace_id=ticket.workspace_id,
        now=work.now,
        ticket_id=ticket.id,
        uploaded_by_id=work.actor.user_id,
    )

    # Before the row: what the row names is there. Should the row not come, the bytes are swept.
    await work.files.put(kept.storage_key, data)
    await work.attachments.put([kept])
    return kept


async def forget_unsent(work: Work, before: datetime, most: int) -> Sequence[str]:
    """Where the bytes lie of uploads that nobody sent; their rows are gone."""
    unsent = await work.attachments.take_unsent(before, most)
    if unsent:
        await work.attachments.forget(unsent)
    return [each.storage_key for each in unsent]


async def nameless(work: Work, storage_keys: Collection[str]) -> Sequence[str]:
    """Those of the keys that no row names."""
    named = await work.attachments.named(storage_keys)
    return sorted(set(storage_keys) - set(named))
