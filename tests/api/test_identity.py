"""Who one is: signing in, staying in, going out, and the keys of programs."""

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter, time
from typing import Any

import jwt
import pytest

from domain.model.user import SESSION_LENGTH
from domain.operations import organizing
from domain.words import Role
from server.access_tokens import ALGORITHM, AUDIENCE, ISSUER, KEY_ID
from tests.api.desk import Desk, Json, unknown
from tests.world import Person

PASSWORD = "uma senha bem longa"
SIGN_IN = (
    "mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) {"
    " accessToken expiresAt me { user { name email } permissions } userErrors { code message } } }"
)
REFRESH = "mutation { refreshSession { accessToken userErrors { code } } }"
SIGN_OUT = "mutation { signOut { userErrors { code } } }"
ME = "{ me { user { id name } permissions workspace { name } } }"
LEVELS = "{ levels { id } }"
MINUTE = timedelta(minutes=1)


async def signed_in(desk: Desk, person: Person) -> tuple[str, str]:
    """The access token, and what the cookie carries."""
    response = await desk.send(SIGN_IN, e=person.user.email, p=PASSWORD)
    return token_of(response), cookie_of(response)


def token_of(response: Any) -> str:
    [payload] = response.json()["data"].values()
    token: str = payload["accessToken"]
    return token


def cookie_of(response: Any) -> str:
    found: str = response.cookies["guiche_session"]
    return found


async def ana_of(desk: Desk) -> Person:
    return await desk.world.person("Ana", level=desk.world.triage, password=PASSWORD)


async def test_signing_in_tells_who_one_is_and_sets_a_cookie_for_the_session(desk: Desk) -> None:
    ana = await ana_of(desk)

    response = await desk.send(SIGN_IN, e=f" {ana.user.email.upper()} ", p=PASSWORD)

    payload = response.json()["data"]["signIn"]
    assert payload["me"]["user"] == {"name": "Ana", "email": ana.user.email}
    assert payload["userErrors"] == []
    attributes = response.headers["set-cookie"].lower()
    for attribute in ("httponly", "samesite=lax", "path=/graphql", "max-age=2592000"):
        assert attribute in attributes
    assert (await desk.ask(ME, payload["accessToken"]))["user"]["name"] == "Ana"


async def test_a_wrong_password_and_an_unknown_e_mail_are_told_alike_and_take_as_long(
    desk: Desk,
) -> None:
    ana = await ana_of(desk)
    took: dict[str, list[float]] = {ana.user.email: [], "nobody@example.com": []}
    told = set()

    for _ in range(5):
        for email, times in took.items():
            began = perf_counter()
            response = await desk.send(SIGN_IN, e=email, p="uma senha errada")
            times.append(perf_counter() - began)
            told.add(response.content)

    known, stranger = (median(times) for times in took.values())
    [answer] = told
    assert b"INVALID" in answer
    assert 0.4 < known / stranger < 2.5


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("pt-BR,pt;q=0.9", "E-mail ou senha incorretos."),
        ("en-US", "The e-mail or the password is wrong."),
    ],
)
async def test_a_refusal_speaks_the_callers_language(
    desk: Desk, language: str, sentence: str
) -> None:
    told = await desk.ask(SIGN_IN, language=language, e="x@example.com", p="errada")

    assert told["me"] is None
    assert told["userErrors"] == [{"code": "INVALID", "message": sentence}]


async def test_somebody_switched_off_cannot_sign_in_nor_use_what_they_have(desk: Desk) -> None:
    ana = await ana_of(desk)
    token, cookie = await signed_in(desk, ana)
    user = ana.user
    form = organizing.UserForm(
        id=user.id, name=user.name, email=user.email, role=user.role, active=False
    )

    await desk.world.do(organizing.save_user, form)

    assert (await desk.send(LEVELS, token)).status_code == 401
    assert (await desk.ask(REFRESH, cookie=cookie))["accessToken"] is None
    assert (await desk.ask(SIGN_IN, e=user.email, p=PASSWORD))["accessToken"] is None


async def test_a_session_is_renewed_with_its_cookie_which_changes_every_time(desk: Desk) -> None:
    ana = await ana_of(desk)
    _, first = await signed_in(desk, ana)

    response = await desk.send(REFRESH, cookie=first)

    assert cookie_of(response) != first
    assert (await desk.ask(ME, token_of(response)))["user"]["name"] == "Ana"
    # Two tabs of one browser may ask at the same moment.
    assert (await desk.ask(REFRESH, cookie=first))["accessToken"] is not None


