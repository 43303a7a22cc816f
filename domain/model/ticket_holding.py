"""Who has a ticket: the person, and the level they answer in."""

from datetime import datetime

from domain.errors import Invalid, WrongState
from domain.events import AssigneeChanged, Claimed, ClaimExpired, Fact, LevelChanged
from domain.model.level import Level
from domain.model.ticket_state import TicketState
from domain.model.user import User
from domain.rules import states
from domain.rules.states import Trigger
from domain.words import TicketStatus


class Holding(TicketState):
    def claim(self, by: User, *, until: datetime) -> Fact:
        """Pulled from the queue: still untouched, and given back if it stays so."""
        self.assignee_id = by.id
        self.lease_expires_at = until
        return Claimed(became=by.name, became_id=by.id)

    def lapse(self, holder: str) -> Fact:
        """The lease ended and nobody had touched it."""
        was_id, self.assignee_id, self.lease_expires_at = self.assignee_id, None, None
        return ClaimExpired(was=holder, was_id=was_id, automated=True)

    def start(self, by: User) -> list[Fact]:
        """T3, T9: opened by an attendant, who becomes its assignee if nobody is."""
        self._must_be_live()
        facts: list[Fact] = []
        self.lease_expires_at = None
        if self.assignee_id is None:
            facts.append(self.assign(None, by))
        if states.allows(Trigger.START, self.status, TicketStatus.OPEN):
            facts.append(self._move(TicketStatus.OPEN))
        return facts

    def touch(self) -> list[Fact]:
        """T3: whatever an attendant does to a ticket ends the lease, and opens a new one."""
        self.lease_expires_at = None
        return [self._move(TicketStatus.OPEN)] if self.status is TicketStatus.NEW else []

    def assign(self, before: User | None, to: User | None) -> Fact:
        self._must_be_live()
        self.assignee_id = to.id if to else None
        self.lease_expires_at = None
        return AssigneeChanged(
            was=before.name if before else None,
            was_id=before.id if before else None,
            became=to.name if to else None,
            became_id=to.id if to else None,
        )

    def transfer(self, before: Level, to: Level, holder: User | None) -> list[Fact]:
        """To another level's queue, in the state it is in; whoever had it no longer has it."""
        if self.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            raise WrongState(
                "status_not_allowed", current=self.status.value, target=f"level {to.name}"
            )
        if to.id == self.level_id:
            raise Invalid("same_level", field=["levelId"])
        to.must_receive("levelId")
        self.level_id = to.id
        if self.terms_id is not None:
            self.terms_id = to.terms_id
        self.transfer_count += 1
        facts: list[Fact] = [
            LevelChanged(was=before.name, was_id=before.id, became=to.name, became_id=to.id)
        ]
        if holder is not None:
            facts.append(self.assign(holder, None))
        return facts

    def escalate(self, before: Level, to: Level, holder: User | None) -> list[Fact]:
        """T8: to another level, which has to take it."""
        states.check(Trigger.ESCALATE, self.status, TicketStatus.ESCALATED)
        return [*self.transfer(before, to, holder), self._move(TicketStatus.ESCALATED)]
