"""Mailboxes are read once, in order, whoever reads them, and no mail is lost or in the way."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels import imap, registry
from domain.model.account import Account
from domain.model.mailbox import Mailbox
from domain.operations import fetching, intake, organizing
from domain.operations.fetching import Superseded
from domain.operations.organizing import AccountForm
from domain.page import Window
from domain.words import Network
from tests.channels.mail_servers import MailRoom, mail_room
from tests.channels.mails import PDF, attached, mail, with_files
from tests.world import World
from workers import mailbox
from workers.mailbox import Postman

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture(scope="module")
def a_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailRoom]:
    with mail_room(tmp_path_factory.mktemp("mail")) as opened:
        yield opened


@pytest.fixture
def room(a_room: MailRoom) -> MailRoom:
    """With an empty box."""
    with a_room.program() as client:
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()
    return a_room


async def inbox(world: World, room: MailRoom, **more: Any) -> Account:
    connection = {
        "address": "sac@padaria.example",
        "smtp": {"host": "localhost", "security": "none"},
        "imap": {**room.connection, **more},
    }
    form = AccountForm(network=Network.EMAIL, name="SAC", connection=json.dumps(connection))
    return (await world.do(organizing.save_account, form)).account


async def read(world: World) -> None:
    """One look into every box that is due, half a minute after the last."""
    world.later(HALF_A_MINUTE)
    await Postman(world.storage, HALF_A_MINUTE).turn()


async def texts(world: World) -> list[str]:
    async with world.storage.reading(world.system) as work:
        publishers = [each.id for each in (await work.publishers.page(None, Window(100))).nodes]
        pages = await work.occurrences.pages_of_publishers(publishers, Window(100))
        return sorted(each.text for page in pages.values() for each in page.nodes)


async def place(world: World, account: Account) -> Mailbox:
    async with world.storage.work(world.system) as work:
        found = await work.mailboxes.take_of(account.id)
        assert found is not None
        return found


def letters(*words: str) -> list[bytes]:
    return [mail(word, message_id=f"<{word}@example.com>") for word in words]


async def test_what_comes_is_taken_in_once_and_marked_as_seen(world: World, room: MailRoom) -> None:
    await inbox(world, room)
    room.put(*letters("um", "dois"), with_files(attached(PDF, "nota.pdf")))

    await read(world)
    await read(world)

    assert await texts(world) == ["Segue a foto.", "dois", "um"]
    assert room.numbers("UNSEEN") == []
    room.put(*letters("três"))
    await read(world)
    assert await texts(world) == ["Segue a foto.", "dois", "três", "um"]


async def test_a_box_full_of_old_mail_begins_with_what_nobody_has_seen(
    world: World, room: MailRoom
) -> None:
    room.put(*letters("velho"), flags=r"(\Seen)")
    room.put(*letters("novo"))
    room.put(*letters("lido"), flags=r"(\Seen)")
    await inbox(world, room)

    await read(world)

    assert await texts(world) == ["novo"]


async def test_a_mail_that_a_colleague_opened_first_is_read_all_the_same(
    world: World, room: MailRoom
) -> None:
    await inbox(world, room)
    room.put(*letters("um"))
    await read(world)
    room.put(*letters("dois"), flags=r"(\Seen)")

    await read(world)

    assert await texts(world) == ["dois", "um"]


async def test_a_mail_that_cannot_be_read_is_flagged_and_in_nobodys_way(
    world: World, room: MailRoom
) -> None:
    account = await inbox(world, room)
    room.put(mail("de ninguém", sender="ninguém"), *letters("depois"))

    await read(world)
    await read(world)

    assert await texts(world) == ["depois"]
    assert room.numbers("UNSEEN") == room.numbers("FLAGGED")
    assert len(room.numbers("FLAGGED")) == 1
    assert (await place(world, account)).last == room.numbers("ALL")[-1]


async def test_a_mail_that_is_too_large_is_flagged(
    world: World, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inbox(world, room)
    monkeypatch.setattr(registry, "body_most", lambda _network: 500)
    room.put(mail("x" * 1_000), *letters("pequeno"))

    await read(world)

    assert await texts(world) == ["pequeno"]
    assert len(room.numbers("FLAGGED")) == 1


async def test_whatever_goes_wrong_inside_with_one_mail_the_next_are_read(
    world: World, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inbox(world, room)
    room.put(*letters("veneno", "remédio"))
    taken_in = intake.take_in

    async def fails(work: Any, posts: Any) -> Any:
        if any(post.text == "veneno" for post in posts):
            raise ZeroDivisionError
        return await taken_in(work, posts)

    monkeypatch.setattr(intake, "take_in", fails)

    await read(world)

    assert await texts(world) == ["remédio"]
    assert room.numbers("FLAGGED") == room.numbers("UNSEEN")
    assert len(room.numbers("FLAGGED")) == 1


async def test_our_own_mail_in_our_own_box_is_passed_over(world: World, room: MailRoom) -> None:
    await inbox(world, room)
    room.put(mail("eco", sender="sac@padaria.example"))

    await read(world)

    assert await texts(world) == []
    assert room.numbers("FLAGGED") == room.numbers("UNSEEN") == []


async def test_many_readers_take_a_mail_in_once(world: World, room: MailRoom) -> None:
    await inbox(world, room)
    words = [f"carta {number}" for number in range(12)]
    room.put(*(mail(word, message_id=f"<{n}@example.com>") for n, word in enumerate(words)))
    world.later(HALF_A_MINUTE)

    await asyncio.gather(*(Postman(world.storage, HALF_A_MINUTE).turn() for _ in range(4)))

    assert await texts(world) == sorted(words)


async def test_who_was_stopped_in_the_middle_is_gone_on_from(
    world: World, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inbox(world, room)
    room.put(*letters("um", "dois", "três"))
    taken_in = intake.take_in
    taken = 0

    async def dies(work: Any, posts: Any) -> Any:
        nonlocal taken
        taken += len(posts)
        if taken == 2:
            raise asyncio.CancelledError
        return await taken_in(work, posts)

    with monkeypatch.context() as patched:
        patched.setattr(intake, "take_in", dies)
        world.later(HALF_A_MINUTE)
        await Postman(world.storage, HALF_A_MINUTE).turn()
    assert await texts(world) == ["um"]
    await read(world)
    assert await texts(world) == ["um"], "somebody may still be reading"

    world.later(timedelta(minutes=5))
    await read(world)

    assert await texts(world) == ["dois", "três", "um"]


async def test_one_who_was_overtaken_moves_nothing(world: World, room: MailRoom) -> None:
    account = await inbox(world, room)
    room.put(*letters("um"))
    world.later(HALF_A_MINUTE)
    async with world.storage.work(world.system) as work:
        slow = await fetching.claim(work, account.id)
    assert slow is not None
    world.later(timedelta(minutes=6))
    await read(world)

    with pytest.raises(Superseded):
        await world.do(fetching.reached, slow, 1, 0, 0)

    assert (await place(world, account)).last == room.numbers("ALL")[-1]


async def test_a_box_of_another_life_is_begun_again_and_nothing_comes_twice(
    world: World, room: MailRoom
) -> None:
    account = await inbox(world, room)
    room.put(*letters("um"))
    await read(world)
    async with world.storage.work(world.system) as work:
        box = await work.mailboxes.take_of(account.id)
        assert box is not None
        box.reached(7, 0, 4_000_000_000, world.now)
    with room.program() as client:
        client.store("1:*", "-FLAGS", r"(\Seen)")
    room.put(*letters("dois"))

    await read(world)

    assert await texts(world) == ["dois", "um"]


@pytest.mark.parametrize("wrong", [{"password": "errada"}, {"port": 1}, {"folder": "Nenhuma"}])
async def test_a_box_that_cannot_be_read_is_tried_less_and_less_often(
    world: World, room: MailRoom, wrong: dict[str, Any]
) -> None:
    account = await inbox(world, room, **wrong)

    await read(world)
    first = await place(world, account)
    world.later(timedelta(hours=1))
    await read(world)
    second = await place(world, account)

    assert (first.failures, second.failures) == (1, 2)
    assert first.look_at - world.now < second.look_at - world.now
    assert second.lease_id is None


async def test_a_new_connection_is_read_at_once_from_the_beginning(
    world: World, room: MailRoom
) -> None:
    account = await inbox(world, room, password="errada")
    room.put(*letters("um"))
    await read(world)

    form = AccountForm(
        id=account.id,
        network=Network.EMAIL,
        name="SAC",
        connection=json.dumps(
            {
                "address": "sac@padaria.example",
                "smtp": {"host": "localhost", "security": "none"},
                "imap": room.connection,
            }
        ),
    )
    await world.do(organizing.save_account, form)
    await Postman(world.storage, HALF_A_MINUTE).turn()

    assert await texts(world) == ["um"]


async def test_a_disabled_account_is_left_alone(world: World, room: MailRoom) -> None:
    account = await inbox(world, room)
    form = AccountForm(id=account.id, network=Network.EMAIL, name="SAC", enabled=False)
    await world.do(organizing.save_account, form)
    room.put(*letters("um"))

    await read(world)

    assert await texts(world) == []
    assert len(room.numbers("UNSEEN")) == 1


async def test_what_was_not_read_before_its_account_was_switched_off_is_read_afterwards(
    world: World, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await inbox(world, room)
    room.put(*letters("um", "dois"))
    off = AccountForm(id=account.id, network=Network.EMAIL, name="SAC", enabled=False)
    reached = fetching.reached

    async def switched_off(work: Any, *told: Any) -> None:
        await reached(work, *told)
        (await work.accounts.take(account.id)).enable(False)

    with monkeypatch.context() as patched:
        patched.setattr(fetching, "reached", switched_off)
        await read(world)
    assert (await texts(world), room.numbers("FLAGGED")) == ([], [])
    await world.do(organizing.save_account, replace(off, enabled=True))
    await read(world)

    assert await texts(world) == ["dois", "um"]


async def test_a_password_is_never_in_what_is_told(room: MailRoom) -> None:
    server = {**room.connection, "password": "segredo errado"}

    with pytest.raises(imap.Unreachable) as told, imap.opened(server):
        pass

    assert "segredo" not in str(told.value)


async def test_more_mails_than_are_read_at_once_follow_right_after(
    world: World, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAILS_AT_ONCE", 2)
    await inbox(world, room)
    room.put(*letters("um", "dois", "três"))

    await read(world)
    assert await texts(world) == ["dois", "um"]
    await Postman(replace(world.storage), HALF_A_MINUTE).turn()

    assert await texts(world) == ["dois", "três", "um"]
