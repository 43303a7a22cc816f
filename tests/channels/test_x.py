"""X: what people write to an account in public and in private, and what it answers."""

import base64
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.base import Challenge, Own
from channels.x import X
from domain.errors import Invalid
from domain.post import Deleted, Ignored, Media, News, Post
from domain.rules.capability import weighted
from domain.sending import Declined, Doubtful, NotSent, Outgoing, OutgoingFile, Sent
from domain.words import OccurrenceKind, Visibility
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, Told, double
from tests.rules.test_files import PNG

OWN = Own(UUID(int=7), "100", "aurora")
KEYS = {
    "consumerKey": "ck",
    "consumerSecret": "cs",
    "accessToken": "100-token",
    "accessSecret": "as",
}
MARIA = {"id_str": "42", "name": "Maria", "screen_name": "maria_s", "followers_count": 9_000}
OUTGOING = Outgoing(
    reply_id=UUID(int=1),
    account_id=OWN.account_id,
    account_name="Aurora",
    account_handle="aurora",
    account_external_id="100",
    connection={**KEYS, "address": "100"},
    visibility=Visibility.PUBLIC,
    text="Já estamos vendo.",
    to_external_id="42",
    to_handle="maria_s",
    to_name="Maria",
    protocol="20261130000000012",
    parent_external_id="900",
    thread_root="900",
)


def read(told: Mapping[str, Any]) -> list[News]:
    found = X().read(orjson.dumps(told), OWN, UUID)
    assert all(isinstance(each, Post | Deleted | Ignored) for each in found)
    return list(found)  # type: ignore[arg-type]


def tweet(**said: Any) -> dict[str, Any]:
    written = {
        "id_str": "901",
        "text": "@aurora cadê?",
        "user": MARIA,
        "timestamp_ms": "1700000000000",
    }
    return {"for_user_id": "100", "tweet_create_events": [{**written, **said}]}


def message(**said: Any) -> dict[str, Any]:
    told = {"target": {"recipient_id": "100"}, "sender_id": "42", "message_data": {"text": "Oi"}}
    event = {"type": "message_create", "id": "77", "created_timestamp": "1700000000000"}
    event["message_create"] = {**told, **said}  # type: ignore[assignment]
    return {"for_user_id": "100", "direct_message_events": [event], "users": {"42": MARIA}}


def activity(kind: str, payload: Mapping[str, Any], user: str = "100") -> dict[str, Any]:
    users = [{"data": {"id": "42", "username": "maria_s", "name": "Maria"}}]
    data = {"event_type": kind, "filter": {"user_id": user}, "payload": payload}
    return {"data": {**data, "includes": {"users": users}}}


# ── what comes in ─────────────────────────────────────────────────────────────────────────────


def test_whoever_names_the_account_mentions_it() -> None:
    [post] = read(tweet())

    assert isinstance(post, Post)
    assert (post.kind, post.external_id, post.thread_id) == (OccurrenceKind.MENTION, "901", "901")
    assert post.occurred_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert post.url == "https://x.com/i/web/status/901"
    author = post.author
    assert (author.external_id, author.name, author.handle) == ("42", "Maria", "maria_s")
    assert (author.url, author.followers) == ("https://x.com/maria_s", 9_000)


def test_an_answer_hangs_on_what_it_answers_and_a_long_one_is_read_whole() -> None:
    [post] = read(
        tweet(
            in_reply_to_status_id_str="900",
            truncated=True,
            extended_tweet={
                "full_text": "tudo o que foi dito",
                "extended_entities": {
                    "media": [{"media_url_https": "https://pbs.twimg.com/media/a.jpg"}]
                },
            },
        )
    )

    assert isinstance(post, Post)
    assert (post.kind, post.parent_external_id, post.references) == (
        OccurrenceKind.COMMENT,
        "900",
        ("900",),
    )
    assert post.text == "tudo o que foi dito"
    assert post.media == (Media("https://pbs.twimg.com/media/a.jpg", "a.jpg"),)


def test_what_was_written_long_ago_has_only_a_written_date() -> None:
    [post] = read(tweet(timestamp_ms=None, created_at="Thu Nov 15 23:31:30 +0000 2018"))

    assert isinstance(post, Post)
    assert post.occurred_at == datetime(2018, 11, 15, 23, 31, 30, tzinfo=UTC)


