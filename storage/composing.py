"""What stands ready beside the text: canned replies, and the short links that were made."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, literal_column, or_, select, true, update

from domain.model.canned import CannedReply
from domain.model.shortlink import ShortLink
from domain.rules.access import Permission
from storage import access
from storage.access import C_, columns
from storage.shelf import Shelf
from storage.tickets import like

K_ = columns(ShortLink)
CANNED_MOST = 200


class CannedReplyShelf(Shelf[CannedReply]):
    model = CannedReply
    thing = "canned reply"

    def wall(self) -> ColumnElement[bool]:
        return access.canned_replies(self.actor)

    async def listed(self, level_id: UUID | None, words: Sequence[str]) -> Sequence[CannedReply]:
        """By title: everybody's, one's own, and those of levels one sees, or of that one."""
        asked = self.seen()
        if level_id is not None:
            asked = asked.where(or_(C_.level_id.is_(None), C_.level_id == level_id))
        for word in words:
            asked = asked.where(C_.search.like(like(word), escape="\\"))
        rows = await self.session.scalars(
            asked.order_by(C_.title, C_.id).limit(literal_column(str(CANNED_MOST)))
        )
        return list(rows)

    async def used(self, canned_id: UUID) -> None:
        """Counted once more, whoever else counts at the same time; NOT_FOUND behind the wall."""
        counted = await self.session.scalar(
            update(CannedReply)
            .where(C_.id == canned_id, C_.workspace_id == self.actor.workspace_id, self.wall())
            .values(uses=C_.uses + 1)
            .returning(C_.id)
            .execution_options(synchronize_session=False)
        )
        if counted is None:
            raise self.missing()

    async def put(self, canned: CannedReply) -> None:
        self.session.add(canned)
        await self.session.flush()

    async def drop(self, canned: CannedReply) -> None:
        await self.session.delete(canned)
        await self.session.flush()


class ShortLinkShelf(Shelf[ShortLink]):
    model = ShortLink
    thing = "short link"

    def wall(self) -> ColumnElement[bool]:
        """Staff's: where they lead is told to whoever follows one, not to whoever asks."""
        return true() if self.actor.can(Permission.TICKETS_HANDLE) else false()

    async def put(self, links: Sequence[ShortLink]) -> None:
        self.session.add_all(links)
        await self.session.flush()

    async def leading(self, slug: str) -> str | None:
        """Where it leads, for whoever follows it, of whatever workspace it is."""
        return await self.session.scalar(select(K_.target_url).where(K_.slug == slug))

    async def clicked(self, slug: str) -> None:
        await self.session.execute(
            update(ShortLink)
            .where(K_.slug == slug)
            .values(clicks=K_.clicks + 1)
            .execution_options(synchronize_session=False)
        )
