"""Told by protocol: where a ticket stands, to partners by their key and to anybody with a proof."""

from collections.abc import Sequence
from datetime import datetime

from domain.operations import proving
from domain.rules import stages
from domain.tracking import ProtocolStage, ProtocolStatus, PublicMessage, Tracked, Visited
from domain.words import PublicStage
from domain.work import Work

MESSAGES_MOST = 50


async def of_partner(work: Work, protocol: str) -> ProtocolStatus | None:
    """A ticket of the levels that the partner's key was made for; nothing where it is none."""
    tracked = await proving.seen(work, protocol)
    return await told(work, tracked, partner=True) if tracked else None


async def of_anyone(work: Work, protocol: str, proof: str | None) -> ProtocolStatus | None:
    """The ticket of whoever shows the proof; nothing where one of the two is wrong."""
    tracked = await proving.proven(work, protocol, proof)
    return await told(work, tracked, partner=False) if tracked else None


async def visited(work: Work, protocol: str, kept: str) -> Visited | None:
    """The same to whoever has a pass, with what a page needs to show it."""
    tracked = await proving.proven(work, protocol, kept)
    if tracked is None:
        return None
    [home] = [
        each for each in await work.identities.workspaces() if each.id == tracked.workspace_id
    ]
    return Visited(await told(work, tracked, partner=False), home.name, home.time_zone)


async def told(work: Work, tracked: Tracked, *, partner: bool) -> ProtocolStatus:
    """The status of a ticket that may be told of."""
    if tracked.removed_at is not None:
        return _removed(tracked, tracked.removed_at)
    shelf, ticket_id = work.protocols, tracked.ticket_id
    passed = [ProtocolStage(stage, at) for at, stage in stages.passed(await shelf.turns(ticket_id))]
    said = await shelf.said(tracked, MESSAGES_MOST, in_public=partner)
    stage = stages.of(tracked.status)
    over = stage is PublicStage.CLOSED
    following = await shelf.next(tracked, seen=partner) if over else None
    # Merged into somebody else's, it goes on where only they may be told of it.
    theirs = following if following and following.publisher_id == tracked.publisher_id else None
    return ProtocolStatus(
        protocol=tracked.protocol,
        stage=stage,
        stages=passed,
        opened_at=tracked.opened_at,
        updated_at=_latest(tracked.opened_at, passed, [each.at for each in said]),
        expected_by=await shelf.expected_by(ticket_id),
        needs_answer=stage is PublicStage.WAITING_FOR_YOU,
        successor=theirs.protocol if theirs else None,
        removed=False,
        messages=[PublicMessage(*each) for each in said],
    )


def _latest(
    opened_at: datetime, passed: Sequence[ProtocolStage], said: Sequence[datetime]
) -> datetime:
    """Of what they are told: what happens within the house has no time that they could see."""
    return max([opened_at, *(each.at for each in passed), *said])


def _removed(tracked: Tracked, at: datetime) -> ProtocolStatus:
    """That it is no more, and nothing that was said in it."""
    return ProtocolStatus(
        protocol=tracked.protocol,
        stage=PublicStage.CLOSED,
        stages=[
            ProtocolStage(PublicStage.RECEIVED, tracked.opened_at),
            ProtocolStage(PublicStage.CLOSED, at),
        ],
        opened_at=tracked.opened_at,
        updated_at=at,
        expected_by=None,
        needs_answer=False,
        successor=None,
        removed=True,
        messages=[],
    )
