"""A busy day, for demonstrations: messages keep coming, some of them on what is open already."""

import asyncio
import random
import secrets
from contextlib import suppress
from typing import Final
from uuid import UUID

import structlog

from domain.answers import Received
from domain.operations import intake
from domain.page import Window
from domain.post import Author, Post
from domain.rules import access
from domain.rules.membership import TicketFilter
from domain.words import (
    OrderDirection,
    TicketOrderField,
    TicketStatus,
)
from server import demo_texts
from server.demo_crowd import NETWORKS, Crowd
from storage.work import SqlWork, Storage

log = structlog.get_logger("simulator")
FOLLOWED_UP: Final = frozenset(
    {TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ESCALATED, TicketStatus.PENDING}
)
REOPENED: Final = frozenset({TicketStatus.RESOLVED})
# Of a hundred messages, so many are on an open ticket, and so many on a resolved one.
FOLLOW_UPS, REOPENINGS = 25, 8
LOOKED_AT: Final = 30


async def simulate(
    storage: Storage, workspace_id: UUID, *, every: float, stop: asyncio.Event
) -> None:
    """A message every so many seconds, more or less, until `stop` is set.

    What goes wrong is logged and the next message tried; nothing here may bring a server down.
    """
    simulator = Simulator(storage, workspace_id, random.Random())
    while not stop.is_set():
        try:
            await simulator.write()
        except Exception:
            log.exception("simulator.failed", workspace_id=str(workspace_id))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every * random.uniform(0.5, 1.5))


class Simulator:
    """The crowd of one workspace."""

    def __init__(self, storage: Storage, workspace_id: UUID, chance: random.Random) -> None:
        self._storage = storage
        self._actor = access.system(workspace_id)
        self._chance = chance
        self._run = f"sim-{secrets.token_hex(4)}"
        self._written = 0
        self._crowd: Crowd | None = None

    async def write(self) -> Received | None:
        """One message, taken in; None while the workspace has no account to write to."""
        post = await self._post()
        if post is None:
            return None
        async with self._storage.work(self._actor) as work:
            [received] = await intake.take_in(work, [post])
        if received.refusal is not None:
            log.warning("simulator.refused", reason=str(received.refusal))
        return received

    async def _post(self) -> Post | None:
        drawn = self._chance.uniform(0, 100)
        async with self._storage.reading(self._actor) as work:
            crowd = await self._gathered(work)
            if drawn < FOLLOW_UPS + REOPENINGS:
                reopening = drawn < REOPENINGS
                statuses = REOPENED if reopening else FOLLOWED_UP
                texts = demo_texts.REOPENINGS if reopening else demo_texts.FOLLOW_UPS
                if post := await self._again(work, statuses, self._chance.choice(texts)):
                    return post
            if crowd is None:
                return None
            voice = crowd.voice()
            return crowd.post(voice, crowd.text(voice.network), work.now)

    async def _gathered(self, work: SqlWork) -> Crowd | None:
        """The crowd, once there is an account; accounts made later are written to later."""
        if self._crowd is None:
            every = [account for account in await work.accounts.all() if account.enabled]
            accounts = {each.network: each.id for each in every if each.network in NETWORKS}
            if accounts:
                self._crowd = Crowd(self._chance, accounts, self._run)
        return self._crowd

    async def _again(
        self, work: SqlWork, statuses: frozenset[TicketStatus], text: str
    ) -> Post | None:
        """Somebody who has written writes again, in the same thread."""
        page = await work.tickets.page(
            TicketFilter(statuses=statuses),
            TicketOrderField.UPDATED_AT,
            OrderDirection.DESC,
            Window.of(first=LOOKED_AT),
        )
        heard = [ticket for ticket in page.nodes if ticket.account_id is not None]
        if not heard:
            return None
        ticket = self._chance.choice(heard)
        said = (await work.occurrences.pages_of_tickets([ticket.id], Window.of(last=1)))[ticket.id]
        profiles = (await work.publishers.profiles([ticket.publisher_id]))[ticket.publisher_id]
        last = next(iter(said.nodes), None)
        profile = next((each for each in profiles if last and each.network is last.network), None)
        if last is None or profile is None:
            return None
        self._written += 1
        return Post(
            account_id=last.account_id,
            external_id=f"{self._run}-again-{self._written}",
            kind=last.kind,
            author=Author(profile.external_id, profile.handle, profile.handle),
            text=text,
            occurred_at=work.now,
            thread_id=last.thread_root,
        )
