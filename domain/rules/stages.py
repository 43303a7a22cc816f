"""How far a case has come, in public: five stages, whatever goes on inside.

That a reply waits for approval, or that another level was asked, is nobody's business outside.
"""

from domain.words import PublicStage, TicketStatus

STAGES: dict[TicketStatus, PublicStage] = {
    TicketStatus.NEW: PublicStage.RECEIVED,
    TicketStatus.OPEN: PublicStage.IN_ANALYSIS,
    TicketStatus.ESCALATED: PublicStage.IN_ANALYSIS,
    TicketStatus.AWAITING_APPROVAL: PublicStage.IN_ANALYSIS,
    TicketStatus.PENDING: PublicStage.WAITING_FOR_YOU,
    TicketStatus.RESOLVED: PublicStage.ANSWERED,
    TicketStatus.CLOSED: PublicStage.CLOSED,
}


def of(status: TicketStatus) -> PublicStage:
    """What is told of a ticket in that state."""
    return STAGES[status]
