"""Whoever their company vouches for comes in, and goes on with the same session."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from domain.operations import signing
from domain.sentences import SENTENCES
from domain.words import Locale
from server import asgi, settings
from server.opening import NOBODY
from server.settings import BadSettings, Settings
from tests.oidc.company import Browser, Company, browsing
from tests.oidc.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Claims,
    Provider,
    ec_key,
    rsa_key,
    signed,
)
from tests.world import World

ELEVEN_MINUTES = timedelta(minutes=11)
REFRESH = "mutation { refreshSession { accessToken me { user { email } } } }"


async def test_who_their_company_vouches_for_comes_in(company: Company, browser: Browser) -> None:
    answer = await browser.sign_in(return_to="/tickets?status=NEW#first")

    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets?status=NEW#first")
    cookie = answer.headers.get_list("set-cookie")[0]
    assert cookie.startswith("guiche_session=gs_")
    assert "HttpOnly; Max-Age=2592000; Path=/graphql; SameSite=lax" in cookie
    signed_in = await company.world.do(signing.refresh, browser.session, by=NOBODY)
    assert signed_in.user.id == company.ana.id


async def test_the_session_is_refreshed_as_any_other(migrated_url: str, provider: Provider) -> None:
    configured = Settings(
        database_url=migrated_url,
        secret_key="k" * 32,
        embedded_worker=False,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
    )
    app = asgi.create(configured)
    async with app.router.lifespan_context(app), browsing(app) as client:
        world = await World.founded(app.state.storage)
        provider.email = (await world.person("Ana")).user.email
        await Browser(client, app).sign_in()

        answer = await client.post("/graphql", json={"query": REFRESH})

    entrance = answer.json()["data"]["refreshSession"]
    assert entrance["me"]["user"]["email"] == provider.email
    assert entrance["accessToken"]


async def test_the_provider_is_asked_for_a_code_bound_to_this_browser(browser: Browser) -> None:
    begun = await browser.begin()

    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://care.example/oidc/callback"]
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) == 43 for name in ("state", "nonce", "code_challenge"))
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly; Max-Age=600; Path=/oidc; SameSite=lax" in cookie
    assert asked["state"][0] not in cookie
    assert begun.headers["referrer-policy"] == "no-referrer"
    assert begun.headers["cache-control"] == "no-store"


async def test_each_attempt_has_secrets_of_its_own(browser: Browser) -> None:
    one, other = [
        parse_qs(urlsplit((await browser.begin()).headers["location"]).query) for _ in range(2)
    ]

    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != other[name]


async def test_production_sends_its_cookies_by_https_only(company: Company) -> None:
    browser = await company.browser(guiche_env="production", secret_key="k" * 32)

    begun = await browser.begin()
    answer = await browser.follow(await browser.agree(begun))

    cookies = [*begun.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert len(cookies) == 3
    assert all("; Secure" in cookie for cookie in cookies)


async def test_without_return_to_one_comes_to_the_front(browser: Browser) -> None:
    assert (await browser.sign_in()).headers["location"] == "/"


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
async def test_the_three_good_algorithms_are_believed(
    company: Company, browser: Browser, alg: str
) -> None:
    key = ec_key("one") if alg == "ES256" else rsa_key("one")
    company.provider.sign = lambda claims: signed(claims, alg=alg, key=key)

    assert (await browser.sign_in()).status_code == 303


async def test_a_client_that_basic_is_not_for_shows_its_secret_in_the_form(
    company: Company, browser: Browser
) -> None:
    company.provider.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    assert (await browser.sign_in()).status_code == 303


async def test_the_letters_of_an_e_mail_may_be_large(company: Company, browser: Browser) -> None:
    company.provider.email = company.ana.user.email.upper()

    assert (await browser.sign_in()).status_code == 303


async def test_discovery_and_keys_are_asked_for_once(company: Company, browser: Browser) -> None:
    for _ in range(3):
        assert (await browser.sign_in()).status_code == 303

    assert company.provider.count("/.well-known/openid-configuration") == 1
    assert company.provider.count("/keys") == 1


async def test_an_e_mail_that_the_token_does_not_tell_is_asked_for(
    company: Company, browser: Browser
) -> None:
    company.provider.said = {"email": None}
    company.provider.user_info = {"email": company.ana.user.email, "email_verified": True}

    assert (await browser.sign_in()).status_code == 303


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"sub": "somebody else"}, 401),
        ({"email_verified": False}, 403),
        ({"email_verified": None}, 403),
    ],
)
async def test_what_is_told_apart_has_to_be_of_the_same_person_and_verified(
    company: Company, browser: Browser, said: dict[str, object], status: int
) -> None:
    company.provider.said = {"email": None, "email_verified": True}
    company.provider.user_info = {
        "email": company.ana.user.email,
        "email_verified": True,
        **said,
    }

    assert (await browser.sign_in()).status_code == status
    assert browser.session is None


async def test_who_draws_the_button_learns_what_to_write_on_it(company: Company) -> None:
    named, unnamed = await company.browser(), await company.browser(oidc_label="")

    told = [(await each.follow("/oidc")).json() for each in (named, unnamed)]

    assert told == [
        {"label": "Conta da <Padaria>", "start": "/oidc/start"},
        {"label": "127.0.0.1", "start": "/oidc/start"},
    ]


@pytest.mark.parametrize("path", ["/oidc", "/oidc/start", "/oidc/callback?code=1&state=2"])
async def test_without_a_provider_there_is_nothing(path: str) -> None:
    async with browsing(asgi.create(Settings())) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_refusal_is_a_page_for_people_and_json_for_programs(browser: Browser) -> None:
    page = await browser.follow("/oidc/callback", accept="text/html,*/*", **{"accept-language": ""})
    told = await browser.follow("/oidc/callback", **{"accept-language": "en"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert SENTENCES["oidc_stale"][Locale.PT_BR] in page.text
    assert "Entrar com Conta da &lt;Padaria&gt;" in page.text
    sentence = SENTENCES["oidc_stale"][Locale.EN]
    assert told.json() == {"error": {"code": "INVALID", "message": sentence, "field": []}}
    assert page.status_code == told.status_code == 400


async def test_a_refused_person_can_try_again_to_where_they_were_going(
    company: Company, browser: Browser
) -> None:
    company.provider.said = {"nonce": "another"}
    address = await browser.agree(await browser.begin(return_to='/a?b="c"&d'))

    page = await browser.follow(address, accept="text/html")

    assert 'href="/oidc/start?return_to=%2Fa%3Fb%3D%22c%22%26d"' in page.text


async def test_logs_have_no_codes_tokens_or_e_mails(company: Company, browser: Browser) -> None:
    tokens: list[str] = []

    def sign(claims: Claims) -> str:
        tokens.append(signed(claims))
        return tokens[-1]

    company.provider.sign = sign

    with capture_logs() as logs:
        address = await browser.agree(await browser.begin())
        await browser.follow(address)
        await browser.follow(address)
        company.provider.said = {"email": "somebody@example.com", "email_verified": True}
        await browser.sign_in()

    code = parse_qs(urlsplit(address).query)["code"][0]
    assert [line["event"] for line in logs] == ["oidc.signed_in", "oidc.refused", "oidc.refused"]
    for secret in (code, *tokens, "t0ken", "example", str(browser.session)):
        assert secret not in str(logs)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"oidc_issuer": "https://login.example.com"}, "OIDC_CLIENT_ID"),
        ({"oidc_client_secret": "topsecret"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "http://login.example.com"}, "OIDC_ISSUER: write a full https"),
        ({"oidc_issuer": "https://ana:topsecret@login.example.com"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "login.example.com"}, "OIDC_ISSUER"),
    ],
)
def test_settings_that_cannot_work_are_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=named) as bad:
        settings.load(secret_key="k" * 32, **given)

    assert "topsecret" not in str(bad.value)


async def test_the_secret_is_not_shown(company: Company) -> None:
    assert "topsecret" not in repr(company.settings())


async def test_a_browser_that_follows_slowly_starts_again(
    company: Company, browser: Browser
) -> None:
    address = await browser.agree(await browser.begin())
    company.world.later(ELEVEN_MINUTES)

    answer: httpx.Response = await browser.follow(address)

    assert (answer.status_code, browser.session) == (400, None)
