"""Mailboxes: how far each account's was read, taken by one process at a time."""

from uuid import UUID

from domain.model.mailbox import Mailbox
from storage.access import columns
from storage.shelf import Shelf

B_ = columns(Mailbox)


class MailboxShelf(Shelf[Mailbox]):
    model = Mailbox
    thing = "mailbox"

    async def take_of(self, account_id: UUID) -> Mailbox | None:
        """The account's, held; None where it was never looked into."""
        return await self.session.scalar(
            self.seen()
            .where(B_.account_id == account_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    async def put(self, mailbox: Mailbox) -> None:
        self.session.add(mailbox)
        await self.session.flush()
