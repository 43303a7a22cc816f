"""WhatsApp: what people write to a number, and what is answered from it."""

import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Challenge, Fetched, Gone, Own, Unfetched, Unreadable
from channels.whatsapp import WhatsApp
from domain.errors import Invalid, NotSupportedByNetwork, TooLarge
from domain.post import Deleted, Edited, Ignored, Media, News, Post, Returned
from domain.rules import capability
from domain.rules.capability import MEBIBYTE, FileShape
from domain.sending import Declined, Doubtful, NotSent, Outgoing, OutgoingFile, Sent
from domain.words import Network, OccurrenceKind, Visibility
from tests.channels.doubles import ACCEPT_AND_CUT, CUT, Double, Says, Told, double
from tests.channels.mutations import mutated
from tests.rules.test_files import PNG

NUMBER = "106540352242922"
OWN = Own(UUID(int=7), NUMBER)
TOKEN = "EAAGm0PX4ZCpsBAKZC8ZD"
CONNECTION = {
    "phoneNumberId": NUMBER,
    "accessToken": TOKEN,
    "verifyToken": "combinado-2026",
    "address": NUMBER,
}
MARIA = {"profile": {"name": "Maria Souza"}, "wa_id": "5511987654321"}
OUTGOING = Outgoing(
    reply_id=UUID(int=1),
    account_id=OWN.account_id,
    account_name="SAC",
    account_handle=None,
    account_external_id=NUMBER,
    connection=CONNECTION,
    visibility=Visibility.PRIVATE,
    text="Já estamos vendo.",
    to_external_id="5511987654321",
    to_handle=None,
    to_name="Maria",
    protocol="20261130000000012",
    parent_external_id="wamid.PERGUNTA",
    answers_kind=OccurrenceKind.DIRECT_MESSAGE,
    thread_root="5511987654321",
)


