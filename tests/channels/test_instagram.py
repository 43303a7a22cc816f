"""Instagram: what people write under an account's pictures and to it, and what it answers."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Own, Unreadable
from channels.instagram import Instagram
from domain.errors import NotSupportedByNetwork, Refusal, TooLong
from domain.post import Deleted, Edited, Ignored, Media, News, Post
from domain.rules import capability
from domain.rules.capability import Answered
from domain.sending import Declined, Doubtful, NotSent, Outgoing, OutgoingFile, Sent
from domain.words import Network, OccurrenceKind, Visibility
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, double
from tests.channels.meta_network import SECRETS, TOKEN, answers, error
from tests.channels.mutations import mutated
from tests.rules.test_files import PNG

ACCOUNT = "17841405309211844"
OWN = Own(UUID(int=7), ACCOUNT, "@loja")
CONNECTION = {"instagramId": ACCOUNT, **SECRETS, "address": ACCOUNT}
MARIA = {"id": "1234536447", "username": "maria.souza"}
AT = datetime.fromtimestamp(1_700_000_000, UTC)
OUTGOING = Outgoing(
    reply_id=UUID(int=1),
    account_id=OWN.account_id,
    account_name="Loja",
    account_handle="@loja",
    account_external_id=ACCOUNT,
    connection=CONNECTION,
    visibility=Visibility.PUBLIC,
    text="Já estamos vendo.",
    to_external_id="1234536447",
    to_handle="maria.souza",
    to_name="Maria",
    protocol="20261130000000012",
    parent_external_id="17870913679156914",
    answers_kind=OccurrenceKind.COMMENT,
    thread_root="17895695668004550",
)
PRIVATE = replace(OUTGOING, visibility=Visibility.PRIVATE)
MESSAGE = replace(PRIVATE, parent_external_id="aWdf", answers_kind=OccurrenceKind.DIRECT_MESSAGE)


def webhook(**entry: Any) -> dict[str, Any]:
    known = {"id": ACCOUNT, "time": 1_700_000_000}
    return {"object": "instagram", "entry": [{**known, **entry}]}


def change(told: str, /, **said: Any) -> dict[str, Any]:
    return webhook(changes=[{"field": told, "value": said}])


def comment(**more: Any) -> dict[str, Any]:
    said = {
        "id": "17870913679156914",
        "from": MARIA,
        "text": "Cadê meu pedido?",
        "media": {"id": "17895695668004550", "media_product_type": "FEED"},
    }
    return change("comments", **{**said, **more})


def messaging(**said: Any) -> dict[str, Any]:
    known = {"sender": {"id": "1234536447"}, "recipient": {"id": ACCOUNT}}
    return webhook(messaging=[{**known, "timestamp": 1_700_000_000_123, **said}])


def read(body: Mapping[str, Any], own: Own = OWN) -> News:
    [only] = Instagram().read(orjson.dumps(body), own, UUID)
    assert not isinstance(only, Refusal)
    return only


def post(body: Mapping[str, Any]) -> Post:
    only = read(body)
    assert isinstance(only, Post)
    return only


# ── what comes in ─────────────────────────────────────────────────────────────────────────────


def test_a_comment_hangs_on_the_picture_that_it_stands_under() -> None:
    found = post(comment(parent_id="178"))

    assert (found.kind, found.text) == (OccurrenceKind.COMMENT, "Cadê meu pedido?")
    assert (found.external_id, found.thread_id) == ("17870913679156914", "17895695668004550")
    assert (found.parent_external_id, found.occurred_at) == ("178", AT)
    author = found.author
    assert (author.external_id, author.handle) == ("1234536447", "maria.souza")
    assert author.url == "https://www.instagram.com/maria.souza/"


@pytest.mark.parametrize(
    "media", [{"id": "1", "ad_id": "9", "ad_title": "Geladeira"}, {"media_product_type": "AD"}]
)
def test_under_an_ad_it_is_a_comment_on_an_ad(media: dict[str, Any]) -> None:
    found = post(comment(media=media))

    assert found.kind is OccurrenceKind.AD_COMMENT
    assert found.subject == media.get("ad_title")


def test_a_comment_is_taken_in_though_meta_does_not_say_whose_it_is() -> None:
    found = post(change("live_comments", id="178", text="Oi"))

    assert (found.author.external_id, found.author.name) == ("178", "Sem nome (Instagram)")


def test_a_mention_says_where_the_account_was_named() -> None:
    under = post(change("mentions", media_id="17", comment_id="18"))
    caption = post(change("mentions", media_id="17"))

    assert (under.kind, under.external_id, under.thread_id) == (OccurrenceKind.MENTION, "18", "17")
    assert (caption.external_id, caption.thread_id, caption.text) == ("17", "17", "[Menção]")


def test_a_message_is_private_and_may_come_as_a_change() -> None:
    said = {"mid": "aWdf", "text": "Oi"}
    found = post(messaging(message=said))
    known = {"sender": {"id": "1234536447"}, "timestamp": "1700000000"}

    assert (found.kind, found.external_id) == (OccurrenceKind.DIRECT_MESSAGE, "aWdf")
    assert (found.thread_id, found.occurred_at) == ("1234536447", AT)
    assert post(change("messages", **known, message=said)) == found


def test_an_answer_to_a_story_says_so_and_a_mention_in_one_shows_it() -> None:
    place = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"
    story = {"mid": "a", "text": "Quanto?", "reply_to": {"story": {"id": "1", "url": place}}}
    named = {"mid": "b", "attachments": [{"type": "story_mention", "payload": {"url": place}}]}

    answered, shown = post(messaging(message=story)), post(messaging(message=named))

    assert (answered.text, answered.subject) == ("Quanto?", "Resposta a um story")
    assert (shown.text, shown.media) == ("[Menção em um story]", (Media(place, "story.jpg"),))


def test_a_message_written_anew_or_taken_back_changes_the_first() -> None:
    anew = read(messaging(message_edit={"mid": "a", "text": "Outro", "num_edit": 1}))
    gone = read(messaging(message={"mid": "a", "is_deleted": True}))

    assert anew == Edited(OWN.account_id, "a", "Outro", AT)
    assert gone == Deleted(OWN.account_id, "a", AT)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (comment(**{"from": {"id": ACCOUNT, "username": "loja"}}), "own"),
        (comment(**{"from": {"id": "77", "username": "Loja"}}), "own"),
        (messaging(message={"mid": "a", "text": "Oi", "is_echo": True}), "own"),
        (messaging(reaction={"mid": "a", "emoji": "😢"}), "reaction"),
        (messaging(read={"mid": "a"}), "receipt"),
        (messaging(referral={"ref": "x"}), "no_message"),
        (change("story_insights", media_id="1"), "no_message"),
        (change("comments", text="of no name"), "unknown"),
        (change("mentions"), "unknown"),
        (change("something_new"), "unknown"),
        (change("standby"), "elsewhere"),
        (webhook(), "unknown"),
        ({"object": "page", "entry": [{"id": ACCOUNT}]}, "no_message"),
        ({"from": {"username": "maria"}, "message": "Oi"}, "no_webhook"),
    ],
)
def test_what_is_no_message_to_the_company_is_named_and_left(
    body: dict[str, Any], sentence: str
) -> None:
    ignored = read(body)

    assert isinstance(ignored, Ignored)
    assert ignored.sentence == f"ignored_{sentence}"


def test_what_was_written_to_another_account_is_not_taken_for_ours() -> None:
    ignored = read(comment(), Own(OWN.account_id, "999"))

    assert ignored == Ignored("instagram", "ignored_not_for_us")


BODIES = [
    comment(parent_id="178", media={"id": "1", "ad_id": "9", "ad_title": "x"}),
    change("mentions", media_id="17", comment_id="18"),
    messaging(message={"mid": "a", "text": "Oi", "reply_to": {"story": {"url": "https://x"}}}),
    change("messages", sender={"id": "1"}, timestamp="1", message={"mid": "a", "text": "Oi"}),
    messaging(message={"mid": "b", "attachments": [{"type": "share", "payload": {"url": "x"}}]}),
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(BODIES).flatmap(mutated))
def test_whatever_comes_instead_is_read_as_far_as_it_goes(body: Any) -> None:
    # What no JSON of a network can hold is left to the reader of bytes.
    raw = json.dumps(body).encode()
    try:
        found = Instagram().read(raw, OWN, UUID)
    except Unreadable:
        return
    assert found


# ── what goes out ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def instagram() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


async def test_a_public_reply_stands_under_the_comment(instagram: Double) -> None:
    outcome = await Instagram(instagram.url).send(OUTGOING)

    assert outcome == Sent("555_777")
    [told] = instagram.told
    assert (told.method, told.path) == ("POST", "/17870913679156914/replies")
    assert told.headers["authorization"] == f"Bearer {TOKEN}"
    assert told.form() == {"message": "Já estamos vendo."}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("18", {"media_id": "17", "comment_id": "18", "message": "Já estamos vendo."}),
        ("17", {"media_id": "17", "message": "Já estamos vendo."}),
    ],
)
async def test_where_it_was_named_it_answers_by_way_of_the_mention(
    instagram: Double, place: str, said: dict[str, str]
) -> None:
    named = replace(
        OUTGOING,
        answers_kind=OccurrenceKind.MENTION,
        parent_external_id=place,
        thread_root="17",
    )

    await Instagram(instagram.url).send(named)

    [told] = instagram.told
    assert (told.path, told.form()) == (f"/{ACCOUNT}/mentions", said)


async def test_in_private_it_goes_to_the_comment_or_to_whoever_wrote(instagram: Double) -> None:
    outcome = await Instagram(instagram.url).send(PRIVATE)
    await Instagram(instagram.url).send(MESSAGE)

    assert outcome == Sent("m_NOSSA")
    first, second = (each.json()["recipient"] for each in instagram.told)
    assert (first, second) == ({"comment_id": "17870913679156914"}, {"id": "1234536447"})


async def test_a_file_is_handed_over_as_one_of_instagram(instagram: Double) -> None:
    picture = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await Instagram(instagram.url).send(replace(MESSAGE, files=[picture]))

    assert outcome == Sent("m_NOSSA")
    handed, shown, words = instagram.told
    assert b'name="platform"\r\n\r\ninstagram' in handed.body
    assert shown.json()["message"]["attachment"]["type"] == "image"
    assert words.json()["message"] == {"text": "Já estamos vendo."}


@pytest.mark.parametrize("outgoing", [OUTGOING, PRIVATE, MESSAGE])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (error(10, 403, error_subcode=2534022), Declined("window_closed", "403 10/2534022 why")),
        (error(190, 401), NotSent("token_refused", "401 190 why", whole_account=True)),
        (error(4, 403), NotSent("network_busy", "403 4 why", whole_account=True)),
        (error(2, 500), Doubtful("network_no_answer", "500 2 why")),
        (Says(b"nothing of ours"), Doubtful("network_no_answer", "unreadable answer")),
        (ACCEPT_AND_CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
        (CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
    ],
)
async def test_how_it_ends_is_what_can_be_known(
    instagram: Double, outgoing: Outgoing, fault: Any, outcome: object
) -> None:
    instagram.faults.append(fault)

    assert await Instagram(instagram.url).send(outgoing) == outcome


@pytest.mark.parametrize("outgoing", [OUTGOING, MESSAGE])
async def test_nothing_has_left_where_nobody_is_there_or_nothing_is_connected(
    outgoing: Outgoing,
) -> None:
    away = await Instagram("http://127.0.0.1:1").send(outgoing)
    unconnected = await Instagram("http://127.0.0.1:1").send(replace(outgoing, connection={}))

    assert isinstance(away, NotSent)
    assert unconnected == NotSent("token_missing", whole_account=True)


def test_a_message_is_counted_in_bytes_and_answered_in_private_for_a_day() -> None:
    able, now = Instagram.capability, datetime(2026, 1, 2, 12, tzinfo=UTC)
    capability.check(able, Network.INSTAGRAM, Visibility.PRIVATE, "ã" * 500)
    with pytest.raises(TooLong):
        capability.check(able, Network.INSTAGRAM, Visibility.PRIVATE, "ã" * 501)
    capability.check(able, Network.INSTAGRAM, Visibility.PUBLIC, "ã" * 2_200)
    message = Answered(OccurrenceKind.DIRECT_MESSAGE, now - timedelta(hours=25))
    with pytest.raises(NotSupportedByNetwork):
        capability.reach(able, Network.INSTAGRAM, Visibility.PRIVATE, message, now)
    longer = able.by({"humanAgent": True})
    capability.reach(longer, Network.INSTAGRAM, Visibility.PRIVATE, message, now)
    with pytest.raises(NotSupportedByNetwork):
        capability.reach(able, Network.INSTAGRAM, Visibility.PUBLIC, message, now)


async def test_a_connection_is_tried_without_writing_to_anybody(instagram: Double) -> None:
    well = await Instagram(instagram.url).test(CONNECTION, OWN)

    assert (well.sentence, well.known_as) == (None, "loja")
    assert [(each.method, each.path) for each in instagram.told] == [("GET", f"/{ACCOUNT}")]
