"""A database of the release before, with a company in it, brought to the schema of this one."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from domain.model.sla import SlaClock, SlaEvent
from domain.operations import deadlines, handling, intake, opening, scheduling
from domain.operations.handling import TicketChange
from domain.operations.scheduling import USUAL_NAME
from domain.post import Author, Post
from domain.rules import access, sla
from domain.rules.hours import Hours
from domain.words import (
    AssignmentStrategy,
    HistoryKind,
    OccurrenceKind,
    Priority,
    SlaMetric,
    SlaRisk,
    TicketStatus,
)
from server.opening import store
from server.secrets import Keyring
from storage import migrating
from storage.engine import Database, open_database
from storage.work import Storage

THEN = "2026-08-03 12:00:00.000000"
MONDAY = datetime(2026, 9, 14, 14, tzinfo=UTC)


def uid(number: int) -> UUID:
    return UUID(int=number)


BREAD, FISH = uid(1), uid(2)
"""Two companies, in two time zones."""
COUNTER, OVEN, MARKET = uid(11), uid(12), uid(13)
ANA, MARIA, ACCOUNT, PROFILE, MONITORING = (uid(number) for number in range(21, 26))
WAITING, RESOLVED, CLOSED = uid(31), uid(32), uid(33)
ZONES = {BREAD: "America/Sao_Paulo", FISH: "America/Manaus"}
LEVELS = {COUNTER: BREAD, OVEN: BREAD, MARKET: FISH}
STATUSES = {WAITING: "OPEN", RESOLVED: "RESOLVED", CLOSED: "CLOSED"}


# ── the release before ───────────────────────────────────────────────────────────────────────


def begin(connection: Connection) -> None:
    """The tables and the rows of the release before."""
    command.upgrade(migrating._config(connection), "0001")
    put(connection, "epoch", id=1, epoch=uid(9))
    for workspace, zone in ZONES.items():
        put(
            connection,
            "workspace",
            id=workspace,
            name=f"Empresa {zone}",
            time_zone=zone,
            locale="pt-BR",
            fallback_level_id=next(each for each, own in LEVELS.items() if own == workspace),
            access_version=0,
            created_at=THEN,
        )
    for level, workspace in LEVELS.items():
        put_level(connection, level, workspace)
    common: dict[str, Any] = {"workspace_id": BREAD}
    put(
        connection,
        "user",
        id=ANA,
        **common,
        name="Ana",
        email="ana@example.com",
        role="ADMIN",
        active=True,
        available=True,
        created_at=THEN,
    )
    put(connection, "publisher", id=MARIA, **common, name="Maria", tags="", search="", version=1)
    profile = {"network": "SANDBOX", "external_id": "maria", "handle": "maria"}
    put(connection, "profile", id=PROFILE, **common, publisher_id=MARIA, **profile)
    named = {"name": "Balcão", "enabled": True, "created_at": THEN}
    put(connection, "account", id=ACCOUNT, **common, network="SANDBOX", **named)
    put(connection, "monitoring", id=MONITORING, **common, level_id=COUNTER, keywords="[]", **named)
    watched = {"monitoring_id": MONITORING, "account_id": ACCOUNT}
    put(connection, "monitoring_account", **common, **watched)
    for ticket, status in STATUSES.items():
        put_ticket(connection, ticket, status)


def put_level(connection: Connection, level: UUID, workspace: UUID) -> None:
    put(
        connection,
        "level",
        id=level,
        workspace_id=workspace,
        name=f"Nível {level.int}",
        enabled=True,
        default_priority="MEDIUM",
        grouping="HIERARCHY",
        group_old_occurrences=False,
        pull_order="MOST_URGENT",
        batch_size=10,
        claim_lease_seconds=900,
        comment_required=False,
        outside_view="COUNT",
        created_at=THEN,
        version=1,
    )


def put_ticket(connection: Connection, ticket: UUID, status: str) -> None:
    closed = status == "CLOSED"
    put(
        connection,
        "ticket",
        id=ticket,
        workspace_id=BREAD,
        protocol=f"2026080300000{ticket.int:04}",
        version=2,
        status=status,
        close_reason="ANSWERED" if closed else None,
        closed_at=THEN if closed else None,
        resolved_at=None if status == "OPEN" else THEN,
        priority="MEDIUM",
        priority_order=2,
        subject="Pão frio",
        snippet="O pão veio frio",
        network="SANDBOX",
        tags="",
        level_id=COUNTER,
        origin_level_id=COUNTER,
        publisher_id=MARIA,
        account_id=ACCOUNT,
        grouping_key=f"H:{ACCOUNT}:{MARIA}:fio{ticket.int}",
        groups_old=False,
        origin="INBOUND",
        occurred_at=THEN,
        opened_at=THEN,
        updated_at=THEN,
        reopen_count=0,
        transfer_count=0,
        interactions_count=2,
        search="pao frio",
    )
    for sequence, kind in enumerate(("TICKET_OPENED", "STATUS_CHANGED"), start=1):
        put_entry(connection, ticket, sequence, kind, face(ticket, status))


def put_entry(
    connection: Connection, ticket: UUID, sequence: int, kind: str, after: Mapping[str, Any]
) -> None:
    put(
        connection,
        "history_entry",
        id=UUID(int=ticket.int * 100 + sequence),
        workspace_id=BREAD,
        ticket_id=ticket,
        sequence=sequence,
        group_id=uid(ticket.int * 1000 + sequence),
        version=sequence,
        at=THEN,
        kind=kind,
        actor_name="Guichê",
        automated=False,
        after=json.dumps(after),
    )


def face(ticket: UUID, status: str) -> dict[str, Any]:
    """As it was written before there were clocks."""
    return {
        "l": COUNTER.hex,
        "s": status,
        "p": "MEDIUM",
        "t": None,
        "a": None,
        "b": MARIA.hex,
        "n": "SANDBOX",
        "o": "INBOUND",
        "g": [],
        "c": f"2026080300000{ticket.int:04}",
        "d": "2026-08-03T12:00:00+00:00",
        "q": "pao frio",
        "x": False,
    }


def put(connection: Connection, table: str, **values: object) -> None:
    columns = ", ".join(f'"{name}"' for name in values)
    written = ", ".join(literal(value) for value in values.values())
    connection.exec_driver_sql(f'INSERT INTO "{table}" ({columns}) VALUES ({written})')


def literal(value: object) -> str:
    """The value as either database reads it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case UUID():
            return f"'{value.hex}'"
        case _:
            return f"'{value}'"