def value(**said: Any) -> dict[str, Any]:
    known = {"display_phone_number": "551130000000", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": known, **said}


def webhook(told: Mapping[str, Any], field: str = "messages") -> dict[str, Any]:
    change = {"value": told, "field": field}
    return {"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [change]}]}


def message(kind: str, said: Any, **more: Any) -> dict[str, Any]:
    written = {"from": "5511987654321", "id": "wamid.A", "timestamp": "1700000000", "type": kind}
    return webhook(value(contacts=[MARIA], messages=[{**written, kind: said, **more}]))


def read_all(body: Mapping[str, Any], own: Own = OWN) -> list[News]:
    found = WhatsApp().read(orjson.dumps(body), own, UUID)
    return [each for each in found if not isinstance(each, Invalid)]  # type: ignore[misc]


def read(body: Mapping[str, Any], own: Own = OWN) -> News:
    [only] = read_all(body, own)
    return only


def post(body: Mapping[str, Any]) -> Post:
    only = read(body)
    assert isinstance(only, Post)
    return only


# ── what comes in ─────────────────────────────────────────────────────────────────────────────


def test_what_somebody_writes_is_private_and_their_number_is_its_thread() -> None:
    found = post(message("text", {"body": "Cadê meu pedido?"}))

    assert (found.kind, found.text) == (OccurrenceKind.DIRECT_MESSAGE, "Cadê meu pedido?")
    assert (found.external_id, found.thread_id) == ("wamid.A", "5511987654321")
    assert found.occurred_at == datetime.fromtimestamp(1_700_000_000, UTC)
    author = found.author
    assert (author.external_id, author.name, author.phone) == (
        "5511987654321",
        "Maria Souza",
        "+5511987654321",
    )
    assert author.url == "https://wa.me/5511987654321"


def test_what_it_answers_is_its_parent_and_the_ad_it_came_from_its_subject() -> None:
    found = post(
        message(
            "text",
            {"body": "Esse mesmo"},
            context={"from": "551130000000", "id": "wamid.NOSSA"},
            referral={"source_type": "ad", "headline": "Geladeira com 20 %"},
        )
    )

    assert (found.parent_external_id, found.references) == ("wamid.NOSSA", ("wamid.NOSSA",))
    assert found.subject == "Geladeira com 20 %"


@pytest.mark.parametrize(
    ("kind", "said", "text", "media"),
    [
        (
            "image",
            {"id": "11", "mime_type": "image/jpeg", "caption": "Veio quebrado"},
            "Veio quebrado",
            Media("11", "foto.jpg", "image/jpeg"),
        ),
        (
            "audio",
            {"id": "12", "mime_type": "audio/ogg; codecs=opus", "voice": True},
            "[Áudio]",
            Media("12", "audio.ogg", "audio/ogg"),
        ),
        ("video", {"id": "13"}, "[Vídeo]", Media("13", "video.mp4")),
        (
            "document",
            {"id": "14", "filename": "nota.pdf", "mime_type": "application/pdf"},
            "[Arquivo]",
            Media("14", "nota.pdf", "application/pdf"),
        ),
        ("sticker", {"id": "15"}, "[Figurinha]", Media("15", "figurinha.webp")),
        ("location", {"latitude": -23.5, "longitude": -46.6}, "[Localização] -23.5, -46.6", None),
        (
            "contacts",
            [{"name": {"formatted_name": "Rui"}, "phones": [{"phone": "+55 11 9"}]}],
            "[Contato] Rui +55 11 9",
            None,
        ),
        ("button", {"text": "Não", "payload": "N"}, "Não", None),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "1", "title": "Troca"}},
            "Troca",
            None,
        ),
        (
            "interactive",
            {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": '{"nota":"2"}'}},
            "[Formulário] Sent\nnota: 2",
            None,
        ),
        (
            "order",
            {"product_items": [{"product_retailer_id": "SKU1", "quantity": 2}]},
            "[Pedido]\n2 × SKU1",
            None,
        ),
        ("unsupported", {"type": "poll"}, "[Mensagem que só aparece no WhatsApp]", None),
        ("not_there_yet", {}, "[Mensagem que só aparece no WhatsApp]", None),
    ],
)
def test_what_has_no_words_says_what_it_is_and_its_file_is_fetched_later(
    kind: str, said: Any, text: str, media: Media | None
) -> None:
    found = post(message(kind, said))

    assert found.text == text
    assert found.media == ((media,) if media else ())


def test_whoever_shows_no_number_is_known_by_their_other_id_and_by_their_name() -> None:
    sheena = {"profile": {"name": "Sheena", "username": "@sheena"}, "user_id": "BR.13491208655302"}
    written = {"from_user_id": "BR.13491208655302", "id": "wamid.B", "type": "text"}
    body = webhook(value(contacts=[sheena], messages=[{**written, "text": {"body": "oi"}}]))

    author = post(body).author

    assert (author.external_id, author.name, author.handle) == (
        "BR.13491208655302",
        "Sheena",
        "sheena",
    )
    assert (author.phone, author.url) == (None, None)


def test_each_of_several_is_read_with_whoever_wrote_it() -> None:
    rui = {"profile": {"name": "Rui"}, "wa_id": "5521900000000"}
    written = [
        {"from": "5521900000000", "id": "wamid.1", "type": "text", "text": {"body": "a"}},
        {"from": "5511987654321", "id": "wamid.2", "type": "text", "text": {"body": "b"}},
    ]

    found = read_all(webhook(value(contacts=[MARIA, rui], messages=written)))

    names = [each.author.name for each in found if isinstance(each, Post)]
    assert names == ["Rui", "Maria Souza"]


def test_what_is_said_in_a_group_is_a_comment_there() -> None:
    found = post(message("text", {"body": "oi"}, group_id="120363@g.us"))

    assert (found.kind, found.thread_id) == (OccurrenceKind.COMMENT, "120363@g.us")


def test_a_message_written_anew_or_taken_back_changes_the_first() -> None:
    anew = {"type": "text", "text": {"body": "Outro"}}
    edit = read(message("edit", {"original_message_id": "wamid.0", "message": anew}))
    gone = read(message("revoke", {"original_message_id": "wamid.0"}))

    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert edit == Edited(OWN.account_id, "wamid.0", "Outro", at)
    assert gone == Deleted(OWN.account_id, "wamid.0", at)