def test_a_direct_message_is_private_and_its_author_is_its_thread() -> None:
    [post] = read(message())

    assert isinstance(post, Post)
    assert (post.kind, post.external_id, post.thread_id) == (
        OccurrenceKind.DIRECT_MESSAGE,
        "77",
        "42",
    )
    assert (post.author.name, post.text) == ("Maria", "Oi")


def test_the_activity_of_v2_says_the_same_in_other_words() -> None:
    written = {
        "id": "902",
        "author_id": "42",
        "text": "@aurora e aí?",
        "created_at": "2026-07-24T21:23:23.000Z",
        "conversation_id": "900",
        "referenced_tweets": [{"type": "replied_to", "id": "901"}],
    }

    [post] = read(activity("post.mention.create", written))
    [private] = read(activity("dm.received", message()))

    assert isinstance(post, Post)
    assert (post.external_id, post.thread_id, post.parent_external_id) == ("902", "900", "901")
    assert (post.author.handle, post.kind) == ("maria_s", OccurrenceKind.COMMENT)
    assert isinstance(private, Post)
    assert private.kind is OccurrenceKind.DIRECT_MESSAGE


def test_what_its_author_deleted_is_taken_back() -> None:
    gone = {"for_user_id": "100"}
    status = {"status": {"id": "901", "user_id": "42"}, "timestamp_ms": "1700000000000"}

    [old] = read({**gone, "tweet_delete_events": [status]})
    [new] = read(activity("post.delete", {"id": "901", "author_id": "42"}))

    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert old == Deleted(OWN.account_id, "901", at)
    assert new == Deleted(OWN.account_id, "901")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (tweet(user={"id_str": "100"}), "own"),
        (tweet(retweeted_status={}), "reaction"),
        (message(sender_id="100"), "own"),
        ({**tweet(), "for_user_id": "200"}, "not_for_us"),
        (activity("post.create", {"id": "1", "author_id": "42", "text": "x"}, "200"), "not_for_us"),
        (activity("post.create", {"id": "1", "author_id": "100", "text": "x"}), "own"),
        (activity("chat.received", {"encoded_event": "C"}), "encrypted"),
        (activity("follow.follow", {}), "no_message"),
        (activity("something.new", {}), "unknown"),
        ({"for_user_id": "100", "favorite_events": [{}]}, "reaction"),
        ({"for_user_id": "100", "direct_message_indicate_typing_events": [{}]}, "receipt"),
        ({"for_user_id": "100", "tweet_create_events": [{"id_str": "1"}]}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_what_is_no_message_to_the_company_is_named_and_left(
    told: dict[str, Any], sentence: str
) -> None:
    [ignored] = read(told)

    assert isinstance(ignored, Ignored)
    assert ignored.sentence == f"ignored_{sentence}"


# ── who it is ─────────────────────────────────────────────────────────────────────────────────


def signed(secret: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), body, sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


def test_only_what_the_consumer_secret_signed_is_genuine_to_the_byte() -> None:
    now, body = datetime(2026, 1, 1, tzinfo=UTC), b'{"for_user_id": "100"}'
    header = {"x-twitter-webhooks-signature": signed("cs", body)}

    assert X().genuine("cs", header, body, now)
    assert not X().genuine("cs", header, orjson.dumps(orjson.loads(body)), now)
    assert not X().genuine("other", header, body, now)
    assert not X().genuine("cs", {}, body, now)


def test_the_challenge_is_answered_by_whoever_knows_the_secret() -> None:
    answer = X().challenge("cs", {"crc_token": "abc"}, {})

    token = signed("cs", b"abc")
    assert answer == Challenge(f'{{"response_token":"{token}"}}', "application/json")
    assert X().challenge("cs", {}, {}) is None


@pytest.mark.parametrize(
    "token", ["", '{"for_user_id":"100"}', ' {"a":1}', "[]", "a" * 201, "á", "a\n"]
)
def test_nobody_has_a_body_signed_by_asking_for_a_challenge(token: str) -> None:
    assert X().challenge("cs", {"crc_token": token}, {}) is None


def test_a_connection_has_four_keys_and_tells_whose_it_is() -> None:
    assert X().connection(KEYS) == {**KEYS, "address": "100"}


@pytest.mark.parametrize(
    "told", [{}, {**KEYS, "accessToken": ""}, {**KEYS, "accessSecret": "a\nb"}, {**KEYS, "more": 1}]
)
def test_anything_else_is_refused_with_the_path_of_the_field(told: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        X().connection(told)
    assert refused.value.field[0] == "connection"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Olá, tudo bem?", 14),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("veja https://exemplo.com.br/um/caminho/que/e/longo aqui", 5 + 23 + 5),
    ],
)
def test_letters_count_as_x_counts_them(text: str, length: int) -> None:
    assert weighted(text) == length


