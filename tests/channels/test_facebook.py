"""Facebook: what people write on a page and to it, and what the page answers."""

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

from channels.base import Fetched, Gone, Own, Unreadable
from channels.facebook import Facebook
from domain.errors import Invalid, Refusal
from domain.post import Deleted, Edited, Ignored, Media, News, Post
from domain.sending import Declined, Doubtful, NotSent, Outgoing, OutgoingFile, Sent
from domain.words import OccurrenceKind, Visibility
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, Told, double
from tests.channels.meta_network import SECRETS, TOKEN, answers, error
from tests.channels.mutations import mutated
from tests.rules.test_files import PNG

PAGE = "1234567890321"
OWN = Own(UUID(int=7), PAGE)
CONNECTION = {"pageId": PAGE, **SECRETS, "address": PAGE}
MARIA = {"id": "842367", "name": "Maria Souza"}
OUTGOING = Outgoing(
    reply_id=UUID(int=1),
    account_id=OWN.account_id,
    account_name="Loja",
    account_handle=None,
    account_external_id=PAGE,
    connection=CONNECTION,
    visibility=Visibility.PUBLIC,
    text="Já estamos vendo.",
    to_external_id="842367",
    to_handle=None,
    to_name="Maria",
    protocol="20261130000000012",
    parent_external_id="555_666",
    answers_kind=OccurrenceKind.COMMENT,
    thread_root=f"{PAGE}_555",
)
PRIVATE = replace(OUTGOING, visibility=Visibility.PRIVATE)
MESSAGE = replace(PRIVATE, parent_external_id="m_DELA", answers_kind=OccurrenceKind.DIRECT_MESSAGE)


