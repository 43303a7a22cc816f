"""A company in which everything happened that a plan may be asked about."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.model.account import Account
from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling, uniting
from domain.operations.handling import TicketChange
from domain.post import Author
from domain.rules import files
from domain.rules.access import Scope
from domain.words import CloseReason, LevelRole, Network, OutsideView, Priority, Role, TicketStatus
from tests.api.boards import HOUR, measured
from tests.api.desk import Desk, Json, gid, unknown
from tests.holding import REJECT, WRITTEN, Moderated
from tests.operations.test_attachments import put, send, uploaded
from tests.rules.test_files import PNG
from tests.world import Person, World


@dataclass
class House:
    """A company with walls, people of every kind, and tickets to which everything happened."""

    desk: Desk
    sales: Level
    hr: Level
    tickets: list[Ticket]
    callers: list[Person | str]

    @property
    def world(self) -> World:
        return self.desk.world

    @classmethod
    async def built(cls, desk: Desk) -> "House":
        world = desk.world
        sales = await measured(world, "Vendas")
        await world.arrange(sales, group_old_occurrences=True)
        hr = await world.level("RH", outside_view=OutsideView.NONE)
        seen = await world.level("Vitrine", outside_view=OutsideView.FULL)
        ana = await world.person("Ana", level=sales)
        boss = await world.person("Chefe", role=Role.ADMIN)
        callers: list[Person | str] = [
            ana,
            boss,
            await world.person("Sula", level=[sales, hr], role=Role.SUPERVISOR),
            await world.person("Vera", level=hr, role=Role.VIEWER),
            await world.person("Mara", level=hr, level_role=LevelRole.MANAGER),
            await world.person("Nina"),
            await desk.key(Scope.READ),
        ]
        account = await world.account(network=Network.INSTAGRAM)
        await world.watch(account, sales)
        mailbox = Author(external_id="a@b.example", name="Zé", handle="a@b.example")
        tickets = []
        long_ago = world.now - timedelta(days=3)
        await world.receive(
            *(
                world.post(account, author=f"p{each}", historical=True, occurred_at=long_ago)
                for each in range(3)
            )
        )
        for number in range(14):
            author: Any = [f"p{number % 5}", mailbox][number % 7 == 3]
            tickets.append(await world.heard(account, author=author, thread=f"t{number % 9}"))
            world.later(timedelta(minutes=7))
        for level, subject in ((hr, "Salário"), (seen, "Preço"), (world.triage, "Ação")):
            tickets.append(
                await world.ticket(
                    level, subject=subject, publisher_id=tickets[0].publisher_id, by=boss
                )
            )
        await _lived_in(world, tickets, ana, boss)
        tickets += await _answered(world, account, tickets[7], ana)
        return cls(desk, sales, hr, tickets, callers)

    async def cursors_of_messages(self) -> list[str]:
        """Places in the lists that hang on tickets."""
        asked = """{ tickets(first: 50) { nodes { occurrences { pageInfo { startCursor } }
          replies { pageInfo { startCursor } } } } }"""
        told = [
            each[name]["pageInfo"]["startCursor"]
            for each in (await self.desk.ask(asked, self.callers[1]))["nodes"]
            for name in ("occurrences", "replies")
        ]
        return [each for each in told if each is not None]

    def filters(self, chance: random.Random) -> Json:
        """Everything that can be asked of tickets."""
        levels = [gid(self.sales), gid(self.hr), gid(self.world.triage)]
        return {
            "levelIds": chance.sample(levels, chance.choice([1, 1, 2])),
            "statuses": chance.sample(["NEW", "OPEN", "CLOSED", "RESOLVED"], 2),
            "priorities": ["HIGH", "URGENT", "MEDIUM"],
            "networks": ["INSTAGRAM"],
            "unassigned": chance.random() < 0.5,
            "mine": True,
            "publisherId": gid(self.tickets[0].publisher_id, "Publisher"),
            "protocol": self.tickets[1].protocol,
            "search": "pedido",
            "tags": ["vip"],
            "openedFrom": "2026-09-14T12:01:00Z",
            "defaultPeriod": True,
            "typeIds": [unknown("TicketType")],
            "assigneeIds": [unknown("Level")],
        }

    def counted(self, chance: random.Random) -> Json:
        """Arguments of figures, and of a list those that say of which tickets."""
        filters = self.filters(chance)
        if chance.random() >= 0.6:
            return {}
        some = chance.sample(sorted(filters), chance.randint(0, 2))
        return {"filter": {name: filters[name] for name in some}}

    def asked(self, chance: random.Random, cursors: list[str]) -> Json:
        """Arguments of a list."""
        told = self.counted(chance)
        if chance.random() < 0.6:
            order = ["URGENCY", "DUE_AT", "PRIORITY", "OPENED_AT", "UPDATED_AT", "INTERACTIONS"]
            told["orderBy"] = {
                "field": chance.choice(order),
                "direction": chance.choice(["ASC", "DESC"]),
            }
        end = chance.choice(["first", "last"])
        if chance.random() < 0.7:
            told[end] = chance.choice([1, 3, 5, 50])
        if chance.random() < 0.3 and (end == "first" or end in told):
            told["after" if end == "first" else "before"] = chance.choice([*cursors, "nada"])
        return told


async def _lived_in(world: World, tickets: list[Ticket], ana: Person, boss: Person) -> None:
    open_ones = {ticket.id: ticket for ticket in tickets}
    mine, noted, closed, gone, source, target, *_ = list(open_ones)
    await world.do(handling.start, mine, by=ana)
    change = TicketChange(priority=Priority.URGENT, add_tags=("vip", "loja"), comment="Urge")
    await world.do(handling.update, noted, change, by=ana)
    for _ in range(4):
        await world.do(handling.note, noted, "Nota", by=ana)
    await world.do(handling.update, closed, TicketChange(status=TicketStatus.RESOLVED), by=ana)
    await world.do(handling.remove, gone, "Engano", by=boss)
    await world.do(handling.merge, source, target, None, True, by=boss)
    await world.do(
        uniting.merge, open_ones[noted].publisher_id, open_ones[mine].publisher_id, by=boss
    )
    world.later(3 * HOUR)


async def _answered(world: World, account: Account, talked: Ticket, ana: Person) -> list[Ticket]:
    """Files both ways, a note, what waits for a decision, and a ticket that follows another."""
    moderated = await Moderated.set_up(world)
    first = await moderated.held(send_as=TicketStatus.RESOLVED)
    await moderated.decide(first)
    ticket = await moderated.ticket(first)
    await world.do(
        handling.update,
        ticket.id,
        TicketChange(status=TicketStatus.CLOSED, close_reason=CloseReason.ANSWERED),
    )
    next_one = await world.heard(moderated.account, author=f"p{WRITTEN}{first.requested_at}")
    await moderated.decide(await moderated.held(next_one, "Não."), REJECT, reason="Curto demais")
    world.later(timedelta(minutes=1))
    await moderated.held(next_one, "Um momento.")

    drafts = [await uploaded(world, talked, ana) for _ in range(3)]
    await world.do(send, [each.id for each in drafts[:2]], talked.id, by=ana)
    await world.do(handling.note, talked.id, "Só entre nós", by=ana)
    [received] = await world.receive(world.post(account, author="p1", text="Com foto"))
    assert received.ticket is not None
    assert received.occurrence is not None
    photo = Attachment.of(
        files.examine("foto.png", PNG),
        workspace_id=world.workspace.id,
        now=world.now,
        ticket_id=received.ticket.id,
        occurrence_id=received.occurrence.id,
    )
    await world.do(put, photo)
    stubs = await world.level("Balcão", outside_view=OutsideView.STUB)
    beyond = []
    for _ in range(2):
        beyond.append(await world.ticket(stubs, publisher_id=received.ticket.publisher_id))
        world.later(timedelta(minutes=1))
    return [ticket, next_one, received.ticket, *beyond]