def test_what_could_not_be_delivered_comes_back_with_its_reason() -> None:
    errors = [{"code": 131026, "title": "Message undeliverable"}]
    body = webhook(value(statuses=[{"id": "wamid.N", "status": "failed", "errors": errors}]))

    back = read(body)

    assert isinstance(back, Returned)
    assert back.undelivered.external_id == "wamid.N"
    assert back.undelivered.detail == "131026 · Message undeliverable"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (message("reaction", {"message_id": "wamid.0", "emoji": "👍"}), "reaction"),
        (message("system", {"type": "user_changed_number"}), "no_message"),
        (webhook(value(statuses=[{"id": "wamid.N", "status": "read"}])), "receipt"),
        (webhook(value(errors=[{"code": 130429}])), "no_message"),
        (webhook(value()), "no_message"),
        (webhook({"event": "VERIFIED_ACCOUNT"}, "account_update"), "no_message"),
        (webhook(value(), "smb_message_echoes"), "own"),
        (webhook({}, "something_new"), "unknown"),
        (webhook(value(messages=[{"type": "text", "text": {"body": "of nobody"}}])), "unknown"),
        ({"object": "page", "entry": [{"changes": [{"field": "feed"}]}]}, "no_message"),
        ({"object": "whatsapp_business_account", "entry": [{}]}, "unknown"),
        ({}, "no_webhook"),
    ],
)
def test_what_is_no_message_to_the_company_is_named_and_left(
    body: dict[str, Any], sentence: str
) -> None:
    ignored = read(body)

    assert isinstance(ignored, Ignored)
    assert ignored.sentence == f"ignored_{sentence}"


def test_what_was_written_to_another_number_is_not_taken_for_ours() -> None:
    ignored = read(message("text", {"body": "oi"}), Own(OWN.account_id, "999"))

    assert ignored == Ignored("messages", "ignored_not_for_us")


BODIES = [
    message("text", {"body": "oi"}, context={"id": "wamid.0"}, referral={"headline": "x"}),
    message("image", {"id": "11", "mime_type": "image/jpeg"}),
    message("edit", {"original_message_id": "wamid.0", "message": {"type": "text"}}),
    message("interactive", {"nfm_reply": {"response_json": '{"a": 1}', "body": "x"}}),
    message("order", {"product_items": [{"product_retailer_id": "1", "quantity": 2}]}),
    message("contacts", [{"name": {"formatted_name": "x"}, "phones": [{"phone": "1"}]}]),
    webhook(value(statuses=[{"id": "wamid.N", "status": "failed", "errors": [{"code": 1}]}])),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(BODIES).flatmap(mutated))
def test_whatever_comes_instead_is_read_as_far_as_it_goes(body: Any) -> None:
    # What no JSON of a network can hold is left to the reader of bytes.
    raw = json.dumps(body).encode()
    try:
        found = WhatsApp().read(raw, OWN, UUID)
    except Unreadable:
        return
    assert found


# ── who sends, and who asks ───────────────────────────────────────────────────────────────────


def test_only_what_the_app_secret_signed_over_these_very_bytes_is_genuine() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    signed = hmac.new(b"segredo", b'{"a": 1}', sha256).hexdigest()
    right = {"x-hub-signature-256": f"sha256={signed}"}

    assert WhatsApp().genuine("segredo", right, b'{"a": 1}', now)
    assert not WhatsApp().genuine("segredo", right, b'{"a":1}', now)
    assert not WhatsApp().genuine("outro", right, b'{"a": 1}', now)
    assert not WhatsApp().genuine("segredo", {}, b'{"a": 1}', now)
    assert not WhatsApp().genuine("segredo", {"x-hub-signature-256": signed}, b'{"a": 1}', now)
    assert not WhatsApp().genuine("segredo", {"x-hub-signature-256": "sha256=é"}, b"", now)