@pytest.fixture
async def before(empty_url: str) -> AsyncIterator[Database]:
    """The database as the release before left it."""
    async with open_database(empty_url) as database:
        async with database.writer.begin() as connection:
            await connection.run_sync(begin)
        yield database


@pytest.fixture
async def after(before: Database, keyring: Keyring) -> Storage:
    """The same with the schema of today."""
    await migrating.migrate(before)
    opened = await store(before, keyring)
    opened.clock = lambda: MONDAY
    return opened


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    async with database.reader.connect() as connection:
        found = await connection.execute(text(f'SELECT * FROM "{table}" ORDER BY id'))
        return [dict(row) for row in found.mappings()]


# ── what became of it ────────────────────────────────────────────────────────────────────────


async def test_a_migrated_database_is_exactly_what_the_models_say(after: Storage) -> None:
    assert await migrating.differences(after.database) == []


async def test_nothing_that_was_there_is_lost_or_changed(before: Database) -> None:
    tables = ("workspace", "user", "publisher", "profile", "account", "level", "ticket")
    old = {table: await rows(before, table) for table in (*tables, "history_entry", "epoch")}

    await migrating.migrate(before)

    for table, wanted in old.items():
        found = await rows(before, table)
        kept = [{name: row[name] for name in wanted[0]} for row in found]
        assert kept == wanted, table


