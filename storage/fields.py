"""What a workspace keeps of publishers beyond the usual: definitions, and values still sealed."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.model.publisher import FieldDefinition, PublisherField
from storage.access import columns, within
from storage.shelf import Shelf, grouped

D_, V_ = columns(FieldDefinition), columns(PublisherField)


class FieldDefinitionShelf(Shelf[FieldDefinition]):
    model = FieldDefinition
    thing = "field definition"

    async def all(self) -> Sequence[FieldDefinition]:
        """By label, then by key; those that are off, too."""
        return list(await self.session.scalars(self.seen().order_by(D_.label, D_.key)))

    async def called(self, key: str) -> FieldDefinition | None:
        return await self.session.scalar(self.seen().where(D_.key == key))

    async def put(self, definition: FieldDefinition) -> None:
        self.session.add(definition)
        await self.session.flush()


class PublisherFieldShelf(Shelf[PublisherField]):
    """Asked of publishers that have passed the wall."""

    model = PublisherField
    thing = "publisher field"

    async def of_publishers(
        self, publisher_ids: Collection[UUID]
    ) -> Mapping[UUID, Sequence[PublisherField]]:
        return await grouped(
            self.session,
            V_.publisher_id,
            PublisherField,
            V_.publisher_id.in_(sorted(publisher_ids)),
            V_.workspace_id == self.actor.workspace_id,
            order=(V_.id,),
            owners=publisher_ids,
        )

    async def of(self, publisher_id: UUID, definition_id: UUID) -> PublisherField | None:
        return await self.session.scalar(
            within(self.actor, PublisherField).where(
                V_.publisher_id == publisher_id, V_.definition_id == definition_id
            )
        )

    async def drop(self, field: PublisherField) -> None:
        await self.session.delete(field)
        await self.session.flush()
