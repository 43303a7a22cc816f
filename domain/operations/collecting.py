"""Files that lie at networks, fetched for messages that are kept.

The message does not wait for its files. Each is asked for by one process at a time, again and again
for half a day, and becomes an attachment of its message, or an entry that says why it did not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from domain.errors import Refusal
from domain.events import AttachmentKept, AttachmentLost, Fact
from domain.model.attachment import Attachment
from domain.model.media import AwaitedFile
from domain.model.occurrence import Occurrence
from domain.post import Media
from domain.rules import files
from domain.sentences import SENTENCES
from domain.words import Locale, Network
from domain.work import Work

LEASE = timedelta(minutes=2)
"""After which another process asks for it, if nothing was heard of the one that did."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One file, which whoever holds this may fetch."""

    awaited_id: UUID
    lease_id: UUID
    network: Network
    media: Media
    connection: Mapping[str, Any]


async def claim(work: Work, most: int) -> Sequence[Errand]:
    """What to fetch now, marked so."""
    due = await work.awaited.take_due(work.now, most)
    accounts = await work.accounts.find({each.account_id for each in due})
    errands = []
    for each in due:
        account = accounts[each.account_id]
        lease_id = each.lease(work.now + LEASE)
        sealed = account.sealed_connection
        try:
            connection = orjson.loads(work.secrets.unseal(sealed)) if sealed else {}
        except ValueError:
            connection = {}
        errands.append(Errand(each.id, lease_id, account.network, each.media, connection))
    return errands


async def kept(work: Work, errand: Errand, data: bytes) -> None:
    """It is here: an attachment, where it is of a kind that is kept."""
    awaited = await work.awaited.take_leased(errand.awaited_id, errand.lease_id)
    if awaited is None:
        return
    try:
        examined = files.examine(files.plain(awaited.file_name) or files.NAMELESS, data)
    except Refusal as refusal:
        await _end(work, awaited, _lost(awaited), refusal.message(Locale.PT_BR))
        return
    occurrence = await _held(work, awaited)
    attachment = Attachment.of(
        examined,
        workspace_id=awaited.workspace_id,
        now=work.now,
        ticket_id=occurrence.ticket_id,
        occurrence_id=occurrence.id,
    )
    await work.files.put(attachment.storage_key, data)
    await work.attachments.put([attachment])
    kept = AttachmentKept(
        became=attachment.file_name,
        became_id=attachment.id,
        occurrence_id=occurrence.id,
        automated=True,
    )
    await _end(work, awaited, kept)


async def lost(work: Work, errand: Errand, sentence: str) -> None:
    """It will not be had."""
    awaited = await work.awaited.take_leased(errand.awaited_id, errand.lease_id)
    if awaited is not None:
        await _end(work, awaited, _lost(awaited), SENTENCES[sentence][Locale.PT_BR])


async def later(work: Work, errand: Errand) -> None:
    """It could not be had now; lost, where that has been so often enough."""
    awaited = await work.awaited.take_leased(errand.awaited_id, errand.lease_id)
    if awaited is not None and not awaited.rest(work.now):
        await _end(work, awaited, _lost(awaited), SENTENCES["media_given_up"][Locale.PT_BR])


def _lost(awaited: AwaitedFile) -> Fact:
    return AttachmentLost(
        became=awaited.file_name, occurrence_id=awaited.occurrence_id, automated=True
    )


async def _end(work: Work, awaited: AwaitedFile, fact: Fact, comment: str | None = None) -> None:
    """Told where its message is now; nothing is left to fetch."""
    await work.awaited.drop(awaited)
    occurrence = await _held(work, awaited)
    if occurrence.ticket_id is not None:
        ticket = await work.tickets.take_for_delivery(occurrence.ticket_id)
        work.record(ticket, fact, comment=comment)


async def _held(work: Work, awaited: AwaitedFile) -> Occurrence:
    """Its message, held: a merge that would move it waits for us, or we find it moved."""
    found = await work.occurrences.get(awaited.occurrence_id)
    return await work.occurrences.take_again(found)
