"""Whether somebody may be told of a ticket whose protocol they name, without signing in.

Whatever is wrong (the number, its check digit, the proof, whose ticket it is) is answered alike,
after the same work: one question, one thing opened, two things compared.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.model.publisher import Publisher
from domain.operations import sealing
from domain.rules import proofs, protocols
from domain.tracking import Pass, Tracked
from domain.words import FieldKind
from domain.work import Secrets, Work

NOBODY = UUID(int=0)
NONE = "0" * protocols.LENGTH
"""A number that no ticket has: it is asked for in place of what cannot be one."""
PASS = "gp_"
PASS_LASTS = timedelta(minutes=30)


async def proven(work: Work, protocol: str, proof: str | None) -> Tracked | None:
    """The ticket of that number whose publisher the proof is of."""
    shown = (proof or "")[: proofs.LONGEST]
    kept = read_pass(work, shown)
    found = await work.protocols.called(asked(protocol))
    if kept is not None:
        return next((each for each in found if kept.is_good(each, _mark(work, each))), None)
    # A number may be given in several workspaces; where it is in none, nobody is looked at.
    looked_at: Sequence[Tracked | None] = found or [None]
    right = [each for each in looked_at if _is_of(work.secrets, each, shown)]
    return right[0] if right else None


async def seen(work: Work, protocol: str) -> Tracked | None:
    """The ticket of that number, where a partner's key is of its level."""
    return await work.protocols.seen(asked(protocol))


def asked(protocol: str) -> str:
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


# ── a proof that was shown ───────────────────────────────────────────────────────────────────


def make_pass(work: Work, tracked: Tracked) -> Pass:
    """What stands for a proof that was shown, for a while: whoever has it need not say it again."""
    until = work.now.replace(microsecond=0) + PASS_LASTS
    mark, seconds = _mark(work, tracked), int(until.timestamp())
    text = f"{tracked.ticket_id.hex}.{tracked.protocol}.{seconds}.{mark}"
    sealed = urlsafe_b64encode(work.secrets.seal(text)).decode()
    return Pass(tracked.ticket_id, tracked.protocol, until, mark, PASS + sealed)


def read_pass(work: Work, proof: str) -> Pass | None:
    """The pass, where it is one of ours and not over; no guess is."""
    if not proof.startswith(PASS):
        return None
    try:
        text = work.secrets.unseal(urlsafe_b64decode(proof.removeprefix(PASS)))
        ticket, protocol, seconds, mark = text.split(".")
        until = datetime.fromtimestamp(int(seconds), UTC)
        kept = Pass(UUID(hex=ticket), protocol, until, mark, proof)
    except ValueError:
        return None
    return kept if work.now < kept.until else None


def _mark(work: Work, tracked: Tracked) -> str:
    """Another one where the ticket is somebody else's by now, or other things are known of them."""
    known = (tracked.publisher_id, tracked.cpf_hash, tracked.email_hash)
    return work.secrets.hash(f"pass {known}")[:32]
