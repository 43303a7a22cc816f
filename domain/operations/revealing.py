"""What is masked, looked at: by whoever may, for a reason, and never unnoticed."""

from uuid import UUID

from domain.answers import FieldTold
from domain.errors import Invalid, ReasonRequired
from domain.events import Revealed
from domain.model.publisher import CONTACT_KINDS, Publisher
from domain.operations import auditing, sealing
from domain.operations.auditing import Change
from domain.rules import checking, fields
from domain.words import HistoryKind
from domain.work import Work


async def reveal(work: Work, publisher_id: UUID, key: str, reason: str) -> FieldTold:
    """The value, told once; who looked at what and why is kept for good."""
    said = checking.comment(reason, ["reason"])
    if said is None:
        raise ReasonRequired("reason_required", field=["reason"])
    publisher = await work.publishers.take(publisher_id)
    value = await _value(work, publisher, key)

    seen = [Change(field=key)]
    await auditing.tell(work, publisher, HistoryKind.REVEALED, seen, reason=said)
    ticket = await work.tickets.take_latest_of(publisher.id)
    if ticket is not None:
        work.record(ticket, Revealed(became=key), comment=said)
    return FieldTold(value)


async def _value(work: Work, publisher: Publisher, key: str) -> str | None:
    for kind in CONTACT_KINDS:
        if key == kind.lower():
            return sealing.told(work.secrets, publisher, kind)
    definition = await work.field_definitions.called(key) if fields.KEY.fullmatch(key) else None
    if definition is None or not definition.active:
        raise Invalid("field_unknown", field=["key"])
    field = await work.publisher_fields.of(publisher.id, definition.id)
    return sealing.value_of(work.secrets, publisher, field) if field else None
