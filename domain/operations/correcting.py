"""What is known of a publisher, put right by whoever cares for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.errors import Forbidden, Invalid, VersionConflict
from domain.events import PublisherChanged
from domain.model.publisher import CONTACT_KINDS, FieldDefinition, Publisher, PublisherField
from domain.operations import auditing, sealing
from domain.operations.auditing import Change
from domain.rules import checking, contacts, fields, masking
from domain.rules.wording import TOLD_LENGTH, shortened
from domain.words import FieldKind, HistoryKind
from domain.work import Work

NAME_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class FieldForm:
    key: str
    value: str | None


@dataclass(frozen=True, kw_only=True)
class PublisherForm:
    """None leaves a thing as it is; an empty text takes it away."""

    id: UUID
    expected_version: int | None = None
    name: str | None = None
    cpf: str | None = None
    email: str | None = None
    phone: str | None = None
    tags: Sequence[str] | None = None
    fields: Sequence[FieldForm] = ()


async def update(work: Work, form: PublisherForm) -> Publisher:
    """The publisher as they are known now; their open tickets tell of it, masked."""
    publisher = await work.publishers.take(form.id)
    if not await auditing.handles(work, publisher):
        raise Forbidden("forbidden")
    if form.expected_version is not None and form.expected_version != publisher.version:
        raise VersionConflict(current=publisher, changed_fields=[])
    given = (form.name, form.cpf, form.email, form.phone, form.tags)
    if all(each is None for each in given) and not form.fields:
        raise Invalid("nothing_to_change")

    changes = [
        *await _renamed(work, publisher, form.name),
        *_contacts(work, publisher, form),
        *_tags(publisher, form.tags),
        *await _fields(work, publisher, form.fields),
    ]
    if not changes:
        return publisher

    publisher.changed()
    await auditing.tell(work, publisher, HistoryKind.PUBLISHER_CHANGED, changes)
    facts = [
        PublisherChanged(was=_labelled(each, each.was), became=_labelled(each, each.became))
        for each in changes
    ]
    handle = await spoken(work, publisher)
    for ticket in await work.tickets.take_open_of(publisher.id):
        work.record(ticket, *ticket.hear(publisher, handle, *facts))
    return publisher


async def spoken(work: Work, publisher: Publisher) -> str | None:
    """The handle that their tickets are found by."""
    profiles = (await work.publishers.profiles([publisher.id]))[publisher.id]
    return profiles[0].spoken if profiles else None


def _labelled(change: Change, value: str | None) -> str | None:
    return None if value is None else shortened(f"{change.field}: {value}", TOLD_LENGTH)


async def _renamed(work: Work, publisher: Publisher, given: str | None) -> list[Change]:
    if given is None:
        return []
    name, was = checking.name(given, ["name"], NAME_LENGTH), publisher.name
    if name == was:
        return []
    profiles = (await work.publishers.profiles([publisher.id]))[publisher.id]
    publisher.rename(name, [each.spoken for each in profiles if each.spoken])
    return [Change(field="name", was=was, became=name)]


def _contacts(work: Work, publisher: Publisher, form: PublisherForm) -> list[Change]:
    changes = []
    given = {FieldKind.CPF: form.cpf, FieldKind.EMAIL: form.email, FieldKind.PHONE: form.phone}
    for kind in CONTACT_KINDS:
        value = given[kind]
        if value is None:
            continue
        path = [kind.lower()]
        became = contacts.READERS[kind](value, path) if value.strip() else None
        was = sealing.told(work.secrets, publisher, kind)
        if became == was:
            continue
        sealing.keep(work.secrets, publisher, kind, became)
        changes.append(
            Change(
                field=kind.lower(),
                was=was and masking.of_kind(kind, was),
                became=became and masking.of_kind(kind, became),
            )
        )
    return changes


def _tags(publisher: Publisher, given: Sequence[str] | None) -> list[Change]:
    if given is None:
        return []
    tags, was = checking.tags(given, ["tags"]), tuple(publisher.tags)
    if tags == was:
        return []
    publisher.retag(tags)
    return [Change(field="tags", was=", ".join(was) or None, became=", ".join(tags) or None)]


async def _fields(work: Work, publisher: Publisher, given: Sequence[FieldForm]) -> list[Change]:
    if not given:
        return []
    definitions = {each.key: each for each in await work.field_definitions.all() if each.active}
    kept = {
        each.definition_id: each
        for each in (await work.publisher_fields.of_publishers([publisher.id]))[publisher.id]
    }
    changes: list[Change] = []
    seen: set[str] = set()
    for place, form in enumerate(given):
        path = ["fields", str(place)]
        definition = definitions.get(form.key)
        if definition is None:
            raise Invalid("field_unknown", field=[*path, "key"])
        if form.key in seen:
            raise Invalid("field_twice", field=[*path, "key"])
        seen.add(form.key)
        now = kept.get(definition.id)
        changes += await _field(work, publisher, definition, now, form.value, [*path, "value"])
    return changes


async def _field(
    work: Work,
    publisher: Publisher,
    definition: FieldDefinition,
    now: PublisherField | None,
    given: str | None,
    path: Sequence[str],
) -> list[Change]:
    became = None
    if given is not None and given.strip():
        became = fields.value(definition.kind, given, definition.pattern, path)
    was = sealing.value_of(work.secrets, publisher, now) if now else None
    if became == was:
        return []
    if became is None:
        assert now is not None
        await work.publisher_fields.drop(now)
    else:
        made = sealing.field_with(work.secrets, publisher, definition, became)
        if now is None:
            work.publisher_fields.add(made)
        else:
            now.keep(made.sealed_value, made.value_hash)
    # Histories stay for ever: there a personal value is always covered.
    return [
        Change(
            field=definition.key,
            was=was and masking.of_kind(definition.kind, was),
            became=became and masking.of_kind(definition.kind, became),
        )
    ]
