"""Reading mailboxes: by one process at a time, and never past what is safely ours.

The place in the box moves in the same transaction in which a mail is taken in. So whoever is
stopped in between begins with the same mail again, and what is read twice is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from domain.model.mailbox import Mailbox
from domain.work import Work

LEASE = timedelta(minutes=5)
"""After which another process takes over, if nothing was heard of the one that reads."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A box to be read: how to reach it, and from where on."""

    account_id: UUID
    lease_id: UUID
    connection: Mapping[str, Any]
    validity: int | None
    begun_at: int
    last: int


class Superseded(Exception):
    """Another process reads the box now."""


async def claim(work: Work, account_id: UUID) -> Claimed | None:
    """The box, for as long as it takes; None when it is not due, or there is none to read."""
    account = await work.accounts.take(account_id)
    if not account.enabled or account.sealed_connection is None:
        return None
    mailbox = await work.mailboxes.take_of(account_id)
    if mailbox is None:
        mailbox = Mailbox(
            workspace_id=account.workspace_id, account_id=account_id, look_at=work.now
        )
        await work.mailboxes.put(mailbox)
    if mailbox.look_at > work.now:
        return None
    connection = orjson.loads(work.secrets.unseal(account.sealed_connection))
    if "imap" not in connection:
        mailbox.rest(work.now, timedelta(hours=1))
        return None
    lease_id = mailbox.lease(work.now + LEASE)
    return Claimed(
        account_id, lease_id, connection["imap"], mailbox.validity, mailbox.begun_at, mailbox.last
    )


async def reached(work: Work, box: Claimed, validity: int, begun_at: int, last: int) -> None:
    """Everything up to this number is ours, or set aside."""
    mailbox = await _leased(work, box)
    mailbox.reached(validity, begun_at, last, work.now + LEASE)


async def finished(work: Work, box: Claimed, pause: timedelta, *, failed: bool = False) -> None:
    """Nothing more is there for now, or the box cannot be read for now."""
    mailbox = await _leased(work, box)
    mailbox.rest(work.now, pause, failed=failed)


async def _leased(work: Work, box: Claimed) -> Mailbox:
    mailbox = await work.mailboxes.take_of(box.account_id)
    if mailbox is None or mailbox.lease_id != box.lease_id:
        raise Superseded
    return mailbox
