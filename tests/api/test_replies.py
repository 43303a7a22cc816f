"""Answering over the API: what is shown, what is refused, and that a refusal leaves nothing."""

import asyncio
from typing import Any

import pytest

from domain.model.account import Account
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import handling, replying
from domain.operations.replying import ReplyForm
from domain.rules.capability import Capability
from domain.words import CloseReason, Network, OutsideView, Visibility
from tests.api.desk import Desk, Json, gid, plain, unknown
from tests.api.office import Office
from tests.api.test_uploads import uploaded
from tests.carrying import ANYTHING, BOTH, carry
from tests.rules.test_files import PNG
from tests.statements import statements_of
from tests.world import FIRST_HUNDRED, Person, World

REPLY = (
    "mutation($i: ReplyInput!) { reply(input: $i) {"
    " reply { id visibility state text originalText sendAs closeReason automated attempts failure"
    " sentAt externalUrl account { id } author { id } ticket { id } }"
    " ticket { id status version permissions } approval { id state intendedStatus }"
    " userErrors { __typename code message field"
    "  ... on StaleReply { cursor newEntries { kind occurrence { text publisher { name } } } }"
    "  ... on VersionConflict { changedFields current { version } } } } }"
)
FAMILY = "👨‍👩‍👧‍👦"


@pytest.fixture(autouse=True)
def networks(world: World) -> None:
    carry(world, {Network.SANDBOX: ANYTHING})


class Shop:
    """A level that answers from one account, Ana in it, and a ticket."""

    def __init__(self, desk: Desk, level: Level, account: Account, ana: Person, ticket: Ticket):
        self.desk, self.level, self.account = desk, level, account
        self.ana, self.ticket = ana, ticket

    @classmethod
    async def opened(cls, desk: Desk, **settings: Any) -> "Shop":
        world = desk.world
        account = await world.account("Loja no Sandbox")
        level = await world.level("Respostas", account_ids=[account.id], **settings)
        await world.watch(account, level)
        ana = await world.person("Ana", level=level)
        return cls(desk, level, account, ana, await world.heard(account, thread="t"))

    async def reply(self, by: Person | str | None = None, **asked: Any) -> Json:
        told: Json = await self.desk.ask(REPLY, by or self.ana, i=self.asked(**asked))
        return told

    def asked(self, **more: Any) -> Json:
        usual = {"ticketId": gid(self.ticket), "text": "Já vamos ver.", "visibility": "PUBLIC"}
        return {**usual, **more}

    async def refused(self, **asked: Any) -> Json:
        told = await self.reply(**asked)
        assert (told["reply"], told["ticket"], told["approval"]) == (None, None, None)
        [error] = told["userErrors"]
        refusal: Json = error
        return refusal

    async def cursor(self) -> str:
        page = await self.desk.ask("{ tickets(first: 1) { feedCursor } }", self.ana)
        cursor: str = page["feedCursor"]
        return cursor

    async def stored(self) -> Json:
        office = Office(self.desk, self.ana, self.ana, {})
        return await office.rows()


async def test_a_reply_is_shown_as_it_was_written_and_where_it_goes(desk: Desk) -> None:
    shop = await Shop.opened(desk)

    told = await shop.reply(sendAs="CLOSED", text="  Resolvido 👍🏽\n")

    assert told["userErrors"] == []
    assert told["reply"] == {
        "id": told["reply"]["id"],
        "visibility": "PUBLIC",
        "state": "QUEUED",
        "text": "Resolvido 👍🏽",
        "originalText": None,
        "sendAs": "CLOSED",
        "closeReason": "ANSWERED",
        "automated": False,
        "attempts": 0,
        "failure": None,
        "sentAt": None,
        "externalUrl": None,
        "account": {"id": gid(shop.account)},
        "author": {"id": gid(shop.ana.user)},
        "ticket": {"id": gid(shop.ticket)},
    }
    assert told["ticket"]["status"] == "CLOSED"


