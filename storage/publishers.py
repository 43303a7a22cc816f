"""Publishers: found by who they are on a network, and held while their messages are taken in."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from domain.errors import WrongState
from domain.model.publisher import (
    CONTACT_KINDS,
    UNSEALED,
    FieldDefinition,
    Profile,
    Publisher,
    PublisherField,
)
from domain.page import Page, Window
from domain.post import Author
from domain.rules.wording import folded
from domain.shelves.found import ProfileKey
from domain.words import FieldKind, Network
from storage import access, keyset
from storage.access import O_, P_, T_, columns, within
from storage.keyset import Order
from storage.prepared import prepared, values
from storage.shelf import Shelf, gathered
from storage.tickets import like

F_, V_, D_ = columns(Profile), columns(PublisherField), columns(FieldDefinition)
HASHES = {kind: getattr(P_, f"{kind.lower()}_hash") for kind in CONTACT_KINDS}
BY_NAME = Order("name", ("name", "id"))


class PublisherShelf(Shelf[Publisher]):
    model = Publisher
    thing = "publisher"

    def wall(self) -> ColumnElement[bool]:
        return access.publishers(self.actor)

    async def find(self, row_ids: Collection[UUID]) -> Mapping[UUID, Publisher]:
        """Those that may be seen, by the id asked for: for one that was merged, the survivor."""
        if not row_ids:
            return {}
        told = values(self.actor, ids=sorted(row_ids))
        return {each: found for each, found in await self.session.rows(self._survivors(), told)}

    @prepared
    def _survivors(self) -> Select[UUID, Publisher]:
        asked = columns(aliased(Publisher))
        return (
            select(asked.id, Publisher)
            .select_from(asked)
            .join(Publisher, P_.id == func.coalesce(asked.merged_into_id, asked.id))
            .where(
                asked.workspace_id == self.actor.workspace_id,
                asked.id.in_(bindparam("ids", expanding=True)),
                self.wall(),
            )
        )

    async def get(self, row_id: UUID) -> Publisher:
        found = (await self.find([row_id])).get(row_id)
        if found is None:
            raise self.missing()
        return found

    async def take(self, row_id: UUID) -> Publisher:
        """The same, held until the transaction ends."""
        wanted = row_id
        while (found := (await self._hold([wanted])).get(wanted)) is None:
            # Merged or moved out of sight, before or while we waited: look again.
            wanted = (await self.get(row_id)).id
        return found

    async def take_both(self, one: UUID, other: UUID) -> tuple[Publisher, Publisher]:
        """Held in the order of their ids, so that two such acts cannot wait for each other."""
        held = await self._hold([one, other])
        for each, field in ((one, "sourceId"), (other, "targetId")):
            if each not in held:
                survivor = await self.find([each])
                if each in survivor:
                    raise WrongState("publisher_merged", field=[field], name=survivor[each].name)
                raise self.missing()
        return held[one], held[other]

    async def _hold(self, row_ids: Collection[UUID]) -> dict[UUID, Publisher]:
        told = values(self.actor, ids=sorted(row_ids))
        return {row.id: row for row in await self.session.things(self._some_held(), told)}

    @prepared
    def _some_held(self) -> Select[Publisher]:
        return (
            self.seen()
            .where(P_.id.in_(bindparam("ids", expanding=True)))
            .order_by(P_.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    async def page(self, search: str | None, window: Window) -> Page[Publisher]:
        asked = self.seen()
        for word in folded(search or "").split():
            asked = asked.where(P_.search.like(like(word), escape="\\"))
        return await keyset.page(self.session, Publisher, asked, BY_NAME, window)

    async def page_known_by(
        self, fingerprints: Mapping[FieldKind, str], window: Window
    ) -> Page[Publisher]:
        """Those of whom one of these is known; nobody, by none."""
        asked = self.seen().where(or_(false(), *self._known_by(fingerprints)))
        return await keyset.page(self.session, Publisher, asked, BY_NAME, window)

    async def known_by_email(self, address: str, fingerprint: str) -> Publisher | None:
        """Whom the actor may see by that address, known longest; held."""
        mailbox = select(F_.id).where(
            F_.publisher_id == P_.id, F_.network == Network.EMAIL, F_.external_id == address
        )
        statement = (
            self.seen()
            .where(or_(mailbox.exists(), P_.email_hash == fingerprint))
            .order_by(P_.id)
            .limit(literal_column("1"))
            .with_for_update()
        )
        return await self.session.scalar(statement)

    async def levels_of(self, publisher_id: UUID) -> Collection[UUID]:
        """The levels of their tickets, as far as the actor sees them."""
        return set(
            await self.session.scalars(
                select(T_.level_id)
                .where(T_.publisher_id == publisher_id, access.tickets(self.actor))
                .distinct()
            )
        )

    async def take_unsealed(self, most: int) -> Sequence[Publisher]:
        """Some whose data is not sealed with a key of their own, held; what others hold is passed
        over."""
        statement = (
            self.seen()
            .where(UNSEALED)
            .order_by(P_.id)
            .limit(literal_column(str(most)))
            .with_for_update(skip_locked=True)
        )
        return list(await self.session.scalars(statement))

    async def hand_over(self, source: UUID, target: UUID) -> None:
        """Profiles, messages and whoever was merged into the one are the other's from now on."""
        for owner in (F_.publisher_id, O_.publisher_id, P_.merged_into_id):
            await self.session.execute(
                update(owner.class_).where(owner == source).values({owner.key: target})
            )

    def _known_by(self, fingerprints: Mapping[FieldKind, str]) -> list[ColumnElement[bool]]:
        if not fingerprints:
            return []
        own = [HASHES[kind] == fingerprint for kind, fingerprint in fingerprints.items()]
        told = (
            select(V_.id)
            .join(FieldDefinition, D_.id == V_.definition_id)
            .where(
                V_.publisher_id == P_.id,
                D_.workspace_id == self.actor.workspace_id,
                D_.active,
                or_(
                    *(
                        and_(D_.kind == kind, V_.value_hash == fingerprint)
                        for kind, fingerprint in fingerprints.items()
                    )
                ),
            )
        )
        return [*own, told.exists()]

    async def profiles(self, publisher_ids: Collection[UUID]) -> Mapping[UUID, list[Profile]]:
        told = values(self.actor, publishers=sorted(publisher_ids))
        return await gathered(self.session, self._their_profiles(), told, publisher_ids)

    @prepared
    def _their_profiles(self) -> Select[UUID, Profile]:
        return (
            select(F_.publisher_id, Profile)
            .where(
                F_.publisher_id.in_(bindparam("publishers", expanding=True)),
                F_.workspace_id == self.actor.workspace_id,
            )
            .order_by(F_.id)
        )

    async def enroll(
        self,
        authors: Mapping[ProfileKey, Author],
        fingerprints: Mapping[ProfileKey, str] | None = None,
    ) -> Mapping[ProfileKey, tuple[Publisher, Profile]]:
        """The publisher behind each author, made where nobody is known, and held.

        Whoever's profile gets in first is the publisher; the other waits and finds it. Holding the
        publishers in the order of their ids puts all messages of one person in a row, so no two
        can open two tickets, and nothing can wait in a circle. Who writes from an address that
        somebody told us before (`fingerprints`) is that person.
        """
        known = await self._profiles(authors)
        fresh = {key: author for key, author in authors.items() if key not in known}
        publishers: dict[UUID, Publisher] = {}
        if fresh:
            told_of = await self._told_of(fresh, fingerprints or {})
            ours = await self._introduce(fresh, told_of)
            # Whom we made ourselves nobody else can see yet: they are held as they are.
            publishers = {person.id: person for person, _ in ours.values()}
            known |= {key: profile for key, (_, profile) in ours.items()}
            if others := fresh.keys() - ours.keys():
                known |= await self._profiles(others)

        while missing := {each.publisher_id for each in known.values()} - publishers.keys():
            told = values(self.actor, ids=sorted(missing))
            held = await self.session.things(self._enrolled(), told)
            publishers |= {row.id: row for row in held}
            if any(row.merged_into_id for row in publishers.values()):
                # Merged while we waited for them: their profiles are another's now.
                known = await self._profiles(authors)
                publishers = {
                    each: row for each, row in publishers.items() if not row.merged_into_id
                }
        return {key: (publishers[each.publisher_id], each) for key, each in known.items()}

    @prepared
    def _enrolled(self) -> Select[Publisher]:
        among = P_.id.in_(bindparam("ids", expanding=True))
        return within(self.actor, Publisher).where(among).order_by(P_.id).with_for_update()

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

    async def introduce(self, profile: Profile) -> Profile:
        self.session.add(profile)
        await self.session.flush()
        return profile

    async def _profiles(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, Profile]:
        names: dict[Network, list[str]] = {}
        for network, name in sorted(keys):
            names.setdefault(network, []).append(name)
        told = values(self.actor, **{str(network): some for network, some in names.items()})
        rows = await self.session.things(self._profiles_on(tuple(names)), told)
        return {(row.network, row.external_id): row for row in rows}

    @prepared
    def _profiles_on(self, networks: tuple[Network, ...]) -> Select[Profile]:
        """By network: PostgreSQL finds a list of ids in its index, a list of pairs it does not."""
        asked = (
            and_(F_.network == each, F_.external_id.in_(bindparam(str(each), expanding=True)))
            for each in networks
        )
        return (
            within(self.actor, Profile).where(or_(*asked)).execution_options(populate_existing=True)
        )

    async def _told_of(
        self, authors: Mapping[ProfileKey, Author], fingerprints: Mapping[ProfileKey, str]
    ) -> dict[ProfileKey, UUID]:
        """Who is known by the address of each, and by no mailbox yet; the one known longest."""
        told = {fingerprints[key]: key for key in authors if key in fingerprints}
        if not told:
            return {}
        mailbox = select(F_.id).where(F_.publisher_id == P_.id, F_.network == Network.EMAIL)
        rows = await self.session.execute(
            select(P_.email_hash, P_.id)
            .where(
                P_.workspace_id == self.actor.workspace_id,
                P_.merged_into_id.is_(None),
                P_.email_hash.in_(sorted(told)),
                ~mailbox.exists(),
            )
            .order_by(P_.id.desc())
            # Held: nobody merges them away while they are given the profile.
            .with_for_update()
        )
        return {told[fingerprint]: found for fingerprint, found in rows}

    async def _introduce(
        self, authors: Mapping[ProfileKey, Author], told_of: Mapping[ProfileKey, UUID]
    ) -> dict[ProfileKey, tuple[Publisher, Profile]]:
        """A profile for each, unless somebody else was first; the new people among them."""
        people: dict[UUID, tuple[ProfileKey, Publisher, Profile]] = {}
        profiles = []
        for key, author in sorted(authors.items()):
            network, _ = key
            person = Publisher.of(author, self.actor.workspace_id, network)
            profile = Profile.of(author, network, person)
            people[person.id] = key, person, profile
            said = {"publisher_id": told_of.get(key, person.id)}
            profiles.append({**profile.model_dump(), **said})
        insert = (
            postgresql.insert(Profile)
            if self.session.get_bind().dialect.name == "postgresql"
            else sqlite.insert(Profile)
        )
        won = await self.session.scalars(
            insert.on_conflict_do_nothing().returning(F_.publisher_id), profiles
        )
        made = [people[each] for each in won if each in people]
        self.session.add_all([person for _, person, _ in made])
        return {key: (person, profile) for key, person, profile in made}
