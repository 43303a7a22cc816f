"""What is written down of a publisher: who did what, and who looked."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.model.publisher import Publisher, PublisherEntry
from domain.rules.access import ActorKind
from domain.rules.wording import TOLD_LENGTH, shortened
from domain.words import HistoryKind, Role
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is known otherwise now; masked where it is personal."""

    field: str
    was: str | None = None
    became: str | None = None


async def tell(
    work: Work,
    publisher: Publisher,
    kind: HistoryKind,
    changes: Sequence[Change],
    reason: str | None = None,
) -> None:
    """An entry for each; the publisher is held, so their numbers have no gaps."""
    last = await work.publisher_entries.count(publisher.id)
    entries = [
        PublisherEntry(
            workspace_id=publisher.workspace_id,
            publisher_id=publisher.id,
            sequence=last + place,
            at=work.now,
            kind=kind,
            actor_id=work.actor.user_id,
            actor_name=work.actor.name,
            reason=reason,
            field=change.field,
            was=change.was and shortened(change.was, TOLD_LENGTH),
            became=change.became and shortened(change.became, TOLD_LENGTH),
        )
        for place, change in enumerate(changes, 1)
    ]
    await work.publisher_entries.put(entries)


async def handles(work: Work, publisher: Publisher) -> bool:
    """Whether the actor may change what is known of them: who handles a ticket of theirs, or
    every ticket."""
    if work.actor.kind is ActorKind.SYSTEM or work.actor.role is Role.ADMIN:
        return True
    levels = await work.publishers.levels_of(publisher.id)
    return any(work.actor.handles(level) for level in levels)
