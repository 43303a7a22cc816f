"""Loja Aurora, furnished once on each store, and looked at."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from channels import registry
from domain.model.sla import SlaEvent
from domain.operations import signing
from domain.position import Cursors
from domain.rules import access
from domain.words import (
    AssignmentStrategy,
    CloseReason,
    DeliveryState,
    GroupingMode,
    HistoryKind,
    Network,
    OutsideView,
    Priority,
    Role,
    SlaCause,
    SlaRisk,
    SlaState,
    TicketStatus,
)
from server import demo, demo_answering, demo_texts, demo_watch
from server.demo import DemoRefused, DemoSignIns
from server.secrets import Keyring
from server.simulator import Simulator, simulate
from storage.access import T_, columns
from storage.engine import open_database
from storage.files import FileStore
from storage.work import Storage
from tests.world import World

E_ = columns(SlaEvent)
NOBODY = access.system(UUID(int=0))
POSTS = (
    *demo_texts.COMPLAINTS,
    *demo_texts.PRAISE,
    *demo_texts.DOUBTS,
    *demo_texts.MONEY,
    *demo_texts.STAFF,
    *demo_texts.PRIVATE,
)


@pytest.fixture
async def empty(migrated_url: str, keyring: Keyring) -> AsyncIterator[Storage]:
    async with open_database(migrated_url) as database:
        yield Storage(database, keyring, Cursors(uuid4()), FileStore.at("memory://"), registry)


async def test_a_company_with_a_week_behind_it(empty: Storage) -> None:
    done: list[float] = []

    sign_ins = await demo.furnish(empty, production=False, on_progress=done.append)

    assert done == sorted(done)
    assert done[-1] == 1.0
    await its_team_is_whole(empty, sign_ins)
    await its_tickets_are_in_every_state(empty, sign_ins)
    await its_history_is_true(empty)
    await its_levels_keep_different_hours(empty, sign_ins)
    await its_replies_ended_in_every_way(empty, sign_ins)
    await its_deadlines_passed_at_their_moment(empty)
    await everybody_can_sign_in(empty, sign_ins)
    await nothing_keeps_a_password(empty, sign_ins)
    with pytest.raises(DemoRefused, match="already"):
        await demo.furnish(empty, production=False)
    await new_passwords_replace_the_old(empty, sign_ins)
    await messages_keep_coming(empty, sign_ins.workspace_id)


async def its_team_is_whole(storage: Storage, sign_ins: DemoSignIns) -> None:
    roles = Counter(person.role for person in sign_ins.people)
    assert roles == {
        Role.ADMIN: 1,
        Role.SUPERVISOR: 2,
        Role.ATTENDANT: 8,
        Role.VIEWER: 1,
        Role.APPROVER: 1,
    }
    async with storage.reading(access.system(sign_ins.workspace_id)) as work:
        levels = {level.name: level for level in await work.levels.all()}
        fallback = (await work.workspace()).fallback_level_id
        accounts = await work.accounts.all()
        types = await work.ticket_types.all()
    assert list(levels) == ["Administrativo", "Financeiro", "RH"]
    assert fallback == levels["Administrativo"].id
    assert {level.grouping for level in levels.values()} == set(GroupingMode)
    assert {level.default_priority for level in levels.values()} == {
        Priority.LOW,
        Priority.MEDIUM,
        Priority.HIGH,
    }
    views = {level.outside_view for level in levels.values()}
    assert views == {OutsideView.COUNT, OutsideView.STUB, OutsideView.NONE}
    assert {level.comment_required for level in levels.values()} == {True, False}
    assert len({account.network for account in accounts}) >= 5
    assert len(types) == 6


async def its_tickets_are_in_every_state(storage: Storage, sign_ins: DemoSignIns) -> None:
    statuses = Counter(await column(storage, "SELECT status FROM ticket"))
    assert set(statuses) == set(TicketStatus)
    assert 200 <= statuses.total() <= 225
    reasons = await column(storage, "SELECT close_reason FROM ticket WHERE status = 'CLOSED'")
    assert len(set(reasons)) >= 5
    assert CloseReason.MERGED in reasons
    kinds = set(await column(storage, "SELECT kind FROM history_entry"))
    assert kinds >= {
        HistoryKind.CLAIMED,
        HistoryKind.NOTE_ADDED,
        HistoryKind.TAGS_CHANGED,
        HistoryKind.LEVEL_CHANGED,
        HistoryKind.REOPENED,
        HistoryKind.MERGED,
    }
    leased = "SELECT count(*) FROM ticket WHERE lease_expires_at IS NOT NULL"
    assert await column(storage, leased) != [0]
    [people] = await column(storage, "SELECT count(*) FROM publisher")
    assert 55 <= people <= 85


async def its_history_is_true(storage: Storage) -> None:
    unequal = (
        "SELECT count(*) FROM ticket WHERE interactions_count <> "
        "(SELECT count(*) FROM history_entry WHERE ticket_id = ticket.id)"
    )
    assert await column(storage, unequal) == [0]
    before_it_opened = (
        "SELECT count(*) FROM history_entry JOIN ticket ON ticket.id = ticket_id "
        "WHERE at < opened_at"
    )
    assert await column(storage, before_it_opened) == [0]
    days = "SELECT count(DISTINCT substr(protocol, 1, 8)) FROM ticket"
    [opened_on] = await column(storage, days)
    assert opened_on >= 6


async def its_levels_keep_different_hours(storage: Storage, sign_ins: DemoSignIns) -> None:
    async with storage.reading(access.system(sign_ins.workspace_id)) as work:
        levels = await work.levels.all()
        calendars = await work.calendars.find({level.calendar_id for level in levels})
    assert len(calendars) == 3
    saturday = {
        any(each.weekday == 6 for each in row.hours.intervals) for row in calendars.values()
    }
    assert saturday == {True, False}
    assert {level.assignment for level in levels} == {
        AssignmentStrategy.MANUAL_PULL,
        AssignmentStrategy.LEAST_BUSY,
    }
    assert len({level.auto_close_after_days for level in levels}) == 3


async def its_replies_ended_in_every_way(storage: Storage, sign_ins: DemoSignIns) -> None:
    through = "SELECT state FROM reply WHERE queued_at IS NOT NULL OR state = 'HELD'"
    assert Counter(await column(storage, through)) == {
        DeliveryState.HELD: 3,
        DeliveryState.SENT: 2,
        DeliveryState.FAILED: 1,
        DeliveryState.UNKNOWN: 1,
    }
    async with storage.reading(access.system(sign_ins.workspace_id)) as work:
        levels = await work.levels.all()
        texts = await work.canned_replies.listed(None, [])
        fields = await work.field_definitions.all()
    waiting = "SELECT count(*) FROM ticket WHERE status = 'AWAITING_APPROVAL'"
    assert await column(storage, waiting) == [3]
    assert [each.name for each in levels if each.moderated] == ["Financeiro"]
    told = "SELECT count(*) FROM publisher WHERE cpf_hash IS NOT NULL AND phone_hash IS NOT NULL"
    assert await column(storage, told) == [len(demo_answering.SCENES)]
    assert await column(storage, "SELECT count(*) FROM publisher_field") == [
        len(demo_answering.SCENES) * len(fields)
    ]
    assert len(texts) == 3
    stands = "SELECT count(*) FROM sandbox_post WHERE from_company"
    assert await column(storage, stands) == [3]


async def its_deadlines_passed_at_their_moment(storage: Storage) -> None:
    risks = Counter(await column(storage, "SELECT risk FROM ticket"))
    assert set(risks) == set(SlaRisk)
    breached = "SELECT count(DISTINCT ticket_id) FROM sla_event WHERE percent = 100"
    assert 0 < (await column(storage, breached))[0] < risks.total() / 3
    async with storage.database.reader.connect() as connection:
        timely = select(E_.due_at, E_.fired_at).where(E_.cause == SlaCause.TIMER)
        notices = (await connection.execute(timely)).all()
        overdue = select(T_.id).where(
            T_.closes_at < select(func.max(T_.updated_at)).scalar_subquery()
        )
        assert (await connection.execute(overdue)).all() == []
    assert max(fired - due for due, fired in notices) <= 2 * demo_watch.NEAR
    assert set(await column(storage, "SELECT state FROM sla_clock")) == set(SlaState)
    by_themselves = (
        "SELECT count(*) FROM history_entry WHERE automated AND field = 'status' "
        "AND became = 'CLOSED'"
    )
    assert await column(storage, by_themselves) != [0]
    answered = "SELECT count(*) FROM reply WHERE visibility = 'PUBLIC' AND state = 'SENT'"
    assert (await column(storage, answered))[0] > 100


async def everybody_can_sign_in(storage: Storage, sign_ins: DemoSignIns) -> None:
    for person in sign_ins.people:
        async with storage.work(NOBODY) as work:
            signed = await signing.sign_in(work, person.email, person.password)
        assert signed.user.name == person.name


async def nothing_keeps_a_password(storage: Storage, sign_ins: DemoSignIns) -> None:
    assert len({person.password for person in sign_ins.people}) == len(sign_ins.people)
    hashes = await column(storage, 'SELECT password_hash FROM "user"')
    assert all(found.startswith("$argon2") for found in hashes)


async def new_passwords_replace_the_old(storage: Storage, before: DemoSignIns) -> None:
    after = await demo.new_passwords(storage, production=False)

    old = {person.email: person.password for person in before.people}
    assert {person.email for person in after.people} == set(old)
    assert all(person.password != old[person.email] for person in after.people)
    await everybody_can_sign_in(storage, after)


async def messages_keep_coming(storage: Storage, workspace_id: UUID) -> None:
    count = "SELECT count(*) FROM occurrence"
    [before] = await column(storage, count)
    stop = asyncio.Event()
    running = asyncio.create_task(simulate(storage, workspace_id, every=0.01, stop=stop))
    while (await column(storage, count))[0] < before + 30:
        assert not running.done()
        await asyncio.sleep(0.05)

    asked = time.monotonic()
    stop.set()
    await running

    assert time.monotonic() - asked < 1
    again = "SELECT count(*) FROM occurrence WHERE external_id LIKE 'sim-%-again-%'"
    assert await column(storage, again) != [0]


@pytest.mark.parametrize("act", [demo.furnish, demo.new_passwords])
async def test_production_is_no_place_for_it(
    empty: Storage, act: Callable[..., Awaitable[DemoSignIns]]
) -> None:
    with pytest.raises(DemoRefused, match="production"):
        await act(empty, production=True)

    assert await column(empty, "SELECT count(*) FROM workspace") == [0]


async def test_a_company_of_ones_own_is_left_alone(world: World) -> None:
    with pytest.raises(DemoRefused, match="already"):
        await demo.furnish(world.storage, production=False)


async def test_the_simulator_waits_for_an_account(world: World) -> None:
    simulator = Simulator(world.storage, world.workspace.id, random.Random(1))
    assert await simulator.write() is None

    await world.account("loja", Network.INSTAGRAM)

    received = await simulator.write()
    assert received is not None
    assert received.ticket is not None


async def test_the_simulator_survives_what_goes_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = asyncio.Event()
    tries = 0

    async def failing(self: Simulator) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            stop.set()
        raise RuntimeError("the database is away")

    monkeypatch.setattr(Simulator, "write", failing)

    await simulate(world.storage, world.workspace.id, every=0.001, stop=stop)

    assert tries == 3


def test_there_is_enough_to_say() -> None:
    assert len(set(POSTS)) == len(POSTS) >= 120
    assert not any(re.search(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", each) for each in POSTS)


async def column(storage: Storage, query: str) -> list[Any]:
    async with storage.database.reader.connect() as connection:
        return list((await connection.execute(text(query))).scalars())
