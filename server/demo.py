"""A company to look at: its team, its levels and a week of tickets, made as people would make them.

Only for an empty database, and never in production. Nobody's password is kept in clear: the
sign-ins can be read in the answer, once, and new ones can be made at any later start.
"""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.model.account import Account
from domain.model.level import Level
from domain.model.user import User
from domain.operations import levelling, organizing
from domain.operations.levelling import MemberForm
from domain.operations.organizing import AccountForm, MonitoringForm, UserForm
from domain.rules import access
from domain.rules.access import Actor
from domain.words import Network, Role
from domain.work import Work
from server import demo_answering, demo_levels, demo_people
from server.demo_clock import Clock
from server.demo_days import Days
from server.demo_people import KEYWORDS, TEAM
from server.demo_team import Team
from server.demo_watch import Watch
from storage.work import Storage

SEED = 7
DAYS = timedelta(days=6)
OnProgress = Callable[[float], None]


class DemoRefused(Exception):
    """There is something here already, or this is no place for a demonstration."""


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    name: str
    email: str
    role: Role
    levels: tuple[str, ...]
    password: str


@dataclass(frozen=True, slots=True)
class DemoSignIns:
    """Shown once: the passwords are nowhere else."""

    workspace_id: UUID
    workspace: str
    people: tuple[DemoSignIn, ...]


def silent(_done: float) -> None:
    """Nobody is told."""


async def furnish(
    storage: Storage, *, production: bool, on_progress: OnProgress = silent
) -> DemoSignIns:
    """Loja Aurora, as it is after a week's work, and how its people sign in.

    `on_progress` hears how much is done, from 0 to 1. DemoRefused in production, and where there
    is a workspace already.
    """
    _check(production)
    now = storage.clock()
    begun = replace(storage, clock=lambda: now - DAYS - timedelta(days=60), ring=_nobody)
    async with begun.work(access.system(UUID(int=0))) as work:
        if await work.identities.workspaces():
            raise DemoRefused("there is a workspace already; demo data is for an empty database")
        workspace = await organizing.found_workspace(work, demo_people.WORKSPACE)

    passwords = {each.email: _password() for each in TEAM}
    system = access.system(workspace.id)
    async with begun.work(system) as work:
        organizing.usual_types(work)
        users = {each.email: await _hire(work, each, passwords[each.email]) for each in TEAM}
        accounts = [await _account(work, *given) for given in demo_people.ACCOUNTS]
        levels = await _levels(work, users, accounts)
        await _watch(work, levels, accounts)
    async with begun.reading(system) as work:
        actors = [await work.identities.actor(user, None) for user in users.values()]
        types = [each.id for each in await work.ticket_types.all()]

    [administrator] = _with(Role.ADMIN, actors)
    team = Team(
        system,
        administrator,
        attendants=_with(Role.ATTENDANT, actors),
        managers=_with(Role.SUPERVISOR, actors),
        levels={each.name: each.id for each in levels},
    )
    async with begun.work(administrator) as work:
        await demo_answering.keep_texts(work, team)
    quiet = replace(storage, ring=_nobody)
    chance = random.Random(SEED)
    clock = Clock(quiet, Watch(quiet, system, chance), chance, on_progress)
    days = Days(
        quiet,
        team,
        {account.network: account.id for account in accounts},
        types,
        clock,
    )
    await days.pass_by(now - DAYS, now)
    on_progress(1.0)
    return _sign_ins(workspace.id, passwords)


async def new_passwords(storage: Storage, *, production: bool) -> DemoSignIns:
    """New sign-ins for the team that is there; whoever was signed in has to sign in again."""
    _check(production)
    async with storage.reading(access.system(UUID(int=0))) as work:
        workspace = await work.identities.workspace_named(demo_people.WORKSPACE)
    if workspace is None:
        raise DemoRefused(f"there is no {demo_people.WORKSPACE} here")

    passwords: dict[str, str] = {}
    async with storage.work(access.system(workspace.id)) as work:
        for each in TEAM:
            user = await work.identities.user_of_email(each.email)
            if user is None or user.workspace_id != workspace.id or not user.active:
                continue
            password = passwords[each.email] = _password()
            form = UserForm(
                id=user.id, name=user.name, email=user.email, role=user.role, password=password
            )
            await organizing.save_user(work, form)
    return _sign_ins(workspace.id, passwords)


def _check(production: bool) -> None:
    if production:
        raise DemoRefused("demo data does not belong in production")


def _nobody(_workspace_id: UUID) -> None:
    """A thousand acts of the past need nobody's attention."""


def _password() -> str:
    return secrets.token_urlsafe(12)


def _sign_ins(workspace_id: UUID, passwords: dict[str, str]) -> DemoSignIns:
    people = tuple(
        DemoSignIn(
            name=each.name,
            email=each.email,
            role=each.role,
            levels=tuple(name for name, _, _ in each.levels),
            password=passwords[each.email],
        )
        for each in TEAM
        if each.email in passwords
    )
    return DemoSignIns(workspace_id, demo_people.WORKSPACE, people)


def _with(role: Role, actors: list[Actor]) -> tuple[Actor, ...]:
    return tuple(actor for actor in actors if actor.role is role)


async def _hire(work: Work, each: demo_people.Colleague, password: str) -> User:
    form = UserForm(name=each.name, email=each.email, role=each.role, password=password)
    return await organizing.save_user(work, form)


async def _account(work: Work, network: Network, name: str, handle: str | None) -> Account:
    form = AccountForm(network=network, name=name, handle=handle)
    return (await organizing.save_account(work, form)).account


async def _levels(work: Work, users: dict[str, User], accounts: list[Account]) -> list[Level]:
    saved = []
    for form in demo_levels.FORMS:
        members = [
            MemberForm(user_id=users[each.email].id, role=role, capacity=capacity)
            for each in TEAM
            for name, role, capacity in each.levels
            if name == form.name
        ]
        whole = replace(form, members=members, account_ids=[account.id for account in accounts])
        saved.append((await levelling.save_level(work, whole)).level)
    return saved


async def _watch(work: Work, levels: list[Level], accounts: list[Account]) -> None:
    for level in levels:
        form = MonitoringForm(
            name=f"Menções – {level.name}",
            level_id=level.id,
            account_ids=[account.id for account in accounts],
            keywords=KEYWORDS.get(level.name, ()),
        )
        await organizing.save_monitoring(work, form)
