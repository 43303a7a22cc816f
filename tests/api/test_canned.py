"""Canned replies: whose they are, who may change them, and how they read on a ticket."""

from typing import Any

import pytest

from domain.errors import NotFound
from domain.model.level import Level
from domain.words import LevelRole, Role
from tests.api.desk import Desk, Json, gid, unknown
from tests.world import Person

SAVE = (
    "mutation($i: CannedReplyInput!) { saveCannedReply(input: $i) {"
    " cannedReply { id title text level { name } owner { name } uses version }"
    " userErrors { code field message } } }"
)
DROP = (
    "mutation($i: DeleteInput!) { deleteCannedReply(input: $i) {"
    " deletedId userErrors { code field } } }"
)
LIST = "query($l: ID, $s: String) { cannedReplies(levelId: $l, search: $s) { id title uses } }"
RENDER = "query($c: ID!, $t: ID!) { renderCannedReply(id: $c, ticketId: $t) }"
NODE = "query($id: ID!) { node(id: $id) { id } }"


class Team:
    """Two levels; Ana answers in one, Mia manages it, Rita is in the other."""

    def __init__(self, desk: Desk, rh: Level, people: dict[str, Person]) -> None:
        self.desk = desk
        self.rh = rh
        self.ana, self.bia, self.mia, self.rita, self.sara, self.boss = people.values()
        self.triage = desk.world.triage

    async def save(self, by: Person, **given: Any) -> Json:
        told: Json = await self.desk.ask(SAVE, by, i={"title": "Prazo", "text": "Oi", **given})
        return told

    async def kept(self, by: Person, **given: Any) -> Json:
        told = await self.save(by, **given)
        assert told["userErrors"] == []
        shown: Json = told["cannedReply"]
        return shown

    async def refused(self, by: Person, **given: Any) -> str:
        told = await self.save(by, **given)
        assert told["cannedReply"] is None
        code: str = told["userErrors"][0]["code"]
        return code

    async def titles(self, by: Person, **asked: Any) -> list[str]:
        return [each["title"] for each in await self.desk.ask(LIST, by, **asked)]


@pytest.fixture
async def team(desk: Desk) -> Team:
    world = desk.world
    rh = await world.level("RH")
    return Team(
        desk,
        rh,
        {
            "ana": await world.person("Ana Lima", level=world.triage),
            "bia": await world.person("Bia", level=world.triage),
            "mia": await world.person("Mia", level=world.triage, level_role=LevelRole.MANAGER),
            "rita": await world.person("Rita", level=rh),
            "sara": await world.person("Sara", role=Role.SUPERVISOR, level=world.triage),
            "boss": await world.person("Chefe", role=Role.ADMIN),
        },
    )


async def test_everybody_finds_everybodys_their_levels_and_their_own(team: Team) -> None:
    await team.kept(team.boss, title="De todos")
    await team.kept(team.ana, title="Da triagem", levelId=gid(team.triage))
    await team.kept(team.rita, title="Do RH", levelId=gid(team.rh))
    await team.kept(team.ana, title="Minha", personal=True)
    await team.kept(team.bia, title="Da Bia", personal=True)

    assert await team.titles(team.ana) == ["Da triagem", "De todos", "Minha"]
    assert await team.titles(team.rita) == ["De todos", "Do RH"]
    assert await team.titles(team.boss) == ["Da triagem", "De todos", "Do RH"]
    assert await team.titles(team.boss, l=gid(team.rh)) == ["De todos", "Do RH"]
    assert await team.titles(team.ana, l=gid(team.rh)) == ["De todos", "Minha"]


async def test_they_are_found_by_words_of_title_and_text(team: Team) -> None:
    await team.kept(team.ana, title="Prazo de troca", text="Ação em 5 dias", personal=True)
    await team.kept(team.ana, title="100% algodão", personal=True)

    assert await team.titles(team.ana, s="TROCA acao") == ["Prazo de troca"]
    assert await team.titles(team.ana, s="100%") == ["100% algodão"]
    assert await team.titles(team.ana, s="_") == []
    assert len(await team.titles(team.ana, s="  ")) == 2


async def test_who_may_keep_one_for_whom(team: Team) -> None:
    triage, rh = gid(team.triage), gid(team.rh)

    assert await team.refused(team.ana) == "FORBIDDEN"
    assert await team.refused(team.mia) == "FORBIDDEN"
    assert (await team.kept(team.sara))["level"] is None
    assert (await team.kept(team.ana, levelId=triage))["level"] == {"name": "Triagem"}
    assert await team.refused(team.ana, levelId=rh) == "NOT_FOUND"
    assert await team.refused(team.ana, levelId=unknown("Level")) == "NOT_FOUND"
    assert (await team.kept(team.ana, personal=True))["owner"] == {"name": "Ana Lima"}
    assert await team.refused(team.ana, personal=True, levelId=triage) == "INVALID"