@pytest.mark.parametrize(
    ("asked", "connection", "told"),
    [
        ({}, CONNECTION, Challenge("1158201444")),
        ({"hub.verify_token": "outro"}, CONNECTION, None),
        ({"hub.mode": "unsubscribe"}, CONNECTION, None),
        ({"hub.verify_token": ""}, {}, None),
        ({}, {}, None),
    ],
)
def test_whoever_shows_the_verify_token_is_answered_with_what_they_asked(
    asked: dict[str, str], connection: dict[str, str], told: Challenge | None
) -> None:
    right = {
        "hub.mode": "subscribe",
        "hub.verify_token": "combinado-2026",
        "hub.challenge": "1158201444",
    }

    assert WhatsApp().challenge("segredo", {**right, **asked}, connection) == told


def test_a_connection_names_the_number_and_becomes_its_address() -> None:
    said = {
        "phoneNumberId": f" {NUMBER} ",
        "accessToken": TOKEN,
        "verifyToken": "combinado-2026",
    }

    assert WhatsApp().connection(said) == CONNECTION


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"phoneNumberId": "+55 11"}, "phoneNumberId"),
        ({"phoneNumberId": None}, "phoneNumberId"),
        ({"accessToken": "curto"}, "accessToken"),
        ({"accessToken": f"{TOKEN}\nX"}, "accessToken"),
        ({"verifyToken": "tem espaço"}, "verifyToken"),
        ({"address": NUMBER}, "address"),
        ({"humanAgent": True}, "humanAgent"),
    ],
)
def test_anything_else_is_refused_with_the_path_of_the_field(
    wrong: dict[str, Any], path: str
) -> None:
    said = {"phoneNumberId": NUMBER, "accessToken": TOKEN, "verifyToken": "combinado-2026"}
    with pytest.raises(Invalid) as refused:
        WhatsApp().connection({**said, **wrong})
    assert list(refused.value.field) == ["connection", path]


# ── what goes out ─────────────────────────────────────────────────────────────────────────────

MESSAGES, MEDIA = f"/{NUMBER}/messages", f"/{NUMBER}/media"


def answers(told: Told) -> Says:
    if told.path == MEDIA:
        return Says({"id": "4490709327384033"})
    if told.path == "/11":
        return Says({"id": "11", "url": f"http://{told.headers['host']}/f", "file_size": 8})
    if told.path == "/f":
        return Says(PNG, headers={"Content-Type": "image/png"})
    if told.path == f"/{NUMBER}":
        return Says({"id": NUMBER, "display_phone_number": "+55 11 3000-0000"})
    return Says({"messaging_product": "whatsapp", "messages": [{"id": "wamid.NOSSA"}]})


@pytest.fixture
async def whatsapp() -> AsyncIterator[Double]:
    async with double(answers) as opened:
        yield opened


async def test_a_reply_goes_to_whoever_wrote_and_quotes_what_they_said(whatsapp: Double) -> None:
    outcome = await WhatsApp(whatsapp.url).send(OUTGOING)

    assert outcome == Sent("wamid.NOSSA")
    [told] = whatsapp.told
    assert (told.method, told.path) == ("POST", MESSAGES)
    assert told.headers["authorization"] == f"Bearer {TOKEN}"
    assert told.json() == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5511987654321",
        "type": "text",
        "text": {"body": "Já estamos vendo.", "preview_url": False},
        "context": {"message_id": "wamid.PERGUNTA"},
    }


async def test_whoever_shows_no_number_is_written_to_by_their_other_id(whatsapp: Double) -> None:
    await WhatsApp(whatsapp.url).send(replace(OUTGOING, to_external_id="BR.13491208655302"))

    said = whatsapp.told[0].json()
    assert said["recipient"] == "BR.13491208655302"
    assert "to" not in said


async def test_what_was_said_in_a_group_is_answered_without_quoting_it(whatsapp: Double) -> None:
    await WhatsApp(whatsapp.url).send(replace(OUTGOING, answers_kind=OccurrenceKind.COMMENT))

    assert "context" not in whatsapp.told[0].json()


