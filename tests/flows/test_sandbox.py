"""The pretend network: written to as a consumer, answered by the team, moody as its script."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from channels import registry
from domain.model.account import Account
from domain.model.level import Level
from domain.operations import replying
from domain.operations.replying import ReplyForm
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent
from domain.words import Network, SandboxBehaviour, Visibility
from server.sandbox import PAGE
from server.settings import Settings
from tests.flows.served import served
from tests.world import Person, World
from workers.delivery import Delivery, Patience

Json = dict[str, Any]


@dataclass
class Shore:
    """Both sides of the network: the company's account, and whoever writes to it."""

    world: World
    account: Account
    level: Level
    ana: Person
    client: httpx.AsyncClient

    async def ask(self, path: str, **told: Any) -> Json:
        answer = await self.client.post(f"/{self.account.id}{path}", json=told)
        assert answer.status_code in (200, 201), (answer.status_code, answer.text)
        found: Json = answer.json()
        return found

    async def write(self, text: str, **more: str) -> Json:
        return await self.ask("/write", personId="maria", name="Maria", text=text, **more)

    async def behave(self, *lines: Json) -> None:
        await self.ask("/script", instead=True, lines=list(lines))

    async def posts(self) -> Sequence[Json]:
        found: Sequence[Json] = (await self.client.get(f"/{self.account.id}")).json()["posts"]
        return found

    async def send(self, outgoing: Outgoing) -> Outcome:
        return await registry.SANDBOX.send(outgoing)

    def outgoing(self, text: str = "Oi, Maria") -> Outgoing:
        return Outgoing(
            reply_id=uuid4(),
            account_id=self.account.id,
            account_name=self.account.name,
            account_handle=None,
            account_external_id=None,
            connection={},
            visibility=Visibility.PUBLIC,
            text=text,
            to_external_id="maria",
            to_handle="maria",
            to_name="Maria",
            protocol="1",
            thread_root="post-1",
        )


@pytest.fixture
async def shore(chosen: Settings) -> AsyncIterator[Shore]:
    async with served(chosen) as house:
        world = house.world
        account = await world.account()
        level = await world.level("Sandbox", account_ids=[account.id])
        await world.watch(account, level)
        ana = await world.person("Ana", level=level)
        registry.SANDBOX.url = f"{house.url}/sandbox"
        client = httpx.AsyncClient(base_url=f"{house.url}/sandbox/api/accounts", timeout=10)
        async with client:
            yield Shore(world, account, level, ana, client)


async def test_a_consumer_writes_and_sees_the_answer_arrive(shore: Shore) -> None:
    told = await shore.write("Cadê meu pedido?", thread="post-7")
    [result] = told["webhook"]["answer"]["results"]
    async with shore.world.storage.reading(shore.world.system) as work:
        ticket = await work.tickets.by_protocol(result["protocol"])
    assert ticket is not None
    form = ReplyForm(ticket_id=ticket.id, text="Chega amanhã", visibility=Visibility.PUBLIC)
    reply = (await shore.world.do(replying.reply, form, by=shore.ana)).reply

    delivery = Delivery(shore.world.storage, Patience())
    await delivery.turn()
    await delivery.settled()

    theirs, ours = await shore.posts()
    assert (theirs["fromCompany"], theirs["text"]) == (False, "Cadê meu pedido?")
    assert (ours["fromCompany"], ours["text"], ours["thread"]) == (True, "Chega amanhã", "post-7")
    assert (ours["personId"], ours["replyId"]) == ("maria", str(reply.id))
    assert ours["inReplyTo"] == theirs["id"]
    async with shore.world.storage.reading(shore.world.system) as work:
        kept = await work.outbox.get(reply.id)
    assert (kept.state, kept.external_id) == ("SENT", ours["id"])