@pytest.mark.parametrize("workspace", ZONES)
async def test_levels_are_open_at_the_usual_hours_of_their_own_zone(
    after: Storage, workspace: UUID
) -> None:
    async with after.reading(access.system(workspace)) as work:
        own = [each for each, owner in LEVELS.items() if owner == workspace]
        levels = list((await work.levels.find(own)).values())
        calendar = await work.calendars.named(USUAL_NAME)
        assert calendar is not None
        terms = await work.clocks.terms([level.terms_id for level in levels])
        policies = [await scheduling.policy_of(work, level) for level in levels]

    assert {level.id for level in levels} == set(own)
    assert calendar.hours.time_zone == ZONES[workspace]
    assert len(calendar.hours.intervals) == 10
    for level, policy in zip(levels, policies, strict=True):
        assert level.calendar_id == calendar.id
        assert (level.assignment, level.moderated) == (AssignmentStrategy.MANUAL_PULL, False)
        assert level.auto_close_after_days == 3
        own_terms = terms[level.terms_id]
        assert (own_terms.level_id, own_terms.version) == (level.id, 1)
        assert Hours.of_json(dict(own_terms.hours_told)) == calendar.hours
        assert policy == sla.usual()


async def test_their_terms_are_those_that_a_new_level_gets(after: Storage) -> None:
    async with after.work(access.system(BREAD)) as work:
        usual = await scheduling.usual_calendar(work)
        [found] = (await work.levels.find([COUNTER])).values()

        assert usual.id == found.calendar_id


async def test_nothing_is_owed_for_tickets_of_before(after: Storage) -> None:
    async with after.work(access.system(BREAD)) as work:
        found = await work.tickets.find(list(STATUSES))
        told = await deadlines.notice(work)
        closed = await deadlines.close_silent(work)
        clocks = list(await work.session.scalars(select(SlaClock)))

    for ticket in found.values():
        assert ticket.status == STATUSES[ticket.id]
        assert (ticket.risk, ticket.due_at) == (SlaRisk.DONE, None)
        assert (ticket.terms_id, ticket.closes_at) == (None, None)
    assert len(found) == 3
    assert (told, closed, clocks) == (0, 0, [])


# ── the history, which was written anew on SQLite ────────────────────────────────────────────


