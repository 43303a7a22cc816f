"""Mail comes in and goes out by a worker as it is run, and by the next one when that is killed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.model.account import Account
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import organizing, replying
from domain.operations.organizing import AccountForm
from domain.operations.replying import ReplyForm
from domain.words import DeliveryState, Network, TicketStatus, Visibility
from tests.channels.mail_servers import (
    HOST,
    PASSWORD,
    USER,
    MailRoom,
    PostOffice,
    mail_room,
    post_office,
)
from tests.channels.mails import mail, returned
from tests.faults.processes import Processes, processes
from tests.faults.test_deadlines_faults import desk, until
from tests.world import Person, World

SENT, FAILED, UNKNOWN = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN


@pytest.fixture
async def world(migrated_url: str, redis_url: str) -> AsyncIterator[World]:
    async with desk(migrated_url, redis_url) as opened:
        yield opened


@pytest.fixture
def house(migrated_url: str, redis_url: str, tmp_path: Path) -> Iterator[Processes]:
    settings = {"DELIVERY_SECONDS": "2", "MAIL_POLL_SECONDS": "1"}
    with processes(migrated_url, redis_url, tmp_path, **settings) as opened:
        yield opened


@pytest.fixture
def room(tmp_path: Path) -> Iterator[MailRoom]:
    with mail_room(tmp_path) as opened:
        yield opened


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


async def inbox(
    world: World, room: MailRoom, office: PostOffice, known: Account | None = None
) -> Account:
    """Connected; connected anew, it is looked into at once, whoever was reading when it died."""
    smtp = {"host": HOST, "port": office.port, "security": "none"}
    connection = {
        "address": USER,
        "smtp": {**smtp, "user": USER, "password": PASSWORD},
        "imap": room.connection,
    }
    form = AccountForm(
        id=known.id if known else None,
        network=Network.EMAIL,
        name="SAC",
        connection=json.dumps(connection),
    )
    return (await world.do(organizing.save_account, form)).account


async def replied(
    world: World, ticket: Ticket, text: str, ana: Person, send_as: TicketStatus | None = None
) -> Reply:
    form = ReplyForm(ticket_id=ticket.id, text=text, visibility=Visibility.PRIVATE, send_as=send_as)
    return (await world.do(replying.reply, form, by=ana)).reply


async def becomes(world: World, reply: Reply, state: DeliveryState) -> None:
    async def so() -> bool:
        async with world.storage.reading(world.system) as work:
            return (await work.outbox.get(reply.id)).state is state

    await until(so)


async def tickets(world: World) -> list[Ticket]:
    async with world.storage.reading(world.system) as work:
        return list(await work.session.scalars(select(Ticket)))


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_mail_is_answered_and_what_a_killed_worker_left_in_doubt_comes_back(
    world: World, house: Processes, room: MailRoom, office: PostOffice
) -> None:
    account = await inbox(world, room, office)
    level = await world.level("SAC", account_ids=[account.id])
    await world.watch(account, level)
    ana = await world.person("Ana", level=level)
    [worker] = await house.workers(1)

    async def has_come() -> bool:
        return bool(await tickets(world))

    await asyncio.to_thread(room.put, mail())
    await until(has_come)
    [ticket] = await tickets(world)
    first = await replied(world, ticket, "Mandamos outro.", ana)
    await becomes(world, first, SENT)
    [(envelope, answer)] = office.taken
    assert envelope.rcpt_tos == ["lucia@example.com"]
    assert answer["In-Reply-To"] == "<m1@example.com>"

    office.answers["DATA"] = "hang"
    second = await replied(world, ticket, "Já chegou?", ana, TicketStatus.RESOLVED)

    async def taken() -> bool:
        return len(office.taken) == 2

    await until(taken)
    worker.kill()
    office.answers.clear()
    await house.workers(1)
    await becomes(world, second, UNKNOWN)
    name = office.taken[-1][1]["Message-ID"].strip("<>")
    await asyncio.to_thread(room.put, returned(name))
    await inbox(world, room, office, account)
    await becomes(world, second, FAILED)

    assert len(office.taken) == 2
    [ticket] = await tickets(world)
    assert ticket.status is TicketStatus.OPEN
