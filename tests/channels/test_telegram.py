"""Telegram: what people write to a bot, and what the bot answers."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.base import Fetched, Gone, Own, Unfetched
from channels.telegram import Telegram
from domain.errors import Invalid
from domain.post import Edited, Ignored, Media, News, Post
from domain.sending import Declined, Doubtful, NotSent, Outgoing, OutgoingFile, Sent
from domain.words import OccurrenceKind, Visibility
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, Told, double
from tests.rules.test_files import PNG

OWN = Own(UUID(int=7), "123456", "guichebot")
TOKEN = "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARIA = {"id": 42, "is_bot": False, "first_name": "Maria", "last_name": "Souza", "username": "m_s"}
ALONE = {"id": 42, "type": "private", "first_name": "Maria"}
GROUP = {"id": -100, "type": "supergroup", "title": "Clientes"}
OUTGOING = Outgoing(
    reply_id=UUID(int=1),
    account_id=OWN.account_id,
    account_name="Bot",
    account_handle=None,
    account_external_id="123456",
    connection={"token": TOKEN},
    visibility=Visibility.PRIVATE,
    text="Já estamos vendo.",
    to_external_id="42",
    to_handle="m_s",
    to_name="Maria",
    protocol="20261130000000012",
    parent_external_id="42:7",
    thread_root="42",
)


def message(**said: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": MARIA, "chat": ALONE, "date": 1_700_000_000, **said}


def read(update: Mapping[str, Any]) -> News:
    [only] = Telegram().read(orjson.dumps({"update_id": 1, **update}), OWN, UUID)
    assert isinstance(only, Post | Edited | Ignored)
    return only


# ── what comes in ─────────────────────────────────────────────────────────────────────────────


def test_a_message_to_the_bot_alone_is_private_and_its_chat_is_its_thread() -> None:
    post = read({"message": message(text="Cadê meu pedido?")})

    assert isinstance(post, Post)
    assert (post.kind, post.text) == (OccurrenceKind.DIRECT_MESSAGE, "Cadê meu pedido?")
    assert (post.external_id, post.thread_id) == ("42:7", "42")
    assert post.occurred_at == datetime.fromtimestamp(1_700_000_000, UTC)
    author = post.author
    assert (author.external_id, author.name, author.handle) == ("42", "Maria Souza", "m_s")
    assert author.url == "https://t.me/m_s"


def test_in_a_group_it_is_a_comment_and_the_one_it_answers_is_its_parent() -> None:
    answered = {"message_id": 6, "chat": GROUP, "from": MARIA, "date": 1, "text": "oi"}

    post = read({"message": message(chat=GROUP, text="E aí?", reply_to_message=answered)})

    assert isinstance(post, Post)
    assert (post.kind, post.external_id) == (OccurrenceKind.COMMENT, "-100:7")
    assert (post.parent_external_id, post.references) == ("-100:6", ("-100:6",))


@pytest.mark.parametrize(
    ("said", "text", "media"),
    [
        (
            {"photo": [{"file_id": "s"}, {"file_id": "L"}], "caption": "Veio quebrado"},
            "Veio quebrado",
            Media("L", "foto.jpg", None),
        ),
        (
            {"voice": {"file_id": "v", "mime_type": "audio/ogg"}},
            "[Áudio]",
            Media("v", "audio.ogg", "audio/ogg"),
        ),
        (
            {"document": {"file_id": "d", "file_name": "nota.pdf"}},
            "[Arquivo]",
            Media("d", "nota.pdf", None),
        ),
        ({"sticker": {"file_id": "k", "emoji": "😡"}}, "[Figurinha] 😡", None),
        ({"location": {"latitude": -23.5, "longitude": -46.6}}, "[Localização] -23.5, -46.6", None),
    ],
)
def test_what_has_no_words_says_what_it_is_and_its_file_is_fetched_later(
    said: dict[str, Any], text: str, media: Media | None
) -> None:
    post = read({"message": message(**said)})

    assert isinstance(post, Post)
    assert post.text == text
    if media is not None:
        assert post.media == (media,)


def test_a_message_written_anew_is_a_change_of_the_first() -> None:
    changed = read({"edited_message": message(text="Outro", edit_date=1_700_000_060)})

    at = datetime.fromtimestamp(1_700_000_060, UTC)
    assert changed == Edited(OWN.account_id, "42:7", "Outro", at)


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        ({"message": message(text="eco", **{"from": {"id": 123456, "is_bot": True}})}, "own"),
        ({"message": message(new_chat_title="Nome")}, "no_message"),
        ({"message": message(successful_payment={"currency": "BRL"})}, "no_message"),
        ({"my_chat_member": {"chat": ALONE}}, "no_message"),
        ({"message_reaction": {"chat": ALONE}}, "reaction"),
        ({"something_new": {}}, "unknown"),
        ({"message": {"text": "of nobody"}}, "unknown"),
        ({"message": "no object"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_what_is_no_message_to_the_company_is_named_and_left(
    update: dict[str, Any], sentence: str
) -> None:
    ignored = read(update)

    assert isinstance(ignored, Ignored)
    assert ignored.sentence == f"ignored_{sentence}"


def test_only_whoever_knows_the_secret_token_is_telegram() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    right = {"x-telegram-bot-api-secret-token": "segredo"}

    assert Telegram().genuine("segredo", right, b"{}", now)
    assert not Telegram().genuine("outro", right, b"{}", now)
    assert not Telegram().genuine("segredo", {}, b"{}", now)
    assert not Telegram().genuine("segredo", {**right, right.popitem()[0]: "ségredo"}, b"{}", now)


# ── the connection ────────────────────────────────────────────────────────────────────────────


def test_a_connection_is_a_token_and_tells_which_bot_it_is() -> None:
    assert Telegram().connection({"token": f" {TOKEN} "}) == {"token": TOKEN, "address": "123456"}


@pytest.mark.parametrize("told", [{}, {"token": "x"}, {"token": 7}, {"token": TOKEN, "tokem": 1}])
def test_anything_else_is_refused_with_the_path_of_the_field(told: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        Telegram().connection(told)
    assert refused.value.field[0] == "connection"


# ── what goes out ─────────────────────────────────────────────────────────────────────────────


def answers(told: Told) -> Says:
    if told.path.endswith("/getFile"):
        return Says({"ok": True, "result": {"file_id": "L", "file_path": "photos/1.png"}})
    if told.path.startswith("/file/"):
        return Says(PNG, headers={"Content-Type": "image/png"})
    if told.path.endswith("/getMe"):
        return Says({"ok": True, "result": {"id": 123456, "username": "guichebot"}})
    return Says({"ok": True, "result": {"message_id": 9, "chat": ALONE}})


@pytest.fixture
async def telegram() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


async def test_a_private_reply_goes_to_whoever_wrote_in_answer_to_what_they_said(
    telegram: Double,
) -> None:
    outcome = await Telegram(telegram.url).send(OUTGOING)

    assert outcome == Sent("42:9")
    [told] = telegram.told
    assert told.path == f"/bot{TOKEN}/sendMessage"
    assert told.form() == {
        "chat_id": "42",
        "text": "Já estamos vendo.",
        "reply_parameters": '{"message_id": 7, "allow_sending_without_reply": true}',
    }


async def test_a_public_one_goes_to_the_group(telegram: Double) -> None:
    public = replace(OUTGOING, visibility=Visibility.PUBLIC, thread_root="-100")

    await Telegram(telegram.url).send(public)

    assert telegram.told[0].form()["chat_id"] == "-100"


async def test_a_file_goes_with_the_words_or_before_them_where_they_are_long(
    telegram: Double,
) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)

    await Telegram(telegram.url).send(replace(OUTGOING, files=[file]))
    await Telegram(telegram.url).send(replace(OUTGOING, files=[file], text="x" * 1_025))

    assert [each.path.rsplit("/")[-1] for each in telegram.told] == [
        "sendPhoto",
        "sendPhoto",
        "sendMessage",
    ]
    assert b"J\xc3\xa1 estamos" in telegram.told[0].body
    assert b"xxxx" not in telegram.told[1].body


async def test_where_the_file_arrived_and_the_words_did_not_it_is_in_doubt(
    telegram: Double,
) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)
    channel = Telegram(telegram.url)
    long = replace(OUTGOING, files=[file], text="x" * 1_025)
    calls = iter((None, Says({"ok": False}, 400)))

    def first_well(told: Told) -> Says:
        return next(calls) or answers(told)

    telegram.answers = first_well
    assert await channel.send(long) == Doubtful("file_without_words")


REFUSED = {"ok": False, "description": "Forbidden: bot was blocked by the user"}
BUSY = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 3}}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Says(REFUSED, 403), Declined("blocked_by_customer", f"403 {REFUSED['description']}")),
        (
            Says(BUSY, 429),
            NotSent("network_busy", "429 Too Many Requests", timedelta(seconds=3), True),
        ),
        (Says({"ok": False}, 401), NotSent("token_refused", "401", whole_account=True)),
        (Says({"ok": False}, 400), Declined("network_declined", "400")),
        (Says(b"<html>", 502), Doubtful("network_no_answer", "502")),
        (Says(b"nothing of ours"), Doubtful("network_no_answer", "unreadable answer")),
        (ACCEPT_AND_CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
        (CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
    ],
)
async def test_how_it_ends_is_what_can_be_known(
    telegram: Double, fault: Any, outcome: object
) -> None:
    telegram.faults.append(fault)

    assert await Telegram(telegram.url).send(OUTGOING) == outcome


async def test_nothing_has_left_where_nobody_is_there_or_nothing_is_connected() -> None:
    away = await Telegram("http://127.0.0.1:1").send(OUTGOING)
    unconnected = await Telegram("http://127.0.0.1:1").send(replace(OUTGOING, connection={}))

    assert isinstance(away, NotSent)
    assert unconnected == NotSent("token_missing", whole_account=True)


async def test_a_file_is_asked_for_by_its_name_and_fetched_with_the_token(
    telegram: Double,
) -> None:
    channel, media = Telegram(telegram.url), Media("L", "foto.jpg")

    assert await channel.fetch(media, {"token": TOKEN}) == Fetched(PNG, "image/png")
    telegram.faults.append(Says({"ok": False, "description": "file is too big"}, 400))
    assert await channel.fetch(media, {"token": TOKEN}) == Gone("media_too_large")
    telegram.faults.append(Says({"ok": False}, 500))
    with pytest.raises(Unfetched):
        await channel.fetch(media, {"token": TOKEN})


async def test_a_connection_is_tried_without_writing_to_anybody(telegram: Double) -> None:
    channel = Telegram(telegram.url)

    well = await channel.test({"token": TOKEN}, OWN)
    telegram.faults.append(Says({"ok": False}, 401))
    refused = await channel.test({"token": TOKEN}, OWN)

    assert (well.sentence, well.known_as) == (None, "@guichebot")
    assert refused.sentence == "token_refused"