async def test_a_ticket_says_whether_the_caller_may_answer_it(desk: Desk) -> None:
    shop = await Shop.opened(desk, moderated=True, outside_view=OutsideView.FULL)
    outsider = await desk.world.person("Caio", level=await desk.world.level("Longe"))
    ask = "query($id: ID!) { ticket(id: $id) { permissions } }"
    ticket = gid(shop.ticket)

    assert (await desk.ask(ask, shop.ana, id=ticket))["permissions"] == ["handle", "reply"]
    assert (await desk.ask(ask, outsider, id=ticket))["permissions"] == []
    # While it waits for a moderator, and once it is over, there is nothing to write.
    told = await shop.reply()
    assert told["ticket"]["permissions"] == ["handle"]
    other = await desk.world.heard(shop.account, author="jose")
    closed = await desk.world.do(handling.finish, other.id, CloseReason.SPAM, "Propaganda")
    assert (await desk.ask(ask, shop.ana, id=gid(closed)))["permissions"] == ["handle"]


async def test_a_file_that_was_uploaded_goes_with_it_and_is_shown_to_colleagues(
    desk: Desk,
) -> None:
    shop = await Shop.opened(desk)
    carry(desk.world, {Network.SANDBOX: Capability(sends=BOTH, files_most=1)})
    bia = await desk.world.person("Bia", level=shop.level)
    kept = (await uploaded(desk, shop.ana, shop.ticket, "nota.png", PNG))["attachment"]

    told = await shop.reply(attachmentIds=[kept["id"]])

    ask = "query($id: ID!) { node(id: $id) { ... on Reply { attachments { id fileName } } } }"
    shown = await desk.ask(ask, bia, id=told["reply"]["id"])
    assert shown["attachments"] == [{"id": kept["id"], "fileName": "nota.png"}]
    again = await shop.refused(attachmentIds=[kept["id"]])
    assert (again["code"], again["field"]) == ("NOT_FOUND", ["attachmentIds"])


async def test_in_a_moderated_level_it_is_told_that_it_waits(desk: Desk) -> None:
    shop = await Shop.opened(desk, moderated=True)

    told = await shop.reply(sendAs="RESOLVED")

    assert (told["reply"]["state"], told["reply"]["sendAs"]) == ("HELD", "RESOLVED")
    assert (told["approval"]["state"], told["approval"]["intendedStatus"]) == (
        "SUBMITTED",
        "RESOLVED",
    )
    assert told["ticket"]["status"] == "AWAITING_APPROVAL"
    error = await shop.refused()
    assert (error["code"], error["field"]) == ("WRONG_STATE", None)
    assert "waits for approval" in error["message"]