def webhook(*entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": PAGE, "time": 1_700_000_001, **e} for e in entries]}


def feed(told: str = "feed", /, **said: Any) -> dict[str, Any]:
    return webhook({"changes": [{"field": told, "value": said}]})


def comment(**more: Any) -> dict[str, Any]:
    said = {
        "item": "comment",
        "verb": "add",
        "comment_id": "555_666",
        "post_id": f"{PAGE}_555",
        "parent_id": f"{PAGE}_555",
        "from": MARIA,
        "created_time": 1_700_000_000,
        "message": "Cadê meu pedido?",
    }
    return feed(**{**said, **more})


def messaging(**said: Any) -> dict[str, Any]:
    known = {"sender": {"id": "842367"}, "recipient": {"id": PAGE}, "timestamp": 1_700_000_000_123}
    return webhook({"messaging": [{**known, **said}]})


def read(body: Mapping[str, Any], own: Own = OWN) -> News:
    [only] = Facebook().read(orjson.dumps(body), own, UUID)
    assert not isinstance(only, Refusal)
    return only


def post(body: Mapping[str, Any]) -> Post:
    only = read(body)
    assert isinstance(only, Post)
    return only


# ── what comes in: the page ───────────────────────────────────────────────────────────────────


def test_a_comment_hangs_on_its_post_and_can_be_looked_at_there() -> None:
    link = "https://www.facebook.com/loja/posts/555"
    found = post(comment(post={"permalink_url": link, "promotion_status": "inactive"}))

    assert (found.kind, found.text) == (OccurrenceKind.COMMENT, "Cadê meu pedido?")
    assert (found.external_id, found.thread_id) == ("555_666", f"{PAGE}_555")
    assert found.parent_external_id == f"{PAGE}_555"
    assert (found.thread_url, found.url) == (link, "https://www.facebook.com/555_666")
    assert found.occurred_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (found.author.external_id, found.author.name) == ("842367", "Maria Souza")


@pytest.mark.parametrize(
    "told", [{"promotion_status": "active"}, {"is_published": False, "status_type": "added_photos"}]
)
def test_under_a_promoted_post_or_an_ad_it_is_a_comment_on_an_ad(told: dict[str, Any]) -> None:
    assert post(comment(post=told)).kind is OccurrenceKind.AD_COMMENT


@pytest.mark.parametrize(
    ("said", "text", "media"),
    [
        (
            {"photo": "https://scontent.xx.fbcdn.net/v/1_n.jpg?oh=7", "message": None},
            "[Comentário]",
            (Media("https://scontent.xx.fbcdn.net/v/1_n.jpg?oh=7", "1_n.jpg"),),
        ),
        (
            {"video": "https://video.xx.fbcdn.net/v/watch"},
            "Cadê meu pedido?",
            (Media("https://video.xx.fbcdn.net/v/watch", "video.mp4"),),
        ),
        ({"photo": "no address"}, "Cadê meu pedido?", ()),
    ],
)
def test_what_hangs_on_a_comment_is_fetched_later(
    said: dict[str, Any], text: str, media: tuple[Media, ...]
) -> None:
    found = post(comment(**said))

    assert (found.text, found.media) == (text, media)


def test_what_a_visitor_writes_on_the_page_is_a_post() -> None:
    found = post(
        feed(item="status", verb="add", post_id=f"{PAGE}_9", message="Oi", **{"from": MARIA})
    )

    assert (found.kind, found.external_id) == (OccurrenceKind.POST, f"{PAGE}_9")


def test_a_mention_is_answered_though_meta_does_not_say_whose_it_is() -> None:
    said = {"item": "comment", "verb": "add", "post_id": "1_2", "comment_id": "2_3"}
    found = post(feed("mention", **said, message="@Loja?"))

    assert (found.kind, found.external_id, found.text) == (OccurrenceKind.MENTION, "2_3", "@Loja?")
    assert found.author.name == "Sem nome (Facebook)"


def test_a_review_says_how_good_they_found_it() -> None:
    said = {"item": "rating", "verb": "add", "open_graph_story_id": 77, "reviewer_id": 842367}
    words = {"reviewer_name": "Maria", "review_text": "Demorou", "created_time": 1_700_000_000}

    recommended = post(feed("ratings", **said, **words, recommendation_type="NEGATIVE"))
    stars = post(feed("ratings", **said, **words, rating=2))

    assert (recommended.kind, recommended.external_id) == (OccurrenceKind.REVIEW, "77")
    assert (recommended.subject, stars.subject) == ("Não recomenda", "2 de 5")
    assert recommended.author.external_id == "842367"


def test_a_comment_written_anew_or_taken_back_changes_the_first() -> None:
    assert read(comment(verb="edited", message="Outro")) == Edited(
        OWN.account_id, "555_666", "Outro"
    )
    gone = read(comment(verb="remove"))
    assert gone == Deleted(OWN.account_id, "555_666", datetime.fromtimestamp(1_700_000_000, UTC))


# ── what comes in: Messenger ──────────────────────────────────────────────────────────────────


def test_a_message_is_private_and_who_wrote_it_is_its_thread() -> None:
    found = post(messaging(message={"mid": "m_1", "text": "Oi", "reply_to": {"mid": "m_0"}}))

    assert (found.kind, found.text) == (OccurrenceKind.DIRECT_MESSAGE, "Oi")
    assert (found.external_id, found.thread_id) == ("m_1", "842367")
    assert found.parent_external_id == "m_0"
    assert found.occurred_at == datetime.fromtimestamp(1_700_000_000, UTC)


def attached(kind: str, **payload: Any) -> dict[str, Any]:
    return messaging(message={"mid": "m_1", "attachments": [{"type": kind, "payload": payload}]})


FILE = "https://cdn.fbsbx.com/v/nota%20fiscal.pdf?oh=1"


@pytest.mark.parametrize(
    ("body", "text", "media"),
    [
        (attached("file", url=FILE), "[Arquivo]", (Media(FILE, "nota fiscal.pdf"),)),
        (
            attached("audio", url="https://x.net/a"),
            "[Áudio]",
            (Media("https://x.net/a", "audio.mp4"),),
        ),
        (attached("location", coordinates={"lat": 1.5, "long": 2}), "[Localização] 1.5, 2", ()),
        (attached("fallback", title="Vaga", url="https://x.net"), "[Link] Vaga https://x.net", ()),
        (attached("not_there_yet"), "[Mensagem que só aparece na rede]", ()),
        (
            messaging(message={"mid": "m_1", "is_unsupported": True}),
            "[Mensagem que só aparece na rede]",
            (),
        ),
        (
            messaging(
                message={
                    "mid": "m_1",
                    "text": "Veio quebrado",
                    "attachments": [{"type": "image", "payload": {"url": "https://x.net/f.png"}}],
                }
            ),
            "Veio quebrado",
            (Media("https://x.net/f.png", "f.png"),),
        ),
        (messaging(postback={"mid": "m_1", "title": "Começar", "payload": "GO"}), "Começar", ()),
        (messaging(postback={"payload": "GO"}), "[Botão] GO", ()),
    ],
)
def test_what_has_no_words_says_what_it_is_and_its_file_is_fetched_later(
    body: dict[str, Any], text: str, media: tuple[Media, ...]
) -> None:
    found = post(body)

    assert (found.text, found.media) == (text, media)


def test_a_message_written_anew_or_taken_back_changes_the_first_too() -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)

    anew = read(messaging(message_edit={"mid": "m_1", "text": "Outro", "num_edit": 1}))
    gone = read(messaging(message={"mid": "m_1", "is_deleted": True}))

    assert anew == Edited(OWN.account_id, "m_1", "Outro", at)
    assert gone == Deleted(OWN.account_id, "m_1", at)


