"""The last hour of the demo: whatever time it is, there is something of everything to see."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.model.ticket import Ticket
from domain.operations import handling, intake, opening
from domain.operations.handling import TicketChange
from domain.operations.opening import Opening
from domain.rules.access import Actor
from domain.words import Network, Priority, TicketStatus
from server import demo_replies, demo_team, demo_texts
from server.demo_clock import Clock
from server.demo_crowd import Crowd
from server.demo_people import ADMINISTRATIVE, FINANCE, KEYWORDS, PEOPLE
from server.demo_team import Team
from storage.work import Storage

LEFT_ALONE: Final = timedelta(minutes=47)
RANG_UP: Final = timedelta(minutes=31)
HANDED_OVER: Final = timedelta(minutes=25)
HURRIED: Final = timedelta(minutes=15)
HANDED: Final = 4
OPEN: Final = frozenset({TicketStatus.OPEN})


class Scenes:
    def __init__(self, storage: Storage, team: Team, clock: Clock, crowd: Crowd) -> None:
        self._storage = storage
        self._team = team
        self._clock = clock
        self._crowd = crowd
        self._first_level = team.levels[ADMINISTRATIVE]

    def set(self, end: datetime) -> None:
        """Have it all happen before the end."""
        self._clock.at(end - LEFT_ALONE, self._complaint)
        self._clock.at(end - RANG_UP, self._question_back)
        self._clock.at(end - HANDED_OVER, self._handing_over)

    async def _complaint(self, moment: datetime) -> None:
        """Nobody answers it, and a manager says that it cannot wait: soon it will be late."""
        money = tuple(word for words in KEYWORDS.values() for word in words)
        text = next(
            each
            for each in demo_texts.COMPLAINTS
            if not any(word in each.lower() for word in money)
        )
        post = self._crowd.post(self._crowd.voice(alone=True), text, moment)
        [received] = await self._clock.do(moment, self._team.system, intake.take_in, [post])
        if received.ticket is not None:
            ticket = received.ticket
            self._clock.at(
                moment + LEFT_ALONE - HURRIED, lambda later: self._hurrying(ticket, later)
            )

    async def _hurrying(self, ticket: Ticket, moment: datetime) -> None:
        manager = next(each for each in self._team.managers if each.manages(ticket.level_id))
        change = TicketChange(priority=Priority.HIGH, comment="Esse não pode esperar.")
        await self._clock.do(moment, manager, handling.update, ticket.id, change)

    async def _question_back(self, moment: datetime) -> None:
        """Waits for somebody else, so that its time stands still."""
        level_id = self._team.levels[PEOPLE]
        attendant = self._any_of(level_id)
        asked = Opening(
            level_id=level_id,
            subject="Declaração de vínculo para o banco",
            comment="Por telefone: precisa da declaração de vínculo até sexta.",
            customer_name=self._crowd.voice().author.name,
            network=Network.PHONE,
        )
        ticket = await self._clock.do(moment, attendant, opening.open_ticket, asked)
        await self._clock.do(moment, attendant, handling.start, ticket.id)
        said = "Para emitir, precisamos do seu nome completo e da loja em que trabalha."
        waiting = TicketStatus.PENDING
        later = moment + timedelta(minutes=2)
        await self._clock.do(later, attendant, demo_replies.answer, ticket.id, said, waiting)

    async def _handing_over(self, moment: datetime) -> None:
        async with self._storage.reading(self._team.system) as work:
            tickets = await demo_team.found(work, self._first_level, OPEN, HANDED)
        to = self._team.levels[FINANCE]
        for ticket in tickets:
            said = self._clock.chance.choice(demo_texts.HAND_OVERS)
            by = self._any_of(self._first_level)
            await self._clock.do(moment, by, handling.escalate, ticket.id, to, said)

    def _any_of(self, level_id: UUID) -> Actor:
        return self._clock.chance.choice(self._team.handling(level_id))