# ── what goes out ─────────────────────────────────────────────────────────────────────────────


def answers(told: Told) -> Says:
    if told.path == "/2/users/me":
        return Says({"data": {"id": "100", "username": "aurora"}})
    if told.path == "/2/media/upload":
        return Says({"data": {"id": "m1"}})
    if told.path.startswith("/2/dm_conversations"):
        return Says({"data": {"dm_event_id": "78", "dm_conversation_id": "42-100"}}, 201)
    return Says({"data": {"id": "903", "text": "…"}}, 201)


@pytest.fixture
async def network() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


async def test_a_public_reply_answers_the_post_and_is_signed(network: Double) -> None:
    outcome = await X(network.url).send(OUTGOING)

    assert outcome == Sent("903", "https://x.com/i/web/status/903")
    [told] = network.told
    assert (told.path, told.json()) == (
        "/2/tweets",
        {"text": "Já estamos vendo.", "reply": {"in_reply_to_tweet_id": "900"}},
    )
    assert told.headers["authorization"].startswith("OAuth ")
    assert 'oauth_token="100-token"' in told.headers["authorization"]
    assert "cs" not in told.headers["authorization"].replace("oauth_consumer", "")


async def test_a_private_one_is_a_direct_message(network: Double) -> None:
    outcome = await X(network.url).send(replace(OUTGOING, visibility=Visibility.PRIVATE))

    assert outcome == Sent("78")
    [told] = network.told
    assert told.path == "/2/dm_conversations/with/42/messages"
    assert told.json() == {"text": "Já estamos vendo."}


async def test_a_picture_is_uploaded_first_and_then_goes_with_the_words(network: Double) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)

    await X(network.url).send(replace(OUTGOING, files=[file]))

    upload, post = network.told
    assert upload.path == "/2/media/upload"
    assert PNG in upload.body
    assert post.json()["media"] == {"media_ids": ["m1"]}


async def test_what_broke_before_the_words_left_has_not_been_sent(network: Double) -> None:
    network.faults.append(ACCEPT_AND_CUT)
    file = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await X(network.url).send(replace(OUTGOING, files=[file]))

    assert isinstance(outcome, NotSent)


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (Says({"detail": "You are not allowed to create a Tweet with duplicate content."}, 403),
         Declined, "duplicate_on_network"),
        (Says({"detail": "You cannot send messages to this user."}, 403),
         Declined, "customer_never_wrote"),
        (Says({"detail": "Something else"}, 400), Declined, "network_declined"),
        (Says({"title": "Unauthorized"}, 401), NotSent, "token_refused"),
        (Says({}, 429), NotSent, "network_busy"),
        (Says(b"<html>", 503), Doubtful, "network_no_answer"),
        (Says({"data": {}}, 201), Doubtful, "network_no_answer"),
        (ACCEPT_AND_CUT, Doubtful, "network_no_answer"),
        (CUT, Doubtful, "network_no_answer"),
    ],
)  # fmt: skip
async def test_how_it_ends_is_what_can_be_known(
    network: Double, fault: Any, kind: type[Any], sentence: str
) -> None:
    network.faults.append(fault)

    outcome = await X(network.url).send(OUTGOING)

    assert isinstance(outcome, kind)
    assert outcome.sentence == sentence


async def test_it_waits_as_long_as_the_network_says_and_not_for_ever(network: Double) -> None:
    soon = int(datetime.now(UTC).timestamp()) + 60
    network.faults += [
        Says({}, 429, {"x-rate-limit-reset": str(soon)}),
        Says({}, 429, {"x-rate-limit-reset": "99999999999"}),
    ]

    outcomes = [await X(network.url).send(OUTGOING) for _ in range(2)]

    waits = [
        each.wait.total_seconds() for each in outcomes if isinstance(each, NotSent) and each.wait
    ]
    assert 50 < waits[0] <= 60
    assert waits[1] == 6 * 3600


async def test_a_connection_is_tried_without_writing_to_anybody(network: Double) -> None:
    well = await X(network.url).test(OUTGOING.connection, OWN)
    network.faults.append(Says({}, 401))
    refused = await X(network.url).test(OUTGOING.connection, OWN)

    assert (well.sentence, well.known_as) == (None, "@aurora")
    assert refused.sentence == "token_refused"
    assert (await X(network.url).test({}, OWN)).sentence == "token_missing"
