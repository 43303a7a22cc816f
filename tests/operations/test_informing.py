"""A partner is told what happens to cases: all of it, in order, signed, and nothing else."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.model.account import Account
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.webhook import WebhookEndpoint
from domain.operations import handling, informing, opening, partnering, signing
from domain.operations.opening import Opening
from domain.operations.partnering import EndpointForm
from domain.sending import Sent
from domain.words import (
    CloseReason,
    OccurrenceKind,
    Role,
    TicketStatus,
    Visibility,
    WebhookDeliveryState,
    WebhookEventKind,
)
from domain.work import Work
from storage.access import columns
from storage.session import Session
from tests.outbox import answered, ended
from tests.partner import (
    CUT,
    HANG,
    REDIRECT,
    Partner,
    deliveries,
    endpoint,
    key_of,
    on_this_machine,
    partner,
    seen,
    telling,
)
from tests.world import Person, World

QUEUED, SENDING, DELIVERED, DEAD, DROPPED = WebhookDeliveryState
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


@pytest.fixture
async def there() -> AsyncIterator[Partner]:
    async with partner() as opened:
        yield opened


@pytest.fixture
async def ana(world: World) -> Person:
    on_this_machine(world)
    return await world.person("Ana", level=world.triage)


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


async def a_story(world: World, account: Account, ana: Person, author: str = "maria") -> Ticket:
    """Written, taken up, noted, answered, and closed."""
    ticket = await world.heard(account, author=author, text="Meu pedido não chegou")
    await world.do(handling.start, ticket.id, by=ana)
    await world.do(handling.note, ticket.id, "Cliente difícil", by=ana)
    await answered(world, ticket, "Já estamos vendo", by=ana, send_as=TicketStatus.PENDING)
    await ended(world, Sent("net-1"))
    await world.do(handling.finish, ticket.id, CloseReason.NO_REPLY_NEEDED, "Nada a fazer", by=ana)
    return ticket


async def test_a_partner_hears_the_public_side_of_a_case_in_order_and_signed(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url)
    ticket = await a_story(world, account, ana)

    async with telling(world) as turns:
        await turns(12)

    assert [(each.kind, each.told["stage"]) for each in there.taken] == [
        ("TICKET_OPENED", "RECEIVED"),
        ("MESSAGE_PUBLISHED", "RECEIVED"),
        ("STAGE_CHANGED", "IN_ANALYSIS"),
        ("STAGE_CHANGED", "WAITING_FOR_YOU"),
        ("MESSAGE_PUBLISHED", "WAITING_FOR_YOU"),
        ("CLOSED", "CLOSED"),
    ]
    assert {each.told["protocol"] for each in there.taken} == {ticket.protocol}
    numbers = [each.told["sequence"] for each in there.taken]
    assert numbers == sorted(numbers)
    messages = [each.told["message"] for each in there.taken if each.told["message"]]
    assert [(each["fromCompany"], each["text"]) for each in messages] == [
        (False, "Meu pedido não chegou"),
        (True, "Já estamos vendo"),
    ]
    assert [each.told["needsAnswer"] for each in there.taken][3:] == [True, True, False]
    said = b"".join(each.body for each in there.taken).decode()
    assert not [each for each in ("Ana", "Maria", "maria", "difícil", "Nada a") if each in said]
    # The clock of this test is not the signer's.
    assert saved.secret is not None
    assert all(each.told["id"] == each.key for each in there.taken)
    assert {each.state for each in await deliveries(world)} == {DELIVERED}


async def test_nothing_from_before_it_was_made_and_no_kind_that_it_did_not_ask_for(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    old = await world.heard(account, author="antiga")
    await endpoint(world, there.url, kinds=[WebhookEventKind.CLOSED])
    await a_story(world, account, ana)
    await world.do(handling.finish, old.id, CloseReason.SPAM, "spam", by=ana)

    async with telling(world) as turns:
        await turns(4)

    assert [each.kind for each in there.taken] == ["CLOSED", "CLOSED"]


async def test_what_is_taken_out_is_told_as_gone_and_what_waited_of_it_is_not_told_any_more(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    boss = await world.person("Bia", level=world.triage, role=Role.ADMIN)
    await endpoint(world, there.url)
    ticket = await world.heard(account)
    await world.do(handling.remove, ticket.id, "engano", by=boss)

    async with telling(world) as turns:
        await turns(6)

    [gone] = there.taken
    assert (gone.kind, gone.told["stage"], gone.told["message"]) == ("REMOVED", None, None)
    assert [each.state for each in await deliveries(world)] == [DROPPED, DROPPED, DELIVERED]


async def test_a_message_that_was_taken_back_before_it_was_told_is_not_told(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    await endpoint(world, there.url, kinds=[WebhookEventKind.MESSAGE_PUBLISHED])
    await world.heard(account, text="Apago já")

    async def take_back(work: Work) -> None:
        [said] = await work.session.scalars(  # type: ignore[attr-defined]
            select(Occurrence).where(columns(Occurrence).text == "Apago já")
        )
        said.take_back(world.now)

    await world.do(take_back)
    async with telling(world) as turns:
        await turns(2)

    assert there.letters == []
    assert [each.state for each in await deliveries(world)] == [DROPPED]


async def test_a_merged_case_is_closed_and_names_the_one_that_goes_on(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    one, other = await world.heard(account, thread="a"), await world.heard(account, thread="b")
    await endpoint(world, there.url)
    await world.do(handling.merge, one.id, other.id, "O mesmo", False, by=ana)

    async with telling(world) as turns:
        await turns(4)

    [closed] = [each for each in there.taken if each.kind == "CLOSED"]
    assert (closed.told["protocol"], closed.told["successor"]) == (one.protocol, other.protocol)


async def test_what_was_said_to_the_company_alone_is_not_told(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    await endpoint(world, there.url, kinds=[WebhookEventKind.MESSAGE_PUBLISHED])
    ticket = await world.heard(account, text="Só entre nós", kind=OccurrenceKind.DIRECT_MESSAGE)
    await answered(world, ticket, "Em público", by=ana)
    await answered(world, ticket, "Em particular", by=ana)

    async def turn_private(work: Work) -> None:
        rows = columns(Reply)
        private = update(Reply).where(rows.text == "Em particular")
        await work.session.execute(  # type: ignore[attr-defined]
            private.values(visibility=Visibility.PRIVATE)
        )

    await world.do(turn_private)
    await ended(world, Sent("net-1"))
    await ended(world, Sent("net-2"))

    async with telling(world) as turns:
        await turns(4)

    assert [each.told["message"]["text"] for each in there.taken] == ["Em público"]
    assert len(await deliveries(world)) == 1


# ── when it does not go well ─────────────────────────────────────────────────────────────────


async def test_down_for_ten_minutes_everything_is_told_afterwards_once_in_order_by_the_same_keys(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    await endpoint(world, there.url)
    there.always = 503
    tickets = [await a_story(world, account, ana, f"p{number}") for number in range(3)]

    async with telling(world) as turns:
        for _ in range(10):
            await turns()
            world.later(MINUTE)
        asked = len(there.letters)
        there.always = 204
        world.later(5 * MINUTE)
        await turns(20)

    assert asked <= 16 + 10
    assert {name: len(told) for name, told in there.by_protocol().items()} == {
        each.protocol: 6 for each in tickets
    }
    for told in there.by_protocol().values():
        numbers = [each.told["sequence"] for each in told]
        assert numbers == sorted(numbers)
    assert len(there.taken) == 18
    tried = {each.key for each in there.letters[:asked]}
    assert tried <= {each.key for each in there.taken}


@pytest.mark.parametrize("behaviour", [500, 404, REDIRECT, CUT])
async def test_what_is_not_taken_holds_back_its_case_and_no_other_longer_than_it_has_to(
    world: World, account: Account, ana: Person, there: Partner, behaviour: object
) -> None:
    await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    there.next.append(behaviour)
    await world.heard(account, author="a")

    async with telling(world) as turns:
        await turns(2)
        [put_off] = await deliveries(world)
        world.later(10 * SECOND)
        await turns(2)

    assert (put_off.state, put_off.attempts) == (QUEUED, 1)
    assert put_off.next_attempt_at is not None
    assert put_off.next_attempt_at > put_off.queued_at
    assert [each.state for each in await deliveries(world)] == [DELIVERED]
    assert len({each.key for each in there.letters}) == 1
    assert len(there.letters) == 2


async def test_a_day_without_success_makes_a_dead_letter_that_can_be_replayed(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url)
    there.always = 410
    ticket = await world.heard(account)
    async with telling(world) as turns:
        for _ in range(40):
            await turns()
            world.later(HOUR)
        dead = await deliveries(world)
        gone_by = len(there.letters)
        there.always = 204
        replayed = await world.do(partnering.replay, saved.endpoint.id)
        await turns(3)

    assert [each.state for each in dead] == [DEAD, DEAD]
    assert {(each.failure, each.status_code) for each in dead} == {("webhook_declined", 410)}
    assert gone_by < 60
    assert replayed.replayed == 2
    assert [each.kind for each in there.taken] == ["TICKET_OPENED", "MESSAGE_PUBLISHED"]
    assert [each.key for each in there.taken] == [str(each.id) for each in dead]
    assert there.taken[0].told["protocol"] == ticket.protocol


async def test_whoever_is_silent_for_a_day_is_asked_now_and_then_and_its_queue_becomes_dead(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    there.always = 503
    for number in range(30):
        await world.heard(account, author=f"p{number}")

    async with telling(world) as turns:
        for _ in range(26):
            await turns()
            world.later(HOUR)
        await turns()

    assert {each.state for each in await deliveries(world)} == {DEAD}
    # Sixteen before anybody knew, then one at a time to see whether it is back.
    assert len(there.letters) <= 16 + 27


async def test_whoever_dies_while_telling_leaves_it_to_be_told_again_by_the_same_key(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    await world.heard(account)
    await world.do(informing.collect, saved.endpoint.id, 10)
    lease = timedelta(seconds=30)
    [lost] = await world.do(informing.claim, saved.endpoint.id, 10, lease)

    async with telling(world) as turns:
        await turns()
        before = len(there.letters)
        world.later(lease)
        await turns()
    late = await world.do(informing.settle, saved.endpoint.id, [(lost, informing.Heard(500))], 0.5)

    assert before == 0
    assert [each.key for each in there.taken] == [str(lost.delivery_id)]
    assert late == {}
    assert [each.state for each in await deliveries(world)] == [DELIVERED]


async def test_one_that_never_answers_costs_nobody_else_anything(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    async with partner() as silent:
        silent.always = HANG
        bad = await endpoint(world, silent.url, "mudo")
        good = await endpoint(world, there.url)
        for number in range(20):
            await world.heard(account, author=f"p{number}")

        async with telling(world) as turns:
            await turns(8)

    assert {each.state for each in await deliveries(world, good.endpoint)} == {DELIVERED}
    assert len(there.taken) == 40
    assert silent.busiest <= 16
    assert len(silent.letters) <= 16 + 1
    assert (await seen(world, bad.endpoint)).failures == 1


# ── whose it is to know ──────────────────────────────────────────────────────────────────────


async def test_a_key_that_ended_is_told_nothing_more_not_even_what_was_waiting(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    key = await key_of(world)
    saved = await endpoint(world, there.url, key=key)
    await world.heard(account)
    await world.do(informing.collect, saved.endpoint.id, 10)
    await world.do(signing.revoke_key, key.id)
    await world.heard(account, author="outra")

    async with telling(world) as turns:
        await turns(3)

    assert there.letters == []
    assert {each.state for each in await deliveries(world)} == {DROPPED}


async def test_off_nothing_is_told_and_on_again_it_begins_then(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    form = EndpointForm(id=saved.endpoint.id, name="avisos", url=there.url)
    await world.do(partnering.save_endpoint, with_(form, enabled=False))
    await world.heard(account, author="um")
    async with telling(world) as turns:
        await turns(2)
        world.later(MINUTE)
        await world.do(partnering.save_endpoint, with_(form, enabled=True))
        world.later(MINUTE)
        after = await world.heard(account, author="dois")
        await turns(2)

    assert [each.told["protocol"] for each in there.taken] == [after.protocol]


async def test_another_company_is_not_told_of(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    other = on_this_machine(await World.founded(world.storage))
    await endpoint(other, there.url)
    await world.heard(account)

    async with telling(world) as turns:
        await turns(2)

    assert there.letters == []


async def test_for_a_day_it_is_signed_with_both_secrets_and_then_with_the_new_one(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url)
    rotated = await world.do(partnering.rotate_secret, saved.endpoint.id)
    async with telling(world) as turns:
        await world.do(partnering.try_endpoint, saved.endpoint.id)
        await turns()
        world.later(DAY)
        await world.do(partnering.try_endpoint, saved.endpoint.id)
        await turns()

    first, second = there.taken
    assert (first.signature.count("v1="), second.signature.count("v1=")) == (2, 1)
    assert saved.secret != rotated.secret


# ── its place in the feed ────────────────────────────────────────────────────────────────────


async def test_a_stretch_that_is_read_in_parts_is_read_whole_and_once(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url)
    for number in range(10):
        await world.heard(account, author=f"p{number}")
    read = [await world.do(informing.collect, saved.endpoint.id, 7)]
    await world.heard(account, author="depois")
    while read[-1]:
        read.append(await world.do(informing.collect, saved.endpoint.id, 7))

    assert sum(read) == 22
    assert len(await deliveries(world)) == 22


@pytest.mark.postgres
async def test_what_is_committed_late_under_an_earlier_number_is_told_too(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    storage, form = world.storage, Opening(level_id=world.triage.id, subject="A", comment="B")
    async with Session(storage.database.writer) as session:
        late = storage._open(session, world.system)
        first = await opening.open_ticket(late, form)
        await late.settle()
        second = await world.ticket()
        await world.do(informing.collect, saved.endpoint.id, 100)
        await session.commit()

    async with telling(world) as turns:
        await turns(3)

    protocols = [each.told["protocol"] for each in there.taken]
    assert sorted(protocols) == sorted([first.protocol, second.protocol])


@pytest.mark.postgres
async def test_in_a_database_that_counts_anew_nothing_is_missed(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    await world.heard(account, author="antes")
    await world.do(informing.collect, saved.endpoint.id, 100)

    async def elsewhere(work: Work) -> None:
        far = f"{10**12}:{10**12}:"
        here = columns(WebhookEndpoint).id == saved.endpoint.id
        await work.session.execute(  # type: ignore[attr-defined]
            update(WebhookEndpoint).where(here).values(position=far)
        )

    await world.do(elsewhere)
    await world.heard(account, author="depois")
    async with telling(world) as turns:
        await turns(3)

    assert len(there.taken) == 2


async def test_what_ended_long_ago_is_forgotten_dead_letters_later(
    world: World, account: Account, ana: Person, there: Partner
) -> None:
    saved = await endpoint(world, there.url, kinds=[WebhookEventKind.TICKET_OPENED])
    there.next.extend([404])
    await world.heard(account, author="a")
    async with telling(world) as turns:
        await turns()
        world.later(25 * HOUR)
        there.always = 404
        await turns()
        there.always = 204
        await world.do(partnering.try_endpoint, saved.endpoint.id)
        await turns()
    world.later(8 * DAY)
    week = await world.do(informing.forget, 100)
    world.later(30 * DAY)
    month = await world.do(informing.forget, 100)

    assert (week, month) == (1, 1)
    assert await deliveries(world) == []


def with_(form: EndpointForm, **more: object) -> EndpointForm:
    return EndpointForm(**{**vars(form), **more})