async def test_a_file_is_handed_over_first_and_then_shown_with_the_words(whatsapp: Double) -> None:
    file = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await WhatsApp(whatsapp.url).send(replace(OUTGOING, files=[file]))

    assert outcome == Sent("wamid.NOSSA")
    handed, shown = whatsapp.told
    assert handed.path == MEDIA
    assert PNG in handed.body
    assert shown.json()["image"] == {"id": "4490709327384033", "caption": "Já estamos vendo."}


async def test_words_that_do_not_fit_beside_a_file_follow_it(whatsapp: Double) -> None:
    file = OutgoingFile("nota.pdf", "application/pdf", b"%PDF")
    sound = OutgoingFile("voz.mp3", "audio/mpeg", b"ID3")

    await WhatsApp(whatsapp.url).send(replace(OUTGOING, files=[file], text="x" * 1_025))
    await WhatsApp(whatsapp.url).send(replace(OUTGOING, files=[sound]))

    kinds = [each.json()["type"] for each in whatsapp.told if each.path == MESSAGES]
    assert kinds == ["document", "text", "audio", "text"]
    document = whatsapp.told[1].json()["document"]
    assert document == {"id": "4490709327384033", "filename": "nota.pdf"}


async def test_where_the_file_arrived_and_the_words_did_not_it_is_in_doubt(
    whatsapp: Double,
) -> None:
    sound = OutgoingFile("voz.mp3", "audio/mpeg", b"ID3")

    def no_words(told: Told) -> Says:
        words = told.path == MESSAGES and told.json()["type"] == "text"
        return error(131047) if words else answers(told)

    whatsapp.answers = no_words
    outcome = await WhatsApp(whatsapp.url).send(replace(OUTGOING, files=[sound]))

    assert outcome == Doubtful("file_without_words")


@pytest.mark.parametrize("fault", [CUT, ACCEPT_AND_CUT, Says(b"", 502)])
async def test_where_the_file_could_not_be_handed_over_nothing_has_been_sent(
    whatsapp: Double, fault: Any
) -> None:
    whatsapp.faults.append(fault)
    file = OutgoingFile("foto.png", "image/png", PNG)

    outcome = await WhatsApp(whatsapp.url).send(replace(OUTGOING, files=[file]))

    assert isinstance(outcome, NotSent)
    assert MESSAGES not in [each.path for each in whatsapp.told]


def error(code: int, status: int = 400, **more: Any) -> Says:
    return Says({"error": {"message": "why", "code": code, **more}}, status)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (error(131047), Declined("window_closed", "400 131047 why")),
        (error(131026), Declined("customer_unreachable", "400 131026 why")),
        (error(131053), Declined("file_refused", "400 131053 why")),
        (error(368, 403), Declined("network_restricted", "403 368 why")),
        (error(10, 403), Declined("permission_missing", "403 10 why")),
        (error(200, 403), Declined("permission_missing", "403 200 why")),
        (error(190, 401), NotSent("token_refused", "401 190 why", whole_account=True)),
        (error(130429), NotSent("network_busy", "400 130429 why", whole_account=True)),
        (error(131056), NotSent("network_busy", "400 131056 why")),
        (
            Says({"error": {"code": 4}}, 400, {"Retry-After": "30"}),
            NotSent("network_busy", "400 4", timedelta(seconds=30), True),
        ),
        (
            Says(
                {"error": {"code": 80007}},
                400,
                {
                    "X-Business-Use-Case-Usage": json.dumps(
                        {"9": [{"estimated_time_to_regain_access": 19}]}
                    )
                },
            ),
            NotSent("network_busy", "400 80007", timedelta(minutes=19), True),
        ),
        (error(100), Declined("network_declined", "400 100 why")),
        (Says(b"<html>", 404), Declined("network_declined", "404")),
        (error(131000, 500), Doubtful("network_no_answer", "500 131000 why")),
        (error(2), Doubtful("network_no_answer", "400 2 why")),
        (error(7, is_transient=True), Doubtful("network_no_answer", "400 7 why")),
        (Says(b"<html>", 502), Doubtful("network_no_answer", "502")),
        (Says(b"nothing of ours"), Doubtful("network_no_answer", "unreadable answer")),
        (Says({"messages": []}), Doubtful("network_no_answer", "unreadable answer")),
        (ACCEPT_AND_CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
        (CUT, Doubtful("network_no_answer", "RemoteProtocolError")),
    ],
)
async def test_how_it_ends_is_what_can_be_known(
    whatsapp: Double, fault: Any, outcome: object
) -> None:
    whatsapp.faults.append(fault)

    assert await WhatsApp(whatsapp.url).send(OUTGOING) == outcome


