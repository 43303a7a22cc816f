"""Who decides on a held reply, and that it is decided once."""

from datetime import UTC, datetime

import pytest

from domain.errors import AlreadyDecided, Forbidden
from domain.model.approval import Approval
from domain.model.base import new_id
from domain.model.reply import Reply
from domain.rules import access, deciding
from domain.rules.access import Actor, Permission
from domain.words import (
    ApprovalDecision,
    ApprovalState,
    DeliveryState,
    LevelRole,
    Role,
    TicketStatus,
    Visibility,
)

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)
WORKSPACE, LEVEL, AUTHOR = new_id(), new_id(), new_id()
APPROVE, EDIT, REJECT, WITHDRAW = ApprovalDecision
MODERATE = frozenset({Permission.REPLIES_MODERATE})


def somebody(
    role: Role, *, inside: bool = True, grants: frozenset[Permission] = frozenset()
) -> Actor:
    return access.person(
        user_id=new_id(),
        workspace_id=WORKSPACE,
        name="Alguém",
        role=role,
        memberships={LEVEL: LevelRole.ATTENDANT} if inside else {},
        open_levels=frozenset({LEVEL}),
        grants=grants,
    )


def waiting() -> Approval:
    reply = Reply(
        workspace_id=WORKSPACE,
        ticket_id=new_id(),
        visibility=Visibility.PUBLIC,
        text="Já vai",
        state=DeliveryState.HELD,
        written_at=NOW,
    )
    return Approval.submit(
        reply,
        ticket_id=reply.ticket_id,
        author_id=AUTHOR,
        intended=TicketStatus.OPEN,
        previous=TicketStatus.NEW,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("actor", "decides"),
    [
        (somebody(Role.ADMIN, inside=False), True),
        (somebody(Role.SUPERVISOR), True),
        (somebody(Role.SUPERVISOR, inside=False), False),
        (somebody(Role.ATTENDANT), False),
        (somebody(Role.ATTENDANT, grants=MODERATE), True),
        (somebody(Role.ATTENDANT, inside=False, grants=MODERATE), False),
        (somebody(Role.VIEWER, grants=MODERATE), True),
        (somebody(Role.VIEWER), False),
        (somebody(Role.APPROVER), True),
        (somebody(Role.APPROVER, inside=False), False),
    ],
)
def test_a_moderator_of_the_level_decides_on_what_others_wrote(actor: Actor, decides: bool) -> None:
    assert deciding.choices(actor, AUTHOR, LEVEL) == ([APPROVE, EDIT, REJECT] if decides else [])


@pytest.mark.parametrize("role", Role)
def test_ones_own_can_only_be_withdrawn_whoever_one_is(role: Role) -> None:
    actor = somebody(role, grants=MODERATE)
    assert actor.user_id is not None

    assert deciding.choices(actor, actor.user_id, LEVEL) == [WITHDRAW]
    with pytest.raises(Forbidden) as refused:
        deciding.check(actor, actor.user_id, LEVEL, APPROVE)
    assert refused.value.sentence == "own_reply"


def test_an_approval_ends_once() -> None:
    approval = waiting()
    fact = approval.reject(new_id(), NOW, "Não")

    for again in (
        lambda: approval.approve(new_id(), NOW),
        lambda: approval.withdraw(NOW),
        lambda: approval.supersede(NOW),
        approval.go_stale,
    ):
        with pytest.raises(AlreadyDecided):
            again()

    assert (fact.was, fact.became, fact.became_id) == ("SUBMITTED", "REJECTED", approval.id)
    assert (approval.state, approval.version) == (ApprovalState.REJECTED, 2)
    assert not approval.stale
