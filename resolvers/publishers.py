"""What is known of publishers: asked for covered, put right, looked at, and made one."""

from collections.abc import Awaitable
from dataclasses import dataclass

import strawberry

from domain.answers import FieldTold
from domain.model.publisher import FieldDefinition, Profile, Publisher, PublisherEntry
from domain.model.user import User
from domain.operations import correcting, defining, revealing, sealing, uniting
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.page import Page
from domain.rules import masking
from domain.words import FieldKind, Role
from resolvers import paging
from resolvers.context import Info
from resolvers.inputs import KEY, NEW, VERSION, told, uuid
from resolvers.paging import After, Before, First, Last

Person = strawberry.Parent[Publisher]
Entry = strawberry.Parent[PublisherEntry]
PUBLISHER = "The publisher."


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of a publisher as it may be shown."""

    key: str
    label: str
    kind: FieldKind
    masked: bool
    value: str | None


# ── asked for ──────────────────────────────────────────────────────────────────────────────────


async def cpf(publisher: Person, info: Info) -> str | None:
    return await _masked(publisher, info, FieldKind.CPF)


async def email(publisher: Person, info: Info) -> str | None:
    return await _masked(publisher, info, FieldKind.EMAIL)


async def phone(publisher: Person, info: Info) -> str | None:
    return await _masked(publisher, info, FieldKind.PHONE)


async def _masked(publisher: Publisher, info: Info, kind: FieldKind) -> str | None:
    if publisher.sealed(kind) is None:
        return None
    async with info.context.reading() as work:
        return sealing.masked(work.secrets, publisher, kind)


async def fields(publisher: Person, info: Info) -> list[FieldShown]:
    """One for each definition that is on; covered where it says so."""
    loaders = info.context.loaders
    definitions = await loaders.field_definitions(publisher.workspace_id) or ()
    kept = {each.definition_id: each for each in await loaders.publisher_fields(publisher.id) or ()}
    shown = []
    async with info.context.reading() as work:
        for each in definitions:
            value = None
            if each.id in kept:
                value = sealing.shown(work.secrets, publisher, each, kept[each.id])
            shown.append(FieldShown(each.key, each.label, each.kind, each.masked, value))
    return shown


def handle(profile: strawberry.Parent[Profile]) -> str:
    return masking.identity(profile.network, profile.handle)


def page(profile: strawberry.Parent[Profile]) -> str | None:
    return None if profile.network in masking.CONTACTS else profile.url


def external_id(profile: strawberry.Parent[Profile]) -> str:
    return masking.identity(profile.network, profile.external_id)


def history(
    publisher: Person,
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Awaitable[Page[PublisherEntry] | None]:
    window = paging.window(first, after, last, before)
    return info.context.loaders.publisher_history(publisher.id, window)


async def entry_actor(entry: Entry, info: Info) -> User | None:
    return await info.context.loaders.user(entry.actor_id) if entry.actor_id else None


def entry_reason(entry: Entry, info: Info) -> str | None:
    """Why somebody looked may speak of what is behind the wall: for them and administrators."""
    me = info.context.me
    own = me.user_id is not None and me.user_id == entry.actor_id
    return entry.reason if own or me.role is Role.ADMIN else None


async def definitions(info: Info) -> list[FieldDefinition]:
    async with info.context.reading() as work:
        return list(await work.field_definitions.all())


# ── done ───────────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="A value of one field of a publisher.")
class PublisherFieldInput:
    key: str = told("Which field: the key of its definition.")
    label: str | None = told("Not looked at: labels stand in the definition.", default=None)
    value: str | None = told("What stands in it; empty or null takes it away.", default=None)


@strawberry.input(description="What is known of a publisher; what is not given stays.")
class UpdatePublisherInput:
    publisher_id: strawberry.ID = told(PUBLISHER)
    expected_version: int | None = told(VERSION, default=None)
    name: str | None = told("What they are called, at most 200 characters.", default=None)
    cpf: str | None = told(
        "With dots and dash or without; an empty text takes it away.", default=None
    )
    email: str | None = told("An e-mail address; an empty text takes it away.", default=None)
    phone: str | None = told(
        "A telephone number, Brazilian where no country is said; an empty text takes it away.",
        default=None,
    )
    tags: list[str] | None = told("All their tags, such as `physician`; at most 30.", default=None)
    fields: list[PublisherFieldInput] | None = told(
        "The fields that change; the others stay.", default=None
    )
    idempotency_key: str | None = told(KEY, default=None)


async def update_publisher(info: Info, input: UpdatePublisherInput) -> Publisher:
    form = PublisherForm(
        id=uuid(input.publisher_id, "Publisher", "publisherId"),
        expected_version=input.expected_version,
        name=input.name,
        cpf=input.cpf,
        email=input.email,
        phone=input.phone,
        tags=input.tags,
        fields=[FieldForm(key=each.key, value=each.value) for each in input.fields or ()],
    )
    return await info.context.once(input, correcting.update, form)


@strawberry.input(description="Two publishers who are one person.")
class MergePublishersInput:
    source_id: strawberry.ID = told("Who is taken in; their id leads to the other from then on.")
    target_id: strawberry.ID = told("Who stays: their name, and what is known of them, wins.")
    expected_version: int | None = told(
        "Refuse with VERSION_CONFLICT unless this is still the version of the one who stays.",
        default=None,
    )
    idempotency_key: str | None = told(KEY, default=None)


async def merge_publishers(info: Info, input: MergePublishersInput) -> Publisher:
    return await info.context.once(
        input,
        uniting.merge,
        uuid(input.source_id, "Publisher", "sourceId"),
        uuid(input.target_id, "Publisher", "targetId"),
        input.expected_version,
    )


@strawberry.input(description="A masked field that somebody has to know.")
class RevealFieldInput:
    publisher_id: strawberry.ID = told(PUBLISHER)
    key: str = told("Which: cpf, email, phone, or the key of a field definition.")
    reason: str = told("Why; kept for good, with who asked and when.")
    idempotency_key: str | None = told(KEY, default=None)


async def reveal_field(info: Info, input: RevealFieldInput) -> FieldTold:
    publisher_id = uuid(input.publisher_id, "Publisher", "publisherId")
    return await info.context.once(input, revealing.reveal, publisher_id, input.key, input.reason)


@strawberry.input(description="A field that is kept of every publisher; what is not given stays.")
class SavePublisherFieldDefinitionInput:
    id: strawberry.ID | None = told(NEW, default=None)
    expected_version: int | None = told(VERSION, default=None)
    key: str = told("What programs call it: 1 to 40 letters and digits. Never changes.")
    label: str = told("What people call it, at most 120 characters.")
    kind: FieldKind = told("What stands in it. Never changes.")
    masked: bool | None = told("Shown covered; true in a new field.", default=None)
    pattern: str | None = told(
        "A TEXT has to match it, all of it, in RE2's syntax; an empty one asks nothing. At most "
        "300 characters.",
        default=None,
    )
    active: bool | None = told("false: shown no more, and kept.", default=None)
    idempotency_key: str | None = told(KEY, default=None)


async def save_definition(info: Info, input: SavePublisherFieldDefinitionInput) -> FieldDefinition:
    form = DefinitionForm(
        id=uuid(input.id, "FieldDefinition", "id"),
        expected_version=input.expected_version,
        key=input.key,
        label=input.label,
        kind=input.kind,
        masked=input.masked,
        pattern=input.pattern,
        active=input.active,
    )
    return await info.context.once(input, defining.save_definition, form)
