"""How often one may try to sign in, and how much one may ask in a minute."""

import pytest

from domain.errors import RateLimited
from server.door import spending
from server.graphql_errors import Refused
from server.secrets import Keyring
from server.throttle import Purses, Throttle, Tries, network
from tests.api.desk import TRIES, Desk
from tests.world import Person

SIGN_IN = """
mutation($e: String!, $p: String!) {
  signIn(input: { email: $e, password: $p }) { accessToken userErrors { code message } }
}
"""


@pytest.fixture
async def ana(desk: Desk) -> Person:
    return await desk.world.person("Ana", level=desk.world.triage, password="correct horse")


async def tried(throttle: Throttle, email: str, address: str, times: int) -> int:
    """How many of so many tries were let through."""
    through = 0
    for _ in range(times):
        try:
            await throttle.sign_in(email, address)
            through += 1
        except RateLimited:
            pass
    return through


async def test_one_who_tries_passwords_is_stopped_and_told_when_to_come_back(
    desk: Desk, ana: Person
) -> None:
    asked = {"e": ana.user.email, "p": "not the password"}
    for _ in range(TRIES):
        told = (await desk.ask(SIGN_IN, **asked))["userErrors"]
        assert told[0]["code"] == "INVALID"

    response = await desk.send(SIGN_IN, language="pt-BR", **asked)

    (error,) = response.json()["data"]["signIn"]["userErrors"]
    seconds = response.headers["retry-after"]
    assert 0 < int(seconds) <= 600
    assert error == {
        "code": "RATE_LIMITED",
        "message": f"Tentativas demais. Tente de novo em {seconds} segundos.",
    }


async def test_each_try_of_one_document_counts(desk: Desk, ana: Person) -> None:
    tries = " ".join(
        f'a{nth}: signIn(input: {{ email: "{ana.user.email}", password: "password {nth}" }}) '
        "{ userErrors { code } }"
        for nth in range(TRIES + 5)
    )

    told = (await desk.answer(f"mutation {{ {tries} }}"))["data"]

    codes = [each["userErrors"][0]["code"] for each in told.values()]
    assert codes.count("INVALID") == TRIES
    assert codes.count("RATE_LIMITED") == 5


async def test_tries_are_counted_by_email_and_address_and_by_address_alone(
    keyring: Keyring,
) -> None:
    throttle = Throttle(keyring.hash, Tries(sign_in=3, of_address=5))

    assert await tried(throttle, "ana@example.com", "192.0.2.1", 4) == 3
    assert await tried(throttle, " ANA@example.com", "192.0.2.1", 1) == 0
    assert await tried(throttle, "bia@example.com", "192.0.2.1", 3) == 0  # 5 tries from there
    assert await tried(throttle, "ana@example.com", "192.0.2.2", 4) == 3


async def test_processes_count_together(keyring: Keyring, redis_url: str) -> None:
    async with (
        Throttle.opened(keyring.hash, Tries(sign_in=3), redis_url) as one,
        Throttle.opened(keyring.hash, Tries(sign_in=3), redis_url) as other,
    ):
        email = "together@example.com"
        assert await tried(one, email, "192.0.2.3", 2) == 2
        assert await tried(other, email, "192.0.2.3", 2) == 1


async def test_without_redis_each_process_counts_for_itself_and_nobody_waits(
    keyring: Keyring,
) -> None:
    nobody_there = "redis://127.0.0.1:9/0"
    async with Throttle.opened(keyring.hash, Tries(sign_in=3), nobody_there) as throttle:
        assert await tried(throttle, "ana@example.com", "192.0.2.1", 5) == 3


def test_a_purse_is_spent_and_fills_again_over_a_minute() -> None:
    now = 0.0
    purses = Purses(600, lambda: now)

    assert purses.spend("ana", 600) == 0
    assert purses.spend("bia", 1) == 0
    assert purses.spend("ana", 20) == pytest.approx(2)
    now = 2.0
    assert purses.spend("ana", 20) == 0
    now = 62.0
    assert purses.spend("ana", 5_000) == 0  # dearer than any purse: with a full one it may be had
    assert purses.spend("ana", 1) > 0


async def test_who_has_spent_it_all_is_refused_with_the_time_to_wait(
    desk: Desk, ana: Person
) -> None:
    context = await desk.context(ana)
    spend = spending(Purses(60))

    spend(context, 60)
    with pytest.raises(Refused) as refused:
        spend(context, 5)

    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "5"
    assert refused.value.extensions == {"code": "RATE_LIMITED", "retryable": True}


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whoever_has_an_address_has_all_that_begin_like_it(address: str, same: str) -> None:
    assert network(address) == same
