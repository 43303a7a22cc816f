"""Nobody comes in by what is forged, repeated, or said by a provider that fails."""

import asyncio
import socket
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from structlog.testing import capture_logs

from domain.sentences import SENTENCES
from domain.words import Locale
from server.oidc import COOKIE
from tests.oidc.company import Browser, Company
from tests.oidc.provider import (
    CLIENT_ID,
    INSIDE,
    Claims,
    ec_key,
    rsa_key,
    signed,
    signed_with_the_public_key,
    unsigned,
)

DISCOVERY = "/.well-known/openid-configuration"
TWO_SECONDS = 2.0
LONG_AGO, LONG_AHEAD = 1_000_000_000, 32_000_000_000


def refused(sentence: str) -> str:
    return SENTENCES[sentence][Locale.PT_BR]


@pytest.mark.parametrize(
    "said",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another client"]},
        {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"aud": None},
        {"iss": "https://another.example"},
        {"iss": None},
        {"exp": LONG_AGO + 300, "iat": LONG_AGO},
        {"exp": None},
        {"iat": LONG_AHEAD},
        {"iat": None},
        {"nbf": LONG_AHEAD},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_says_something_wrong_lets_nobody_in(
    company: Company, browser: Browser, said: Claims
) -> None:
    company.provider.said = {"email_verified": True, **said}

    answer = await browser.sign_in()

    assert (answer.status_code, browser.session) == (401, None)
    assert answer.json()["error"]["message"] == refused("oidc_failed")


FORGERIES: dict[str, Callable[[Claims], str]] = {
    "not signed": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "an algorithm that is not of the three": lambda claims: signed(claims, alg="RS512"),
    "a key of somebody else": lambda claims: signed(claims, key=rsa_key("mallory")),
    "a key of another kind": lambda claims: signed(claims, alg="ES256", key=ec_key("two")),
    "no token": lambda claims: "nonsense",
    "a signature cut off": lambda claims: signed(claims).rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_lets_nobody_in(
    company: Company, browser: Browser, forgery: str
) -> None:
    company.provider.sign = FORGERIES[forgery]

    answer = await browser.sign_in()

    assert (answer.status_code, browser.session) == (401, None)


async def test_a_new_key_is_fetched_when_it_first_signs(company: Company, browser: Browser) -> None:
    await browser.sign_in()
    company.provider.published = ["two"]
    company.provider.sign = lambda claims: signed(claims, kid="two")

    answer = await browser.sign_in()

    assert answer.status_code == 303
    assert company.provider.count("/keys") == 2


async def test_unknown_keys_do_not_make_us_ask_and_ask(company: Company, browser: Browser) -> None:
    company.provider.sign = lambda claims: signed(claims, kid="unknown")

    answers = [await browser.sign_in() for _ in range(4)]

    assert {answer.status_code for answer in answers} == {401}
    assert company.provider.count("/keys") == 2


async def test_a_forged_algorithm_asks_for_no_keys(company: Company, browser: Browser) -> None:
    company.provider.sign = unsigned

    await browser.sign_in()

    assert company.provider.count("/keys") == 0


async def test_coming_back_twice_lets_in_once(company: Company, browser: Browser) -> None:
    address = await browser.agree(await browser.begin())
    first = await browser.follow(address)

    again = await browser.follow(address)

    assert (first.status_code, again.status_code) == (303, 400)
    assert company.provider.count("/token") == 1


async def test_a_kept_cookie_does_not_make_a_code_good_again(
    company: Company, browser: Browser
) -> None:
    address = await browser.agree(await browser.begin())
    kept = browser.client.cookies[COOKIE]
    await browser.follow(address)
    thief = await company.another(browser.app)
    thief.client.cookies.set(COOKIE, kept, domain="care.example", path="/oidc")

    answer = await thief.follow(address)

    assert (answer.status_code, thief.session) == (401, None)
    assert INSIDE not in answer.text


async def test_what_one_browser_began_another_does_not_end(
    company: Company, browser: Browser
) -> None:
    other = await company.another(browser.app)
    address = await browser.agree(await browser.begin())
    await other.begin()

    answer = await other.follow(address)

    assert (answer.status_code, other.session) == (400, None)
    assert answer.json()["error"]["message"] == refused("oidc_stale")
    assert company.provider.count("/token") == 0


@pytest.mark.parametrize("cookie", ["", "nonsense", "AAAA", "AQ" * 60])
async def test_a_made_up_cookie_is_none(browser: Browser, cookie: str) -> None:
    address = await browser.agree(await browser.begin())
    browser.client.cookies.clear()

    answer = await browser.follow(address, cookie=f"{COOKIE}={cookie}")

    assert answer.status_code == 400


async def test_a_cookie_sealed_elsewhere_is_none(company: Company) -> None:
    browser = await company.browser()
    address = await browser.agree(await browser.begin())
    sealed = company.keyring.seal('{"state": "mine"}')
    browser.client.cookies.clear()

    answer = await browser.follow(address, cookie=f"{COOKIE}={urlsafe_b64encode(sealed).decode()}")

    assert answer.status_code == 400


async def test_a_made_up_return_does_not_end_an_attempt_under_way(browser: Browser) -> None:
    address = await browser.agree(await browser.begin())
    await browser.follow("/oidc/callback?code=made&state=up")

    assert (await browser.follow(address)).status_code == 303


async def test_an_answer_of_another_provider_is_not_taken(
    company: Company, browser: Browser
) -> None:
    address = await browser.agree(await browser.begin())

    answer = await browser.follow(address.partition("&iss=")[0] + "&iss=https://mallory.example")

    assert answer.status_code == 401
    assert company.provider.count("/token") == 0


async def test_who_declines_at_the_provider_is_not_in(company: Company, browser: Browser) -> None:
    state = (await browser.agree(await browser.begin())).partition("state=")[2].partition("&")[0]

    answer = await browser.follow(
        f"/oidc/callback?error=access_denied&error_description={INSIDE}&state={state}"
    )

    assert (answer.status_code, browser.session) == (401, None)
    assert INSIDE not in answer.text


async def test_only_the_standards_own_words_get_into_the_log(browser: Browser) -> None:
    reasons = []
    for error in ("access_denied", INSIDE):
        back = (await browser.agree(await browser.begin())).partition("state=")[2]
        with capture_logs() as logs:
            await browser.follow(f"/oidc/callback?error={error}&state={back.partition('&')[0]}")
        reasons += [line["reason"] for line in logs]

    assert reasons == ["no code: access_denied", "no code: unnamed"]


async def test_strangers_are_told_the_same_whatever_they_are(company: Company) -> None:
    active, gone = company.ana.user.email, await company.world.person("Ex")
    async with company.world.storage.work(company.world.system) as work:
        (await work.users.take(gone.id)).activate(False)
    strangers: list[Claims] = [
        {"email": "nobody@example.com", "email_verified": True},
        {"email": gone.user.email, "email_verified": True},
        {"email": active, "email_verified": False},
        {"email": active, "email_verified": "true"},
        {"email": active, "email_verified": 1},
        {"email": active, "email_verified": None},
        {"email": [active], "email_verified": True},
        {"email": f"\N{KELVIN SIGN}{active}", "email_verified": True},
        {"email": f"{active}\x00", "email_verified": True},
        {"email": "", "email_verified": True},
        {"email": None, "email_verified": True},
    ]

    answers = []
    for said in strangers:
        browser = await company.browser()
        company.provider.said = said
        answers.append(await browser.sign_in())
        assert browser.session is None, said

    assert {(each.status_code, each.text) for each in answers} == {(403, answers[0].text)}
    assert answers[0].json()["error"]["message"] == refused("not_a_user")


async def test_a_letter_that_lowers_to_another_is_not_that_other(company: Company) -> None:
    kim = await company.world.person("Kim")
    company.provider.email = kim.user.email.replace("k", "\N{KELVIN SIGN}", 1)
    browser = await company.browser()

    answer = await browser.sign_in()

    assert (answer.status_code, browser.session) == (403, None)


@pytest.mark.parametrize(
    "return_to",
    [
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/tickets\\..\\evil",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        " /tickets",
        "/\t/evil.example",
        "/\n/evil.example",
        "/tickets\r\nSet-Cookie: a=b",
        "/tickets\n",
        "/\u2028/evil",
        "/é",
        "/" + "a" * 1001,
    ],
)
async def test_nobody_is_led_elsewhere(company: Company, browser: Browser, return_to: str) -> None:
    answer = await browser.begin(return_to=return_to)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == refused("return_to_invalid")
    assert company.provider.asked == []


@pytest.mark.parametrize("return_to", ["/", "/@evil.example", "/%2F%2Fevil.example", "/a//b:c@d"])
async def test_a_path_of_our_own_stays_as_it_is(browser: Browser, return_to: str) -> None:
    answer = await browser.sign_in(return_to=return_to)

    assert answer.headers["location"] == return_to


class Dripping:
    """An answer that comes without a pause long enough to be one, and never comes whole."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)


FAULTS: dict[str, Response | float] = {
    "slow": 5.0,
    "dripping": StreamingResponse(Dripping()),
    "failing": Response(INSIDE, 500),
    "not found": Response(INSIDE, 404),
    "no JSON": Response(INSIDE, 200),
    "no object": JSONResponse([INSIDE]),
    "not what it should be": JSONResponse({"issuer": 7, "keys": INSIDE}),
    "endless": Response(b" " * 300_000 + b"{}"),
    "elsewhere": RedirectResponse("/keys"),
}


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (path, fault)
        for path in (DISCOVERY, "/token", "/keys")
        for fault in FAULTS
        # An answer of the right kind without a token is the token's fault.
        if (path, fault) != ("/token", "not what it should be")
    ],
)
async def test_a_provider_that_fails_lets_nobody_in_and_shows_nothing(
    company: Company, path: str, fault: str
) -> None:
    browser = await company.browser(patience=0.3)
    company.provider.faults = {path: FAULTS[fault]}

    async with asyncio.timeout(TWO_SECONDS):
        begun = await browser.begin()
        answer = begun if path == DISCOVERY else await browser.follow(await browser.agree(begun))

    assert (answer.status_code, browser.session) == (503, None)
    assert answer.json()["error"]["message"] == refused("oidc_unavailable")
    assert answer.json()["error"]["code"] == "UNAVAILABLE"


async def test_a_provider_that_recovers_is_believed_again(company: Company) -> None:
    browser = await company.browser()
    company.provider.faults = {DISCOVERY: Response(status_code=500)}
    failed = await browser.begin()

    company.provider.faults = {}

    assert failed.status_code == 503
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://login.example.com/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"claims_supported": ["x" * 300_000]},
    ],
    ids=lambda described: next(iter(described)),
)
async def test_a_provider_that_describes_itself_wrongly_is_not_used(
    company: Company, browser: Browser, described: dict[str, Any]
) -> None:
    company.provider.described = described

    assert (await browser.begin()).status_code == 503


@pytest.fixture
def nobody_there() -> Iterator[int]:
    """A port that is taken, so that nobody listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_a_provider_that_is_down_lets_nobody_in(company: Company, nobody_there: int) -> None:
    browser = await company.browser(oidc_issuer=f"http://127.0.0.1:{nobody_there}")

    answer = await browser.begin()

    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == refused("oidc_unavailable")


async def test_a_secret_that_the_provider_does_not_know_is_our_trouble_alone(
    company: Company,
) -> None:
    browser = await company.browser(oidc_client_secret="another")

    answer = await browser.sign_in()

    assert (answer.status_code, browser.session) == (401, None)
