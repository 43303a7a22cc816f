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
from domain.operations.levelling import LevelForm, MemberForm
from domain.operations.organizing import AccountForm, MonitoringForm, UserForm
from domain.rules import access
from domain.rules.access import Actor
from domain.words import GroupingMode, Network, OutsideView, Priority, PullOrder, Role
from domain.work import Work
from server import demo_people
from server.demo_clock import Clock
from server.demo_days import Days, Team
from server.demo_people import ADMINISTRATIVE, FINANCE, KEYWORDS, PEOPLE, TEAM
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

    team = Team(system, tuple(_attending(actors)), {each.name: each.id for each in levels})
    quiet = replace(storage, ring=_nobody)
    clock = Clock(quiet, random.Random(SEED), on_progress)
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


def _attending(actors: list[Actor]) -> list[Actor]:
    return [actor for actor in actors if actor.role is Role.ATTENDANT]


async def _hire(work: Work, each: demo_people.Colleague, password: str) -> User:
    form = UserForm(name=each.name, email=each.email, role=each.role, password=password)
    return await organizing.save_user(work, form)


async def _account(work: Work, network: Network, name: str, handle: str | None) -> Account:
    form = AccountForm(network=network, name=name, handle=handle)
    return (await organizing.save_account(work, form)).account


async def _levels(work: Work, users: dict[str, User], accounts: list[Account]) -> list[Level]:
    """Three sectors that work differently, so that each way can be seen. The first is fallback."""
    forms = (
        LevelForm(
            name=ADMINISTRATIVE,
            default_priority=Priority.MEDIUM,
            grouping=GroupingMode.HIERARCHY,
            outside_view=OutsideView.COUNT,
        ),
        LevelForm(
            name=FINANCE,
            default_priority=Priority.HIGH,
            grouping=GroupingMode.PUBLISHER,
            comment_required=True,
            batch_size=5,
            outside_view=OutsideView.STUB,
        ),
        LevelForm(
            name=PEOPLE,
            default_priority=Priority.LOW,
            grouping=GroupingMode.HIERARCHY,
            group_old_occurrences=True,
            pull_order=PullOrder.OLDEST_FIRST,
            outside_view=OutsideView.NONE,
        ),
    )
    saved = []
    for form in forms:
        members = [
            MemberForm(user_id=users[each.email].id, role=role, capacity=capacity)
            for each in TEAM
            for name, role, capacity in each.levels
            if name == form.name
        ]
        whole = replace(form, members=members, account_ids=[account.id for account in accounts])
        saved.append(await levelling.save_level(work, whole))
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
