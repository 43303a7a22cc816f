"""Two publishers who are one person, made one.

Both are held before anything is asked of them, as taking in holds them: no message of either can
come between. Tickets and their keys go over with them; where both had one conversation open, the
newer ticket has its key from then on, and both stay open.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.errors import Forbidden, Invalid, VersionConflict
from domain.model.publisher import CONTACT_KINDS, Publisher
from domain.model.ticket import Ticket
from domain.operations import auditing, correcting, sealing
from domain.operations.auditing import Change
from domain.rules import grouping, masking
from domain.words import HistoryKind, TicketStatus
from domain.work import Work


async def merge(
    work: Work, source_id: UUID, target_id: UUID, expected_version: int | None = None
) -> Publisher:
    """The target, who is both from now on; the source's id leads to them."""
    if source_id == target_id:
        raise Invalid("merge_publisher_itself", field=["targetId"])
    source, target = await work.publishers.take_both(source_id, target_id)
    for publisher in (source, target):
        if not await auditing.handles(work, publisher):
            raise Forbidden("forbidden")
    if expected_version is not None and expected_version != target.version:
        raise VersionConflict(current=target, changed_fields=[])

    changes = [*_contacts(work, source, target), *await _fields(work, source, target)]
    tickets = await work.tickets.take_to_unite(source.id, target.id)
    await _give_up_keys(work, tickets, source, target)
    await work.publishers.hand_over(source.id, target.id)
    profiles = (await work.publishers.profiles([target.id]))[target.id]
    target.take_in(source, [each.spoken for each in profiles if each.spoken])

    merged = [Change(field="publisher", was=source.name, became=target.name)]
    await auditing.tell(work, source, HistoryKind.MERGED, merged)
    await auditing.tell(work, target, HistoryKind.MERGED, merged)
    await auditing.tell(work, target, HistoryKind.PUBLISHER_CHANGED, changes)
    handle = await correcting.spoken(work, target)
    for ticket in tickets:
        if ticket.publisher_id == source.id:
            work.record(ticket, *ticket.hand_over(source, target, handle))
    return target


def _contacts(work: Work, source: Publisher, target: Publisher) -> list[Change]:
    """What only the one was known by, the other is known by now."""
    changes = []
    for kind in CONTACT_KINDS:
        value = sealing.told(work.secrets, source, kind)
        if value is not None and target.sealed(kind) is None:
            sealing.keep(work.secrets, target, kind, value)
            changes.append(Change(field=kind.lower(), became=masking.of_kind(kind, value)))
    return changes


async def _fields(work: Work, source: Publisher, target: Publisher) -> list[Change]:
    found = await work.publisher_fields.of_publishers([source.id, target.id])
    definitions = {each.id: each for each in await work.field_definitions.all()}
    known = {each.definition_id for each in found[target.id]}
    changes = []
    for field in found[source.id]:
        definition = definitions[field.definition_id]
        if definition.id not in known:
            value = sealing.value_of(work.secrets, source, field)
            work.publisher_fields.add(sealing.field_with(work.secrets, target, definition, value))
            covered = masking.of_kind(definition.kind, value)
            changes.append(Change(field=definition.key, became=covered))
        await work.publisher_fields.drop(field)
    return changes


async def _give_up_keys(
    work: Work, tickets: Sequence[Ticket], source: Publisher, target: Publisher
) -> None:
    """Of open tickets that would have one key, the newest keeps it. Written before the others
    move, for no two may have it even for a moment."""
    open_ = [
        ticket
        for ticket in tickets
        if ticket.status is not TicketStatus.CLOSED and ticket.removed_at is None
    ]
    newest: dict[str, Ticket] = {}
    for ticket in sorted(open_, key=lambda ticket: (ticket.opened_at, ticket.id)):
        if ticket.grouping_key is not None:
            key = grouping.handed_over(ticket.grouping_key, source.id, target.id)
            if key in newest:
                newest[key].lose_key()
            newest[key] = ticket
    await work.tickets.write()