async def test_an_old_cookie_that_comes_back_ends_the_session_for_everybody(desk: Desk) -> None:
    ana = await ana_of(desk)
    _, old = await signed_in(desk, ana)
    response = await desk.send(REFRESH, cookie=old)
    desk.world.later(5 * MINUTE)

    stolen = await desk.ask(REFRESH, cookie=old)

    assert stolen == {"accessToken": None, "userErrors": [{"code": "INVALID"}]}
    assert (await desk.send(LEVELS, token_of(response))).status_code == 401
    assert (await desk.ask(REFRESH, cookie=cookie_of(response)))["accessToken"] is None


async def test_signing_out_ends_the_access_token_at_once_and_drops_the_cookie(desk: Desk) -> None:
    ana = await ana_of(desk)
    token, cookie = await signed_in(desk, ana)
    other, _ = await signed_in(desk, ana)

    response = await desk.send(SIGN_OUT, token)

    assert "max-age=0" in response.headers["set-cookie"].lower()
    assert (await desk.send(LEVELS, token)).status_code == 401
    assert (await desk.ask(REFRESH, cookie=cookie))["accessToken"] is None
    assert await desk.ask(LEVELS, other)
    assert await desk.ask(SIGN_OUT) == {"userErrors": []}


async def test_the_cookie_alone_is_enough_to_sign_out_but_not_to_ask(desk: Desk) -> None:
    token, cookie = await signed_in(desk, await ana_of(desk))

    assert (await desk.error(LEVELS, cookie=cookie))["extensions"]["code"] == "UNAUTHENTICATED"
    await desk.ask(SIGN_OUT, cookie=cookie)

    assert (await desk.send(LEVELS, token)).status_code == 401


async def test_me_is_nobody_for_a_stranger_and_for_a_program(desk: Desk) -> None:
    assert await desk.ask(ME) is None
    assert await desk.ask(ME, await desk.key("read")) is None


async def test_another_role_is_in_force_with_the_next_request(desk: Desk) -> None:
    ana = await ana_of(desk)
    token = await desk.token(ana)
    before = await desk.ask(ME, token)
    form = organizing.UserForm(id=ana.id, name="Ana", email=ana.user.email, role=Role.VIEWER)

    await desk.world.do(organizing.save_user, form)

    assert "tickets.handle" in before["permissions"]
    assert (await desk.ask(ME, token))["permissions"] == [
        "tickets.read",
        "wallboard.read",
        "workspace.read",
    ]


async def test_who_came_before_is_out_once_the_session_has_ended(desk: Desk) -> None:
    token = await desk.token(await ana_of(desk))
    assert await desk.ask(LEVELS, token)

    desk.world.later(SESSION_LENGTH)

    assert (await desk.send(LEVELS, token)).status_code == 401


async def test_who_came_before_is_out_once_the_token_has_ended(desk: Desk) -> None:
    claims: Json = jwt.decode(
        await desk.token(await ana_of(desk)), options={"verify_signature": False}
    )
    ends = int(time()) + 2
    claims |= {"exp": ends}
    token = jwt.encode(claims, desk.keyring.signing, ALGORITHM, headers={"kid": KEY_ID})
    assert await desk.ask(LEVELS, token)

    await asyncio.sleep(ends - time())

    assert (await desk.send(LEVELS, token)).status_code == 401


# ── tokens that are no good ────────────────────────────────────────────────────────────────────


async def forged(desk: Desk, kind: str, ana: Person) -> str:
    good = await desk.token(ana)
    claims: Json = jwt.decode(good, options={"verify_signature": False})
    key, headers = desk.keyring.signing, {"kid": KEY_ID}
    now = datetime.now(UTC)
    match kind:
        case "alg=none":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        case "another key":
            return jwt.encode(claims, b"k" * 32, ALGORITHM, headers=headers)
        case "expired":
            claims |= {"exp": now - MINUTE}
        case "not yet":
            claims |= {"nbf": now + MINUTE}
        case "another audience":
            claims |= {"aud": f"{AUDIENCE}-2"}
        case "another issuer":
            claims |= {"iss": f"{ISSUER}-2"}
        case "no end":
            del claims["exp"]
        case "no session":
            claims |= {"sid": unknown("User")}
        case "unknown key id":
            headers = {"kid": "../../etc/passwd"}
        case "no key id":
            headers = {}
        case "a number for a subject":
            claims |= {"sub": "4"}
    return jwt.encode(claims, key, ALGORITHM, headers=headers)


@pytest.mark.parametrize(
    "kind",
    [
        "alg=none",
        "another key",
        "expired",
        "not yet",
        "another audience",
        "another issuer",
        "no end",
        "no session",
        "unknown key id",
        "no key id",
        "a number for a subject",
    ],
)
async def test_a_token_that_is_not_ours_or_not_good_now_is_refused(desk: Desk, kind: str) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)

    response = await desk.send(LEVELS, await forged(desk, kind, ana))

    assert response.status_code == 401
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert error["message"] == "The session is over; sign in again."