async def test_what_came_meanwhile_is_shown_with_where_to_go_on_from(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    looked_at = await shop.cursor()
    await desk.world.heard(shop.account, thread="t", text="Esqueci de dizer…")
    before = await shop.stored()

    error = await shop.refused(basedOn=looked_at)

    assert error["__typename"] == "StaleReply"
    assert (error["code"], error["field"]) == ("STALE_REPLY", ["basedOn"])
    assert error["newEntries"] == [
        {
            "kind": "OCCURRENCE_RECEIVED",
            "occurrence": {"text": "Esqueci de dizer…", "publisher": {"name": "Maria"}},
        }
    ]
    assert await shop.stored() == before
    assert (await shop.reply(basedOn=error["cursor"]))["userErrors"] == []
    forced = await shop.reply(basedOn=looked_at, force=True)
    assert forced["userErrors"] == []


async def test_a_cursor_of_the_stream_is_as_good_as_one_of_a_list(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    stream = desk.follow(
        "subscription($id: ID!) { ticketChanges(id: $id) { cursor } }",
        shop.ana,
        id=gid(shop.ticket),
    )
    try:
        cursor = (await anext(stream))["cursor"]
    finally:
        await stream.aclose()

    assert (await shop.reply(basedOn=cursor))["userErrors"] == []
    await desk.world.heard(shop.account, thread="t")
    assert (await shop.refused(basedOn=cursor))["code"] == "STALE_REPLY"


async def test_everything_that_cannot_be_right_is_told_with_its_field_and_leaves_nothing(
    desk: Desk,
) -> None:
    shop = await Shop.opened(desk)
    world = desk.world
    outside = await world.account("Conta do RH")
    other = await World.founded(world.storage)
    foreign = await other.account()
    letters = Capability(sends=frozenset({Visibility.PUBLIC}), text_most=10)
    carry(world, {Network.SANDBOX: letters})
    page = await desk.ask("{ tickets(first: 1) { pageInfo { endCursor } } }", shop.ana)
    wrong: list[tuple[Json, str, list[str]]] = [
        ({"text": ""}, "INVALID", ["text"]),
        ({"text": " \n\t "}, "INVALID", ["text"]),
        ({"text": "a\x00"}, "INVALID", ["text"]),
        ({"text": "a" * 40_001}, "TOO_LONG", ["text"]),
        ({"text": "a" * 11}, "TOO_LONG", ["text"]),
        ({"text": FAMILY * 11}, "TOO_LONG", ["text"]),
        (
            {"text": FAMILY * 10, "visibility": "PRIVATE"},
            "NOT_SUPPORTED_BY_NETWORK",
            ["visibility"],
        ),
        ({"accountId": gid(outside)}, "ACCOUNT_NOT_IN_LEVEL", ["accountId"]),
        ({"accountId": gid(foreign)}, "NOT_FOUND", ["accountId"]),
        ({"accountId": unknown("Account")}, "NOT_FOUND", ["accountId"]),
        ({"accountId": gid(shop.level)}, "NOT_FOUND", ["accountId"]),
        ({"attachmentIds": [unknown("Attachment")]}, "NOT_FOUND", ["attachmentIds"]),
        ({"attachmentIds": [gid(shop.ticket)]}, "NOT_FOUND", ["attachmentIds"]),
        ({"attachmentIds": [unknown("Attachment")] * 201}, "INVALID", ["attachmentIds"]),
        ({"cannedReplyId": unknown("CannedReply")}, "NOT_FOUND", ["cannedReplyId"]),
        ({"cannedReplyId": gid(shop.ticket)}, "NOT_FOUND", ["cannedReplyId"]),
        ({"text": "http://127.0.0.1", "shortenLinks": True}, "INVALID", ["text"]),
        ({"sendAs": "NEW"}, "INVALID", ["sendAs"]),
        ({"sendAs": "ESCALATED"}, "INVALID", ["sendAs"]),
        ({"sendAs": "AWAITING_APPROVAL"}, "INVALID", ["sendAs"]),
        ({"closeReason": "SPAM"}, "INVALID", ["closeReason"]),
        ({"sendAs": "CLOSED", "closeReason": "MERGED"}, "INVALID", ["closeReason"]),
        ({"basedOn": ""}, "INVALID", ["basedOn"]),
        ({"basedOn": "x" * 9_999}, "INVALID", ["basedOn"]),
        ({"basedOn": "\x00"}, "INVALID", ["basedOn"]),
        ({"basedOn": page["pageInfo"]["endCursor"]}, "INVALID", ["basedOn"]),
        ({"expectedVersion": 99}, "VERSION_CONFLICT", ["expectedVersion"]),
        ({"idempotencyKey": "k" * 121}, "INVALID", ["idempotencyKey"]),
    ]
    before = await shop.stored()

    for given, code, field in wrong:
        usual = {"text": "Olá"}
        for language in ("en", "pt-BR"):
            told = await desk.ask(
                REPLY, shop.ana, language=language, i=shop.asked(**{**usual, **given})
            )
            [error] = told["userErrors"]
            assert (error["code"], error["field"]) == (code, field), given
            assert error["message"]

    assert await shop.stored() == before
    assert (await shop.reply(text=FAMILY * 10))["userErrors"] == []


async def test_the_account_and_the_level_are_named_in_both_languages(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    outside = await desk.world.account("Conta do RH")
    asked = shop.asked(accountId=gid(outside))

    english = await desk.ask(REPLY, shop.ana, i=asked)
    portuguese = await desk.ask(REPLY, shop.ana, language="pt-BR", i=asked)

    assert english["userErrors"][0]["message"] == (
        "The level Respostas does not answer from the account Conta do RH. Choose one of its own."
    )
    assert portuguese["userErrors"][0]["message"] == (
        "O nível Respostas não responde pela conta Conta do RH. Escolha uma das contas dele."
    )


async def test_what_may_not_be_seen_is_answered_byte_for_byte_like_nothing(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    world = desk.world
    hidden_account = await world.account()
    hidden = await world.level("RH", account_ids=[hidden_account.id])
    await world.watch(hidden_account, hidden)
    removed = await world.heard(shop.account, author="jose")
    await world.do(handling.remove, removed.id, "Engano")
    other = await World.founded(world.storage)
    elsewhere = await other.heard(await other.account())
    behind = await world.heard(hidden_account)

    answers = {
        plain(await desk.answer(REPLY, shop.ana, i=shop.asked(ticketId=each, basedOn="x")))
        for each in (unknown("Ticket"), gid(behind), gid(removed), gid(elsewhere))
    }

    assert len(answers) == 1
    assert "NOT_FOUND" in answers.pop()


async def test_who_only_looks_is_told_so_and_a_key_may_not_call(desk: Desk) -> None:
    shop = await Shop.opened(desk, outside_view=OutsideView.FULL)
    outsider = await desk.world.person("Caio", level=await desk.world.level("Longe"))

    assert (await shop.refused(by=outsider))["code"] == "FORBIDDEN"
    error = await desk.error(REPLY, await desk.key("ingest", "read"), i=shop.asked())
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("moderated", [False, True])
async def test_the_same_key_answers_the_same_reply_and_writes_it_once(
    desk: Desk, moderated: bool
) -> None:
    shop = await Shop.opened(desk, moderated=moderated)
    asked = {"idempotencyKey": "um", "sendAs": "RESOLVED"}

    told = await asyncio.gather(*(shop.reply(**asked) for _ in range(4)))

    assert len({plain(each) for each in told}) == 1
    assert told[0]["userErrors"] == []
    assert len(await written(desk, shop)) == 1
    assert (await shop.refused(**asked, text="Outra coisa"))["field"] == ["idempotencyKey"]


async def test_a_key_that_was_refused_may_be_used_again(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    looked_at = await shop.cursor()
    await desk.world.heard(shop.account, thread="t")
    asked = shop.asked(basedOn=looked_at, idempotencyKey="um")

    stale = await desk.ask(REPLY, shop.ana, i=asked)
    forced = await desk.ask(REPLY, shop.ana, i={**asked, "force": True})

    assert [each["code"] for each in stale["userErrors"]] == ["STALE_REPLY"]
    assert forced["userErrors"] == []


async def written(desk: Desk, shop: Shop) -> list[str]:
    page = await desk.ask(
        "query($id: ID!) { ticket(id: $id) { replies(first: 50) { nodes { text } } } }",
        shop.ana,
        id=gid(shop.ticket),
    )
    return [each["text"] for each in page["replies"]["nodes"]]


async def test_replies_are_listed_in_the_order_in_which_they_were_written(desk: Desk) -> None:
    shop = await Shop.opened(desk)

    for number in range(5):
        await shop.reply(text=f"resposta {number}")

    assert await written(desk, shop) == [f"resposta {number}" for number in range(5)]


async def test_why_it_did_not_go_out_is_told_in_the_callers_language(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    told = await shop.reply()
    async with desk.world.storage.work(desk.world.system) as work:
        page = await work.replies.pages([shop.ticket.id], FIRST_HUNDRED)
        [row] = page[shop.ticket.id].nodes
        row.give_up("reply_not_connected")
        row.failure_detail = "551 not here"
    ask = "query($id: ID!) { node(id: $id) { ... on Reply { failure } } }"

    english = await desk.ask(ask, shop.ana, id=told["reply"]["id"])
    portuguese = await desk.ask(ask, shop.ana, language="pt-BR", id=told["reply"]["id"])

    assert english["failure"].endswith("write an internal note. (551 not here)")
    assert portuguese["failure"].endswith("escreva uma nota interna. (551 not here)")


WIDE = (
    "query($n: Int!) { tickets(first: $n) { nodes { replies(first: 3) { nodes {"
    " text state failure author { name } account { name } ticket { id }"
    " attachments { fileName } mentions { name } approval { state } } } } } }"
)


async def test_the_replies_of_many_tickets_cost_as_many_questions_as_those_of_two(
    desk: Desk,
) -> None:
    shop = await Shop.opened(desk)
    for number in range(20):
        ticket = await desk.world.heard(shop.account, author=f"p{number}")
        form = ReplyForm(ticket_id=ticket.id, text="Olá", visibility=Visibility.PUBLIC)
        await desk.world.do(replying.reply, form, by=shop.ana)
    await desk.met(shop.ana)
    asked = {}

    for size in (2, 20):
        with statements_of(desk.world.storage.database.reader) as counted:
            await desk.ask(WIDE, shop.ana, n=size)
        asked[size] = counted

    assert len(asked[2]) == len(asked[20]), "\n".join(asked[20])