@pytest.mark.parametrize(
    "change", ["UPDATE history_entry SET comment = 'x'", "DELETE FROM history_entry"]
)
async def test_history_still_cannot_be_changed(after: Storage, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with after.database.writer.begin() as connection:
            await connection.execute(text(change))


@pytest.mark.parametrize("kind", ["SLA_WARNING", "SLA_BREACHED", "SLA_RECOMPUTED", "REMOVED"])
async def test_entries_of_the_new_kinds_are_taken_in(after: Storage, kind: str) -> None:
    async with after.database.writer.begin() as connection:
        await connection.run_sync(put_entry, WAITING, 3, kind, face(WAITING, "OPEN"))

    assert [row["kind"] for row in await rows(after.database, "history_entry")].count(kind) == 1


async def test_entries_of_an_unknown_kind_are_refused(after: Storage) -> None:
    with pytest.raises(DBAPIError, match="ck_history_entry_kind"):
        async with after.database.writer.begin() as connection:
            await connection.run_sync(put_entry, WAITING, 3, "SUNG", face(WAITING, "OPEN"))


async def test_an_entry_is_still_numbered_once_in_its_ticket(after: Storage) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        async with after.database.writer.begin() as connection:
            await connection.run_sync(put_entry, WAITING, 2, "REMOVED", face(WAITING, "OPEN"))


async def test_positions_go_on_where_they_were_and_none_comes_again(after: Storage) -> None:
    async with after.database.writer.begin() as connection:
        last = await connection.scalar(text("SELECT max(position) FROM history_entry"))
        # As if the last one had never been: its position is still gone.
        if after.database.is_sqlite:
            await connection.execute(text("DROP TRIGGER history_entry_no_delete"))
        else:
            await connection.execute(text("ALTER TABLE history_entry DISABLE TRIGGER USER"))
        await connection.execute(
            text("DELETE FROM history_entry WHERE position = :last"), {"last": last}
        )
        await connection.run_sync(put_entry, WAITING, 3, "REMOVED", face(WAITING, "OPEN"))
        now = await connection.scalar(text("SELECT max(position) FROM history_entry"))

    assert now > last == 6


# ── and it works ─────────────────────────────────────────────────────────────────────────────


async def test_a_new_ticket_is_measured(after: Storage) -> None:
    form = opening.Opening(level_id=COUNTER, subject="Pão duro", comment="Ligou")
    async with after.work(access.system(BREAD)) as work:
        ticket = await opening.open_ticket(work, form)

    response = sla.RESPONSE[Priority.MEDIUM]
    clocks = await clocks_of(after, ticket.id)
    assert {each.metric for each in clocks} == {
        SlaMetric.FIRST_RESPONSE,
        SlaMetric.RESOLUTION,
        SlaMetric.LEGAL_RESPONSE,
    }
    # Monday 11:00 in São Paulo, and lunch is from 12 to 13.
    [first] = [each for each in clocks if each.metric is SlaMetric.FIRST_RESPONSE]
    assert first.due_at == MONDAY + response + timedelta(hours=1)

    after.clock = lambda: MONDAY + timedelta(days=1)
    async with after.work(access.system(BREAD)) as work:
        await deadlines.notice(work)
    async with after.reading(access.system(BREAD)) as work:
        told = await work.session.scalars(select(SlaEvent.percent))  # type: ignore[call-overload]
        kinds = {entry.kind for entry in (await work.entries.whole([ticket.id]))[ticket.id]}
    assert 100 in list(told)
    assert HistoryKind.SLA_BREACHED in kinds


async def test_tickets_of_before_are_handled_as_ever(after: Storage) -> None:
    async with after.work(access.system(BREAD)) as work:
        await handling.note(work, WAITING, "Avisar a padaria")
    async with after.work(access.system(BREAD)) as work:
        await handling.update(work, WAITING, TicketChange(level_id=OVEN))

    async with after.reading(access.system(BREAD)) as work:
        ticket = await work.tickets.get(WAITING)
        entries = (await work.entries.whole([WAITING]))[WAITING]
    assert ticket.level_id == OVEN
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    assert [entry.position for entry in entries][:2] == [1, 2]
    assert await clocks_of(after, WAITING) == []


@pytest.mark.parametrize(("thread", "found"), [("fio31", WAITING), ("fio32", RESOLVED)])
async def test_tickets_of_before_are_measured_from_the_next_message_on(
    after: Storage, thread: str, found: UUID
) -> None:
    post = Post(
        account_id=ACCOUNT,
        external_id="m1",
        kind=OccurrenceKind.COMMENT,
        author=Author(external_id="maria", name="Maria", handle="maria"),
        text="E o meu pão?",
        occurred_at=MONDAY,
        thread_id=thread,
    )

    async with after.work(access.system(BREAD)) as work:
        [received] = await intake.take_in(work, [post])

    assert received.ticket is not None, received.refusal
    assert received.ticket.id == found
    assert received.ticket.status is TicketStatus.OPEN
    clocks = await clocks_of(after, found)
    assert [each.metric for each in clocks] == [SlaMetric.NEXT_RESPONSE]
    assert clocks[0].started_at == MONDAY
    assert received.ticket.risk is SlaRisk.ON_TIME


async def clocks_of(storage: Storage, ticket_id: UUID) -> list[SlaClock]:
    async with storage.reading(access.system(BREAD)) as work:
        return (await work.clocks.of_tickets([ticket_id]))[ticket_id]
