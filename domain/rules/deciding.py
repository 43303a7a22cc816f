"""Who may decide on a held reply: a moderator of its level, and never on their own.

Not even an administrator decides on what they wrote. The author alone may take it back.
"""

from uuid import UUID

from domain.errors import Forbidden
from domain.rules.access import Actor
from domain.words import ApprovalDecision

LETS_GO = frozenset({ApprovalDecision.APPROVE, ApprovalDecision.EDIT_AND_SEND})
"""What sends the reply on its way."""


def check(actor: Actor, author_id: UUID, level_id: UUID, decision: ApprovalDecision) -> None:
    """Nothing where the actor may; the refusal says who does."""
    if decision is ApprovalDecision.WITHDRAW:
        if author_id != actor.user_id:
            raise Forbidden("author_only")
        return
    if author_id == actor.user_id:
        raise Forbidden("own_reply")
    if not actor.moderates(level_id):
        raise Forbidden("moderator_only")


def choices(actor: Actor, author_id: UUID, level_id: UUID) -> list[ApprovalDecision]:
    """The decisions that an actor may take, in their usual order."""

    def may(decision: ApprovalDecision) -> bool:
        try:
            check(actor, author_id, level_id, decision)
        except Forbidden:
            return False
        return True

    return [each for each in ApprovalDecision if may(each)]
