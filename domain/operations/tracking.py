"""Told by protocol: where a ticket stands, to partners by their key and to anybody with a proof.

Whatever is wrong (the number, its check digit, the proof, whose ticket it is) is answered alike,
after the same work: one question, one thing opened, two things compared.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.model.publisher import Publisher
from domain.operations import sealing
from domain.rules import proofs, protocols, stages
from domain.tracking import ProtocolStage, ProtocolStatus, PublicMessage, Tracked
from domain.words import FieldKind, PublicStage
from domain.work import Secrets, Work

MESSAGES_MOST = 50
NOBODY = UUID(int=0)
NONE = "0" * protocols.LENGTH
"""A number that no ticket has: it is asked for in place of what cannot be one."""


async def of_partner(work: Work, protocol: str) -> ProtocolStatus | None:
    """A ticket of the levels that the partner's key was made for; nothing where it is none."""
    tracked = await work.protocols.seen(_asked(protocol))
    return await _told(work, tracked, partner=True) if tracked else None


async def of_anyone(work: Work, protocol: str, proof: str | None) -> ProtocolStatus | None:
    """The ticket of whoever shows the proof; nothing where one of the two is wrong."""
    tracked = await proven(work, protocol, proof)
    return await _told(work, tracked, partner=False) if tracked else None


async def proven(work: Work, protocol: str, proof: str | None) -> Tracked | None:
    """The ticket of that number whose publisher the proof is of."""
    shown = (proof or "")[: proofs.LONGEST]
    found = await work.protocols.called(_asked(protocol))
    # A number may be given in several workspaces; where it is in none, nobody is looked at.
    looked_at: Sequence[Tracked | None] = found or [None]
    right = [each for each in looked_at if _is_of(work.secrets, each, shown)]
    return right[0] if right else None


async def told_again(work: Work, ticket_id: UUID, protocol: str) -> ProtocolStatus | None:
    """The same ticket, for whoever has shown already that they may be told of it."""
    found = await work.protocols.called(_asked(protocol))
    tracked = next((each for each in found if each.ticket_id == ticket_id), None)
    return await _told(work, tracked, partner=False) if tracked else None


def _asked(protocol: str) -> str:
    """What is looked for, however wrong: the check digit tells nobody that nothing was asked."""
    number = "".join(protocol.split())
    return number if protocols.LIKE_ONE.fullmatch(number) else NONE


def _is_of(secrets: Secrets, tracked: Tracked | None, proof: str) -> bool:
    """The same work for everybody: somebody without a CPF, or nobody, has one made up."""
    made_up = Publisher(workspace_id=NOBODY, name="")
    sealing.keep(secrets, made_up, FieldKind.CPF, "00000000000")
    person = tracked and _person(tracked)
    known = _cpf(secrets, person if person and person.sealed_cpf else made_up)
    digits, email = proofs.last_of_cpf(proof), proofs.email(proof)
    workspace = tracked.workspace_id if tracked else NOBODY
    fingerprint = secrets.fingerprint(workspace, FieldKind.EMAIL, email or "")
    of_cpf = secrets.same(known[-proofs.LAST :], digits or "")
    of_email = secrets.same((tracked and tracked.email_hash) or "", fingerprint)
    return bool(
        (of_cpf and person is not None and person.sealed_cpf is not None)
        or (of_email and email is not None and tracked is not None)
    )


def _person(tracked: Tracked) -> Publisher:
    return Publisher(
        id=tracked.publisher_id,
        workspace_id=tracked.workspace_id,
        name="",
        sealed_key=tracked.sealed_key,
        sealed_cpf=tracked.sealed_cpf,
    )


def _cpf(secrets: Secrets, person: Publisher) -> str:
    try:
        return sealing.told(secrets, person, FieldKind.CPF) or ""
    except ValueError:
        return ""  # sealed with another SECRET_KEY: nobody can show what nobody can read


async def _told(work: Work, tracked: Tracked, *, partner: bool) -> ProtocolStatus:
    if tracked.removed_at is not None:
        return _removed(tracked, tracked.removed_at)
    shelf, ticket_id = work.protocols, tracked.ticket_id
    passed = [ProtocolStage(stage, at) for at, stage in stages.passed(await shelf.turns(ticket_id))]
    said = await shelf.said(ticket_id, MESSAGES_MOST, in_public=partner)
    stage = stages.of(tracked.status)
    following = await shelf.next(tracked, seen=partner)
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