ECHO = {"mid": "m_1", "text": "Oi", "is_echo": True}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (comment(**{"from": {"id": PAGE}}), "own"),
        (comment(**{"from": {"id": PAGE}}, verb="edited"), "own"),
        (comment(verb="hide"), "no_message"),
        (comment(verb="edited", message=None), "no_message"),
        (comment(comment_id=None), "unknown"),
        (comment(verb="sing"), "unknown"),
        (feed(item="like", verb="add"), "reaction"),
        (feed(item="reaction", verb="add", reaction_type="wow"), "reaction"),
        (feed(item="share", verb="add", post_id="1_2", **{"from": MARIA}), "no_message"),
        (feed(item="event", verb="add", post_id="1_2"), "no_message"),
        (feed("ratings", item="rating", verb="add", open_graph_story_id=7, rating=1), "reaction"),
        (feed("parking"), "no_message"),
        (feed("something_new"), "unknown"),
        (messaging(message=ECHO), "own"),
        (messaging(message={"mid": "m_1", "text": "Oi"}, sender={"id": PAGE}), "own"),
        (messaging(message={"text": "of no name"}), "unknown"),
        (messaging(reaction={"mid": "m_1", "emoji": "😢"}), "reaction"),
        (messaging(read={"watermark": 1}), "receipt"),
        (messaging(delivery={"mids": ["m_1"]}), "receipt"),
        (messaging(optin={"ref": "x"}), "no_message"),
        (messaging(take_thread_control={}), "no_message"),
        (messaging(), "unknown"),
        (webhook({"standby": [{"message": {"mid": "m_1", "text": "Oi"}}]}), "elsewhere"),
        (webhook({}), "unknown"),
        ({"object": "user", "entry": [{"changes": [{"field": "likes"}]}]}, "no_message"),
        ({"object": "page"}, "no_webhook"),
    ],
)
def test_what_is_no_message_to_the_company_is_named_and_left(
    body: dict[str, Any], sentence: str
) -> None:
    ignored = read(body)

    assert isinstance(ignored, Ignored)
    assert ignored.sentence == f"ignored_{sentence}"


def test_what_was_written_on_another_page_is_not_taken_for_ours() -> None:
    assert read(comment(), Own(OWN.account_id, "999")) == Ignored("page", "ignored_not_for_us")


def test_of_several_entries_each_is_read() -> None:
    body = comment()
    body["entry"] += messaging(message={"mid": "m_1", "text": "Oi"})["entry"]

    found = Facebook().read(orjson.dumps(body), OWN, UUID)

    assert [each.external_id for each in found if isinstance(each, Post)] == ["555_666", "m_1"]


BODIES = [
    comment(photo="https://x.net/a.png", post={"permalink_url": "https://x.net"}),
    feed("ratings", item="rating", verb="add", open_graph_story_id=7, review_text="x", rating=3),
    feed(item="status", verb="add", post_id="1_2", photos=["https://x.net/a.png"], sender_id=9),
    messaging(message={"mid": "m_1", "text": "Oi", "reply_to": {"mid": "m_0"}}),
    messaging(postback={"payload": "GO"}),
    messaging(message_edit={"mid": "m_1", "text": "Oi"}),
    attached("image", url="https://x.net/a.png", sticker_id=1),
    attached("location", coordinates={"lat": 1, "long": 2}),
    webhook({"standby": [{"message": {}}]}),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(BODIES).flatmap(mutated))
