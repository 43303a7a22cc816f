"""An office to ask about: an account, two people, two tickets, and what they are called."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, table

from domain.model.base import metadata
from domain.words import Role
from tests.api.desk import Desk, Json, gid, unknown
from tests.world import Person

MUTATIONS = {
    "openTicket": "OpenTicketInput",
    "getTickets": "GetTicketsInput",
    "startTicket": "TicketInput",
    "updateTicket": "UpdateTicketInput",
    "escalateTicket": "EscalateTicketInput",
    "finishTicket": "FinishTicketInput",
    "mergeTickets": "MergeTicketsInput",
    "reply": "ReplyInput",
    "saveLevel": "SaveLevelInput",
    "saveCalendar": "SaveCalendarInput",
    "saveAccount": "SaveAccountInput",
    "testAccount": "TestAccountInput",
    "saveUser": "SaveUserInput",
    "receiveOccurrence": "OccurrenceInput",
    "createApiKey": "CreateApiKeyInput",
    "saveTicketType": "SaveTicketTypeInput",
    "saveMonitoring": "SaveMonitoringInput",
    "updatePublisher": "UpdatePublisherInput",
    "mergePublishers": "MergePublishersInput",
    "revealField": "RevealFieldInput",
    "savePublisherFieldDefinition": "SavePublisherFieldDefinitionInput",
}

POST = {
    "accountId": "$account",
    "externalId": "m99",
    "kind": "COMMENT",
    "author": {"externalId": "ana", "name": "Ana"},
    "text": "Olá",
    "occurredAt": "2026-09-14T11:00:00Z",
}
CALENDAR = {
    "name": "Plantão",
    "timeZone": "America/Sao_Paulo",
    "intervals": [{"weekday": 6, "opens": "09:00", "closes": "12:00"}],
}
FIELD = {"key": "fidelidade", "label": "Fidelidade", "kind": "TEXT"}
# An address signs in one person of the whole installation, so each office has its own Bia.
USER = {"name": "Bia", "email": "$address", "role": "VIEWER", "password": "uma senha longa"}


@dataclass
class Office:
    """Everything one could rightly name."""

    desk: Desk
    ana: Person
    boss: Person
    names: Json

    @classmethod
    async def built(cls, desk: Desk) -> "Office":
        world = desk.world
        account = await world.account()
        await world.watch(account, world.triage)
        ana = await world.person("Ana", level=world.triage)
        boss = await world.person("Chefe", role=Role.ADMIN)
        ticket = await world.heard(account)
        other = await world.heard(account, author="jose")
        return cls(
            desk,
            ana,
            boss,
            {
                "ticket": gid(ticket),
                "other": gid(other),
                "level": gid(world.triage),
                "user": gid(ana.user),
                "account": gid(account),
                "publisher": gid(ticket.publisher_id, "Publisher"),
                "stranger": gid(other.publisher_id, "Publisher"),
                "address": f"bia@{world.workspace.id.hex}.example",
                "nobody": unknown("Ticket"),
                "nobody_else": unknown("Publisher"),
            },
        )

    async def rows(self) -> dict[str, int]:
        """How many rows every table has; both people have signed in by then."""
        for person in (self.ana, self.boss):
            await self.desk.token(person)
        async with self.desk.world.storage.reading(self.desk.world.system) as work:
            return {
                name: await work.session.scalar(select(func.count()).select_from(table(name))) or 0
                for name in metadata.tables
            }


def named(value: Any, names: Json) -> Any:
    if isinstance(value, dict):
        return {key: named(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [named(part, names) for part in value]
    return names[value[1:]] if isinstance(value, str) and value.startswith("$") else value
