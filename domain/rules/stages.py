"""How far a case has come, in public: five stages, whatever goes on inside.

That a reply waits for approval, or that another level was asked, is nobody's business outside.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.words import PublicStage, SlaMetric, TicketStatus

STAGES: Mapping[TicketStatus, PublicStage] = {
    TicketStatus.NEW: PublicStage.RECEIVED,
    TicketStatus.OPEN: PublicStage.IN_ANALYSIS,
    TicketStatus.ESCALATED: PublicStage.IN_ANALYSIS,
    TicketStatus.AWAITING_APPROVAL: PublicStage.IN_ANALYSIS,
    TicketStatus.PENDING: PublicStage.WAITING_FOR_YOU,
    TicketStatus.RESOLVED: PublicStage.ANSWERED,
    TicketStatus.CLOSED: PublicStage.CLOSED,
}
EXPECTED = (SlaMetric.RESOLUTION, SlaMetric.LEGAL_RESPONSE)
"""The clocks whose end whoever waits may count on; the others measure us."""


def of(status: TicketStatus) -> PublicStage:
    """What is told of a ticket in that state."""
    return STAGES[status]


def passed(turns: Iterable[tuple[datetime, TicketStatus]]) -> list[tuple[datetime, PublicStage]]:
    """The stages that it went through, each with when it was reached; what differs only within the
    house is one."""
    stages: list[tuple[datetime, PublicStage]] = []
    for at, status in turns:
        stage = of(status)
        if not stages or stages[-1][1] is not stage:
            stages.append((at, stage))
    return stages
