"""A week at Loja Aurora, act by act: each at its own moment, by somebody who may do it.

Nothing is written into tables. People outside write, attendants pull, open, note, hand over and
finish, exactly as they would through the API, so every ticket has the history it should have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.model.ticket import Ticket
from domain.operations import handling, intake, opening, pulling
from domain.operations.handling import TicketChange
from domain.operations.opening import Opening
from domain.rules.access import Actor
from domain.words import CloseReason, Network, Priority, TicketStatus
from server import demo_replies, demo_team, demo_texts
from server.demo_answering import Answering
from server.demo_clock import Act, Clock
from server.demo_crowd import Crowd, Voice
from server.demo_people import ADMINISTRATIVE, FINANCE, TAGS
from server.demo_scenes import Scenes
from server.demo_team import Team
from storage.work import Storage

TICKETS: Final = 200
BY_PHONE: Final = 8
# Some write again when their case is over and get a new ticket; what is then missing comes last.
THREADS: Final = 145
AT_WORK: Final = 3
HALF_AN_HOUR: Final = timedelta(minutes=30)
FRESH: Final = timedelta(minutes=50)
PULLED: Final = timedelta(minutes=9)
CLOSE_REASONS: Final = (
    CloseReason.ANSWERED,
    CloseReason.NO_REPLY_NEEDED,
    CloseReason.DECLINED,
    CloseReason.SPAM,
    CloseReason.INACTIVITY,
    CloseReason.CONFIRMED_BY_CUSTOMER,
)


class Days:
    """Who does what, and what comes of it."""

    def __init__(
        self,
        storage: Storage,
        team: Team,
        accounts: Mapping[Network, UUID],
        types: Sequence[UUID],
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._team = team
        self._types = types
        self._first_level = team.levels[ADMINISTRATIVE]
        self._clock = clock
        self._chance = clock.chance
        self._sandbox = accounts[Network.SANDBOX]
        self._crowd = Crowd(clock.chance, accounts, "demo")
        self._voices: dict[UUID, Voice] = {}
        self._opened: set[UUID] = set()

    async def pass_by(self, start: datetime, end: datetime) -> None:
        """Everything from start to end; what would come later does not come."""
        for act, times in ((self._write, THREADS), (self._call, BY_PHONE)):
            for _ in range(times):
                self._clock.at(self._clock.moment(start, end - FRESH), act)
        hour = start
        while hour < end - FRESH:
            if self._clock.working(hour):
                for attendant in self._chance.sample(self._team.attendants, AT_WORK):
                    later = min(hour + self._clock.minutes(0, 59), end - FRESH)
                    self._clock.at(later, self._pulling(attendant))
                manager = self._chance.choice(self._team.managers)
                self._clock.at(min(hour + HALF_AN_HOUR, end - FRESH), self._taking(manager))
            hour += timedelta(hours=1)

        await self._clock.until(end - FRESH, start, end)
        # Whatever the hour is, there is something of everything to see.
        Scenes(self._storage, self._team, self._clock, self._crowd).set(end)
        Answering(self._storage, self._team, self._sandbox, self._clock).set(end)
        for attendant in self._chance.sample(self._team.handling(self._first_level), 2):
            self._clock.at(end - PULLED, self._pulling(attendant, leave=True))
        missing = TICKETS - len(self._opened)
        for place in range(missing):
            self._clock.at(end - FRESH * (missing - place) / (missing + 1), self._write_anew)
        await self._clock.until(end, start, end)

    # ── outside ──────────────────────────────────────────────────────────────────────────────

    async def _write(self, moment: datetime) -> None:
        voice = self._crowd.voice()
        ticket = await self._say(voice, self._crowd.text(voice.network), moment)
        if ticket and self._chance.random() < 0.35:
            self._clock.at(moment + self._clock.minutes(30, 1_200), self._insisting(ticket, voice))

    async def _write_anew(self, moment: datetime) -> None:
        before = len(self._opened)
        await self._write(moment)
        if len(self._opened) == before:
            self._clock.at(moment, self._write_anew)

    async def _say(self, voice: Voice, text: str, moment: datetime) -> Ticket | None:
        post = self._crowd.post(voice, text, moment)
        [received] = await self._clock.do(moment, self._team.system, intake.take_in, [post])
        if received.ticket is not None:
            self._opened.add(received.ticket.id)
            self._voices.setdefault(received.ticket.id, voice)
        return received.ticket

    def _insisting(self, ticket: Ticket, voice: Voice) -> Act:
        async def act(moment: datetime) -> None:
            asked = await self._say(voice, self._chance.choice(demo_texts.FOLLOW_UPS), moment)
            if asked is not None:
                self._seen_to(asked, moment)

        return act

    def _coming_back(self, ticket: Ticket) -> Act:
        """After it was resolved: most often to complain, sometimes to say thank you."""

        async def act(moment: datetime) -> None:
            grateful = self._chance.random() < 0.4
            texts = demo_texts.THANKS if grateful else demo_texts.REOPENINGS
            voice = self._voices[ticket.id]
            post = self._crowd.post(voice, self._chance.choice(texts), moment)
            [received] = await self._clock.do(moment, self._team.system, intake.take_in, [post])
            if received.ticket is None or received.occurrence is None:
                return
            self._opened.add(received.ticket.id)
            if grateful and received.ticket.id == ticket.id:
                await self._clock.do(
                    moment + self._clock.minutes(2, 10),
                    self._handler(received.ticket),
                    handling.acknowledge,
                    ticket.id,
                    received.occurrence.id,
                )
            elif not grateful:
                self._seen_to(received.ticket, moment)

        return act

    # ── the team ─────────────────────────────────────────────────────────────────────────────

    async def _call(self, moment: datetime) -> None:
        """Somebody rang up, and an attendant opens the ticket."""
        level = self._team.levels[self._chance.choice((ADMINISTRATIVE, FINANCE))]
        text = self._chance.choice(demo_texts.COMPLAINTS)
        asked = Opening(
            level_id=level,
            subject=text,
            comment=f"Por telefone: {text}",
            customer_name=self._crowd.voice().author.name,
            network=Network.PHONE,
            type_id=self._chance.choice(self._types),
        )
        attendant = self._chance.choice(self._team.handling(level))
        ticket = await self._clock.do(moment, attendant, opening.open_ticket, asked)
        self._opened.add(ticket.id)
        self._clock.at(moment + self._clock.minutes(1, 5), self._starting(ticket.id, attendant))

    def _pulling(self, attendant: Actor, *, leave: bool = False) -> Act:
        async def act(moment: datetime) -> None:
            size = self._chance.randint(2, 5)
            pulled = await self._clock.do(moment, attendant, pulling.get_tickets, None, size)
            for place, ticket in enumerate(pulled.tickets):
                if not leave and self._chance.random() < 0.94:
                    later = moment + self._clock.minutes(place * 3 + 1, place * 3 + 4)
                    self._clock.at(later, self._starting(ticket.id, attendant))
            if attendant.handles(self._team.levels[FINANCE]):
                await self._taking(attendant)(moment)

        return act

    def _starting(self, ticket_id: UUID, attendant: Actor) -> Act:
        async def act(moment: datetime) -> None:
            ticket = await self._clock.do(moment, attendant, handling.start, ticket_id)
            if self._chance.random() < 0.3:
                note = self._chance.choice(demo_texts.NOTES)
                self._clock.at(
                    moment + self._clock.minutes(1, 6), self._noting(ticket.id, attendant, note)
                )
            if self._chance.random() < 0.8:
                self._clock.at(moment + self._clock.minutes(2, 7), self._answering(ticket))
            self._clock.at(moment + self._clock.minutes(7, 90), self._deciding(ticket, attendant))

        return act

    def _taking(self, person: Actor) -> Act:
        """They open what they were given without having asked for it."""

        async def act(moment: datetime) -> None:
            assert person.user_id is not None
            async with self._storage.reading(person) as work:
                tickets = await demo_team.given(work, person.user_id)
            for place, ticket in enumerate(tickets):
                later = moment + self._clock.minutes(place * 3 + 1, place * 3 + 4)
                self._clock.at(later, self._starting(ticket.id, person))

        return act

    def _seen_to(self, ticket: Ticket, moment: datetime) -> None:
        """Whoever has it sees that there is something new, most often."""
        if ticket.assignee_id and self._chance.random() < 0.85:
            settle = self._chance.random() < 0.6
            self._clock.at(moment + self._clock.minutes(10, 80), self._answering(ticket, settle))

    def _answering(self, ticket: Ticket, settle: bool = False) -> Act:
        """To say that somebody is looking into it, or what came of that."""

        async def act(moment: datetime) -> None:
            said = self._chance.choice(demo_texts.SOLUTIONS if settle else demo_texts.ANSWERS)
            becomes = TicketStatus.RESOLVED if settle else None
            by = self._handler(ticket)
            await self._clock.do(moment, by, demo_replies.answer, ticket.id, said, becomes)

        return act

    def _noting(self, ticket_id: UUID, attendant: Actor, text: str) -> Act:
        async def act(moment: datetime) -> None:
            await self._clock.do(moment, attendant, handling.note, ticket_id, text)

        return act

    def _deciding(self, ticket: Ticket, attendant: Actor) -> Act:
        async def act(moment: datetime) -> None:
            sort = TicketChange(
                comment="Classificado.",
                type_id=self._chance.choice(self._types),
                add_tags=tuple(self._chance.sample(TAGS, self._chance.randint(0, 2))),
                priority=self._chance.choices((None, *Priority), (8, 1, 1, 2, 1))[0],
            )
            await self._clock.do(moment, attendant, handling.update, ticket.id, sort)
            ways = (self._resolve, self._wait, self._finish, self._hand_over, self._merge)
            way = self._chance.choices((*ways, None), (40, 17, 22, 9, 6, 6))[0]
            if way is not None:
                await way(moment + self._clock.minutes(1, 3), ticket, attendant)

        return act

    async def _resolve(self, moment: datetime, ticket: Ticket, attendant: Actor) -> None:
        """With the answer that settles it, most often; else somebody called, or it was praise."""
        if self._chance.random() < 0.8:
            solved = self._chance.choice(demo_texts.SOLUTIONS), TicketStatus.RESOLVED
            await self._clock.do(moment, attendant, demo_replies.answer, ticket.id, *solved)
        else:
            closing = self._chance.choice(demo_texts.CLOSINGS)
            change = TicketChange(status=TicketStatus.RESOLVED, comment=closing)
            await self._clock.do(moment, attendant, handling.update, ticket.id, change)
        if self._chance.random() < 0.3 and ticket.id in self._voices:
            self._clock.at(moment + self._clock.minutes(20, 1_500), self._coming_back(ticket))
        elif self._chance.random() < 0.35:
            self._clock.at(moment + timedelta(days=1), self._closing(ticket, attendant))

    def _closing(self, ticket: Ticket, attendant: Actor) -> Act:
        async def act(moment: datetime) -> None:
            reason = self._chance.choice((CloseReason.ANSWERED, CloseReason.CONFIRMED_BY_CUSTOMER))
            said = "Encerrado sem novo contato."
            await self._clock.do(moment, attendant, handling.finish, ticket.id, reason, said)

        return act

    async def _wait(self, moment: datetime, ticket: Ticket, attendant: Actor) -> None:
        """A question back, and nothing to do until it is answered or a day has come."""
        asked = self._chance.choice(demo_texts.QUESTIONS)
        until = moment + timedelta(days=self._chance.randint(1, 4))
        waiting = TicketStatus.PENDING, until if self._chance.random() < 0.6 else None
        await self._clock.do(moment, attendant, demo_replies.answer, ticket.id, asked, *waiting)
        if ticket.id in self._voices and self._chance.random() < 0.5:
            voice = self._voices[ticket.id]
            self._clock.at(moment + self._clock.minutes(60, 900), self._insisting(ticket, voice))

    async def _finish(self, moment: datetime, ticket: Ticket, attendant: Actor) -> None:
        reason = self._chance.choice(CLOSE_REASONS)
        said = self._chance.choice(demo_texts.CLOSINGS)
        await self._clock.do(moment, attendant, handling.finish, ticket.id, reason, said)

    async def _hand_over(self, moment: datetime, ticket: Ticket, attendant: Actor) -> None:
        """To another level: escalated, or simply moved to its queue."""
        others = [each for each in self._team.levels.values() if each != ticket.level_id]
        to, said = self._chance.choice(others), self._chance.choice(demo_texts.HAND_OVERS)
        if self._chance.random() < 0.6:
            await self._clock.do(moment, attendant, handling.escalate, ticket.id, to, said)
            return
        change = TicketChange(level_id=to, comment=said)
        await self._clock.do(moment, attendant, handling.update, ticket.id, change)

    async def _merge(self, moment: datetime, ticket: Ticket, attendant: Actor) -> None:
        """The same person asks the same elsewhere; both become one case."""
        voice = self._voices.get(ticket.id)
        if voice is None:
            return
        elsewhere = replace(voice, thread=f"{voice.thread}-2")
        other = await self._say(elsewhere, self._chance.choice(demo_texts.FOLLOW_UPS), moment)
        if other is not None and other.id != ticket.id:
            later = moment + self._clock.minutes(2, 9)
            by = next(e for e in self._team.attendants if e.handles(ticket.level_id))
            said = "Mesmo caso, aberto duas vezes."
            await self._clock.do(later, by, handling.merge, other.id, ticket.id, said, True)

    def _handler(self, ticket: Ticket) -> Actor:
        """Whoever has it, else somebody of its level."""
        everybody = (*self._team.attendants, *self._team.managers)
        has_it = [each for each in everybody if each.user_id == ticket.assignee_id]
        return self._chance.choice(has_it or self._team.handling(ticket.level_id))