async def test_an_e_mail_that_cannot_be_kept_is_nobodys(desk: Desk) -> None:
    told = await desk.ask(SIGN_IN, e="ana\x00@example.com", p="uma senha\x00 longa")

    assert [each["code"] for each in told["userErrors"]] == ["INVALID"]


async def test_a_good_token_in_much_that_is_none_is_refused(desk: Desk) -> None:
    token = await desk.token(await desk.world.person("Ana", level=desk.world.triage))

    assert (await desk.send(LEVELS, " " * 100 + token)).status_code == 200
    assert (await desk.send(LEVELS, " " * 2_000 + token)).status_code == 401


@pytest.mark.parametrize(
    ("scheme", "status"), [("Bearer", 200), ("bEARER", 200), ("Basic", 401), ("Bearer:", 401)]
)
async def test_a_good_token_is_one_of_a_bearer_and_of_nobody_else(
    desk: Desk, scheme: str, status: int
) -> None:
    token = await desk.token(await desk.world.person("Ana", level=desk.world.triage))
    headers = {"Authorization": f"{scheme} {token}"}

    answer = await desk.client.post("/graphql", json={"query": LEVELS}, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "gk_",
        "gk__",
        "gk_0000000000_secret",
        "é" * 20,
        "y" * 5_000,
        "gk_" + "z" * 500,
        "gk_%00_x",
    ],
)
async def test_garbage_for_a_token_is_refused(desk: Desk, token: str) -> None:
    headers = {b"authorization": f"Bearer {token}".encode()}

    response = await desk.client.post("/graphql", json={"query": LEVELS}, headers=headers)

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


# ── keys of programs ───────────────────────────────────────────────────────────────────────────


MAKE_KEY = (
    "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) {"
    " apiKey { id name prefix scopes revokedAt } secret userErrors { code message field } } }"
)
REVOKE = "mutation($id: ID!) { revokeApiKey(input: {id: $id}) { deletedId userErrors { code } } }"
KEYS = "{ apiKeys { id name prefix scopes createdAt lastUsedAt revokedAt } }"


async def test_a_keys_secret_is_told_once_and_does_what_it_was_made_for(desk: Desk) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)

    made = await desk.ask(MAKE_KEY, boss, i={"name": "CRM", "scopes": ["read"]})

    secret = made["secret"]
    assert secret.startswith(f"gk_{made['apiKey']['prefix']}_")
    assert await desk.ask(LEVELS, secret)
    listed = await desk.send(KEYS, boss)
    assert secret not in listed.text
    assert secret.split("_", 2)[2] not in listed.text
    [key] = listed.json()["data"]["apiKeys"]
    assert key["lastUsedAt"] is not None


async def test_a_revoked_key_opens_nothing_any_more(desk: Desk) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    made = await desk.ask(MAKE_KEY, boss, i={"name": "CRM", "scopes": ["read"]})

    ended = await desk.ask(REVOKE, boss, id=made["apiKey"]["id"])

    assert ended == {"deletedId": made["apiKey"]["id"], "userErrors": []}
    assert (await desk.send(LEVELS, made["secret"])).status_code == 401


async def test_a_key_for_handing_in_reads_nothing(desk: Desk) -> None:
    await desk.world.ticket()
    key = await desk.key("ingest")

    for document in (LEVELS, "{ tickets { totalCount } }", "{ users { name } }"):
        assert (await desk.error(document, key))["extensions"]["code"] == "FORBIDDEN"


async def test_an_unknown_scope_is_refused_with_what_there_is(desk: Desk) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)

    told = await desk.ask(MAKE_KEY, boss, i={"name": "CRM", "scopes": ["root"]})

    assert told["apiKey"] is None
    assert told["secret"] is None
    assert told["userErrors"] == [
        {
            "code": "INVALID",
            "message": "root is not a scope; there are ingest, read, display, protocol.",
            "field": ["scopes"],
        }
    ]


async def test_an_e_mail_is_told_to_administrators_and_oneself_only(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    bia = await desk.world.person("Bia", level=desk.world.triage)
    boss = await desk.world.person("Chefe", role=Role.ADMIN)

    seen = {}
    for who in (ana, bia, boss):
        users = await desk.ask("{ users { name email } }", who)
        seen[who.name] = {each["name"] for each in users if each["email"]}

    assert seen == {"Ana": {"Ana"}, "Bia": {"Bia"}, "Chefe": {"Ana", "Bia", "Chefe"}}