async def test_nothing_has_left_where_nobody_is_there_or_nothing_is_connected() -> None:
    away = await WhatsApp("http://127.0.0.1:1").send(OUTGOING)
    unconnected = await WhatsApp("http://127.0.0.1:1").send(replace(OUTGOING, connection={}))

    assert isinstance(away, NotSent)
    assert unconnected == NotSent("token_missing", whole_account=True)


def test_it_is_answered_only_for_a_day_and_only_with_what_whatsapp_shows() -> None:
    able, now = WhatsApp.capability, datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert able.private_within == timedelta(hours=24)
    picture = FileShape("foto.jpg", "image/jpeg", 5 * MEBIBYTE + 1)
    with pytest.raises(TooLarge):
        capability.check(able, Network.WHATSAPP, Visibility.PRIVATE, "oi", [picture])
    large = FileShape("nota.pdf", "application/pdf", 6 * MEBIBYTE)
    capability.check(able, Network.WHATSAPP, Visibility.PRIVATE, "oi", [large])
    heard = capability.Answered(OccurrenceKind.DIRECT_MESSAGE, now - timedelta(hours=23))
    capability.reach(able, Network.WHATSAPP, Visibility.PRIVATE, heard, now)
    with pytest.raises(NotSupportedByNetwork):
        capability.reach(
            able, Network.WHATSAPP, Visibility.PRIVATE, heard, now + timedelta(hours=2)
        )


async def test_a_file_is_asked_for_by_its_id_and_fetched_with_the_token(whatsapp: Double) -> None:
    channel, media = WhatsApp(whatsapp.url), Media("11", "foto.jpg")

    assert await channel.fetch(media, CONNECTION) == Fetched(PNG, "image/png")
    assert whatsapp.told[1].headers["authorization"] == f"Bearer {TOKEN}"
    whatsapp.faults.append(error(100))
    assert isinstance(await channel.fetch(media, CONNECTION), Gone)
    whatsapp.faults.append(Says({"url": f"{whatsapp.url}/f", "file_size": 11 * MEBIBYTE}))
    assert await channel.fetch(media, CONNECTION) == Gone("media_too_large")
    whatsapp.faults.append(error(190, 401))
    with pytest.raises(Unfetched):
        await channel.fetch(media, CONNECTION)


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest",
        "https://lookaside.fbsbx.com.example.com/f",
        "http://lookaside.fbsbx.com/f",
        "https://[::1",
        "no address",
    ],
)
async def test_the_token_is_shown_to_nobody_else(whatsapp: Double, place: str) -> None:
    whatsapp.faults.append(Says({"url": place}))

    found = await WhatsApp(whatsapp.url).fetch(Media("11", "foto.jpg"), CONNECTION)

    assert found == Gone("media_elsewhere")
    assert whatsapp.told == []


async def test_a_connection_is_tried_without_writing_to_anybody(whatsapp: Double) -> None:
    channel = WhatsApp(whatsapp.url)

    well = await channel.test(CONNECTION, OWN)
    whatsapp.faults.append(error(190, 401))
    refused = await channel.test(CONNECTION, OWN)
    whatsapp.faults.append(error(100, error_subcode=33))
    unknown = await channel.test(CONNECTION, OWN)

    assert (well.sentence, well.known_as) == (None, "+55 11 3000-0000")
    assert (refused.sentence, unknown.sentence) == ("token_refused", "id_unknown")
    assert whatsapp.told[0].query == {"fields": "display_phone_number,verified_name"}