async def test_who_may_change_one(team: Team) -> None:
    own = await team.kept(team.ana, personal=True)
    level = await team.kept(team.ana, levelId=gid(team.triage))
    everybodys = await team.kept(team.sara)

    assert await team.refused(team.bia, id=own["id"]) == "NOT_FOUND"
    assert await team.refused(team.boss, id=own["id"]) == "NOT_FOUND"
    assert await team.refused(team.bia, id=level["id"]) == "FORBIDDEN"
    assert await team.refused(team.rita, id=level["id"]) == "NOT_FOUND"
    assert await team.refused(team.ana, id=everybodys["id"]) == "FORBIDDEN"
    for by, which in ((team.ana, own), (team.ana, level), (team.mia, level), (team.boss, level)):
        told = await team.kept(by, id=which["id"], title=f"De {by.name}")
        assert told["title"] == f"De {by.name}"
    assert await team.refused(team.ana, id=own["id"], levelId=gid(team.triage)) == "INVALID"
    assert await team.refused(team.ana, id=level["id"], personal=True) == "INVALID"


async def test_what_may_not_be_seen_is_no_canned_reply(team: Team) -> None:
    desk = team.desk
    own = await team.kept(team.bia, personal=True)
    rh = await team.kept(team.rita, levelId=gid(team.rh))
    ticket = gid(await desk.world.ticket())
    nothing = unknown("CannedReply")

    for each in (own["id"], rh["id"]):
        for document, given in (
            (NODE, lambda id: {"id": id}),
            (RENDER, lambda id: {"c": id, "t": ticket}),
            (SAVE, lambda id: {"i": {"id": id, "title": "x", "text": "y"}}),
            (DROP, lambda id: {"i": {"id": id}}),
        ):
            hidden = await desk.send(document, team.ana, **given(each))
            none = await desk.send(document, team.ana, **given(nothing))
            assert hidden.content == none.content


async def test_a_change_that_was_overtaken_is_refused(team: Team) -> None:
    kept = await team.kept(team.ana, personal=True)

    same = await team.kept(team.ana, id=kept["id"], expectedVersion=1)
    changed = await team.kept(team.ana, id=kept["id"], expectedVersion=1, text="Outro")
    dropped = await team.desk.ask(DROP, team.ana, i={"id": kept["id"], "expectedVersion": 1})

    assert (same["version"], changed["version"]) == (1, 2)
    assert await team.refused(team.ana, id=kept["id"], expectedVersion=1) == "VERSION_CONFLICT"
    assert dropped == {
        "deletedId": None,
        "userErrors": [{"code": "VERSION_CONFLICT", "field": ["expectedVersion"]}],
    }


async def test_dropped_is_gone_and_a_retry_says_so_again(team: Team) -> None:
    kept = await team.kept(team.ana, personal=True)
    asked = {"id": kept["id"], "idempotencyKey": "uma"}

    told = [await team.desk.ask(DROP, team.ana, i=asked) for _ in range(2)]

    assert told == [{"deletedId": kept["id"], "userErrors": []}] * 2
    assert await team.titles(team.ana) == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"text": "Olá {{cpf}}"}, "INVALID", ["text"]),
        ({"text": "Olá {{protocol"}, "INVALID", ["text"]),
        ({"text": "x" * 50_000}, "TOO_LONG", ["text"]),
        ({"text": " "}, "INVALID", ["text"]),
        ({"text": "a\x00"}, "INVALID", ["text"]),
        ({"title": ""}, "INVALID", ["title"]),
        ({"title": "x" * 121}, "INVALID", ["title"]),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    team: Team, given: Json, code: str, field: list[str]
) -> None:
    told = await team.save(team.ana, personal=True, **given)

    assert [(each["code"], each["field"]) for each in told["userErrors"]] == [(code, field)]


async def test_it_reads_as_it_would_be_sent(team: Team) -> None:
    world = team.desk.world
    ticket = await world.ticket(customer_name="Maria da Silva", customer_email="m@example.com")
    text = "Olá {{publisher.firstName}}! {{protocol}} · {{attendant.name}}, {{level.name}}"
    kept = await team.kept(team.ana, text=text, personal=True)

    told = await team.desk.ask(RENDER, team.ana, c=kept["id"], t=gid(ticket))
    elsewhere = await team.desk.ask(
        RENDER, team.ana, c=kept["id"], t=gid(await world.ticket(team.rh))
    )

    assert told == f"Olá Maria! {ticket.protocol} · Ana Lima, Triagem"
    assert elsewhere is None


async def test_uses_are_counted_whoever_counts(team: Team) -> None:
    world = team.desk.world
    kept = await team.kept(team.ana, levelId=gid(team.triage))
    [row] = [each for each in await rows(team) if gid(each) == kept["id"]]

    for by in (team.ana, team.bia):
        async with world.storage.work(await world.actor(by)) as work:
            await work.canned_replies.used(row.id)

    async with world.storage.work(await world.actor(team.rita)) as work:
        with pytest.raises(NotFound):
            await work.canned_replies.used(row.id)

    [shown] = await team.desk.ask(LIST, team.ana)
    assert shown["uses"] == 2


async def rows(team: Team) -> Any:
    world = team.desk.world
    async with world.storage.reading(await world.actor(team.ana)) as work:
        return await work.canned_replies.listed(None, [])