def test_whatever_comes_instead_is_read_as_far_as_it_goes(body: Any) -> None:
    # What no JSON of a network can hold is left to the reader of bytes.
    raw = json.dumps(body).encode()
    try:
        found = Facebook().read(raw, OWN, UUID)
    except Unreadable:
        return
    assert found


# ── the connection ────────────────────────────────────────────────────────────────────────────


def test_a_connection_names_the_page_and_may_say_that_people_answer() -> None:
    said = {"pageId": PAGE, **SECRETS}

    assert Facebook().connection(said) == CONNECTION
    assert Facebook().connection({**said, "humanAgent": True}) == {**CONNECTION, "humanAgent": True}
    with pytest.raises(Invalid) as refused:
        Facebook().connection({**said, "humanAgent": "yes"})
    assert list(refused.value.field) == ["connection", "humanAgent"]


# ── what goes out ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def facebook() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


async def test_a_public_reply_is_a_comment_under_what_it_answers(facebook: Double) -> None:
    outcome = await Facebook(facebook.url).send(OUTGOING)

    assert outcome == Sent("555_777", "https://www.facebook.com/555_777")
    [told] = facebook.told
    assert (told.method, told.path) == ("POST", "/555_666/comments")
    assert told.headers["authorization"] == f"Bearer {TOKEN}"
    assert told.form() == {"message": "Já estamos vendo."}


async def test_a_picture_goes_along_with_it(facebook: Double) -> None:
    picture = OutgoingFile("foto.png", "image/png", PNG)

    await Facebook(facebook.url).send(replace(OUTGOING, files=[picture]))

    [told] = facebook.told
    assert b'name="source"; filename="foto.png"' in told.body
    assert PNG in told.body
    assert "Já estamos vendo.".encode() in told.body


async def test_a_comment_is_answered_in_private_by_what_it_is_called(facebook: Double) -> None:
    outcome = await Facebook(facebook.url).send(PRIVATE)
    visitor = replace(PRIVATE, answers_kind=OccurrenceKind.POST, parent_external_id="1_9")
    await Facebook(facebook.url).send(visitor)

    assert outcome == Sent("m_NOSSA")
    first, second = facebook.told
    assert first.path == "/me/messages"
    assert first.json() == {
        "recipient": {"comment_id": "555_666"},
        "message": {"text": "Já estamos vendo."},
        "messaging_type": "RESPONSE",
    }
    assert second.json()["recipient"] == {"post_id": "1_9"}


@pytest.mark.parametrize(
    ("ago", "people", "right"),
    [
        (timedelta(hours=1), True, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=25), False, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=25), True, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
    ],
)
async def test_a_message_is_answered_by_the_right_that_there_is(
    facebook: Double, ago: timedelta, people: bool, right: dict[str, str]
) -> None:
    heard = replace(
        MESSAGE,
        heard_at=datetime.now(UTC) - ago,
        connection={**CONNECTION, "humanAgent": people},
    )

    await Facebook(facebook.url).send(heard)

    said = facebook.told[0].json()
    assert said == {
        "recipient": {"id": "842367"},
        "message": {"text": "Já estamos vendo."},
        **right,
    }


async def test_whoever_wrote_lately_is_written_to_without_using_up_their_comment(
    facebook: Double,
) -> None:
    now = datetime.now(UTC)
    await Facebook(facebook.url).send(replace(PRIVATE, heard_at=now - timedelta(hours=1)))
    await Facebook(facebook.url).send(replace(PRIVATE, heard_at=now - timedelta(days=90)))

    lately, long_ago = (each.json()["recipient"] for each in facebook.told)
    assert (lately, long_ago) == ({"id": "842367"}, {"comment_id": "555_666"})


