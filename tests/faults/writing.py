"""Clients that insist until they are answered, and what they were told is there."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from domain.model.account import Account
from domain.model.entry import HistoryEntry
from domain.model.idempotency import Idempotency
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.words import HistoryKind
from storage.access import columns
from tests.api.desk import Json, gid
from tests.world import World

ANSWERED_WITHIN = 12.0
AGAIN_AFTER = 0.1
PATIENCE = 120.0
H_ = columns(HistoryEntry)
NAMES = {
    "comment": H_.comment,
    "occurrence": columns(Occurrence).external_id,
    "reply": columns(Reply).text,
}
"""Where the names of what is done are kept."""
WRITTEN = {HistoryKind.NOTE_ADDED, HistoryKind.REPLY_WRITTEN}


@dataclass
class Insistent:
    """One who asks the same again, here or there, until somebody has answered."""

    addresses: Sequence[str]
    token: str
    client: httpx.AsyncClient
    chance: Random
    asked_again: int = 0

    async def do(self, mutation: str, taking: str, selected: str, /, **given: Any) -> Json:
        """The payload; a passing trouble is not one."""
        document = (
            f"mutation($i: {taking}!) {{ {mutation}(input: $i) {{ {selected}"
            " userErrors { code message } } }"
        )
        while True:
            told = await self._once({"query": document, "variables": {"i": given}})
            if told is not None and not self._passing(told):
                break
            self.asked_again += 1
            await asyncio.sleep(AGAIN_AFTER)
        assert "errors" not in told, told["errors"]
        payload: Json = told["data"][mutation]
        assert payload["userErrors"] == [], payload
        return payload

    async def _once(self, asked: Json) -> Json | None:
        try:
            response = await self.client.post(
                self.chance.choice(self.addresses) + "/graphql",
                json=asked,
                headers={"authorization": f"Bearer {self.token}"},
            )
        except httpx.TransportError:
            return None
        told: Json = response.json()
        return told

    @staticmethod
    def _passing(told: Json) -> bool:
        errors = told.get("errors") or []
        for payload in (told.get("data") or {}).values():
            errors += (payload or {}).get("userErrors") or []
        codes = {each.get("code") or each.get("extensions", {}).get("code") for each in errors}
        return bool(codes & {"UNAVAILABLE"})


@dataclass
class Writers:
    """Several who write at once, each thing under a name that is used once."""

    level: Level
    account: Account
    insisting: Sequence[Insistent]
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    """What was done, and under which name, in the order of the answers."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def write(self) -> None:
        """All of them, until it is over."""
        await asyncio.gather(*(self._write(*each) for each in enumerate(self.insisting)))

    async def confirm(self, more: int) -> None:
        """Wait until so many more things were confirmed."""
        wanted = len(self.confirmed) + more
        async with asyncio.timeout(PATIENCE), self._grown:
            await self._grown.wait_for(lambda: len(self.confirmed) >= wanted)

    async def _write(self, number: int, one: Insistent) -> None:
        round_ = 0
        while not self.over.is_set():
            round_ += 1
            async for kind, name in self._round(one, f"{number}-{round_}"):
                async with self._grown:
                    self.confirmed.append((kind, name))
                    self._grown.notify_all()
                if self.over.is_set():
                    return

    async def _round(self, one: Insistent, name: str) -> AsyncIterator[tuple[str, str]]:
        ticket = "ticket { id }"
        payload = await one.do(
            *("openTicket", "OpenTicketInput", ticket),
            levelId=gid(self.level),
            subject="Pedido",
            comment=f"aberto {name}",
            idempotencyKey=f"o{name}",
        )
        yield "comment", f"aberto {name}"
        by_hand = payload["ticket"]["id"]
        await one.do(
            *("updateTicket", "UpdateTicketInput", ticket),
            ticketId=by_hand,
            comment=f"mudado {name}",
            priority="HIGH",
            status="PENDING",
            idempotencyKey=f"u{name}",
        )
        yield "comment", f"mudado {name}"
        payload = await one.do(
            *("receiveOccurrence", "OccurrenceInput", ticket),
            accountId=gid(self.account),
            externalId=f"veio {name}",
            kind="COMMENT",
            author={"externalId": name, "name": name},
            text="Cadê meu pedido?",
            threadId=name,
            occurredAt=datetime.now(UTC).isoformat(),
        )
        yield "occurrence", f"veio {name}"
        heard = payload["ticket"]["id"]
        for ticket_id, visibility in ((by_hand, "INTERNAL"), (heard, "PUBLIC")):
            await one.do(
                *("reply", "ReplyInput", ticket),
                ticketId=ticket_id,
                text=f"{visibility} {name}",
                visibility=visibility,
                idempotencyKey=f"{visibility}{name}",
            )
            yield "reply", f"{visibility} {name}"


@asynccontextmanager
async def writers(
    addresses: Sequence[str], tokens: Sequence[str], level: Level, account: Account
) -> AsyncIterator[Writers]:
    async with httpx.AsyncClient(timeout=ANSWERED_WITHIN) as client:
        insisting = [
            Insistent(addresses, token, client, Random(place)) for place, token in enumerate(tokens)
        ]
        yield Writers(level, account, insisting)


async def lost_and_doubled(world: World, confirmed: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """How much of what was confirmed is not there, and how much of it is there twice."""
    async with world.storage.reading(world.system) as work:
        there: Counter[tuple[str, str]] = Counter()
        for kind, column in NAMES.items():
            there.update((kind, each) for each in await work.session.scalars(select(column)))
    lost = [each for each in confirmed if not there[each]]
    return len(lost), len([each for each in confirmed if there[each] > 1])


async def whole(world: World) -> None:
    """No act is there by half: rows, entries and keys tell the same."""
    async with world.storage.reading(world.system) as work:
        read = work.session.scalars
        tickets = {each.id: each for each in await read(select(Ticket))}
        entries = list(await read(select(HistoryEntry).order_by(H_.sequence)))
        messages = {each.id: each.ticket_id for each in await read(select(Occurrence))}
        replies = {each.id: each.ticket_id for each in await read(select(Reply))}
        keys = list(await read(select(Idempotency)))

    stories: dict[UUID, list[HistoryEntry]] = {each: [] for each in tickets}
    for entry in entries:
        stories[entry.ticket_id].append(entry)
    for ticket_id, story in stories.items():
        assert [each.sequence for each in story] == list(range(1, len(story) + 1))
        assert tickets[ticket_id].interactions_count == len(story)
        assert tickets[ticket_id].version == story[-1].version
        assert tickets[ticket_id].face.as_json() == dict(story[-1].after)
    told = [
        (each.occurrence_id, each.ticket_id)
        for each in entries
        if each.kind is HistoryKind.OCCURRENCE_RECEIVED
    ]
    assert sorted(told, key=str) == sorted(messages.items(), key=str)
    said = [(each.reply_id, each.ticket_id) for each in entries if each.kind in WRITTEN]
    assert sorted(said, key=str) == sorted(replies.items(), key=str)
    # A key is claimed, acted under and answered in one transaction, or it was never there.
    assert all(each.answer is not None for each in keys)
