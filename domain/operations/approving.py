"""Deciding on what was held: approved, edited and sent, rejected, or taken back by its author.

The ticket is held first and its approval second, by everybody. So two who decide at once stand in
a row at the ticket, and the second finds that it was decided.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.answers import Decided
from domain.errors import (
    Collision,
    Invalid,
    NotFound,
    ReasonRequired,
    StaleReply,
    VersionConflict,
)
from domain.events import Fact
from domain.model.approval import Approval
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.rules import capability, checking, deciding
from domain.rules.deciding import LETS_GO
from domain.words import ApprovalDecision
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What somebody decided. The text is for editing; rejecting takes a reason."""

    decision: ApprovalDecision
    text: str | None = None
    reason: str | None = None
    acknowledge_stale: bool = False
    expected_version: int | None = None

    def checked(self) -> tuple[str | None, str | None]:
        """Text and reason, fit to keep; whatever the approval is, the input has to be right."""
        if self.decision is ApprovalDecision.EDIT_AND_SEND:
            text = checking.text(self.text or "", ["text"])
        elif self.text is not None:
            raise Invalid("text_is_for_editing", field=["text"])
        else:
            text = None
        reason = checking.comment(self.reason, ["reason"])
        if self.decision is ApprovalDecision.REJECT and reason is None:
            raise ReasonRequired("reason_required", field=["reason"])
        return text, reason


async def decide(work: Work, approval_id: UUID, verdict: Verdict) -> Decided:
    """The approval, decided once and for all, and its ticket; ALREADY_DECIDED for who is second."""
    text, reason = verdict.checked()
    ticket, approval = await _taken(work, approval_id)
    deciding.check(work.actor, approval.author_id, ticket.level_id, verdict.decision)
    approval.must_wait()
    if verdict.expected_version not in (None, approval.version):
        raise VersionConflict(current=approval, changed_fields=[])
    if approval.stale and verdict.decision in LETS_GO and not verdict.acknowledge_stale:
        raise await _stale(work, approval)
    reply = (await work.replies.find([approval.reply_id]))[approval.reply_id]

    if verdict.decision in LETS_GO:
        decided = await _approved(work, approval, reply, text, reason)
        reply.release(work.now)
        moved = ticket.release(
            approval.intended_status, now=work.now, close_reason=reply.close_reason
        )
    else:
        decided = _refused(work, approval, reply, reason)
        moved = ticket.give_back(approval.returns_to)
    work.record(ticket, decided, moved, comment=reason)
    return Decided(approval, ticket)


async def superseded(work: Work, ticket: Ticket) -> list[Fact]:
    """Nobody has to decide any more on what waits there: the ticket is merged or removed."""
    waiting = (await work.approvals.open_of([ticket.id])).get(ticket.id)
    if waiting is None:
        return []
    reply = (await work.replies.find([waiting.reply_id]))[waiting.reply_id]
    reply.give_up("reply_superseded")
    return [waiting.supersede(work.now)]


async def _taken(work: Work, approval_id: UUID) -> tuple[Ticket, Approval]:
    known = await work.approvals.get(approval_id)
    try:
        ticket = await work.tickets.take(known.ticket_id)
    except NotFound:
        # It went out of sight while we waited: with its ticket, the approval is not there either.
        raise NotFound("not_found", thing="approval") from None
    approval = await work.approvals.take(approval_id)
    if approval.ticket_id != ticket.id:
        raise Collision  # merged while we waited: it hangs on another ticket now
    return ticket, approval


async def _stale(work: Work, approval: Approval) -> StaleReply:
    written = await work.entries.messages_since(approval)
    cursor = await work.position()
    return StaleReply(
        new_entries=written, cursor=cursor, sentence="approval_stale", field=["acknowledgeStale"]
    )


async def _approved(
    work: Work, approval: Approval, reply: Reply, text: str | None, reason: str | None
) -> Fact:
    """Edited where the words are others; the same words again are simply approved."""
    if text is None or text == reply.text:
        return approval.approve(work.actor.user_id, work.now, reason)
    if reply.account_id is not None:
        account = await work.accounts.get(reply.account_id)
        capability.check(
            work.channels.capability(account.network), account.network, reply.visibility, text
        )
    reply.reword(text)
    return approval.edit(work.actor.user_id, work.now, reason)


def _refused(work: Work, approval: Approval, reply: Reply, reason: str | None) -> Fact:
    if approval.author_id == work.actor.user_id:
        reply.give_up("reply_withdrawn")
        return approval.withdraw(work.now, reason)
    reply.give_up("reply_rejected")
    return approval.reject(work.actor.user_id, work.now, reason or "")