async def test_a_file_is_handed_over_first_then_shown_and_the_words_follow(
    facebook: Double,
) -> None:
    file = OutgoingFile("nota.pdf", "application/pdf", b"%PDF")

    outcome = await Facebook(facebook.url).send(replace(MESSAGE, files=[file]))

    assert outcome == Sent("m_NOSSA")
    handed, shown, words = facebook.told
    assert handed.path == "/me/message_attachments"
    assert b'name="filedata"; filename="nota.pdf"' in handed.body
    assert shown.json()["message"] == {
        "attachment": {"type": "file", "payload": {"attachment_id": "1857777774821032"}}
    }
    assert words.json()["message"] == {"text": "Já estamos vendo."}


async def test_a_file_to_a_comment_is_not_sent_by_half(facebook: Double) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await Facebook(facebook.url).send(replace(PRIVATE, files=[file]))

    assert outcome == Declined("file_to_comment")
    assert facebook.told == []


async def test_where_the_file_arrived_and_the_words_did_not_it_is_in_doubt(
    facebook: Double,
) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)

    def no_words(told: Told) -> Says:
        words = told.path == "/me/messages" and "text" in told.json()["message"]
        return error(10, error_subcode=2018278) if words else answers(told)

    facebook.answers = no_words
    outcome = await Facebook(facebook.url).send(replace(MESSAGE, files=[file]))

    assert outcome == Doubtful("file_without_words")


@pytest.mark.parametrize("fault", [CUT, ACCEPT_AND_CUT, Says(b"", 502)])
async def test_where_the_file_could_not_be_handed_over_nothing_has_been_sent(
    facebook: Double, fault: Any
) -> None:
    facebook.faults.append(fault)
    file = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await Facebook(facebook.url).send(replace(MESSAGE, files=[file]))

    assert isinstance(outcome, NotSent)
    assert "/me/messages" not in [each.path for each in facebook.told]


@pytest.mark.parametrize("outgoing", [OUTGOING, PRIVATE, MESSAGE])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            error(10, 403, error_subcode=2018278),
            Declined("window_closed", "403 10/2018278 why"),
        ),
        (
            error(551, error_subcode=1545041),
            Declined("customer_unreachable", "400 551/1545041 why"),
        ),
        (error(100, error_subcode=33), Declined("answered_gone", "400 100/33 why")),
        (error(10900), Declined("answered_once", "400 10900 why")),
        (error(368), Declined("network_restricted", "400 368 why")),
        (error(190, 401), NotSent("token_refused", "401 190 why", whole_account=True)),
        (
            Says({"error": {"code": 32}}, 400, {"Retry-After": "60"}),
            NotSent("network_busy", "400 32", timedelta(seconds=60), True),
        ),
        (error(1, 500), Doubtful("network_no_answer", "500 1 why")),
        (Says(b"nothing of ours"), Doubtful("network_no_answer", "unreadable answer")),
        (ACCEPT_AND_CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
        (CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
    ],
)
async def test_how_it_ends_is_what_can_be_known(
    facebook: Double, outgoing: Outgoing, fault: Any, outcome: object
) -> None:
    facebook.faults.append(fault)

    assert await Facebook(facebook.url).send(outgoing) == outcome


@pytest.mark.parametrize("outgoing", [OUTGOING, MESSAGE])
async def test_nothing_has_left_where_nobody_is_there_or_nothing_is_connected(
    outgoing: Outgoing,
) -> None:
    away = await Facebook("http://127.0.0.1:1").send(outgoing)
    unconnected = await Facebook("http://127.0.0.1:1").send(replace(outgoing, connection={}))

    assert isinstance(away, NotSent)
    assert unconnected == NotSent("token_missing", whole_account=True)


async def test_a_file_is_fetched_from_where_it_lies_without_the_token(facebook: Double) -> None:
    media = Media(f"{facebook.url}/file.png", "file.png")

    assert await Facebook(facebook.url).fetch(media, CONNECTION) == Fetched(PNG, "image/png")
    assert "authorization" not in facebook.told[0].headers
    inside = Media("http://127.0.0.1:1/file.png", "file.png")
    assert await Facebook(facebook.url).fetch(inside, CONNECTION) == Gone("media_elsewhere")


async def test_a_connection_is_tried_without_writing_to_anybody(facebook: Double) -> None:
    well = await Facebook(facebook.url).test(CONNECTION, OWN)

    assert (well.sentence, well.known_as) == (None, "Loja")
    assert [(each.method, each.path) for each in facebook.told] == [("GET", f"/{PAGE}")]
