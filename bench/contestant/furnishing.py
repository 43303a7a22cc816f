"""Who works there: the harness's levels and agents, made by our own operations, and signed in."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from uuid import UUID

from domain.model.account import TicketType
from domain.model.level import Level
from domain.operations import levelling, organizing, signing
from domain.operations.levelling import LevelForm, MemberForm, Never
from domain.operations.organizing import AccountForm, UserForm
from domain.operations.scheduling import CalendarForm
from domain.rules import access
from domain.rules.access import Actor
from domain.rules.hours import WeeklyInterval
from domain.words import Network, Priority, Role, SlaMetric
from server.access_tokens import AccessTokens
from server.opening import NOBODY, store
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from storage.work import SqlWork, Storage

TYPES = ("question", "incident", "billing", "complaint")
MEASURED = {SlaMetric.FIRST_RESPONSE: timedelta(hours=1), SlaMetric.RESOLUTION: timedelta(days=1)}
"""What the harness's tickets carry, and what its new ones are given."""
TOKENS_LIVE = timedelta(hours=10)
"""Longer than the server would issue them for: nobody signs in anew while others measure."""


@dataclass(frozen=True)
class Furnished:
    """The company: ids by the harness's numbers, and who is signed in."""

    workspace_id: UUID
    levels: dict[int, Level]
    agents: dict[int, tuple[UUID, str]]
    types: dict[str, UUID]
    tokens: dict[int, str]
    token: str
    """Of somebody who sees all levels."""


async def furnish(
    url: str, secret: str, levels: Sequence[tuple[int, str]], agents: Sequence[tuple[int, str, str]]
) -> Furnished:
    """The schema, brought to where this code needs it, and a company in it."""
    keyring = Keyring(secret)
    async with open_database(url) as database:
        await migrating.migrate(database)
        storage = await store(database, keyring)
        async with storage.work(NOBODY) as work:
            workspace_id = (await organizing.found_workspace(work, "Bench")).id
        system = access.system(workspace_id)
        async with storage.work(system) as work:
            kinds = {name: TicketType(workspace_id=workspace_id, name=name) for name in TYPES}
            for kind in kinds.values():
                work.ticket_types.add(kind)
        people: dict[int, tuple[UUID, str]] = {}
        async with storage.work(system) as work:
            await organizing.save_account(work, AccountForm(network=Network.WEB, name="Bench"))
            for number, name, email in agents:
                people[number] = (await _person(work, name, email, Role.ATTENDANT), name)
            await _person(work, "Admin", "admin@example.com", Role.ADMIN)
        made = {number: await _level(storage, system, name, people) for number, name in levels}
        tokens = AccessTokens(keyring, TOKENS_LIVE, secure=True)
        return Furnished(
            workspace_id,
            made,
            people,
            {name: kind.id for name, kind in kinds.items()},
            {number: await _token(storage, tokens, email) for number, _, email in agents},
            await _token(storage, tokens, "admin@example.com"),
        )


async def _person(work: SqlWork, name: str, email: str, role: Role) -> UUID:
    form = UserForm(name=name, email=email, role=role, password=secrets.token_urlsafe(16))
    return (await organizing.save_user(work, form)).id


async def _level(
    storage: Storage, system: Actor, name: str, people: Mapping[int, tuple[UUID, str]]
) -> Level:
    week = [WeeklyInterval(day, time(0), time(0)) for day in range(1, 8)]
    form = LevelForm(
        name=name,
        calendar=CalendarForm(name=name, time_zone="UTC", intervals=week, national_holidays=False),
        members=[MemberForm(user_id=user_id) for user_id, _ in people.values()],
        sla_targets=[
            (priority, metric, int(target.total_seconds()))
            for priority in Priority
            for metric, target in MEASURED.items()
        ],
        unmeasured=[metric for metric in SlaMetric if metric not in MEASURED],
        auto_close_after_days=Never.NEVER,
    )
    async with storage.work(system) as work:
        return (await levelling.save_level(work, form)).level


async def _token(storage: Storage, tokens: AccessTokens, email: str) -> str:
    async with storage.work(NOBODY) as work:
        signed_in = await signing.sign_in_by_email(work, email)
    return tokens.issue(signed_in.actor)[0]
