"""`protocolStatus`: partners by their key, anybody else by a proof; all that is wrong is alike."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.errors import RateLimited
from domain.model.ticket import Ticket
from domain.operations import correcting, handling
from domain.operations.correcting import PublisherForm
from domain.rules.protocols import check_digit
from domain.words import Role
from server.secrets import Keyring
from server.throttle import Throttle, Tries
from tests.api.desk import PATIENT, Desk
from tests.world import World

CPF, LAST, EMAIL = "52998224725", "4725", "maria@example.com"
STATUS = """
query($p: String!, $proof: String) {
  protocolStatus(protocol: $p, proof: $proof) {
    protocol stage stages { stage at } openedAt updatedAt expectedBy needsAnswer successor removed
    messages { at fromCompany text }
  }
}
"""


@pytest.fixture
async def ticket(desk: Desk) -> Ticket:
    """Of Maria, who gave her CPF and her e-mail."""
    world = desk.world
    account = await world.account()
    await world.watch(account, world.triage)
    ticket = await world.heard(account, text="Cadê meu pedido?")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, email=EMAIL)
    await world.do(correcting.update, form, by=await world.person("Chefe", role=Role.ADMIN))
    return ticket


@pytest.fixture
async def strict(world: World, keyring: Keyring) -> AsyncIterator[Desk]:
    """Where three tries are all that there are."""
    tries = replace(PATIENT, protocol=3, protocol_from_everywhere=5)
    async with Desk.opened(world, keyring, tries=tries) as opened:
        yield opened


async def test_whoever_is_not_signed_in_is_told_by_a_proof(desk: Desk, ticket: Ticket) -> None:
    told = await desk.ask(STATUS, p=ticket.protocol, proof=LAST)

    assert told["stage"] == "RECEIVED"
    assert told["messages"] == [
        {"at": "2026-09-14T12:00:00Z", "fromCompany": False, "text": "Cadê meu pedido?"}
    ]


async def test_a_partner_needs_no_proof_and_a_person_or_another_key_does(
    desk: Desk, ticket: Ticket
) -> None:
    boss = await desk.world.person("Direção", role=Role.ADMIN)
    partner, reader = await desk.key("protocol"), await desk.key("read")

    for who, proof, seen in (
        (partner, None, True),
        (partner, "wrong", True),
        (boss, None, False),
        (reader, None, False),
        (boss, EMAIL, True),
        (reader, EMAIL, True),
    ):
        told = await desk.ask(STATUS, who, p=ticket.protocol, proof=proof)
        assert (told is not None) is seen, (who, proof)


async def test_a_partner_of_some_levels_is_told_of_no_others(desk: Desk, ticket: Ticket) -> None:
    rh = await desk.world.level("RH")
    mine = await desk.key("protocol", levels=[desk.world.triage])
    theirs = await desk.key("protocol", levels=[rh])

    assert await desk.ask(STATUS, mine, p=ticket.protocol) is not None
    assert await desk.ask(STATUS, theirs, p=ticket.protocol) is None
    assert (await desk.error("{ tickets { totalCount } }", mine))["extensions"]["code"] == (
        "FORBIDDEN"
    )


async def test_all_that_is_wrong_is_answered_with_the_same_bytes(
    desk: Desk, ticket: Ticket
) -> None:
    world = desk.world
    removed = await world.ticket(world.triage, customer_email=EMAIL)
    boss = await world.person("Direção", role=Role.ADMIN)
    await world.do(handling.remove, removed.id, "Engano", by=boss)
    rh = await world.level("RH")
    walled = await world.ticket(rh, customer_email="outra@example.com")
    number = f"20260914{'1' * 8}"
    unknown = f"{number}{check_digit(number) % 10}"
    of_partner = await desk.key("protocol", levels=[world.triage])
    elsewhere = await Desk.key(replace(desk, world=await World.founded(world.storage)), "protocol")

    answers = [
        await desk.send(STATUS, by, p=protocol, proof=proof)
        for by, protocol, proof in (
            (None, ticket.protocol, None),
            (None, ticket.protocol, "0000"),
            (None, ticket.protocol, "rui@example.com"),
            (None, ticket.protocol, CPF),
            (None, unknown, LAST),
            (None, ticket.protocol[:-1] + "x", LAST),
            (None, ticket.protocol[:-1], LAST),
            (None, "9" * 5_000, "9" * 5_000),
            (None, removed.protocol, "0000"),
            (None, walled.protocol, LAST),
            (boss, ticket.protocol, None),
            (of_partner, walled.protocol, None),
            (of_partner, unknown, None),
            (elsewhere, ticket.protocol, None),
        )
    ]

    assert len({each.content for each in answers}) == 1
    assert answers[0].json()["data"] == {"protocolStatus": None}
    assert "errors" not in answers[0].json()
    assert {each.status_code for each in answers} == {200}
    assert len({str(sorted(each.headers)) for each in answers}) == 1


async def test_guesses_end_and_a_number_that_is_none_is_guessed_alike(
    strict: Desk,
) -> None:
    ticket = await strict.world.ticket(strict.world.triage, customer_email=EMAIL)
    told = []
    for number in (ticket.protocol, "12345678901234567"):
        answers = [await strict.answer(STATUS, p=number, proof=f"{n:04}") for n in range(3)]
        assert [each["data"] for each in answers] == [{"protocolStatus": None}] * 3
        # Even who is right by now is not heard any more.
        response = await strict.send(STATUS, p=number, proof=EMAIL)
        told.append(response)

    for response in told:
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert int(response.headers["retry-after"]) > 3_600
        assert response.json()["data"] == {"protocolStatus": None}
    assert told[0].json()["errors"][0]["extensions"] == told[1].json()["errors"][0]["extensions"]


async def test_every_alias_is_a_guess(strict: Desk) -> None:
    ticket = await strict.world.ticket(strict.world.triage, customer_email=EMAIL)
    asked = " ".join(
        f'a{n}: protocolStatus(protocol: "{ticket.protocol}", proof: "{n:04}") {{ stage }}'
        for n in range(10)
    )

    told = await strict.answer(f"{{ {asked} }}")

    codes = [each["extensions"]["code"] for each in told["errors"]]
    assert codes == ["RATE_LIMITED"] * 7


async def looked_up(throttle: Throttle, number: str, address: str, times: int) -> int:
    """How many of so many look-ups were let through."""
    through = 0
    for _ in range(times):
        try:
            await throttle.looks_up(number, address)
            through += 1
        except RateLimited:
            pass
    return through


async def test_look_ups_are_counted_by_number_and_by_address(keyring: Keyring) -> None:
    tries = Tries(protocol=3, protocol_from_everywhere=5, lookups_of_address=7)
    throttle = Throttle(keyring.hash, tries)

    assert await looked_up(throttle, "1", "192.0.2.1", 4) == 3
    assert await looked_up(throttle, "1", "192.0.2.2", 4) == 2
    assert await looked_up(throttle, " 1", "192.0.2.3", 4) == 0
    assert [await looked_up(throttle, str(n), "192.0.2.1", 1) for n in range(2, 8)] == [
        1,
        1,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.redis
async def test_processes_count_look_ups_together(keyring: Keyring, redis_url: str) -> None:
    tries = Tries(protocol=3)
    async with (
        Throttle.opened(keyring.hash, tries, redis_url) as one,
        Throttle.opened(keyring.hash, tries, redis_url) as other,
    ):
        assert await looked_up(one, "20260914000000000", "192.0.2.1", 2) == 2
        assert await looked_up(other, "20260914000000000", "192.0.2.1", 2) == 1


async def test_a_partners_look_ups_are_counted_by_the_key(keyring: Keyring) -> None:
    throttle = Throttle(keyring.hash, Tries(lookups_of_key=2))
    refused = 0
    for key in ("a", "a", "a", "b"):
        try:
            await throttle.partner_looks_up(key)
        except RateLimited:
            refused += 1

    assert refused == 1
