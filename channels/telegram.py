"""Telegram: a bot that people write to, alone or in groups that it is in.

Bot API, as documented at core.telegram.org/bots/api. An account's secret is the `secret_token` that
the webhook was set with; its connection is the bot's token.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels import calls, shapes
from channels.base import (
    Challenge,
    Fetched,
    Gone,
    Own,
    ReadId,
    Standing,
    Unfetched,
)
from channels.calls import Answer
from domain.errors import Invalid, Refusal
from domain.post import Author, Edited, Ignored, Media, News, Post
from domain.rules.capability import Capability, TextUnit
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent
from domain.words import OccurrenceKind, Visibility

SECRET = "x-telegram-bot-api-secret-token"
TOKEN = re.compile(r"([0-9]{3,20}):[A-Za-z0-9_-]{20,80}", re.ASCII)
CAPTION_MOST = 1024
MESSAGES = ("message", "channel_post", "business_message")
EDITS = ("edited_message", "edited_channel_post", "edited_business_message")
BESIDE = frozenset(
    {
        "business_connection",
        "callback_query",
        "chat_boost",
        "chat_join_request",
        "chat_member",
        "chosen_inline_result",
        "deleted_business_messages",
        "inline_query",
        "my_chat_member",
        "poll",
        "poll_answer",
        "pre_checkout_query",
        "purchased_paid_media",
        "removed_chat_boost",
        "shipping_query",
    }
)
REACTIONS = frozenset({"message_reaction", "message_reaction_count"})
FILES: Mapping[str, tuple[str, str]] = {
    "photo": ("[Foto]", "foto.jpg"),
    "voice": ("[Áudio]", "audio.ogg"),
    "audio": ("[Áudio]", "audio.mp3"),
    "video": ("[Vídeo]", "video.mp4"),
    "video_note": ("[Vídeo]", "video.mp4"),
    "animation": ("[Animação]", "animacao.mp4"),
    "document": ("[Arquivo]", "arquivo"),
    "sticker": ("[Figurinha]", "figurinha.webp"),
}
"""What a message says that has no words of its own, and what a file without a name is called."""
SENDING = {"image/jpeg": ("sendPhoto", "photo"), "image/png": ("sendPhoto", "photo")}
REFUSED = (
    ("bot was blocked", "blocked_by_customer"),
    ("user is deactivated", "customer_gone"),
    ("chat not found", "customer_gone"),
    ("bot was kicked", "blocked_by_customer"),
    ("bot can't initiate", "customer_never_wrote"),
)


class Telegram:
    capability = Capability(
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        needs_connection=True,
        text_most=4096,
        unit=TextUnit.UTF16,
        files_most=1,
        public_to=frozenset({OccurrenceKind.COMMENT, OccurrenceKind.POST}),
        at_most=1_200,
        within=timedelta(minutes=1),
    )

    def __init__(self, url: str | None = None) -> None:
        self.url = url

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return hmac.compare_digest(secret.encode(), headers.get(SECRET, "").encode())

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        return None

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        token = told.get("token")
        if not isinstance(token, str) or not (found := TOKEN.fullmatch(token.strip())):
            raise Invalid("token_shape", field=["connection", "token"], example="123456:ABC…")
        for name in told.keys() - {"token"}:
            raise Invalid("unknown_field", field=["connection", name[:60]], name=name[:60])
        return {"token": found[0], "address": found[1]}

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        return None

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        update = shapes.body(body)
        kind = next((each for each in update if each != "update_id"), "")
        message = shapes.part(update, kind)
        if kind in MESSAGES:
            return [_post(message, own, kind)]
        if kind in EDITS:
            return [_edited(message, own, kind)]
        if kind in REACTIONS:
            return [Ignored(kind, "ignored_reaction")]
        known = kind in BESIDE
        return [Ignored(kind[:60], "ignored_no_message" if known else "ignored_unknown")]

    async def send(self, outgoing: Outgoing) -> Outcome:
        if "token" not in outgoing.connection:
            return NotSent("token_missing", whole_account=True)
        public = outgoing.visibility is Visibility.PUBLIC
        chat = outgoing.thread_root if public else outgoing.to_external_id
        if chat is None:
            return Declined("reply_no_recipient")
        said = {"chat_id": chat}
        in_chat, _, number = (outgoing.parent_external_id or "").rpartition(":")
        if in_chat == chat:
            answers = {"message_id": int(number), "allow_sending_without_reply": True}
            said["reply_parameters"] = json.dumps(answers)
        return await self._say(outgoing, said)

    async def _say(self, outgoing: Outgoing, said: Mapping[str, str]) -> Outcome:
        words: dict[str, str] = {"text": outgoing.text}
        if not outgoing.files:
            return _outcome(await self._call(outgoing, "sendMessage", {**said, **words}))
        [file] = outgoing.files
        method, name = SENDING.get(file.media_type, ("sendDocument", "document"))
        fits = len(outgoing.text.encode("utf-16-le")) // 2 <= CAPTION_MOST
        fields = {**said, **({"caption": outgoing.text} if fits else {})}
        part = (name, (file.file_name, file.data, file.media_type))
        first = _outcome(await self._call(outgoing, method, fields, part))
        if fits or not isinstance(first, Sent):
            return first
        second = _outcome(await self._call(outgoing, "sendMessage", {**said, **words}))
        # The file is there already: whoever sends it all again would send that twice.
        return second if isinstance(second, Sent) else Doubtful("file_without_words")

    async def _call(
        self,
        outgoing: Outgoing,
        method: str,
        fields: Mapping[str, str],
        part: tuple[str, tuple[str, bytes, str]] | None = None,
    ) -> Answer | NotSent | Doubtful:
        return await calls.call(
            "POST",
            f"{self.url}/bot{outgoing.connection['token']}/{method}",
            data=fields,
            files=[part] if part else None,
        )

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        token = connection.get("token")
        if not token:
            return Gone("token_missing")
        answer = await calls.call(
            "POST", f"{self.url}/bot{token}/getFile", data={"file_id": media.source}
        )
        if not isinstance(answer, Answer) or answer.status >= 500 or answer.status == 429:
            raise Unfetched("no answer")
        said = answer.json()
        path = shapes.text(shapes.part(said, "result"), "file_path")
        if path is None:
            large = "too big" in (shapes.text(said, "description") or "")
            return Gone("media_too_large" if large else "media_gone")
        return await calls.fetch(f"{self.url}/file/bot{token}/{path}", ours=True)

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        token = connection.get("token")
        if not token:
            return Standing("token_missing")
        answer = await calls.call("POST", f"{self.url}/bot{token}/getMe")
        if not isinstance(answer, Answer):
            return Standing("network_unreachable")
        if answer.status in (401, 404):
            return Standing("token_refused")
        name = shapes.text(shapes.part(answer.json(), "result"), "username")
        if answer.status != 200 or name is None:
            return Standing("network_unreachable", str(answer.status))
        return Standing(known_as=f"@{name}")


def _post(message: Mapping[str, Any], own: Own, kind: str) -> News:
    place = _place(message)
    chat, author = shapes.part(message, "chat"), _author(message)
    if place is None or author is None:
        return Ignored(kind, "ignored_unknown")
    if author.external_id == own.external_id:
        return Ignored(kind, "ignored_own")
    words, media = _words(message), _media(message)
    if words is None:
        what = next((each for each in message if each not in KNOWN), "nothing")
        return Ignored(f"{kind}.{what[:40]}", "ignored_no_message")
    private = shapes.text(chat, "type") == "private"
    answered = _place(shapes.part(message, "reply_to_message"))
    return Post(
        account_id=own.account_id,
        external_id=place,
        kind=OccurrenceKind.DIRECT_MESSAGE
        if private
        else OccurrenceKind.POST
        if kind == "channel_post"
        else OccurrenceKind.COMMENT,
        author=author,
        text=words,
        occurred_at=shapes.seconds(message, "date"),
        own_clock=True,
        thread_id=shapes.identifier(chat, "id"),
        parent_external_id=answered,
        references=(answered,) if answered else (),
        automated=shapes.part(message, "from").get("is_bot") is True,
        media=media,
    )


def _edited(message: Mapping[str, Any], own: Own, kind: str) -> News:
    place, words = _place(message), _words(message)
    if place is None or words is None:
        return Ignored(kind, "ignored_unknown")
    return Edited(own.account_id, place, words, shapes.seconds(message, "edit_date"))


def _place(message: Mapping[str, Any]) -> str | None:
    """What a message is called: its number means something in its chat only."""
    chat = shapes.identifier(shapes.part(message, "chat"), "id")
    number = shapes.number(message, "message_id")
    return f"{chat}:{number}" if chat is not None and number is not None else None


def _author(message: Mapping[str, Any]) -> Author | None:
    writer = shapes.part(message, "from") or shapes.part(message, "sender_chat")
    writer = writer or shapes.part(message, "chat")
    external_id = shapes.identifier(writer, "id")
    if external_id is None:
        return None
    names = (shapes.text(writer, each) for each in ("first_name", "last_name", "title"))
    handle = shapes.text(writer, "username")
    name = " ".join(each for each in names if each) or handle or external_id
    return Author(
        external_id=external_id,
        name=name[:200],
        handle=handle and handle[:200],
        url=f"https://t.me/{handle}" if handle and handle.isascii() else None,
    )


def _words(message: Mapping[str, Any]) -> str | None:
    """What it says; for what has no words, what it is. None where nobody said anything."""
    words = shapes.text(message, "text") or shapes.text(message, "caption")
    if words is not None:
        return words
    for name, (said, _) in FILES.items():
        if name in message:
            emoji = shapes.text(shapes.part(message, name), "emoji")
            return f"{said} {emoji}" if emoji else said
    if "contact" in message:
        contact = shapes.part(message, "contact")
        names = [shapes.text(contact, each) for each in ("first_name", "last_name", "phone_number")]
        return "[Contato] " + " ".join(each for each in names if each)
    if "location" in message:
        place = shapes.part(message, "location")
        return f"[Localização] {place.get('latitude')}, {place.get('longitude')}"
    return None


def _media(message: Mapping[str, Any]) -> tuple[Media, ...]:
    for name, (_, usual) in FILES.items():
        found = shapes.part(message, name)
        if name == "photo":
            # The same picture in several sizes, the largest last.
            found = (shapes.parts(message, name) or [shapes.NOTHING])[-1]
        source = shapes.text(found, "file_id")
        if source is not None:
            called = shapes.text(found, "file_name") or usual
            return (Media(source, called[:200], shapes.text(found, "mime_type")),)
    return ()


def _outcome(answer: Answer | NotSent | Doubtful) -> Outcome:
    if not isinstance(answer, Answer):
        return answer
    said = answer.json()
    detail = f"{answer.status} {(shapes.text(said, 'description') or '')[:200]}".strip()
    if answer.status == 200:
        place = _place(shapes.part(said, "result"))
        return Sent(place) if place else Doubtful("network_no_answer", "unreadable answer")
    if answer.status == 429:
        after = shapes.number(shapes.part(said, "parameters"), "retry_after")
        wait = timedelta(seconds=min(after, 21_600)) if after is not None else answer.wait
        return NotSent("network_busy", detail, wait, whole_account=True)
    if answer.status in (401, 404):
        return NotSent("token_refused", detail, whole_account=True)
    if 400 <= answer.status < 500:
        for words, sentence in REFUSED:
            if words in detail:
                return Declined(sentence, detail)
        return Declined("network_declined", detail)
    return Doubtful("network_no_answer", detail)


KNOWN = frozenset(
    {"chat", "date", "edit_date", "from", "message_id", "reply_to_message", "sender_chat"}
)
"""What every message has; what else there is says what kind it is."""
