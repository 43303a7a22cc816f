"""How accounts stand with their networks: shown to whoever looks, tried by administrators."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels import registry
from domain.words import Network, Role
from tests.api.desk import Desk, Json, plain, unknown
from tests.channels.doubles import Double, Says, double
from tests.channels.test_telegram import TOKEN, answers
from tests.world import Person

SECRET = "um-segredo-bem-comprido-9f2c"
STANDING = """id secretEnd secretAt connectedAt
  health { state message since heardAt testedAt }"""
SAVE = f"""mutation($i: SaveAccountInput!) {{ saveAccount(input: $i) {{
  account {{ {STANDING} }} userErrors {{ code message field }} }} }}"""
TEST = f"""mutation($id: ID!) {{ testAccount(input: {{id: $id}}) {{
  account {{ {STANDING} }} userErrors {{ code message field }} }} }}"""
ACCOUNTS = f"{{ accounts {{ {STANDING} }} }}"


@pytest.fixture
async def boss(desk: Desk) -> Person:
    return await desk.world.person("Chefe", role=Role.ADMIN)


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Double]:
    async with double(answers) as opened:
        monkeypatch.setattr(registry.CHANNELS[Network.TELEGRAM], "url", opened.url)
        yield opened


async def saved(desk: Desk, boss: Person, **more: Any) -> Json:
    connection = json.dumps({"token": TOKEN})
    asked = {"network": "TELEGRAM", "name": "Bot", "connection": connection, "credentials": SECRET}
    answer: Json = await desk.ask(SAVE, boss, i={**asked, **more})
    assert answer["userErrors"] == []
    account: Json = answer["account"]
    return account


async def test_of_a_secret_four_letters_and_a_date_are_shown_and_to_administrators_alone(
    desk: Desk, boss: Person
) -> None:
    account = await saved(desk, boss)
    ana = await desk.world.person("Ana", level=desk.world.triage)

    assert account["secretEnd"] == "9f2c"
    assert account["secretAt"] == account["connectedAt"]
    [seen] = [each for each in await desk.ask(ACCOUNTS, ana) if each["id"] == account["id"]]
    assert seen["secretEnd"] is None
    assert SECRET not in plain(account)
    assert TOKEN not in plain(account)


async def test_a_line_that_is_well_says_when_it_was_found_so(
    desk: Desk, boss: Person, telegram: Double
) -> None:
    account = await saved(desk, boss)
    assert account["health"]["state"] == "UNTESTED"

    answer = await desk.ask(TEST, boss, id=account["id"])

    health = answer["account"]["health"]
    assert (health["state"], health["message"]) == ("WELL", None)
    assert health["testedAt"]
    [told] = telegram.told
    assert told.path.endswith("/getMe")


async def test_a_token_that_is_not_accepted_is_told_until_another_one_is_saved(
    desk: Desk, boss: Person, telegram: Double
) -> None:
    account = await saved(desk, boss)
    telegram.faults.append(Says({"ok": False}, 401))

    answer = await desk.ask(TEST, boss, id=account["id"])
    again = await saved(desk, boss, id=account["id"])

    health = answer["account"]["health"]
    assert health["state"] == "TROUBLED"
    assert health["message"].startswith("The network does not accept")
    assert health["since"]
    assert again["health"]["state"] == "UNTESTED"


async def test_an_account_that_is_not_connected_says_so(desk: Desk, boss: Person) -> None:
    account = await saved(desk, boss, connection=None)

    assert account["health"]["state"] == "UNCONNECTED"
    answer = await desk.ask(TEST, boss, id=account["id"])
    assert answer["account"]["health"]["state"] == "UNCONNECTED"


async def test_only_an_administrator_tries_an_account_of_their_own_company(
    desk: Desk, boss: Person
) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    account = await saved(desk, boss)

    refused = await desk.error(TEST, ana, id=account["id"])
    nobodys = await desk.ask(TEST, boss, id=unknown("Account"))

    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert [each["code"] for each in nobodys["userErrors"]] == ["NOT_FOUND"]
