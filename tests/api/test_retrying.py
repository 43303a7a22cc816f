"""Deciding over the API on replies that stopped on their way."""

import pytest

from domain.sending import Declined, Doubtful, Outcome
from domain.words import Network, OutsideView
from domain.work import Work
from resolvers import ids
from tests.api.desk import Desk, Json, gid, plain, unknown
from tests.api.test_replies import Shop
from tests.carrying import ANYTHING, carry
from tests.outbox import ended
from tests.world import Person, World

RETRY = (
    "mutation($i: RetryReplyInput!) { retryReply(input: $i) {"
    " reply { id state failure attempts sentAt } ticket { id status version }"
    " userErrors { code message field } } }"
)
HISTORY = (
    "query($id: ID!) { ticket(id: $id) { history(last: 2) {"
    " nodes { kind from to automated actorName reply { id } } } } }"
)
IN_DOUBT = Doubtful("network_no_answer")
REFUSED = Declined("network_declined", "gone")


@pytest.fixture(autouse=True)
def networks(world: World) -> None:
    carry(world, {Network.SANDBOX: ANYTHING})


async def stopped(shop: Shop, outcome: Outcome, **asked: str) -> str:
    """A reply that ended so."""
    reply = (await shop.reply(visibility="PUBLIC", text="Oi", **asked))["reply"]
    await ended(shop.desk.world, outcome)
    reply_id: str = reply["id"]
    return reply_id


async def retry(shop: Shop, by: Person | str | None = None, **asked: object) -> Json:
    told: Json = await shop.desk.ask(RETRY, by or shop.ana, i=asked)
    return told


async def test_what_is_in_doubt_says_why_and_is_sent_again_when_somebody_wants_it(
    desk: Desk,
) -> None:
    shop = await Shop.opened(desk)
    reply_id = await stopped(shop, IN_DOUBT)

    told = await retry(shop, replyId=reply_id)

    assert told["userErrors"] == []
    assert told["reply"] == {
        "id": reply_id,
        "state": "QUEUED",
        "failure": None,
        "attempts": 0,
        "sentAt": None,
    }
    entries = (await desk.ask(HISTORY, shop.ana, id=gid(shop.ticket)))["history"]["nodes"]
    assert [each["kind"] for each in entries] == ["REPLY_UNKNOWN", "REPLY_RETRIED"]
    assert entries[1]["reply"]["id"] == reply_id
    assert entries[1]["actorName"] == "Ana"


async def test_the_same_key_decides_once(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    asked = {"replyId": await stopped(shop, REFUSED), "idempotencyKey": "uma"}

    once = await retry(shop, **asked)
    again = await retry(shop, **asked)

    assert once == again
    assert once["userErrors"] == []


async def test_it_arrived_after_all(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    reply_id = await stopped(shop, IN_DOUBT, sendAs="CLOSED")

    told = await retry(shop, replyId=reply_id, decision="ARRIVED")

    assert told["reply"]["state"] == "SENT"
    assert told["reply"]["sentAt"] is not None
    assert told["ticket"]["status"] == "CLOSED"


async def test_what_is_given_up_opens_its_ticket_again(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    reply_id = await stopped(shop, IN_DOUBT, sendAs="CLOSED")

    told = await retry(shop, replyId=reply_id, decision="GIVE_UP")

    assert (told["reply"]["state"], told["ticket"]["status"]) == ("FAILED", "OPEN")
    assert told["reply"]["failure"]
    entries = (await desk.ask(HISTORY, shop.ana, id=gid(shop.ticket)))["history"]["nodes"]
    assert [each["kind"] for each in entries] == ["REPLY_FAILED", "ALERT_SENT"]
    assert (entries[0]["from"], entries[0]["to"]) == ("CLOSED", "OPEN")


@pytest.mark.parametrize("decision", ["SEND_AGAIN", "ARRIVED", "GIVE_UP"])
async def test_what_did_not_stop_is_refused(desk: Desk, decision: str) -> None:
    shop = await Shop.opened(desk)
    reply = (await shop.reply(visibility="PUBLIC", text="Oi"))["reply"]

    told = await retry(shop, replyId=reply["id"], decision=decision)

    [error] = told["userErrors"]
    assert error["code"] == "WRONG_STATE"
    assert told["reply"] is None


async def test_a_version_that_is_no_more_is_refused(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    reply_id = await stopped(shop, REFUSED)

    told = await retry(shop, replyId=reply_id, expectedVersion=1)

    assert [each["code"] for each in told["userErrors"]] == ["VERSION_CONFLICT"]


async def test_behind_the_wall_it_is_answered_as_an_id_of_nothing(desk: Desk) -> None:
    shop = await Shop.opened(desk)
    reply_id = await stopped(shop, IN_DOUBT)
    rui = await desk.world.person("Rui", level=await desk.world.level("RH"))

    hidden = await retry(shop, rui, replyId=reply_id)
    missing = await retry(shop, rui, replyId=unknown("Reply"))

    assert plain(hidden) == plain(missing)
    assert [each["code"] for each in hidden["userErrors"]] == ["NOT_FOUND"]


async def test_who_may_only_look_is_refused(desk: Desk) -> None:
    shop = await Shop.opened(desk, outside_view=OutsideView.FULL)
    reply_id = await stopped(shop, IN_DOUBT)
    rui = await desk.world.person("Rui", level=await desk.world.level("RH"))

    told = await retry(shop, rui, replyId=reply_id)

    assert [each["code"] for each in told["userErrors"]] == ["FORBIDDEN"]


async def test_what_was_rejected_by_a_moderator_is_not_let_go_by_a_retry(desk: Desk) -> None:
    shop = await Shop.opened(desk, moderated=True)
    reply = (await shop.reply(visibility="PUBLIC", text="Oi"))["reply"]
    await desk.world.do(rejected, reply["id"])

    told = await retry(shop, replyId=reply["id"])

    assert [each["code"] for each in told["userErrors"]] == ["WRONG_STATE"]


async def rejected(work: Work, reply_id: str) -> None:
    reply = await work.replies.get(ids.read(reply_id).of("Reply"))
    reply.give_up("approval_rejected")
