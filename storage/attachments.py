"""Attachments: the rows of files, found by what they hang on. Their bytes lie in the file store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from domain.model.attachment import Attachment
from domain.rules.access import Actor
from storage import access
from storage.access import F_
from storage.pile import Pile
from storage.session import Session
from storage.shelf import Shelf, grouped


class AttachmentShelf(Shelf[Attachment]):
    model = Attachment
    thing = "attachment"

    def __init__(self, session: Session, actor: Actor, pile: Pile) -> None:
        super().__init__(session, actor)
        self._pile = pile

    def wall(self) -> ColumnElement[bool]:
        return access.attachments(self.actor)

    async def of_occurrences(
        self, occurrence_ids: Collection[UUID]
    ) -> Mapping[UUID, list[Attachment]]:
        return await self._of(F_.occurrence_id, occurrence_ids)

    async def of_replies(self, reply_ids: Collection[UUID]) -> Mapping[UUID, list[Attachment]]:
        return await self._of(F_.reply_id, reply_ids)

    async def _of(
        self, owner: ColumnElement[UUID], owners: Collection[UUID]
    ) -> Mapping[UUID, list[Attachment]]:
        """In the order in which they were kept."""
        return await grouped(
            self.session,
            owner,
            Attachment,
            owner.in_(sorted(owners)),
            self.wall(),
            order=(owner, F_.id),
            owners=owners,
        )

    async def take_uploaded(self, ids: Collection[UUID], ticket_id: UUID) -> Sequence[Attachment]:
        """What one uploaded to that ticket and has not sent, held, in the order given.

        NOT_FOUND for anything else: of another ticket or of somebody else, or sent already.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        rows = await self.session.scalars(
            self.seen()
            .where(
                F_.id.in_(sorted(wanted)),
                F_.ticket_id == ticket_id,
                F_.occurrence_id.is_(None),
                F_.reply_id.is_(None),
            )
            .order_by(F_.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found = {row.id: row for row in rows}
        if len(found) < len(wanted):
            raise self.missing()
        return [found[each] for each in wanted]

    async def move(self, source: UUID, target: UUID) -> None:
        """All files of one ticket to another, sent or not."""
        await self.session.execute(
            update(Attachment)
            .where(F_.workspace_id == self.actor.workspace_id, F_.ticket_id == source)
            .values(ticket_id=target)
            .execution_options(synchronize_session=False)
        )

    async def put(self, attachments: Sequence[Attachment]) -> None:
        self._pile.add(attachments)

    async def take_unsent(self, before: datetime, most: int) -> Sequence[Attachment]:
        """Uploads older than that which nobody sent, held; those that others hold are left out."""
        rows = await self.session.scalars(
            select(Attachment)
            .where(
                F_.workspace_id == self.actor.workspace_id,
                F_.occurrence_id.is_(None),
                F_.reply_id.is_(None),
                F_.created_at < before,
            )
            .order_by(F_.created_at, F_.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        return list(rows)

    async def forget(self, attachments: Collection[Attachment]) -> None:
        await self.session.execute(
            delete(Attachment)
            .where(F_.id.in_(sorted(each.id for each in attachments)))
            .execution_options(synchronize_session=False)
        )

    async def named(self, storage_keys: Collection[str]) -> Collection[str]:
        """Which of these keys a row names."""
        if not storage_keys:
            return set()
        rows = await self.session.scalars(
            select(F_.storage_key).where(F_.storage_key.in_(sorted(storage_keys)))
        )
        return set(rows)
