"""The public stages of a case, and what of it stays inside."""

import pytest

from domain.rules import stages
from domain.words import PublicStage, TicketStatus


def test_every_status_has_a_public_stage_and_every_stage_a_status() -> None:
    assert set(stages.STAGES) == set(TicketStatus)
    assert set(stages.STAGES.values()) == set(PublicStage)


@pytest.mark.parametrize("inside", ["ESCALATED", "AWAITING_APPROVAL"])
def test_that_others_were_asked_or_a_reply_waits_is_told_as_being_looked_into(inside: str) -> None:
    assert stages.of(TicketStatus(inside)) is stages.of(TicketStatus.OPEN)