@pytest.mark.parametrize(
    ("line", "outcome", "stands"),
    [
        ({"do": "ok"}, Sent, 1),
        ({"do": "decline"}, Declined, 0),
        ({"do": "accept_and_cut"}, Doubtful, 1),
        ({"do": "cut"}, Doubtful, 0),
        ({"do": "rate_limit", "seconds": 7}, NotSent, 0),
        ({"do": "error"}, Doubtful, 0),
        ({"do": "slow", "seconds": 0.1}, Sent, 1),
    ],
)
async def test_it_behaves_as_its_script_says_and_once_only(
    shore: Shore, line: Json, outcome: type, stands: int
) -> None:
    await shore.behave(line)

    first = await shore.send(shore.outgoing())
    between = len(await shore.posts())
    second = await shore.send(shore.outgoing())

    assert type(first) is outcome
    assert between == stands
    assert type(second) is Sent
    if isinstance(first, NotSent):
        assert first.wait is not None
        assert (first.wait.total_seconds(), first.whole_account) == (7, True)


@pytest.mark.parametrize(("line", "stands"), [([], 1), ([{"do": "forget"}], 2)])
async def test_it_tells_repeats_by_the_replys_own_id_unless_it_forgets(
    shore: Shore, line: list[Json], stands: int
) -> None:
    await shore.behave(*line)
    outgoing = shore.outgoing()

    first, again = await shore.send(outgoing), await shore.send(outgoing)

    assert len(await shore.posts()) == stands
    assert (first == again) == (stands == 1)


async def test_where_nobody_listens_nothing_was_sent(shore: Shore) -> None:
    registry.SANDBOX.url = "http://127.0.0.1:1/sandbox"

    assert isinstance(await shore.send(shore.outgoing()), NotSent)


async def test_it_knows_no_other_networks_accounts(shore: Shore) -> None:
    other = await shore.world.account(network=Network.INSTAGRAM)

    listed = (await shore.client.get(str(shore.client.base_url).rstrip("/"))).json()["accounts"]
    answer = await shore.client.get(f"/{other.id}")

    assert str(other.id) not in {each["id"] for each in listed}
    assert answer.status_code == 404


async def test_a_page_of_another_origin_cannot_write_there(shore: Shore) -> None:
    plain = {"content-type": "text/plain"}

    answer = await shore.client.post(f"/{shore.account.id}/write", content="{}", headers=plain)

    assert answer.status_code == 415


async def test_its_page_holds_all_it_needs_and_nothing_may_come_from_elsewhere(
    shore: Shore,
) -> None:
    root = str(shore.client.base_url).partition("/sandbox")[0]

    page = await shore.client.get(f"{root}/sandbox")
    parts = await asyncio.gather(
        *(shore.client.get(f"{root}/sandbox/sandbox.{each}") for each in ("js", "css"))
    )

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace(root, "")
    assert [each.status_code for each in parts] == [200, 200]


async def test_in_production_it_is_not_there_unless_somebody_asked_for_it(
    chosen: Settings,
) -> None:
    there = replace_settings(chosen, guiche_env="production")
    wanted = replace_settings(chosen, guiche_env="production", sandbox=True)

    assert (there.has_sandbox, there.sandbox_at) == (False, None)
    assert (wanted.has_sandbox, wanted.sandbox_at) == (True, "http://127.0.0.1:8000/sandbox")


def replace_settings(chosen: Settings, **more: Any) -> Settings:
    return Settings(_env_file=None, **{**chosen.model_dump(), **more})


def test_its_page_offers_every_behaviour_and_speaks_both_languages() -> None:
    page, script = ((PAGE / f"sandbox.{each}").read_text() for each in ("html", "js"))
    portuguese, english = (
        set(re.findall(r"(\w+): \"(?!,)", script.split(f"const {each} = {{")[1].split("\n};")[0]))
        for each in ("PT", "EN")
    )

    offered = set(re.findall(r"<option>(\w+)</option>", page))

    assert offered == {each.value for each in SandboxBehaviour}
    used = set(re.findall(r'data-say="(\w+)"', page)) | set(re.findall(r"SAY\.(\w+)", script))
    assert portuguese == english == used | offered
