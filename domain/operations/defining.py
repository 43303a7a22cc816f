"""Which fields a workspace keeps of its publishers, beyond what is known of everybody."""

from dataclasses import dataclass
from uuid import UUID

from domain.errors import Duplicate, Invalid, VersionConflict
from domain.model.publisher import FieldDefinition
from domain.rules import checking, fields
from domain.words import FieldKind
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class DefinitionForm:
    """None leaves a thing as it is, or as usual in a new field; an empty pattern asks nothing."""

    key: str
    label: str
    kind: FieldKind
    id: UUID | None = None
    expected_version: int | None = None
    masked: bool | None = None
    pattern: str | None = None
    active: bool | None = None


async def save_definition(work: Work, form: DefinitionForm) -> FieldDefinition:
    """The field as it is now. Values that were kept before stay, whatever is asked from now on."""
    key, label = fields.key(form.key), checking.name(form.label, ["label"])
    pattern = fields.pattern(form.pattern, form.kind) if form.pattern else None
    definition = await _held(work, form)
    if definition is None:
        definition = await _new(work, form, key, label)
    if form.pattern is None:
        pattern = definition.pattern
    definition.describe(
        label=label,
        masked=definition.masked if form.masked is None else form.masked,
        pattern=pattern,
        active=definition.active if form.active is None else form.active,
    )
    if form.id is not None:
        definition.saved()
    await work.field_definitions.put(definition)
    return definition


async def _held(work: Work, form: DefinitionForm) -> FieldDefinition | None:
    if form.id is None:
        return None
    definition = await work.field_definitions.take(form.id)
    if form.expected_version is not None and form.expected_version != definition.version:
        raise VersionConflict(current=definition, changed_fields=[])
    for name, given, kept in (
        ("key", form.key, definition.key),
        ("kind", form.kind, definition.kind),
    ):
        if given != kept:
            raise Invalid("field_fixed", field=[name])
    return definition


async def _new(work: Work, form: DefinitionForm, key: str, label: str) -> FieldDefinition:
    if await work.field_definitions.called(key) is not None:
        raise Duplicate("name_taken", field=["key"], name=key)
    count = len(await work.field_definitions.all()) + 1
    if count > fields.DEFINITIONS_MOST:
        raise Invalid("too_many", field=["key"], most=fields.DEFINITIONS_MOST, count=count)
    return FieldDefinition(
        workspace_id=work.actor.workspace_id,
        key=key,
        label=label,
        kind=form.kind,
        created_at=work.now,
    )
