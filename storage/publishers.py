"""Publishers: found by who they are on a network, and held while their messages are taken in."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.model.publisher import Profile, Publisher
from domain.page import Page, Window
from domain.post import Author
from domain.rules.wording import folded
from domain.words import Network
from domain.work import ProfileKey
from storage import access, keyset
from storage.access import P_, columns, within
from storage.keyset import Order
from storage.shelf import Shelf, grouped
from storage.tickets import like

F_ = columns(Profile)
BY_NAME = Order("name", ("name", "id"))


class PublisherShelf(Shelf[Publisher]):
    model = Publisher
    thing = "publisher"

    def wall(self) -> ColumnElement[bool]:
        return access.publishers(self.actor)

    async def page(self, search: str | None, window: Window) -> Page[Publisher]:
        asked = self.seen()
        for word in folded(search or "").split():
            asked = asked.where(P_.search.like(like(word), escape="\\"))
        return await keyset.page(self.session, Publisher, asked, BY_NAME, window)

    async def profiles(self, publisher_ids: Collection[UUID]) -> Mapping[UUID, list[Profile]]:
        return await grouped(
            self.session,
            F_.publisher_id,
            Profile,
            F_.publisher_id.in_(sorted(publisher_ids)),
            F_.workspace_id == self.actor.workspace_id,
            order=(F_.id,),
            owners=publisher_ids,
        )

    async def enroll(
        self, authors: Mapping[ProfileKey, Author]
    ) -> Mapping[ProfileKey, tuple[Publisher, Profile]]:
        """The publisher behind each author, made where nobody is known, and held.

        Whoever's profile gets in first is the publisher; the other waits and finds it. Holding the
        publishers in the order of their ids puts all messages of one person in a row, so no two
        can open two tickets, and nothing can wait in a circle.
        """
        known = await self._profiles(authors)
        fresh = {key: author for key, author in authors.items() if key not in known}
        if fresh:
            await self._introduce(fresh)
            known |= await self._profiles(fresh)

        held = (
            within(self.actor, Publisher)
            .where(P_.id.in_(sorted({profile.publisher_id for profile in known.values()})))
            .order_by(P_.id)
            .with_for_update()
        )
        publishers = {row.id: row for row in await self.session.scalars(held)}
        return {key: (publishers[each.publisher_id], each) for key, each in known.items()}

    async def hold(self, publisher_id: UUID) -> None:
        """Until the transaction ends nothing that they write is taken in."""
        await self.session.execute(
            select(P_.id)
            .where(P_.workspace_id == self.actor.workspace_id, P_.id == publisher_id)
            .with_for_update()
        )

    async def welcome(self, author: Author) -> Publisher:
        """Somebody of whom no more is known than what they are called."""
        person = Publisher.of(author, self.actor.workspace_id)
        self.session.add(person)
        await self.session.flush()
        return person

    async def _profiles(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, Profile]:
        rows = await self.session.scalars(within(self.actor, Profile).where(or_(*_together(keys))))
        return {(row.network, row.external_id): row for row in rows}

    async def _introduce(self, authors: Mapping[ProfileKey, Author]) -> None:
        people: dict[UUID, Publisher] = {}
        profiles = []
        for (network, _), author in sorted(authors.items()):
            person = Publisher.of(author, self.actor.workspace_id)
            people[person.id] = person
            profiles.append(Profile.of(author, network, person).model_dump())
        insert = (
            postgresql.insert(Profile)
            if self.session.get_bind().dialect.name == "postgresql"
            else sqlite.insert(Profile)
        )
        won = await self.session.scalars(
            insert.on_conflict_do_nothing().returning(F_.publisher_id), profiles
        )
        self.session.add_all([people[publisher_id] for publisher_id in won])
        await self.session.flush()


def _together(keys: Collection[ProfileKey]) -> list[ColumnElement[bool]]:
    """By network: PostgreSQL finds a list of ids in its index, a list of pairs it does not."""
    names: dict[Network, list[str]] = {}
    for network, name in sorted(keys):
        names.setdefault(network, []).append(name)
    return [and_(F_.network == each, F_.external_id.in_(found)) for each, found in names.items()]
